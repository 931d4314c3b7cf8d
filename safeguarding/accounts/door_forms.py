"""Forms of the doors: a forgotten pass phrase, one-time links, requests for roles."""

from wtforms import PasswordField

from safeguarding.web.forms import EditForm, Form, line, radio_one, text

APPROVE, DECLINE = "approve", "decline"


class ForgottenForm(Form):
    """The address to which a link goes, if somebody has it."""

    email = line(
        "Email address", required="Enter your email address.", limit=254, autocomplete="username", inputmode="email"
    )


class ChoosePhraseForm(Form):
    """A first or another pass phrase. What it must be is judged by `passwords.refuse_weak`."""

    phrase = PasswordField("New pass phrase", render_kw={"autocomplete": "new-password"})


class ProvePhraseForm(Form):
    """The pass phrase, asked for before lost second factors are taken away."""

    phrase = PasswordField("Pass phrase", render_kw={"autocomplete": "current-password"})


class DecideRequestForm(EditForm):
    """What a second person decides about a role, and why."""

    decision = radio_one(
        "Your decision", [(APPROVE, "Approve"), (DECLINE, "Decline")], required="Choose whether you approve."
    )
    reason = text(
        "Your reason", required="Give your reason.", hint="Who asked reads it, and it is kept", limit=2_000, rows=3
    )


class WithdrawForm(EditForm):
    """A button that withdraws a request."""
