"""Who says which relations there should be. Each package that writes rows can work them out again from its own facts.

`relations.check` compares what they say with the table. A later package may know why an earlier one's row has ended.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from flask import Flask, current_app

from safeguarding.access.roles import Relation


class Expected(NamedTuple):
    """A row that should be in the table, in the order of its columns.

    `valid_from` is None where the fact does not keep the instant at which it became true. `optional` marks a row that
    may be there or not, because the principal has the same relation by another fact.
    """

    principal: str
    subject_kind: str
    subject_id: int
    kind: Relation
    source_kind: str
    source_id: int
    valid_from: datetime | None
    valid_to: datetime | None = None
    optional: bool = False


class Ended(NamedTuple):
    """That the rows of one kind which come from a fact are over, said by a package later than the fact's own."""

    source_kind: str
    source_id: int
    kind: Relation


def none_closed() -> Iterable[tuple[str, int]]:
    """Return no subject: what a package says that closes nothing to all but a list."""
    return ()


def nothing() -> Iterable[Ended]:
    """Return no end: what a package says that ends nothing of another's."""
    return ()


@dataclass(frozen=True)
class Facts:
    """What one package says. `with_history` names the kinds of fact whose past is kept too, and compared.

    `closed` are the subjects that are closed to all but a list; what is about them is closed with them.
    """

    package: str
    expected: Callable[[], Iterable[Expected]]
    ended: Callable[[], Iterable[Ended]] = nothing
    closed: Callable[[], Iterable[tuple[str, int]]] = none_closed
    with_history: frozenset[str] = field(default=frozenset())


def register_facts(app: Flask, *facts: Facts) -> None:
    """Add what packages say, in the order of the house."""
    _facts(app).extend(facts)


def all_facts() -> list[Facts]:
    """Return what every package says."""
    return list(_facts(current_app))


def _facts(app: Flask) -> list[Facts]:
    found: list[Facts] = app.extensions.setdefault("relation_facts", [])
    return found
