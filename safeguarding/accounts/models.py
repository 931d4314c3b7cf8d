"""Accounts, memberships and server-side sessions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped

from safeguarding.access.roles import Role
from safeguarding.core.base import Base, BigKey, Keyed, Versioned
from safeguarding.core.labels import ACCOUNT, CREDENTIAL, KEY, col
from safeguarding.core.types import enum_of


class AccountStatus(StrEnum):
    """Whether a person may sign in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class User(Keyed, Versioned, Base):
    """A person who may sign in."""

    __tablename__ = "user_account"

    ref: Mapped[str] = col(KEY, String(16), unique=True, nullable=False)
    email: Mapped[str] = col(ACCOUNT, String(254), unique=True, nullable=False)
    name: Mapped[str] = col(ACCOUNT, String(120), nullable=False)
    job_title: Mapped[str | None] = col(ACCOUNT, String(120))
    password_hash: Mapped[str] = col(CREDENTIAL, String(200), nullable=False)
    status: Mapped[AccountStatus] = col(KEY, enum_of(AccountStatus), nullable=False)
    created_at: Mapped[datetime] = col(KEY, nullable=False)

    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)


class Membership(Keyed, Base):
    """A person's role in one agency, for a time."""

    __tablename__ = "membership"

    user_id: Mapped[int] = col(
        KEY, BigKey, ForeignKey("user_account.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    agency_id: Mapped[int] = col(KEY, BigKey, ForeignKey("agency.id", ondelete="RESTRICT"), nullable=False, index=True)
    role: Mapped[Role] = col(KEY, enum_of(Role), nullable=False)
    valid_from: Mapped[datetime] = col(KEY, nullable=False)
    valid_to: Mapped[datetime | None] = col(KEY)

    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_start"),)


class UserSession(Keyed, Base):
    """A signed-in browser. The cookie holds a random token; here stands its digest alone."""

    __tablename__ = "user_session"

    token_digest: Mapped[str] = col(CREDENTIAL, String(64), unique=True, nullable=False)
    user_id: Mapped[int] = col(
        KEY, BigKey, ForeignKey("user_account.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    created_at: Mapped[datetime] = col(KEY, nullable=False)
    last_seen_at: Mapped[datetime] = col(KEY, nullable=False)
    expires_at: Mapped[datetime] = col(KEY, nullable=False)
    ended_at: Mapped[datetime | None] = col(KEY)
