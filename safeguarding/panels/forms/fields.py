"""A day in one field, for tables that are typed quickly: 3 12 2026, 3/12/2026, 3 December 2026, 3 Dec or 2026-12-03.

A day without a year is the next such day. It knows no panel.
"""

import re
from datetime import date
from typing import Any

from wtforms import StringField

from safeguarding.core import clock

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_USUAL = re.compile(r"([0-9]{1,2})[ ./-]+([0-9]{1,2}|[a-z]+)(?:[ ./-]+([0-9]{4}))?")


class DayField(StringField):
    """A day typed in one field. Its data is a date, or None; `typed` keeps what was typed."""

    def __init__(self, label: str = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.typed = ""
        self.data: Any = None

    def _value(self) -> str:
        if self.typed:
            return self.typed
        return f"{self.data.day} {self.data:%B %Y}" if isinstance(self.data, date) else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read one of the usual ways of writing a day."""
        self.typed = str(valuelist[0]) if valuelist else ""
        self.data = None
        plain = " ".join(self.typed.lower().replace(",", " ").split())
        if not plain:
            return
        self.data = read_day(plain, clock.today())
        if self.data is None:
            raise ValueError(f"{self.label.text} must be a real date, like 3 12 2026 or 3 December 2026.")


def read_day(plain: str, today: date) -> date | None:
    """Return the day meant by a text in small letters, or None when it is none. Years are 1900 to 2200."""
    if found := _ISO.fullmatch(plain):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    found = _USUAL.fullmatch(plain)
    if not found:
        return None
    month = int(found[2]) if found[2].isdigit() else _month(found[2])
    if month is None:
        return None
    if found[3]:
        return _day(int(found[3]), month, int(found[1]))
    # 29 February may be some years ahead.
    coming = (_day(today.year + ahead, month, int(found[1])) for ahead in range(9))
    return next((day for day in coming if day is not None and day >= today), None)


def _month(word: str) -> int | None:
    if word in _NAMES:
        return _NAMES.index(word) + 1
    return _MONTHS.index(word[:3]) + 1 if word in _MONTHS or word == "sept" else None


def _day(year: int, month: int, day: int) -> date | None:
    if not 1900 <= year <= 2200:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
