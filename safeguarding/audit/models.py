"""The chain and its head. Triggers of both databases refuse everything but the next row."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, BigKey
from safeguarding.core.labels import AUDIT, KEY, col


class AuditEvent(Base):
    """One event. `hash` is an HMAC-SHA256 over the canonical form of the other columns, the row before's hash among them."""

    __tablename__ = "audit_event"

    seq: Mapped[int] = col(KEY, BigKey, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = col(AUDIT, nullable=False)
    event: Mapped[str] = col(AUDIT, String(80), nullable=False)
    actor: Mapped[str] = col(AUDIT, String(80), nullable=False)
    agency: Mapped[str | None] = col(AUDIT, String(120))
    subject: Mapped[str | None] = col(AUDIT, String(80))
    request_id: Mapped[str | None] = col(AUDIT, String(40))
    detail: Mapped[str] = col(AUDIT, Text, nullable=False)
    previous: Mapped[str] = col(AUDIT, String(64), nullable=False)
    hash: Mapped[str] = col(AUDIT, String(64), nullable=False)

    __table_args__ = (
        Index("ix_audit_event_subject", "subject", "seq"),
        Index("ix_audit_event_actor", "actor", "seq"),
        Index("ix_audit_event_at", "at", "seq"),
    )


class AuditHead(Base):
    """The one row that serialises writers: the last seq and its hash. The insert trigger moves it."""

    __tablename__ = "audit_head"

    id: Mapped[int] = col(KEY, BigKey, primary_key=True, autoincrement=False)
    seq: Mapped[int] = col(KEY, BigKey, nullable=False)
    hash: Mapped[str] = col(AUDIT, String(64), nullable=False)
