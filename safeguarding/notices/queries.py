"""Reads of notices: a person's own list, and nobody else's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from safeguarding.access.actor import Actor
from safeguarding.core import clock
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.notices.kinds import known_kind, listed_kinds
from safeguarding.notices.models import Notice, NoticeState
from safeguarding.relations.built import Asker, built

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


def seconds_waited() -> float:
    """Return how long the oldest mail that is not sent yet has waited; 0 when none waits."""
    oldest = db.session.scalar(
        select(func.min(Notice.queued_at)).where(Notice.state.in_((NoticeState.WAITING, NoticeState.SENDING)))
    )
    return 0.0 if oldest is None else max(0.0, (clock.now() - oldest).total_seconds())


def count_failed() -> float:
    """Return how many mails were given up in the last day."""
    since = clock.now() - timedelta(days=1)
    statement = select(func.count()).where(Notice.state == NoticeState.FAILED, Notice.settled_at >= since)
    return float(db.session.scalar(statement) or 0)


def list_notices(actor: Actor, *, before: str | None = None, unseen: bool = False, limit: int = PAGE) -> list[Line]:
    """Return the actor's own notices, the newest first: `limit` and one more, which says that there are older ones."""
    kinds = tuple(listed_kinds())
    if actor.user_id is None or not kinds:
        return []
    since = clock.now() - RECENT if unseen else None
    ref = (normalise_reference(before, "NO") or "") if before else None
    rows = _notices.rows(actor, kinds, since, ref, limit + 1)
    return [_line(row.ref, row.kind, row.subject, row.queued_at, row.seen_at is None) for row in rows]


@built
def _notices(
    asker: Asker, kinds: tuple[str, ...], unseen_since: datetime | None, before: str | None, limit: int
) -> Select[*tuple[Any, ...]]:
    statement = select(Notice.ref, Notice.kind, Notice.subject, Notice.queued_at, Notice.seen_at).where(
        Notice.recipient_id == asker.user_id, Notice.kind.in_(kinds)
    )
    if unseen_since is not None:
        statement = statement.where(Notice.seen_at.is_(None), Notice.queued_at > unseen_since)
    if before is not None:
        last = select(Notice.id).where(Notice.ref == before, Notice.recipient_id == asker.user_id)
        statement = statement.where(Notice.id < last.scalar_subquery())
    return statement.order_by(Notice.id.desc()).limit(limit)


def _line(ref: str, kind_name: str, subject: str | None, at: datetime, is_new: bool) -> Line:
    kind = known_kind(kind_name)
    assert kind is not None  # noqa: S101 - only registered kinds were asked for
    return Line(ref, kind.sentence, kind.page(subject) if kind.page else None, at, is_new)
