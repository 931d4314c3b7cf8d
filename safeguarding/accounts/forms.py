"""Forms of sign-in, and of the people who may sign in."""

import re

from wtforms import Field, HiddenField, PasswordField, ValidationError

from safeguarding.access.roles import ROLE_NAMES, Role
from safeguarding.web.forms import Choices, CreateForm, EditForm, Form, line, select_one

_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,6}")


class SignInForm(Form):
    """E-mail address and pass phrase. What is wrong is never said in more detail than that the pair is."""

    email = line(
        "Email address", required="Enter your email address.", limit=254, autocomplete="username", inputmode="email"
    )
    password = PasswordField("Pass phrase", render_kw={"autocomplete": "current-password"})
    next = HiddenField()


def _roles() -> Choices:
    return [("", "Choose one"), *((role.value, ROLE_NAMES[role]) for role in Role)]


class FindPersonForm(Form):
    """Which of the people who may sign in are shown."""

    text = line("Name or email address", limit=120, autocomplete="off")
    agency = select_one("Agency")


class AddPersonForm(CreateForm):
    """Somebody who may sign in, in a first role."""

    name = line("Full name", required="Enter their full name.", limit=120, autocomplete="off")
    email = line(
        "Work email address",
        required="Enter their work email address.",
        limit=254,
        inputmode="email",
        autocomplete="off",
    )
    job_title = line("Job title", limit=120)
    agency = select_one("Agency", required="Choose their agency.")
    role = select_one("Role", _roles(), required="Choose their role.")

    def validate_email(self, field: Field) -> None:
        """Refuse what cannot be an address."""
        if field.data and not _ADDRESS.fullmatch(field.data):
            raise ValidationError("Enter an email address like name@agency.example.")


class GiveRoleForm(CreateForm):
    """One more role of a person."""

    agency = select_one("Agency", required="Choose the agency.")
    role = select_one("Role", _roles(), required="Choose the role.")


class ChangeRightsForm(EditForm):
    """A button that changes what somebody may do; it asks nothing."""
