"""Forms of the auditor's search and of emergency access.

What is typed into the search is a reference or is refused, so that no name reaches an address.
"""

import re

from wtforms import Field, ValidationError

from safeguarding.oversight import words
from safeguarding.oversight.events import AREAS
from safeguarding.oversight.queries import any_reference
from safeguarding.web.forms import (
    CreateForm,
    DatePartsField,
    EditForm,
    Form,
    check_many,
    line,
    radio_one,
    select_one,
    text,
)

_SYSTEM = re.compile(r"system:[a-z][a-z-]{1,30}|anonymous")


def actor_key(text: str) -> str | None:
    """Return an actor as the audit records it, from a person's reference or a command's name; None when it is neither."""
    ref = any_reference(text.removeprefix("user:"))
    if ref is not None and ref.startswith("US-"):
        return f"user:{ref}"
    return text if _SYSTEM.fullmatch(text) else None


class AuditSearchForm(Form):
    """By whom, about what, of which kind, when. All may be left empty."""

    actor = line("Who did it", hint="A reference like US-7F3K-2M9Q, or a command like system:seed", limit=40)
    subject = line("What it was about", hint="A reference like YP-7F3K-2M9Q", limit=40)
    area = select_one("Part of the service", [("", "All of it"), *AREAS.items()])
    start = DatePartsField("From")
    end = DatePartsField("To")

    def validate_actor(self, field: Field) -> None:
        """Refuse what is no reference."""
        if field.data and actor_key(field.data) is None:
            raise ValidationError(
                "Enter the reference of a person who may sign in, like US-7F3K-2M9Q. Names do not work."
            )

    def validate_subject(self, field: Field) -> None:
        """Refuse what is no reference."""
        if field.data and any_reference(field.data) is None:
            raise ValidationError("Enter a reference like YP-7F3K-2M9Q. Names do not work.")

    def validate_end(self, field: Field) -> None:
        """Refuse a span that ends before it begins."""
        if field.data and self.start.data and field.data < self.start.data:
            raise ValidationError("The last day must be on or after the first day.")


class EmergencyForm(CreateForm):
    """Why one record has to be opened now."""

    record = line(
        "Reference you were given",
        required="Enter the reference you were given, like YP-7F3K-2M9Q.",
        hint="Like YP-7F3K-2M9Q for a young person, or CA-2M9Q-7F3K for a case.",
        limit=40,
    )
    kind = radio_one("What is happening?", words.KIND_CHOICES, required="Say what is happening.")
    parts = check_many(
        "What do you need?",
        words.PART_CHOICES,
        required="Choose what you need.",
        hint="You get these parts and no others.",
    )
    reason = text(
        "Why can it not wait, and who did you try?",
        required="Say why it cannot wait, and whom you tried to reach.",
        hint="Read by whoever reviews this. Do not include more about the young person than you must.",
        limit=2_000,
        rows=4,
    )
    basis = radio_one("What lets you see it?", words.BASIS_CHOICES, required="Say what lets you see it.")


class ReviewForm(EditForm):
    """What a reviewer found."""

    outcome = radio_one(
        "Was it right to use it?", words.OUTCOME_CHOICES, required="Say whether it was right to use it."
    )
    findings = text(
        "What did you find, and what happens now?",
        hint="Needed when it was not right. Whoever used it reads this.",
        limit=4_000,
        rows=4,
    )


class ExportForm(CreateForm):
    """Which days a file of who looked is to hold, and what it is for."""

    start = DatePartsField("First day", required="Enter the first day.")
    end = DatePartsField("Last day", required="Enter the last day.")
    purpose = text(
        "What is it for?",
        required="Say what it is for.",
        hint="Whoever agrees reads this. Name no young person.",
        limit=1_000,
        rows=3,
    )

    def validate_end(self, field: Field) -> None:
        """Refuse a span that ends before it begins, and one of more than a year."""
        if not (self.start.data and field.data):
            return
        if field.data < self.start.data:
            raise ValidationError("The last day must be on or after the first day.")
        if (field.data - self.start.data).days > 366:
            raise ValidationError("A file holds at most a year.")


class AnswerForm(CreateForm):
    """What was found about a question that the audit raised."""

    answer = text(
        "What did you find?",
        required="Say what you found.",
        hint="Whom you asked, what they said, and what happens now. Name no young person.",
        limit=4_000,
        rows=4,
    )
