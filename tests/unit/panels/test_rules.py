"""What a decision must say: every problem at once, in the order of the form; and days as people type them."""

from datetime import date

import pytest

from safeguarding.cases.models import Risk
from safeguarding.panels.forms.fields import read_day
from safeguarding.panels.models.decisions import DecisionKind, View
from safeguarding.panels.models.items import ItemKind
from safeguarding.panels.rules import AgencyOpinion, DecisionText, problems, view_problems

TODAY = date(2026, 11, 19)


def text(**options: object) -> DecisionText:
    """Return a complete adoption, changed by the options."""
    given: dict[str, object] = {
        "kind": DecisionKind.ADOPT,
        "rationale": "Because",
        "lawful_basis_code": "x",
        "risk_before": Risk.MODERATE,
        "risk_after": Risk.SIGNIFICANT,
        "next_review_on": date(2026, 12, 17),
        "told_how": "Dan",
    }
    return DecisionText(**(given | options))  # type: ignore[arg-type]


def fields(about: ItemKind = ItemKind.YOUNG_PERSON, **options: object) -> list[str]:
    """Return at which fields the text has problems."""
    return [problem.field for problem in problems(text(**options), about, TODAY)]


def test_a_complete_decision_has_no_problem() -> None:
    assert fields() == []


def test_all_problems_are_named_at_once_in_the_order_of_the_form() -> None:
    lacking = {"rationale": "", "risk_after": None, "next_review_on": None, "lawful_basis_code": "", "told_how": None}
    assert fields(**lacking) == ["rationale", "risk_after", "next_review_on", "lawful_basis_code", "told_how"]


@pytest.mark.parametrize(
    ("kind", "before", "after", "problem"),
    [
        (DecisionKind.INCREASE_RISK, Risk.MODERATE, Risk.SIGNIFICANT, []),
        (DecisionKind.INCREASE_RISK, Risk.MODERATE, Risk.MODERATE, ["risk_after"]),
        (DecisionKind.INCREASE_RISK, None, Risk.MODERATE, ["risk_before"]),
        (DecisionKind.REDUCE_RISK, Risk.MODERATE, Risk.NONE_KNOWN, []),
        (DecisionKind.REDUCE_RISK, Risk.MODERATE, Risk.SIGNIFICANT, ["risk_after"]),
        (DecisionKind.MAINTAIN, Risk.MODERATE, Risk.MODERATE, []),
        (DecisionKind.MAINTAIN, Risk.MODERATE, Risk.EMERGING, ["risk_after"]),
        (DecisionKind.ADOPT, None, Risk.EMERGING, []),
        (DecisionKind.ESCALATE, None, None, []),
    ],
)
def test_the_risk_moves_the_way_the_decision_says(
    kind: DecisionKind, before: Risk | None, after: Risk | None, problem: list[str]
) -> None:
    assert fields(kind=kind, risk_before=before, risk_after=after) == problem


def test_a_theme_has_no_risk_and_nobody_to_tell() -> None:
    assert fields(ItemKind.THEME, kind=DecisionKind.MAINTAIN, risk_after=None, told_how=None) == []


def test_a_review_and_a_date_put_off_to_lie_ahead() -> None:
    assert fields(next_review_on=TODAY) == ["next_review_on"]
    later = {"kind": DecisionKind.DEFER, "next_review_on": None, "told_how": None}
    assert fields(**later, deferred_to_on=TODAY) == ["deferred_to_on"]
    assert fields(**later, deferred_to_on=date(2026, 11, 20)) == []
    assert fields(deferred_to_on=date(2026, 11, 20)) == ["deferred_to_on"]


def test_each_agency_in_the_room_has_one_view_and_dissent_its_reason() -> None:
    here = {1: "Police", 2: "Health"}
    agrees = [AgencyOpinion(agency_id=key, view=View.AGREES) for key in here]
    assert view_problems(agrees, here, {1, 2, 3}) == []
    assert view_problems([*agrees, AgencyOpinion(agency_id=3, view=View.NO_VIEW)], here, {1, 2, 3}) == []
    assert "Health" in view_problems(agrees[:1], here, {1, 2})[0].message
    assert len(view_problems([*agrees, agrees[0]], here, {1, 2})) == 1
    assert len(view_problems(agrees, here, {1})) == 1
    silent = [agrees[0], AgencyOpinion(agency_id=2, view=View.DISAGREES, reason=" ")]
    assert "disagrees" in view_problems(silent, here, {1, 2})[0].message


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("3 12 2026", date(2026, 12, 3)),
        ("3/12/2026", date(2026, 12, 3)),
        ("03.12.2026", date(2026, 12, 3)),
        ("2026-12-03", date(2026, 12, 3)),
        ("3 december 2026", date(2026, 12, 3)),
        ("3 dec", date(2026, 12, 3)),
        ("3 sept", date(2027, 9, 3)),
        ("19 11", TODAY),
        ("18 11", date(2027, 11, 18)),
        ("29 2", date(2028, 2, 29)),
        ("31 2 2027", None),
        ("31 2", None),
        ("3 12 26", None),
        ("12/2026", None),
        ("tomorrow", None),
        ("3 decembre 2026", None),
        ("٣ ١٢ ٢٠٢٦", None),
        ("3 12 9999", None),
        ("0 0 2026", None),
        ("99999999999 1 2026", None),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, meant: date | None) -> None:
    assert read_day(typed, TODAY) == meant
