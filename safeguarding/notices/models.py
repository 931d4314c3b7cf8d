"""The outbox. A notice holds who is told what kind of thing, never a name, an address or a text."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import KEY, col
from safeguarding.core.types import enum_of


class NoticeState(StrEnum):
    """How far the mail of a notice is."""

    WAITING = "waiting"
    SENDING = "sending"  # a worker has it; when that worker is not heard of again, another takes it
    SENT = "sent"
    WITHHELD = "withheld"  # asked again at sending, the recipient was no longer to be told
    FAILED = "failed"


class Notice(Keyed, Base):
    """One thing one person is told. The mail's text and any one-time link are made when it is sent, and not kept."""

    __tablename__ = "notice"

    ref: Mapped[str] = reference(nullable=False)
    kind: Mapped[str] = col(KEY, String(60), nullable=False)
    recipient_id: Mapped[int] = link("user_account", nullable=False)
    subject: Mapped[str | None] = col(KEY, String(16))
    state: Mapped[NoticeState] = col(KEY, enum_of(NoticeState), nullable=False)
    attempts: Mapped[int] = col(KEY, Integer, nullable=False)
    queued_at: Mapped[datetime] = col(KEY, nullable=False)
    due_at: Mapped[datetime] = col(KEY, nullable=False)
    settled_at: Mapped[datetime | None] = col(KEY)
    seen_at: Mapped[datetime | None] = col(KEY)

    __table_args__ = (
        Index("ix_notice_state", "state", "due_at", "id"),
        Index("ix_notice_recipient_id", "recipient_id", "id"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
    )
