"""What the page of a place shows, worked out from its rows: band, history, what changed, what makes up the score.

Owns plain values for the templates and nothing else: no database, no request. It must not decide who sees what, and it
holds no number or name of young people.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from safeguarding.contexts import risk, rubric
from safeguarding.contexts.expected import NOT_ENOUGH, Expected, earlier_months, expected_month
from safeguarding.contexts.models import FactorKind, GoalState, IncidentSource
from safeguarding.contexts.records import Inputs, inputs_of, latest_rows
from safeguarding.contexts.rubric import Band, ChangeKind, Contribution, Explanation
from safeguarding.contexts.vocabulary import ContextGrade
from safeguarding.core import clock

MONTHS = 24
SHOWN_LINES = 12
SHOWN_REVIEWS = 12
NEWEST = 10  # incidents on the page itself
_BACKGROUND = timedelta(days=26 * 31)  # the newest month and two years before it
NAMES: Mapping[Band, str] = {
    Band.LOW: "Low",
    Band.MODERATE: "Moderate",
    Band.HIGH: "High",
    Band.VERY_HIGH: "Very high",
}
PUBLISHED: Mapping[IncidentSource, str] = {
    IncidentSource.POLICE_STREET: "Recorded crime, police.uk",
    IncidentSource.POLICE_STOP_AND_SEARCH: "Stop and search, police.uk",
}


@dataclass(frozen=True)
class ChartBand:
    """A band as the charts draw it."""

    floor: int
    name: str
    filled: int


@dataclass(frozen=True)
class Point:
    """The score at the end of a day, with its range."""

    on: date
    score: int
    low: int
    high: int
    rated: bool = True  # whether enough incidents were counted for a band to mean anything


@dataclass(frozen=True)
class Mark:
    """A review in the history; one that is due has no judgement yet."""

    on: date
    name: str | None
    due: bool = False


@dataclass(frozen=True)
class Month:
    """A month's count."""

    on: date
    count: int


@dataclass(frozen=True)
class Deed:
    """Something that was done there: a goal that was worked on, a guardian who was there."""

    start: date
    end: date | None
    running: bool
    text: str


@dataclass(frozen=True)
class Line:
    """One contribution: what, when, how it is worked out, its points and its share."""

    factor: str
    detail: str
    on: date
    arithmetic: str
    points: int
    share: str
    is_incident: bool

    @property
    def protects(self) -> bool:
        """Whether it takes points away."""
        return self.points < 0


@dataclass(frozen=True)
class Waterfall:
    """What changed since the last review: the steps sum to the difference."""

    start: tuple[str, int]
    steps: list[tuple[str, int]]
    end: tuple[str, int]
    sentences: list[str]
    details: list[str]


@dataclass(frozen=True)
class Against:
    """A month against what was to be expected of it, from the place's own earlier months."""

    what: str
    month: date
    observed: int
    expected: Expected | None

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        if self.expected is None:
            return NOT_ENOUGH
        return f"{self.expected.low} to {self.expected.high} expected, {self.expected.says_of(self.observed)}"


@dataclass(frozen=True)
class Shown:
    """Everything that the page of a place shows of its risk."""

    explanation: Explanation
    bands: list[ChartBand]
    history: list[Point]
    marks: list[Mark]
    deeds: list[Deed]
    months: list[Month]
    newest: list[Any]
    lines: list[Line]
    waterfall: Waterfall | None
    against: Against
    background: list[Against]
    factors: list[Any]
    goals: list[Any]
    reviews: list[Any]

    @property
    def band(self) -> str:
        """The band's key for the level glyph."""
        return "too_few" if self.explanation.too_few else self.explanation.band.value

    @property
    def could_be(self) -> str | None:
        """The other band into which the range reaches, in words, or None."""
        e = self.explanation
        if e.too_few:
            return None
        others = [NAMES[band].lower() for band in dict.fromkeys(e.range_bands) if band is not e.band]
        return f"Could be {' or '.join(others)}" if others else None

    @property
    def adds(self) -> list[Line]:
        """What harms, the most first."""
        return [line for line in self.lines if not line.protects]

    @property
    def protects(self) -> list[Line]:
        """What protects, the most first."""
        return [line for line in self.lines if line.protects]

    @property
    def first_lines(self) -> list[Line]:
        """The lines that are shown at once."""
        return self.lines[:SHOWN_LINES]

    @property
    def further_lines(self) -> list[Line]:
        """The older and smaller ones."""
        return self.lines[SHOWN_LINES:]

    @property
    def widest(self) -> int:
        """The points that fill the bar of a line."""
        return max((abs(line.points) for line in self.lines), default=1)

    @property
    def has_history(self) -> bool:
        """Whether there is a line to draw: bands mean nothing where never enough was counted for one."""
        return len(self.history) > 1 and any(point.rated for point in self.history)

    @property
    def busy_months(self) -> list[Month]:
        """The months in which anything was told, newest first."""
        return [month for month in reversed(self.months) if month.count]

    @property
    def oldest(self) -> date:
        """The last day, going back, of which an incident still counts."""
        return oldest_counted(self.explanation.rubric, self.explanation.as_of)


def show(place: Any, told: Sequence[Any], facts: Sequence[Any], background: Sequence[Any], today: date) -> Shown:
    """Return what the page of a place shows. `place` is a row of `queries.access_context`, the rest its records."""
    numbers = risk.parsed_rubric(
        place.rubric_version, place.in_force_from, place.adopted_by, place.rubric_reason, place.numbers
    )
    inputs = inputs_of(told, facts)
    explanation = inputs.explain(numbers, today, place.ref)
    latest = latest_rows(told, today)
    days = [row.happened_on for row in latest if row.counts]
    reviews = sorted((f for f in facts if f.what == "review"), key=lambda f: (f.on_, f.id), reverse=True)
    return Shown(
        explanation=explanation,
        bands=chart_bands(numbers),
        history=_history(inputs, numbers, today, place.ref, _known_since(told, facts, today)),
        marks=_marks(reviews, place.next_review_on),
        deeds=_deeds(facts, today),
        months=_counted_months(days, today),
        newest=latest[:NEWEST],
        lines=lines_of(explanation),
        waterfall=_waterfall(place, explanation),
        against=_against(days, told, today, float(place.mean_of_kind or 0)),
        background=_background(background),
        factors=sorted((f for f in facts if f.what in set(FactorKind)), key=_factor_order),
        goals=sorted((f for f in facts if f.what == "goal"), key=lambda f: (f.state != GoalState.OPEN, f.id)),
        reviews=reviews[:SHOWN_REVIEWS],
    )


def oldest_counted(numbers: rubric.Rubric, today: date) -> date:
    """Return the earliest day whose incidents still count."""
    return today - timedelta(days=len(numbers.decay) - 1)


def background_since(today: date) -> date:
    """Return the day from which open police data are read for the page of a place."""
    return today - _BACKGROUND


def _factor_order(fact: Any) -> tuple[bool, int, int]:
    return fact.until_on is not None, -fact.on_.toordinal(), fact.id


def _known_since(told: Sequence[Any], facts: Sequence[Any], today: date) -> date:
    """The day on which anything of the place was first recorded."""
    days = [clock.london(row.known_at).date() for row in told]
    days += [clock.london(fact.recorded_at).date() for fact in facts]
    return min(days, default=today)


def _deeds(facts: Sequence[Any], today: date) -> list[Deed]:
    """What was done there in the two years: guardians for as long as they were there, goals until they were reached."""
    first = _month_ends(today)[0]
    found = []
    for fact in facts:
        if fact.what == FactorKind.GUARDIAN:
            found.append(Deed(fact.on_, fact.until_on, fact.until_on is None, f"{fact.title} ({fact.source})"))
        elif fact.what == "goal" and fact.state in (GoalState.OPEN, GoalState.EVIDENCED):
            found.append(Deed(fact.set_on, fact.on_, fact.on_ is None, f"Goal: {fact.title}"))
    return sorted((deed for deed in found if (deed.end or today) >= first), key=lambda deed: (deed.start, deed.text))


def chart_bands(numbers: rubric.Rubric) -> list[ChartBand]:
    """Return the bands with the score at which each begins."""
    floors = [0, *(limit for _, limit in numbers.bands if limit is not None)]
    return [
        ChartBand(floor, NAMES[band], min(index, 3))
        for index, (floor, (band, _)) in enumerate(zip(floors, numbers.bands, strict=True))
    ]


# Over time


def _month_ends(today: date) -> list[date]:
    """The last days of the earlier months, oldest first, and today."""
    days = [today]
    first = today.replace(day=1)
    for _ in range(MONTHS - 1):
        days.append(first - timedelta(days=1))
        first = days[-1].replace(day=1)
    return days[::-1]


def _history(inputs: Inputs, numbers: rubric.Rubric, today: date, ref: str, since: date) -> list[Point]:
    """The score as it stood at the end of each month, by what was then recorded, under today's rubric.

    It begins when anything was recorded at all: before that nothing was known, which is not the same as no risk.
    """
    points: list[Point] = []
    for day in _month_ends(today):
        if day < since:
            continue
        found = inputs.around(day, len(numbers.decay)).explain(numbers, day, ref)
        points.append(Point(day, found.score, found.low, found.high, not found.too_few))
    return points


def _marks(reviews: Sequence[Any], next_on: date | None) -> list[Mark]:
    marks = [Mark(row.on_, ContextGrade(row.grade).label) for row in reversed(reviews)]
    return [*marks, Mark(next_on, None, due=True)] if next_on else marks


def _counted_months(days: Iterable[date], today: date) -> list[Month]:
    counts = Counter(day.replace(day=1) for day in days)
    return [Month(day.replace(day=1), counts[day.replace(day=1)]) for day in _month_ends(today)]


def _against(days: Sequence[date], told: Sequence[Any], today: date, mean_of_kind: float) -> Against:
    """The last whole month against the place's own earlier ones."""
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    known_since = min((row.known_at.date() for row in told), default=today)
    known_since = min([known_since, *days])
    counts = earlier_months(days, month, known_since)
    observed = sum(day.replace(day=1) == month for day in days)
    return Against("Incidents told by partners", month, observed, expected_month(counts, mean_of_kind))


def _background(rows: Sequence[Any]) -> list[Against]:
    """The last month that open police data has of this place, against its own earlier ones."""
    shown = []
    for source, label in PUBLISHED.items():
        counts = {date(int(row.year), int(row.month), 1): row.count for row in rows if row.source is source}
        if not counts:
            continue
        month = max(counts)
        days = [day for day, count in counts.items() for _ in range(count)]
        earlier = earlier_months(days, month, min(counts))
        mean = sum(earlier) / len(earlier) if earlier else 0.0
        shown.append(Against(label, month, counts[month], expected_month(earlier, mean)))
    return shown


# What makes up the score


def lines_of(explanation: Explanation) -> list[Line]:
    """Return every contribution with its arithmetic and its share."""
    shares = shares_of([line.points for line in explanation.contributions])
    return [
        Line(
            factor=line.factor,
            detail=_detail(line),
            on=line.on,
            arithmetic=_arithmetic(line, explanation),
            points=line.points,
            share=share,
            is_incident=line.is_incident,
        )
        for line, share in zip(explanation.contributions, shares, strict=True)
    ]


def shares_of(points: Sequence[int]) -> list[str]:
    """Return each part's share of the sum as text with one decimal; together they make 100.0 % exactly.

    What rounding down leaves is given to those who lost most by it. Where the sum is not above nothing there are none.
    """
    total = sum(points)
    if total <= 0:
        return ["" for _ in points]
    tenths = [part * 1000 // total for part in points]
    lost = sorted(range(len(points)), key=lambda n: (-(points[n] * 1000 % total), n))
    for n in lost[: 1000 - sum(tenths)]:
        tenths[n] += 1
    return [f"{tenth / 10:.1f}%" for tenth in tenths]


def _detail(line: Contribution) -> str:
    parts = [line.source]
    if line.grade is not None:
        parts.append(line.grade.label)
    if line.is_incident and not line.place_certain:
        parts.append("place not certain")
    if line.corroborated_by:
        parts.append(
            f"also told by {', '.join(sorted({other.source for other in line.corroborated_by}))}, counted once"
        )
    return ". ".join(part[:1].upper() + part[1:] for part in parts)


def _arithmetic(line: Contribution, explanation: Explanation) -> str:
    numbers, days = explanation.rubric, (explanation.as_of - line.on).days
    decay = numbers.decay_on(days) / 1000
    if line.category is not None and line.grade is not None:
        return f"{numbers.base[line.category]:,} × {numbers.reliability[line.grade] / 1000:g} × {decay:.3f}"
    if line.kind is rubric.FactorKind.CONCERN:
        return f"{numbers.factors[line.kind]:,} × {decay:.3f}"
    if line.kind is rubric.FactorKind.GOAL:
        return f"{line.points:,} for {numbers.goal_days} days"
    return f"{line.points:,}"


# What changed


def _waterfall(place: Any, explanation: Explanation) -> Waterfall | None:
    if place.explanation is None:
        return None
    numbers = explanation.rubric
    if place.reviewed_by_rubric != numbers.version:
        numbers = risk.rubric_version(place.reviewed_by_rubric)
    previous = risk.from_snapshot(place.explanation, numbers)
    comparison = rubric.compare(previous, explanation)
    steps = _steps(comparison.changes)
    since = rubric.spoken(previous.as_of)
    return Waterfall(
        start=(f"Last review, {since}", previous.score),
        steps=steps,
        end=("Now", explanation.score),
        sentences=[_sentence(comparison.difference, since), *_reasons(comparison)],
        details=[
            f"{change.factor}, {rubric.spoken(change.on)}, {change.source}: "
            f"{change.kind.label.lower()}, {change.points:+,}"
            for change in comparison.changes
        ],
    )


_STEP_NAMES = {
    ChangeKind.DECAYED: "Older incidents and concerns faded",
    ChangeKind.CORRECTED: "Corrected",
    ChangeKind.WITHDRAWN: "No longer counted here",
    ChangeKind.ENDED: "Assessed, and ended since",
    ChangeKind.RUBRIC: "Another version of the rubric",
}


def _steps(changes: Iterable[rubric.Change]) -> list[tuple[str, int]]:
    """Changes of one kind and factor together, what adds first; fading is a step of its own."""
    sums: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for change in changes:
        # What was assessed is named by its kind here; "every change by name" has its words.
        name = change.factor.partition(": ")[0] if change.kind is ChangeKind.GAINED else _STEP_NAMES[change.kind]
        sums[name] = sums.get(name, 0) + change.points
        counts[name] += change.kind is ChangeKind.GAINED
    named = [(f"{name} ({counts[name]})" if counts[name] > 1 else name, points) for name, points in sums.items()]
    return sorted(named, key=lambda step: (step[1] < 0, -abs(step[1]), step[0]))


def _sentence(difference: int, since: str) -> str:
    if difference == 0:
        return f"As it was on {since}."
    return f"{'Up' if difference > 0 else 'Down'} {abs(difference):,} since {since}."


def _reasons(comparison: rubric.Comparison) -> list[str]:
    """Why the score moved, in words. A fall by fading is never to pass for success."""
    changes = comparison.changes
    arrived = [each for each in changes if each.kind is ChangeKind.GAINED]
    faded = -sum(each.points for each in changes if each.kind is ChangeKind.DECAYED)
    corrected = sum(each.kind in (ChangeKind.CORRECTED, ChangeKind.WITHDRAWN) for each in changes)
    said = []
    if arrived:
        points = sum(each.points for each in arrived)
        verb = "adds" if len(arrived) == 1 else "add"
        said.append(f"{len(arrived)} new since then {verb} {points:,}.")
    if faded > 0:
        said.append(f"Time alone took {faded:,} away. That says nothing about what was done.")
    said.append(f"{corrected} corrected or moved elsewhere." if corrected else "Nothing was corrected.")
    return said + _to_next(comparison.current)


def _to_next(explanation: Explanation) -> list[str]:
    limits = dict(explanation.rubric.bands)
    limit = limits[explanation.band]
    if limit is None or explanation.too_few:
        return []
    higher = explanation.rubric.band_of(limit)
    return [f"{limit - explanation.score:,} more would make it {NAMES[higher].lower()}."]
