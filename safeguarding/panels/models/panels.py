"""Panels, which agencies sit on them and who holds their offices.

What differs from panel to panel (quorum, cut-off, days for minutes) is data here, not code.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link
from safeguarding.core.labels import KEY, REFERENCE, col
from safeguarding.core.types import enum_of


class PanelKind(StrEnum):
    """What a panel is for."""

    MAVE = "mave"
    NRM = "nrm"
    OTHER = "other"


class Office(StrEnum):
    """An office of a panel."""

    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    COORDINATOR = "coordinator"


class Panel(Keyed, Versioned, Base):
    """A standing multi-agency panel."""

    __tablename__ = "panel"
    __table_args__ = (
        CheckConstraint("cadence_days > 0 AND meeting_minutes > 0", name="meets_for_some_time"),
        CheckConstraint(
            "cut_off_days >= 0 AND minutes_days >= 0 AND access_days_after_signing >= 0",
            name="days_not_negative",
        ),
    )

    slug: Mapped[str] = col(KEY, String(40), unique=True)
    name: Mapped[str] = col(REFERENCE, String(200))
    kind: Mapped[PanelKind] = col(KEY, enum_of(PanelKind))
    cadence_days: Mapped[int] = col(REFERENCE, Integer)
    quorum_groups: Mapped[str] = col(REFERENCE, String(200), default="local_authority,police,health")
    cut_off_days: Mapped[int] = col(REFERENCE, Integer)  # working days before the meeting
    minutes_days: Mapped[int] = col(REFERENCE, Integer, default=10)  # working days
    access_days_after_signing: Mapped[int] = col(REFERENCE, Integer, default=10)  # working days
    usual_place: Mapped[str | None] = col(REFERENCE, String(200))
    meeting_minutes: Mapped[int] = col(REFERENCE, Integer, default=120)


class PanelSeat(Keyed, Base):
    """That an agency sits on a panel, from an instant up to another."""

    __tablename__ = "panel_seat"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),)

    panel_id: Mapped[int] = link("panel", index=True)
    agency_id: Mapped[int] = link("agency", index=True)
    is_required: Mapped[bool] = col(REFERENCE, default=False)
    valid_from: Mapped[datetime] = col(KEY)
    valid_to: Mapped[datetime | None] = col(KEY)


class PanelOfficer(Keyed, Base):
    """That somebody holds an office of a panel, from an instant up to another."""

    __tablename__ = "panel_officer"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),)

    panel_id: Mapped[int] = link("panel", index=True)
    user_id: Mapped[int] = link("user_account", index=True)
    office: Mapped[Office] = col(KEY, enum_of(Office))
    valid_from: Mapped[datetime] = col(KEY)
    valid_to: Mapped[datetime | None] = col(KEY)
