"""Files of places: schools, lists of any office's making, GeoJSON."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from safeguarding.contexts.formats import geojson
from safeguarding.contexts.formats.catalogue import CONTEXT_FORMATS, open_rows
from safeguarding.contexts.formats.kinds import KINDS, kind_of, settled_kind
from safeguarding.contexts.formats.rows import ContextRow, NotThisFormat, RowRefusal
from safeguarding.core.geo import haversine_m
from tests.unit.contexts.reading import DATA, as_text, contexts, written


def refusals(path: Path, named: str, kind: str | None = None) -> list[tuple[int, str]]:
    with open_rows(path, CONTEXT_FORMATS[named], kind=kind) as reader:
        return [(row.row, row.reason) for row in reader if isinstance(row, RowRefusal)]


def near_quarry(row: ContextRow) -> bool:
    assert row.lat is not None and row.lng is not None
    return haversine_m(row.lat, row.lng, 51.2, 0.5) < 5


# The schools atlas


def test_q15_ages_that_a_spreadsheet_turned_into_dates_are_given_back() -> None:
    rows = contexts(DATA / "q15_schools_atlas.csv", "schools-atlas")
    assert [(row.age_low, row.age_high) for row in rows[:5]] == [(11, 18), (3, 11), (12, 16), (14, 19), (None, None)]
    assert rows[0].notes == ("age range 11 to 18, which a spreadsheet had turned into the date 18-Nov",)
    assert rows[3].notes == ()


@pytest.mark.parametrize(
    ("age", "low", "high"),
    [
        ("18-Nov", 11, 18),
        ("11-Mar", 3, 11),
        ("03-Nov", 3, 11),
        ("Nov-18", 11, 18),
        ("19-Jan", 1, 19),
        ("25-MAR", 3, 25),
        ("16/12/2016", 12, 16),
        ("11 - 18", 11, 18),
        ("11–18", 11, 18),
        ("11 to 18", 11, 18),
        ("11-Foo", None, None),
        ("", None, None),
        ("primary", None, None),
    ],
)
def test_an_age_range_in_any_spelling(tmp_path: Path, age: str, low: int | None, high: int | None) -> None:
    header = ("URN", "SCHOOL_NAM", "AGE", "longitude", "latitude")
    path = written(tmp_path, as_text(["900001", "Quarry School", age, "0.5", "51.2"], header=header))
    [row] = contexts(path, "schools-atlas")
    assert (row.age_low, row.age_high) == (low, high)


def test_q15_a_repeated_school_is_one_and_a_blank_cell_is_nothing() -> None:
    rows = contexts(DATA / "q15_schools_atlas.csv", "schools-atlas")
    assert [row.repeats for row in rows] == [None, None, None, None, None, 1, None]
    assert rows[5].identity == rows[0].identity
    assert len({row.identity for row in rows}) == 6
    assert [row.is_closed for row in rows] == [False, False, False, False, True, False, False]
    assert rows[2].phase == ""
    assert rows[0].ward == "Quarry & Mill"
    assert (rows[0].kind, rows[0].reference, rows[0].postcode) == ("school", "900001", "MB1 1AA")


def test_q15_a_point_far_from_its_own_grid_reference_is_noted() -> None:
    rows = contexts(DATA / "q15_schools_atlas.csv", "schools-atlas")
    [note] = [note for note in rows[6].notes if "grid reference" in note]
    assert note == "the point lies 7,975 m from the grid reference"
    assert near_quarry(rows[6])
    assert not any("grid reference" in note for row in rows[:6] for note in row.notes)


def test_a_school_without_a_point_is_placed_by_its_grid_reference(tmp_path: Path) -> None:
    header = ("URN", "SCHOOL_NAM", "longitude", "latitude", "EASTING", "NORTHING")
    rows = [["1", "A", " ", " ", "574759", "147502"], ["2", "B", "", "", "", ""]]
    first, second = contexts(written(tmp_path, as_text(*rows, header=header)), "schools-atlas")
    assert near_quarry(first)
    assert second.lat is None


# The register


def test_q16_the_register_in_windows_1252_with_closed_schools_and_long_rows() -> None:
    with open_rows(DATA / "q16_gias.csv", CONTEXT_FORMATS["gias"]) as reader:
        rows = [row for row in reader if isinstance(row, ContextRow)]
        assert reader.encoding == "windows-1252"
        assert (reader.counters.refused, reader.counters.ignored_cells) == (0, 3)
    assert [row.name for row in rows][:2] == ["St Osyth à Beckett School", "Weir School"]
    assert near_quarry(rows[0])
    assert [(row.is_closed, row.closed_on) for row in rows[:3]] == [
        (False, None),
        (True, date(2019, 8, 31)),
        (False, None),
    ]
    assert rows[0].opened_on == date(2001, 9, 1)
    assert rows[3].lat is None
    assert (rows[4].opened_on, rows[4].notes) == (None, ("the opening date cannot be read",))
    assert (rows[0].ward, rows[0].ward_code, rows[0].age_low, rows[0].age_high) == (
        "Quarry & Mill",
        "E05999001",
        11,
        18,
    )
    assert rows[0].address == "1 Quarry Lane, Marlbridge"


def test_the_register_s_names_and_telephone_numbers_of_people_are_not_kept() -> None:
    rows = contexts(DATA / "q16_gias.csv", "gias")
    assert all("Invented" not in row.content and "01632" not in row.content for row in rows)


def test_q16_links_between_schools_are_no_schools() -> None:
    with pytest.raises(NotThisFormat, match="not a gias file: it has no column EstablishmentName"):
        contexts(DATA / "q16_gias_links.csv", "gias")


def test_a_school_is_the_same_in_the_atlas_and_in_the_register(tmp_path: Path) -> None:
    atlas = as_text(["900011", "Old name", "0.5", "51.2"], header=("URN", "SCHOOL_NAM", "longitude", "latitude"))
    [from_atlas] = contexts(written(tmp_path, atlas), "schools-atlas")
    assert from_atlas.identity == contexts(DATA / "q16_gias.csv", "gias")[0].identity


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["", "Quarry School", "574759", "147502"], "no URN"),
        (["ABC", "Quarry School", "574759", "147502"], "the URN is not a number"),
        (["1", " ", "574759", "147502"], "no name"),
        (["1", "Quarry School", "east", "147502"], "easting is not a number"),
        (["1", "Quarry School", "-5", "147502"], "the grid reference is out of range"),
        (["1", "Quarry School", "574759", "9999999"], "the grid reference is out of range"),
        (["1", "Quarry School", "574759"], "too few cells: 3 where the header has 4"),
    ],
)
def test_a_school_that_breaks_the_layout_is_refused(tmp_path: Path, cells: list[str], why: str) -> None:
    header = ("URN", "EstablishmentName", "Easting", "Northing")
    assert refusals(written(tmp_path, as_text(cells, header=header)), "gias") == [(1, why)]


def test_a_grid_reference_of_noughts_is_none(tmp_path: Path) -> None:
    header = ("URN", "EstablishmentName", "Easting", "Northing")
    [row] = contexts(written(tmp_path, as_text(["1", "Quarry School", "0", "0"], header=header)), "gias")
    assert row.lat is None


# Lists of any office


def test_q17_an_odd_delimiter_an_exponent_and_one_hospital_twice() -> None:
    rows = contexts(DATA / "q17_hospitals.csv", "csv")
    assert [row.name for row in rows] == [
        "St Osyth’s Hospital",
        "St Osyth’s Hospital",
        "The Weir Hospital",
        "Château Clinic",
    ]
    assert [row.repeats for row in rows] == [None, 1, None, None]
    assert (rows[0].lng, rows[0].kind, rows[3].lat) == (-0.0894, "hospital", None)


def test_q18_grid_references_only_and_leading_zeros() -> None:
    rows = contexts(DATA / "q18_council_list.csv", "csv", kind="playground")
    assert near_quarry(rows[0])
    assert [row.name for row in rows] == ["Quarry Play Project", "Weir Adventure Playground", "Lost Play Project"]
    assert rows[2].lat is None
    assert {row.kind for row in rows} == {"playground"}


def test_q18_a_venue_is_the_place_and_the_name_beside_it_its_ward() -> None:
    [row] = contexts(DATA / "q18_polling_stations.csv", "csv", kind="school")
    assert (row.name, row.ward, row.address) == ("Quarry Primary School", "Quarry & Mill", "1 Quarry Lane, Marlbridge")


def test_q19_marks_for_nothing_and_markup_are_cleaned_and_a_place_may_be_missing() -> None:
    rows = contexts(DATA / "q19_stations.csv", "csv", kind="station")
    assert [(row.name, row.lat, row.ward, row.postcode) for row in rows] == [
        ("Marlbridge Town", 51.2, "", ""),
        ("Picadilly End", None, "", "MB2"),
    ]


def test_q19_a_list_without_any_points_is_refused_whole() -> None:
    with pytest.raises(NotThisFormat, match="neither the columns Latitude and Longitude nor Easting and Northing"):
        contexts(DATA / "q19_stations_without_points.csv", "csv", kind="station")


def test_q20_a_byte_order_mark_a_trailing_semicolon_and_an_outward_postcode() -> None:
    rows = contexts(DATA / "q20_parks.csv", "csv")
    assert [(row.kind, row.kind_given, row.postcode) for row in rows] == [
        ("park", "Garden Square", "MB1"),
        ("park", "Common", "MB1/MB2"),
        ("other", "Heath", ""),
    ]
    assert contexts(DATA / "q20_parks.csv", "csv", kind="park")[2].kind == "park"


@pytest.mark.parametrize(
    ("header", "kind", "why"),
    [
        (("Title", "Kind", "Latitude", "Longitude"), None, "it has no column Name"),
        (("Name", "Kind", "Latitude"), None, "it has neither the columns"),
        (("Name", "Latitude", "Longitude"), None, "it has no column Kind, and no kind was named"),
        (("Name", "Latitude", "Longitude"), "spaceport", "“spaceport” is no kind of place"),
    ],
)
def test_a_list_that_lacks_what_a_place_needs_is_refused_whole(
    tmp_path: Path, header: tuple[str, ...], kind: str | None, why: str
) -> None:
    with pytest.raises(NotThisFormat, match=why):
        contexts(written(tmp_path, as_text(header=header)), "csv", kind=kind)


def test_the_plain_layout(tmp_path: Path) -> None:
    header = ("name", "kind", "latitude", "longitude", "ward", "postcode", "reference")
    text = as_text(["Mill Common", "park", "51.2", "0.5", "Quarry & Mill", "mb1 1aa", "P-1"], header=header)
    [row] = contexts(written(tmp_path, text), "csv")
    assert (row.name, row.kind, row.lat, row.lng) == ("Mill Common", "park", 51.2, 0.5)
    assert (row.ward, row.postcode, row.reference) == ("Quarry & Mill", "MB1 1AA", "P-1")


def test_places_of_one_name_are_one_only_where_they_say_the_same(tmp_path: Path) -> None:
    header = ("name", "kind", "latitude", "longitude")
    here, there = ["Playground", "playground", "51.2", "0.5"], ["Playground", "playground", "51.3", "0.5"]
    path = written(tmp_path, as_text(here, there, here, header=header))
    rows = contexts(path, "csv")
    assert [row.repeats for row in rows] == [None, None, 1]
    assert len({row.identity for row in rows}) == 2
    assert contexts(path, "csv") == rows


def test_a_place_that_moved_keeps_its_identity(tmp_path: Path) -> None:
    header = ("name", "kind", "latitude", "longitude")
    [first] = contexts(written(tmp_path, as_text(["Mill", "park", "51.2", "0.5"], header=header)), "csv")
    [later] = contexts(written(tmp_path, as_text(["MILL", "Park", "51.3", "0.5"], header=header)), "csv")
    assert first.identity == later.identity
    assert first.content_digest != later.content_digest


def test_a_place_with_a_reference_of_its_own_is_known_by_it(tmp_path: Path) -> None:
    header = ("name", "kind", "latitude", "longitude", "reference")
    mill = ["Mill", "park", "51.2", "0.5", "P-1"]
    renamed, other = ["Mill Green", *mill[1:]], [*mill[:4], "P-2"]
    rows = contexts(written(tmp_path, as_text(mill, renamed, other, header=header)), "csv")
    assert [row.repeats for row in rows] == [None, 1, None]


def test_a_urn_with_leading_zeros_is_the_same_school(tmp_path: Path) -> None:
    header = ("URN", "EstablishmentName", "Easting", "Northing")
    rows = contexts(written(tmp_path, as_text(["0123", "A", "", ""], ["123", "A", "", ""], header=header)), "gias")
    assert [(row.reference, row.repeats) for row in rows] == [("123", None), ("123", 1)]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["", "park", "51.2", "0.5"], "no name"),
        (["N/A", "park", "51.2", "0.5"], "no name"),
        (["Mill", "park", "91", "0.5"], "the coordinates are out of range"),
        (["Mill", "park", "51.2", "half"], "longitude is not a number"),
        (["Mill", "park", "51.2"], "too few cells: 3 where the header has 4"),
    ],
)
def test_a_place_that_breaks_the_layout_is_refused(tmp_path: Path, cells: list[str], why: str) -> None:
    header = ("name", "kind", "latitude", "longitude")
    assert refusals(written(tmp_path, as_text(cells, header=header)), "csv") == [(1, why)]


def test_a_bad_row_does_not_hide_a_good_one_of_the_same_name(tmp_path: Path) -> None:
    header = ("name", "kind", "latitude", "longitude")
    path = written(tmp_path, as_text(["Mill", "park", "x", "0.5"], ["Mill", "park", "51.2", "0.5"], header=header))
    with open_rows(path, CONTEXT_FORMATS["csv"]) as reader:
        bad, good = reader
    assert isinstance(bad, RowRefusal)
    assert isinstance(good, ContextRow)
    assert good.repeats is None


# Kinds


def test_every_kind_is_its_own_word_and_unknown_words_are_other() -> None:
    assert all(kind_of(kind) == kind for kind in KINDS)
    assert kind_of("Adventure Playgrounds") == "playground"
    assert kind_of("Tube-station") == "station"
    assert kind_of("spaceport") is None
    assert settled_kind("spaceport", None) == "other"
    assert settled_kind("spaceport", "park") == "park"
    assert settled_kind("school", "park") == "school"


# GeoJSON


SQUARE = [[[0.49, 51.19], [0.51, 51.19], [0.51, 51.21], [0.49, 51.21], [0.49, 51.19]]]


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def polygon() -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": SQUARE}


def collection(tmp_path: Path, *features: Any) -> Path:
    return written(tmp_path, json.dumps({"type": "FeatureCollection", "features": list(features)}), "map.geojson")


def test_q21_copies_of_a_ward_are_one_ward() -> None:
    rows = contexts(DATA / "q21_wards.geojson", "geojson", kind="ward")
    assert [row.repeats for row in rows] == [None, 1, 1, None, 4, 4, None, 7, 7]
    assert [row.name for row in rows[::3]] == ["Quarry & Mill", "Bishop's Weir", "City of Marlbridge Bridge"]
    assert [row.reference for row in rows[::3]] == ["E05999001", "E05999002", "E05999003"]
    assert {row.kind for row in rows} == {"neighbourhood"}
    uncoded = contexts(DATA / "q21_wards_without_codes.geojson", "geojson", kind="ward")
    assert [row.repeats for row in uncoded] == [None, 1, None, 3, None, 5]


def test_points_and_areas_are_places(tmp_path: Path) -> None:
    path = collection(
        tmp_path,
        feature({"type": "Point", "coordinates": [0.5, 51.2, 12]}, name="Quarry School", kind="school", ward="Mill"),
        feature(polygon(), NAME="Mill Common", leisure="park"),
        feature({"type": "MultiPolygon", "coordinates": [SQUARE]}, WARD_NAME="Mill"),
        feature(None, name="A chat group", kind="online space"),
    )
    point, area, parts, nowhere = contexts(path, "geojson")
    assert (point.lat, point.lng, point.area, point.kind, point.ward) == (51.2, 0.5, None, "school", "Mill")
    assert area.area is not None and area.lat is not None and area.lng is not None
    assert area.area.contains(area.lat, area.lng)
    assert area.kind == "park"
    assert parts.area is not None
    assert (parts.kind, parts.ward) == ("other", "")
    assert (nowhere.lat, nowhere.area, nowhere.kind) == (None, None, "online")


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (feature(polygon(), leisure="park"), "no name"),
        (feature(polygon(), name=None), "no name"),
        (feature(polygon(), name="  "), "no name"),
        ({"type": "Feature", "geometry": polygon()}, "no name"),
        (feature({"type": "LineString", "coordinates": SQUARE[0]}, name="A road"), "a LineString is no area"),
        (feature({"type": "Point", "coordinates": [530000, 175000]}, name="x"), "a coordinate is out of range"),
        (feature({"type": "Point", "coordinates": ["0.5", 51.2]}, name="x"), "a coordinate is not a number"),
        (feature({"type": "Point", "coordinates": None}, name="x"), "a position needs"),
        (feature("here", name="x"), "the geometry is no shape"),
        ("not a feature", "not a feature"),
        ({"type": "Polygon"}, "not a feature"),
    ],
)
def test_a_feature_that_is_no_place_is_refused_by_itself(tmp_path: Path, item: Any, why: str) -> None:
    path = collection(tmp_path, feature(polygon(), name="Mill Common"), item)
    [(row, reason)] = refusals(path, "geojson")
    assert row == 2
    assert reason.startswith(why)


def test_not_a_number_as_a_coordinate_is_refused(tmp_path: Path) -> None:
    text = json.dumps(
        {"type": "FeatureCollection", "features": [feature({"type": "Point", "coordinates": [0.5, 51.2]}, name="x")]}
    )
    for bad in ("NaN", "Infinity", "1e999"):
        path = written(tmp_path, text.replace("51.2", bad), "map.geojson")
        assert [reason for _, reason in refusals(path, "geojson")] == [
            "a coordinate is out of range (longitude and latitude are expected, in degrees)"
        ]


def test_a_single_feature_and_a_plain_list_are_read(tmp_path: Path) -> None:
    one = feature(polygon(), name="Mill Common")
    assert len(contexts(written(tmp_path, json.dumps(one)), "geojson")) == 1
    assert len(contexts(written(tmp_path, json.dumps([one, one])), "geojson")) == 2
    assert contexts(collection(tmp_path), "geojson") == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_geojson_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = json.dumps(feature(polygon(), name="Château"), ensure_ascii=False)
    [row] = contexts(written(tmp_path, text.encode(encoding)), "geojson")
    assert row.name == "Château"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The file is empty"),
        (b"name,kind\n", "it is not JSON"),
        (b'{"type": "FeatureCollection", "features": [', "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"type": "FeatureCollection"}', "it holds no list of features"),
        (b'{"type": "Topology", "objects": {}}', "it holds no list of features"),
        (b'"text"', "it holds no list of features"),
        (b'[{"Station Name": "Marlbridge"}]', "nothing in its list is a feature"),
    ],
)
def test_what_is_no_geojson_is_refused_whole(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(NotThisFormat, match=why):
        contexts(written(tmp_path, content), "geojson")


def test_a_map_too_large_to_hold_is_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "LARGEST_FILE", 10)
    with pytest.raises(NotThisFormat, match="split it"):
        contexts(collection(tmp_path, feature(polygon(), name="Mill Common")), "geojson")


def test_a_map_tells_its_progress_and_refuses_an_unknown_kind(tmp_path: Path) -> None:
    path = collection(tmp_path, feature(polygon(), name="a"), feature(polygon(), name="b"))
    with open_rows(path, CONTEXT_FORMATS["geojson"]) as reader:
        assert [reader.position for _ in reader] == [reader.size // 2, reader.size]
        assert reader.counters.accepted == 2
    with pytest.raises(NotThisFormat, match="no kind of place"):
        contexts(path, "geojson", kind="spaceport")


def test_a_changed_outline_is_an_update_of_the_same_place(tmp_path: Path) -> None:
    [first] = contexts(collection(tmp_path, feature(polygon(), name="Mill Common", code="C1")), "geojson")
    moved = {"type": "Point", "coordinates": [0.5, 51.2]}
    [later] = contexts(collection(tmp_path, feature(moved, name="Mill Green", code="C1")), "geojson")
    assert first.identity == later.identity
    assert first.content_digest != later.content_digest
