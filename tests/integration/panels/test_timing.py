"""Rules of time before a meeting and of screening. They need no database."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from safeguarding.core import clock
from safeguarding.panels.models.items import ReturnState
from safeguarding.panels.models.meetings import AgendaState
from safeguarding.panels.timing import is_late, is_locked, next_due, starts, usual_cut_off, usual_returns_due
from safeguarding.referrals.policy import screen_by

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


def london(day: date, hour: int) -> datetime:
    return clock.at_london(day, time(hour))


def test_an_agenda_locks_at_five_the_working_day_before() -> None:
    assert usual_cut_off(london(date(2026, 11, 19), 14), 1) == london(date(2026, 11, 18), 17)
    assert usual_cut_off(london(date(2026, 11, 23), 14), 1) == london(date(2026, 11, 20), 17)  # over a weekend
    assert usual_cut_off(london(date(2026, 12, 29), 14), 1) == london(date(2026, 12, 24), 17)  # over Christmas


def test_an_agenda_never_locks_after_the_meeting_starts() -> None:
    start = london(date(2026, 11, 19), 14)
    assert usual_cut_off(start, 0) == start


def test_returns_are_due_at_noon_the_working_day_before_the_lock() -> None:
    assert usual_returns_due(london(date(2026, 11, 18), 17)) == london(date(2026, 11, 17), 12)


def test_who_is_asked_late_answers_by_the_next_instant_ahead() -> None:
    planned, cut_off, start = (NOON + timedelta(days=number) for number in (1, 2, 3))
    assert next_due(NOON, planned, cut_off, start) == planned
    assert next_due(NOON + timedelta(days=1, hours=1), planned, cut_off, start) == cut_off
    assert next_due(NOON + timedelta(days=2, hours=1), planned, cut_off, start) == start


@pytest.mark.parametrize(
    ("state", "past", "locked"),
    [
        (AgendaState.DRAFT, True, False),
        (AgendaState.PUBLISHED, False, False),
        (AgendaState.PUBLISHED, True, True),
        (AgendaState.LOCKED, False, True),
    ],
)
def test_a_published_agenda_locks_by_itself(state: AgendaState, past: bool, locked: bool) -> None:
    now = NOON if past else NOON - timedelta(seconds=1)
    assert is_locked(state, NOON, now) is locked


def test_late_stays_late_after_it_arrives() -> None:
    after = NOON + timedelta(minutes=1)
    assert not is_late(ReturnState.WAITING, NOON, None, NOON)
    assert is_late(ReturnState.WAITING, NOON, None, after)
    assert is_late(ReturnState.ANSWERED, NOON, after, after + timedelta(days=9))
    assert not is_late(ReturnState.ANSWERED, NOON, NOON, after + timedelta(days=9))


def test_items_start_one_after_the_other() -> None:
    assert list(starts(NOON, [15, 10])) == [NOON, NOON + timedelta(minutes=15)]


def test_a_referral_is_screened_within_two_working_days_and_an_urgent_one_on_the_day() -> None:
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    assert screen_by(london(friday, 10), urgent=False) == date(2026, 11, 24)
    assert screen_by(london(friday, 10), urgent=True) == friday
    assert screen_by(london(saturday, 10), urgent=True) == date(2026, 11, 23)
