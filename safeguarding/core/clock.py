"""The only clock. Instants are UTC; days, hours and what people read are London's.

The demonstration's seed alone may `pretend` another instant, so that two years of history are written by the same
commands that people use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_STOPPED = object()
_pretended: ContextVar[Any] = ContextVar("pretended_instant", default=None)


class ClockStoppedError(Exception):
    """Something that is kept for later asked what time it is now."""


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    pretended = _pretended.get()
    if pretended is None:
        return datetime.now(UTC)
    if isinstance(pretended, datetime):
        return pretended
    raise ClockStoppedError("what is kept for later must not hold the present instant")


def today() -> date:
    """Return the day it is in London."""
    return now().astimezone(LONDON).date()


def london(instant: datetime) -> datetime:
    """Return an aware instant as London's clocks show it."""
    return instant.astimezone(LONDON)


def at_london(day: date, clock_time: time) -> datetime:
    """Return the UTC instant at which London's clocks show this day and time (the earlier of two in autumn)."""
    return datetime.combine(day, clock_time, LONDON).astimezone(UTC)


@contextmanager
def pretend(instant: datetime) -> Iterator[None]:
    """Let everything inside take this instant for the present; for the seed of the demonstration alone."""
    token = _pretended.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _pretended.reset(token)


@contextmanager
def stopped() -> Iterator[None]:
    """Refuse to tell the time to everything inside, because what is made there outlives this instant."""
    token = _pretended.set(_STOPPED)
    try:
        yield
    finally:
        _pretended.reset(token)
