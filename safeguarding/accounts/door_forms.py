"""Forms of the doors: a forgotten pass phrase, one-time links, requests for roles."""

from wtforms import HiddenField, PasswordField

from safeguarding.web.forms import CreateForm, DatePartsField, EditForm, Form, line, radio_one, select_one, text

APPROVE, DECLINE = "approve", "decline"
AGREE = "agree"


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
        "Your reason", required="Give your reason.", hint="Whoever asked reads it, and it is kept", limit=2_000, rows=3
    )


class SubstituteForm(CreateForm):
    """Who stands in for an agency's contact, until when, and why."""

    person = select_one("Colleague", required="Choose a colleague.", hint="People of your agency who can sign in")
    last_day = DatePartsField("Last day", required="Enter the last day.", description="At most 90 days ahead")
    reason = text("Why", required="Say why they stand in for you.", limit=2_000, rows=3)


class TightenForm(CreateForm):
    """Which right a role is to lose, and why."""

    right = select_one("Role and right", required="Choose a right.")
    reason = text("Why", required="Say why.", hint="The person who decides reads it.", limit=2_000, rows=3)


class DecideTighteningForm(EditForm):
    """The two buttons by which a second person decides."""

    decision = line("Decision", required="Choose whether you agree.")


class GiveBackForm(EditForm):
    """Why a right is to be given back."""

    back_reason = text("Why", required="Say why.", limit=2_000, rows=3)


class MemberForm(Form):
    """The button that keeps or ends a membership."""

    membership = HiddenField()

    @property
    def membership_id(self) -> int | None:
        """Return which one, or None when it is no number."""
        text = str(self.membership.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class WithdrawForm(EditForm):
    """A button that withdraws a request."""
