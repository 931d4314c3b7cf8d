"""A form that was sent when its sender's session could not take it; its fields stand here sealed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed
from safeguarding.core.columns import link
from safeguarding.core.labels import KEY, Label, Level, Retention, col
from safeguarding.core.sealing import sealed_text
from safeguarding.core.types import enum_of

TYPED = Label(Level.OFFICIAL_SENSITIVE, Retention.TRANSIENT, sealed=True, exportable=False)


class KeptWhy(StrEnum):
    """Why a form could not be taken."""

    EXPIRED = "expired"
    LOCKED = "locked"
    CONFIRM = "confirm"  # a fresh second factor was asked for first
    LEFT = "left"  # its sender went to look at something else first


class KeptForm(Keyed, Base):
    """The fields of one form, for the one person who sent it. No file, no pass phrase, no token."""

    __tablename__ = "kept_form"

    ref: Mapped[str] = col(KEY, String(16), unique=True, nullable=False)
    user_id: Mapped[int] = link("user_account", nullable=False, index=True)
    path: Mapped[str] = sealed_text("ref", TYPED, nullable=False)  # where it was sent to, with its query
    fields: Mapped[str] = sealed_text("ref", TYPED, nullable=False)  # JSON: [[name, value], ...] in their order
    why: Mapped[KeptWhy] = col(KEY, enum_of(KeptWhy), nullable=False)
    kept_at: Mapped[datetime] = col(KEY, nullable=False)
    expires_at: Mapped[datetime] = col(KEY, nullable=False, index=True)
