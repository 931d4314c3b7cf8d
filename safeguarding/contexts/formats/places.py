"""Lists of places: tables of any office's making, with points or grid references.

Owns the `csv` layout of contexts: a name, a kind (or one kind for the whole file) and where it is. Councils
and the NHS write the same list with other headers, other delimiters, marks for "nothing" and stray
separators.
"""

from collections.abc import Sequence
from typing import ClassVar

from safeguarding.contexts.formats import cells
from safeguarding.contexts.formats.identity import Places, content_of
from safeguarding.contexts.formats.kinds import kind_of, settled_kind
from safeguarding.contexts.formats.rows import BadRow, ContextRow, Options
from safeguarding.contexts.formats.table import Column, Header, Layout

_POINT, _GRID = {"Latitude", "Longitude"}, {"Easting", "Northing"}


class PlacesTable(Layout[ContextRow]):
    """A list of places. Mandatory: a name, a point or a grid reference, and a kind unless the caller names one.

    Where a list has both `Venue` and `Name` (polling stations do) the venue is the place and the name its
    ward.
    """

    name: ClassVar[str] = "csv"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", ("place", "organisation name", "park name", "station name", "location text")),
        Column("Venue"),
        Column("Kind", ("type", "category", "organisation type", "site type")),
        Column("Latitude", ("lat", "y")),
        Column("Longitude", ("long", "lng", "lon", "x")),
        Column("Easting"),
        Column("Northing"),
        Column("Address", ("address 1", "street address", "street")),
        Column("Postcode", ("post code", "postal code")),
        Column("Ward", ("ward name",)),
        Column("Reference", ("organisation id", "site id", "uprn")),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._places = Places()

    def check_header(self, header: Header) -> str | None:
        """Refuse a list without names, without any kind, or without points and grid references."""
        absent = set(header.absent)
        if {"Name", "Venue"} <= absent:
            return "it has no column Name"
        if _POINT & absent and _GRID & absent:
            return "it has neither the columns Latitude and Longitude nor Easting and Northing"
        if "Kind" in absent and not self.options.kind:
            return "it has no column Kind, and no kind was named for the whole file"
        if self.options.kind and kind_of(self.options.kind) is None:
            return f"“{self.options.kind}” is no kind of place"
        return None

    def check_row(self, cells_of_row: Sequence[str]) -> None:
        """Raise BadRow for a missing name and for a coordinate that is none."""
        plain = [cells.text_of(cell) for cell in cells_of_row]
        self._place(plain)
        if not (plain[1] or plain[0]):
            raise BadRow("no name")

    def parse(self, row: int, cells_of_row: Sequence[str]) -> ContextRow:
        """Return the row; see `check_row` for what is refused."""
        plain = [cells.text_of(cell) for cell in cells_of_row]
        place = self._place(plain)
        name = plain[1] or plain[0]
        if not name:
            raise BadRow("no name")
        given = plain[2].strip("; ")
        kind = settled_kind(given, self.options.kind)
        content, digest = content_of(self.titles, cells_of_row)
        identity, repeats = self._identify(row, plain[10], kind, name, digest)
        return ContextRow(
            row=row,
            source=self.name,
            identity=identity,
            content=content,
            content_digest=digest,
            kind=kind,
            kind_given=given,
            name=name,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            reference=plain[10],
            address=plain[7],
            postcode=plain[8].upper(),
            ward=plain[9] or (plain[0] if plain[1] else ""),
            repeats=repeats,
        )

    def _place(self, plain: Sequence[str]) -> tuple[float, float] | None:
        return cells.point(plain[3], plain[4]) or cells.grid_point(plain[5], plain[6])

    def _identify(self, row: int, reference: str, kind: str, name: str, digest: str) -> tuple[str, int | None]:
        if reference:
            return self._places.keyed(row, "place", "reference", kind, reference)
        return self._places.named(row, digest, "place", "name", kind, name.casefold())
