"""The rubric of places: the sum, its reasons, and what changed."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeguarding.contexts import rubric as r
from safeguarding.contexts.rubric import (
    RUBRIC_1,
    Band,
    ChangeKind,
    Factor,
    FactorKind,
    Incident,
    Judgement,
    compare,
    rubric_in_force,
    score,
)
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade

TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def incident(key: str = "i1", **changes: Any) -> Incident:
    """Violence with injury today, believed and certainly here: 700 points."""
    plain = Incident(
        key=key,
        category=IncidentHarm.VIOLENCE_WITH_INJURY,
        grade=InformationGrade.A,
        happened_on=TODAY,
        recorded_at=NOON,
        source="Police",
        place_certain=True,
        young_person_involved=True,
    )
    return dataclasses.replace(plain, **changes)


def factor(kind: FactorKind, key: str = "f1", **changes: Any) -> Factor:
    plain = Factor(key=key, kind=kind, source="Council", starts_on=TODAY, recorded_at=NOON)
    return dataclasses.replace(plain, **changes)


def assessed(*findings: Factor, on: date = TODAY, key: str = "a1") -> list[Factor]:
    return [factor(FactorKind.ASSESSMENT, key, starts_on=on), *findings]


def explained(
    incidents: Sequence[Incident] = (), factors: Sequence[Factor] = (), day: date = TODAY, **more: Any
) -> r.Explanation:
    return score(incidents, factors, RUBRIC_1, day, **more)


days_ago = st.integers(0, 400).map(lambda days: TODAY - timedelta(days=days))
instants = st.integers(-600, 20).map(lambda hours: NOON + timedelta(hours=hours * 24))
incidents_of_one_event_each = st.lists(
    st.builds(
        Incident,
        key=st.uuids().map(str),
        category=st.sampled_from(IncidentHarm),
        grade=st.sampled_from(InformationGrade),
        happened_on=days_ago,
        recorded_at=st.just(NOON),
        source=st.sampled_from(["Police", "Education", "Health"]),
        place_certain=st.booleans(),
        young_person_involved=st.sampled_from([True, False, None]),
        background=st.booleans(),
    ),
    max_size=25,
    unique_by=lambda row: row.key,
)
told_by_several = st.lists(
    st.builds(
        Incident,
        key=st.uuids().map(str),
        category=st.sampled_from(IncidentHarm),
        grade=st.sampled_from(InformationGrade),
        happened_on=days_ago,
        recorded_at=instants,
        source=st.sampled_from(["Police", "Education", "Health"]),
        place_certain=st.booleans(),
        event=st.sampled_from([None, "e1", "e2", "e3"]),
    ),
    max_size=25,
    unique_by=lambda row: row.key,
)
factors_of_all_kinds = st.lists(
    st.builds(
        Factor,
        key=st.uuids().map(str),
        kind=st.sampled_from([FactorKind.CONCERN, FactorKind.GUARDIAN, FactorKind.GOAL]),
        source=st.just("Council"),
        starts_on=days_ago,
        recorded_at=instants,
        ends_on=st.none() | days_ago,
    ),
    max_size=10,
    unique_by=lambda row: row.key,
)


# The numbers themselves


def test_the_decay_table_halves_every_ninety_days() -> None:
    with localcontext() as exact:
        exact.prec = 80
        expected = [
            int((1000 * Decimal(2) ** (-Decimal(day) / 90)).quantize(Decimal(1), ROUND_HALF_UP)) for day in range(366)
        ]
    assert list(RUBRIC_1.decay) == expected
    assert RUBRIC_1.decay[360] == 63  # the one exact half goes up


@pytest.mark.parametrize(
    ("category", "points"),
    [
        ("threat_to_life", 1000),
        ("weapon_violence_with_injury", 1000),
        ("sexual", 900),
        ("violence_with_injury", 700),
        ("exploitation", 600),
        ("weapon", 400),
        ("robbery", 400),
        ("violence_without_injury", 300),
        ("drugs_supply", 250),
        ("found_missing", 200),
        ("other", 50),
    ],
)
def test_an_incident_today_of_grade_a_counts_its_base(category: str, points: int) -> None:
    assert explained([incident(category=IncidentHarm(category))]).score == points


@pytest.mark.parametrize(
    ("grade", "points"), [("a", 700), ("b", 560), ("c", 350), ("d", 210), ("e", 0), ("ungraded", 350)]
)
def test_reliability_weighs_what_is_told(grade: str, points: int) -> None:
    assert explained([incident(grade=InformationGrade(grade))]).score == points


@pytest.mark.parametrize(
    ("days", "points"), [(0, 700), (1, 694), (90, 350), (180, 175), (365, 42), (366, 0), (4000, 0)]
)
def test_an_incident_fades_and_is_gone_after_a_year(days: int, points: int) -> None:
    """700 x 1000 x 60 / 1,000,000 = 42 on day 365."""
    assert explained([incident(happened_on=TODAY - timedelta(days=days))]).score == points


def test_points_are_rounded_down() -> None:
    # 50 x 300 x 992 / 1,000,000 = 14.88
    yesterday = TODAY - timedelta(days=1)
    row = incident(category=IncidentHarm.OTHER, grade=InformationGrade.D, happened_on=yesterday)
    assert explained([row]).score == 14


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (-500, Band.LOW),
        (1_499, Band.LOW),
        (1_500, Band.MODERATE),
        (3_999, Band.MODERATE),
        (4_000, Band.HIGH),
        (7_999, Band.HIGH),
        (8_000, Band.VERY_HIGH),
    ],
)
def test_bands_begin_at_their_thresholds(total: int, band: Band) -> None:
    assert RUBRIC_1.band_of(total) is band


@pytest.mark.parametrize(
    "change",
    [
        {"base": {IncidentHarm.OTHER: 1}},
        {"reliability": {InformationGrade.A: 1000}},
        {"factors": {}},
        {"decay": (1000, 900, 950)},
        {"decay": ()},
        {"decay": (5, -1)},
        {"bands": ()},
        {"bands": ((Band.LOW, 10),)},
        {"bands": ((Band.LOW, 10), (Band.HIGH, 5), (Band.VERY_HIGH, None))},
        {"bands": ((Band.LOW, None), (Band.HIGH, 5), (Band.VERY_HIGH, None))},
    ],
)
def test_a_rubric_with_a_gap_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rubric needs|decay never|bands stand"):
        dataclasses.replace(RUBRIC_1, **change)


def test_the_rubric_in_force_is_the_latest_that_holds_on_the_day() -> None:
    second = dataclasses.replace(RUBRIC_1, version=2, in_force_from=date(2026, 6, 1))
    both = (second, RUBRIC_1)
    assert rubric_in_force(date(2026, 5, 31), both).version == 1
    assert rubric_in_force(date(2026, 6, 1), both).version == 2
    with pytest.raises(LookupError, match="no rubric was in force on 31 December 2019"):
        rubric_in_force(date(2019, 12, 31), both)


# What counts


def test_open_police_data_never_counts() -> None:
    answer = explained([incident(background=True), incident("i2")])
    assert answer.score == 700
    assert answer.high == 700
    assert answer.not_counted == {r.BACKGROUND: 1}


@pytest.mark.parametrize(("young", "points"), [(True, 700), (None, 700), (False, 0)])
def test_an_incident_without_anybody_aged_10_to_25_does_not_count(young: bool | None, points: int) -> None:
    assert explained([incident(young_person_involved=young)]).score == points


def test_what_happens_later_is_not_counted_today() -> None:
    answer = explained([incident(happened_on=TODAY + timedelta(days=1))])
    assert (answer.score, answer.high, answer.counted, answer.contributions) == (0, 0, 0, ())


def test_an_event_told_by_several_counts_once_by_its_strongest_record() -> None:
    told = [
        incident("police", event="e", grade=InformationGrade.C),
        incident("school", event="e", grade=InformationGrade.B, source="Education"),
        incident("other", event="another"),
    ]
    answer = explained(told)
    assert answer.score == 560 + 700
    line = next(line for line in answer.contributions if line.key == "school")
    assert [(other.source, other.points) for other in line.corroborated_by] == [("Police", 350)]
    assert answer.counted == 2


def test_taking_the_strongest_record_away_lets_the_next_step_in() -> None:
    weaker = incident("police", event="e", grade=InformationGrade.C)
    stronger = incident("school", event="e", grade=InformationGrade.B)
    both, one = explained([weaker, stronger]), explained([weaker])
    assert both.score - one.score == both.contributions[0].share == 210


def test_an_event_s_name_cannot_be_mistaken_for_an_incident_s_key() -> None:
    assert explained([incident("same"), incident("other", event="same")]).score == 1400


# What was assessed


def test_open_findings_of_the_latest_assessment_count() -> None:
    first = assessed(
        factor(FactorKind.FINDING, "old", assessment="a1", starts_on=date(2026, 1, 5)),
        on=date(2026, 1, 5),
    )
    second = assessed(
        factor(FactorKind.FINDING, "new", assessment="a2"),
        factor(FactorKind.FINDING, "done", assessment="a2", starts_on=date(2026, 11, 1), ends_on=TODAY),
        key="a2",
    )
    answer = explained(factors=[*first, *second])
    assert [(line.key, line.points) for line in answer.contributions] == [("new", 300)]


def test_an_assessment_without_findings_closes_those_of_the_one_before() -> None:
    before = assessed(factor(FactorKind.FINDING, assessment="a1", starts_on=date(2026, 1, 5)), on=date(2026, 1, 5))
    assert explained(factors=before).score == 300
    assert explained(factors=[*before, *assessed(key="a2")]).score == 0


def test_a_finding_of_an_unknown_assessment_is_refused() -> None:
    with pytest.raises(ValueError, match="finding f1 names an assessment"):
        explained(factors=[factor(FactorKind.FINDING, assessment="nowhere")])


@pytest.mark.parametrize(("days", "points"), [(0, 150), (90, 75), (365, 9), (366, 0)])
def test_a_concern_fades(days: int, points: int) -> None:
    assert explained(factors=[factor(FactorKind.CONCERN, starts_on=TODAY - timedelta(days=days))]).score == points


def test_a_guardian_protects_while_active() -> None:
    since = date(2026, 1, 1)
    guardian = factor(FactorKind.GUARDIAN, starts_on=since, ends_on=TODAY)
    assert explained(factors=[guardian], day=TODAY - timedelta(days=1)).score == -200
    assert explained(factors=[guardian]).score == 0
    assert explained(factors=[guardian], day=since - timedelta(days=1)).score == 0


@pytest.mark.parametrize(("days", "points"), [(0, -300), (179, -300), (180, 0)])
def test_an_evidenced_goal_holds_for_180_days(days: int, points: int) -> None:
    goal = factor(FactorKind.GOAL, starts_on=TODAY - timedelta(days=days))
    answer = explained(factors=[goal])
    assert answer.score == points
    assert len(answer.contributions) == (1 if points else 0)


# Sums, shares and order


def by_hand(row: Incident, day: date) -> int:
    """The points of a row by the words of the rubric, worked out apart from the code under test."""
    days = (day - row.happened_on).days
    if row.background or row.young_person_involved is False or not 0 <= days <= 365:
        return 0
    base = {
        "threat_to_life": 1000,
        "weapon_violence_with_injury": 1000,
        "sexual": 900,
        "violence_with_injury": 700,
        "exploitation": 600,
        "weapon": 400,
        "robbery": 400,
        "violence_without_injury": 300,
        "drugs_supply": 250,
        "found_missing": 200,
        "other": 50,
    }[row.category]
    reliability = {"a": 1000, "b": 800, "c": 500, "d": 300, "e": 0, "ungraded": 500}[row.grade]
    with localcontext() as exact:
        exact.prec = 40
        decay = int((1000 * Decimal(2) ** (-Decimal(days) / 90)).quantize(Decimal(1), ROUND_HALF_UP))
    return base * reliability * decay // 1_000_000


@given(incidents_of_one_event_each)
def test_the_score_is_the_sum_of_the_shares(rows: list[Incident]) -> None:
    answer = explained(rows)
    shares = {line.key: line.points for line in answer.contributions}
    assert answer.score == sum(shares.values()) == sum(by_hand(row, TODAY) for row in rows)
    assert all(shares.get(row.key, 0) == by_hand(row, TODAY) for row in rows)


@given(incidents_of_one_event_each.filter(bool), st.data())
def test_taking_a_row_away_takes_exactly_its_share(rows: list[Incident], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(rows))
    rest = [row for row in rows if row is not gone]
    assert explained(rows).score - explained(rest).score == by_hand(gone, TODAY)


@given(told_by_several.filter(bool), st.data())
def test_taking_a_corroborated_row_away_takes_its_share_too(rows: list[Incident], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(rows))
    before = explained(rows)
    shares = {line.key: line.share for line in before.contributions}
    after = explained([row for row in rows if row is not gone])
    assert before.score - after.score == shares.get(gone.key, 0)


@given(told_by_several, factors_of_all_kinds, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows: list[Incident], factors: list[Factor], chance: Any) -> None:
    before = explained(rows, factors)
    chance.shuffle(rows)
    chance.shuffle(factors)
    assert explained(rows, factors) == before


@given(told_by_several, factors_of_all_kinds)
def test_the_score_lies_within_its_range(rows: list[Incident], factors: list[Factor]) -> None:
    answer = explained(rows, factors)
    assert answer.low <= answer.score <= answer.high


def test_an_explanation_that_does_not_sum_cannot_exist() -> None:
    answer = explained([incident()])
    with pytest.raises(ValueError, match="do not sum"):
        dataclasses.replace(answer, score=answer.score + 1)


# As of a date


@given(told_by_several, factors_of_all_kinds, st.integers(0, 30), st.data())
def test_what_is_recorded_later_leaves_yesterday_unchanged(
    rows: list[Incident], factors: list[Factor], back: int, data: st.DataObject
) -> None:
    """Late rows, corrections and withdrawals recorded after a day change nothing about that day."""
    day = TODAY - timedelta(days=back)
    after = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    later_rows = [
        dataclasses.replace(
            row,
            recorded_at=max(row.recorded_at, after) + timedelta(minutes=number),
            grade=data.draw(st.sampled_from(InformationGrade)),
            withdrawn=data.draw(st.booleans()),
            version=2,
        )
        for number, row in enumerate(rows)
    ]
    late = incident("late", recorded_at=after, happened_on=day)
    later_factors = [
        dataclasses.replace(row, recorded_at=max(row.recorded_at, after), withdrawn=True, version=2) for row in factors
    ]
    before = explained(rows, factors, day)
    assert explained([*rows, *later_rows, late], [*factors, *later_factors], day) == before


def test_a_day_ends_at_midnight_in_london() -> None:
    """In summer 23:30 UTC is already tomorrow in London."""
    day = date(2026, 7, 1)
    row = incident(happened_on=day, recorded_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    assert explained([row], day=day).score == 0
    assert explained([row], day=date(2026, 7, 2)).score == 694
    in_time = dataclasses.replace(row, recorded_at=datetime(2026, 7, 1, 22, 59, tzinfo=UTC))
    assert explained([in_time], day=day).score == 700


def test_the_latest_version_known_on_the_day_counts() -> None:
    first = incident(recorded_at=NOON)
    corrected = dataclasses.replace(first, grade=InformationGrade.C, recorded_at=NOON + timedelta(days=2), version=2)
    withdrawn = dataclasses.replace(
        first, withdrawn=True, recorded_at=NOON + timedelta(days=4), happened_on=date(2026, 10, 1), version=3
    )
    versions = [withdrawn, first, corrected]
    happened = [dataclasses.replace(version, happened_on=date(2026, 11, 1)) for version in versions]
    scores = [explained(happened, day=date(2026, 11, 1) + timedelta(days=n)).score for n in range(6)]
    assert scores == [700, 694, 344, 341, 0, 0]


def test_two_versions_of_one_instant_are_told_apart_by_their_number() -> None:
    second = incident(grade=InformationGrade.B, version=2)
    assert explained([second, incident()]).score == explained([incident(), second]).score == 560


def test_two_different_records_under_one_key_and_version_are_refused() -> None:
    with pytest.raises(ValueError, match="under key i1, version 1"):
        explained([incident(), incident(grade=InformationGrade.B)])


def test_the_same_record_given_twice_counts_once() -> None:
    assert explained([incident(), incident()]).score == 700


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        explained([incident(recorded_at=datetime(2026, 11, 1, 12))])


# Range, band, too few


def test_the_low_end_counts_only_what_is_sure_and_the_high_end_everything_at_full_reliability() -> None:
    rows = [
        incident("sure", grade=InformationGrade.B),
        incident("somewhere near", place_certain=False),
        incident("doubtful", grade=InformationGrade.C),
        incident("thought untrue", grade=InformationGrade.E),
    ]
    answer = explained(rows)
    assert (answer.low, answer.score, answer.high) == (560, 560 + 700 + 350, 4 * 700)


def test_both_bands_are_named_where_the_range_crosses_one() -> None:
    rows = [incident(str(number), grade=InformationGrade.C) for number in range(6)]
    answer = explained(rows)
    assert (answer.low, answer.score, answer.high) == (0, 2100, 4200)
    assert answer.band is Band.MODERATE
    assert answer.band_label == "low to high"


def test_one_band_is_named_where_the_whole_range_lies_in_it() -> None:
    assert explained([incident(str(number)) for number in range(12)]).band_label == "very high"


@pytest.mark.parametrize(("sure", "label"), [(4, "too few to rate"), (5, "moderate")])
def test_fewer_than_five_incidents_are_too_few_to_rate(sure: int, label: str) -> None:
    rows = [incident(str(number)) for number in range(sure)]
    assert explained(rows).band_label == label


def test_what_is_thought_untrue_does_not_make_enough() -> None:
    rows = [incident(str(number), grade=InformationGrade.E) for number in range(10)]
    answer = explained(rows)
    assert answer.too_few
    assert len(answer.contributions) == 10  # each stands there, with no points


# Missing and stale


def test_a_source_silent_for_more_than_sixty_days_is_missing() -> None:
    def told_on(day: date) -> datetime:
        return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)

    edge, silent = TODAY - timedelta(days=60), TODAY - timedelta(days=61)
    rows = [
        incident("i1", source="Police", recorded_at=told_on(silent), happened_on=silent),
        incident("i2", source="Police", recorded_at=told_on(silent), happened_on=silent, grade=InformationGrade.B),
        incident("i3", source="Health", recorded_at=told_on(edge), happened_on=silent),
        incident("i4", source="Background", recorded_at=told_on(silent), happened_on=silent, background=True),
    ]
    answer = explained(rows, assessed(), expected_sources=["Education", "Health"])
    assert answer.missing == ("Education: nothing yet", "Police: nothing since 21 September 2026")


@pytest.mark.parametrize(
    ("waiting", "said"), [(0, ()), (1, ("1 incident awaits a grade",)), (3, ("3 incidents await a grade",))]
)
def test_incidents_awaiting_a_grade_are_missing(waiting: int, said: tuple[str, ...]) -> None:
    rows = [incident("graded"), *(incident(str(n), grade=InformationGrade.UNGRADED) for n in range(waiting))]
    assert explained(rows, assessed()).missing == said


def test_an_assessment_is_stale_after_180_days_and_missing_where_there_is_none() -> None:
    edge, stale = TODAY - timedelta(days=180), TODAY - timedelta(days=181)
    assert explained(factors=assessed(on=edge)).stale == ()
    assert explained(factors=assessed(on=stale)).stale == (
        "the latest assessment is of 24 May 2026, more than 180 days ago",
    )
    assert explained().missing == ("no assessment yet",)


# Judgement and the published shape


def judged(grade: ContextGrade = ContextGrade.COMPLEX_HIGH, **changes: Any) -> Judgement:
    plain = Judgement(grade, "Two near misses were never reported.", "A. Lead", TODAY, NOON)
    return dataclasses.replace(plain, **changes)


def test_a_judgement_stands_beside_the_sum_and_never_alters_it() -> None:
    rows = [incident(str(number)) for number in range(5)]
    plain, with_judgement = explained(rows), explained(rows, judgements=[judged()])
    assert with_judgement.judgement_differs
    assert dataclasses.replace(with_judgement, judgement=None) == plain
    agreed = explained(rows, judgements=[judged(ContextGrade.UNIVERSAL_PLUS)])
    assert not agreed.judgement_differs
    assert not plain.judgement_differs


def test_where_too_few_are_counted_there_is_no_band_to_differ_from() -> None:
    for grade in ContextGrade:
        assert not explained([incident()], judgements=[judged(grade)]).judgement_differs


@pytest.mark.parametrize(
    ("count", "grade"),
    [(5, "universal"), (19, "universal_plus"), (39, "complex_high"), (200, "complex_high")],
)
def test_each_band_speaks_for_one_level(count: int, grade: str) -> None:
    rows = [incident(str(n), category=IncidentHarm.FOUND_MISSING) for n in range(count)]
    agreeing = [level for level in ContextGrade if not explained(rows, judgements=[judged(level)]).judgement_differs]
    assert agreeing == [ContextGrade(grade)]


def test_the_latest_judgement_known_on_the_day_stands() -> None:
    later = judged(ContextGrade.UNIVERSAL, recorded_at=NOON + timedelta(days=1))
    tomorrow = judged(ContextGrade.UNIVERSAL_PLUS, recorded_at=NOON + timedelta(days=30))
    answer = explained(judgements=[later, tomorrow, judged()])
    assert answer.judgement == later


def test_the_published_shape_of_an_explanation() -> None:
    rows = [incident(), incident("i2", grade=InformationGrade.C, source="Education", happened_on=date(2026, 8, 23))]
    factors = assessed(factor(FactorKind.GUARDIAN, label="The café at the gate"), on=date(2026, 3, 1))
    answer = explained(rows, factors, context="CX-1234-5", judgements=[judged()])
    assert answer.to_json() == {
        "context": "CX-1234-5",
        "as_of": "2026-11-21",
        "rubric": 1,
        "score": 675,
        "range": [500, 850],
        "band": "too few to rate",
        "contributions": [
            {"factor": "Violence with injury", "source": "Police", "date": "2026-11-21", "points": 700},
            {
                "factor": "Active named guardian: The café at the gate",
                "source": "Council",
                "date": "2026-11-21",
                "points": -200,
            },
            {"factor": "Violence with injury", "source": "Education", "date": "2026-08-23", "points": 175},
        ],
        "missing": [],
        "stale": ["the latest assessment is of 1 March 2026, more than 180 days ago"],
        "judgement": {
            "grade": "complex_high",
            "reason": "Two near misses were never reported.",
            "by": "A. Lead",
            "date": "2026-11-21",
            "differs": False,
        },
    }
    assert explained().to_json()["judgement"] is None


def test_the_numbers_are_kept_as_data_and_read_back() -> None:
    numbers = json.loads(json.dumps(r.numbers_of(RUBRIC_1)))
    again = r.rubric_of(1, RUBRIC_1.in_force_from, RUBRIC_1.adopted_by, RUBRIC_1.reason, numbers)
    assert r.numbers_of(again) == r.numbers_of(RUBRIC_1)
    assert again.decay == RUBRIC_1.decay
    rows = [
        incident(str(n), grade=grade, category=harm)
        for n, grade in enumerate(InformationGrade)
        for harm in [*IncidentHarm][n : n + 1]
    ]
    assert score(rows, [], again, TODAY).to_json() == explained(rows).to_json()


@pytest.mark.parametrize("key", ["base", "decay", "bands", "factors", "too_few"])
def test_numbers_with_a_part_missing_are_no_rubric(key: str) -> None:
    numbers = r.numbers_of(RUBRIC_1)
    del numbers[key]
    with pytest.raises(ValueError, match="numbers"):
        r.rubric_of(2, TODAY, "A. Lead", "A test", numbers)


def test_every_name_has_plain_words() -> None:
    names = [*IncidentHarm, *InformationGrade, *FactorKind, *Band, *ChangeKind]
    labels = [name.label for name in names]
    assert all(label and "_" not in label for label in labels)
    assert len(set(labels)) == len(labels)


# What changed


EARLIER = TODAY - timedelta(days=90)


def changes_between(
    before: tuple[Sequence[Incident], Sequence[Factor]],
    after: tuple[Sequence[Incident], Sequence[Factor]],
    later: r.Rubric = RUBRIC_1,
) -> list[tuple[str, str, int]]:
    first = score(*before, RUBRIC_1, EARLIER)
    second = score(*after, later, TODAY)
    comparison = compare(first, second)
    assert sum(change.points for change in comparison.changes) == comparison.difference
    return [(change.kind.value, change.key, change.points) for change in comparison.changes]


def before_the_review(key: str = "i1", **changes: Any) -> Incident:
    return incident(key, **{"happened_on": EARLIER, "recorded_at": datetime(2026, 8, 1, tzinfo=UTC), **changes})


def test_time_alone_is_named_as_decay() -> None:
    rows = [before_the_review()]
    assert changes_between((rows, []), (rows, [])) == [("decayed", "i1", -350)]


def test_a_new_incident_is_gained() -> None:
    assert changes_between(([], []), ([incident()], [])) == [("gained", "i1", 700)]


def test_a_correction_is_told_apart_from_the_decay_beside_it() -> None:
    first = before_the_review()
    second = dataclasses.replace(first, grade=InformationGrade.C, recorded_at=NOON, version=2)
    assert changes_between(([first], []), ([first, second], [])) == [
        ("decayed", "i1", -350),
        ("corrected", "i1", -175),
    ]


def test_a_correction_that_moves_no_points_is_named_all_the_same() -> None:
    first = before_the_review(category=IncidentHarm.WEAPON, happened_on=EARLIER)
    second = dataclasses.replace(first, category=IncidentHarm.ROBBERY, recorded_at=NOON, version=2)
    assert ("corrected", "i1", 0) in changes_between(([first], []), ([first, second], []))


def test_a_withdrawn_incident_is_named() -> None:
    first = before_the_review()
    gone = dataclasses.replace(first, withdrawn=True, recorded_at=NOON, version=2)
    assert changes_between(([first], []), ([first, gone], [])) == [
        ("decayed", "i1", -350),
        ("withdrawn", "i1", -350),
    ]


def test_an_incident_older_than_a_year_has_decayed_and_is_not_called_withdrawn() -> None:
    old = [before_the_review(happened_on=EARLIER - timedelta(days=300))]
    points = score(old, [], RUBRIC_1, EARLIER).score
    assert points > 0
    assert changes_between((old, []), (old, [])) == [("decayed", "i1", -points)]


def test_a_record_that_steps_behind_a_stronger_one_is_a_correction() -> None:
    first = before_the_review(grade=InformationGrade.C, event="e")
    stronger = incident("i2", event="e", happened_on=EARLIER, grade=InformationGrade.A)
    assert changes_between(([first], []), ([first, stronger], [])) == [
        ("gained", "i2", 350),
        ("corrected", "i1", -175),
        ("decayed", "i1", -175),
    ]


def test_a_record_that_steps_in_for_a_withdrawn_one_is_a_correction() -> None:
    weaker = before_the_review(grade=InformationGrade.C, event="e")
    stronger = before_the_review("i2", event="e")
    gone = dataclasses.replace(stronger, withdrawn=True, recorded_at=NOON, version=2)
    assert changes_between(([weaker, stronger], []), ([weaker, stronger, gone], [])) == [
        ("decayed", "i2", -350),
        ("withdrawn", "i2", -350),
        ("corrected", "i1", 175),
    ]


def test_a_guardian_who_left_has_ended_and_a_goal_past_its_days_has_decayed() -> None:
    early = datetime(2026, 5, 1, tzinfo=UTC)
    guardian = factor(FactorKind.GUARDIAN, "g", starts_on=date(2026, 5, 1), recorded_at=early)
    left = dataclasses.replace(guardian, ends_on=date(2026, 11, 1), recorded_at=NOON, version=2)
    goal = factor(FactorKind.GOAL, "goal", starts_on=date(2026, 5, 1), recorded_at=early)
    assert changes_between(([], [guardian, goal]), ([], [guardian, goal, left])) == [
        ("decayed", "goal", 300),
        ("ended", "g", 200),
    ]


def test_another_rubric_is_named_apart() -> None:
    dearer = dict(RUBRIC_1.base) | {IncidentHarm.VIOLENCE_WITH_INJURY: 800}
    second = dataclasses.replace(RUBRIC_1, version=2, base=dearer)
    rows = [before_the_review()]
    assert changes_between((rows, []), (rows, []), later=second) == [
        ("decayed", "i1", -350),
        ("rubric", "i1", 50),
    ]


def test_an_incident_and_a_factor_may_share_a_key() -> None:
    concern = factor(FactorKind.CONCERN, "i1")
    assert changes_between(([], []), ([incident("i1")], [concern])) == [
        ("gained", "i1", 700),
        ("gained", "i1", 150),
    ]


def test_only_a_later_explanation_of_the_same_place_is_compared() -> None:
    with pytest.raises(ValueError, match="later explanation"):
        compare(explained(), explained(day=EARLIER))
    with pytest.raises(ValueError, match="same place"):
        compare(explained(context="CX-1"), explained(context="CX-2"))


@given(told_by_several, told_by_several, factors_of_all_kinds, st.integers(0, 500), st.data())
def test_the_changes_sum_to_the_difference_and_none_is_left_unnamed(
    rows: list[Incident], more: list[Incident], factors: list[Factor], apart: int, data: st.DataObject
) -> None:
    second_rubric = dataclasses.replace(
        RUBRIC_1, version=2, base=dict(RUBRIC_1.base) | {IncidentHarm.OTHER: 90}, decay=RUBRIC_1.decay[:200]
    )
    corrections = [
        dataclasses.replace(
            row,
            version=2,
            recorded_at=row.recorded_at + timedelta(days=data.draw(st.integers(1, 90))),
            withdrawn=data.draw(st.booleans()),
            category=data.draw(st.sampled_from(IncidentHarm)),
            event=data.draw(st.sampled_from([None, "e1", "e2"])),
        )
        for row in rows
    ]
    everything = [*rows, *corrections, *more]
    first = score(everything, factors, RUBRIC_1, TODAY - timedelta(days=apart))
    second = score(everything, factors, data.draw(st.sampled_from([RUBRIC_1, second_rubric])), TODAY)
    comparison = compare(first, second)
    assert sum(change.points for change in comparison.changes) == second.score - first.score
    moved = {line.key for line in first.contributions} ^ {line.key for line in second.contributions}
    worth = {line.key for line in (*first.contributions, *second.contributions) if line.points}
    assert moved & worth <= {change.key for change in comparison.changes}
