"""Forms of sign-in, and of the people who may sign in."""

import re

from wtforms import Field, HiddenField, PasswordField, TextAreaField, ValidationError

from safeguarding.access.roles import ROLE_NAMES, Role
from safeguarding.web.forms import Choices, CreateForm, EditForm, Form, line, select_one, text

_WHY_HINT = (
    "Needed for a chair, vice-chair, safeguarding lead, information governance or administrator: "
    "a second person reads it and decides"
)
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,6}")


class SignInForm(Form):
    """E-mail address and pass phrase. What is wrong is never said in more detail than that the pair is."""

    email = line(
        "Email address", required="Enter your email address.", limit=254, autocomplete="username", inputmode="email"
    )
    password = PasswordField("Pass phrase", render_kw={"autocomplete": "current-password"})
    next = HiddenField()


class CodeForm(Form):
    """A code of an authenticator app, or a recovery code."""

    code = line(
        "Code",
        required="Enter the code.",
        hint="Six digits from your authenticator app, or one of your recovery codes",
        limit=60,
        autocomplete="one-time-code",
        spellcheck="false",
    )


class AppCodeForm(Form):
    """The first code of a new authenticator app."""

    code = line(
        "Code that the app shows now",
        required="Enter the six digits that the app shows now.",
        limit=20,
        autocomplete="one-time-code",
        inputmode="numeric",
    )


class NewPasskeyForm(Form):
    """A new passkey: what its owner calls it. What the browser answers is put in by a script."""

    name = line(
        "Name of this passkey",
        hint="So that you know it again, for example “Work laptop”",
        limit=60,
        autocomplete="off",
    )


class PressForm(Form):
    """A button that asks nothing else."""


class UnlockForm(Form):
    """The pass phrase, to show who sits there."""

    password = PasswordField("Pass phrase", render_kw={"autocomplete": "current-password"})


class ChangePhraseForm(Form):
    """A person's own pass phrase: the one they have and the one they want."""

    password = PasswordField("Pass phrase now", render_kw={"autocomplete": "current-password"})
    phrase = PasswordField("New pass phrase", render_kw={"autocomplete": "new-password"})


def _roles() -> Choices:
    return [("", "Choose one"), *((role.value, ROLE_NAMES[role]) for role in Role)]


class FindPersonForm(Form):
    """Which of the people who may sign in are shown."""

    text = line("Name or email address", limit=120, autocomplete="off")
    agency = select_one("Agency")


def _why() -> TextAreaField:
    return text("Why they need this role", hint=_WHY_HINT, limit=2_000, rows=3)


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
    reason = _why()

    def validate_email(self, field: Field) -> None:
        """Refuse what cannot be an address."""
        if field.data and not _ADDRESS.fullmatch(field.data):
            raise ValidationError("Enter an email address like name@agency.example.")


class GiveRoleForm(CreateForm):
    """One more role of a person."""

    agency = select_one("Agency", required="Choose the agency.")
    role = select_one("Role", _roles(), required="Choose the role.")
    reason = _why()


class ChangeRightsForm(EditForm):
    """A button that changes what somebody may do; it asks nothing."""
