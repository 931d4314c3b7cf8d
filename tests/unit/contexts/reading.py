"""Helpers of the format tests: read a file by a format's name, or a text written for one test."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from safeguarding.contexts.formats.catalogue import CONTEXT_FORMATS, INCIDENT_FORMATS, open_rows
from safeguarding.contexts.formats.rows import ContextRow, IncidentRow, RowRefusal

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"shared data absent: {SHARED}")

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

R = TypeVar("R", IncidentRow, ContextRow)


def incidents(path: Path, named: str = "police-street") -> list[IncidentRow]:
    """Every row of a file of which none is refused."""
    with open_rows(path, INCIDENT_FORMATS[named]) as reader:
        return accepted(list(reader))


def contexts(path: Path, named: str, kind: str | None = None) -> list[ContextRow]:
    """Every row of a file of which none is refused."""
    with open_rows(path, CONTEXT_FORMATS[named], kind=kind) as reader:
        return accepted(list(reader))


def accepted(rows: Sequence[R | RowRefusal]) -> list[R]:
    refused = [row for row in rows if isinstance(row, RowRefusal)]
    assert refused == []
    return [row for row in rows if not isinstance(row, RowRefusal)]


def reasons(path: Path, named: str = "police-street") -> list[tuple[int, str]]:
    """The rows refused, and why."""
    with open_rows(path, INCIDENT_FORMATS[named]) as reader:
        return [(row.row, row.reason) for row in reader if isinstance(row, RowRefusal)]


def street_row(**cells: str) -> list[str]:
    """The cells of one recorded crime; give those that matter, with `_` for a blank in a title."""
    plain = {
        "Month": "2026-03",
        "Reported by": "Marlbridge Police Service",
        "Falls within": "Marlbridge Police Service",
        "Longitude": "0.500000",
        "Latitude": "51.200000",
        "Location": "On or near Quarry Lane",
        "Crime type": "Burglary",
    }
    plain.update({title.replace("_", " "): cell for title, cell in cells.items()})
    assert set(plain) <= set(STREET)
    return [plain.get(title, "") for title in STREET]


def as_text(*rows: Sequence[str], header: Sequence[str] = STREET) -> str:
    """A header and rows as CSV, with LF as line end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def written(folder: Path, content: str | bytes, name: str = "file.csv") -> Path:
    """A file of exactly this content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path
