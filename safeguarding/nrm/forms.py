"""Forms about referrals to the National Referral Mechanism. Code lists are passed in; the rules are the commands'."""

from safeguarding.nrm import words
from safeguarding.nrm.models import NrmRoute
from safeguarding.nrm.service import ReferralText
from safeguarding.web.forms import (
    CreateForm,
    DatePartsField,
    EditForm,
    check_many,
    line,
    radio_one,
    select_one,
    text,
    tick,
)

AUTO = "auto"
ROUTES = [
    (AUTO, "By the age rule: a devolved panel when they are far enough from 18, else the Single Competent Authority"),
    *((route.value, label) for route, label in words.ROUTES.items()),
]
OUTCOMES = [(outcome.value, label) for outcome, label in words.OUTCOMES.items()]


class ReferralForm(CreateForm):
    """A referral that was sent."""

    referred_on = DatePartsField("Day of referral", required="Enter the day of referral.", past=True)
    first_responder_code = select_one(
        "First responder",
        required="Choose the organisation that referred.",
        hint="Health bodies and schools are none: they ask the local authority or the police.",
    )
    first_responder_name = line("Name of the person who referred")
    exploitation_types = check_many("Kinds of exploitation", required="Choose at least one kind of exploitation.")
    county_lines = tick("County lines", hint="A flag beside the kinds, not one of them.")
    route = radio_one("Who decides?", ROUTES, required="Choose who decides.")
    nrm_number = line("The Home Office's reference", limit=40)
    adult_consented = tick(
        "They gave informed consent",
        hint="For somebody of 18 or over: told what the mechanism is, what support there is and what may come of it.",
    )
    note = text("Note", limit=4_000, rows=3)


class DecisionForm(EditForm):
    """A decision that was heard."""

    outcome = radio_one("Decision", OUTCOMES, required="Choose what was decided.")
    decided_on = DatePartsField("Day of the decision", required="Enter the day of the decision.", past=True)
    decision_maker = line("Who decided?", required="Say who decided.")
    note = text("Reasons given, and where the letter is kept", hint="Needed when negative.", limit=4_000)


class NumberForm(EditForm):
    """The Home Office's own reference."""

    nrm_number = line("The Home Office's reference", required="Enter the reference.", limit=40)


class CorrectForm(EditForm):
    """Another day for something that was recorded."""

    happened_on = DatePartsField("The right day", required="Enter the right day.", past=True)
    note = text("What was wrong, and what this rests on", required="Say what was wrong.", limit=2_000, rows=3)


def referral_of(form: ReferralForm) -> ReferralText:
    """Return what a valid form says as the command takes it."""
    assert form.referred_on.data is not None  # noqa: S101 - the field is required
    return ReferralText(
        referred_on=form.referred_on.data,
        first_responder_code=form.first_responder_code.data or "",
        first_responder_name=form.first_responder_name.data,
        exploitation_types=form.exploitation_types.data or [],
        county_lines=bool(form.county_lines.data),
        route=None if form.route.data == AUTO else NrmRoute(form.route.data or ""),
        nrm_number=form.nrm_number.data,
        adult_consented=bool(form.adult_consented.data),
        note=form.note.data,
    )
