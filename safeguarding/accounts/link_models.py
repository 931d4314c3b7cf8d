"""One-time links and invitations. Of a link only the digest of its token is kept, so nothing here opens a door."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed
from safeguarding.core.columns import link
from safeguarding.core.labels import CREDENTIAL, KEY, col
from safeguarding.core.types import enum_of


class Purpose(StrEnum):
    """What a one-time link is for."""

    INVITATION = "invitation"  # a new person chooses their first pass phrase
    RESET = "reset"  # somebody who forgot theirs chooses another
    FACTORS = "factors"  # somebody who lost their second factor takes the old ones away


class AccountLink(Keyed, Base):
    """A link that works once. `bound_to` is a digest of what the account was: any change of it makes the link dead."""

    __tablename__ = "account_link"

    user_id: Mapped[int] = link("user_account", nullable=False)
    purpose: Mapped[Purpose] = col(KEY, enum_of(Purpose, "link_purpose"), nullable=False)
    token_digest: Mapped[str] = col(CREDENTIAL, String(64), unique=True, nullable=False)
    bound_to: Mapped[str] = col(CREDENTIAL, String(64), nullable=False)
    made_at: Mapped[datetime] = col(KEY, nullable=False)
    expires_at: Mapped[datetime] = col(KEY, nullable=False)
    used_at: Mapped[datetime | None] = col(KEY)

    __table_args__ = (
        Index("ix_account_link_user_id", "user_id", "purpose"),
        CheckConstraint("expires_at > made_at", name="expires_after_made"),
    )


class AccountInvitation(Keyed, Base):
    """That a person was asked to join, and when they did."""

    __tablename__ = "account_invitation"

    user_id: Mapped[int] = link("user_account", nullable=False, unique=True)
    invited_at: Mapped[datetime] = col(KEY, nullable=False)
    taken_up_at: Mapped[datetime | None] = col(KEY)
