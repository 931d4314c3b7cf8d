"""Pages of the second person: which roles wait for a decision, and the decision itself."""

from typing import Any

from flask import Blueprint, Flask, flash, render_template, url_for
from sqlalchemy import Row

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ROLE_NAMES
from safeguarding.accounts import approvals, policy, request_queries, told
from safeguarding.accounts.door_forms import APPROVE, DecideRequestForm, SubstituteForm, WithdrawForm
from safeguarding.accounts.holders import list_colleagues
from safeguarding.accounts.request_models import RequestState
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.notices.kinds import Kind, Subject, register_kind
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, fresh_factor, permission
from safeguarding.web.sections import Section, register_section

blueprint = Blueprint("approvals", __name__)
ON_FIRST_PAGE = 5


def init_approvals(app: Flask) -> None:
    """Register the pages, the block of the first page and the kinds of notice."""
    app.register_blueprint(blueprint)
    register_section(
        app, Section("my_work", "approvals", 15, "admin/approvals_work.html", _work_block, Permission.ADMIN_APPROVE)
    )
    register_section(
        app,
        Section(
            "my_work", "substitute", 90, "admin/substitute_work.html", _substitute_block, Permission.SUBSTITUTE_NOMINATE
        ),
    )
    register_kind(
        app,
        Kind(
            told.REQUEST_WAITING,
            "A role waits for a second person to approve it.",
            permitted=lambda actor, _subject: actor.holds(Permission.ADMIN_APPROVE),
            page=_index_page,
        ),
    )
    register_kind(app, Kind(told.REQUEST_DECIDED, "A role that you asked for was decided."))


def _index_page(_subject: Subject) -> str:
    return url_for("approvals.index")


def _work_block(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    waiting = request_queries.list_for_actor(actor, ON_FIRST_PAGE + 1)
    if not waiting:
        return None
    return {"requests": waiting[:ON_FIRST_PAGE], "more": len(waiting) > ON_FIRST_PAGE, "names": ROLE_NAMES}


def _substitute_block(_actor: Actor, _subject: Any) -> dict[str, Any]:
    return {"column": "aside"}


@blueprint.route("/agency/substitute", methods=["GET", "POST"])
@permission(Permission.SUBSTITUTE_NOMINATE)
def substitute() -> Any:
    """Let an agency's contact nominate a colleague who stands in for them."""
    actor = current_actor()
    colleagues = list_colleagues(actor.user_id or 0)
    form = SubstituteForm()
    form.person.choices = [
        ("", "Choose one"),
        *((f"{row.agency_ref} {row.ref}", f"{row.name}, {row.agency_name}") for row in colleagues),
    ]
    if form.validate_on_submit():
        form.claim(actor.key)
        agency_ref, _, ref = str(form.person.data).partition(" ")
        try:
            approvals.nominate_substitute(
                actor, ref, agency_ref=agency_ref, last_day=form.last_day.data, reason=form.reason.data
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Nominated. An administrator has been told, and decides.", "success")
            return pages.to("home.my_work")
    return pages.form_page("admin/substitute.html", form, has_colleagues=bool(colleagues))


@blueprint.get("/admin/requests")
@permission(Permission.ADMIN_APPROVE)
def index() -> str:
    """List the requests that wait, and those that are closed."""
    actor = current_actor()
    waiting, closed = request_queries.list_waiting(actor), request_queries.list_closed(actor)
    audit.record_read("accounts:requests:listed", actor, None, shown=[row.ref for row in (*waiting, *closed)])
    return render_template("admin/requests.html", waiting=waiting, closed=closed, names=ROLE_NAMES)


@blueprint.get("/admin/requests/<string:ref>")
@permission(Permission.ADMIN_APPROVE)
def request_page(ref: str) -> Any:
    """Show one request to whoever may decide it, and to others."""
    found = request_queries.access_request(current_actor(), ref)
    return _page(found, DecideRequestForm(formdata=None, version=found.version))


def _page(found: Row[Any], form: DecideRequestForm) -> Any:
    actor = current_actor()
    audit.record_read("accounts:request:shown", actor, found.ref)
    expired = found.state is RequestState.WAITING and found.expires_at <= clock.now()
    why_not = policy.why_not_decide(
        actor, role=found.role, about_id=found.user_id, requested_by_id=found.requested_by_id
    )
    return pages.form_page(
        "admin/request.html",
        form,
        request_row=found,
        names=ROLE_NAMES,
        expired=expired,
        waits=found.state is RequestState.WAITING and not expired,
        why_not=why_not,
        own=found.requested_by_id == actor.user_id,
        withdrawal=WithdrawForm(formdata=None, version=found.version),
    )


@blueprint.post("/admin/requests/<string:ref>")
@permission(Permission.ADMIN_APPROVE)
@fresh_factor
def decide(ref: str) -> Any:
    """Approve or decline a request."""
    actor = current_actor()
    found = request_queries.access_request(actor, ref)
    form = DecideRequestForm()
    if form.validate_on_submit():
        approve = form.decision.data == APPROVE
        try:
            approvals.decide_request(
                actor, found.ref, approve=approve, reason=form.reason.data, read_version=form.read_version
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return pages.conflict_page(form, {}, url_for("approvals.request_page", ref=ref))
        else:
            flash("Approved. They sign in again, and hold the role then." if approve else "Declined.", "success")
            return pages.to("approvals.index")
    return _page(found, form)


@blueprint.post("/admin/requests/<string:ref>/withdraw")
@permission(Permission.ADMIN_APPROVE)
def withdraw(ref: str) -> Any:
    """Withdraw one's own request."""
    actor = current_actor()
    found = request_queries.access_request(actor, ref)
    form = WithdrawForm()
    try:
        approvals.withdraw_request(actor, found.ref, read_version=form.read_version)
    except StaleError:
        return pages.conflict_page(form, {}, url_for("approvals.request_page", ref=ref))
    flash("Request withdrawn.", "success")
    return pages.to("approvals.index")
