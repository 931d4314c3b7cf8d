"""The form in which an agency answers what it was asked."""

from safeguarding.panels.models.items import PanelHandling, ReturnState
from safeguarding.web.forms import SHORT_TEXT, CreateForm, EditForm, check_many, radio_one, text

ANSWERS = [
    (ReturnState.ANSWERED.value, "We hold something"),
    (ReturnState.NOTHING_KNOWN.value, "Nothing known"),
    (ReturnState.WILL_NOT_SHARE.value, "We hold something and will not share it"),
]
HANDLING = [
    (PanelHandling.ALL_MEMBERS.value, "All members of the panel"),
    (PanelHandling.NAMED_AGENCIES.value, "Only the agencies named below, and the officers of the panel"),
    (PanelHandling.CHAIR_ONLY.value, "Only the chair and vice-chair"),
]


CONDITIONS = [
    ("ask_first", "Nobody acts on it before asking us"),
    ("no_copy", "It is not copied into other records"),
    ("not_told", "The person it is about is not told of it"),
    ("no_further", "It goes to nobody outside this panel"),
]


class ReturnForm(EditForm):
    """What an agency knows."""

    state = radio_one("What does your agency hold?", ANSWERS, required="Choose what your agency holds.")
    held = text("What you hold", hint="Facts first, with dates and who recorded them. Say what is opinion.", rows=8)
    reason_not_shared = text(
        "Why would sharing be worse for the young person than not sharing?",
        hint="It goes on the record, and those who may read the answer see it.",
        rows=4,
        limit=SHORT_TEXT,
    )
    handling = radio_one("Who of the panel may read it?", HANDLING, required="Choose who may read it.")
    named_agencies = check_many("Agencies that may read it")
    conditions_apply = check_many("Conditions (handling code C)", CONDITIONS)
    conditions = text(
        "Further conditions", hint="Who may know it, and what they may do with it.", rows=2, limit=SHORT_TEXT
    )


class SharedVersionForm(CreateForm):
    """A version of an answer for everybody on the panel."""

    shared_text = text(
        "What may everybody on the panel read?",
        required="Enter what may be shared.",
        hint="In other words than the answer: no source, no method, nothing that tells where it comes from.",
        rows=4,
        limit=SHORT_TEXT,
    )
