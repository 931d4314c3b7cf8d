"""Reads of notices: a person's own list, and nobody else's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.core import clock
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.notices.kinds import known_kind, listed_kinds
from safeguarding.notices.models import Notice

PAGE = 50
RECENT = timedelta(days=28)


@dataclass(frozen=True)
class Line:
    """One notice as its recipient reads it."""

    ref: str
    sentence: str
    href: str | None
    at: datetime
    is_new: bool


def list_notices(actor: Actor, *, before: str | None = None, unseen: bool = False, limit: int = PAGE) -> list[Line]:
    """Return the actor's own notices, the newest first: `limit` and one more, which says that there are older ones."""
    if actor.user_id is None:
        return []
    statement = select(Notice.ref, Notice.kind, Notice.subject, Notice.queued_at, Notice.seen_at).where(
        Notice.recipient_id == actor.user_id, Notice.kind.in_(listed_kinds())
    )
    if unseen:
        statement = statement.where(Notice.seen_at.is_(None), Notice.queued_at > clock.now() - RECENT)
    if before:
        last = select(Notice.id).where(
            Notice.ref == normalise_reference(before, "NO"), Notice.recipient_id == actor.user_id
        )
        statement = statement.where(Notice.id < last.scalar_subquery())
    rows = db.session.execute(statement.order_by(Notice.id.desc()).limit(limit + 1))
    return [_line(row.ref, row.kind, row.subject, row.queued_at, row.seen_at is None) for row in rows]


def _line(ref: str, kind_name: str, subject: str | None, at: datetime, is_new: bool) -> Line:
    kind = known_kind(kind_name)
    assert kind is not None  # noqa: S101 - only registered kinds were asked for
    return Line(ref, kind.sentence, kind.page(subject) if kind.page else None, at, is_new)
