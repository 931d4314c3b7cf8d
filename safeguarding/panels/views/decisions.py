"""The page of a decision, what is added to it, and an agency's own dissent."""

from typing import Any

from flask import Response, flash, make_response, render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.live import AddendumForm, DissentForm
from safeguarding.panels.models.meetings import MeetingState
from safeguarding.panels.policy import KIND_NAMES
from safeguarding.panels.queries.decisions import DecisionPage, decision_page, load_decision
from safeguarding.panels.queries.live import load_item, load_meeting
from safeguarding.panels.queries.room import own_seats
from safeguarding.panels.quorum import GROUP_NAMES
from safeguarding.panels.service import decisions as service
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, permission

ITEM = "/panels/<string:slug>/meetings/<string:ref>/items/<string:item_ref>"


@blueprint.get(f"{ITEM}/decision")
@permission(Permission.ITEM_READ)
def decision(slug: str, ref: str, item_ref: str) -> Any:
    """Show a decision: its words, who disagreed, the quorum as it stood, its actions, what was added."""
    page = decision_page(current_actor(), slug, ref, item_ref)
    audit.record_read("panels:decision:shown", current_actor(), page.row.decision_ref, item=item_ref)
    return _show(page, AddendumForm(), DissentForm())


@blueprint.post(f"{ITEM}/decision/addenda")
@permission(Permission.DECISION_RECORD)
def add_addendum(slug: str, ref: str, item_ref: str) -> Any:
    """Add a dated text to a decision."""
    actor = current_actor()
    page = decision_page(actor, slug, ref, item_ref)
    form = AddendumForm()
    if form.validate():
        meeting = load_meeting(actor, slug, ref).meeting
        item = load_item(actor, meeting, item_ref)
        try:
            form.claim(actor.key)
            service.add_addendum(actor, meeting, item, load_decision(item), text=form.text.data or "")
        except RuleError as error:
            transaction.rollback()
            form.add_rule_error(error)
        else:
            flash("Addendum added.", "success")
            return pages.to("panels.decision", slug=slug, ref=ref, item_ref=item_ref)
    return _show(page, form, DissentForm(formdata=None))


@blueprint.post(f"{ITEM}/decision/dissent")
@permission(Permission.DISSENT_RECORD)
def add_dissent(slug: str, ref: str, item_ref: str) -> Any:
    """Record that the actor's own agency disagrees."""
    actor = current_actor()
    page = decision_page(actor, slug, ref, item_ref)
    form = _offered(page, DissentForm())
    if form.validate():
        meeting = load_meeting(actor, slug, ref).meeting
        item = load_item(actor, meeting, item_ref)
        agencies = {agency_ref: agency_id for agency_id, agency_ref, _name in own_seats(actor, meeting.panel_id)}
        try:
            form.claim(actor.key)
            service.add_dissent(
                actor,
                meeting,
                item,
                load_decision(item),
                agency_id=agencies[str(form.agency.data)],
                reason=form.reason.data or "",
            )
        except RuleError as error:
            transaction.rollback()
            form.add_rule_error(error)
        else:
            flash("Your agency's dissent is recorded.", "success")
            return pages.to("panels.decision", slug=slug, ref=ref, item_ref=item_ref)
    return _show(page, AddendumForm(formdata=None), form)


def _offered(page: DecisionPage, form: DissentForm) -> DissentForm:
    seats = own_seats(current_actor(), page.row.panel_id)
    if not seats:
        raise ForbiddenError("Your agency has no seat on this panel.")
    form.agency.choices = [(agency_ref, name) for _id, agency_ref, name in seats]
    return form


def _show(page: DecisionPage, addendum: AddendumForm, dissent: DissentForm) -> Response:
    row = page.row
    dissents = page.may_add_dissent and row.state is not MeetingState.CLOSED
    wrong = next((form for form in (addendum, dissent) if form.errors), None)
    if dissents and not dissent.agency.choices:
        dissents = bool(own_seats(current_actor(), row.panel_id))
        dissent = _offered(page, dissent) if dissents else dissent
    html = render_template(
        "panels/decision.html",
        page=page,
        row=row,
        parts=page.parts,
        form=wrong,
        addendum=addendum if page.standing.may(Permission.DECISION_RECORD) and page.reads_item else None,
        dissent=dissent if dissents or dissent.errors else None,  # what was typed too late is still shown
        kind_names=KIND_NAMES,
        group_names={group.value: name for group, name in GROUP_NAMES.items()},
        at={"slug": row.slug, "ref": row.ref, "item_ref": row.item_ref},
    )
    return make_response(html, 422 if wrong is not None else 200)
