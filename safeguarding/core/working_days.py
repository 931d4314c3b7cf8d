"""Working days of England and Wales: Monday to Friday without bank holidays (GOV.UK's list, bundled, to 2028)."""

from datetime import date, timedelta
from functools import lru_cache

from govuk_bank_holidays.bank_holidays import BankHolidays


@lru_cache(maxsize=1)
def bank_holidays() -> frozenset[date]:
    """Return the bank holidays of England and Wales in the bundled list; no network is used."""
    listed = BankHolidays(use_cached_holidays=True).get_holidays(division=BankHolidays.ENGLAND_AND_WALES)
    return frozenset(holiday["date"] for holiday in listed)


def is_working_day(day: date) -> bool:
    """Return whether the day is a working day."""
    return day.weekday() < 5 and day not in bank_holidays()


def add_working_days(day: date, count: int) -> date:
    """Return the day `count` working days after `day`; `day` itself is day 0, whatever it is."""
    step = 1 if count >= 0 else -1
    remaining = abs(count)
    while remaining:
        day += timedelta(days=step)
        if is_working_day(day):
            remaining -= 1
    return day
