"""Open police data: recorded crime by month, and stop and search, as police.uk publishes them.

Owns the two layouts. Both are background to what a place's rubric counts: there is no age on a crime,
points are moved to the nearest of a list, and stop and search measures policing, not harm. A crime id is no
key (blank for some forces, many times over for others), so that rows are told apart as the n-th of their
like.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from safeguarding.contexts.formats import cells
from safeguarding.contexts.formats.identity import Occurrences, content_of
from safeguarding.contexts.formats.rows import IncidentRow, Options
from safeguarding.contexts.formats.table import Column, Layout
from safeguarding.contexts.vocabulary import IncidentHarm, Precision
from safeguarding.core.clock import LONDON

# Only where the published type means one thing: "Violence and sexual offences" and "Drugs" each hold several.
_HARMS = {"robbery": IncidentHarm.ROBBERY, "possession of weapons": IncidentHarm.WEAPON}


class PoliceStreet(Layout[IncidentRow]):
    """Recorded crime: only a month, never a day; the point is blurred, and may be missing."""

    name: ClassVar[str] = "police-street"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Crime ID"),
        Column("Month", required=True),
        Column("Reported by"),
        Column("Falls within"),
        Column("Longitude", required=True),
        Column("Latitude", required=True),
        Column("Location"),
        Column("LSOA code"),
        Column("LSOA name"),
        Column("Crime type", required=True),
        Column("Last outcome category"),
        Column("Context"),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._occurrences = Occurrences()

    def check_row(self, cells_of_row: Sequence[str]) -> None:
        """Raise BadRow for a missing or unreadable month and for a coordinate that is none."""
        cells.month(cells_of_row[1])
        cells.point(cells_of_row[5], cells_of_row[4])

    def parse(self, row: int, cells_of_row: Sequence[str]) -> IncidentRow:
        """Return the row; see `check_row` for what is refused."""
        plain = [cell.strip() for cell in cells_of_row]
        crime_id, month, reported, within, lng, lat, location, lsoa, _, crime_type, outcome, _ = plain
        occurred_on = cells.month(month)
        place = cells.point(lat, lng)
        force = reported or within
        identity, n = self._occurrences.identify(self._parts(force, crime_id, plain, place))
        content, digest = content_of(self.titles, cells_of_row)
        return IncidentRow(
            row=row,
            source=self.name,
            force=force,
            identity=identity,
            occurrence=n,
            content=content,
            content_digest=digest,
            precision=Precision.MONTH,
            occurred_on=occurred_on,
            occurred_at=None,
            category=crime_type,
            harm=_HARMS.get(crime_type.casefold()),
            reference=crime_id,
            location=location,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            lsoa_code=lsoa,
            lsoa_vintage=cells.lsoa_vintage(lsoa, occurred_on),
            outcome=outcome,
            background=True,
            blurred=True,
        )

    def _parts(self, force: str, crime_id: str, plain: list[str], place: tuple[float, float] | None) -> tuple[str, ...]:
        """Who the row is: by its id and type where it has an id, otherwise by every cell but the outcome."""
        if crime_id:
            return self.name, force, plain[1], "id", crime_id, plain[9]
        return (self.name, force, "cells", *plain[1:4], *_written(place), *plain[6:10], plain[11])


class StopAndSearch(Layout[IncidentRow]):
    """Stops and searches: an instant in UTC, anonymous, a fifth of them without a place or an age.

    The layout has no force; where the file's name is the published one the force is read from it, but a
    renamed copy is the same file, so that the name is no part of a row's identity.
    """

    name: ClassVar[str] = "police-stop-and-search"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Type", required=True),
        Column("Date", required=True),
        Column("Part of a policing operation"),
        Column("Policing operation"),
        Column("Latitude", required=True),
        Column("Longitude", required=True),
        Column("Gender"),
        Column("Age range"),
        Column("Self-defined ethnicity"),
        Column("Officer-defined ethnicity"),
        Column("Legislation"),
        Column("Object of search"),
        Column("Outcome"),
        Column("Outcome linked to object of search"),
        Column("Removal of more than just outer clothing"),
    )
    _FORCE = re.compile(r"\d{4}-\d{2}-(.{1,100})-stop-and-search", re.ASCII)

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._occurrences = Occurrences()
        found = self._FORCE.match(options.file_name)
        self._force = found[1] if found else ""

    def check_row(self, cells_of_row: Sequence[str]) -> None:
        """Raise BadRow for a missing or unreadable date and for a coordinate that is none."""
        cells.utc_instant(cells_of_row[1])
        cells.point(cells_of_row[4], cells_of_row[5])

    def parse(self, row: int, cells_of_row: Sequence[str]) -> IncidentRow:
        """Return the row; see `check_row` for what is refused."""
        plain = [cell.strip() for cell in cells_of_row]
        occurred_at = cells.utc_instant(plain[1])
        place = cells.point(plain[4], plain[5])
        identity, n = self._occurrences.identify(self._parts(plain, occurred_at, place))
        content, digest = content_of(self.titles, cells_of_row)
        return IncidentRow(
            row=row,
            source=self.name,
            force=self._force,
            identity=identity,
            occurrence=n,
            content=content,
            content_digest=digest,
            precision=Precision.INSTANT,
            occurred_on=occurred_at.astimezone(LONDON).date(),
            occurred_at=occurred_at,
            category=plain[11] or plain[0],
            harm=None,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            outcome=plain[12],
            age_band=plain[7],
            young_person_involved=cells.aged_10_to_25(plain[7]),
            background=True,
            blurred=True,
        )

    def _parts(self, plain: list[str], occurred_at: datetime, place: tuple[float, float] | None) -> tuple[str, ...]:
        """Who the row is: every cell but the two that tell of the outcome, which later months fill in."""
        return (
            self.name,
            plain[0],
            occurred_at.isoformat(),
            *plain[2:4],
            *_written(place),
            *plain[6:12],
            plain[14],
        )


def _written(place: tuple[float, float] | None) -> tuple[str, str]:
    """A point as text: archives write the same one with different numbers of digits."""
    return ("", "") if place is None else (f"{place[0]:.6f}", f"{place[1]:.6f}")
