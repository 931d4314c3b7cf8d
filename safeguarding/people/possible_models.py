"""Possible duplicates that whoever added or referred somebody could not be shown, and what was said of each."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, KEY, col
from safeguarding.core.types import enum_of


class PossibleState(StrEnum):
    """What is said of two records: nothing yet, or the last answer."""

    WAITING = "waiting"
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


class PossibleDuplicate(Keyed, Versioned, Base):
    """Two records that may be about the same young person: a pair stands once, so that nobody is asked twice."""

    __tablename__ = "possible_duplicate"
    __table_args__ = (
        UniqueConstraint("lower_id", "higher_id"),
        CheckConstraint("lower_id < higher_id", name="a_pair_in_one_order"),
        Index(None, "higher_id"),
        Index(None, "state", "found_at", "id"),
    )

    ref: Mapped[str] = reference()
    lower_id: Mapped[int] = link("person")
    higher_id: Mapped[int] = link("person")
    state: Mapped[PossibleState] = col(KEY, enum_of(PossibleState))
    found_at: Mapped[datetime] = col(KEY)
    found_by_id: Mapped[int] = link("user_account")


class PossibleAnswer(Keyed, Base):
    """What somebody who may see both records said of them, and why."""

    __tablename__ = "possible_duplicate_answer"

    possible_id: Mapped[int] = link("possible_duplicate", index=True)
    answer: Mapped[PossibleState] = col(KEY, enum_of(PossibleState))
    reason: Mapped[str] = col(CASE, Text)
    answered_by_id: Mapped[int] = link("user_account")
    answered_at: Mapped[datetime] = col(KEY)
