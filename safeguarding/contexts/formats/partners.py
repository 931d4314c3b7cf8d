"""Incidents as partners tell of them: hospitals' assaults (ISTV), and an agency's own list (csv).

Owns the two layouts; `docs` for whoever writes such a file are the columns' titles below. Times without an
offset are London's. Both count towards a place's rubric. Neither may hold a name: a file that does is
refused whole, so that nothing of it is stored.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from safeguarding.contexts.formats import cells
from safeguarding.contexts.formats.harms import harm_of_assault, harm_of_partner
from safeguarding.contexts.formats.identity import Occurrences, content_of
from safeguarding.contexts.formats.rows import IncidentRow, LsoaVintage, Options
from safeguarding.contexts.formats.table import Column, Header, Layout, plain_name
from safeguarding.contexts.vocabulary import InformationGrade

# What tells of a person in a header, without blanks and case.
_NAMING = re.compile(
    r"nhsnumber|nhsno|forename|surname|firstname|lastname|familyname|givenname|fullname|patientname|personname"
    r"|victimname|childname|pupilname|suspectname|^name$|dateofbirth|^dob$|birthdate|patientaddress|homeaddress"
    r"|patientpostcode|homepostcode|hospitalnumber|^upn$|^email$|telephone|phonenumber"
)


def naming_columns(header: Header) -> list[str]:
    """Return the headers that tell who somebody is."""
    return [name.strip() for name in header.names if _NAMING.search(plain_name(name))]


class _Anonymous(Layout[IncidentRow]):
    """What the two layouts share: no names, and the n-th of its like."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._occurrences = Occurrences()

    def check_header(self, header: Header) -> str | None:
        """Refuse a file that says who somebody is."""
        naming = naming_columns(header)
        if naming:
            return f"it says who people are ({', '.join(naming)}); ask the sender for a file without these columns"
        return None


class Istv(_Anonymous):
    """Information sharing to tackle violence: the NHS minimum data set of assaults seen in an emergency department.

    Titles are the NHS data dictionary's. Mandatory: when the assault was, by what method, and where (as a
    type or a description). A description of the place, an age band, sex, and a point that an analyst has
    found for the description may be there.
    """

    name: ClassVar[str] = "istv"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("SITE CODE (OF TREATMENT)", ("site code", "site", "provider")),
        Column(
            "ARRIVAL DATE AND TIME AT ACCIDENT AND EMERGENCY DEPARTMENT",
            ("arrival date and time", "attendance date and time", "date and time of attendance", "arrival date"),
        ),
        Column(
            "ASSAULT DATE AND TIME",
            ("date and time of assault", "assault date", "incident date and time", "date of assault"),
            required=True,
        ),
        Column("ASSAULT TIME", ("time of assault", "incident time")),
        Column("ASSAULT METHOD", ("assault type", "method of assault", "weapon"), required=True),
        Column("ASSAULT METHOD OTHER DESCRIPTION", ("method description", "weapon description")),
        Column("ASSAULT LOCATION TYPE", ("location type",)),
        Column(
            "ASSAULT LOCATION DESCRIPTION",
            ("specific location of assault", "location of assault", "assault location", "location description"),
        ),
        Column("AGE BAND", ("age range", "age group")),
        Column("SEX", ("gender",)),
        Column("LATITUDE", ("lat",)),
        Column("LONGITUDE", ("long", "lng", "lon")),
        Column("REPORTING PERIOD START DATE"),
        Column("REPORTING PERIOD END DATE"),
    )

    def check_header(self, header: Header) -> str | None:
        """Refuse a file with names, and one that never says where."""
        if {"ASSAULT LOCATION TYPE", "ASSAULT LOCATION DESCRIPTION"} <= set(header.absent):
            return "it has no column ASSAULT LOCATION TYPE and no column ASSAULT LOCATION DESCRIPTION"
        return super().check_header(header)

    def check_row(self, cells_of_row: Sequence[str]) -> None:
        """Raise BadRow for an assault without a readable date and for a coordinate that is none."""
        cells.moment(cells_of_row[2], cells_of_row[3])
        cells.point(cells_of_row[10], cells_of_row[11])

    def parse(self, row: int, cells_of_row: Sequence[str]) -> IncidentRow:
        """Return the row; see `check_row` for what is refused."""
        plain = [cell.strip() for cell in cells_of_row]
        site, _, date, time, method, method_more, where_type, where, age_band, _, lat, lng, _, _ = plain
        precision, occurred_on, occurred_at = cells.moment(date, time)
        place = cells.point(lat, lng)
        # The period is the submission's, not the assault's: a month sent again in a longer period is the
        # same.
        identity, n = self._occurrences.identify((self.name, *plain[:12]))
        content, digest = content_of(self.titles, cells_of_row)
        return IncidentRow(
            row=row,
            source=self.name,
            force=site,
            identity=identity,
            occurrence=n,
            content=content,
            content_digest=digest,
            precision=precision,
            occurred_on=occurred_on,
            occurred_at=occurred_at,
            category=method,
            harm=harm_of_assault(f"{method} {method_more}"),
            location=where or where_type,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            age_band=age_band,
            young_person_involved=cells.aged_10_to_25(age_band),
        )


class PartnerIncidents(_Anonymous):
    """An agency's own list. Mandatory: when it was and what it was; everything else may be missing.

    `Reference` is the agency's own number: with it, a corrected row is an update; without it, a row is
    known by all its cells but the outcome. `Grade` is the 3x5x2 information grade A to E. `Young person
    involved` is yes or no; where it is blank the age band speaks, where it can.
    """

    name: ClassVar[str] = "csv"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Reference", ("ref", "incident reference", "incident number", "id")),
        Column("Agency", ("source", "source agency", "reported by", "organisation")),
        Column(
            "Date",
            ("occurred", "occurred on", "occurred at", "incident date", "date of incident", "date and time"),
            required=True,
        ),
        Column("Time", ("incident time", "time of incident")),
        Column("Category", ("incident type", "type of incident", "type", "harm", "harm type"), required=True),
        Column("Location", ("place", "where", "location description")),
        Column("Latitude", ("lat",)),
        Column("Longitude", ("long", "lng", "lon")),
        Column("Easting"),
        Column("Northing"),
        Column("LSOA code", ("lsoa",)),
        Column("Outcome", ("last outcome", "result")),
        Column("Age band", ("age range", "age group", "age")),
        Column("Young person involved", ("aged 10 to 25", "young person", "child involved")),
        Column("Grade", ("information grade", "intelligence grade")),
    )

    def check_row(self, cells_of_row: Sequence[str]) -> None:
        """Raise BadRow for a missing or unreadable date and for a coordinate that is none."""
        cells.moment(cells_of_row[2], cells_of_row[3])
        self._place(cells_of_row)

    def parse(self, row: int, cells_of_row: Sequence[str]) -> IncidentRow:
        """Return the row; see `check_row` for what is refused."""
        plain = [cell.strip() for cell in cells_of_row]
        reference, agency, date, time, category, location, *_, lsoa, outcome, age_band, young, grade = plain
        precision, occurred_on, occurred_at = cells.moment(date, time)
        place = self._place(plain)
        identity, n = self._occurrences.identify(self._parts(reference, agency, plain))
        content, digest = content_of(self.titles, cells_of_row)
        harm = harm_of_partner(category)
        return IncidentRow(
            row=row,
            source=self.name,
            force=agency,
            identity=identity,
            occurrence=n,
            content=content,
            content_digest=digest,
            precision=precision,
            occurred_on=occurred_on,
            occurred_at=occurred_at,
            category=category,
            harm=harm,
            reference=reference,
            location=location,
            lat=place[0] if place else None,
            lng=place[1] if place else None,
            lsoa_code=lsoa,
            lsoa_vintage=LsoaVintage.UNKNOWN,
            outcome=outcome,
            age_band=age_band,
            young_person_involved=_yes_or_no(young, cells.aged_10_to_25(age_band)),
            grade=_grade(grade),
            notes=() if harm else ("the category is none of the rubric's",),
        )

    def _place(self, plain: Sequence[str]) -> tuple[float, float] | None:
        return cells.point(plain[6], plain[7]) or cells.grid_point(plain[8], plain[9])

    def _parts(self, reference: str, agency: str, plain: list[str]) -> tuple[str, ...]:
        if reference:
            return self.name, agency, "reference", reference
        return (self.name, agency, "cells", *plain[2:11], *plain[12:])


def _yes_or_no(text: str, otherwise: bool | None) -> bool | None:
    plain = text.casefold()
    if plain in ("yes", "y", "true", "1"):
        return True
    return False if plain in ("no", "n", "false", "0") else otherwise


def _grade(text: str) -> InformationGrade:
    """The letter of a grade such as "B", "b" or "B3" (source evaluation beside it); ungraded where it is none."""
    found = re.search(r"[A-E]", text.upper()) if len(text) <= 3 else None
    return InformationGrade(found[0].lower()) if found else InformationGrade.UNGRADED
