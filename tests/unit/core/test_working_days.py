"""Working days of England and Wales, against the published vectors."""

from datetime import date

import pytest

from safeguarding.core.working_days import add_working_days, is_working_day


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (date(2026, 4, 2), date(2026, 4, 13)),  # over Good Friday and Easter Monday
        (date(2026, 4, 3), date(2026, 4, 13)),  # begun on a bank holiday
        (date(2025, 12, 23), date(2026, 1, 2)),
        (date(2026, 5, 1), date(2026, 5, 11)),
    ],
)
def test_five_working_days(start: date, due: date) -> None:
    assert add_working_days(start, 5) == due


def test_a_day_of_referral_is_day_nought() -> None:
    assert add_working_days(date(2026, 11, 24), 0) == date(2026, 11, 24)


def test_backwards_over_a_weekend() -> None:
    assert add_working_days(date(2026, 11, 23), -1) == date(2026, 11, 20)


def test_a_substitute_day_is_no_working_day() -> None:
    assert not is_working_day(date(2027, 12, 27))  # Christmas Day fell on a Saturday
