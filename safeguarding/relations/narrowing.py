"""Where the table of relations differs from the facts: end what none bears out, keep out whom a declared conflict keeps out.

It opens nothing to anybody. What else is missing, or holds for other days, stays as it is and is named (`relations.check`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, insert, or_, update

from safeguarding.access.actor import Actor
from safeguarding.access.roles import Relation
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.relations.check import Difference, Fault
from safeguarding.relations.models import RelationRow

_CLOSED = "closed"  # no relation, but that a subject is closed to all but a list


@dataclass(frozen=True)
class Narrowed:
    """How many relations were ended, and how many conflicts were written."""

    ended: int
    barred: int


def narrow(actor: Actor, differences: Iterable[Difference]) -> Narrowed:
    """Close what the differences leave open, each with an event."""
    now, ended, barred = clock.now(), 0, 0
    for each in differences:
        kind = each.key.kind
        if each.fault is Fault.UNEXPECTED and kind not in (Relation.BARRED, _CLOSED):
            _end(each, now)
            ended += 1
        elif each.fault is Fault.MISSING and kind == Relation.BARRED:
            _bar(each, now)
            barred += 1
        else:
            continue
        audit.record("operations:relation:narrowed", actor, None, fault=each.fault, **each.key._asdict())
    return Narrowed(ended, barred)


def _end(each: Difference, now: datetime) -> None:
    key, row = each.key, RelationRow
    found = and_(
        row.source_kind == key.source_kind,
        row.source_id == key.source_id,
        row.subject_kind == key.subject_kind,
        row.subject_id == key.subject_id,
        row.principal == key.principal,
        row.kind == Relation(key.kind),
        row.valid_from == each.valid_from,
        or_(row.valid_to.is_(None), row.valid_to > now),
    )
    ends = case((row.valid_from > now, row.valid_from), else_=now)
    db.session.execute(update(row).where(found).values(valid_to=ends), execution_options={"synchronize_session": False})


def _bar(each: Difference, now: datetime) -> None:
    values = {**each.key._asdict(), "kind": Relation.BARRED, "valid_from": each.valid_from or now}
    db.session.execute(insert(RelationRow).values(**values, valid_to=each.valid_to, last_activity_at=now))
