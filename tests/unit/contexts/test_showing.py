"""What the page of a place shows, worked out without a database."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from safeguarding.contexts import risk, rubric, showing
from safeguarding.contexts.models import IncidentSource
from safeguarding.contexts.records import Inputs, inputs_of
from safeguarding.contexts.vocabulary import IncidentHarm, InformationGrade, Precision
from safeguarding.core.canonical import canonical_json

TODAY = date(2026, 11, 23)


def told(key: str, on: date, **changes: Any) -> Any:
    """A row of what a partner told, as the statement gives it."""
    return SimpleNamespace(
        **{
            "id": len(key),
            "ref": None,
            "for_context": 1,
            "context_id": 1,
            "source": IncidentSource.PARTNER,
            "identity": key,
            "version_no": 1,
            "known_at": datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
            "harm": IncidentHarm.ROBBERY,
            "category": "Robbery",
            "grade": InformationGrade.A,
            "happened_on": on,
            "precision": Precision.DAY,
            "place_certain": True,
            "involves_young_person": True,
            "counts": True,
            "event_key": None,
            "force": None,
            "told_by": "Youth club",
            "agency_name": None,
            **changes,
        }
    )


def place(**changes: Any) -> Any:
    """A row of `queries.access_context`."""
    adopted = rubric.RUBRIC_1
    return SimpleNamespace(
        **{
            "ref": "CX-0000-0000",
            "rubric_version": adopted.version,
            "in_force_from": adopted.in_force_from,
            "adopted_by": adopted.adopted_by,
            "rubric_reason": adopted.reason,
            "numbers": canonical_json(rubric.numbers_of(adopted)),
            "explanation": None,
            "reviewed_by_rubric": None,
            "next_review_on": None,
            "mean_of_kind": 0.5,
            **changes,
        }
    )


def show(rows: list[Any], **changes: Any) -> showing.Shown:
    return showing.show(place(**changes), rows, [], [], TODAY)


@given(st.lists(st.integers(-400, 1_000), min_size=1, max_size=40))
def test_shares_make_a_hundred_exactly(points: list[int]) -> None:
    shares = showing.shares_of(points)
    if sum(points) <= 0:
        assert set(shares) == {""}
    else:
        assert sum(round(float(share.removesuffix("%")) * 10) for share in shares) == 1_000


def test_the_history_begins_when_anything_was_recorded() -> None:
    rows = [told(f"i{n}", TODAY - timedelta(days=100 + n)) for n in range(6)]
    shown = show(rows)
    assert shown.history[0].on == date(2026, 8, 31)
    assert shown.history[-1].on == TODAY
    assert shown.history[-1].score == shown.explanation.score
    assert shown.has_history


def test_the_history_of_a_late_record_does_not_know_it_before() -> None:
    rows = [told(f"i{n}", TODAY - timedelta(days=100 + n)) for n in range(6)]
    late = told("late", TODAY - timedelta(days=90), known_at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    before, after = show(rows).history, show([*rows, late]).history
    assert before[:-1] == after[:-1]
    assert after[-1].score > before[-1].score


def test_without_enough_counted_there_is_no_line_but_the_months_stand() -> None:
    shown = show([told("a", TODAY - timedelta(days=70)), told("b", TODAY - timedelta(days=40))])
    assert not shown.has_history
    assert [(month.on, month.count) for month in shown.busy_months] == [(date(2026, 10, 1), 1), (date(2026, 9, 1), 1)]


def test_a_fall_by_fading_is_named_and_the_steps_sum() -> None:
    rows = [told(f"i{n}", TODAY - timedelta(days=100 + n)) for n in range(6)]
    reviewed_on = TODAY - timedelta(days=60)
    then = inputs_of(rows, []).explain(rubric.RUBRIC_1, reviewed_on, "CX-0000-0000")
    shown = show(rows, explanation=risk.snapshot(then), reviewed_by_rubric=1)
    fall = shown.waterfall
    assert fall is not None
    assert fall.start[1] + sum(points for _, points in fall.steps) == fall.end[1] == shown.explanation.score
    assert [name for name, _ in fall.steps] == ["Older incidents and concerns faded"]
    assert fall.sentences[0].startswith("Down ")
    assert any(sentence.startswith("Time alone took ") for sentence in fall.sentences)
    assert "Nothing was corrected." in fall.sentences


def test_how_far_it_is_to_the_next_band_is_said() -> None:
    inputs = Inputs(inputs_of([told(f"i{n}", TODAY) for n in range(6)], []).incidents)
    then = inputs.explain(rubric.RUBRIC_1, TODAY, "CX-0000-0000")
    shown = show([told(f"i{n}", TODAY) for n in range(6)], explanation=risk.snapshot(then), reviewed_by_rubric=1)
    assert shown.explanation.score == 2_400
    assert shown.waterfall is not None
    assert "1,600 more would make it high." in shown.waterfall.sentences
    assert shown.could_be is None


def test_a_line_says_how_it_is_worked_out() -> None:
    shown = show([told("a", TODAY - timedelta(days=90), grade=InformationGrade.B, place_certain=False)])
    (line,) = shown.lines
    assert (line.arithmetic, line.points) == ("400 × 0.8 × 0.500", 160)
    assert line.detail == "Youth club. Grade B. Place not certain"
    assert line.share == "100.0%"
    assert not line.protects
