"""Small files of our own making, as police.uk, hospitals and partners write theirs."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

STREET = (
    "Crime ID",
    "Month",
    "Reported by",
    "Falls within",
    "Longitude",
    "Latitude",
    "Location",
    "LSOA code",
    "LSOA name",
    "Crime type",
    "Last outcome category",
    "Context",
)
PARTNERS = ("Reference", "Agency", "Date", "Category", "Location", "Latitude", "Longitude", "Age band", "Grade")
FORCE = "Marlbridge Police"


def written(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a CSV file and return its path."""
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])
    return path


def crime(
    crime_id: str = "",
    *,
    month: str = "2026-01",
    place: tuple[float, float] | None = (51.5, -0.1),
    location: str = "On or near High Street",
    kind: str = "Robbery",
    outcome: str = "Under investigation",
    force: str = FORCE,
) -> list[object]:
    """Return a row of recorded crime."""
    lat, lng = place or ("", "")
    return [crime_id, month, force, force, lng, lat, location, "E01003047", "Marl 001A", kind, outcome, ""]


def street(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write a file of recorded crime."""
    return written(path, STREET, rows)


def partners(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write a partner's list: reference, agency, date, category, location, latitude, longitude, age band, grade."""
    return written(path, PARTNERS, rows)
