"""Published files as they are, where they are at hand: the counts measured on them are what a reader arrives at."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from safeguarding.contexts.formats.catalogue import CONTEXT_FORMATS, INCIDENT_FORMATS, open_rows
from safeguarding.contexts.formats.rows import ContextRow, NotThisFormat, RowRefusal
from safeguarding.core.geo import AreaIndex, area_from_geojson
from tests.unit.contexts.reading import SHARED, contexts, incidents, needs_shared

pytestmark = needs_shared

EXPECTED: dict[str, Any] = (
    json.loads((SHARED / "EXPECTED.json").read_text("utf-8")) if SHARED.is_dir() else {"police/street/absent": {}}
)
STREET_FILES = [name for name in EXPECTED if name.startswith("police/street/") and "outcomes" not in name]
STOP_FILES = [name for name in EXPECTED if name.startswith("police/stop-and-search/")]


@pytest.mark.parametrize("name", STREET_FILES)
def test_recorded_crime_has_the_counts_measured_on_the_file(name: str) -> None:
    expected, rows = EXPECTED[name], incidents(SHARED / name)
    assert len(rows) == len({row.identity for row in rows}) == expected["rows"]
    copies = Counter(row.content_digest for row in rows)
    assert sum(n - 1 for n in copies.values()) == expected["exact_duplicate_rows"]
    assert sum(row.lat is None for row in rows) == expected["blank_coordinates"]
    assert sum(not row.reference for row in rows) == expected["blank_crime_id"]
    assert sum(row.location == "No Location" for row in rows) == expected["no_location"]
    assert sum(row.location == "On or near" for row in rows) == expected["empty_street"]
    assert sum(not row.lsoa_code for row in rows) == expected["blank_lsoa"]
    assert Counter(row.category for row in rows) == expected["crime_types"]


@pytest.mark.parametrize("name", STOP_FILES)
def test_stops_have_the_counts_measured_on_the_file(name: str) -> None:
    expected, rows = EXPECTED[name], incidents(SHARED / name, "police-stop-and-search")
    assert len(rows) == len({row.identity for row in rows}) == expected["rows"]
    copies = Counter(row.content_digest for row in rows)
    assert sum(n - 1 for n in copies.values()) == expected["exact_duplicate_rows"]
    assert sum(row.lat is None for row in rows) == expected["blank_coordinates"]
    bands = Counter(row.age_band for row in rows)
    assert (bands["10-17"], bands["under 10"], bands[""]) == (
        expected["age_10_17"],
        expected["age_under_10"],
        expected["age_blank"],
    )
    instants = [row.occurred_at.isoformat() for row in rows if row.occurred_at]
    assert (min(instants), max(instants)) == (expected["first"], expected["last"])


def test_the_same_month_published_later_adds_none_and_updates_outcomes() -> None:
    """261 ids stand once in each download, and 168 of them have another outcome."""
    folder = SHARED / "police" / "street"
    first = incidents(folder / "2023-01-metropolitan-street-sample.csv")
    later = incidents(folder / "2023-01-metropolitan-street-sample.LATER-ARCHIVE.burglary.csv")
    known = {row.identity: row for row in first}
    assert all(row.identity in known for row in later)
    often = Counter(row.reference for row in first) + Counter(row.reference for row in later)
    once = [row for row in later if often[row.reference] == 2]
    assert len(once) == 261
    assert sum(row.outcome != known[row.identity].outcome for row in once) == 168
    assert all(
        row.content_digest != known[row.identity].content_digest
        for row in once
        if row.outcome != known[row.identity].outcome
    )


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("police/street/lambeth-met-outcomes-2024.csv", "police-street"),
        ("police/stop-and-search/api-stops-force-city-of-london-2023-01.json", "police-stop-and-search"),
        ("police/stop-and-search/2024-06-metropolitan-stop-and-search.csv", "police-street"),
        ("police/street/2024-01-btp-street.csv", "police-stop-and-search"),
        ("police/street/2024-01-btp-street.csv", "csv"),
        ("police/street/2024-01-btp-street.csv", "istv"),
        ("schools/all_schools_xy_2016.csv", "csv"),
    ],
)
def test_a_file_of_another_kind_is_no_file_of_incidents(name: str, named: str) -> None:
    with pytest.raises(NotThisFormat):
        incidents(SHARED / name, named)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("schools/gias_example_links_data.csv", "gias"),
        ("schools/gias_links_20250422_lambeth.csv", "gias"),
        ("schools/all_schools_xy_2016.csv", "gias"),
        ("schools/gias_edubase_sample_raw_header.csv", "schools-atlas"),
        ("schools/gias_edubase_sample_raw_header.csv", "csv"),
        ("places/tfl/tfl-station-naptan-data.csv", "csv"),
        ("places/tfl/tfl-station-naptan-data.json", "geojson"),
        ("police/street/2024-01-btp-street.csv", "csv"),
    ],
)
def test_a_file_of_another_kind_is_no_file_of_places(name: str, named: str) -> None:
    with pytest.raises(NotThisFormat):
        contexts(SHARED / name, named, kind="school" if named in ("csv", "geojson") else None)


def test_the_schools_atlas_has_the_counts_measured_on_it() -> None:
    expected = EXPECTED["schools/all_schools_xy_2016.csv"]
    rows = contexts(SHARED / "schools" / "all_schools_xy_2016.csv", "schools-atlas")
    assert len(rows) == expected["rows"]
    assert len({row.identity for row in rows}) == expected["distinct_urn"]
    assert sum(row.repeats is None for row in rows) == expected["distinct_urn"]
    repaired = [row for row in rows if any("spreadsheet" in note for note in row.notes)]
    assert len(repaired) == expected["age_cells_turned_into_dates"]
    assert all(0 <= (row.age_low or 0) < (row.age_high or 0) <= 25 for row in repaired)
    assert sum(row.is_closed for row in rows) == expected["closed"]
    assert sum(any("grid reference" in note for note in row.notes) for row in rows) >= 1


@pytest.mark.parametrize(
    ("name", "schools"), [("gias_edubase_sample_raw_header.csv", 4), ("gias_example_schools_dfe_seed.csv", 2)]
)
def test_the_register_in_two_years_layouts(name: str, schools: int) -> None:
    rows = contexts(SHARED / "schools" / name, "gias")
    assert len(rows) == schools
    assert all(row.lat and row.name and row.ward for row in rows)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("lambeth_wards_2022_riverclipped.geojson", 25),
        ("lambeth_wards_2022_clean.geojson", 25),
        ("lambeth_wards_2022_riverclipped_simple.geojson", 25),
        ("lambeth_lsoa_2011_simple.geojson", 178),
        ("lambeth_lsoa_2021_simple.geojson", 181),
        ("london_boroughs.geojson", 33),
    ],
)
def test_boundaries_are_as_many_places_as_they_are(name: str, places: int) -> None:
    rows = contexts(SHARED / "boundaries" / name, "geojson", kind="ward")
    assert len({row.identity for row in rows}) == sum(row.repeats is None for row in rows) == places
    assert all(row.name and row.area for row in rows)


def test_green_space_without_a_name_is_refused_and_the_rest_is_read() -> None:
    path = SHARED / "places" / "osm_greenspace_lambeth_bbox.geojson"
    with open_rows(path, CONTEXT_FORMATS["geojson"], kind="park") as reader:
        rows = list(reader)
    assert len(rows) == 92
    assert {row.reason for row in rows if isinstance(row, RowRefusal)} == {"no name"}
    assert {row.kind for row in rows if isinstance(row, ContextRow)} == {"park"}


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("LambethAdventurePlaygrounds.csv", 15),
        ("LambethCommunityToilets.csv", 30),
        ("LambethFoodGrowingProjects.csv", 142),
        ("LambethLeisureCentres.csv", 5),
        ("LambethLibraries.csv", 10),
        ("LambethPollingStations.csv", 95),
    ],
)
def test_council_lists_lie_in_the_borough(name: str, places: int) -> None:
    """Eastings and northings only: nearly all land inside a ward of the borough, so the conversion is right."""
    wards = json.loads((SHARED / "boundaries" / "lambeth_wards_2022_clean.geojson").read_text("utf-8"))
    index = AreaIndex((f["properties"]["name"], area_from_geojson(f["geometry"])) for f in wards["features"])
    rows = contexts(SHARED / "places" / "lambeth_council" / name, "csv", kind="other")
    assert len(rows) == places
    located = [(row.lat, row.lng) for row in rows if row.lat is not None and row.lng is not None]
    assert sum(index.find(lat, lng) is not None for lat, lng in located) >= 0.85 * len(located) > 0


def test_the_nhs_list_has_an_odd_delimiter() -> None:
    rows = contexts(SHARED / "places" / "nhs" / "MIU.csv", "csv")
    assert len(rows) == 7
    assert {row.kind for row in rows} == {"hospital"}
    assert all(row.lat and 50 < row.lat < 56 for row in rows)


def test_every_police_file_reads_without_a_refusal() -> None:
    files: list[Path] = sorted((SHARED / "police" / "street").glob("*street*.csv"))
    assert len(files) >= 10
    for path in files:
        with open_rows(path, INCIDENT_FORMATS["police-street"]) as reader:
            assert not any(isinstance(row, RowRefusal) for row in reader)
            assert reader.ignored_columns == reader.absent_columns == ()
