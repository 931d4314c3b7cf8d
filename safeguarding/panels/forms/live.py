"""The small forms of a meeting's day: opening, attendance, a conflict, putting an item on a date, texts added later.

Choices are passed in. They look nothing up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wtforms import FieldList, Form, FormField, HiddenField

from safeguarding.panels.models.meetings import AttendanceStatus
from safeguarding.web.forms import (
    SHORT_TEXT,
    CreateForm,
    DatePartsField,
    EditForm,
    line,
    radio_one,
    select_one,
    text,
    tick,
)
from safeguarding.web.forms import Form as OwnForm

STATUSES = [
    (AttendanceStatus.PRESENT.value, "Here"),
    (AttendanceStatus.APOLOGIES.value, "Apologies"),
    (AttendanceStatus.ABSENT.value, "Absent"),
]


class OpenForm(OwnForm):
    """Opening the meeting."""

    statement_read = tick(
        "I have read the confidentiality statement aloud, and everyone present accepts it",
        required="Read the confidentiality statement aloud, then confirm that you did.",
    )


class AttendanceRow(Form):
    """One line of the attendance; without a status nothing is recorded yet."""

    agency = HiddenField()
    line_id = HiddenField()
    version = HiddenField()
    status = radio_one("Attendance", STATUSES)
    who = select_one("Who")
    name = line("Somebody without an account")
    deputy_for = line("Deputy for")
    sent = tick("Information sent")


@dataclass(frozen=True)
class SeatChoice:
    """An agency with a seat and its people (reference, name), as the attendance form offers them."""

    ref: str
    name: str
    people: Sequence[tuple[str, str]]


class AttendanceForm(OwnForm):
    """Everyone's attendance at once; a last row is for one more person of any agency."""

    lines = FieldList(FormField(AttendanceRow), max_entries=200)
    more_agency = select_one("Agency")
    more_who = line("Name of one more person")
    more_deputy_for = line("Deputy for")

    def offer(self, seats: Iterable[SeatChoice]) -> None:
        """Take the agencies with a seat and their people."""
        self.seats = {seat.ref: seat for seat in seats}
        self.more_agency.choices = [("", "Choose one"), *((seat.ref, seat.name) for seat in self.seats.values())]
        seated = [entry for entry in self.lines.entries if str(entry.form.agency.data) in self.seats]
        self.seat_is_gone = len(seated) < len(self.lines.entries)
        self.lines.entries = seated
        for entry in seated:
            entry.form.who.choices = [("", ""), *self.seats[str(entry.form.agency.data)].people]

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse as a whole what names an agency that has no seat: its line is not drawn, so nothing can be put right there."""
        sound: bool = super().validate(extra_validators)
        if self.seat_is_gone:
            self.form_errors.append("An agency on this page has no seat any more. Check the list, then save it again.")
        return sound and not self.seat_is_gone

    def blame(self, index: int, field: str, message: str) -> None:
        """Show a refusal at a line."""
        wrong: Any = self.lines[index].form[field]
        wrong.errors = [*wrong.errors, message]
        self.lines.errors = [entry.errors for entry in self.lines.entries]


class ConflictForm(CreateForm):
    """A conflict of interest: one's own, or somebody's who told an officer."""

    who = select_one("Whose conflict is it?", required="Choose whose conflict it is.")
    reason = text(
        "What is the conflict?",
        required="Enter what the conflict of interest is.",
        hint="A relative, a friend, a complaint: a sentence is enough. The officers of the panel read it, nobody else.",
        limit=SHORT_TEXT,
        rows=3,
    )


class DeferForm(CreateForm):
    """Putting an item on a date, without a decision."""

    to_on = DatePartsField("Date", required="Enter the date to which the item is put off.")
    reason = text("Why", required="Enter why the item is put on a date.", limit=SHORT_TEXT, rows=3)


class AddendumForm(CreateForm):
    """A dated text that is added to something that never changes."""

    text = text("What is added", required="Enter what is to be added.", rows=4)


class DissentForm(CreateForm):
    """An agency's own dissent."""

    agency = select_one("Your agency", required="Choose your agency.")
    reason = text("Why your agency disagrees", required="Enter why your agency disagrees.", limit=SHORT_TEXT, rows=3)


class MinutesForm(EditForm):
    """A step of the minutes, with the version that was read."""
