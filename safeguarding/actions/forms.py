"""Forms about actions. Choices and limits of time are the commands'."""

from safeguarding.web.forms import DatePartsField, EditForm, text


class StartForm(EditForm):
    """The button that says work has begun."""


class CompleteForm(EditForm):
    """Done, with what shows it."""

    evidence = text(
        "What shows that it is done?",
        required="Say what shows that it is done.",
        hint="What was done and where it is recorded. The panel reads this.",
        limit=4_000,
    )
    completed_on = DatePartsField("Day it was done", required="Enter the day it was done.", past=True)


class NotPossibleForm(EditForm):
    """Things changed, so that it cannot be done."""

    outcome_note = text(
        "What changed?",
        required="Say what changed, and where that is recorded.",
        hint="For example, the family moved. This counts against nobody.",
        limit=4_000,
    )


class NotDoneForm(EditForm):
    """Not done, and what happens instead."""

    outcome_note = text(
        "What happens instead?",
        required="Say what happens instead.",
        hint="Why it was not done, and how the young person is kept safe without it.",
        limit=4_000,
    )


class DueDateForm(EditForm):
    """Another due date."""

    due_on = DatePartsField("New due date", required="Enter the new due date.")
    reason = text("Why does it move?", required="Say why the due date moves.", limit=2_000, rows=3)
