"""Forms about agencies and their agreements."""

from wtforms import HiddenField

from safeguarding.agencies.models import AgencyKind, DataType, QuorumGroup
from safeguarding.web.filters import words
from safeguarding.web.forms import (
    Choices,
    CreateForm,
    DatePartsField,
    EditForm,
    Form,
    check_many,
    line,
    select_one,
    text,
)

NOTHING: tuple[str, str] = ("", "Choose one")
KINDS: Choices = [NOTHING, *((kind.value, words(kind)) for kind in AgencyKind)]
GROUPS: Choices = [NOTHING, *((group.value, words(group)) for group in QuorumGroup)]
DATA_TYPES = {
    DataType.CASES: "Young people, adults who may pose a risk, and what is known in their cases",
    DataType.HEALTH: "Health",
    DataType.OFFENCES: "Alleged and proven offences",
    DataType.IMMIGRATION: "Immigration status and referrals to the National Referral Mechanism",
    DataType.INTELLIGENCE: "Graded intelligence",
}
_GROUP_HINT = "The group that the agency counts towards when a panel's quorum is worked out"


class AddAgencyForm(CreateForm):
    """A new agency of the partnership."""

    name = line("Name", required="Enter the agency's name.", limit=120)
    short_name = line(
        "Short name", required="Enter a short name.", limit=40, hint="As it stands in lists and in the minutes"
    )
    kind = select_one("Kind of agency", KINDS, required="Choose the kind of agency.")
    quorum_group = select_one("Quorum", GROUPS, required="Choose for whom it counts.", hint=_GROUP_HINT)
    active_from = DatePartsField("First day in the partnership", required="Enter the first day in the partnership.")


class ChangeAgencyForm(EditForm):
    """What an agency is called and is, and its last day."""

    name = line("Name", required="Enter the agency's name.", limit=120)
    short_name = line("Short name", required="Enter a short name.", limit=40)
    kind = select_one("Kind of agency", KINDS, required="Choose the kind of agency.")
    quorum_group = select_one("Quorum", GROUPS, required="Choose for whom it counts.", hint=_GROUP_HINT)
    active_to = DatePartsField(
        "Last day in the partnership, if it leaves",
        description="After this day nobody of the agency sees anything. Leave it empty while the agency stays.",
    )


class AgreementForm(CreateForm):
    """A signed information-sharing agreement."""

    title = line("Agreement", required="Enter the agreement's title.", limit=160)
    purposes = text("Purposes", required="Enter what information is shared for.", limit=2_000, rows=3)
    data_types = check_many(
        "What is shared",
        [(each.value, DATA_TYPES[each]) for each in DataType],
        required="Choose what is shared.",
        hint="Without the first, the agency's people see no case data",
    )
    signed_by = line("Signed by", required="Enter who signed it, with their office.", limit=120)
    signed_on = DatePartsField("Signed on", required="Enter the day it was signed.", past=True)
    review_on = DatePartsField(
        "Review on",
        required="Enter the day by which it is reviewed.",
        description="After this day the agency's people see no case data until a new agreement is recorded.",
    )


class DecideAgreementForm(Form):
    """The two buttons by which a second person decides about an agreement."""

    agreement = HiddenField()
    decision = line("Decision", required="Choose whether you approve.")
