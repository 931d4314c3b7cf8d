"""Forms about places. Choices and limits of time are the commands'; no field asks for a young person's name."""

import re
from typing import Any

from wtforms import ValidationError

from safeguarding.contexts import words
from safeguarding.contexts.models import GoalState
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm
from safeguarding.contexts.words import choices
from safeguarding.web.forms import (
    ClockField,
    CreateForm,
    DatePartsField,
    EditForm,
    line,
    radio_one,
    select_one,
    text,
    tick,
)

NO_NAMES = "No names and no initials: this is about the place."
YOUNG = [("yes", "Yes"), ("no", "No"), ("not_known", "Not known")]
PLACE = [("certain", "In it, or within 50 metres"), ("near", "Near it, or not certain")]
SURE = {"yes": True, "no": False, "not_known": None}
STAYS = "stays"
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?")


def _harms() -> list[tuple[str, str]]:
    return [("", "Choose"), *((harm.value, harm.label) for harm in IncidentHarm)]


def _harm() -> Any:
    return select_one(
        "What kind of harm?", _harms(), required="Choose the kind of harm.", hint="The gravest that applies."
    )


def _information_grade() -> Any:
    missing = "Choose the information grade, or that it is not graded yet."
    return radio_one("Information grade: how is it known?", choices(words.INFORMATION), required=missing)


def _source_grade() -> Any:
    return radio_one("Source grade: how reliable is the source?", choices(words.SOURCES))


def _young() -> Any:
    return radio_one(
        "Was somebody aged 10 to 25 involved?",
        YOUNG,
        required="Say whether somebody aged 10 to 25 was involved.",
        hint="Not known counts; a certain no does not.",
    )


def _description() -> Any:
    return text("What happened?", hint=NO_NAMES, limit=4_000)


class IncidentForm(CreateForm):
    """An incident that a partner knows of, at this place."""

    harm = _harm()
    happened_on = DatePartsField("Day it happened", required="Enter the day it happened.", past=True)
    month_only = tick("Only the month is known", hint="Enter any day of the month.")
    happened_at = ClockField("Time of day", description="Like 14:30 or 2:30pm. Leave empty when it is not known.")
    where = radio_one("Where was it?", PLACE, required="Say how certain the place is.")
    young = _young()
    description = _description()
    grade = _information_grade()
    source_grade = _source_grade()
    handling = radio_one("Handling code", choices(words.HANDLING), required="Choose the handling code.")
    handling_conditions = text("Conditions", hint="Who may know it, and what they may do with it.", limit=2_000, rows=3)
    told_by = line("Who told it?", hint="A service or a role, such as the youth club. Never a name.", limit=120)
    informant = line(
        "The informant’s name",
        hint="Only where it must be known. It is sealed as you save it, and shown by grant of information governance alone.",
        limit=200,
        autocomplete="off",
    )


class CorrectForm(EditForm):
    """Another version of an incident; the earlier one is kept."""

    harm = _harm()
    young = _young()
    description = _description()
    grade = _information_grade()
    source_grade = _source_grade()


class ReviewForm(CreateForm, EditForm):
    """A judgement beside the score. It carries both: a key against sending twice, and the version that was read."""

    grade = radio_one(
        "Which level of response does this place need?",
        [(grade.value, grade.label) for grade in ContextGrade],
        required="Choose the level of response.",
    )
    rationale = text(
        "Why?", required="Say why.", hint="What you know that the score does not. " + NO_NAMES, limit=4_000
    )
    differs_reason = text("Why does it differ from the band?", hint="Only where it does.", limit=4_000, rows=3)
    step = radio_one("Where does the work on this place stand?", required="Choose where the work stands.")
    next_review_on = DatePartsField("Next review", required="Enter the day of the next review.")


class GoalForm(CreateForm):
    """What shall be different, how one will know, and where wanted the first action."""

    statement = text(
        "What shall be different for young people here?",
        required="Say what shall be different.",
        hint="A change, not an effort: “young people can name an adult here whom they trust”.",
        limit=1_000,
        rows=3,
    )
    hoped_change = text("What do you hope will happen?", required="Say what you hope will happen.", limit=1_000, rows=3)
    measure = text("How will we know?", required="Say how we will know.", limit=1_000, rows=3)
    baseline = text(
        "Where does it stand now?", hint="Such as “14 of 22 avoid the park after 16:00”.", limit=500, rows=2
    )
    due_on = DatePartsField("To be reached by")
    action_title = line("What is to be done first?", hint="Leave empty to add actions later.")
    action_owner = select_one("Who does it?")
    action_due_on = DatePartsField("Done by")

    def validate_action_owner(self, field: Any) -> None:
        """An action has an owner."""
        if self.action_title.data and not field.data:
            raise ValidationError("Choose an agency, or a person of it, to do it.")

    def validate_action_due_on(self, field: Any) -> None:
        """An action has a day, and a day without an action is a slip."""
        if self.action_title.data and field.data is None and not field.process_errors:
            raise ValidationError("Enter the day by which it is done.")

    def validate_action_title(self, field: Any) -> None:
        """Whoever fills in the rest of an action means one."""
        if not field.data and (self.action_owner.data or self.action_due_on.data):
            raise ValidationError("Say what is to be done first, or leave its owner and its day empty.")


class GoalEndForm(EditForm):
    """How a goal ended."""

    outcome = radio_one(
        "How did it end?",
        [(state.value, words.GOALS[state][0]) for state in GoalState if state is not GoalState.OPEN],
        required="Choose how it ended.",
    )
    evidence = text(
        "What shows it?",
        required="Say what shows it.",
        hint="What was asked or counted, by whom, and what came of it. " + NO_NAMES,
        limit=4_000,
    )
    evidenced_on = DatePartsField("On which day was that known?", required="Enter the day.", past=True)


class FactorForm(CreateForm):
    """A finding, a concern or a guardian."""

    kind = radio_one("What is it?", choices(words.FACTORS), required="Choose what it is.")
    text = text("What was found, said or agreed?", required="Say what it is.", hint=NO_NAMES, limit=2_000, rows=3)
    source = line(
        "Where does it come from?",
        required="Say where it comes from.",
        hint="An assessment, a survey, a meeting of residents. For a guardian the organisation.",
    )
    happened_on = DatePartsField(
        "Day",
        required="Enter the day.",
        past=True,
        description="The findings of one assessment carry its day; only those of the latest count.",
    )


class FactorEndForm(CreateForm):
    """From when on a factor holds no longer."""

    ended_on = DatePartsField("From which day does it no longer hold?", required="Enter the day.", past=True)


class ContextForm(CreateForm):
    """A place that is not yet known."""

    name = line("Name", required="Enter the name.")
    kind = select_one("Kind", [("", "Choose"), *choices(words.KINDS)], required="Choose the kind.")
    aliases = text("Other names", hint="Such as young people use. One a line.", limit=2_000, rows=3)
    ward = line("Ward", limit=100)
    postcode = line("Postcode", limit=8)
    latitude = line("Latitude", hint="Like 51.4613", limit=20)
    longitude = line("Longitude", hint="Like -0.1156", limit=20)
    description = text("What is going on?", hint=NO_NAMES, limit=4_000)
    what_is_strong = text(
        "What is strong here?", hint="Who and what keeps young people safe. One thing a line.", limit=4_000
    )
    is_restricted = tick("Restricted", hint="Seen by safeguarding leads alone. A private address always is.")
    next_review_on = DatePartsField("First review")

    def validate_latitude(self, field: Any) -> None:
        """A decimal number, as maps show it."""
        _degrees(field)

    def validate_longitude(self, field: Any) -> None:
        """A decimal number, as maps show it."""
        _degrees(field)

    def validate_aliases(self, field: Any) -> None:
        """Each as long as a name may be, and not too many."""
        names = lines_of(field.data)
        if len(names) > 20 or any(len(name) > 200 for name in names):
            raise ValidationError("Give at most 20 other names, each of at most 200 characters.")


def _degrees(field: Any) -> None:
    if field.data and not _DEGREES.fullmatch(field.data):
        raise ValidationError(f"{field.label.text} must be a decimal number, like 51.4613.")


def lines_of(given: str | None) -> list[str]:
    """Return the lines of a text that are not empty, each once."""
    return list(dict.fromkeys(each.strip() for each in (given or "").split("\n") if each.strip()))
