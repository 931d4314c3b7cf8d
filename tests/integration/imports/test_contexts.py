"""Taking files of places in, on both databases."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding.cli.importing import ACTOR
from safeguarding.contexts import importing
from safeguarding.contexts.models import (
    Context,
    ContextAlias,
    ContextKind,
    ContextRisk,
    ContextVersion,
    ImportRun,
    ImportState,
    Ward,
)
from safeguarding.extensions import db
from tests.integration.imports.files import crime, street, written

DATA = Path(__file__).parents[2] / "data"
HEADER = ("Name", "Kind", "Latitude", "Longitude", "Postcode", "Reference")


def take_in(path: Path, name: str = "csv", **options: Any) -> importing.Account:
    account = importing.import_contexts(ACTOR, path, name, **options)
    assert account.read == account.created + account.updated + account.unchanged + account.refused
    return account


def places(path: Path, *rows: tuple[object, ...]) -> Path:
    return written(path, HEADER, rows)


def counts(account: importing.Account) -> tuple[int, ...]:
    return account.read, account.created, account.updated, account.unchanged, account.refused


def contexts() -> list[Context]:
    return list(db.session.scalars(select(Context).order_by(Context.id)))


PARK = ("Tanner’s Fields", "Park", 51.5, -0.1, "SE1 7AA", "P1")
HOME = ("12 High Street", "Private address", 51.51, -0.1, "", "P2")


def test_places_are_made_with_a_figure_of_their_own(in_app: Flask, tmp_path: Path) -> None:
    account = take_in(places(tmp_path / "a.csv", PARK, HOME))
    assert counts(account) == (2, 2, 0, 0, 0)
    park, home = contexts()
    assert (park.kind, park.name, park.postcode, park.is_restricted) == (ContextKind.PARK, PARK[0], "SE1 7AA", False)
    assert home.is_restricted
    assert db.session.scalar(select(func.count()).select_from(ContextRisk)) == 2


def test_the_same_places_again_change_nothing_and_a_later_list_keeps_what_was(in_app: Flask, tmp_path: Path) -> None:
    path = places(tmp_path / "a.csv", PARK, HOME)
    take_in(path)
    assert counts(take_in(path)) == (2, 0, 0, 2, 0)
    moved = places(tmp_path / "b.csv", ("Tanner’s Fields and Wood", *PARK[1:]))
    assert counts(take_in(moved)) == (1, 0, 1, 0, 0)
    assert contexts()[0].name == "Tanner’s Fields and Wood"
    kept = db.session.scalars(select(ContextVersion.content)).one()
    assert json.loads(kept)["name"] == PARK[0]


def test_the_same_school_in_another_list_is_the_same_place(in_app: Flask) -> None:
    first = take_in(DATA / "q15_schools_atlas.csv", "schools-atlas")
    assert first.created > 0
    again = take_in(DATA / "q15_schools_atlas.csv", "schools-atlas")
    assert (again.created, again.updated) == (0, 0)
    gias = take_in(DATA / "q16_gias.csv", "gias")
    assert gias.created > 0
    assert take_in(DATA / "q16_gias.csv", "gias").created == 0
    keys = [context.source_key for context in contexts()]
    assert len(set(keys)) == len(keys)


def test_the_register_may_change_a_school_and_another_list_may_not(in_app: Flask, tmp_path: Path) -> None:
    header = ("URN", "SCHOOL_NAM", "longitude", "latitude")
    atlas = written(tmp_path / "a.csv", header, [("100001", "Old name", -0.1, 51.5)])
    register = ("URN", "EstablishmentName", "Easting", "Northing")
    gias = written(tmp_path / "g.csv", register, [("100001", "New name", 531000, 178000)])
    take_in(atlas, "schools-atlas")
    assert counts(take_in(gias, "gias")) == (1, 0, 1, 0, 0)
    assert counts(take_in(atlas, "schools-atlas")) == (1, 0, 0, 1, 0)
    assert [(context.name, context.source) for context in contexts()] == [("New name", "gias")]
    assert counts(take_in(gias, "gias")) == (1, 0, 0, 1, 0)


def test_wards_are_the_outline_of_the_borough_and_no_contexts(in_app: Flask, tmp_path: Path) -> None:
    first = take_in(DATA / "q21_wards.geojson", "geojson", kind="ward")
    assert first.created == len(list(db.session.scalars(select(Ward.id)))) > 0
    assert contexts() == []
    again = take_in(DATA / "q21_wards.geojson", "geojson", kind="ward")
    assert (again.created, again.updated) == (0, 0)


def test_a_point_is_put_into_the_ward_that_holds_it(in_app: Flask, tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [[[-0.2, 51.4], [0, 51.4], [0, 51.6], [-0.2, 51.6], [-0.2, 51.4]]]}
    wards = tmp_path / "w.geojson"
    feature = {"type": "Feature", "properties": {"name": "Riverside"}, "geometry": square}
    wards.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    take_in(wards, "geojson", kind="ward")
    account = take_in(places(tmp_path / "a.csv", PARK, ("Far away", "Park", 52.5, -0.1, "", "P3")))
    assert [context.ward for context in contexts()] == ["Riverside", None]
    assert account.matched == 1
    outside = importing.import_incidents(
        ACTOR, street(tmp_path / "c.csv", [crime(place=(52.5, -0.1))]), "police-street"
    )
    assert outside.matched == 1


def test_a_closed_school_has_ended(in_app: Flask, tmp_path: Path) -> None:
    header = ("URN", "EstablishmentName", "EstablishmentStatus (name)", "CloseDate", "Easting", "Northing")
    rows = [
        ("100001", "Old School", "Closed", "31-08-2019", 531000, 178000),
        ("100002", "New", "Open", "", 531000, 178000),
    ]
    take_in(written(tmp_path / "g.csv", header, rows), "gias")
    old, new = contexts()
    assert (str(old.ended_on), new.ended_on) == ("2019-08-31", None)


def test_halves_of_characters_are_stored_as_question_marks(in_app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Odd \\ud800 place"},'
        '"geometry":{"type":"Point","coordinates":[-0.1,51.5]}}]}'
    )
    assert counts(take_in(path, "geojson", kind="park")) == (1, 1, 0, 0, 0)
    assert contexts()[0].name == "Odd ? place"


class Stopped(Exception):
    """What stands for a power cut."""


def test_a_run_withdrawn_takes_its_unused_places_away_and_puts_back_what_was(
    in_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(places(tmp_path / "a.csv", PARK))
    changed = ("Another name", *PARK[1:])
    rows = [changed, *((f"Place {n}", "Park", 51.5, -0.1, "", f"N{n}") for n in range(3))]

    def watch(_done: int, _size: int) -> None:
        raise Stopped

    monkeypatch.setattr(importing, "BATCH", 3)
    with pytest.raises(Stopped):
        take_in(places(tmp_path / "b.csv", *rows), watch=watch)
    assert [context.name for context in contexts()] == ["Another name", "Place 0", "Place 1"]
    # Somebody has begun to work with one of the new places.
    db.session.add(ContextAlias(context_id=contexts()[2].id, name="The Tans"))
    db.session.commit()
    account = take_in(places(tmp_path / "c.csv", HOME))
    assert len(account.withdrawn) == 1
    db.session.expire_all()
    assert [context.name for context in contexts()] == [PARK[0], "Place 1", HOME[0]]
    assert contexts()[1].run_id is None
    assert db.session.scalar(select(ContextVersion.id)) is None
    assert set(db.session.scalars(select(ImportRun.state))) == {ImportState.COMPLETE, ImportState.WITHDRAWN}
