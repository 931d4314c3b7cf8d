"""The formats by name, and the one way to open a file by one of them.

Owns the two lists: what tells of incidents and what tells of places. `csv` stands in both and means two
layouts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Generic

from safeguarding.contexts.formats.geojson import GeoJsonReader
from safeguarding.contexts.formats.partners import Istv, PartnerIncidents
from safeguarding.contexts.formats.places import PlacesTable
from safeguarding.contexts.formats.police import PoliceStreet, StopAndSearch
from safeguarding.contexts.formats.rows import ContextRow, IncidentRow, Options, R, Reader
from safeguarding.contexts.formats.schools import Gias, SchoolsAtlas
from safeguarding.contexts.formats.table import Layout, TableReader


@dataclass(frozen=True, slots=True)
class Format(Generic[R]):
    """A named format and how to open a file of it."""

    name: str
    opens: Callable[[Path, Options], Reader[R]]


def _table(layout: type[Layout[R]]) -> Format[R]:
    return Format(layout.name, lambda path, options: TableReader(path, layout(options)))


INCIDENT_FORMATS: Mapping[str, Format[IncidentRow]] = MappingProxyType(
    {layout.name: _table(layout) for layout in (PoliceStreet, StopAndSearch, Istv, PartnerIncidents)}
)
CONTEXT_FORMATS: Mapping[str, Format[ContextRow]] = MappingProxyType(
    {
        **{layout.name: _table(layout) for layout in (Gias, SchoolsAtlas, PlacesTable)},
        "geojson": Format("geojson", GeoJsonReader),
    }
)


def open_rows(path: Path, named: Format[R], *, kind: str | None = None) -> Reader[R]:
    """Open a file as the named format; `kind` is the kind of its places where no row says it.

    Raises NotThisFormat before any row where the file is not of the format, OSError where it cannot be read.
    Use it as a context manager and go through it once.
    """
    return named.opens(path, Options(file_name=path.name, kind=kind))
