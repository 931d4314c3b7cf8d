"""The only clock. Instants are UTC; days, hours and what people read are London's."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return the day it is in London."""
    return now().astimezone(LONDON).date()


def london(instant: datetime) -> datetime:
    """Return an aware instant as London's clocks show it."""
    return instant.astimezone(LONDON)


def at_london(day: date, clock_time: time) -> datetime:
    """Return the UTC instant at which London's clocks show this day and time (the earlier of two in autumn)."""
    return datetime.combine(day, clock_time, LONDON).astimezone(UTC)
