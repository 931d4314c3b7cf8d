"""The rubric of places: how the incidents and facts of one context add up, and why.

Owns the numbers of rubric 1 as data, the sum over plain records, its explanation, and what changed between
two explanations. It rates places, never people: no record here names or describes a young person. Integers
only, added without cap or floor, so that the shares sum to the score and taking a row away takes exactly its
share. It must not know the database, Flask or the clock: the day is given, and what was not yet recorded by
the end of that day in London is not looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade
from safeguarding.core.clock import LONDON, at_london

TOO_FEW = "too few to rate"


class FactorKind(StrEnum):
    """What people have assessed about the place. An assessment carries no points: its findings do."""

    ASSESSMENT = "assessment"
    FINDING = "finding"
    CONCERN = "concern"
    GUARDIAN = "guardian"
    GOAL = "goal"

    @property
    def label(self) -> str:
        """Plain words for a page or an export."""
        return _FACTOR_LABELS[self]


_FACTOR_LABELS = {
    FactorKind.ASSESSMENT: "Assessment",
    FactorKind.FINDING: "Open finding of the latest assessment",
    FactorKind.CONCERN: "Concern of young people or residents",
    FactorKind.GUARDIAN: "Active named guardian",
    FactorKind.GOAL: "Safety goal with evidence",
}


class Band(StrEnum):
    """Where a score stands; the thresholds are the rubric's."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    VERY_HIGH = "very_high"

    @property
    def label(self) -> str:
        """Plain words for a page or an export."""
        return self.value.replace("_", " ")


# The level of response that each band speaks for: the score's lines are those of the three thresholds, the last split.
GRADE_OF_BAND: Mapping[Band, ContextGrade] = MappingProxyType(
    {
        Band.LOW: ContextGrade.UNIVERSAL,
        Band.MODERATE: ContextGrade.UNIVERSAL_PLUS,
        Band.HIGH: ContextGrade.COMPLEX_HIGH,
        Band.VERY_HIGH: ContextGrade.COMPLEX_HIGH,
    }
)


@dataclass(frozen=True, slots=True)
class Rubric:
    """One version of the numbers, from when it holds, who adopted it and why.

    `bands` holds each band with the score it stays under, None for the last. `decay` is thousandths for each
    whole day since, from day 0; a day beyond the table counts nothing.
    """

    version: int
    in_force_from: date
    adopted_by: str
    reason: str
    base: Mapping[IncidentHarm, int]
    reliability: Mapping[InformationGrade, int]
    decay: Sequence[int]
    bands: Sequence[tuple[Band, int | None]]
    factors: Mapping[FactorKind, int]
    goal_days: int = 180
    too_few: int = 5
    sure_grades: frozenset[InformationGrade] = frozenset({InformationGrade.A, InformationGrade.B})
    silent_days: int = 60
    assessment_days: int = 180

    def __post_init__(self) -> None:
        if set(self.base) != set(IncidentHarm) or set(self.reliability) != set(InformationGrade):
            raise ValueError("a rubric needs points for every category and a reliability for every grade")
        if set(self.factors) != set(FactorKind) - {FactorKind.ASSESSMENT}:
            raise ValueError("a rubric needs points for every kind of factor")
        if list(self.decay) != sorted(self.decay, reverse=True) or not self.decay or self.decay[-1] < 0:
            raise ValueError("the decay never rises and never falls below nothing")
        limits = [limit for _, limit in self.bands]
        if not limits or limits[-1] is not None or sorted(_numbers(limits)) != limits[:-1]:
            raise ValueError("the bands stand in rising order and the last has no limit")

    def decay_on(self, days: int) -> int:
        """Return the thousandths left after whole days; 0 beyond the table and before the day itself."""
        return self.decay[days] if 0 <= days < len(self.decay) else 0

    def band_of(self, score: int) -> Band:
        """Return the band in which a score stands."""
        return next(band for band, limit in self.bands if limit is None or score < limit)

    def incident_points(self, category: IncidentHarm, grade: InformationGrade, days: int) -> int:
        """Return base x reliability x decay / 1,000,000, rounded down."""
        return self.base[category] * self.reliability[grade] * self.decay_on(days) // 1_000_000

    def factor_points(self, kind: FactorKind, days: int) -> int:
        """Return the points of an active factor that began so many whole days ago (decay rounded down)."""
        points = self.factors[kind]
        if kind is FactorKind.CONCERN:
            return points * self.decay_on(days) // 1_000
        if kind is FactorKind.GOAL and not 0 <= days < self.goal_days:
            return 0
        return points


def _numbers(limits: Iterable[int | None]) -> list[int]:
    return [limit for limit in limits if limit is not None]


# 1000 x 0.5 ^ (days / 90) for days 0 to 365, rounded to the nearest whole number. The one exact half (62.5 on
# day 360) is rounded up. Written out, because the numbers are what is adopted, not a formula's output on some
# machine.
_DECAY_TABLE = """
    1000 992 985 977 970 962 955 948 940 933 926 919 912 905 898 891 884 877 871 864 857 851 844 838
    831 825 819 812 806 800 794 788 782 776 770 764 758 752 746 741 735 729 724 718 713 707 702 696
    691 686 680 675 670 665 660 655 650 645 640 635 630 625 620 616 611 606 602 597 592 588 583 579
    574 570 566 561 557 553 548 544 540 536 532 528 524 520 516 512 508 504 500 496 492 489 485 481
    477 474 470 467 463 459 456 452 449 445 442 439 435 432 429 425 422 419 416 412 409 406 403 400
    397 394 391 388 385 382 379 376 373 370 367 365 362 359 356 354 351 348 345 343 340 338 335 332
    330 327 325 322 320 317 315 313 310 308 305 303 301 298 296 294 292 289 287 285 283 281 278 276
    274 272 270 268 266 264 262 260 258 256 254 252 250 248 246 244 242 241 239 237 235 233 231 230
    228 226 224 223 221 219 218 216 214 213 211 209 208 206 205 203 202 200 198 197 195 194 192 191
    189 188 187 185 184 182 181 180 178 177 175 174 173 171 170 169 167 166 165 164 162 161 160 159
    157 156 155 154 153 152 150 149 148 147 146 145 144 142 141 140 139 138 137 136 135 134 133 132
    131 130 129 128 127 126 125 124 123 122 121 120 119 118 118 117 116 115 114 113 112 111 111 110
    109 108 107 106 106 105 104 103 102 102 101 100 99 98 98 97 96 95 95 94 93 93 92 91 90 90 89 88
    88 87 86 86 85 84 84 83 82 82 81 81 80 79 79 78 78 77 76 76 75 75 74 73 73 72 72 71 71 70 70 69
    69 68 68 67 66 66 65 65 64 64 63 63 63 62 62 61 61 60
"""
HALVED_EVERY_90_DAYS = tuple(map(int, _DECAY_TABLE.split()))

RUBRIC_1 = Rubric(
    version=1,
    in_force_from=date(2020, 1, 1),
    adopted_by="Supplied with the service",
    reason="First values, for the partnership to argue with and to replace by a version of its own.",
    base=MappingProxyType(
        {
            IncidentHarm.THREAT_TO_LIFE: 1000,
            IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY: 1000,
            IncidentHarm.SEXUAL: 900,
            IncidentHarm.VIOLENCE_WITH_INJURY: 700,
            IncidentHarm.EXPLOITATION: 600,
            IncidentHarm.WEAPON: 400,
            IncidentHarm.ROBBERY: 400,
            IncidentHarm.VIOLENCE_WITHOUT_INJURY: 300,
            IncidentHarm.DRUGS_SUPPLY: 250,
            IncidentHarm.FOUND_MISSING: 200,
            IncidentHarm.OTHER: 50,
        }
    ),
    reliability=MappingProxyType(
        {
            InformationGrade.A: 1000,
            InformationGrade.B: 800,
            InformationGrade.C: 500,
            InformationGrade.D: 300,
            InformationGrade.E: 0,
            InformationGrade.UNGRADED: 500,
        }
    ),
    decay=HALVED_EVERY_90_DAYS,
    bands=((Band.LOW, 1_500), (Band.MODERATE, 4_000), (Band.HIGH, 8_000), (Band.VERY_HIGH, None)),
    factors=MappingProxyType(
        {
            FactorKind.FINDING: 300,
            FactorKind.CONCERN: 150,
            FactorKind.GUARDIAN: -200,
            FactorKind.GOAL: -300,
        }
    ),
)
RUBRICS = (RUBRIC_1,)


def numbers_of(rubric: Rubric) -> dict[str, Any]:
    """Return a version's numbers as plain values, as they are kept and published."""
    return {
        "base": {harm.value: points for harm, points in rubric.base.items()},
        "reliability": {grade.value: thousandths for grade, thousandths in rubric.reliability.items()},
        "decay": list(rubric.decay),
        "bands": [[band.value, limit] for band, limit in rubric.bands],
        "factors": {kind.value: points for kind, points in rubric.factors.items()},
        "goal_days": rubric.goal_days,
        "too_few": rubric.too_few,
        "sure_grades": sorted(rubric.sure_grades),
        "silent_days": rubric.silent_days,
        "assessment_days": rubric.assessment_days,
    }


def rubric_of(version: int, in_force_from: date, adopted_by: str, reason: str, numbers: Mapping[str, Any]) -> Rubric:
    """Return the version that plain values speak of. Raises ValueError where they are no whole rubric."""
    try:
        return Rubric(
            version=version,
            in_force_from=in_force_from,
            adopted_by=adopted_by,
            reason=reason,
            base={IncidentHarm(harm): int(points) for harm, points in numbers["base"].items()},
            reliability={InformationGrade(grade): int(part) for grade, part in numbers["reliability"].items()},
            decay=tuple(map(int, numbers["decay"])),
            bands=tuple((Band(band), limit) for band, limit in numbers["bands"]),
            factors={FactorKind(kind): int(points) for kind, points in numbers["factors"].items()},
            goal_days=int(numbers["goal_days"]),
            too_few=int(numbers["too_few"]),
            sure_grades=frozenset(InformationGrade(grade) for grade in numbers["sure_grades"]),
            silent_days=int(numbers["silent_days"]),
            assessment_days=int(numbers["assessment_days"]),
        )
    except (KeyError, TypeError) as missing:
        raise ValueError(f"the numbers of rubric {version} are not whole: {missing}") from None


def rubric_in_force(day: date, rubrics: Iterable[Rubric] = RUBRICS) -> Rubric:
    """Return the latest version that holds on a day. Raises LookupError before the first."""
    held = [rubric for rubric in rubrics if rubric.in_force_from <= day]
    if not held:
        raise LookupError(f"no rubric was in force on {spoken(day)}")
    return max(held, key=lambda rubric: (rubric.in_force_from, rubric.version))


@dataclass(frozen=True, slots=True)
class Incident:
    """One version of one source's record of one event at the place.

    A correction is the same `key` with a later `recorded_at` (and a higher `version` where both are recorded
    in the same instant); a withdrawal is a version with `withdrawn`. Records of one event by several agencies
    share `event`. `background` marks open police data, which never counts. `young_person_involved`: a person
    aged 10 to 25 had a part in it (True), certainly none had (False: not counted), not said (None: counted,
    since partners and hospitals tell of what concerns the panel). `place_certain`: inside the place's outline
    or within 50 metres.
    """

    key: str
    category: IncidentHarm
    grade: InformationGrade
    happened_on: date
    recorded_at: datetime
    source: str
    place_certain: bool
    young_person_involved: bool | None = None
    event: str | None = None
    background: bool = False
    withdrawn: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class Factor:
    """One version of something assessed about the place; corrections and withdrawals as for incidents.

    It holds from `starts_on` (assessed, raised, named or evidenced on) until the day before `ends_on`, if
    there is one. A finding names its assessment by that factor's key, and counts only while that is the
    latest.
    """

    key: str
    kind: FactorKind
    source: str
    starts_on: date
    recorded_at: datetime
    ends_on: date | None = None
    assessment: str | None = None
    label: str = ""
    withdrawn: bool = False
    version: int = 1

    def holds_on(self, day: date) -> bool:
        """Say whether it has begun and not ended."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The level of response that a professional holds the place to need, beside the sum and never in it."""

    grade: ContextGrade
    reason: str
    by: str
    judged_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Corroboration:
    """Another record of an event that is counted once, by its strongest record."""

    key: str
    source: str
    grade: InformationGrade
    happened_on: date
    points: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """One line of an explanation. For an incident `category` and `grade` are given, otherwise `kind`."""

    key: str
    factor: str
    source: str
    on: date
    points: int
    kind: FactorKind | None = None
    category: IncidentHarm | None = None
    grade: InformationGrade | None = None
    place_certain: bool = False
    corroborated_by: tuple[Corroboration, ...] = ()

    @property
    def is_incident(self) -> bool:
        """Say whether the line is an incident rather than something assessed."""
        return self.kind is None

    @property
    def share(self) -> int:
        """What the score loses with this record alone: its points, less those of the one that steps in."""
        return self.points - max((other.points for other in self.corroborated_by), default=0)

    def value_on(self, day: date, rubric: Rubric) -> int:
        """Return what this line's own content is worth on a day under a rubric."""
        days = (day - self.on).days
        if self.kind is not None:
            return rubric.factor_points(self.kind, days)
        if self.category is None or self.grade is None:
            raise ValueError("an incident's line needs a category and a grade")
        return rubric.incident_points(self.category, self.grade, days)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score that cannot be had without its reasons: it refuses to exist where lines do not sum to it."""

    context: str
    as_of: date
    rubric: Rubric
    score: int
    low: int
    high: int
    counted: int
    contributions: tuple[Contribution, ...]
    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    not_counted: Mapping[str, int] = field(default_factory=dict)
    judgement: Judgement | None = None

    def __post_init__(self) -> None:
        if self.score != sum(line.points for line in self.contributions):
            raise ValueError("the contributions do not sum to the score")

    @property
    def too_few(self) -> bool:
        """Say whether too few incidents were counted in the year for a band to mean anything."""
        return self.counted < self.rubric.too_few

    @property
    def band(self) -> Band:
        """The band of the score itself."""
        return self.rubric.band_of(self.score)

    @property
    def range_bands(self) -> tuple[Band, Band]:
        """The bands of the low and the high end of the range."""
        return self.rubric.band_of(self.low), self.rubric.band_of(self.high)

    @property
    def band_label(self) -> str:
        """The band in words: both ends where the range crosses a band, "too few to rate" where it is so."""
        if self.too_few:
            return TOO_FEW
        low, high = self.range_bands
        return low.label if low is high else f"{low.label} to {high.label}"

    @property
    def judgement_differs(self) -> bool:
        """Say whether the professional judgement names another level than the band speaks for."""
        return self.judgement is not None and self.differs_from(self.judgement.grade)

    def differs_from(self, grade: ContextGrade) -> bool:
        """Say whether a level is another than the band speaks for; a place with too few to rate speaks for none."""
        return not self.too_few and grade is not GRADE_OF_BAND[self.band]

    def to_json(self) -> dict[str, Any]:
        """Return the published shape of an explanation: plain values, dates in ISO form."""
        return {
            "context": self.context,
            "as_of": self.as_of.isoformat(),
            "rubric": self.rubric.version,
            "score": self.score,
            "range": [self.low, self.high],
            "band": self.band_label,
            "contributions": [_line_to_json(line) for line in self.contributions],
            "missing": list(self.missing),
            "stale": list(self.stale),
            "judgement": self._judgement_to_json(),
        }

    def _judgement_to_json(self) -> dict[str, Any] | None:
        if self.judgement is None:
            return None
        return {
            "grade": self.judgement.grade.value,
            "reason": self.judgement.reason,
            "by": self.judgement.by,
            "date": self.judgement.judged_on.isoformat(),
            "differs": self.judgement_differs,
        }


def _line_to_json(line: Contribution) -> dict[str, Any]:
    return {
        "factor": line.factor,
        "source": line.source,
        "date": line.on.isoformat(),
        "points": line.points,
    }


BACKGROUND = "open police data, shown as background"
NOBODY_YOUNG = "nobody aged 10 to 25 involved"
TOO_OLD = "more than a year ago"


def score(
    incidents: Iterable[Incident],
    factors: Iterable[Factor],
    rubric: Rubric,
    as_of: date,
    *,
    context: str = "",
    expected_sources: Iterable[str] = (),
    judgements: Iterable[Judgement] = (),
) -> Explanation:
    """Return a place's score with its reasons: what was recorded by the end of a day of what had happened.

    Give every version of every record; the order does not matter, and versions recorded later change nothing.
    `expected_sources` are the agencies that should be telling of this place. Raises ValueError for a naive
    instant, two different records under one key and version, and a finding of an assessment that is not among
    the factors.
    """
    assessed = tuple(factors)
    _check_findings(assessed)
    told = [incident for incident in _known(incidents, as_of) if incident.happened_on <= as_of]
    candidates, not_counted = _sorted_out(told, rubric, as_of)
    events = _events(candidates)
    held = _held(assessed, as_of)
    lines = [_event_line(records, rubric, as_of) for records in events]
    factor_lines = [_factor_line(factor, rubric, as_of) for factor in held if _weighs(factor, held)]
    factor_lines = [line for line in factor_lines if line.points]
    fixed = sum(line.points for line in factor_lines)
    contributions = tuple(sorted([*lines, *factor_lines], key=_line_order))
    return Explanation(
        context=context,
        as_of=as_of,
        rubric=rubric,
        score=sum(line.points for line in lines) + fixed,
        low=sum(_low(records, rubric, as_of) for records in events) + fixed,
        high=sum(_high(records, rubric, as_of) for records in events) + fixed,
        counted=sum(any(rubric.reliability[r.grade] for r in records) for records in events),
        contributions=contributions,
        missing=tuple(_missing(told, candidates, held, rubric, as_of, expected_sources)),
        stale=tuple(_stale(held, rubric, as_of)),
        not_counted=not_counted,
        judgement=_judgement_on(judgements, as_of),
    )


class _Versioned(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def version(self) -> int: ...
    @property
    def withdrawn(self) -> bool: ...


V = TypeVar("V", bound=_Versioned)


def _known(records: Iterable[V], day: date) -> list[V]:
    """The version of each record that held at the end of the day in London, without withdrawn ones."""
    end = at_london(day + timedelta(days=1), time())
    latest: dict[str, V] = {}
    for record in records:
        if record.recorded_at.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        if record.recorded_at >= end:
            continue
        other = latest.setdefault(record.key, record)
        rank, held = _rank(record), _rank(other)
        if rank == held and record != other:
            raise ValueError(f"two different records under key {record.key}, version {record.version}")
        if rank > held:
            latest[record.key] = record
    return [latest[key] for key in sorted(latest) if not latest[key].withdrawn]


def _rank(record: _Versioned) -> tuple[datetime, int]:
    return record.recorded_at, record.version


def _sorted_out(incidents: Iterable[Incident], rubric: Rubric, as_of: date) -> tuple[list[Incident], Mapping[str, int]]:
    """Those that may count, and how many others do not, by reason."""
    candidates: list[Incident] = []
    left_out: dict[str, int] = defaultdict(int)
    for incident in incidents:
        if incident.background:
            left_out[BACKGROUND] += 1
        elif incident.young_person_involved is False:
            left_out[NOBODY_YOUNG] += 1
        elif (as_of - incident.happened_on).days >= len(rubric.decay):
            left_out[TOO_OLD] += 1
        else:
            candidates.append(incident)
    return candidates, dict(left_out)


def _events(incidents: Iterable[Incident]) -> list[list[Incident]]:
    """Records of the same event together."""
    events: dict[tuple[bool, str], list[Incident]] = defaultdict(list)
    for incident in incidents:
        shared = incident.event is not None
        events[shared, incident.event or incident.key].append(incident)
    return list(events.values())


def _points(incident: Incident, rubric: Rubric, as_of: date) -> int:
    return rubric.incident_points(incident.category, incident.grade, (as_of - incident.happened_on).days)


def _event_line(records: Sequence[Incident], rubric: Rubric, as_of: date) -> Contribution:
    """The line of an event: its strongest record, with the others as corroboration."""

    def strength(incident: Incident) -> tuple[int, int, bool, str]:
        reliability = rubric.reliability[incident.grade]
        return _points(incident, rubric, as_of), reliability, incident.place_certain, incident.key

    strongest, *others = sorted(records, key=strength, reverse=True)
    return Contribution(
        key=strongest.key,
        factor=strongest.category.label,
        source=strongest.source,
        on=strongest.happened_on,
        points=_points(strongest, rubric, as_of),
        category=strongest.category,
        grade=strongest.grade,
        place_certain=strongest.place_certain,
        corroborated_by=tuple(
            Corroboration(other.key, other.source, other.grade, other.happened_on, _points(other, rubric, as_of))
            for other in others
        ),
    )


def _low(records: Sequence[Incident], rubric: Rubric, as_of: date) -> int:
    """An event at its surest: only records of a good grade whose place is certain."""
    sure = [r for r in records if r.place_certain and r.grade in rubric.sure_grades]
    return max((_points(incident, rubric, as_of) for incident in sure), default=0)


def _high(records: Sequence[Incident], rubric: Rubric, as_of: date) -> int:
    """An event at its gravest: each record believed as fully as the best grade is."""
    best = max(rubric.reliability, key=lambda grade: (rubric.reliability[grade], grade))
    days = [(incident, (as_of - incident.happened_on).days) for incident in records]
    return max(rubric.incident_points(incident.category, best, since) for incident, since in days)


def _check_findings(factors: Iterable[Factor]) -> None:
    factors = tuple(factors)
    assessments = {factor.key for factor in factors if factor.kind is FactorKind.ASSESSMENT}
    for factor in factors:
        if factor.kind is FactorKind.FINDING and factor.assessment not in assessments:
            raise ValueError(f"finding {factor.key} names an assessment that is not among the factors")


def _held(factors: Iterable[Factor], as_of: date) -> list[Factor]:
    return [factor for factor in _known(factors, as_of) if factor.holds_on(as_of)]


def _latest_assessment(held: Iterable[Factor]) -> Factor | None:
    assessments = (factor for factor in held if factor.kind is FactorKind.ASSESSMENT)
    return max(assessments, key=lambda factor: (factor.starts_on, factor.recorded_at, factor.key), default=None)


def _weighs(factor: Factor, held: Sequence[Factor]) -> bool:
    if factor.kind is FactorKind.FINDING:
        latest = _latest_assessment(held)
        return latest is not None and factor.assessment == latest.key
    return factor.kind is not FactorKind.ASSESSMENT


def _factor_line(factor: Factor, rubric: Rubric, as_of: date) -> Contribution:
    return Contribution(
        key=factor.key,
        factor=f"{factor.kind.label}: {factor.label}" if factor.label else factor.kind.label,
        source=factor.source,
        on=factor.starts_on,
        points=rubric.factor_points(factor.kind, (as_of - factor.starts_on).days),
        kind=factor.kind,
    )


def _line_order(line: Contribution) -> tuple[int, int, str, str]:
    return -abs(line.points), -line.on.toordinal(), line.kind or "", line.key


def _missing(
    told: Sequence[Incident],
    candidates: Sequence[Incident],
    held: Sequence[Factor],
    rubric: Rubric,
    as_of: date,
    expected_sources: Iterable[str],
) -> Iterable[str]:
    """What the score does not know: silent sources, ungraded incidents, no assessment."""
    last: dict[str, date] = {}
    for incident in told:
        if not incident.background:
            heard = incident.recorded_at.astimezone(LONDON).date()
            last[incident.source] = max(heard, last.get(incident.source, heard))
    for source in sorted({*last, *expected_sources}):
        if source not in last:
            yield f"{source}: nothing yet"
        elif (as_of - last[source]).days > rubric.silent_days:
            yield f"{source}: nothing since {spoken(last[source])}"
    waiting = sum(incident.grade is InformationGrade.UNGRADED for incident in candidates)
    if waiting:
        yield f"{waiting} {'incident awaits' if waiting == 1 else 'incidents await'} a grade"
    if _latest_assessment(held) is None:
        yield "no assessment yet"


def _stale(held: Sequence[Factor], rubric: Rubric, as_of: date) -> Iterable[str]:
    latest = _latest_assessment(held)
    if latest and (as_of - latest.starts_on).days > rubric.assessment_days:
        when = spoken(latest.starts_on)
        yield f"the latest assessment is of {when}, more than {rubric.assessment_days} days ago"


def _judgement_on(judgements: Iterable[Judgement], as_of: date) -> Judgement | None:
    end = at_london(as_of + timedelta(days=1), time())
    known = (j for j in judgements if j.recorded_at < end and j.judged_on <= as_of)
    return max(known, key=lambda j: (j.recorded_at, j.judged_on, j.by, j.reason, j.grade), default=None)


class ChangeKind(StrEnum):
    """Why a line's points are not what they were."""

    GAINED = "gained"
    DECAYED = "decayed"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    RUBRIC = "rubric"

    @property
    def label(self) -> str:
        """Plain words for a page or an export."""
        return _CHANGE_LABELS[self]


_CHANGE_LABELS = {
    ChangeKind.GAINED: "New",
    ChangeKind.DECAYED: "Longer ago",
    ChangeKind.CORRECTED: "Corrected",
    ChangeKind.WITHDRAWN: "No longer counted here",
    ChangeKind.ENDED: "Ended",
    ChangeKind.RUBRIC: "Other rubric",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One reason why the score moved, with the points it moved by."""

    kind: ChangeKind
    key: str
    factor: str
    source: str
    on: date
    points: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two explanations of one place; the points of the changes sum to the difference."""

    previous: Explanation
    current: Explanation
    changes: tuple[Change, ...]

    @property
    def difference(self) -> int:
        """How far the score moved."""
        return self.current.score - self.previous.score


LineKey = tuple[bool, str]


def compare(previous: Explanation, current: Explanation) -> Comparison:
    """Return what changed since an earlier explanation of the same place: each line named, parts apart.

    A line that both aged and was corrected gives two changes. Raises ValueError where the second is the
    earlier or the two are of different places.
    """
    if current.as_of < previous.as_of or current.context != previous.context:
        raise ValueError("only a later explanation of the same place can be compared with an earlier one")
    before, after = _by_key(previous), _by_key(current)
    changes: list[Change] = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None:
            changes += _arrived(new, previous)
        elif new is None:
            changes += _gone(old, previous, current)
        else:
            changes += _moved(old, new, previous, current)
    changes.sort(key=lambda change: (-abs(change.points), change.kind, change.key))
    return Comparison(previous, current, tuple(changes))


def _by_key(explanation: Explanation) -> dict[LineKey, Contribution]:
    return {(line.is_incident, line.key): line for line in explanation.contributions}


def _corroborating(explanation: Explanation) -> set[str]:
    return {other.key for line in explanation.contributions for other in line.corroborated_by}


def _arrived(new: Contribution | None, previous: Explanation) -> list[Change]:
    if new is None:
        return []
    # It stood behind another record of the same event, and stands for it now.
    stepped_in = new.is_incident and new.key in _corroborating(previous)
    return [_change(ChangeKind.CORRECTED if stepped_in else ChangeKind.GAINED, new, new.points)]


def _gone(old: Contribution, previous: Explanation, current: Explanation) -> list[Change]:
    changes, left = _aged(old, previous, current)
    if _is_over(old, current):
        return changes
    if not old.is_incident:
        return [*changes, _change(ChangeKind.ENDED, old, -left)]
    behind = old.key in _corroborating(current)
    return [*changes, _change(ChangeKind.CORRECTED if behind else ChangeKind.WITHDRAWN, old, -left)]


def _is_over(line: Contribution, current: Explanation) -> bool:
    """Say whether a line would be gone by its age alone."""
    days = (current.as_of - line.on).days
    if line.is_incident:
        return days >= len(current.rubric.decay)
    return line.value_on(current.as_of, current.rubric) == 0


def _moved(old: Contribution, new: Contribution, previous: Explanation, current: Explanation) -> list[Change]:
    changes, left = _aged(old, previous, current)
    if new.points != left or _content(old) != _content(new):
        changes.append(_change(ChangeKind.CORRECTED, new, new.points - left))
    return changes


def _aged(old: Contribution, previous: Explanation, current: Explanation) -> tuple[list[Change], int]:
    """What time and another rubric alone made of a line, and what it is worth after them."""
    aged = old.value_on(current.as_of, previous.rubric)
    rated = old.value_on(current.as_of, current.rubric)
    steps = ((ChangeKind.DECAYED, aged - old.points), (ChangeKind.RUBRIC, rated - aged))
    return [_change(kind, old, points) for kind, points in steps if points], rated


def _content(line: Contribution) -> tuple[object, ...]:
    return line.factor, line.source, line.on, line.category, line.grade


def _change(kind: ChangeKind, line: Contribution, points: int) -> Change:
    return Change(kind, line.key, line.factor, line.source, line.on, points)


def spoken(day: date) -> str:
    """Return a day as people read it, such as 21 November 2026."""
    return f"{day.day} {day:%B %Y}"
