"""How values are written for people: London time, plain dates, ages."""

from datetime import date, datetime
from functools import lru_cache

from flask import Flask

from safeguarding.core import clock

# A page of sixty updates writes two hundred instants, many of them the same ones that the last page wrote.
_kept = lru_cache(maxsize=4096, typed=True)


def init_filters(app: Flask) -> None:
    """Register the filters for templates."""
    app.jinja_env.filters.update(
        day=day, short_day=short_day, clock_time=clock_time, moment=moment, age=age, born=born, words=words, ago=ago
    )


def _as_date(value: date | datetime) -> date:
    return clock.london(value).date() if isinstance(value, datetime) else value


@_kept
def day(value: date | datetime | None) -> str:
    """21 November 2026."""
    if value is None:
        return ""
    shown = _as_date(value)
    return f"{shown.day} {shown:%B %Y}"


@_kept
def short_day(value: date | datetime | None) -> str:
    """21 November."""
    if value is None:
        return ""
    shown = _as_date(value)
    return f"{shown.day} {shown:%B}"


@_kept
def clock_time(value: datetime | None) -> str:
    """2:30pm, on London's clocks."""
    if value is None:
        return ""
    shown = clock.london(value)
    return f"{shown.hour % 12 or 12}:{shown:%M}{'am' if shown.hour < 12 else 'pm'}"


@_kept
def moment(value: datetime | None) -> str:
    """21 November 2026 at 2:30pm."""
    return "" if value is None else f"{day(value)} at {clock_time(value)}"


def age(born_on: date | None, on: date | None = None) -> int | None:
    """Return whole years; someone born on 29 February turns a year older on 1 March of a common year."""
    if born_on is None:
        return None
    when = on or clock.today()
    return when.year - born_on.year - ((when.month, when.day) < (born_on.month, born_on.day))


def born(born_on: date | None) -> str:
    """16, born 9 August 2010."""
    return "age not known" if born_on is None else f"{age(born_on)}, born {day(born_on)}"


def words(value: object) -> str:
    """Return a code as words: not_possible becomes `Not possible`."""
    plain = str(getattr(value, "value", value) or "").replace("_", " ").replace("childrens", "children’s")
    return plain[:1].upper() + plain[1:]


def ago(value: date | datetime | None) -> str:
    """Return how many days ago a day was, or in how many days it will be."""
    if value is None:
        return ""
    days = (clock.today() - _as_date(value)).days
    if days == 0:
        return "today"
    count = abs(days)
    unit = "day" if count == 1 else "days"
    return f"{count} {unit} ago" if days > 0 else f"in {count} {unit}"
