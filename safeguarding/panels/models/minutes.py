"""Minutes of a meeting. Signed minutes never change: a dated addendum says what should be read otherwise."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import KEY, PANEL, col
from safeguarding.core.types import enum_of


class MinutesState(StrEnum):
    """How far minutes came; signed means approved by the chair."""

    DRAFT = "draft"
    CIRCULATED = "circulated"
    SIGNED = "signed"


class Minutes(Keyed, Versioned, Base):
    """The minutes of one meeting, made from what was recorded in it."""

    __tablename__ = "minutes"
    __table_args__ = (
        CheckConstraint(
            "(state = 'signed') = (signed_at IS NOT NULL) AND (signed_at IS NULL) = (signed_by_id IS NULL)",
            name="signed_when_and_by_whom",
        ),
        CheckConstraint("state = 'draft' OR circulated_at IS NOT NULL", name="circulated_when"),
    )

    ref: Mapped[str] = reference()
    meeting_id: Mapped[int] = link("meeting", unique=True)
    state: Mapped[MinutesState] = col(KEY, enum_of(MinutesState), default=MinutesState.DRAFT)
    content: Mapped[str] = col(PANEL, Text)  # JSON
    content_digest: Mapped[str] = col(KEY, String(64))
    generated_at: Mapped[datetime] = col(KEY)
    circulated_at: Mapped[datetime | None] = col(KEY)
    signed_at: Mapped[datetime | None] = col(KEY)
    signed_by_id: Mapped[int | None] = link("user_account")


class MinutesAddendum(Keyed, Base):
    """A dated addition to signed minutes."""

    __tablename__ = "minutes_addendum"

    minutes_id: Mapped[int] = link("minutes", index=True)
    text: Mapped[str] = col(PANEL, Text)
    added_at: Mapped[datetime] = col(KEY)
    added_by_id: Mapped[int] = link("user_account")
