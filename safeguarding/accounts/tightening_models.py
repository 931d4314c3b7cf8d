"""Rights that the partnership took away from a role: asked by one person, agreed by another, and given back likewise."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.access.roles import Role
from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import ACCOUNT, KEY, col
from safeguarding.core.types import enum_of


class TighteningState(StrEnum):
    """Where it stands. While it is asked to be given back it is still taken away."""

    ASKED = "asked"
    IN_FORCE = "in_force"
    BACK_ASKED = "back_asked"
    DECLINED = "declined"
    GIVEN_BACK = "given_back"


class Tightening(Keyed, Versioned, Base):
    """One right of one role."""

    __tablename__ = "tightening"
    __table_args__ = (
        Index(None, "state"),
        CheckConstraint("decided_by_id <> asked_by_id", name="decided_by_another"),
        CheckConstraint("back_decided_by_id <> back_asked_by_id", name="given_back_by_another"),
    )

    ref: Mapped[str] = reference()
    role: Mapped[Role] = col(KEY, enum_of(Role))
    permission: Mapped[str] = col(KEY, String(60))
    state: Mapped[TighteningState] = col(KEY, enum_of(TighteningState))
    reason: Mapped[str] = col(ACCOUNT, Text)
    asked_by_id: Mapped[int] = link("user_account")
    asked_at: Mapped[datetime] = col(KEY)
    decided_by_id: Mapped[int | None] = link("user_account")
    decided_at: Mapped[datetime | None] = col(KEY)
    back_reason: Mapped[str | None] = col(ACCOUNT, Text)
    back_asked_by_id: Mapped[int | None] = link("user_account")
    back_decided_by_id: Mapped[int | None] = link("user_account")
