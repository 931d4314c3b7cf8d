"""Forms before the day: a meeting planned, an agenda arranged, items added and edited, publishing and locking."""

from collections.abc import Iterable, Mapping

from wtforms import StringField

from safeguarding.panels.service.agenda import DEFAULT_MINUTES, MOST_MINUTES
from safeguarding.web.forms import (
    LINE,
    SHORT_TEXT,
    ClockField,
    CreateForm,
    DatePartsField,
    EditForm,
    WholeNumber,
    check_many,
    line,
    select_one,
    text,
)


class PlanForm(CreateForm):
    """A meeting to come."""

    starts_on = DatePartsField("Day of the meeting", required="Enter the day of the meeting.")
    starts_time = ClockField("Starts at", required="Enter when the meeting starts, like 2pm.")
    ends_time = ClockField("Ends at", description="Leave empty for the panel's usual length.")
    place = line("Place", hint="Leave empty for the panel's usual place.", limit=LINE)


class VersionForm(EditForm):
    """A button: publish, lock, remove."""


class ArrangeForm(EditForm):
    """The agenda in order: the minutes of each item. `for_items` adds a field for each."""

    move = StringField("Move")

    @property
    def moved(self) -> tuple[str, int] | None:
        """Return the reference of the item to move and by how many places, when a button to move was pressed."""
        way, _, ref = str(self.move.data or "").partition(":")
        return (ref, {"up": -1, "down": 1}[way]) if way in ("up", "down") else None

    def minutes(self, refs: Iterable[str]) -> dict[str, int]:
        """Return the minutes of each item, by reference."""
        return {ref: int(self[minutes_name(ref)].data) for ref in refs}


def arrange_form(items: Iterable[tuple[str, str, int]]) -> type[ArrangeForm]:
    """Return the form for these items: (reference, name, minutes)."""
    fields = {
        minutes_name(ref): WholeNumber(
            f"Minutes for {name}",
            least=1,
            most=MOST_MINUTES,
            required=f"Enter the minutes for {name}.",
            default=minutes,
        )
        for ref, name, minutes in items
    }
    return type("ArrangeItemsForm", (ArrangeForm,), fields)


def minutes_name(ref: str) -> str:
    """Return the name of the field with an item's minutes."""
    return f"minutes_{ref.replace('-', '_')}"


class AddForm(EditForm):
    """Accepted referrals and reviews to put on the agenda."""

    referrals = check_many("Accepted referrals")
    cases = check_many("Reviews due")
    everything = StringField("Add all accepted referrals")
    notes: Mapping[str, str] = {}


class ThemeForm(EditForm):
    """Something to discuss that is about no one person, group or place."""

    title = line("What is it about?", required="Enter what the item is about.")
    theme_question = text("What is the panel asked?", rows=3, limit=SHORT_TEXT)
    minutes = WholeNumber("Minutes", least=1, most=MOST_MINUTES, required="Enter the minutes.", default=DEFAULT_MINUTES)
    presenter = select_one("Who presents it?")


class ItemForm(EditForm):
    """One item of the agenda."""

    minutes = WholeNumber("Minutes", least=1, most=MOST_MINUTES, required="Enter the minutes.")
    presenter = select_one("Who presents it?")
    question = text("What is the panel asked?", rows=4, limit=SHORT_TEXT)
