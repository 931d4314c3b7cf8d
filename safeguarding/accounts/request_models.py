"""Requests for a role that one person cannot give alone."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped

from safeguarding.access.roles import Role
from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import ACCOUNT, KEY, col
from safeguarding.core.types import enum_of


class RequestState(StrEnum):
    """Where a request stands. One that waits past `expires_at` has run out, and nobody decides it any more."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class RoleRequest(Keyed, Versioned, Base):
    """That somebody be given a role in an agency, asked by one person and decided by another."""

    __tablename__ = "role_request"

    ref: Mapped[str] = reference(nullable=False)
    user_id: Mapped[int] = link("user_account", nullable=False)
    agency_id: Mapped[int] = link("agency", nullable=False, index=True)
    role: Mapped[Role] = col(KEY, enum_of(Role), nullable=False)
    until: Mapped[datetime | None] = col(KEY)  # when the role ends by itself, for a substitute
    reason: Mapped[str] = col(ACCOUNT, Text, nullable=False)
    requested_by_id: Mapped[int] = link("user_account", nullable=False, index=True)
    requested_at: Mapped[datetime] = col(KEY, nullable=False)
    expires_at: Mapped[datetime] = col(KEY, nullable=False)
    state: Mapped[RequestState] = col(KEY, enum_of(RequestState), nullable=False)
    decided_by_id: Mapped[int | None] = link("user_account", index=True)
    decided_at: Mapped[datetime | None] = col(KEY)
    decision_reason: Mapped[str | None] = col(ACCOUNT, Text)

    __table_args__ = (
        Index("ix_role_request_user_id", "user_id", "state"),
        Index("ix_role_request_state", "state", "expires_at", "id"),
        CheckConstraint("requested_by_id <> user_id", name="not_for_oneself"),
        CheckConstraint("decided_by_id <> user_id", name="not_decided_by_whom_it_is_about"),
        CheckConstraint("decided_by_id <> requested_by_id OR state = 'withdrawn'", name="decided_by_another"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_once"),
    )
