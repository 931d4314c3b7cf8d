"""The form of the auditor's search. What is typed is a reference or is refused, so that no name reaches an address."""

import re

from wtforms import Field, ValidationError

from safeguarding.oversight.events import AREAS
from safeguarding.oversight.queries import any_reference
from safeguarding.web.forms import DatePartsField, Form, line, select_one

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
