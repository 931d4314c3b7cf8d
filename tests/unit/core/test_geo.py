"""Distances, areas and the British grid."""

import csv
import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeguarding.core import geo

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"shared data absent: {SHARED}")

# A square kilometre or so of no real place, with a hole in its middle.
SQUARE = [[0.10, 51.50], [0.12, 51.50], [0.12, 51.52], [0.10, 51.52], [0.10, 51.50]]
HOLE = [[0.108, 51.508], [0.112, 51.508], [0.112, 51.512], [0.108, 51.512], [0.108, 51.508]]

latitudes = st.floats(50.0, 58.0)
longitudes = st.floats(-6.0, 2.0)


def polygon(*rings: list[list[float]]) -> geo.Area:
    return geo.area_from_geojson({"type": "Polygon", "coordinates": list(rings)})


def test_a_minute_of_latitude_is_a_nautical_mile() -> None:
    assert geo.haversine_m(51.5, 0, 51.5 + 1 / 60, 0) == pytest.approx(1853, abs=1)


def test_a_degree_of_longitude_shrinks_towards_the_pole() -> None:
    assert geo.haversine_m(60, 0, 60, 1) == pytest.approx(geo.haversine_m(0, 0, 0, 1) / 2, rel=1e-3)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_that_of_the_chord_through_the_earth(lat1: float, lng1: float, lat2: float, lng2: float) -> None:
    def on_the_unit_sphere(lat: float, lng: float) -> tuple[float, float, float]:
        phi, theta = math.radians(lat), math.radians(lng)
        return math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi)

    chord = math.dist(on_the_unit_sphere(lat1, lng1), on_the_unit_sphere(lat2, lng2))
    expected = 2 * geo.EARTH_RADIUS_M * math.asin(chord / 2)
    assert geo.haversine_m(lat1, lng1, lat2, lng2) == pytest.approx(expected, abs=1e-3)


def test_opposite_ends_of_the_earth_have_a_distance() -> None:
    assert geo.haversine_m(0, 0, 0, 180) == pytest.approx(math.pi * geo.EARTH_RADIUS_M)


@pytest.mark.parametrize(
    ("lat", "lng", "inside"),
    [
        (51.505, 0.105, True),
        (51.510, 0.110, False),  # in the hole
        (51.510, 0.121, False),
        (51.499, 0.110, False),
        (51.513, 0.110, True),
    ],
)
def test_a_point_is_inside_an_area_but_not_in_its_hole(lat: float, lng: float, inside: bool) -> None:
    assert polygon(SQUARE, HOLE).contains(lat, lng) is inside


def test_distance_to_an_area_is_nothing_inside_and_to_the_nearest_edge_outside() -> None:
    area = polygon(SQUARE, HOLE)
    assert area.distance_m(51.505, 0.105) == 0
    assert area.distance_m(51.510, 0.110) == pytest.approx(geo.haversine_m(51.510, 0.110, 51.510, 0.108), rel=1e-3)
    assert area.distance_m(51.495, 0.110) == pytest.approx(geo.haversine_m(51.495, 0.110, 51.50, 0.110), rel=1e-3)
    assert area.distance_m(51.525, 0.125) == pytest.approx(geo.haversine_m(51.525, 0.125, 51.52, 0.12), rel=1e-3)


def test_an_area_may_have_several_parts_and_an_unclosed_ring() -> None:
    far = [[x + 1, y] for x, y in SQUARE[:-1]]
    area = geo.area_from_geojson({"type": "MultiPolygon", "coordinates": [[SQUARE], [far]]})
    assert area.contains(51.51, 0.11)
    assert area.contains(51.51, 1.11)
    assert not area.contains(51.51, 0.6)
    assert area.box == geo.Box(51.50, 0.10, 51.52, 1.12)
    written = area.to_geojson()
    assert written["type"] == "MultiPolygon"
    assert written["coordinates"][1][0][0] == written["coordinates"][1][0][-1]


@given(st.integers(1, 19), st.integers(1, 19))
def test_neighbours_neither_share_nor_lose_a_point(row: int, column: int) -> None:
    """Four squares that meet at a point: each point, those on the common edges too, lies in exactly one."""

    def square(west: int, south: int) -> geo.Area:
        ring = [[west, south], [west + 10, south], [west + 10, south + 10], [west, south + 10]]
        return polygon([[float(x), float(y)] for x, y in ring])

    squares = [square(0, 0), square(10, 0), square(0, 10), square(10, 10)]
    assert sum(area.contains(row, column) for area in squares) == 1


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=40, unique=True),
    st.floats(-60, 60),
    st.floats(-60, 60),
)
def test_bands_of_edges_give_the_same_answer_as_all_edges(
    points: list[tuple[int, int]], lat: float, lng: float
) -> None:
    ring = [[float(x), float(y)] for x, y in points]
    crossed = 0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > lat) != (y2 > lat) and lng < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
            crossed += 1
    assert polygon(ring).contains(lat, lng) is (crossed % 2 == 1)


def test_size_takes_the_hole_away() -> None:
    whole, pierced = polygon(SQUARE).area_m2(), polygon(SQUARE, HOLE).area_m2()
    width = geo.haversine_m(51.51, 0.10, 51.51, 0.12)
    height = geo.haversine_m(51.50, 0.10, 51.52, 0.10)
    assert whole == pytest.approx(width * height, rel=1e-3)
    assert pierced == pytest.approx(whole * (1 - 0.04), rel=1e-3)


@pytest.mark.parametrize(
    "rings",
    [
        [SQUARE],
        [SQUARE, HOLE],  # the centroid falls into the hole
        [[[0, 0], [3, 0], [3, 1], [1, 1], [1, 2], [3, 2], [3, 3], [0, 3]]],  # a C
    ],
)
def test_the_inner_point_of_an_area_lies_inside_it(rings: list[list[list[float]]]) -> None:
    area = polygon(*rings)
    assert area.contains(*area.inner_point())


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        ({"type": "Point", "coordinates": [0.1, 51.5]}, "a Point is no area"),
        ({"coordinates": [[SQUARE]]}, "without a type"),
        ({"type": ["Polygon"], "coordinates": [SQUARE]}, "without a type"),
        ({"type": "Polygon"}, "no coordinates"),
        ({"type": "Polygon", "coordinates": []}, "outline"),
        ({"type": "MultiPolygon", "coordinates": []}, "no polygon"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "list of positions|position needs"),
        ({"type": "Polygon", "coordinates": ["abc"]}, "list of positions"),
        ({"type": "Polygon", "coordinates": [[]]}, "three different points"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "three different points"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, "1"], [1, 0]]]}, "not a number"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [True, 1], [1, 0]]]}, "not a number"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1], [1, 0]]]}, "a longitude and a latitude"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, math.nan], [1, 0]]]}, "out of range"),
        ({"type": "Polygon", "coordinates": [[[530000, 175000], [1, 1], [1, 0]]]}, "out of range"),
    ],
)
def test_what_is_no_area_is_refused_with_the_reason(geometry: dict[str, Any], why: str) -> None:
    with pytest.raises(geo.BadShapeError, match=why):
        geo.area_from_geojson(geometry)


def test_a_height_is_dropped() -> None:
    ring = [[x, y, 12.5] for x, y in SQUARE]
    assert polygon(ring).to_geojson() == {"type": "Polygon", "coordinates": [SQUARE]}


@given(
    st.lists(st.tuples(latitudes, longitudes), min_size=1, max_size=30),
    latitudes,
    longitudes,
    st.floats(1, 3000),
)
def test_the_grid_never_misses_a_point_within_the_radius(
    places: list[tuple[float, float]], lat: float, lng: float, radius: float
) -> None:
    grid: geo.GridIndex[int] = geo.GridIndex(250)
    for number, (place_lat, place_lng) in enumerate([*places, (lat + 0.001, lng - 0.002)]):
        grid.add(geo.Box(place_lat, place_lng, place_lat, place_lng).widened(radius), number)
    places = [*places, (lat + 0.001, lng - 0.002)]
    within = {n for n, place in enumerate(places) if geo.haversine_m(lat, lng, *place) <= radius}
    assert within <= set(grid.near(lat, lng))


@pytest.mark.parametrize("lat", [-51.2, -0.0001, 0.0001, 51.2, 60.9])
@pytest.mark.parametrize("lng", [-3.1, -0.0001, 0.0001, 3.1])
def test_a_widened_box_reaches_as_far_as_asked_in_every_direction(lat: float, lng: float) -> None:
    box = geo.Box(lat, lng, lat, lng).widened(1000)
    grid: geo.GridIndex[str] = geo.GridIndex(250)
    grid.add(box, "here")
    up = 1000 / geo.METRES_PER_DEGREE
    across = up / math.cos(math.radians(lat))
    for there in [(lat + up, lng), (lat - up, lng), (lat, lng + across), (lat, lng - across)]:
        assert box.contains(*there)
        assert grid.near(*there) == ("here",)
    assert not box.contains(lat, lng + 1.1 * across)


def test_the_grid_leaves_out_what_is_far_away() -> None:
    grid: geo.GridIndex[str] = geo.GridIndex(250)
    grid.add(geo.Box(51.5, 0.1, 51.5, 0.1), "here")
    grid.add(geo.Box(51.6, 0.1, 51.6, 0.1), "there")
    grid.add(geo.Box(49.0, -8.0, 61.0, 2.0), "everywhere")
    assert grid.near(51.5, 0.1) == ("here", "everywhere")


def test_a_grid_needs_a_width() -> None:
    with pytest.raises(ValueError, match="width"):
        geo.GridIndex(0)


def test_an_area_index_says_which_area_holds_a_point() -> None:
    east = [[x + 0.02, y] for x, y in SQUARE]
    index = geo.AreaIndex([("west", polygon(SQUARE)), ("east", polygon(east))])
    assert index.find(51.51, 0.11) == "west"
    assert index.find(51.51, 0.13) == "east"
    assert index.find(51.51, 0.15) is None


def test_the_ordnance_survey_s_own_worked_example() -> None:
    """Annex C of the guide: E 651409.903, N 313177.270 is 52 39 27.2531 N, 1 43 4.5177 E on Airy's ellipsoid.

    On WGS84 the same point (Caister water tower) is 52 39 28.72 N, 1 42 57.79 E.
    """
    lat, lng = geo.osgb36_to_wgs84(651409.903, 313177.270)
    expected = 52 + 39 / 60 + 28.72 / 3600, 1 + 42 / 60 + 57.79 / 3600
    assert geo.haversine_m(lat, lng, *expected) < 5


@pytest.mark.parametrize(
    ("easting", "northing"), [(-1, 0), (0, -1), (700_001, 0), (0, 1_300_001), (math.nan, 5), (5, math.inf)]
)
def test_a_grid_reference_off_the_grid_is_refused(easting: float, northing: float) -> None:
    assert not geo.is_grid_reference(easting, northing)
    with pytest.raises(ValueError, match="outside the British national grid"):
        geo.osgb36_to_wgs84(easting, northing)


@needs_shared
def test_the_schools_atlas_agrees_with_its_own_grid_references() -> None:
    apart = []
    with (SHARED / "schools" / "all_schools_xy_2016.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            lat, lng = geo.osgb36_to_wgs84(float(row["EASTING"]), float(row["NORTHING"]))
            apart.append(geo.haversine_m(lat, lng, float(row["latitude"]), float(row["longitude"])))
    apart.sort()
    assert len(apart) == 3889
    assert statistics.median(apart) < 3
    assert apart[int(len(apart) * 0.99)] < 7
    assert apart[-1] == pytest.approx(8620, abs=10)  # the atlas is wrong about one school


@needs_shared
def test_each_point_of_the_borough_lies_in_one_ward() -> None:
    wards = json.loads((SHARED / "boundaries" / "lambeth_wards_2022_clean.geojson").read_text("utf-8"))
    areas = [(f["properties"]["code"], geo.area_from_geojson(f["geometry"])) for f in wards["features"]]
    index = geo.AreaIndex(areas)
    for code, area in areas:
        lat, lng = area.inner_point()
        assert index.find(lat, lng) == code
        assert sum(other.contains(lat, lng) for _, other in areas) == 1
