"""The one form of the right half of the live meeting: the note being typed, the decision, the views, the actions.

It is one form, so that whichever button is pressed everything typed is sent, and nothing is lost with or without script.
Choices are passed in. It looks nothing up and knows no actor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from wtforms import FieldList, Form, FormField, HiddenField

from safeguarding.actions.models import ActionPriority
from safeguarding.cases.models import Risk
from safeguarding.core import clock
from safeguarding.core.errors import RuleError
from safeguarding.panels.forms.fields import DayField
from safeguarding.panels.models.decisions import DecisionKind, View
from safeguarding.panels.models.items import ItemKind, PanelHandling
from safeguarding.panels.policy import KIND_NAMES, kinds_for
from safeguarding.panels.rules import (
    MOST_ACTIONS,
    AgencyOpinion,
    AgreedAction,
    DecisionText,
    Problem,
    problems,
    view_problems,
)
from safeguarding.web.forms import SHORT_TEXT, EditForm, check_many, line, radio_one, select_one, text, tick
from safeguarding.web.once import claim, new_key

RISKS = [
    ("none_known", "None known"),
    ("emerging", "Emerging"),
    ("moderate", "Moderate"),
    ("significant", "Significant"),
]
VIEWS = [("agrees", "Agrees"), ("disagrees", "Disagrees"), ("no_view", "No view")]
PRIORITIES = [(ActionPriority.NORMAL.value, "Normal"), (ActionPriority.HIGH.value, "High")]
FIRST_ROWS = 3
NOTE_FIELDS = ("speaker", "speaker_agency", "note_handling", "note_readers", "note_conditions", "note")
UNDER_CONDITIONS = "conditions"
NOTE_HANDLING = [
    (PanelHandling.ALL_MEMBERS.value, "Everybody in the item"),
    (UNDER_CONDITIONS, "Everybody, under conditions"),
    (PanelHandling.NAMED_AGENCIES.value, "Named agencies and the officers"),
    (PanelHandling.CHAIR_ONLY.value, "Only the chair and vice-chair"),
]


@dataclass(frozen=True)
class AgencyChoice:
    """An agency as the form offers it; `is_here` asks for its view, `may_have_view` allows one.

    `has_seat` says that it is of the panel, so that a note may be for it.
    """

    id: int
    ref: str
    name: str
    is_here: bool = False
    may_have_view: bool = True
    has_seat: bool = True


@dataclass(frozen=True)
class PersonChoice:
    """Somebody who may own an action, by reference, with the agency they would own it for."""

    id: int
    ref: str
    name: str
    agency_ref: str


class ViewRow(Form):
    """What one agency thinks."""

    agency = HiddenField()
    view = radio_one("View", VIEWS)
    reason = line("Why it disagrees", limit=SHORT_TEXT)
    answer = line("Chair's answer", limit=SHORT_TEXT)


class ActionRow(Form):
    """One action; a row with nothing but a priority in it is no action."""

    title = line("What will be done")
    owner = select_one("Agency and person")
    due = DayField("Due")
    priority = select_one("Priority", PRIORITIES)

    @property
    def is_blank(self) -> bool:
        """Return whether nothing was typed."""
        return not (self.title.data or self.owner.data or self.due.typed)


class RecordForm(EditForm):
    """The form; `offer` gives it its choices before anything else is asked of it."""

    once = HiddenField(default=new_key)
    note_once = HiddenField(default=new_key)
    note_id = HiddenField()
    note_version = HiddenField()
    speaker = line("Who speaks", limit=200)
    speaker_agency = select_one("For which agency")
    note_handling = select_one("Who may read the note", NOTE_HANDLING)
    note_readers = check_many("Agencies that may read the note")
    note_conditions = line("Conditions (handling code C)", limit=SHORT_TEXT)
    note = text("What was said", rows=3)

    kind = radio_one("The panel decides to")
    linked_context = select_one("Linked to")
    linked_ref = line("or the reference of another place", limit=20)
    rationale = text("Why", rows=4)
    options = text("Other options considered", rows=2)
    risk_before = select_one("Risk before", RISKS)
    risk_after = select_one("Risk after", RISKS)
    rest_agree = tick("All others who are here agree")
    views = FieldList(FormField(ViewRow), max_entries=60)
    actions = FieldList(FormField(ActionRow), min_entries=FIRST_ROWS, max_entries=MOST_ACTIONS)
    deferred_to = DayField("Put off to")
    next_review = DayField("Next review")
    lawful_basis = select_one("Lawful basis")
    told_how = line("Who tells the young person, and how", limit=SHORT_TEXT)
    waive = line("Why the panel decides without them", limit=SHORT_TEXT)  # only where the quorum lacks

    def offer(
        self,
        item_kind: ItemKind,
        agencies: Sequence[AgencyChoice],
        people: Iterable[PersonChoice],
        bases: Iterable[tuple[str, str]],
        places: Iterable[tuple[str, str]],
    ) -> None:
        """Take the choices, and a row of views for each agency in the room that has none yet."""
        self.item_kind = item_kind
        self.agencies = {agency.ref: agency for agency in agencies}
        self.people = list(people)
        self.kind.choices = [(kind.value, KIND_NAMES[kind]) for kind in kinds_for(item_kind)]
        self.speaker_agency.choices = [("", ""), *((each.ref, each.name) for each in agencies)]
        self.note_readers.choices = [(each.ref, each.name) for each in agencies if each.has_seat]
        self.lawful_basis.choices = [("", "Choose one"), *bases]
        self.linked_context.choices = [("", "None"), *places]
        for field in (self.risk_before, self.risk_after):
            field.choices = [("", "Choose one"), *RISKS]
        # A row about no agency that there is was tampered with: it is shown nowhere, so nothing in it can be put right.
        self.views.entries = [entry for entry in self.views if entry.form.agency.data in self.agencies]
        asked = {entry.form.agency.data for entry in self.views}
        for agency in agencies:
            if agency.is_here and agency.ref not in asked:
                self.views.append_entry({"agency": agency.ref})
        self._offer_owners()

    def add_row(self) -> None:
        """Offer one more row for an action."""
        if len(self.actions) < MOST_ACTIONS:
            self.actions.append_entry()
            self._offer_owners()

    def claim_once(self, actor_key: str) -> None:
        """Use the decision's once-only key up; see `web.once.claim`."""
        claim(str(self.once.data or ""), actor_key)

    def claim_note(self, actor_key: str) -> None:
        """Use the key of a new note up, so that one saved twice at once, by script and by button, is one note."""
        claim(str(self.note_once.data or ""), actor_key)

    def start_next_note(self) -> None:
        """Empty the note, which has been saved, and keep everything else as it was typed."""
        self.show_note(None)
        self.note_once.data = new_key()

    def show_note(self, note: Any) -> None:
        """Put a note (of `queries.parts`) into the fields, to be changed; None empties them."""
        self.speaker.data = note.speaker if note is not None else None
        self.speaker_agency.data = note.agency_ref if note is not None else None
        self.note.data = note.text if note is not None else None
        self.note_handling.data = _handling_shown(note)
        self.note_readers.data = [ref for ref, _name in note.readers] if note is not None else []
        self.note_conditions.data = note.conditions if note is not None else None
        self.note_id.data = str(note.id) if note is not None else ""
        self.note_version.data = str(note.version) if note is not None else ""
        for field in (self.speaker, self.note):
            field.raw_data = []

    @property
    def note_for(self) -> PanelHandling:
        """Return for whom the note that is typed is."""
        chosen = self.note_handling.data
        return PanelHandling(chosen) if chosen in set(PanelHandling) else PanelHandling.ALL_MEMBERS

    @property
    def note_reader_ids(self) -> frozenset[int]:
        """Return the agencies ticked for the note."""
        ticked = (self.agencies.get(ref) for ref in self.note_readers.data or [])
        return frozenset(agency.id for agency in ticked if agency is not None and agency.has_seat)

    @property
    def note_under(self) -> str | None:
        """Return the conditions of the note that is typed; none where everybody may read it without."""
        is_plain = self.note_handling.data in (None, PanelHandling.ALL_MEMBERS.value)
        return None if is_plain else self.note_conditions.data

    @property
    def named_people(self) -> list[str]:
        """Return the references of those who were chosen to own an action, as they were sent."""
        chosen = (str(entry.form.owner.data or "").partition("/")[2] for entry in self.actions)
        return [ref for ref in chosen if ref]

    @property
    def changes_note(self) -> int | None:
        """Return the number of the note that is being changed, or None for a new one."""
        return _number(self.note_id.data)

    @property
    def read_note_version(self) -> int:
        """Return the version at which that note was read; 0, which is always stale, when it was tampered with."""
        return _number(self.note_version.data) or 0

    def owners(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the choices of an owner by agency: the agency itself, then its people."""
        grouped = []
        for agency in self.agencies.values():
            own = [(f"{agency.ref}/{each.ref}", each.name) for each in self.people if each.agency_ref == agency.ref]
            grouped.append((agency.name, [(agency.ref, f"{agency.name}, nobody named"), *own]))
        return grouped

    @property
    def has_note(self) -> bool:
        """Return whether something is typed as a note."""
        return bool(self.note.data or self.speaker.data)

    @property
    def has_decision(self) -> bool:
        """Return whether something of a decision, a view or an action is typed."""
        texts = (self.kind, self.rationale, self.options, self.told_how, self.linked_ref)
        typed = any(field.data for field in texts) or bool(self.deferred_to.typed or self.next_review.typed)
        rows = any(entry.form.view.data or entry.form.reason.data for entry in self.views)
        return typed or rows or any(not entry.form.is_blank for entry in self.actions)

    def check_note(self) -> bool:
        """Check the fields of the note alone, so that a half-typed decision never stops a note."""
        sound = [self[name].validate(self) for name in NOTE_FIELDS]  # each, so that each says what is wrong
        return not self._note_gaps() and all(sound)

    def _note_gaps(self) -> bool:
        if not self.speaker.data:
            self.speaker.errors = [*self.speaker.errors, "Enter who speaks."]
        if not self.note.data:
            self.note.errors = [*self.note.errors, "Enter what was said."]
        if self.note_handling.data == UNDER_CONDITIONS and not self.note_conditions.data:
            self.note_conditions.errors = [*self.note_conditions.errors, "Enter under which conditions it was said."]
        if self.note_for is PanelHandling.NAMED_AGENCIES and not self.note_reader_ids:
            self.note_readers.errors = [*self.note_readers.errors, "Choose the agencies that may read the note."]
        return any(self[name].errors for name in NOTE_FIELDS)

    def check_decision(self, linked_context_id: int | None) -> DecisionText | None:
        """Return the decision as typed, or None with every problem at its field.

        `linked_context_id` is that of the place chosen or named, which the view has looked up.
        """
        sound = self.validate()
        if self.has_note and self._note_gaps():
            sound = False
        views, actions = self._views(), self._actions()
        if self.linked_ref.data and linked_context_id is None:
            self._blame(Problem("No place has this reference.", "linked_ref"))
        if self.kind.data is None:
            self._blame(Problem("Choose what the panel decides.", "kind"))
        here = {each.id: each.name for each in self.agencies.values() if each.is_here}
        allowed = {each.id for each in self.agencies.values() if each.may_have_view}
        for problem in view_problems(views, here, allowed):
            self._blame(problem)
        if not sound or self.kind.data is None:
            # Without a kind the rest still says what it lacks, as an adoption would.
            self._report(DecisionText(kind=DecisionKind.ADOPT, **self._plain(linked_context_id, views, actions)))
            return None
        decided = DecisionText(kind=DecisionKind(self.kind.data), **self._plain(linked_context_id, views, actions))
        self._report(decided)
        return None if self.errors else decided

    def _report(self, decided: DecisionText) -> None:
        if self.kind.data is None:
            lacking = [each for each in problems(decided, self.item_kind, clock.today()) if each.field == "rationale"]
        else:
            lacking = problems(decided, self.item_kind, clock.today())
        for problem in lacking:
            self._blame(problem)

    def _plain(
        self, linked_context_id: int | None, views: list[AgencyOpinion], actions: list[AgreedAction]
    ) -> dict[str, Any]:
        return {
            "rationale": self.rationale.data or "",
            "options_considered": self.options.data,
            "risk_before": _risk(self.risk_before.data),
            "risk_after": _risk(self.risk_after.data),
            "next_review_on": self.next_review.data,
            "deferred_to_on": self.deferred_to.data,
            "lawful_basis_code": self.lawful_basis.data or "",
            "told_how": self.told_how.data,
            "linked_context_id": linked_context_id,
            "views": tuple(views),
            "actions": tuple(actions),
        }

    def check_waiver(self) -> bool:
        """Check the reason for waiving the quorum alone, so that a half-typed decision never stops it."""
        return bool(self.waive.validate(self))

    def add_rule_error(self, error: RuleError) -> None:
        """Show a refusal of the command at its field, in whichever row it stands."""
        self._blame(Problem(error.message, error.field or ""))

    def _blame(self, problem: Problem) -> None:
        row, field = self._find(problem.field)
        if field is None:
            self.form_errors.append(problem.message)
            return
        if problem.message not in field.errors:
            field.errors = [*field.errors, problem.message]
        if row is not None:
            row.errors = [entry.errors for entry in row.entries]

    def _find(self, name: str) -> tuple[Any, Any]:
        """Return (list of rows or None, field) for a field named as the rules name it."""
        if name.startswith("actions-"):
            _actions, index, part = name.split("-", 2)
            typed = [entry for entry in self.actions if not entry.form.is_blank]
            entry = typed[int(index)].form if int(index) < len(typed) else None
            return (self.actions, entry[_ROW.get(part, "title")]) if entry is not None else (None, None)
        return None, self._fields.get(_OWN.get(name, name))

    def _views(self) -> list[AgencyOpinion]:
        found = []
        for entry in self.views:
            row, agency = entry.form, self.agencies.get(str(entry.form.agency.data))
            chosen = row.view.data or (
                View.AGREES.value if self.rest_agree.data and agency and agency.is_here else None
            )
            if agency is None or chosen not in {each.value for each in View}:
                continue
            if chosen == View.DISAGREES and not row.reason.data:
                row.reason.errors = [*row.reason.errors, f"Enter why {agency.name} disagrees."]
                self.views.errors = [each.errors for each in self.views.entries]
            found.append(
                AgencyOpinion(
                    agency_id=agency.id,
                    view=View(chosen),
                    reason=row.reason.data if chosen == View.DISAGREES else None,
                    chair_answer=row.answer.data if chosen == View.DISAGREES else None,
                )
            )
        return found

    def _actions(self) -> list[AgreedAction]:
        found = []
        for number, entry in enumerate(self.actions, start=1):
            row = entry.form
            if row.is_blank:
                continue
            owner = self._owner(row.owner.data)
            gaps = [
                (row.title, not row.title.data, f"Enter what will be done in action {number}."),
                (row.owner, owner is None and not row.owner.errors, f"Choose who does action {number}."),
                (row.due, not row.due.data and not row.due.errors, f"Enter by when action {number} is done."),
            ]
            for field, lacks, message in gaps:
                if lacks:
                    field.errors = [*field.errors, message]
            self.actions.errors = [each.errors for each in self.actions.entries]
            self.actions.errors = self.actions.errors if any(self.actions.errors) else []
            if owner is not None and row.title.data and row.due.data:
                found.append(_action(row, owner))
        return found

    def _owner(self, chosen: str | None) -> tuple[int, int | None] | None:
        agency_ref, _slash, person_ref = (chosen or "").partition("/")
        agency = self.agencies.get(agency_ref)
        if agency is None:
            return None
        if not person_ref:
            return agency.id, None
        person = next((each for each in self.people if (each.ref, each.agency_ref) == (person_ref, agency_ref)), None)
        return None if person is None else (agency.id, person.id)

    def _offer_owners(self) -> None:
        flat = [("", "Choose one"), *(choice for _agency, choices in self.owners() for choice in choices)]
        for entry in self.actions:
            entry.form.owner.choices = flat
            entry.form.priority.choices = PRIORITIES


_OWN = {
    "lawful_basis_code": "lawful_basis",
    "next_review_on": "next_review",
    "deferred_to_on": "deferred_to",
    "options_considered": "options",
    "views": "rest_agree",
    "text": "note",
    "named_agencies": "note_readers",
}
_ROW = {"title": "title", "due_on": "due", "owner_user_id": "owner", "owner_agency_id": "owner"}


def _handling_shown(note: Any) -> str:
    if note is None:
        return PanelHandling.ALL_MEMBERS.value
    handling: PanelHandling = note.handling
    return UNDER_CONDITIONS if handling is PanelHandling.ALL_MEMBERS and note.conditions else handling.value


def _number(typed: Any) -> int | None:
    plain = str(typed or "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else None


def _risk(chosen: str | None) -> Risk | None:
    return Risk(chosen) if chosen in {each.value for each in Risk} else None


def _action(row: ActionRow, owner: tuple[int, int | None]) -> AgreedAction:
    due: date = row.due.data
    high = row.priority.data == ActionPriority.HIGH
    return AgreedAction(
        title=row.title.data or "",
        owner_agency_id=owner[0],
        owner_user_id=owner[1],
        due_on=due,
        priority=ActionPriority.HIGH if high else ActionPriority.NORMAL,
    )


def first_values(row: Any) -> dict[str, Any]:
    """Return what a fresh form already holds: the version, and the risk as the case or the referral has it."""
    risk = row.case_risk or row.referral_risk
    return {
        "version": row.item_version,
        "risk_before": risk.value if risk is not None else None,
        "lawful_basis": row.referral_basis,
    }
