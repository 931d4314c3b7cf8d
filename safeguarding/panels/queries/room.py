"""Who is in the room: the agencies with a seat, who came for each, who is out of an item; and the quorum that follows.

It writes nothing and decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, literal, or_, select

from safeguarding.access.actor import Actor
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency, QuorumGroup
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.items import QuorumWaiver
from safeguarding.panels.models.meetings import Attendance, AttendanceStatus
from safeguarding.panels.models.panels import PanelSeat
from safeguarding.panels.quorum import Attendee, Quorum, required_groups, work_out
from safeguarding.relations.built import Asker, built
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live


@dataclass(frozen=True)
class RoomLine:
    """An agency with a seat, and one person recorded for it (or nobody yet: then `attendance_id` is None)."""

    agency_id: int
    agency_ref: str
    agency: str
    group: QuorumGroup
    attendance_id: int | None
    version: int | None
    status: AttendanceStatus | None
    user_id: int | None
    user_ref: str | None
    name: str | None
    deputy_for: str | None
    information_sent: bool
    arrived_at: datetime | None
    left_at: datetime | None
    has_conflict: bool

    @property
    def is_here(self) -> bool:
        """Return whether this person is in the room now."""
        return self.is_here_at(clock.now())

    def is_here_at(self, at: datetime) -> bool:
        """Return whether this person is in the room at an instant."""
        return (attendee := self.attendee) is not None and attendee.is_here(at)

    @property
    def attendee(self) -> Attendee | None:
        """Return the line as quorum reads it, or None where nothing is recorded."""
        if self.status is None:
            return None
        return Attendee(
            self.agency_id,
            self.agency,
            self.group,
            self.status,
            self.user_id,
            self.name,
            self.arrived_at,
            self.left_at,
        )


def room(meeting_id: int, panel_id: int, item_id: int | None, at: datetime) -> list[RoomLine]:
    """Return the agencies that have a seat at an instant with who came for them, and who is out of the item."""
    return [_room_line(row) for row in _room.rows(None, meeting_id, panel_id, item_id, at)]


@built
def _room(_asker: Asker, meeting_id: int, panel_id: int, item_id: int | None, at: datetime) -> Any:
    attends = literal("user:", String()).concat(cast(Attendance.user_id, String))
    out = exists().where(*_barred_from(item_id), RelationRow.principal == attends)
    return (
        select(
            Agency.id.label("agency_id"),
            Agency.ref.label("agency_ref"),
            Agency.short_name,
            Agency.quorum_group,
            Attendance.id.label("attendance_id"),
            Attendance.version,
            Attendance.status,
            Attendance.user_id,
            User.ref.label("user_ref"),
            User.name.label("user_name"),
            Attendance.name,
            Attendance.deputy_for,
            Attendance.information_sent,
            Attendance.arrived_at,
            Attendance.left_at,
            (out if item_id is not None else false()).label("has_conflict"),
        )
        .select_from(PanelSeat)
        .join(Agency, Agency.id == PanelSeat.agency_id)
        .outerjoin(Attendance, and_(Attendance.meeting_id == meeting_id, Attendance.agency_id == Agency.id))
        .outerjoin(User, User.id == Attendance.user_id)
        .where(
            PanelSeat.panel_id == panel_id,
            PanelSeat.valid_from <= at,
            or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > at),
        )
        .order_by(Agency.short_name, Agency.id, Attendance.id)
    )


def _room_line(row: Any) -> RoomLine:
    return RoomLine(
        row.agency_id,
        row.agency_ref,
        row.short_name,
        row.quorum_group,
        row.attendance_id,
        row.version,
        row.status,
        row.user_id,
        row.user_ref,
        row.user_name or row.name,
        row.deputy_for,
        bool(row.information_sent),
        row.arrived_at,
        row.left_at,
        bool(row.has_conflict),
    )


def quorum_of(lines: Iterable[RoomLine], quorum_groups: str, at: datetime) -> Quorum:
    """Return the quorum of the room at an instant, by the panel's setting."""
    known = list(lines)
    conflicted = {line.user_id for line in known if line.has_conflict and line.user_id is not None}
    attendees = [line.attendee for line in known]
    return work_out(required_groups(quorum_groups), [each for each in attendees if each], conflicted, at)


def who_has_a_view(lines: Iterable[RoomLine], at: datetime) -> tuple[dict[int, str], frozenset[int]]:
    """Return the agencies in the room for an item (id: name), which each have a view, and all that may have one.

    An agency that is not there may have sent its view; one that is out with a conflict has none.
    """
    known = list(lines)
    here = {line.agency_id: line.agency for line in known if line.is_here_at(at) and not line.has_conflict}
    out = {line.agency_id for line in known if line.has_conflict} - set(here)
    return here, frozenset(line.agency_id for line in known) - out


def conflicted_users(item_id: int) -> frozenset[int]:
    """Return the ids of those to whom a conflict closes an item, whether they declared it there, on its case or earlier."""
    return frozenset(int(each.removeprefix("user:")) for each in _conflicted.scalars(None, item_id))


@built
def _conflicted(_asker: Asker, item_id: int) -> Any:
    return select(RelationRow.principal).where(*_barred_from(item_id)).distinct()


def _barred_from(item_id: Any) -> list[ColumnElement[bool]]:
    barred = literal(Relation.BARRED, RelationRow.kind.type)
    item = literal("item", String())
    return [RelationRow.subject_kind == item, RelationRow.subject_id == item_id, RelationRow.kind == barred, live()]


@dataclass(frozen=True)
class Waiver:
    """That the quorum of an item was waived: for which groups, why, by whom and when."""

    missing: frozenset[str]
    reason: str
    by: str
    at: datetime

    def covers(self, quorum: Quorum) -> bool:
        """Return whether everything that lacks now was waived."""
        return {each.group.value for each in quorum.missing} <= self.missing

    def as_record(self) -> dict[str, Any]:
        """Return what a decision keeps of it, in plain values."""
        return {"missing": sorted(self.missing), "reason": self.reason, "by": self.by, "at": self.at}


def waiver_of(item_id: int) -> Waiver | None:
    """Return the waiver of an item's quorum, if there is one."""
    row = _waiver_of.row(None, item_id)
    return None if row is None else Waiver(frozenset(row.missing.split(",")), row.reason, row.name, row.waived_at)


@built
def _waiver_of(_asker: Asker, item_id: int) -> Any:
    return (
        select(QuorumWaiver.missing, QuorumWaiver.reason, User.name, QuorumWaiver.waived_at)
        .join(User, User.id == QuorumWaiver.waived_by_id)
        .where(QuorumWaiver.item_id == item_id)
    )


def seats_at(panel_id: int, at: datetime) -> frozenset[int]:
    """Return the ids of the agencies with a seat on a panel at an instant."""
    return frozenset(_seats_at.scalars(None, panel_id, at))


@built
def _seats_at(_asker: Asker, panel_id: int, at: datetime) -> Any:
    return select(PanelSeat.agency_id).where(
        PanelSeat.panel_id == panel_id,
        PanelSeat.valid_from <= at,
        or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > at),
    )


def own_seats(actor: Actor, panel_id: int) -> list[tuple[int, str, str]]:
    """Return (id, reference, short name) of the actor's agencies that have a seat on a panel now."""
    now = clock.now()
    rows = db.session.execute(
        select(Agency.id, Agency.ref, Agency.short_name)
        .join(PanelSeat, PanelSeat.agency_id == Agency.id)
        .where(
            PanelSeat.panel_id == panel_id,
            PanelSeat.agency_id.in_(sorted(actor.agency_ids)),
            PanelSeat.valid_from <= now,
            or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > now),
        )
        .order_by(Agency.short_name, Agency.id)
    )
    return [(row.id, row.ref, row.short_name) for row in rows]
