"""What is counted in which month and row, and who may count."""

from datetime import date, timedelta

import pytest

from safeguarding.access.roles import Role
from safeguarding.actions.models import ActionState
from safeguarding.cases.models import CaseState, Risk
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.referrals.models import ScreeningOutcome
from safeguarding.reports.disclosure import Mark, Table
from safeguarding.reports.queries import Span, count_tables, last_twelve_months
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_action, make_case, restrict
from tests.factories.counted import add_actions, add_cases, add_referrals
from tests.factories.people import Somebody, make_somebody

pytestmark = pytest.mark.usefixtures("in_app")


def make(role: Role) -> Somebody:
    with unit_of_work():
        return make_somebody(role)


def span() -> Span:
    return last_twelve_months(clock.today())


def tables(who: Somebody) -> dict[str, Table]:
    return {table.title: table for table in count_tables(who.actor, span())}


def counts(table: Table) -> dict[str, int]:
    return {row.label: row.count for row in table.rows if row.count}


@pytest.mark.parametrize(
    ("today", "first", "end"),
    [
        (date(2026, 11, 1), date(2025, 11, 1), date(2026, 11, 1)),
        (date(2027, 1, 31), date(2026, 1, 1), date(2027, 1, 1)),
        (date(2028, 2, 29), date(2027, 2, 1), date(2028, 2, 1)),
    ],
)
def test_the_span_is_the_twelve_whole_months_before(today: date, first: date, end: date) -> None:
    found = last_twelve_months(today)
    assert (found.first, found.end, len(found.starts)) == (first, end, 13)


def test_a_referral_counts_in_the_london_month_it_was_submitted(in_app: object) -> None:
    worker, lead = make(Role.PRACTITIONER), make(Role.LEAD)
    months = span()
    with unit_of_work():
        add_referrals(worker, 7, months.starts[3], ScreeningOutcome.ACCEPT, "cce")  # its first instant
        add_referrals(worker, 6, months.starts[4] - timedelta(days=1), None, "cse")
        add_referrals(worker, 20, months.end, None, "cce")  # this month: not yet
        add_referrals(worker, 20, months.first - timedelta(days=1), None, "cce")  # before the span
    found = tables(lead)
    assert counts(found["Referrals by month"]) == {f"{months.starts[3]:%B %Y}": 13}
    assert counts(found["What screening came to"]) == {"Accepted": 7, "Not screened yet": 6}
    assert counts(found["Kinds of harm named in referrals"]) == {
        "Child criminal exploitation": 7,
        "Child sexual exploitation": 6,
    }


def test_cases_count_by_state_and_the_open_ones_by_risk() -> None:
    worker, lead = make(Role.PRACTITIONER), make(Role.LEAD)
    with unit_of_work():
        add_cases(worker, 6, CaseState.OPEN, Risk.MODERATE)
        add_cases(worker, 5, CaseState.UNDER_REVIEW, Risk.SIGNIFICANT)
        add_cases(worker, 9, CaseState.CLOSED, Risk.SIGNIFICANT)
    found = tables(lead)
    assert counts(found["Cases by state"]) == {"Open or under review": 11, "Closed": 9}
    assert counts(found["Open cases by risk"]) == {"Moderate": 6, "Significant": 5}
    assert found["Open cases by risk"].total is found["Cases by state"].rows[0]


def test_on_time_is_judged_by_the_first_due_date() -> None:
    worker, lead = make(Role.PRACTITIONER), make(Role.LEAD)
    due = span().starts[5]
    with unit_of_work():
        add_actions(worker, 5, due, ActionState.DONE, due)
        add_actions(worker, 6, due, ActionState.DONE, due + timedelta(days=1))
        add_actions(worker, 7, due, ActionState.IN_PROGRESS)
        add_actions(worker, 8, due, ActionState.NOT_DONE)
        add_actions(worker, 30, span().end, ActionState.OPEN)
    assert counts(tables(lead)["Actions, by the day they were first due"]) == {
        "Done on time": 5,
        "Done late": 6,
        "Not done yet, and overdue": 7,
        "Not done": 8,
    }


def test_small_counts_are_protected_where_they_are_counted() -> None:
    worker, analyst = make(Role.PRACTITIONER), make(Role.ANALYST)
    with unit_of_work():
        add_cases(worker, 1, CaseState.OPEN, Risk.EMERGING)
        for risk in (Risk.MODERATE, Risk.SIGNIFICANT, Risk.NONE_KNOWN):
            add_cases(worker, 5, CaseState.OPEN, risk)
    rows = tables(analyst)["Open cases by risk"].rows
    assert sorted(row.mark for row in rows) == [Mark.FEW, Mark.HIDDEN, Mark.ROUNDED, Mark.ROUNDED]


def test_only_analysts_and_the_lead_count() -> None:
    for role in set(Role) - {Role.ANALYST, Role.LEAD}:
        with pytest.raises(ForbiddenError):
            count_tables(make(role).actor, span())


def test_a_restricted_record_counts_nowhere() -> None:
    worker, analyst = make(Role.SOCIAL_WORKER), make(Role.ANALYST)
    with unit_of_work():
        cases = [make_case(worker) for _ in range(7)]
        for case in cases:
            make_action(worker, case, worker, due_on=clock.today() + timedelta(days=1))
    known = tables(analyst)
    assert any(counts(table) for table in known.values())
    with unit_of_work():
        for case in cases:
            restrict(case)
    assert {title: counts(table) for title, table in tables(analyst).items()} == {title: {} for title in known}
