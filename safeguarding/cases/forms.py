"""Forms about cases. Choices of people and agencies are passed in; the rules are the commands'."""

from collections.abc import Mapping
from typing import Any

from safeguarding.cases import words
from safeguarding.cases.models import Risk, SeenAlone, SharedWith, UpdateKind
from safeguarding.cases.service import UpdateText
from safeguarding.web.forms import (
    ClockField,
    CreateForm,
    DatePartsField,
    EditForm,
    Form,
    instant_of,
    line,
    radio_one,
    select_one,
    text,
    tick,
)


def choices(known: Mapping[Any, str]) -> list[tuple[str, str]]:
    """Return (value, words) of an enum's words."""
    return [(member.value, label) for member, label in known.items()]


class UpdateFields(Form):
    """What an update asks. Kind and time are chosen beforehand; seen alone and risk never are."""

    kind = radio_one("What kind of update is it?", choices(words.KINDS), required="Choose what kind of update it is.")
    happened_on = DatePartsField("Day it happened", required="Enter the day it happened.", past=True)
    happened_at = ClockField("Time it happened", required="Enter the time it happened.", description="Like 14:30.")
    seen_alone = radio_one("Were they seen alone?", choices(words.SEEN), required="Say whether they were seen alone.")
    what_happened = text(
        "What happened?",
        required="Say what happened.",
        hint="What you saw and heard. Leave out what you make of it.",
        limit=10_000,
    )
    own_words = text("Their own words", hint="As they said them.", limit=4_000, rows=3)
    own_words_absent_reason = line("If there are none, why?", hint="For example, they were not there.")
    opinion = text(
        "What do you make of it?", hint="Your opinion, kept apart and signed with your name.", limit=4_000, rows=3
    )
    risk = radio_one("Risk now", required="Say what the risk is now; “no change” will do.")
    risk_reason = text("Why did the risk change?", hint="Needed when it is not the same.", limit=2_000, rows=3)
    next_step = text("Next step", limit=2_000, rows=2)
    next_step_on = DatePartsField("By when?")
    shared_with = radio_one("Who may read this?", choices(words.SHARED), required="Choose who may read this.")


class UpdateForm(CreateForm, UpdateFields):
    """A new update."""


class OpenForm(CreateForm):
    """A new case."""

    going_on = text(
        "What is going on?",
        required="Say what is going on.",
        hint="Who does harm to whom, where and since when. Two or three sentences.",
        limit=4_000,
    )
    keeps_safe = text("What keeps them safe?", hint="One thing a line.", limit=4_000)
    social_care_status = select_one(
        "Children's social care", choices(words.STATUSES), required="Choose what social care does."
    )
    risk = radio_one("Risk now", choices(words.RISKS), required="Say what the risk is now.")
    risk_reason = text("Why is this the risk?", required="Say why the risk is what it is.", limit=2_000, rows=3)
    lead = select_one("Lead worker", required="Choose the lead worker.", hint="Their agency leads the case.")
    next_review_on = DatePartsField("Next review")
    is_restricted = tick(
        "Restrict this case", hint="Only those allocated to it will see it, whatever the role of anybody else."
    )


class ReviseForm(EditForm):
    """What stands at the head of a case, to be rewritten."""

    going_on = text("What is going on?", required="Say what is going on.", limit=4_000)
    keeps_safe = text("What keeps them safe?", hint="One thing a line.", limit=4_000)
    social_care_status = select_one(
        "Children's social care", choices(words.STATUSES), required="Choose what social care does."
    )
    next_review_on = DatePartsField("Next review")


class MoveForm(EditForm):
    """Another state."""

    state = radio_one("What becomes of the case?", required="Choose what becomes of the case.")
    reason = text("Why?", required="Say why.", limit=2_000, rows=3)


class AllocateForm(CreateForm):
    """Who works the case."""

    user_id = select_one("Who?", required="Choose a person.")
    kind = radio_one("Their part", choices(words.PARTS), required="Choose their part.")


class ActionForm(CreateForm):
    """An action that belongs to the case."""

    title = line("What is to be done?", required="Say what is to be done.")
    detail = text("Details", limit=4_000, rows=3)
    owner = select_one("Who does it?", required="Choose an agency, or a person of it.")
    due_on = DatePartsField("Due", required="Enter the day by which it is due.")
    is_urgent = tick("High priority")


class EmptyForm(EditForm):
    """A button alone."""


def text_of(form: UpdateFields) -> UpdateText:
    """Return what a valid form says as the command takes it."""
    happened = instant_of(form.happened_on.data, form.happened_at.data)
    assert happened is not None  # noqa: S101 - both parts are required
    return UpdateText(
        kind=UpdateKind(form.kind.data or ""),
        happened_at=happened,
        what_happened=form.what_happened.data or "",
        seen_alone=SeenAlone(form.seen_alone.data or ""),
        risk=Risk(form.risk.data or ""),
        own_words=form.own_words.data,
        own_words_absent_reason=form.own_words_absent_reason.data,
        opinion=form.opinion.data,
        risk_reason=form.risk_reason.data,
        next_step=form.next_step.data,
        next_step_on=form.next_step_on.data,
        shared_with=SharedWith(form.shared_with.data or ""),
    )


def risk_choices(now: Risk) -> list[tuple[str, str]]:
    """Return the levels, the one that stands first and named as no change."""
    others = [(risk.value, label) for risk, label in words.RISKS.items() if risk is not now]
    return [(now.value, f"No change: {words.RISKS[now].lower()}"), *others]


class RestrictForm(EditForm):
    """Why a case is restricted, and when that is looked at again."""

    reason = text(
        "Why?",
        required="Say why.",
        hint="Who must not find it, and how you know. Whoever agrees reads this without seeing the case: leave names out.",
        limit=2_000,
        rows=4,
    )
    review_on = DatePartsField(
        "Look at it again on",
        required="Enter the day on which it is looked at again.",
        description="Within three months.",
    )


class ListForm(CreateForm):
    """Somebody for the list of a restricted case."""

    user_id = select_one("Who?", required="Choose a person.")
    until_on = DatePartsField(
        "Last day", required="Enter their last day on the list.", description="At most a year ahead."
    )
    reason = line("Why do they need to see it?", required="Say why they need to see it.")


class LiftForm(CreateForm):
    """Why a restriction is no longer needed."""

    reason = text("Why is it no longer needed?", required="Say why.", limit=2_000, rows=4)


class CaseConflictForm(CreateForm):
    """Whose conflict of interest, and what it is."""

    user_id = select_one("Whose conflict is it?", required="Choose whose conflict it is.")
    reason = text("What is the conflict?", required="Say what the conflict of interest is.", limit=1_000, rows=3)
