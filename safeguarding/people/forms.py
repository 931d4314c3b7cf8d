"""Forms about people. Whether somebody is known already, and which names are allowed, is the commands'."""

from safeguarding.people.models import AliasKind, EthnicityScheme, Sex
from safeguarding.people.possible_models import PossibleState
from safeguarding.people.service import Details
from safeguarding.web.forms import (
    CreateForm,
    DatePartsField,
    EditForm,
    Form,
    line,
    radio_one,
    select_one,
    text,
    tick,
)

SEXES = [(Sex.FEMALE.value, "Female"), (Sex.MALE.value, "Male"), (Sex.UNKNOWN.value, "Not known")]
ALIAS_KINDS = [
    (AliasKind.ALIAS.value, "Another name"),
    (AliasKind.NICKNAME.value, "Nickname"),
    (AliasKind.PREVIOUS_NAME.value, "Previous name"),
]


ANSWERS = [
    (PossibleState.SAME.value, "The same young person"),
    (PossibleState.DIFFERENT.value, "Two different young people"),
    (PossibleState.UNSURE.value, "It cannot be told yet"),
]


class SearchForm(Form):
    """The search, in the header and on its own page."""

    q = line("Name, alias or reference", hint="The beginning of each name is enough, like “kie mar”.")


class LookForm(Form):
    """Who is looked for before anybody is added."""

    given_name = line("First name", required="Enter the first name.", limit=100)
    family_name = line("Last name", required="Enter the last name.", limit=100)
    known_as = line("Known as", limit=100)
    born_on = DatePartsField("Date of birth", past=True)
    born_estimated = tick(
        "This date is an estimate", hint="When only month and year are known, use the 15th of the month."
    )
    nhs_number = line("NHS number", hint="10 digits, like 943 476 5870.", limit=20)
    upn = line("Unique pupil number", hint="A letter, 11 digits and a digit or letter.", limit=20)


class DetailsFields(Form):
    """What is known besides names, date of birth and identifiers."""

    sex = radio_one("Sex", SEXES, required="Choose one; “Not known” will do.")
    pronouns = line("Pronouns", limit=40, hint="Like he/him, she/her, they/them.")
    gender = line("Gender, in their own words", limit=40)
    ethnicity = select_one("Ethnicity", hint="As they or their parent say it.")
    language = line("Language they prefer", limit=100)
    address = text("Address", limit=500, rows=3)
    postcode = line("Postcode", limit=8)
    ward = line("Ward", limit=100)
    school_name = line("School or college", limit=200)


class AddForm(CreateForm, LookForm, DetailsFields):
    """Everything about somebody new, once the search showed nobody who is the same."""


class DetailsForm(EditForm, DetailsFields):
    """What is known of somebody, to be changed."""

    born_on = DatePartsField("Date of birth", past=True)
    born_estimated = tick(
        "This date is an estimate", hint="When only month and year are known, use the 15th of the month."
    )
    nhs_number = line("NHS number", hint="10 digits, like 943 476 5870.", limit=20)
    upn = line("Unique pupil number", hint="A letter, 11 digits and a digit or letter.", limit=20)


class NamesForm(EditForm):
    """Somebody's names, to be changed."""

    given_name = line("First name", required="Enter the first name.", limit=100)
    family_name = line("Last name", required="Enter the last name.", limit=100)
    known_as = line("Known as", limit=100)


class AliasForm(EditForm):
    """Another name."""

    name = line("Name", required="Enter the name.", limit=200)
    kind = radio_one("What kind of name is it?", ALIAS_KINDS, required="Choose what kind of name it is.")


class RemoveForm(EditForm):
    """The button that takes a name away."""


class PossibleForm(EditForm):
    """What somebody says of two records that may be about the same young person."""

    answer = radio_one("Are they the same young person?", ANSWERS, required="Choose one.")
    reason = text(
        "Why?",
        required="Say why.",
        hint="What you compared or whom you asked. It is kept with both records' history.",
        limit=2_000,
        rows=3,
    )


def details_of(form: AddForm | DetailsForm) -> Details:
    """Return what a valid form says as the command takes it."""
    code = form.ethnicity.data
    return Details(
        born_on=form.born_on.data,
        born_estimated=bool(form.born_estimated.data),
        sex=Sex(form.sex.data or Sex.UNKNOWN),
        gender=form.gender.data,
        pronouns=form.pronouns.data,
        ethnicity_code=code,
        ethnicity_scheme=EthnicityScheme.DFE if code else None,
        address=form.address.data,
        postcode=form.postcode.data,
        ward=form.ward.data,
        school_name=form.school_name.data,
        language=form.language.data,
        nhs_number=form.nhs_number.data,
        upn=form.upn.data,
    )
