"""Pages of the partnership's agencies and their information-sharing agreements."""

from typing import Any

from flask import Blueprint, Flask, flash, render_template, url_for
from sqlalchemy import Row

from safeguarding.access.permissions import Permission
from safeguarding.agencies import queries, service
from safeguarding.agencies.forms import DATA_TYPES, AddAgencyForm, AgreementForm, ChangeAgencyForm, DecideAgreementForm
from safeguarding.agencies.models import AgencyKind, AgreementDecision, DataType, QuorumGroup
from safeguarding.audit import service as audit
from safeguarding.core.errors import NotFoundError, RuleError, StaleError
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, fresh_factor, permission
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import sections_for

blueprint = Blueprint("agencies", __name__)


def init_agencies(app: Flask) -> None:
    """Register the pages and their place in the navigation."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Agencies", "agencies.index", 88, Permission.ADMIN_AGREEMENTS, ("/admin/agencies",)))


@blueprint.get("/admin/agencies")
@permission(Permission.ADMIN_AGREEMENTS)
def index() -> str:
    """List the agencies and how their agreements stand."""
    actor = current_actor()
    agencies = queries.list_agencies(actor)
    audit.record_read("agencies:agencies:listed", actor, None, count=len(agencies))
    return render_template(
        "agencies/index.html", agencies=agencies, can_change=actor.holds(Permission.ADMIN_USERS), most=queries.MOST
    )


@blueprint.route("/admin/agencies/add", methods=["GET", "POST"])
@permission(Permission.ADMIN_USERS)
@fresh_factor
def add() -> Any:
    """Add an agency."""
    actor = current_actor()
    form = AddAgencyForm()
    if form.validate_on_submit():
        form.claim(actor.key)
        try:
            agency = service.add_agency(
                actor,
                name=str(form.name.data),
                short_name=str(form.short_name.data),
                kind=AgencyKind(form.kind.data),
                quorum_group=QuorumGroup(form.quorum_group.data),
                active_from=form.active_from.data,
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Agency added. Record its agreement next.", "success")
            return pages.to("agencies.agency", ref=agency.ref)
    return pages.form_page("agencies/add.html", form)


@blueprint.get("/admin/agencies/<string:ref>")
@permission(Permission.ADMIN_AGREEMENTS)
def agency(ref: str) -> Any:
    """Show an agency, its agreements and, to an administrator, its people."""
    return _page(queries.access_agency(current_actor(), ref), AgreementForm())


def _page(found: Row[Any], form: AgreementForm) -> Any:
    actor = current_actor()
    audit.record_read("agencies:agency:shown", actor, found.ref)
    agreements = queries.list_agreements(found.id)
    signed = max((each.review_on for each in agreements if each.covers_cases and _is_approved(each)), default=None)
    return pages.form_page(
        "agencies/agency.html",
        form,
        agency=found,
        agreements=[(each, _shared(each)) for each in agreements],
        state=queries.agreement_state(signed),
        sections=sections_for("agency", actor, found),
        can_change=actor.holds(Permission.ADMIN_USERS),
        deciding=DecideAgreementForm(formdata=None),
        own_id=actor.user_id,
    )


def _is_approved(agreement: Row[Any]) -> bool:
    return bool(agreement.decision is AgreementDecision.APPROVED)


def _shared(agreement: Row[Any]) -> list[str]:
    return [DATA_TYPES[each] for each in DataType if getattr(agreement, each)]


@blueprint.post("/admin/agencies/<string:ref>/agreements")
@permission(Permission.ADMIN_AGREEMENTS)
@fresh_factor
def add_agreement(ref: str) -> Any:
    """Record an agreement."""
    actor = current_actor()
    found = queries.access_agency(actor, ref)
    form = AgreementForm()
    if form.validate_on_submit():
        form.claim(actor.key)
        try:
            service.add_agreement(
                actor,
                found.ref,
                title=str(form.title.data),
                purposes=str(form.purposes.data),
                data_types=frozenset(map(DataType, form.data_types.data or ())),
                signed_by=str(form.signed_by.data),
                signed_on=form.signed_on.data,
                review_on=form.review_on.data,
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Agreement recorded. It opens case data once a second person approves it.", "success")
            return pages.to("agencies.agency", ref=ref)
    return _page(found, form)


@blueprint.post("/admin/agencies/<string:ref>/agreements/decide")
@permission(Permission.ADMIN_AGREEMENTS)
@fresh_factor
def decide_agreement(ref: str) -> Any:
    """Approve an agreement that somebody else recorded, or decline it."""
    actor = current_actor()
    found = queries.access_agency(actor, ref)
    form = DecideAgreementForm()
    number = str(form.agreement.data or "")
    if not form.validate() or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotFoundError
    approve = form.decision.data == "approve"
    try:
        service.decide_agreement(actor, found.ref, int(number), approve=approve)
    except RuleError as error:
        flash(error.message, "notice")
    else:
        flash("Approved. It holds from everybody’s next page on." if approve else "Declined.", "success")
    return pages.to("agencies.agency", ref=ref)


@blueprint.route("/admin/agencies/<string:ref>/change", methods=["GET", "POST"])
@permission(Permission.ADMIN_USERS)
@fresh_factor
def change(ref: str) -> Any:
    """Change what an agency is called and is, or say when it leaves."""
    actor = current_actor()
    found = queries.access_agency(actor, ref, Permission.ADMIN_USERS)
    form = ChangeAgencyForm(obj=found)
    if form.validate_on_submit():
        try:
            service.change_agency(
                actor,
                found.ref,
                read_version=form.read_version,
                name=str(form.name.data),
                short_name=str(form.short_name.data),
                kind=AgencyKind(form.kind.data),
                quorum_group=QuorumGroup(form.quorum_group.data),
                active_to=form.active_to.data,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return pages.conflict_page(form, _current(found), url_for("agencies.agency", ref=ref))
        else:
            flash("Agency changed.", "success")
            return pages.to("agencies.agency", ref=ref)
    return pages.form_page("agencies/change.html", form, agency=found)


def _current(found: Row[Any]) -> dict[str, Any]:
    names = ("name", "short_name", "kind", "quorum_group", "active_to")
    return {name: getattr(found, name) for name in names}
