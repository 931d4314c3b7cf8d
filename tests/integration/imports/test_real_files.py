"""The published files, where they are at hand: every row stored or refused, again nothing, later updates."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.cli.importing import ACTOR
from safeguarding.contexts import importing
from safeguarding.contexts.formats.rows import NotThisFormat
from safeguarding.contexts.models import Context, Incident
from safeguarding.contexts.records import live_incidents
from safeguarding.extensions import db

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"shared data absent: {DATA.name}")
STREET = "police/street/2023-01-metropolitan-street-sample.csv"
LATER = "police/street/2023-01-metropolitan-street-sample.LATER-ARCHIVE.burglary.csv"


def incidents(path: str, name: str = "police-street") -> importing.Account:
    account = importing.import_incidents(ACTOR, DATA / path, name)
    assert account.read == account.created + account.updated + account.unchanged + account.refused
    return account


def expected(path: str) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((DATA / "EXPECTED.json").read_text())[path]
    return counts


@needs_data
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (STREET, "police-street"),
        ("police/street/2024-01-city-of-london-street.csv", "police-street"),
        ("police/street/2024-01-btp-street.csv", "police-street"),
        ("police/stop-and-search/2024-06-metropolitan-stop-and-search.csv", "police-stop-and-search"),
    ],
)
def test_every_row_of_a_published_file_is_stored_and_none_twice(in_app: Flask, path: str, name: str) -> None:
    account = incidents(path, name)
    assert (account.created, account.refused) == (expected(path)["rows"], 0)
    again = incidents(path, name)
    assert (again.created, again.updated, again.unchanged) == (0, 0, account.created)


@needs_data
def test_a_later_archive_updates_and_adds_none(in_app: Flask) -> None:
    first = incidents(STREET)
    later = incidents(LATER)
    assert (later.created, later.refused) == (0, 0)
    assert later.updated > 100
    assert len(db.session.scalars(select(Incident.id).where(live_incidents())).all()) == first.created
    assert len(db.session.scalars(select(Incident.id)).all()) == first.created + later.updated


@needs_data
def test_schools_and_wards_are_where_they_say(in_app: Flask) -> None:
    wards = importing.import_contexts(
        ACTOR, DATA / "boundaries" / "lambeth_wards_2022_clean.geojson", "geojson", kind="ward"
    )
    atlas = importing.import_contexts(ACTOR, DATA / "schools" / "all_schools_xy_2016.csv", "schools-atlas")
    assert (wards.created, atlas.read, atlas.created, atlas.unchanged) == (25, 3889, 3493, 396)
    assert atlas.matched > 80
    points = select(Context.id).where(Context.latitude.is_(None))
    assert db.session.scalars(points).all() == []


@needs_data
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("police/street/lambeth-met-outcomes-2024.csv", "police-street"),
        ("police/stop-and-search/api-stops-force-city-of-london-2023-01.json", "police-stop-and-search"),
        ("schools/gias_links_20250422_lambeth.csv", "police-street"),
    ],
)
def test_what_is_another_file_is_refused_whole(in_app: Flask, path: str, name: str) -> None:
    with pytest.raises(NotThisFormat):
        incidents(path, name)
