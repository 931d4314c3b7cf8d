"""Commands of the day: open a meeting, say who is there, hear its items one by one, adjourn, resume and close it.

At most one item is open. An item left undecided waits to be come back to; when the meeting closes, what still waits is
put off, so that it may go on the next agenda. Nothing here decides an item.
"""

from datetime import date, datetime

from sqlalchemy import func, select, update

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.panels.copying import refuse_about_item
from safeguarding.panels.models.items import AgendaItem, DiscussionNote, ItemState
from safeguarding.panels.models.meetings import AgendaState, Attendance, AttendanceStatus, Meeting, MeetingState
from safeguarding.panels.queries.room import seats_at
from safeguarding.panels.service.holding import hold_item, hold_meeting, need_item, need_on_panel, need_open
from safeguarding.panels.workflow import ITEM, MEETING
from safeguarding.relations import queries as relations

ONLY_CHAIRS = "Only the chair or vice-chair of this panel runs its meetings."


def open_meeting(actor: Actor, meeting: Meeting, *, statement_read: bool, at: datetime | None = None) -> None:
    """Open a meeting: whoever opens it chairs it, once the confidentiality statement has been read.

    An agenda that was published and not locked is locked by this. The chair's own agency is recorded as present. `at`
    dates records brought in from elsewhere. Raises ForbiddenError; RuleError (field statement_read).
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    if held.state is not MeetingState.PLANNED:
        raise RuleError(f"The meeting is {held.state.value} already.")
    if held.agenda_state is AgendaState.DRAFT:
        raise RuleError("Publish the agenda before you open the meeting.")
    if not statement_read:
        raise RuleError("Read the confidentiality statement aloud, then confirm that you did.", "statement_read")
    now = at or clock.now()
    if held.agenda_state is AgendaState.PUBLISHED:
        held.agenda_state, held.locked_at = AgendaState.LOCKED, now
    held.state = MeetingState.OPEN
    held.opened_at = held.confidentiality_read_at = now
    held.opened_by_id = held.chaired_by_id = actor.user_id
    _changed(actor, held, "panels:meeting:opened")
    _record_own_presence(actor, held, now)


def take_chair(actor: Actor, meeting: Meeting) -> None:
    """Chair an open meeting from now on: the chair at any time, the vice-chair only when whoever chairs has left.

    Raises ForbiddenError, and RuleError when the person in the chair is in the room.
    """
    held = hold_meeting(meeting)
    office = need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    need_open(held)
    if held.chaired_by_id == actor.user_id:
        raise RuleError("You chair this meeting already.")
    if Relation.CHAIR not in office and _is_in_room(held, held.chaired_by_id):
        raise RuleError("The chair is recorded as present. Record that the chair has left first.")
    before, held.chaired_by_id = held.chaired_by_id, actor.user_id
    _changed(actor, held, "panels:chair:taken", instead_of=before)


def adjourn_meeting(actor: Actor, meeting: Meeting) -> None:
    """Adjourn an open meeting. The item being heard stays open; nothing is decided until the meeting is resumed."""
    _move(actor, meeting, MeetingState.ADJOURNED, "panels:meeting:adjourned")


def resume_meeting(actor: Actor, meeting: Meeting) -> None:
    """Resume an adjourned meeting."""
    held = hold_meeting(meeting)
    if held.state is not MeetingState.ADJOURNED:
        raise RuleError("Only an adjourned meeting is resumed.")
    _move(actor, held, MeetingState.OPEN, "panels:meeting:resumed")


def close_meeting(actor: Actor, meeting: Meeting, *, at: datetime | None = None) -> list[str]:
    """Close a meeting for good, and return the references of the items that were put off because they still waited.

    Raises ForbiddenError, and RuleError while an item is open.
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    require(MEETING, held.state, MeetingState.CLOSED)
    still_open = db.session.scalar(
        select(AgendaItem.position).where(AgendaItem.meeting_id == held.id, AgendaItem.state == ItemState.OPEN)
    )
    if still_open is not None:
        raise RuleError(f"Item {still_open} is open. Decide it, put it on a date or leave it for later first.")
    waiting = select(AgendaItem).where(AgendaItem.meeting_id == held.id, AgendaItem.state == ItemState.WAITING)
    put_off = list(db.session.scalars(waiting.order_by(AgendaItem.position, AgendaItem.id)))
    for item in put_off:
        _set_state(item, ItemState.DEFERRED)
    held.state, held.closed_at, held.current_item_id = MeetingState.CLOSED, at or clock.now(), None
    refs = [item.ref for item in put_off]
    _changed(actor, held, "panels:meeting:closed", put_off=refs)
    return refs


def open_item(actor: Actor, meeting: Meeting, item: AgendaItem, *, at: datetime | None = None) -> None:
    """Open an item; one that was open waits to be come back to.

    Raises NotFoundError when the item is closed to the actor, ForbiddenError, RuleError.
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    need_open(held)
    need_item(actor, item)
    _open(actor, held, hold_item(held, item), at or clock.now())


def move_on(actor: Actor, meeting: Meeting, *, at: datetime | None = None) -> tuple[AgendaItem | None, int | None]:
    """Leave the item that is open and open the next that was not heard yet.

    Returns (the item opened or None, its position or None). A position without an item means that the next one is closed
    to the actor by a conflict of their own: somebody else opens it. Neither means that every item was opened once.
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    need_open(held)
    now = at or clock.now()
    upcoming = _next_unheard(held)
    if upcoming is not None and actor.may(Permission.ITEM_READ, relations.relations_to(actor, "item", upcoming.id)):
        _open(actor, held, upcoming, now)
        return upcoming, upcoming.position
    _leave_open_items(actor, held)
    _changed(actor, held, "panels:meeting:moved_on")
    return None, None if upcoming is None else upcoming.position


def come_back_later(actor: Actor, meeting: Meeting, item: AgendaItem) -> None:
    """Leave an open item undecided: it waits, and is come back to. Raises NotFoundError, ForbiddenError, RuleError."""
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    need_open(held)
    need_item(actor, item)
    taken = hold_item(held, item)
    if taken.state is not ItemState.OPEN:
        raise RuleError("This item is not open.")
    _leave_open_items(actor, held)
    _changed(actor, held, "panels:meeting:moved_on")


def defer_item(
    actor: Actor, meeting: Meeting, item: AgendaItem, *, to_on: date, reason: str, at: datetime | None = None
) -> None:
    """Put an item on a later date without deciding it, which needs no quorum; the reason stands among its notes.

    Raises NotFoundError, ForbiddenError, RuleError (fields to_on, reason).
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    need_open(held)
    need_item(actor, item)
    taken = hold_item(held, item)
    now = at or clock.now()
    if to_on <= clock.london(now).date():
        raise RuleError("The date must be after today.", "to_on")
    if not reason.strip():
        raise RuleError("Say why the item is put on a date.", "reason")
    refuse_about_item(actor, taken, [reason], "reason")
    _set_state(taken, ItemState.DEFERRED)
    if held.current_item_id == taken.id:
        held.current_item_id = None
    _note(actor, taken, f"Put on {to_on.day} {to_on:%B %Y}. {reason}", now)
    _changed(actor, held, "panels:item:deferred", item=taken.ref, to_on=to_on)


def record_heard(meeting: Meeting, item: AgendaItem, state: ItemState) -> None:
    """Set what became of an item and let the room see it; both are held already. For the commands that decide."""
    _set_state(item, state)
    meeting.version += 1
    db.session.flush()


def _open(actor: Actor, meeting: Meeting, item: AgendaItem, now: datetime) -> None:
    require(ITEM, item.state, ItemState.OPEN)
    _leave_open_items(actor, meeting)
    _set_state(item, ItemState.OPEN)
    item.opened_at = now
    meeting.current_item_id = item.id
    _changed(actor, meeting, "panels:item:opened", item=item.ref)


def _leave_open_items(actor: Actor, meeting: Meeting) -> None:
    """Let what is open wait again; at most one item is, whatever was sent at once."""
    for item in db.session.scalars(
        select(AgendaItem)
        .where(AgendaItem.meeting_id == meeting.id, AgendaItem.state == ItemState.OPEN)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        _set_state(item, ItemState.WAITING)
        audit.record("panels:item:left", actor, item.ref, meeting=meeting.ref)
    meeting.current_item_id = None


def _next_unheard(meeting: Meeting) -> AgendaItem | None:
    """Return the next item that was never opened: after the one being heard, or else from the top."""
    here = db.session.scalar(select(AgendaItem.position).where(AgendaItem.id == meeting.current_item_id)) or 0
    unheard = list(
        db.session.scalars(
            select(AgendaItem)
            .where(
                AgendaItem.meeting_id == meeting.id,
                AgendaItem.state == ItemState.WAITING,
                AgendaItem.opened_at.is_(None),
            )
            .order_by(AgendaItem.position, AgendaItem.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    return next((item for item in unheard if item.position > here), unheard[0] if unheard else None)


def _set_state(item: AgendaItem, state: ItemState) -> None:
    require(ITEM, item.state, state)
    item.state = state
    item.version += 1


def _move(actor: Actor, meeting: Meeting, state: MeetingState, event: str) -> None:
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIRS)
    require(MEETING, held.state, state)
    held.state = state
    _changed(actor, held, event)


def _changed(actor: Actor, meeting: Meeting, event: str, **detail: object) -> None:
    meeting.version += 1
    db.session.flush()
    audit.record(event, actor, meeting.ref, **detail)


def _note(actor: Actor, item: AgendaItem, text: str, now: datetime) -> None:
    if actor.user_id is None:
        raise ForbiddenError("A note is written by somebody who is signed in.")
    last = db.session.scalar(select(func.max(DiscussionNote.position)).where(DiscussionNote.item_id == item.id))
    db.session.add(
        DiscussionNote(
            item_id=item.id,
            position=(last or 0) + 1,
            speaker_name="Chair",
            text=text,
            author_id=actor.user_id,
            recorded_at=now,
            version=1,
        )
    )


def _record_own_presence(actor: Actor, meeting: Meeting, now: datetime) -> None:
    """Record the opener as present for an agency of theirs that has a seat; what was recorded before is kept."""
    own = sorted(actor.agency_ids & seats_at(meeting.panel_id, now))
    if not own or actor.user_id is None:
        return
    known = db.session.execute(
        update(Attendance)
        .where(Attendance.meeting_id == meeting.id, Attendance.user_id == actor.user_id)
        .values(status=AttendanceStatus.PRESENT, version=Attendance.version + 1)
        .returning(Attendance.id)
    ).first()
    if known is None:
        db.session.add(
            Attendance(
                meeting_id=meeting.id,
                agency_id=own[0],
                status=AttendanceStatus.PRESENT,
                user_id=actor.user_id,
                information_sent=False,
                arrived_at=now,
                version=1,
            )
        )
    db.session.flush()
    audit.record("panels:attendance:recorded", actor, meeting.ref, status=AttendanceStatus.PRESENT, agency=own[0])


def _is_in_room(meeting: Meeting, user_id: int | None) -> bool:
    statement = select(Attendance.id).where(
        Attendance.meeting_id == meeting.id,
        Attendance.user_id == user_id,
        Attendance.status == AttendanceStatus.PRESENT,
        Attendance.left_at.is_(None),
    )
    return db.session.scalar(statement.limit(1)) is not None
