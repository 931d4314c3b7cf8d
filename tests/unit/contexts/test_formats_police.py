"""Open police data: each oddity of the published files, and what is refused."""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from safeguarding.contexts.formats.catalogue import INCIDENT_FORMATS, open_rows
from safeguarding.contexts.formats.rows import IncidentRow, LsoaVintage, NotThisFormat
from safeguarding.contexts.vocabulary import IncidentHarm, Precision
from tests.unit.contexts.reading import DATA, STREET, as_text, incidents, reasons, street_row, written

STOPS = "police-stop-and-search"


def updates(first: list[IncidentRow], later: list[IncidentRow]) -> tuple[int, int, int]:
    """How many rows of a later file are new, changed, and as they were."""
    known = {row.identity: row.content_digest for row in first}
    new = sum(row.identity not in known for row in later)
    changed = sum(row.identity in known and known[row.identity] != row.content_digest for row in later)
    return new, changed, len(later) - new - changed


# Recorded crime


def test_a_row_is_read_as_it_stands(tmp_path: Path) -> None:
    row = street_row(
        Crime_ID="abc",
        LSOA_code="E01000101",
        LSOA_name="Marlbridge 001A",
        Crime_type="Robbery",
        Last_outcome_category="Under investigation",
    )
    [read] = incidents(written(tmp_path, as_text(row)))
    assert json.loads(read.content) == dict(zip(STREET, row, strict=True))
    assert read.content_digest == hashlib.sha256(read.content.encode()).hexdigest()
    assert read == IncidentRow(
        row=1,
        source="police-street",
        force="Marlbridge Police Service",
        identity=read.identity,
        occurrence=1,
        content=read.content,
        content_digest=read.content_digest,
        precision=Precision.MONTH,
        occurred_on=date(2026, 3, 1),
        occurred_at=None,
        category="Robbery",
        harm=IncidentHarm.ROBBERY,
        reference="abc",
        location="On or near Quarry Lane",
        lat=51.2,
        lng=0.5,
        lsoa_code="E01000101",
        lsoa_vintage=LsoaVintage.CENSUS_2021,
        outcome="Under investigation",
        background=True,
        blurred=True,
    )


def test_identity_is_a_digest_of_the_contract_s_parts(tmp_path: Path) -> None:
    """(source, force, month, crime id, crime type, n-th) with an id; every cell but the outcome, n-th, without."""
    with_id = street_row(Crime_ID="abc", Last_outcome_category="Under investigation")
    without = street_row(Last_outcome_category="Under investigation")
    rows = incidents(written(tmp_path, as_text(with_id, without, without)))
    force = "Marlbridge Police Service"
    cells = [force, "cells", "2026-03", force, force, "51.200000", "0.500000", "On or near Quarry Lane", "", ""]
    parts = [
        ["police-street", force, "2026-03", "id", "abc", "Burglary", "1"],
        ["police-street", *cells, "Burglary", "", "1"],
        ["police-street", *cells, "Burglary", "", "2"],
    ]
    assert [row.identity for row in rows] == [hashlib.sha256("\0".join(p).encode()).hexdigest() for p in parts]


def test_q01_a_crime_id_is_no_key() -> None:
    rows = incidents(DATA / "q01_crime_id_is_no_key.csv")
    assert len({row.identity for row in rows}) == len(rows) == 7
    assert [row.occurrence for row in rows] == [1, 2, 1, 3, 4, 1, 2]


def test_q02_identical_rows_are_separate_events_and_a_second_import_adds_none() -> None:
    first, again = (incidents(DATA / "q02_identical_rows.csv") for _ in range(2))
    assert len({row.identity for row in first}) == 6
    assert [row.occurrence for row in first] == [1, 2, 3, 4, 5, 1]
    assert first == again


def test_q03_a_later_download_adds_none_and_updates_what_changed() -> None:
    first, later = incidents(DATA / "q03_first_download.csv"), incidents(DATA / "q03_later_download.csv")
    assert updates(first, later) == (0, 3, 3)
    changed = [(a.outcome, b.outcome, a.location, b.location) for a, b in zip(first, later, strict=True) if a != b]
    assert changed == [
        (
            "Under investigation",
            "Investigation complete; no suspect identified",
            "On or near Quarry Lane",
            "On or near Quarry Lane",
        ),
        ("Under investigation", "Offender given a caution", "On or near Quarry Lane", "On or near Quarry Lane"),
        ("Under investigation", "Under investigation", "On or near", "On or near Park/Open Space"),
    ]


def test_an_outcome_is_no_part_of_a_row_without_an_id_but_everything_else_is(tmp_path: Path) -> None:
    plain = street_row()
    first = incidents(written(tmp_path, as_text(plain)))
    for number, title in enumerate(STREET):
        if title in ("Crime ID", "Month", "Longitude", "Latitude"):
            continue
        other = [*plain[:number], "Something else", *plain[number + 1 :]]
        new, changed, _ = updates(first, incidents(written(tmp_path, as_text(other))))
        assert (new, changed) == ((0, 1) if title == "Last outcome category" else (1, 0)), title
    moved = street_row(Latitude="51.200001")
    assert updates(first, incidents(written(tmp_path, as_text(moved)))) == (1, 0, 0)


def test_the_same_point_with_other_digits_is_the_same_row(tmp_path: Path) -> None:
    first = incidents(written(tmp_path, as_text(street_row(Latitude="51.2", Longitude="0.50"))))
    later = incidents(written(tmp_path, as_text(street_row(Latitude="51.200000", Longitude="0.500000"))))
    assert first[0].identity == later[0].identity


def test_q04_no_location_is_stored_without_a_place_and_a_text_without_a_street_is_kept() -> None:
    rows = incidents(DATA / "q04_places.csv")
    assert [(row.lat, row.location) for row in rows] == [
        (None, "No Location"),
        (51.2, "On or near"),
        (51.2, "On or near Parking Area"),
        (51.22, "On or near Supermarket"),
        (51.18, "On or near Supermarket"),
    ]
    assert json.loads(rows[1].content)["Location"] == "On or near "


def test_q06_an_area_code_keeps_its_vintage() -> None:
    rows = incidents(DATA / "q06_lsoa_vintage.csv")
    assert [(row.lsoa_code, row.lsoa_vintage.value) for row in rows] == [
        ("E01000101", "2011"),
        ("E01000101", "unknown"),
        ("E01033866", "2021"),
        ("E01000101", "2021"),
        ("W01001958", "2021"),
        ("W01001959", "2021"),
        ("", "unknown"),
    ]


def test_the_last_code_of_2011_is_of_2011(tmp_path: Path) -> None:
    codes = ["E01033768", "E01033769", "S01033769", "E0103376X", "x"]
    rows = [street_row(Month="2022-07", LSOA_code=code) for code in codes]
    vintages = [row.lsoa_vintage.value for row in incidents(written(tmp_path, as_text(*rows)))]
    assert vintages == ["2011", "2021", "2011", "2011", "2011"]


def test_q07_rows_far_outside_the_force_are_rows() -> None:
    rows = incidents(DATA / "q07_outside_the_force.csv")
    assert [row.lat for row in rows] == [51.2, 55.95, 54.98]


@pytest.mark.parametrize("name", ["q08_crlf.csv", "q08_cr.csv"])
def test_q08_line_ends_change_nothing_and_no_day_is_invented(name: str) -> None:
    rows = incidents(DATA / name)
    assert rows == incidents(DATA / "q08_lf.csv")
    assert rows[0].location == "On or near Clôs Y Gât"
    assert {(row.precision, row.occurred_at) for row in rows} == {(Precision.MONTH, None)}


def test_q09_a_snap_point_is_said_to_be_blurred() -> None:
    rows = incidents(DATA / "q09_snap_points.csv")
    assert Counter((row.lat, row.lng, row.blurred) for row in rows) == {(51.2, 0.5, True): 6}


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"Month": ""}, "no month"),
        ({"Month": "  "}, "no month"),
        ({"Month": "2026-13"}, "the month is not written YYYY-MM"),
        ({"Month": "2026-3"}, "the month is not written YYYY-MM"),
        ({"Month": "Mar-26"}, "the month is not written YYYY-MM"),
        ({"Month": "2026-03-01"}, "the month is not written YYYY-MM"),
        ({"Month": "0001-01"}, "the month is not written YYYY-MM"),
        ({"Month": "٢٠٢٦-03"}, "the month is not written YYYY-MM"),
        ({"Latitude": "north"}, "latitude is not a number"),
        ({"Latitude": "N/A"}, "latitude is not a number"),
        ({"Latitude": "nan"}, "latitude is not a number"),
        ({"Latitude": "inf"}, "latitude is not a number"),
        ({"Latitude": "1e999"}, "latitude is not a number"),
        ({"Latitude": "51,2"}, "latitude is not a number"),
        ({"Latitude": "5_1.2"}, "latitude is not a number"),
        ({"Latitude": "٥١"}, "latitude is not a number"),
        ({"Longitude": "1O.5"}, "longitude is not a number"),
        ({"Latitude": "90.1"}, "the coordinates are out of range"),
        ({"Longitude": "-180.5"}, "the coordinates are out of range"),
        ({"Latitude": "", "Longitude": "east"}, "longitude is not a number"),
    ],
)
def test_a_row_that_breaks_the_layout_is_refused_with_the_reason_alone(
    tmp_path: Path, cells: dict[str, str], why: str
) -> None:
    """The reason never repeats the cell: refusals are printed where case content must not be."""
    path = written(tmp_path, as_text(street_row(), street_row(**cells), street_row()))
    assert reasons(path) == [(2, why)]


@pytest.mark.parametrize("blank", ["Latitude", "Longitude"])
def test_half_a_point_is_no_place_and_no_reason_to_refuse(tmp_path: Path, blank: str) -> None:
    [row] = incidents(written(tmp_path, as_text(street_row(**{blank: " "}))))
    assert (row.lat, row.lng) == (None, None)


def test_too_few_cells_are_refused_and_cells_beyond_the_header_are_ignored_and_counted(tmp_path: Path) -> None:
    short, long = street_row()[:11], [*street_row(), "beyond", ""]
    path = written(tmp_path, as_text(street_row(), short, long))
    with open_rows(path, INCIDENT_FORMATS["police-street"]) as reader:
        rows = list(reader)
    assert [type(row).__name__ for row in rows] == ["IncidentRow", "RowRefusal", "IncidentRow"]
    assert rows[1].reason == "too few cells: 11 where the header has 12"  # type: ignore[union-attr]
    assert (reader.counters.read, reader.counters.accepted, reader.counters.refused) == (3, 2, 1)
    assert reader.counters.ignored_cells == 2


def test_columns_in_another_order_and_case_with_others_between_change_nothing(tmp_path: Path) -> None:
    plain = as_text(street_row(Crime_ID="abc"), street_row(LSOA_code="E01000101"))
    expected = incidents(written(tmp_path, plain))
    order = [7, 1, 0, 11, 9, 8, 10, 2, 3, 6, 4, 5]
    header = [f" {STREET[i].upper().replace(' ', '_')} " for i in order]
    rows = [street_row(Crime_ID="abc"), street_row(LSOA_code="E01000101")]
    shuffled = as_text(*[["x", *(row[i] for i in order)] for row in rows], header=["Score", *header])
    path = written(tmp_path, shuffled)
    assert incidents(path) == expected
    with open_rows(path, INCIDENT_FORMATS["police-street"]) as reader:
        assert reader.ignored_columns == ("Score",)
        assert reader.absent_columns == ()


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    header = ("Month", "Longitude", "Latitude", "Crime type")
    path = written(tmp_path, as_text(["2011-04", "0.5", "51.2", "Robbery"], header=header))
    [row] = incidents(path)
    assert (row.reference, row.force, row.outcome, row.lsoa_code) == ("", "", "", "")
    with open_rows(path, INCIDENT_FORMATS["police-street"]) as reader:
        assert "Crime ID" in reader.absent_columns


@pytest.mark.parametrize("title", ["Month", "Longitude", "Latitude", "Crime type"])
def test_a_file_without_a_column_that_makes_the_layout_is_refused_whole(tmp_path: Path, title: str) -> None:
    header = [name for name in STREET if name != title]
    with pytest.raises(NotThisFormat, match=f"not a police-street file: it has no column {title}"):
        incidents(written(tmp_path, as_text(header=header)))


def test_the_force_is_who_reported_or_in_whose_area_it_lies(tmp_path: Path) -> None:
    path = written(tmp_path, as_text(street_row(Reported_by=""), street_row(Falls_within="")))
    assert [row.force for row in incidents(path)] == ["Marlbridge Police Service"] * 2


def test_a_type_that_holds_several_harms_is_mapped_to_none(tmp_path: Path) -> None:
    types = ["Violence and sexual offences", "Drugs", "Burglary", "ROBBERY", "Possession of weapons"]
    path = written(tmp_path, as_text(*(street_row(Crime_type=each) for each in types)))
    assert [row.harm for row in incidents(path)] == [None, None, None, IncidentHarm.ROBBERY, IncidentHarm.WEAPON]


# Stop and search


def test_q10_a_stop_s_day_is_london_s() -> None:
    rows = incidents(DATA / "q10_stop_and_search_utc.csv", STOPS)
    assert [row.occurred_on for row in rows] == [
        date(2024, 6, 1),
        date(2024, 6, 30),
        date(2024, 7, 1),
        date(2024, 12, 31),
        date(2024, 10, 27),
        date(2024, 10, 27),
    ]
    assert rows[0].occurred_at == datetime(2024, 5, 31, 23, 2, tzinfo=UTC)
    assert rows[4].occurred_at != rows[5].occurred_at  # the hour that London's clocks show twice
    assert {row.precision for row in rows} == {Precision.INSTANT}


def test_q11_stops_without_a_place_or_an_age_are_rows() -> None:
    rows = incidents(DATA / "q11_stop_and_search_gaps.csv", STOPS)
    assert [row.lat for row in rows] == [None, 54.98, 51.2, 51.2, 51.2, 51.2, 51.2]
    assert [(row.age_band, row.young_person_involved) for row in rows[2:]] == [
        ("", None),
        ("under 10", False),
        ("over 34", False),
        ("18-24", True),
        ("25-34", None),
    ]


def test_q12_blank_columns_and_blanks_of_other_years_are_no_error() -> None:
    rows = incidents(DATA / "q12_stop_and_search_blank_columns.csv", STOPS)
    linked = [json.loads(row.content)["Outcome linked to object of search"] for row in rows]
    assert linked == ["", "", "False"]


def test_q13_codes_of_any_year_are_kept_and_equal_rows_are_separate() -> None:
    rows = incidents(DATA / "q13_stop_and_search_codes.csv", STOPS)
    assert [row.outcome for row in rows] == ["Suspect arrested", "Arrest", "Arrest"]
    assert len({row.identity for row in rows}) == 3
    assert [row.occurrence for row in rows] == [1, 1, 2]


def test_q14_the_interface_s_json_is_refused_whole() -> None:
    with pytest.raises(NotThisFormat, match="not a police-stop-and-search file: it has no column Type"):
        incidents(DATA / "q14_stop_and_search_api.json", STOPS)


def test_a_stop_never_carries_a_harm_and_is_background() -> None:
    rows = incidents(DATA / "q11_stop_and_search_gaps.csv", STOPS)
    assert {(row.harm, row.background) for row in rows} == {(None, True)}
    assert {row.category for row in rows} == {"Controlled drugs"}


def test_an_outcome_filled_in_later_updates_a_stop(tmp_path: Path) -> None:
    text = (DATA / "q12_stop_and_search_blank_columns.csv").read_text("utf-8")
    first = incidents(written(tmp_path, text), STOPS)
    changed = text.replace("A no further action disposal,,", "Arrest,True,")
    assert updates(first, incidents(written(tmp_path, changed), STOPS)) == (0, 2, 1)


def test_the_force_of_stops_is_read_from_the_published_name_and_a_renamed_copy_is_the_same(tmp_path: Path) -> None:
    text = (DATA / "q13_stop_and_search_codes.csv").read_bytes()
    named = incidents(written(tmp_path, text, "2024-04-marl-bridge-stop-and-search.csv"), STOPS)
    copied = incidents(written(tmp_path, text, "copy.csv"), STOPS)
    assert {row.force for row in named} == {"marl-bridge"}
    assert [replace(row, force="") for row in named] == copied


@pytest.mark.parametrize(
    ("written_date", "why"),
    [
        ("", "no date"),
        ("2026-06-10", "the date is not a date and time"),
        ("10/06/2026 15:20", "the date is not a date and time"),
        ("2026-02-30T10:00:00+00:00", "there is no such date and time"),
        ("2026-06-10T25:00:00+00:00", "there is no such date and time"),
        ("0001-01-01T00:00:00+14:00", "there is no such date and time"),
        ("9999-12-31T23:59:59-14:00", "there is no such date and time"),
    ],
)
def test_a_stop_without_an_instant_is_refused(tmp_path: Path, written_date: str, why: str) -> None:
    text = (
        (DATA / "q13_stop_and_search_codes.csv").read_text("utf-8").replace("2015-04-02T10:00:00+00:00", written_date)
    )
    assert reasons(written(tmp_path, text), STOPS) == [(1, why)]


@pytest.mark.parametrize(
    "written_date", ["2026-06-10 15:20", "2026-06-10T15:20:00Z", "2026-06-10T16:20:00+01:00", "2026-06-10 15:20:00 UTC"]
)
def test_an_instant_may_be_written_in_other_ways(tmp_path: Path, written_date: str) -> None:
    text = (
        (DATA / "q13_stop_and_search_codes.csv").read_text("utf-8").replace("2015-04-02T10:00:00+00:00", written_date)
    )
    rows = incidents(written(tmp_path, text), STOPS)
    assert rows[0].occurred_at == datetime(2026, 6, 10, 15, 20, tzinfo=UTC)
