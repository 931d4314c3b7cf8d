"""Forms about sealed values. What is typed into one is never shown again, not even to whoever typed it."""

from safeguarding.web.forms import CreateForm, DatePartsField, EditForm, Form, check_many, text, tick


class ValueForm(EditForm):
    """A value to be sealed. It is not filled in with the one that stands, and not shown again after a mistake."""

    sealed_value = text("Value", limit=500, rows=3)  # a name that is never kept for a lost session
    removed = tick("Take away what is recorded", hint="Nobody will be able to see it afterwards.")

    def empty(self) -> None:
        """Forget what was typed, before the form is shown again."""
        self.sealed_value.data = None


class AskForm(CreateForm):
    """What somebody needs to see, and why."""

    fields = check_many("What do you need to see?", required="Choose what you need to see.")
    reason = text(
        "Why do you need it?",
        required="Say why you need it.",
        hint="What you will do, when, and why it cannot be done without. Information governance reads this.",
        limit=2_000,
        rows=4,
    )


class RevealForm(Form):
    """Why somebody looks now. Nothing that a repeat could make twice: each look is one."""

    reason = text(
        "Why do you look now?",
        required="Say why you look now.",
        hint="It is kept with the record of this look.",
        limit=500,
        rows=3,
    )


class GrantForm(CreateForm):
    """Until when somebody may see what they asked for."""

    until_on = DatePartsField("Last day", required="Enter the last day.", description="At most 90 days ahead.")
    decision_reason = text("Why?", required="Say why.", limit=2_000, rows=3)


class RefuseForm(CreateForm):
    """Why somebody may not see it."""

    decision_reason = text(
        "Why not?", required="Say why not.", hint="Whoever asked will read this.", limit=2_000, rows=3
    )


class EndForm(CreateForm):
    """The button that takes a grant back."""
