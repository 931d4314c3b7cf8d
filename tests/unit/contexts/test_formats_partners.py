"""Incidents as hospitals and agencies tell of them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from safeguarding.contexts.formats.cells import aged_10_to_25
from safeguarding.contexts.formats.harms import harm_of_assault, harm_of_partner
from safeguarding.contexts.formats.rows import NotThisFormat
from safeguarding.contexts.vocabulary import IncidentHarm, InformationGrade, Precision
from tests.unit.contexts.reading import DATA, as_text, incidents, reasons, written

ISTV = ("Site code", "Assault date and time", "Assault method", "Location type", "Age band")
CSV = ("Reference", "Agency", "Date", "Category", "Outcome")


def test_assaults_seen_in_a_hospital() -> None:
    rows = incidents(DATA / "istv.csv", "istv")
    assert [(row.precision, row.occurred_on, row.occurred_at) for row in rows] == [
        (Precision.INSTANT, date(2026, 3, 7), datetime(2026, 3, 7, 23, 10, tzinfo=UTC)),
        (Precision.INSTANT, date(2026, 3, 8), datetime(2026, 3, 8, 0, 40, tzinfo=UTC)),
        (Precision.INSTANT, date(2026, 6, 10), datetime(2026, 6, 10, 22, 30, tzinfo=UTC)),
        (Precision.DAY, date(2026, 3, 9), None),
    ]
    assert [row.harm for row in rows] == [
        IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY,
        IncidentHarm.VIOLENCE_WITH_INJURY,
        IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY,
        IncidentHarm.SEXUAL,
    ]
    assert [row.young_person_involved for row in rows] == [True, True, None, False]
    assert [row.location for row in rows] == ["Mill Street outside the arcade", "The Ferry", "Quarry Gardens", "Other"]
    assert [row.lat for row in rows] == [51.2, None, 51.201, None]
    assert {(row.force, row.background, row.blurred) for row in rows} == {("RMB01", False, False)}


@pytest.mark.parametrize(
    "column",
    ["NHS Number", "Patient name", "Surname", "First_name", "Name", "Date of birth", "DOB", "Patient postcode", "UPN"],
)
@pytest.mark.parametrize(("named", "header"), [("istv", ISTV), ("csv", CSV)])
def test_a_file_that_says_who_people_are_is_refused_whole(
    tmp_path: Path, named: str, header: tuple[str, ...], column: str
) -> None:
    path = written(tmp_path, as_text(header=(*header, column)))
    with pytest.raises(NotThisFormat, match=rf"says who people are \({column}\)"):
        incidents(path, named)


def test_a_hospital_s_file_must_say_when_how_and_where(tmp_path: Path) -> None:
    for absent, why in [
        ("Assault date and time", "no column ASSAULT DATE AND TIME"),
        ("Assault method", "no column ASSAULT METHOD"),
        ("Location type", "no column ASSAULT LOCATION TYPE and no column ASSAULT LOCATION DESCRIPTION"),
    ]:
        header = [name for name in ISTV if name != absent]
        with pytest.raises(NotThisFormat, match=why):
            incidents(written(tmp_path, as_text(header=header)), "istv")


def test_an_assault_without_a_date_is_refused_and_its_time_may_stand_apart(tmp_path: Path) -> None:
    header = (*ISTV, "Assault time")
    rows = [
        ["RMB01", "", "Knife", "Street", "", "10:00"],
        ["RMB01", "07/03/2026", "Knife", "Street", "", "22:05"],
        ["RMB01", "07/03/2026", "Knife", "Street", "", "late"],
        ["RMB01", "07/03/2026", "Knife", "Street", "", "N/A"],
    ]
    path = written(tmp_path, as_text(*rows, header=header))
    assert reasons(path, "istv") == [(1, "no date"), (3, "the time cannot be read")]
    good = written(tmp_path, as_text(rows[1], rows[3], header=header))
    assert [row.occurred_at for row in incidents(good, "istv")] == [datetime(2026, 3, 7, 22, 5, tzinfo=UTC), None]


def test_equal_assaults_are_separate_and_a_second_import_adds_none(tmp_path: Path) -> None:
    row = ["RMB01", "2026-03-07", "Knife", "Street", "16-17"]
    path = written(tmp_path, as_text(row, row, header=ISTV))
    first, again = incidents(path, "istv"), incidents(path, "istv")
    assert first == again
    assert len({each.identity for each in first}) == 2


@pytest.mark.parametrize(
    ("method", "harm"),
    [
        ("Knife/sharp object", IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY),
        ("Stabbed", IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY),
        ("Blunt object", IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY),
        ("Corrosive substance", IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY),
        ("Body part (fist, foot)", IncidentHarm.VIOLENCE_WITH_INJURY),
        ("No weapon", IncidentHarm.VIOLENCE_WITH_INJURY),
        ("Without a weapon", IncidentHarm.VIOLENCE_WITH_INJURY),
        ("Pushed", IncidentHarm.VIOLENCE_WITH_INJURY),
        ("Combat sport", IncidentHarm.VIOLENCE_WITH_INJURY),
        ("", IncidentHarm.VIOLENCE_WITH_INJURY),
        ("Sexual assault with a knife", IncidentHarm.SEXUAL),
    ],
)
def test_an_assault_s_method_as_a_category(method: str, harm: IncidentHarm) -> None:
    assert harm_of_assault(method) is harm


def test_an_agency_s_own_list() -> None:
    rows = incidents(DATA / "incidents.csv", "csv")
    assert [(row.precision, row.occurred_on, row.occurred_at) for row in rows] == [
        (Precision.INSTANT, date(2026, 3, 7), datetime(2026, 3, 7, 16, 30, tzinfo=UTC)),
        (Precision.DAY, date(2026, 3, 21), None),
        (Precision.MONTH, date(2026, 3, 1), None),
        (Precision.MONTH, date(2026, 3, 1), None),
        (Precision.INSTANT, date(2026, 7, 1), datetime(2026, 6, 30, 23, 15, tzinfo=UTC)),
    ]
    assert [row.harm for row in rows] == [
        IncidentHarm.ROBBERY,
        IncidentHarm.EXPLOITATION,
        None,
        None,
        IncidentHarm.WEAPON,
    ]
    assert rows[2].notes == ("the category is none of the rubric's",)
    assert [row.grade for row in rows] == [
        InformationGrade.B,
        InformationGrade.UNGRADED,
        InformationGrade.D,
        InformationGrade.D,
        InformationGrade.B,
    ]
    assert [row.young_person_involved for row in rows] == [True, True, False, False, False]
    assert len({row.identity for row in rows}) == 5
    assert {row.background for row in rows} == {False}


def test_a_corrected_row_with_a_reference_is_an_update(tmp_path: Path) -> None:
    first = incidents(written(tmp_path, as_text(["1", "Youth", "2026-03-07", "Fight", ""], header=CSV)), "csv")
    later = incidents(written(tmp_path, as_text(["1", "Youth", "2026-03-08", "Robbery", "x"], header=CSV)), "csv")
    other = incidents(written(tmp_path, as_text(["1", "Housing", "2026-03-07", "Fight", ""], header=CSV)), "csv")
    assert first[0].identity == later[0].identity != other[0].identity
    assert first[0].content_digest != later[0].content_digest


def test_a_row_without_a_reference_is_known_by_all_but_its_outcome(tmp_path: Path) -> None:
    def identity(*row: str) -> str:
        return incidents(written(tmp_path, as_text(["", *row], header=CSV)), "csv")[0].identity

    plain = identity("Youth", "2026-03-07", "Fight", "")
    assert identity("Youth", "2026-03-07", "Fight", "Closed") == plain
    assert identity("Youth", "2026-03-07", "Fights", "") != plain
    assert identity("Youth", "2026-03-08", "Fight", "") != plain
    assert identity("School", "2026-03-07", "Fight", "") != plain


def test_a_grid_reference_places_an_incident(tmp_path: Path) -> None:
    header = ("Date", "Category", "Easting", "Northing")
    path = written(tmp_path, as_text(["2026-03-07", "Fight", "574759", "147502"], header=header))
    [row] = incidents(path, "csv")
    assert row.lat == pytest.approx(51.2, abs=1e-4)
    bad = written(tmp_path, as_text(["2026-03-07", "Fight", "574759", "x"], header=header))
    assert reasons(bad, "csv") == [(1, "northing is not a number")]


def test_published_police_files_are_no_agency_s_list() -> None:
    for name in ("q01_crime_id_is_no_key.csv", "q15_schools_atlas.csv"):
        with pytest.raises(NotThisFormat, match="not a csv file: it has no column"):
            incidents(DATA / name, "csv")


@pytest.mark.parametrize(
    ("date_given", "why"),
    [
        ("", "no date"),
        ("n/a", "no date"),
        ("yesterday", "the date cannot be read"),
        ("31/02/2026", "the date cannot be read"),
        ("2026-02-30", "the date cannot be read"),
        ("7/3/26", "the date cannot be read"),
        ("01/01/1066", "the date cannot be read"),
        ("2026-03-07 25:00", "the time cannot be read"),
        ("07/03/2026 half past", "the time cannot be read"),
        ("2026-03-07T24:10:00Z", "there is no such date and time"),
    ],
)
def test_an_incident_without_a_readable_date_is_refused(tmp_path: Path, date_given: str, why: str) -> None:
    path = written(tmp_path, as_text(["", "Youth", date_given, "Fight", ""], header=CSV))
    assert reasons(path, "csv") == [(1, why)]


@pytest.mark.parametrize(
    ("date_given", "instant"),
    [
        ("2026-07-01 00:15", datetime(2026, 6, 30, 23, 15, tzinfo=UTC)),
        ("01/07/2026 00:15", datetime(2026, 6, 30, 23, 15, tzinfo=UTC)),
        ("01.07.2026  0:15:30", datetime(2026, 6, 30, 23, 15, 30, tzinfo=UTC)),
        ("2026-10-25 01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # London's clocks show it twice: the earlier
        ("2026-12-01T10:00", datetime(2026, 12, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_london_s(tmp_path: Path, date_given: str, instant: datetime) -> None:
    [row] = incidents(written(tmp_path, as_text(["", "Youth", date_given, "Fight", ""], header=CSV)), "csv")
    assert row.occurred_at == instant


@pytest.mark.parametrize(
    ("band", "young"),
    [
        ("10-17", True),
        ("18 to 24", True),
        ("10–25", True),
        ("15", True),
        ("26", False),
        ("9", False),
        ("under 10", False),
        ("<10", False),
        ("over 34", False),
        ("65+", False),
        ("26 and over", False),
        ("over 25", False),
        ("25-34", None),
        ("under 18", None),
        ("over 20", None),
        ("17-10", None),
        ("", None),
        ("adult", None),
        ("²", None),
    ],
)
def test_whether_an_age_band_lies_within_10_to_25(band: str, young: bool | None) -> None:
    assert aged_10_to_25(band) is young


def test_every_category_is_known_by_its_name_and_its_label() -> None:
    for category in IncidentHarm:
        assert harm_of_partner(category.value) is category
        assert harm_of_partner(category.label.upper()) is category
    assert harm_of_partner("  Weapon-Violence   with injury ") is IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY
    assert harm_of_partner("noise") is None


@pytest.mark.parametrize(
    ("given", "grade"),
    [
        ("A", InformationGrade.A),
        ("e", InformationGrade.E),
        ("B3", InformationGrade.B),
        ("3C", InformationGrade.C),
        ("", InformationGrade.UNGRADED),
        ("Adult", InformationGrade.UNGRADED),
        ("X", InformationGrade.UNGRADED),
    ],
)
def test_an_information_grade(tmp_path: Path, given: str, grade: InformationGrade) -> None:
    text = as_text(["2026-03-07", "Fight", given], header=("Date", "Category", "Grade"))
    assert incidents(written(tmp_path, text), "csv")[0].grade is grade
