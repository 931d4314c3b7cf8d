"""Meetings of a panel and who came.

Attendance is by agency: somebody without an account is named, somebody with one is linked.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, BigKey, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import KEY, PANEL, col
from safeguarding.core.types import enum_of


class MeetingState(StrEnum):
    """Where a meeting is."""

    PLANNED = "planned"
    OPEN = "open"
    ADJOURNED = "adjourned"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class AgendaState(StrEnum):
    """Where the agenda of a meeting is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    LOCKED = "locked"


class AttendanceStatus(StrEnum):
    """Whether an agency is there."""

    PRESENT = "present"
    APOLOGIES = "apologies"
    ABSENT = "absent"


class Meeting(Keyed, Versioned, Base):
    """One meeting of a panel, with its agenda."""

    __tablename__ = "meeting"
    __table_args__ = (
        Index(None, "panel_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        CheckConstraint("agenda_state = 'draft' OR published_at IS NOT NULL", name="published_when"),
        CheckConstraint("agenda_state <> 'locked' OR locked_at IS NOT NULL", name="locked_when"),
        CheckConstraint("(opened_at IS NULL) = (opened_by_id IS NULL)", name="opened_by_somebody"),
        CheckConstraint(
            "state NOT IN ('open', 'adjourned', 'closed') OR opened_at IS NOT NULL", name="held_once_opened"
        ),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_when"),
    )

    ref: Mapped[str] = reference()
    panel_id: Mapped[int] = link("panel")
    starts_at: Mapped[datetime] = col(KEY)
    ends_at: Mapped[datetime] = col(KEY)
    place: Mapped[str | None] = col(PANEL, String(200))
    state: Mapped[MeetingState] = col(KEY, enum_of(MeetingState), default=MeetingState.PLANNED)
    agenda_state: Mapped[AgendaState] = col(KEY, enum_of(AgendaState), default=AgendaState.DRAFT)
    agenda_version: Mapped[int] = col(KEY, Integer, default=0)  # how often it was published
    published_at: Mapped[datetime | None] = col(KEY)
    returns_due_at: Mapped[datetime | None] = col(KEY)
    cut_off_at: Mapped[datetime] = col(KEY)
    locked_at: Mapped[datetime | None] = col(KEY)
    opened_at: Mapped[datetime | None] = col(KEY)
    opened_by_id: Mapped[int | None] = link("user_account")
    confidentiality_read_at: Mapped[datetime | None] = col(KEY)
    chaired_by_id: Mapped[int | None] = link("user_account")
    closed_at: Mapped[datetime | None] = col(KEY)
    current_item_id: Mapped[int | None] = col(KEY, BigKey)  # no foreign key: items point here already


class Attendance(Keyed, Versioned, Base):
    """Whether an agency came, by whom, and when that person was in the room."""

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint("meeting_id", "agency_id", "name"),
        UniqueConstraint("meeting_id", "agency_id", "user_id"),
        CheckConstraint("status <> 'present' OR user_id IS NOT NULL OR name IS NOT NULL", name="somebody_is_present"),
        CheckConstraint("left_at >= arrived_at", name="leaves_after_arriving"),
    )

    meeting_id: Mapped[int] = link("meeting")
    agency_id: Mapped[int] = link("agency")
    status: Mapped[AttendanceStatus] = col(PANEL, enum_of(AttendanceStatus))
    user_id: Mapped[int | None] = link("user_account")
    name: Mapped[str | None] = col(PANEL, String(200))
    deputy_for: Mapped[str | None] = col(PANEL, String(200))
    information_sent: Mapped[bool] = col(PANEL, default=False)
    arrived_at: Mapped[datetime | None] = col(PANEL)
    left_at: Mapped[datetime | None] = col(PANEL)
