"""Commands about who is in the room: attendance by agency, coming late and leaving, and conflicts of interest.

A declared conflict closes the item, the young person, case and referral behind it, and all that is or will be about these
(the next meeting's item too), to that person at once and until the chair lifts it. Quorum follows from what is recorded
here; it is worked out elsewhere.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import Membership, User
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, Conflict, ItemState
from safeguarding.panels.models.meetings import Attendance, AttendanceStatus, Meeting, MeetingState
from safeguarding.panels.models.panels import PanelOfficer
from safeguarding.panels.queries.room import seats_at
from safeguarding.panels.service import papers
from safeguarding.panels.service.holding import (
    hold_item,
    hold_meeting,
    need_item,
    need_on_panel,
    need_open,
    need_unfinished,
)
from safeguarding.relations import closing
from safeguarding.relations import service as relations

ONLY_OFFICERS = "Attendance is recorded by the coordinator, the chair and the vice-chair of the panel."


def record_attendance(
    actor: Actor,
    meeting: Meeting,
    *,
    agency_id: int,
    status: AttendanceStatus,
    user_id: int | None = None,
    name: str | None = None,
    deputy_for: str | None = None,
    information_sent: bool = False,
    attendance: Attendance | None = None,
    read_version: int | None = None,
    at: datetime | None = None,
) -> Attendance:
    """Record whether an agency with a seat is present (and by whom), sent apologies or is absent.

    `attendance` is the line to correct, with the version it was read at; without one a line is added, several people may
    come for one agency. Somebody without an account is named, somebody with one belongs to the agency. Before the meeting
    and until it closes. `at` dates records brought in from elsewhere. Raises ForbiddenError, StaleError, RuleError (field
    who).
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.ATTENDANCE_RECORD, ONLY_OFFICERS)
    need_unfinished(held)
    now = at or clock.now()
    if agency_id not in seats_at(held.panel_id, now):
        raise RuleError("This agency has no seat on the panel.")
    if status is AttendanceStatus.PRESENT and user_id is None and not name:
        raise RuleError("Say who is there for the agency.", "who")
    if user_id is not None and not _is_of(user_id, agency_id, now):
        raise RuleError("This person does not belong to the agency. Choose somebody who does.", "who")
    line = _line(held, agency_id, attendance, read_version)
    _refuse_twice(held, line, agency_id, user_id, name)
    line.status, line.user_id, line.name = status, user_id, None if user_id is not None else name
    line.deputy_for, line.information_sent = deputy_for, information_sent
    _set_times(held, line, now)
    db.session.add(line)
    _recorded(actor, held, line, "panels:attendance:recorded")
    return line


def mark_arrived(actor: Actor, meeting: Meeting, attendance: Attendance, *, at: datetime | None = None) -> None:
    """Record that somebody came, or came back, just now. Raises ForbiddenError, RuleError."""
    held, line = _take_line(actor, meeting, attendance)
    if line.status is AttendanceStatus.PRESENT and line.left_at is None:
        raise RuleError("This person is recorded as present already.")
    if line.user_id is None and not line.name:
        raise RuleError("Say who is there for the agency first.")
    now = at or clock.now()
    line.status, line.left_at = AttendanceStatus.PRESENT, None
    line.arrived_at = line.arrived_at or now
    _recorded(actor, held, line, "panels:attendance:arrived")


def mark_left(actor: Actor, meeting: Meeting, attendance: Attendance, *, at: datetime | None = None) -> None:
    """Record that somebody left just now: from this instant they count no more. Raises ForbiddenError, RuleError."""
    held, line = _take_line(actor, meeting, attendance)
    if line.status is not AttendanceStatus.PRESENT or line.left_at is not None:
        raise RuleError("This person is not in the room.")
    line.left_at = max(at or clock.now(), line.arrived_at or held.opened_at or clock.now())
    _recorded(actor, held, line, "panels:attendance:left")


def declare_conflict(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    *,
    reason: str,
    user_id: int | None = None,
    at: datetime | None = None,
) -> Conflict:
    """Declare a conflict of interest on an item: one's own, or, as an officer of the panel, one that somebody told.

    It closes the item, what it is about and all that is or will be about that to that person everywhere, at once. Before
    the meeting and until the item is decided or the meeting closes. Raises NotFoundError when the item is closed to the
    actor, ForbiddenError, RuleError (fields reason, who).
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.CONFLICT_DECLARE, "Conflicts are declared by those with a seat on the panel.")
    need_unfinished(held)
    need_item(actor, item)
    taken = hold_item(held, item)
    whose = actor.user_id if user_id is None else user_id
    if whose is None:
        raise ForbiddenError("A conflict is declared by somebody who is signed in.")
    now = at or clock.now()
    if whose != actor.user_id:
        need_on_panel(actor, held, Permission.ATTENDANCE_RECORD, "You declare your own conflicts only.")
        _need_somebody_of_the_room(held, taken, whose, now)
    if taken.state in (ItemState.DECIDED, ItemState.WITHDRAWN):
        raise RuleError("This item is over. Tell the chair, who can add it to the decision.")
    if not reason.strip():
        raise RuleError("Say what the conflict of interest is.", "reason")
    conflict = _conflict(held, taken, whose, reason, now)
    relations.grant(
        user_principal(whose),
        closing.with_followers(papers.subjects_of(taken)),
        Relation.BARRED,
        (closing.ITEM_CONFLICT, conflict.id),
        valid_from=now,
    )
    held.version += 1
    db.session.flush()
    audit.record("panels:conflict:declared", actor, taken.ref, user=_ref_of(whose), meeting=held.ref)
    return conflict


def withdraw_conflict(
    actor: Actor, meeting: Meeting, item: AgendaItem, conflict: Conflict, *, at: datetime | None = None
) -> None:
    """Lift a conflict that was declared by mistake; the chair decides that, and nobody about their own.

    To somebody with a conflict on the item it is not there: NotFoundError. Raises ForbiddenError, RuleError.
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MEETING_RUN, "The chair decides whether a conflict is lifted.")
    need_unfinished(held)
    need_item(actor, item)
    if conflict.withdrawn_at is not None:
        raise RuleError("This conflict was lifted already.")
    conflict.withdrawn_at = max(at or clock.now(), conflict.declared_at)
    relations.end((closing.ITEM_CONFLICT, conflict.id), at=conflict.withdrawn_at)
    held.version += 1
    db.session.flush()
    audit.record("panels:conflict:withdrawn", actor, item.ref, user=_ref_of(conflict.user_id), meeting=held.ref)


def _take_line(actor: Actor, meeting: Meeting, attendance: Attendance) -> tuple[Meeting, Attendance]:
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.ATTENDANCE_RECORD, ONLY_OFFICERS)
    need_open(held)
    return held, _line(held, attendance.agency_id, attendance, None)


def _line(meeting: Meeting, agency_id: int, attendance: Attendance | None, read_version: int | None) -> Attendance:
    """Return the line to change as it stands now, the agency's line that names nobody yet, or a new one."""
    lines = select(Attendance).where(Attendance.meeting_id == meeting.id, Attendance.agency_id == agency_id)
    if attendance is None:
        lines = lines.where(Attendance.user_id.is_(None), Attendance.name.is_(None))
    else:
        lines = lines.where(Attendance.id == attendance.id)
    found = db.session.scalars(lines.order_by(Attendance.id).execution_options(populate_existing=True)).first()
    if found is None:
        return Attendance(meeting_id=meeting.id, agency_id=agency_id, information_sent=False, version=0)
    if read_version is not None and found.version != read_version:
        raise StaleError
    return found


def _refuse_twice(meeting: Meeting, line: Attendance, agency_id: int, user_id: int | None, name: str | None) -> None:
    column: InstrumentedAttribute[int | None] | InstrumentedAttribute[str | None]
    column = Attendance.user_id if user_id is not None else Attendance.name
    value = user_id if user_id is not None else name
    if value is None:
        return
    same = select(Attendance.id).where(
        Attendance.meeting_id == meeting.id, Attendance.agency_id == agency_id, column == value
    )
    if db.session.scalar(same.where(Attendance.id != (line.id or 0)).limit(1)) is not None:
        raise RuleError("This person is on the list already.", "who")


def _set_times(meeting: Meeting, line: Attendance, now: datetime) -> None:
    """Somebody present before the meeting opens was there from the beginning; afterwards they came now."""
    if line.status is not AttendanceStatus.PRESENT:
        line.arrived_at = line.left_at = None
    elif line.arrived_at is None and meeting.state is not MeetingState.PLANNED:
        line.arrived_at = now


def _recorded(actor: Actor, meeting: Meeting, line: Attendance, event: str) -> None:
    line.version += 1
    meeting.version += 1
    db.session.flush()
    audit.record(event, actor, meeting.ref, agency=line.agency_id, line=line.id, status=line.status)


def _conflict(meeting: Meeting, item: AgendaItem, user_id: int, reason: str, now: datetime) -> Conflict:
    known = db.session.scalars(
        select(Conflict).where(Conflict.item_id == item.id, Conflict.user_id == user_id)
    ).one_or_none()
    if known is not None and known.withdrawn_at is None:
        raise RuleError("This conflict is declared already.")
    if known is not None:
        known.reason, known.declared_at, known.withdrawn_at = reason, now, None
        return known
    agency_id = db.session.scalar(
        select(Attendance.agency_id)
        .where(Attendance.meeting_id == meeting.id, Attendance.user_id == user_id)
        .order_by(Attendance.id)
        .limit(1)
    )
    conflict = Conflict(
        meeting_id=meeting.id,
        item_id=item.id,
        user_id=user_id,
        agency_id=agency_id or _seated_agency(meeting, user_id, now),
        reason=reason,
        declared_at=now,
    )
    db.session.add(conflict)
    db.session.flush()
    return conflict


def _seated_agency(meeting: Meeting, user_id: int, now: datetime) -> int | None:
    own = db.session.scalars(_memberships(user_id, now))
    return min(set(own) & seats_at(meeting.panel_id, now), default=None)


def _need_somebody_of_the_room(meeting: Meeting, item: AgendaItem, user_id: int, now: datetime) -> None:
    """Raise RuleError unless the person attends, presents, holds an office or belongs to an agency with a seat."""
    if user_id == item.presenter_id:
        return
    attends = select(Attendance.id).where(Attendance.meeting_id == meeting.id, Attendance.user_id == user_id)
    holds = select(PanelOfficer.id).where(
        PanelOfficer.panel_id == meeting.panel_id,
        PanelOfficer.user_id == user_id,
        or_(PanelOfficer.valid_to.is_(None), PanelOfficer.valid_to > now),
    )
    known = db.session.scalar(attends.limit(1)) or db.session.scalar(holds.limit(1))
    if known is None and _seated_agency(meeting, user_id, now) is None:
        raise RuleError("Choose somebody who is at the meeting.", "who")


def _memberships(user_id: int, now: datetime) -> Select[Any]:
    return (
        select(Membership.agency_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.user_id == user_id,
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
        )
    )


def _is_of(user_id: int, agency_id: int, now: datetime) -> bool:
    return agency_id in set(db.session.scalars(_memberships(user_id, now)))


def _ref_of(user_id: int) -> str | None:
    return db.session.scalar(select(User.ref).where(User.id == user_id))
