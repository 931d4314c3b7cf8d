"""Restricting a case, the list of those for whom it exists, agreeing and lifting as a second person."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import flash, render_template, request, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import FIELD
from safeguarding.accounts.queries import staff_choices
from safeguarding.audit import service as audit
from safeguarding.cases import queries, restricted
from safeguarding.cases import restricted_queries as reads
from safeguarding.cases.forms import EmptyForm, LiftForm, ListForm, RestrictForm
from safeguarding.cases.models import CaseRestriction
from safeguarding.cases.queries import CaseView
from safeguarding.cases.views.blueprint import blueprint
from safeguarding.core.errors import NotFoundError, RuleError, StaleError
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, fresh_factor, permission


@blueprint.route("/<ref>/restrict", methods=["GET", "POST"])
@permission(Permission.CASE_RESTRICT)
def restrict(ref: str) -> Any:
    """Restrict a case, or say that its restriction stays."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_RESTRICT)
    standing = reads.restriction_of(view.id)
    form = RestrictForm(version=view.row.version)
    if form.validate_on_submit():
        try:
            _restrict(view, standing, form)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return pages.conflict_page(
                form, {"reason": standing.reason if standing else None}, url_for("cases.case", ref=view.ref)
            )
        else:
            flash("Restricted. A second person is asked to agree." if standing is None else "It stays.", "success")
            return pages.to("cases.list_page", ref=view.ref)
    return pages.form_page("cases/restrict.html", form, view=view, standing=standing)


@blueprint.route("/<ref>/list", methods=["GET", "POST"])
@permission(Permission.CASE_READ)
def list_page(ref: str) -> Any:
    """Show for whom a restricted case exists, and put somebody on the list."""
    actor = current_actor()
    view = _restricted_case(ref)
    form = ListForm()
    form.user_id.choices = [
        ("", "Choose"),
        *((str(row.id), f"{row.name}, {row.agency_name}") for row in staff_choices(FIELD)),
    ]
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            restricted.add_to_list(
                actor,
                queries.case_entity(view.id),
                user_id=int(form.user_id.data or 0),
                until_on=form.until_on.data,
                reason=form.reason.data or "",
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Put on the list.", "success")
            return pages.to("cases.list_page", ref=view.ref)
    listed = reads.list_listed(view.id)
    audit.record_read("cases:list:shown", actor, view.ref, people=len(listed))
    return pages.form_page(
        "cases/list.html",
        form,
        view=view,
        listed=listed,
        restriction=reads.restriction_of(view.id),
        actor_id=actor.user_id,
        when_asked=restricted.when_asked,
        may_list=actor.may(Permission.CASE_ALLOCATE, view.relations),
        may_restrict=actor.may(Permission.CASE_RESTRICT, view.relations),
        button=EmptyForm(formdata=None),
    )


@blueprint.post("/<ref>/list/<int:listing_id>/end")
@permission(Permission.CASE_READ)
def take_off(ref: str, listing_id: int) -> Any:
    """Take somebody off the list; oneself too."""
    actor = current_actor()
    view = _restricted_case(ref)
    own = any(each.listing_id == listing_id and each.user_id == actor.user_id for each in reads.list_listed(view.id))
    try:
        restricted.take_off_list(actor, queries.case_entity(view.id), listing_id=listing_id)
    except RuleError as error:
        flash(error.message, "notice")
    else:
        flash("Taken off the list.", "success")
    return pages.to("home.my_work") if own else pages.to("cases.list_page", ref=view.ref)


@blueprint.route("/<ref>/list/lift", methods=["GET", "POST"])
@permission(Permission.CASE_RESTRICT)
def ask_to_lift(ref: str) -> Any:
    """Ask that the restriction be lifted."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_RESTRICT)
    standing = reads.restriction_of(view.id)
    if standing is None:
        raise NotFoundError
    form = LiftForm()
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            restricted.ask_to_lift(actor, reads.restriction_entity(standing.id), reason=form.reason.data or "")
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Asked. It stays restricted until a second person agrees.", "success")
            return pages.to("cases.list_page", ref=view.ref)
    return pages.form_page("cases/lift.html", form, view=view)


@blueprint.post("/<ref>/list/<any('agree','lift','keep'):what>")
@permission(Permission.CASE_RESTRICT)
@fresh_factor
def second(ref: str, what: str) -> Any:
    """Agree to the restriction, to its lifting, or keep it, as a second person who sees the case."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_RESTRICT)
    standing = reads.restriction_of(view.id)
    if standing is None:
        raise NotFoundError
    _decide(standing.id, what)
    return pages.to("cases.case", ref=view.ref)


@blueprint.get("/restrictions")
@permission(Permission.RESTRICTION_AGREE)
def restrictions() -> str:
    """List the restrictions that wait for a second person, by reference alone."""
    actor = current_actor()
    rows = reads.list_restrictions(actor)
    audit.record_read("cases:restrictions:shown", actor, None, restrictions=[row.ref for row in rows])
    return render_template(
        "cases/restrictions.html", rows=rows, actor_id=actor.user_id, when_asked=restricted.when_asked
    )


@blueprint.post("/restrictions/<ref>/<any('agree','lift','keep'):what>")
@permission(Permission.RESTRICTION_AGREE)
@fresh_factor
def decide_restriction(ref: str, what: str) -> Any:
    """Agree, lift or keep, without seeing the case."""
    row = reads.access_restriction(current_actor(), ref)
    _decide(row.id, what)
    return pages.to("cases.restrictions")


def _decide(restriction_id: int, what: str) -> None:
    lift = partial(restricted.lift_restriction, read=request.form.get("read", ""))
    acts: dict[str, Callable[[Actor, CaseRestriction], None]]
    acts = {"agree": restricted.agree, "lift": lift, "keep": restricted.keep_restricted}
    said = {"agree": "Agreed.", "lift": "Lifted. Everybody whose work opens it sees it again.", "keep": "It stays."}
    try:
        acts[what](current_actor(), reads.restriction_entity(restriction_id))
    except RuleError as error:
        flash(error.message, "notice")
    else:
        flash(said[what], "success")


def _restrict(view: CaseView, standing: Any, form: RestrictForm) -> None:
    reason, review_on = form.reason.data or "", form.review_on.data
    if standing is not None:
        entity = reads.restriction_entity(standing.id)
        restricted.review_restriction(
            current_actor(), entity, reason=reason, review_on=review_on, read_version=form.read_version
        )
        return
    restricted.restrict_case(
        current_actor(),
        queries.case_entity(view.id),
        reason=reason,
        review_on=review_on,
        read_version=form.read_version,
    )


def _restricted_case(ref: str) -> CaseView:
    view = queries.access_case(current_actor(), ref)
    if not view.row.is_restricted:
        raise NotFoundError
    return view
