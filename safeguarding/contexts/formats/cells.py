"""What single cells mean: coordinates, months, instants, dates, age bands, small-area codes.

Owns the reading of one cell, or of a pair that belongs together. A cell that breaks the layout raises
BadRow with the reason; nothing is guessed and nothing is invented (a month never becomes a day). A reason
never repeats what the cell said: refusals are printed and kept where case content must not be.
"""

import math
import re
from datetime import UTC, date, datetime, time

from safeguarding.contexts.formats.rows import BadRow, LsoaVintage
from safeguarding.contexts.vocabulary import Precision
from safeguarding.core.clock import LONDON
from safeguarding.core.geo import is_coordinate, is_grid_reference, osgb36_to_wgs84

_BLANKS = frozenset({"", "n/a", "na", "null", "none", "-", "--"})
_YEARS = range(1900, 2200)


def is_blank(text: str) -> bool:
    """Say whether a cell says nothing: empty, only blanks, or one of the usual marks such as N/A."""
    return text.strip().casefold() in _BLANKS


def text_of(text: str) -> str:
    """Return a cell with single blanks and no HTML line breaks; "" where it says nothing."""
    plain = " ".join(re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE).split())
    return "" if plain.casefold() in _BLANKS else plain


def number(text: str, what: str) -> float:
    """Return a finite number. Raises BadRow; `what` names the cell in the reason."""
    plain = text.strip()
    try:
        # float() reads more than a published file may hold: underscores and the digits of other scripts.
        value = float(plain) if plain.isascii() and "_" not in plain else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadRow(f"{what} is not a number")
    return value


def point(latitude: str, longitude: str) -> tuple[float, float] | None:
    """Return (latitude, longitude), or None where either is empty: then no place is given.

    Raises BadRow for what is no number or not on the globe.
    """
    no_lat, no_lng = not latitude.strip(), not longitude.strip()
    lat = 0.0 if no_lat else number(latitude, "latitude")
    lng = 0.0 if no_lng else number(longitude, "longitude")
    if not is_coordinate(lat, lng):
        raise BadRow("the coordinates are out of range")
    return None if no_lat or no_lng else (lat, lng)


def grid_point(easting: str, northing: str) -> tuple[float, float] | None:
    """Return (latitude, longitude) of a British grid reference, or None where either is empty or both 0.

    Raises BadRow for what is no number or not on the grid.
    """
    no_east, no_north = not easting.strip(), not northing.strip()
    east = 0.0 if no_east else number(easting, "easting")
    north = 0.0 if no_north else number(northing, "northing")
    if no_east or no_north or (east == 0 and north == 0):
        return None
    if not is_grid_reference(east, north):
        raise BadRow("the grid reference is out of range")
    return osgb36_to_wgs84(east, north)


_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def month(text: str) -> date:
    """Return the first day of a month written YYYY-MM. Raises BadRow."""
    plain = text.strip()
    if not plain:
        raise BadRow("no month")
    found = _MONTH.fullmatch(plain)
    if not found or int(found[1]) not in _YEARS:
        raise BadRow("the month is not written YYYY-MM")
    return date(int(found[1]), int(found[2]), 1)


_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?", re.ASCII
)


def utc_instant(text: str) -> datetime:
    """Return the instant of an ISO date and time; one without an offset is UTC. Raises BadRow."""
    plain = text.strip()
    if not plain:
        raise BadRow("no date")
    found = _INSTANT.fullmatch(plain)
    if not found:
        raise BadRow("the date is not a date and time")
    return _instant(found, plain)


def _instant(found: re.Match[str], plain: str) -> datetime:
    offset = (found[3] or "+00:00").replace("Z", "+00:00").replace("UTC", "+00:00")
    try:
        instant = datetime.fromisoformat(f"{found[1]}T{found[2]}{offset}")
        if instant.year not in _YEARS:
            raise ValueError
        return instant.astimezone(UTC)
    except ValueError:
        raise BadRow("there is no such date and time") from None


_WRITTEN_DAY = re.compile(r"(?:(\d{4})-(\d{2})-(\d{2})|(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}))", re.ASCII)
_WRITTEN_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?", re.ASCII)

Moment = tuple[Precision, date, datetime | None]


def moment(text: str, clock_time: str = "") -> Moment:
    """Return (precision, day in London, instant or None) of a partner's date, its time beside or inside.

    Days are written YYYY-MM-DD or DD/MM/YYYY, a month alone YYYY-MM; a time without an offset is London's,
    the earlier of two in autumn. Raises BadRow.
    """
    plain = " ".join(text.split())
    if is_blank(plain):
        raise BadRow("no date")
    if found := _INSTANT.fullmatch(plain):
        if found[3]:
            instant = _instant(found, plain)
            return Precision.INSTANT, instant.astimezone(LONDON).date(), instant
        plain = f"{found[1]} {found[2]}"
    if _MONTH.fullmatch(plain):
        return Precision.MONTH, month(plain), None
    first, _, rest = plain.partition(" ")
    day = written_day(first)
    if day is None:
        raise BadRow("the date cannot be read")
    spoken = rest or ("" if is_blank(clock_time) else clock_time.strip())
    if not spoken:
        return Precision.DAY, day, None
    return Precision.INSTANT, day, datetime.combine(day, _time(spoken), LONDON).astimezone(UTC)


def written_day(text: str) -> date | None:
    """Return the day of YYYY-MM-DD or of DD/MM/YYYY (also with dots or dashes), None for anything else."""
    found = _WRITTEN_DAY.fullmatch(text.strip())
    if not found:
        return None
    year, middle, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        value = date(int(year), int(middle), int(day))
    except ValueError:
        return None
    return value if value.year in _YEARS else None


def _time(text: str) -> time:
    found = _WRITTEN_TIME.fullmatch(text)
    try:
        if found:
            return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        pass
    raise BadRow("the time cannot be read")


_SPAN = re.compile(r"(\d{1,3})\s*(?:-|–|to|until)\s*(\d{1,3})", re.IGNORECASE | re.ASCII)
_UNDER = re.compile(r"(?:under|below|less than|<)\s*(\d{1,3})", re.IGNORECASE | re.ASCII)
_OVER = re.compile(r"(?:over|above|more than|>)\s*(\d{1,3})|(\d{1,3})\s*(?:\+|and over)", re.IGNORECASE | re.ASCII)
YOUNGEST, OLDEST = 10, 25


def aged_10_to_25(band: str) -> bool | None:
    """Say whether an age band lies within 10 to 25 (True), apart from it (False), or neither (None)."""
    plain = band.strip()
    if plain.isascii() and plain.isdigit():
        return YOUNGEST <= int(plain) <= OLDEST
    low, high = _band(plain)
    if low is None or high is None or low > high:
        return None
    if high < YOUNGEST or low > OLDEST:
        return False
    return True if low >= YOUNGEST and high <= OLDEST else None


def _band(plain: str) -> tuple[int | None, int | None]:
    if found := _SPAN.fullmatch(plain):
        return int(found[1]), int(found[2])
    if found := _UNDER.fullmatch(plain):
        return 0, int(found[1]) - 1
    if found := _OVER.fullmatch(plain):
        return (int(found[1]) + 1 if found[1] else int(found[2])), 150
    return None, None


_MONTHS = {
    name: index
    for index, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_EXCEL_DATE = re.compile(r"(?:(\d{1,2})-([a-z]{3})|([a-z]{3})-(\d{1,2}))", re.IGNORECASE | re.ASCII)
_EXCEL_FULL_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}", re.ASCII)

Ages = tuple[int | None, int | None, str | None]


def ages(text: str) -> Ages:
    """Return (youngest, oldest, note) of a school's age range.

    Excel turns "11-18" into the 18th of November and shows "18-Nov": the two numbers are given back with
    the lower first, whichever way round it wrote them, and the note says so.
    """
    plain = text.strip()
    if found := _SPAN.fullmatch(plain):
        return int(found[1]), int(found[2]), None
    pair = _dated_ages(plain)
    if pair is None:
        return None, None, None
    low, high = sorted(pair)
    return low, high, f"age range {low} to {high}, which a spreadsheet had turned into the date {plain}"


def _dated_ages(plain: str) -> tuple[int, int] | None:
    if found := _EXCEL_DATE.fullmatch(plain):
        index = _MONTHS.get((found[2] or found[3]).casefold())
        return None if index is None else (int(found[1] or found[4]), index)
    if found := _EXCEL_FULL_DATE.fullmatch(plain):
        return int(found[1]), int(found[2])
    return None


# The last code of 2011 in England and in Wales: what was added in 2021 is numbered on from there.
_LAST_2011 = {"E": 33_768, "W": 1_958}
_MIXED_FROM, _NEW_FROM = date(2022, 8, 1), date(2023, 6, 1)


def lsoa_vintage(code: str, occurred_on: date) -> LsoaVintage:
    """Return of which census a small-area code in open police data is.

    New codes are known by their number. Any other is of 2011 before August 2022 and of 2021 from June 2023;
    between the two, files hold both, and most codes are of both, so that it is not known.
    """
    if not code:
        return LsoaVintage.UNKNOWN
    last = _LAST_2011.get(code[0])
    if last is not None and code[1:3] == "01" and code[3:].isdigit() and int(code[3:]) > last:
        return LsoaVintage.CENSUS_2021
    if occurred_on < _MIXED_FROM:
        return LsoaVintage.CENSUS_2011
    return LsoaVintage.CENSUS_2021 if occurred_on >= _NEW_FROM else LsoaVintage.UNKNOWN
