"""Forms of referrals. What is required is checked only when somebody goes on: `later` keeps an unfinished page as it is.

Choices are set by the views.
"""

from collections.abc import Mapping
from typing import Any

from wtforms import SubmitField

from safeguarding.cases.models import Risk
from safeguarding.referrals.models import ScreeningOutcome, ToldParents, ToldYoungPerson
from safeguarding.referrals.policy import Missing
from safeguarding.web.forms import (
    SHORT_TEXT,
    CreateForm,
    DatePartsField,
    EditForm,
    Form,
    check_many,
    line,
    radio_one,
    text,
    tick,
)

RISKS = [
    (Risk.NONE_KNOWN.value, "None known"),
    (Risk.EMERGING.value, "Emerging"),
    (Risk.MODERATE.value, "Moderate"),
    (Risk.SIGNIFICANT.value, "Significant"),
]
OUTCOMES = [
    (ScreeningOutcome.ACCEPT.value, "Accept for the panel"),
    (ScreeningOutcome.ACCEPT_URGENT.value, "Accept as urgent"),
    (ScreeningOutcome.MORE_INFORMATION.value, "Ask for more information"),
    (ScreeningOutcome.REDIRECT_FRONT_DOOR.value, "Redirect to the front door"),
    (ScreeningOutcome.REDIRECT_EARLY_HELP.value, "Redirect to early help"),
    (ScreeningOutcome.SINGLE_AGENCY.value, "One agency can do this"),
    (ScreeningOutcome.NO_FURTHER_ACTION.value, "No further action"),
]
ASKED, NOT_ASKED = "asked", "not_asked"


class StepForm(Form):
    """A page of a referral: it may be sent to go on, to finish later, or (the first page) to look for a place."""

    later = SubmitField("Save and finish later")

    @property
    def is_unfinished(self) -> bool:
        """Return whether the page was sent to be finished later."""
        return bool(self.later.data)

    def add_missing(self, lacking: list[Missing]) -> None:
        """Show what is missing at the fields of this page."""
        for each in lacking:
            field = self._fields[each.field]
            field.errors = [*field.errors, each.message]


class HappeningFields(StepForm):
    """What has happened."""

    reasons = text(
        "What has happened, and why do you refer now?",
        hint="Keep what you know apart from what you think. Say who saw or said it, and when.",
        rows=8,
    )
    harms = check_many("Kinds of harm", hint="Choose all that apply.")
    risk = radio_one("How high do you think the risk is?", RISKS)
    contexts = check_many("Places involved", hint="Untick a place to leave it out.")
    place = line("Find a place by name", hint="A park, a school, a street, an online space.")
    strengths = text("What helps, and who keeps this young person safe?", rows=4)
    find = SubmitField("Find places")


class NewHappeningForm(HappeningFields, CreateForm):
    """The first page of a referral that does not exist yet."""


class HappeningForm(HappeningFields, EditForm):
    """The first page of a draft."""


class OwnViewForm(StepForm, EditForm):
    """What the young person says."""

    asked = radio_one("Have you asked?")
    own_view = text("Their own words", hint="The panel reads this first. Write it as it was said.", rows=6)
    own_view_absent_reason = text("Why not yet, and when will you ask?", rows=3, limit=SHORT_TEXT)

    def answer(self) -> dict[str, Any]:
        """Return the answer that was chosen; what stands in the other box is not sent on."""
        if self.asked.data == NOT_ASKED:
            return {"own_view_absent_reason": self.own_view_absent_reason.data}
        return {"own_view": self.own_view.data}


class SharingForm(StepForm, EditForm):
    """The front door, the lawful basis, and who knows. A view drops the questions that are about one young person."""

    INDIVIDUAL = (
        "front_door_ref",
        "front_door_on",
        "front_door_override",
        "told_young_person",
        "told_young_person_note",
        "told_parents",
        "told_parents_note",
    )
    basis_notes: Mapping[str, str] = {}

    front_door_ref = line("Front door reference", hint="For example MASH-26-4471.", limit=40)
    front_door_on = DatePartsField("When the front door was told")
    front_door_override = text(
        "If you have not told the front door: why?",
        hint="The panel is not the first place to refer a young person to.",
        rows=3,
        limit=SHORT_TEXT,
    )
    told_young_person = radio_one(
        "Does the young person know of this referral?",
        [(ToldYoungPerson.YES.value, "Yes"), (ToldYoungPerson.NO.value, "No")],
    )
    told_young_person_note = text("How were they told, or why not?", rows=2, limit=SHORT_TEXT)
    told_parents = radio_one(
        "Do the parents or carers know?",
        [
            (ToldParents.YES.value, "Yes"),
            (ToldParents.NO.value, "No"),
            (ToldParents.NOT_APPLICABLE.value, "Not applicable, for example for an adult"),
        ],
    )
    told_parents_note = text("How were the parents or carers told, or why not?", rows=2, limit=SHORT_TEXT)
    lawful_basis = radio_one("Lawful basis for sharing")
    sharing_reason = text("Why is sharing necessary and proportionate?", rows=3, limit=SHORT_TEXT)

    def value(self, name: str) -> Any:
        """Return what was answered, or None where the question was not asked."""
        field = self._fields.get(name)
        return None if field is None else field.data


class AskedForm(StepForm, EditForm):
    """What the panel is asked."""

    panel = radio_one("Which panel?", required="Choose a panel.")
    panel_question = text("What do you ask the panel to do that one agency cannot do alone?", rows=4, limit=SHORT_TEXT)
    urgent = tick(
        "This is urgent: it cannot wait for the next meeting",
        hint="The chair and the coordinator see it first.",
    )


class SubmitForm(EditForm):
    """Check answers, then send."""


class ScreeningForm(EditForm):
    """What should happen with a referral."""

    outcome = radio_one("What should happen?", OUTCOMES, required="Choose what should happen.")
    question = text("What do you need to know?", hint="The referrer sees this and answers here.", rows=3)
    reason = text("Why", hint="It goes on the record, and the referrer sees it.", required="Enter why.", rows=4)


class AnswerForm(EditForm):
    """The referrer's answer."""

    text = text("Your answer", required="Enter your answer.", rows=5)


class WithdrawForm(EditForm):
    """Taking a referral back."""

    reason = text("Why do you withdraw it?", required="Enter why you withdraw this referral.", rows=3, limit=SHORT_TEXT)


class DiscardForm(EditForm):
    """Throwing a draft away."""
