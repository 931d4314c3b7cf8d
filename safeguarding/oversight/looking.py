"""Looks at one record as a page lists them: alike ones of a day in one line, those that need a question first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from safeguarding.access.decisions import Reason
from safeguarding.access.roles import Relation
from safeguarding.core import clock
from safeguarding.oversight.events import Act, act_of

_NO_PART = frozenset({Reason.BY_ROLE.value, Relation.EMERGENCY.value})


class Order(StrEnum):
    """How the lines are ordered."""

    QUESTIONS = "questions"  # what needs a question first
    TIME = "time"
    PERSON = "person"


@dataclass(frozen=True)
class Line:
    """Events of one person on one of London's days that are alike, the newest first.

    `use` is the use of emergency access that the line opened, `question` what the audit asks about it, each where there is.
    """

    entries: tuple[Any, ...]
    use: Any = None
    question: Any = None

    @property
    def newest(self) -> Any:
        """The last of them."""
        return self.entries[0]

    @property
    def oldest(self) -> Any:
        """The first of them."""
        return self.entries[-1]

    @property
    def act(self) -> Act:
        """What kind of act they are."""
        return act_of(self.newest.event)

    @cached_property
    def urgency(self) -> int:
        """0 for an emergency that nobody reviewed, 1 for a refusal, 2 for an open question, 3 for everything else."""
        if self.use is not None and self.use.reviewed_at is None:
            return 0
        if self.act is Act.REFUSED:
            return 1
        return 2 if self.question is not None and self.question.answer is None else 3


def lines_of(
    entries: Sequence[Any],
    uses: Mapping[str, Any],
    questions: Iterable[Any],
    names: Mapping[str, str],
    order: Order,
    *,
    only_refused: bool = False,
) -> list[Line]:
    """Return the lines of events (newest first), in order. `uses` are uses of emergency access by their references."""
    alike: dict[Any, list[Any]] = {}
    for entry in entries:
        if only_refused and act_of(entry.event) is not Act.REFUSED:
            continue
        day = clock.london(entry.at).date()
        alike.setdefault((day, entry.actor, entry.agency, entry.event, entry.subject, entry.why), []).append(entry)
    asked = list(questions)
    lines = [Line(tuple(group), _use_of(group[0], uses), _question_of(group, asked)) for group in alike.values()]
    if order is Order.TIME:
        return lines
    if order is Order.PERSON:
        return sorted(lines, key=lambda line: (names.get(line.newest.actor, line.newest.actor), -line.newest.seq))
    return sorted(lines, key=lambda line: (line.urgency, -line.newest.seq))


def has_part(why: Iterable[str]) -> bool:
    """Return whether an event's reasons say that somebody had a part in the work, and not a role or an emergency alone."""
    return any(kind not in _NO_PART for kind in why)


def _use_of(entry: Any, uses: Mapping[str, Any]) -> Any:
    return uses.get(entry.access or "") if act_of(entry.event) is Act.EMERGENCY else None


def _question_of(group: Sequence[Any], asked: list[Any]) -> Any:
    """Return the question about these events, one without an answer before one with."""
    newest, oldest = group[0], group[-1]
    found = [
        each
        for each in asked
        if each.question.actor == newest.actor
        and newest.subject in each.question.records
        and each.question.first <= newest.seq
        and oldest.seq <= each.question.last
    ]
    return min(found, key=lambda each: each.answer is not None, default=None)
