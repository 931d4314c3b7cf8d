"""Comparing the table of relations with the facts its rows come from. It repairs nothing: a difference is a fault.

Compared is what holds now or will hold; of facts that keep their past (allocations, seats, offices) also what has ended.
`last_activity_at` orders lists and decides nothing, so it is left out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.relations.closing import shut, with_followers
from safeguarding.relations.models import ClosedSubject
from safeguarding.relations.models import RelationRow as Row
from safeguarding.relations.registry import Expected, all_facts

SHOWN = 100


class Fault(StrEnum):
    """What is wrong about a row."""

    MISSING = "missing"  # the fact stands, the row does not
    UNEXPECTED = "unexpected"  # the row stands, no fact bears it out
    OTHER_SPAN = "other_span"  # both stand, but not from and until the same instants


class Key(NamedTuple):
    """What makes two rows the same: everything but when."""

    principal: str
    subject_kind: str
    subject_id: int
    kind: str
    source_kind: str
    source_id: int


@dataclass(frozen=True)
class Difference:
    """One row that differs."""

    fault: Fault
    key: Key
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True)
class Verdict:
    """What the comparison found."""

    checked: int
    differences: list[Difference]

    def to_json(self) -> dict[str, Any]:
        """Return the shape of `flask relations check --json`: counts, and at most SHOWN differences."""
        counts = Counter(each.fault for each in self.differences)
        return {
            "ok": not self.differences,
            "checked": self.checked,
            **{fault.value: counts[fault] for fault in Fault},
            "differences": [_plain(each) for each in self.differences[:SHOWN]],
        }


Span = tuple[datetime | None, datetime | None]


def check() -> Verdict:
    """Compare every row with what the packages say; the differences are in the order of their keys."""
    facts = all_facts()
    with_history = frozenset().union(*(each.with_history for each in facts))
    now = clock.now()
    wanted, optional = _wanted(now, with_history)
    standing: dict[Key, list[Span]] = {}
    checked = 0
    for key, span in _standing(now, with_history):
        standing.setdefault(key, []).append(span)
        checked += 1
    found: list[Difference] = _compare_closed()
    for key in sorted({*wanted, *standing}):
        allowed = optional if key not in wanted else frozenset()
        found += _compare(key, wanted.get(key, []), standing.get(key, []), may_stand=key in allowed)
    return Verdict(checked, found)


def _compare_closed() -> list[Difference]:
    """Compare what is closed with what should be."""
    wanted = _closed()
    rows = db.session.execute(select(ClosedSubject.subject_kind, ClosedSubject.subject_id).distinct())
    standing = {(row.subject_kind, row.subject_id) for row in rows}
    return [
        Difference(fault, Key("closed", kind, number, "closed", "closed", number), None, None)
        for fault, subjects in ((Fault.MISSING, wanted - standing), (Fault.UNEXPECTED, standing - wanted))
        for kind, number in sorted(subjects)
    ]


def _wanted(now: datetime, with_history: frozenset[str]) -> tuple[dict[Key, list[Span]], frozenset[Key]]:
    ended = {end for facts in all_facts() for end in facts.ended()}
    closed = _closed()
    wanted: dict[Key, list[Span]] = {}
    optional = set()
    for facts in all_facts():
        for row in facts.expected():
            if (row.source_kind, row.source_id, row.kind) in ended or not _counts(row, now, with_history):
                continue
            is_live = row.valid_to is None or row.valid_to > now
            is_shut = is_live and (row.subject_kind, row.subject_id) in closed
            principal = shut(row.principal, row.kind) if is_shut else row.principal
            key = Key(principal, row.subject_kind, row.subject_id, row.kind.value, row.source_kind, row.source_id)
            if row.optional:
                optional.add(key)
            else:
                wanted.setdefault(key, []).append((row.valid_from, row.valid_to))
    return wanted, frozenset(optional)


def _closed() -> frozenset[tuple[str, int]]:
    """Return what is closed: what the packages close, with all that is about it."""
    roots = [subject for facts in all_facts() for subject in facts.closed()]
    return frozenset(with_followers(roots))


def _counts(row: Expected, now: datetime, with_history: frozenset[str]) -> bool:
    return row.valid_to is None or row.valid_to > now or row.source_kind in with_history


def _standing(now: datetime, with_history: frozenset[str]) -> Iterator[tuple[Key, Span]]:
    statement = select(
        Row.principal,
        Row.subject_kind,
        Row.subject_id,
        Row.kind,
        Row.source_kind,
        Row.source_id,
        Row.valid_from,
        Row.valid_to,
    ).where(or_(Row.valid_to.is_(None), Row.valid_to > now, Row.source_kind.in_(sorted(with_history))))
    for row in db.session.execute(statement.execution_options(yield_per=5_000)):
        key = Key(row.principal, row.subject_kind, row.subject_id, row.kind.value, row.source_kind, row.source_id)
        yield key, (row.valid_from, row.valid_to)


def _compare(key: Key, wanted: list[Span], standing: list[Span], *, may_stand: bool) -> Iterator[Difference]:
    left = list(standing)
    for span in sorted(wanted, key=lambda each: each[0] is None):  # those whose beginning is known choose first
        match = next((each for each in left if _same(span, each)), None)
        if match is not None:
            left.remove(match)
        elif left:
            left.pop()
            yield Difference(Fault.OTHER_SPAN, key, *span)
        else:
            yield Difference(Fault.MISSING, key, *span)
    if not may_stand:
        yield from (Difference(Fault.UNEXPECTED, key, *span) for span in left)


def _same(wanted: Span, standing: Span) -> bool:
    return wanted[1] == standing[1] and wanted[0] in (None, standing[0])


def _plain(each: Difference) -> dict[str, Any]:
    instants = {"valid_from": each.valid_from, "valid_to": each.valid_to}
    return {
        "fault": each.fault.value,
        **each.key._asdict(),
        **{name: value.isoformat() if value else None for name, value in instants.items()},
    }
