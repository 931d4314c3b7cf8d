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


class Proof(StrEnum):
    """What was shown besides the pass phrase when a session was opened."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"
    PROVIDER = "provider"  # the organisation's own sign-in asked for it
    PASSED_BY = "passed_by"  # nothing, which the demonstration alone allows


class UserSession(Keyed, Base):
    """A browser, signed in or half way (`opened_at` is not set). The cookie holds a random token; here stands its digest.

    A row that ran out stays for a week, because a form that is sent late by its cookie is given back to its owner.
    """

    __tablename__ = "user_session"
    __table_args__ = (CheckConstraint("(opened_at IS NULL) = (proof IS NULL)", name="opened_by_a_proof"),)

    token_digest: Mapped[str] = col(CREDENTIAL, String(64), unique=True, nullable=False)
    user_id: Mapped[int] = col(
        KEY, BigKey, ForeignKey("user_account.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    created_at: Mapped[datetime] = col(KEY, nullable=False)
    last_seen_at: Mapped[datetime] = col(KEY, nullable=False)
    expires_at: Mapped[datetime] = col(KEY, nullable=False)
    ended_at: Mapped[datetime | None] = col(KEY)
    stem_digest: Mapped[str | None] = col(CREDENTIAL, String(64), index=True)  # of the part that a renewal keeps
    opened_at: Mapped[datetime | None] = col(KEY)
    proof: Mapped[Proof | None] = col(KEY, enum_of(Proof))
    confirmed_at: Mapped[datetime | None] = col(KEY)  # when somebody last showed that it is still them
    locked_at: Mapped[datetime | None] = col(KEY)
    challenge: Mapped[str | None] = col(CREDENTIAL, String(100))  # that a passkey has to sign, once
    challenged_at: Mapped[datetime | None] = col(KEY)
    device: Mapped[str | None] = col(ACCOUNT, String(80))  # in words: which browser on which system
