"""Words of emergency access and of the questions that the audit raises. Pure."""

from safeguarding.oversight.detectors import Pattern
from safeguarding.oversight.models import EmergencyBasis, EmergencyKind, EmergencyOutcome, EmergencyPart
from safeguarding.oversight.what_if import Change

KINDS: dict[EmergencyKind, str] = {
    EmergencyKind.HURT_TODAY: "A young person may be hurt today",
    EmergencyKind.MISSING_NOW: "A young person is missing now",
    EmergencyKind.COURT_HOSPITAL_CUSTODY: "A hospital, a court or custody is waiting",
    EmergencyKind.SOMETHING_ELSE: "Something else",
}
PARTS: dict[EmergencyPart, str] = {
    EmergencyPart.RISK: "Risk now, and what keeps them safe",
    EmergencyPart.CONTACTS: "Who to ring, and where they live and learn",
    EmergencyPart.UPDATES: "Updates from the last 14 days",
}
BASES: dict[EmergencyBasis, str] = {
    EmergencyBasis.VITAL_INTERESTS: "To protect somebody’s life or stop serious harm",
    EmergencyBasis.SECTION_47: "Section 47 enquiry, Children Act 1989",
    EmergencyBasis.SECTION_115: "Crime and Disorder Act 1998, section 115",
}
OUTCOMES: dict[EmergencyOutcome, str] = {
    EmergencyOutcome.RIGHT: "Right to use it",
    EmergencyOutcome.COULD_HAVE_WAITED: "It could have waited",
    EmergencyOutcome.NOT_JUSTIFIED: "Not justified",
}
KIND_CHOICES = [(kind.value, label) for kind, label in KINDS.items()]
PART_CHOICES = [(part.value, label) for part, label in PARTS.items()]
BASIS_CHOICES = [(basis.value, label) for basis, label in BASES.items()]
OUTCOME_CHOICES = [(outcome.value, label) for outcome, label in OUTCOMES.items()]
CHANGES: dict[Change, tuple[str, str]] = {  # as it is asked, and as the answer begins
    Change.ALLOCATED: ("This person is allocated", "If {} were allocated"),
    Change.LISTED: ("This person is put on the list", "If {} were put on the list"),
    Change.ENDED: ("This person’s own part ends", "If {}’s own part ended"),
    Change.CONFLICT: ("This person declares a conflict of interest", "If {} declared a conflict of interest"),
    Change.OPENED: ("The restriction is lifted", "If the restriction were lifted"),
}
PATTERNS: dict[Pattern, str] = {
    Pattern.NO_RELATION: "Opened a record with which they had nothing to do, because their role opens it",
    Pattern.SAME_NAME: "Opened the record of a young person with their own surname",
    Pattern.OUT_OF_HOURS: "Opened five or more records out of hours on one day",
    Pattern.MANY_REFUSALS: "Was refused five times or more within an hour",
    Pattern.FAST: "Opened thirty or more different records within ten minutes",
}


def parts_words(parts: str) -> str:
    """Return the parts of a use, stored with commas, in words."""
    return "; ".join(label for part, label in PARTS.items() if part in parts.split(","))
