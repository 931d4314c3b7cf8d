"""The buttons of a meeting: open, adjourn, resume, close, take the chair; open an item, move on, come back, put off.

A button that leaves an item takes along what was typed in it: the note is saved, and a half-typed decision is shown again
before it is left behind.
"""

from collections.abc import Callable
from typing import Any

from flask import flash, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.live import DeferForm, OpenForm
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.queries.live import load_item, load_meeting, meeting_page
from safeguarding.panels.service import meetings as service
from safeguarding.panels.views.keeping import forget_typed
from safeguarding.panels.views.recording import save_typed_note
from safeguarding.panels.views.showing import Item, form_url, show_between, show_item
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, permission

MEETING = "/panels/<string:slug>/meetings/<string:ref>/live"
ITEM = f"{MEETING}/items/<string:item_ref>"


@blueprint.post(f"{MEETING}/open")
@permission(Permission.MEETING_RUN)
def open_meeting(slug: str, ref: str) -> Any:
    """Open the meeting, once the confidentiality statement was read."""
    actor = current_actor()
    loaded = load_meeting(actor, slug, ref)
    if loaded.meeting.state is not MeetingState.PLANNED:  # the form to open it is no longer there to be corrected
        flash(f"The meeting is {loaded.meeting.state.value} already.", "notice")
        return pages.to("panels.live", slug=slug, ref=ref)
    form = OpenForm()
    if form.validate():
        try:
            service.open_meeting(actor, loaded.meeting, statement_read=bool(form.statement_read.data))
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("The meeting is open. Record who is here next.", "success")
            return pages.to("panels.attendance", slug=slug, ref=ref)
    transaction.rollback()
    return show_between(meeting_page(actor, slug, ref), form, status=422)


@blueprint.post(f"{MEETING}/adjourn")
@permission(Permission.MEETING_RUN)
def adjourn_meeting(slug: str, ref: str) -> Any:
    """Adjourn the meeting."""
    return _press(slug, ref, lambda meeting: service.adjourn_meeting(current_actor(), meeting), "Meeting adjourned.")


@blueprint.post(f"{MEETING}/resume")
@permission(Permission.MEETING_RUN)
def resume_meeting(slug: str, ref: str) -> Any:
    """Resume the meeting."""
    return _press(slug, ref, lambda meeting: service.resume_meeting(current_actor(), meeting), "Meeting resumed.")


@blueprint.post(f"{MEETING}/chair")
@permission(Permission.MEETING_RUN)
def take_chair(slug: str, ref: str) -> Any:
    """Take the chair; pressed beside an item, what is typed there stays."""
    answer = _press(
        slug, ref, lambda meeting: service.take_chair(current_actor(), meeting), "You chair the meeting now."
    )
    item_ref = request.form.get("item", "")
    return show_item(Item(meeting_page(current_actor(), slug, ref, item_ref))) if item_ref else answer


@blueprint.post(f"{MEETING}/close")
@permission(Permission.MEETING_RUN)
def close_meeting(slug: str, ref: str) -> Any:
    """Close the meeting for good."""

    def close(meeting: Meeting) -> None:
        put_off = service.close_meeting(current_actor(), meeting)
        if put_off:
            count = f"{len(put_off)} item{'s were' if len(put_off) > 1 else ' was'}"
            flash(f"{count} not decided: put {'them' if len(put_off) > 1 else 'it'} on the next agenda.", "notice")

    return _press(slug, ref, close, "Meeting closed.")


@blueprint.post(f"{ITEM}/open")
@permission(Permission.MEETING_RUN)
def open_item(slug: str, ref: str, item_ref: str) -> Any:
    """Open an item; what was typed in another one is asked about where it stands."""

    def act(meeting: Meeting) -> None:
        service.open_item(current_actor(), meeting, load_item(current_actor(), meeting, item_ref))

    return _press(slug, ref, act, None)


@blueprint.post(f"{MEETING}/move-on")
@permission(Permission.MEETING_RUN)
def move_on(slug: str, ref: str) -> Any:
    """Leave the open item and open the next."""

    def act(meeting: Meeting) -> None:
        item, position = service.move_on(current_actor(), meeting)
        if item is None and position is not None:
            flash(f"Item {position} is closed to you. The vice-chair opens it, or choose another item.", "notice")
        elif item is None:
            flash("Every item has been opened. Come back to what is left, or close the meeting.", "notice")

    return _leave(slug, ref, act)


@blueprint.post(f"{ITEM}/come-back")
@permission(Permission.MEETING_RUN)
def come_back_later(slug: str, ref: str, item_ref: str) -> Any:
    """Leave an item undecided, to be come back to."""

    def act(meeting: Meeting) -> None:
        service.come_back_later(current_actor(), meeting, load_item(current_actor(), meeting, item_ref))

    return _leave(slug, ref, act)


@blueprint.route(f"{ITEM}/put-off", methods=["GET", "POST"])
@permission(Permission.MEETING_RUN)
def put_off(slug: str, ref: str, item_ref: str) -> Any:
    """Put an item on a date, without a decision."""
    actor = current_actor()
    loaded = load_meeting(actor, slug, ref)
    item = load_item(actor, loaded.meeting, item_ref)
    if not loaded.standing.may(Permission.MEETING_RUN):
        raise ForbiddenError(service.ONLY_CHAIRS)
    form = DeferForm()
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.defer_item(actor, loaded.meeting, item, to_on=form.to_on.data, reason=form.reason.data or "")
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("The item is put on a date.", "success")
            return pages.to("panels.live", slug=slug, ref=ref)
    back = url_for("panels.live_item", slug=slug, ref=ref, item_ref=item_ref)
    return pages.form_page("panels/live_put_off.html", form, position=item.position, back=back)


def _press(slug: str, ref: str, act: Callable[[Meeting], Any], done: str | None) -> Any:
    """Carry a button out and show the meeting, with what stands in the way where a rule refuses."""
    loaded = load_meeting(current_actor(), slug, ref)
    try:
        act(loaded.meeting)
    except RuleError as error:
        transaction.rollback()
        flash(error.message, "notice")
    else:
        if done:
            flash(done, "success")
    return pages.to("panels.live", slug=slug, ref=ref)


def _leave(slug: str, ref: str, act: Callable[[Meeting], Any]) -> Any:
    """Leave the item that is open: its note is saved first; a half-typed decision is shown again, once."""
    actor = current_actor()
    page = meeting_page(actor, slug, ref)
    if page.has_item and "version" in request.form:
        item = Item(page)
        if item.form is not None:
            stopped = save_typed_note(item)
            if stopped is not None:
                return stopped
            if item.form.has_decision and "leave" not in request.form:
                transaction.rollback()
                return show_item(Item(page), status=422, ask_to_leave=request.path)
            forget_typed(actor, form_url(item.row))
    return _press(slug, ref, act, None)
