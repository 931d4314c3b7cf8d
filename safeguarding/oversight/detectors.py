"""What in the audit raises a question: five patterns of looking, each a pure function over the events of a span.

A question is not an accusation. It names who, when and which records, and somebody of information governance answers it.
Staff's own addresses are not held, so only surnames are compared. (Source: `docs/security.md`, LO-8.)
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from safeguarding.core import clock
from safeguarding.core.working_days import is_working_day
from safeguarding.oversight.events import Act, act_of

FAST_SPAN, FAST_RECORDS = timedelta(minutes=10), 30
REFUSED_SPAN, REFUSED_MANY = timedelta(hours=1), 5
EARLIEST, LATEST = time(7), time(20)
OUT_OF_HOURS_RECORDS = 5
_NAMING = ("YP-", "CA-", "RF-", "NR-", "AC-")  # what an agenda has is opened together, in a meeting
_SEEN = frozenset({Act.LOOKED, Act.EXPORTED})  # what was printed was seen
_REFUSALS = ("access:request:refused", "oversight:emergency:refused")


class Pattern(StrEnum):
    """What was noticed."""

    NO_RELATION = "no_relation"
    SAME_NAME = "same_name"
    OUT_OF_HOURS = "out_of_hours"
    MANY_REFUSALS = "many_refusals"
    FAST = "fast"


@dataclass(frozen=True)
class Seen:
    """One event, as far as a detector needs it: `actor` as the audit records it, `subject` a reference or None."""

    seq: int
    at: datetime
    event: str
    actor: str
    subject: str | None

    @property
    def is_look(self) -> bool:
        """Whether somebody opened a young person's record or a case."""
        return act_of(self.event) in _SEEN and (self.subject or "")[:3] in ("YP-", "CA-")

    @property
    def is_about_somebody(self) -> bool:
        """Whether somebody opened that, or a referral or an action, in which a young person is named as well."""
        return act_of(self.event) in _SEEN and (self.subject or "")[:3] in _NAMING


@dataclass(frozen=True)
class Question:
    """One question: who did it, on which of London's days, from and to which event, which records (at most twenty)."""

    pattern: Pattern
    actor: str
    day: date
    first: int
    last: int
    records: tuple[str, ...]
    count: int

    @property
    def key(self) -> str:
        """What identifies it from one look at the page to the next: a day's records of one pattern are one question."""
        about = self.records[0] if self.pattern in (Pattern.NO_RELATION, Pattern.SAME_NAME) else ""
        return f"{self.pattern}:{self.actor}:{self.day.isoformat()}:{about}"


def fast_looking(events: Iterable[Seen]) -> Iterator[Question]:
    """Find whoever opened thirty different records within ten minutes."""
    return _bursts(
        Pattern.FAST, (each for each in events if each.is_about_somebody), FAST_SPAN, FAST_RECORDS, distinct=True
    )


def many_refusals(events: Iterable[Seen]) -> Iterator[Question]:
    """Find whoever was refused five times within an hour."""
    refused = (each for each in events if each.event in _REFUSALS)
    return _bursts(Pattern.MANY_REFUSALS, refused, REFUSED_SPAN, REFUSED_MANY, distinct=False)


def out_of_hours(events: Iterable[Seen]) -> Iterator[Question]:
    """Find whoever opened five different records on one day before seven, after eight in the evening or on a day off."""
    late = defaultdict(list)
    for each in events:
        if each.is_about_somebody and _is_out_of_hours(each.at):
            late[(each.actor, clock.london(each.at).date())].append(each)
    for (actor, day), found in late.items():
        if len({each.subject for each in found}) >= OUT_OF_HOURS_RECORDS:
            yield _question(Pattern.OUT_OF_HOURS, actor, day, found)


def without_relation(events: Iterable[Seen], related: Callable[[Seen], bool]) -> Iterator[Question]:
    """Find looks at a record with which whoever looked had nothing to do then, but that their role opens it."""
    return _by_record(Pattern.NO_RELATION, (each for each in events if each.is_look and not related(each)))


def same_name(events: Iterable[Seen], surnames: Callable[[Seen], Collection[str]]) -> Iterator[Question]:
    """Find looks at a young person of the same surname as whoever looked. `surnames` gives both, casefolded."""
    return _by_record(Pattern.SAME_NAME, (each for each in events if each.is_look and len(surnames(each)) == 1))


def _is_out_of_hours(at: datetime) -> bool:
    local = clock.london(at)
    return not (EARLIEST <= local.time() < LATEST) or not is_working_day(local.date())


def _by_record(pattern: Pattern, events: Iterable[Seen]) -> Iterator[Question]:
    found = defaultdict(list)
    for each in events:
        found[(each.actor, clock.london(each.at).date(), each.subject)].append(each)
    for (actor, day, _subject), looks in found.items():
        yield _question(pattern, actor, day, looks)


def _bursts(
    pattern: Pattern, events: Iterable[Seen], span: timedelta, many: int, *, distinct: bool
) -> Iterator[Question]:
    """Find, for each actor and day, the first span that holds so many events (or different subjects), with what follows."""
    by_actor = defaultdict(list)
    for each in sorted(events, key=lambda event: event.seq):
        by_actor[(each.actor, clock.london(each.at).date())].append(each)
    for (actor, day), theirs in by_actor.items():
        start = 0
        for end, event in enumerate(theirs):
            while event.at - theirs[start].at > span:
                start += 1
            within = theirs[start : end + 1]
            if (len({each.subject for each in within}) if distinct else len(within)) >= many:
                yield _question(pattern, actor, day, theirs[start:])
                break


def _question(pattern: Pattern, actor: str, day: date, events: list[Seen]) -> Question:
    records = tuple(dict.fromkeys(each.subject for each in events if each.subject))
    numbers = [each.seq for each in events]
    return Question(pattern, actor, day, min(numbers), max(numbers), records[:20], len(events))
