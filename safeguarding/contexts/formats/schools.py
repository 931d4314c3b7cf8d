"""Schools: the register of establishments (GIAS) and London's schools atlas.

Owns the two layouts. A school is its URN, in both and in every year; a closed one keeps it. Head teachers'
names and telephone numbers, which the register also holds, are not read.
"""

from collections.abc import Sequence
from typing import ClassVar

from safeguarding.contexts.formats import cells
from safeguarding.contexts.formats.identity import Places, content_of
from safeguarding.contexts.formats.rows import BadRow, ContextRow, Options
from safeguarding.contexts.formats.table import Column, Layout
from safeguarding.core.geo import haversine_m

KIND = "school"
_FAR_APART_M = 250.0


class _Schools(Layout[ContextRow]):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._places = Places()

    def _urn(self, text: str) -> str:
        """A URN without leading zeros. Raises BadRow where there is none."""
        plain = text.strip()
        if not plain:
            raise BadRow("no URN")
        if not (plain.isascii() and plain.isdigit()):
            raise BadRow("the URN is not a number")
        return str(int(plain[:20]))

    def _name(self, text: str) -> str:
        name = cells.text_of(text)
        if not name:
            raise BadRow("no name")
        return name

    def _known(self, row: int, urn: str) -> tuple[str, int | None]:
        return self._places.keyed(row, "school", "urn", urn)


class Gias(_Schools):
    """Get Information about Schools: 133 to 139 columns, depending on the year; grid references only."""

    name: ClassVar[str] = "gias"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("URN", required=True),
        Column("EstablishmentName", required=True),
        Column("TypeOfEstablishment (name)"),
        Column("EstablishmentStatus (name)"),
        Column("OpenDate"),
        Column("CloseDate"),
        Column("PhaseOfEducation (name)"),
        Column("StatutoryLowAge"),
        Column("StatutoryHighAge"),
        Column("Street"),
        Column("Locality"),
        Column("Town"),
        Column("Postcode"),
        Column("AdministrativeWard (code)"),
        Column("AdministrativeWard (name)"),
        Column("LA (name)"),
        Column("LSOA (code)"),
        Column("Easting", required=True),
        Column("Northing", required=True),
    )

    def check_row(self, cells_of_row: Sequence[str]) -> None:
        """Raise BadRow for a missing URN or name and for a grid reference that is none."""
        self._urn(cells_of_row[0])
        self._name(cells_of_row[1])
        cells.grid_point(cells_of_row[17], cells_of_row[18])

    def parse(self, row: int, cells_of_row: Sequence[str]) -> ContextRow:
        """Return the row; see `check_row` for what is refused."""
        plain = [cells.text_of(cell) for cell in cells_of_row]
        urn, name = self._urn(cells_of_row[0]), self._name(cells_of_row[1])
        place = cells.grid_point(cells_of_row[17], cells_of_row[18])
        status, opened, closed, phase, low, high = plain[3:9]
        identity, repeats = self._known(row, urn)
        content, digest = content_of(self.titles, cells_of_row)
        return ContextRow(
            row=row,
            source=self.name,
            identity=identity,
            content=content,
            content_digest=digest,
            kind=KIND,
            kind_given=plain[2],
            name=name,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            reference=urn,
            address=", ".join(part for part in plain[9:12] if part),
            postcode=plain[12],
            ward=plain[14],
            ward_code=plain[13],
            phase="" if phase == "Not applicable" else phase,
            age_low=_age(low),
            age_high=_age(high),
            is_closed=status.casefold() == "closed",
            opened_on=cells.written_day(opened),
            closed_on=cells.written_day(closed),
            repeats=repeats,
            notes=tuple(_unreadable(("opening", opened), ("closing", closed))),
        )


class SchoolsAtlas(_Schools):
    """The London schools atlas: points and grid references; age ranges that a spreadsheet turned into dates."""

    name: ClassVar[str] = "schools-atlas"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("URN", required=True),
        Column("SCHOOL_NAM", ("SCHOOL_NAME", "school name"), required=True),
        Column("TYPE"),
        Column("PHASE"),
        Column("ADDRESS"),
        Column("TOWN"),
        Column("POSTCODE"),
        Column("STATUS"),
        Column("WARD_NAME"),
        Column("LSOA_NAME"),
        Column("LA_NAME"),
        Column("AGE"),
        Column("longitude", required=True),
        Column("latitude", required=True),
        Column("EASTING"),
        Column("NORTHING"),
    )

    def check_row(self, cells_of_row: Sequence[str]) -> None:
        """Raise BadRow for a missing URN or name and for a coordinate that is none."""
        self._urn(cells_of_row[0])
        self._name(cells_of_row[1])
        cells.point(cells_of_row[13], cells_of_row[12])
        cells.grid_point(cells_of_row[14], cells_of_row[15])

    def parse(self, row: int, cells_of_row: Sequence[str]) -> ContextRow:
        """Return the row; see `check_row` for what is refused."""
        plain = [cells.text_of(cell) for cell in cells_of_row]
        urn, name = self._urn(cells_of_row[0]), self._name(cells_of_row[1])
        point = cells.point(cells_of_row[13], cells_of_row[12])
        grid = cells.grid_point(cells_of_row[14], cells_of_row[15])
        place = point or grid
        low, high, repaired = cells.ages(plain[11])
        identity, repeats = self._known(row, urn)
        content, digest = content_of(self.titles, cells_of_row)
        return ContextRow(
            row=row,
            source=self.name,
            identity=identity,
            content=content,
            content_digest=digest,
            kind=KIND,
            kind_given=plain[2],
            name=name,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            reference=urn,
            address=", ".join(part for part in plain[4:6] if part),
            postcode=plain[6],
            ward=plain[8],
            phase="" if plain[3] == "Not applicable" else plain[3],
            age_low=low,
            age_high=high,
            is_closed=plain[7].casefold() == "closed",
            repeats=repeats,
            notes=tuple(note for note in (repaired, _apart(point, grid)) if note),
        )


def _age(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None


def _unreadable(*dates: tuple[str, str]) -> list[str]:
    return [f"the {what} date cannot be read" for what, text in dates if text and not cells.written_day(text)]


def _apart(point: tuple[float, float] | None, grid: tuple[float, float] | None) -> str | None:
    """A note where the point and the grid reference of one school are two places."""
    if not point or not grid:
        return None
    metres = haversine_m(*point, *grid)
    return f"the point lies {metres:,.0f} m from the grid reference" if metres > _FAR_APART_M else None
