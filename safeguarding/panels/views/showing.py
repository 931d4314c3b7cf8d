"""How the live meeting is drawn: what is read for it, which form stands in it, and the texts of two who wrote at once.

The views that show it and those that send it back with a refusal share this, so that a refusal loses nothing typed.
"""

from typing import Any

from flask import Response, make_response, render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.cases.words import STATUSES
from safeguarding.core import clock
from safeguarding.panels.forms.record import AgencyChoice, PersonChoice, RecordForm, first_values
from safeguarding.panels.models.decisions import DecisionKind
from safeguarding.panels.models.items import ItemState
from safeguarding.panels.models.meetings import MeetingState
from safeguarding.panels.policy import KIND_NAMES, is_in_the_chair
from safeguarding.panels.queries.live import MeetingPage, marks, rail
from safeguarding.panels.queries.parts import ItemParts, item_parts, staff_of, typed_choices
from safeguarding.panels.queries.room import RoomLine, Waiver, quorum_of, room, who_has_a_view
from safeguarding.panels.quorum import missing_sentence
from safeguarding.panels.views.keeping import typed_before
from safeguarding.web.pages import TwoTexts
from safeguarding.web.sections import sections_for

RUNNING = (MeetingState.OPEN, MeetingState.ADJOURNED)


class Item:
    """One item of a meeting, read for its page; `form` is there for those who type in it.

    Not `is_drawn`: read as far as is needed to take what was sent, with nothing of what hangs on the item.
    """

    def __init__(self, page: MeetingPage, *, is_drawn: bool = True) -> None:
        row, standing = page.row, page.standing
        self.page, self.row, self.standing = page, row, standing
        self.at = row.closed_at or clock.now()
        self.is_running = row.state in RUNNING
        self.may_run = standing.may(Permission.MEETING_RUN) and self.is_running
        self.may_type = standing.may(Permission.NOTES_TYPE) and self.is_running
        self.may_declare = standing.may(Permission.CONFLICT_DECLARE) and self.is_running
        self.records = standing.may(Permission.DECISION_RECORD) and row.item_state is ItemState.OPEN
        # What was typed is read even where it comes too late, so that it can be shown.
        sent = request.method == "POST" and standing.may(Permission.NOTES_TYPE)
        self.lines = room(row.id, row.panel_id, row.item_id, self.at)
        self.quorum = quorum_of(self.lines, row.quorum_groups, self.at)
        self.given_back_at: Any = None  # when what stands in the form was left half-typed
        if sent and not is_drawn:
            self.form: RecordForm | None = RecordForm(data=first_values(row))
            self.parts = typed_choices(page, self.form.named_people)
        else:
            self.parts = item_parts(page, choices=sent or (self.may_type and self.records))
            self.form = self._form(sent) if sent or self.may_type else None
        self.waiver = None if self.quorum.is_quorate else _waiver(self.parts)
        if self.form is not None:
            self._offer(self.form)

    @property
    def conflicts(self) -> list[Any]:
        """Return the conflicts declared on the item."""
        return self.parts.of("conflict")

    @property
    def missing(self) -> str:
        """Return which groups must come before the item can be decided; nothing when that was waived."""
        return "" if self.waiver and self.waiver.covers(self.quorum) else missing_sentence(self.quorum)

    @property
    def decides(self) -> bool:
        """Return whether the actor is the one who decides this item: in the chair, with the item open."""
        conflicted = {each.user_id for each in self.conflicts}
        chairs = is_in_the_chair(self.standing.actor, self.row.chaired_by_id, conflicted)
        return self.records and self.row.state is MeetingState.OPEN and chairs

    def _form(self, sent: bool) -> RecordForm:
        before = None if sent or not self.records else typed_before(self.parts.of("left"), form_url(self.row))
        if before is None:
            return RecordForm(data=first_values(self.row))
        typed, self.given_back_at = before
        return RecordForm(typed, data=first_values(self.row))

    def _offer(self, form: RecordForm) -> None:
        here, may_have_view = who_has_a_view(self.lines, self.at)
        seated = {line.agency_id: line for line in self.lines}
        agencies = [
            AgencyChoice(line.agency_id, line.agency_ref, line.agency, key in here, key in may_have_view)
            for key, line in seated.items()
        ]
        others = [each for each in self.parts.of("agency") if each.id not in seated]
        agencies += [
            AgencyChoice(each.id, each.ref, each.agency, may_have_view=False, has_seat=False) for each in others
        ]
        people = [
            PersonChoice(each.id, each.ref, each.who, agency_ref)
            for agency_ref, staff in staff_of(self.parts).items()
            for each in staff
        ]
        form.offer(
            self.row.item_kind,
            agencies,
            people,
            [(each.ref, each.text) for each in self.parts.of("basis")],
            [(each.ref, each.text) for each in self.parts.of("context")],
        )


def show_item(
    item: Item, *, status: int | None = None, note_conflict: Any = None, ask_to_leave: str | None = None
) -> Response:
    """Draw an item of the live meeting, with the form as it stands.

    `note_conflict`: the note that somebody saved meanwhile. `ask_to_leave`: the address to which a half-typed decision is
    left behind, when the chair wants to.
    """
    row, actor = item.row, item.standing.actor
    form = item.form
    code = status or (422 if form is not None and form.errors else 200)
    is_current = row.item_id == row.current_item_id
    html = render_template(
        "panels/live.html",
        item=item,
        row=row,
        form=form,
        parts=item.parts,
        rail=rail(actor, row.id),
        now=clock.now(),
        quorum=item.quorum,
        lines=item.lines,
        missing=item.missing,
        is_current=is_current,
        follow=marks(row.state, row.current_item_id, row.item_version, row.version) if is_current else None,
        note_conflict=note_conflict,
        ask_to_leave=ask_to_leave,
        kind_names=KIND_NAMES,
        plans=STATUSES,
        sections=sections_for("item", actor, row) if status is None else [],
        **_at(row),
    )
    return make_response(html, code)


def show_between(page: MeetingPage, form: Any, *, status: int = 200) -> Response:
    """Draw the meeting while no item is shown: before it opens, between items, adjourned, closed."""
    row, actor = page.row, page.standing.actor
    at = row.closed_at or clock.now()
    lines = room(row.id, row.panel_id, None, at)
    html = render_template(
        "panels/live_between.html",
        row=row,
        form=form,
        rail=rail(actor, row.id),
        lines=lines,
        quorum=quorum_of(lines, row.quorum_groups, at),
        may_run=page.standing.may(Permission.MEETING_RUN),
        may_attend=page.standing.may(Permission.ATTENDANCE_RECORD) and row.state is not MeetingState.CLOSED,
        may_read_minutes=page.standing.may(Permission.MINUTES_READ),
        prepares=page.standing.may(Permission.MINUTES_PREPARE),
        hears_other=row.item_id is not None,
        follow=marks(row.state, row.current_item_id, row.item_version, row.version),
        meeting_before=True,
        now=clock.now(),
        **_at(row),
    )
    return make_response(html, status)


def two_texts(item: Item) -> list[TwoTexts]:
    """Return what stands now and what was typed, field by field, where the item was decided or left meanwhile."""
    row, form = item.row, item.form
    if form is None:
        return []
    kind = DecisionKind(form.kind.data) if form.kind.data in set(DecisionKind) else None
    stands = KIND_NAMES[row.decision_kind] if row.decision_kind is not None else ""
    pairs = [
        ("Decision", stands, KIND_NAMES[kind] if kind else ""),
        ("Why", row.rationale, form.rationale.data),
        ("Other options considered", row.options_considered, form.options.data),
        ("Risk after", row.risk_after, form.risk_after.data),
        ("Next review", _day(row.decision_next_review_on), form.next_review.typed),
        ("Put off to", _day(row.deferred_to_on), form.deferred_to.typed),
        ("Who tells the young person, and how", row.told_how, form.told_how.data),
        ("Views", _views(item.parts), _typed_views(form)),
        ("Actions", _actions(item.parts), _typed_actions(form)),
        ("Note", None, form.note.data),
    ]
    return [
        TwoTexts(label, str(now or ""), str(typed or "")) for label, now, typed in pairs if (now or "") != (typed or "")
    ]


def wants_json() -> bool:
    """Return whether the page's own script asks, and not somebody's browser."""
    return request.accept_mimetypes.best == "application/json"


def item_url(row: Any) -> str:
    """Return the address of the item shown."""
    return url_for("panels.live_item", slug=row.slug, ref=row.ref, item_ref=row.item_ref)


def form_url(row: Any) -> str:
    """Return where the form of the item shown is drawn anew."""
    return url_for("panels.live_form", slug=row.slug, ref=row.ref, item_ref=row.item_ref)


def lines_by_agency(lines: list[RoomLine]) -> dict[str, list[RoomLine]]:
    """Return the lines of the attendance by the reference of their agency, in order."""
    found: dict[str, list[RoomLine]] = {}
    for line in lines:
        found.setdefault(line.agency_ref, []).append(line)
    return found


def _waiver(parts: ItemParts) -> Waiver | None:
    part = next(iter(parts.of("waiver")), None)
    return None if part is None else Waiver(frozenset(part.more.split(",")), part.text, part.who, part.at)


def _at(row: Any) -> dict[str, Any]:
    return {"at": {"slug": row.slug, "ref": row.ref}}


def _day(day: Any) -> str:
    return "" if day is None else f"{day.day} {day:%B %Y}"


def _views(parts: ItemParts) -> str:
    return "\n".join(f"{view.agency}: {view.state.replace('_', ' ')}. {view.text or ''}" for view in parts.of("view"))


def _typed_views(form: RecordForm) -> str:
    names: dict[str | None, str] = {ref: agency.name for ref, agency in form.agencies.items()}
    rows = [entry.form for entry in form.views if entry.form.view.data]
    said = (
        f"{names.get(row.agency.data, '')}: {row.view.data.replace('_', ' ')}. {row.reason.data or ''}" for row in rows
    )
    return "\n".join(said)


def _actions(parts: ItemParts) -> str:
    return "\n".join(
        f"{action.text}: {action.agency}{', ' + action.who if action.who else ''}, {_day(action.due_on)}"
        for action in parts.of("action")
    )


def _typed_actions(form: RecordForm) -> str:
    owners: dict[str | None, str] = {value: label for _agency, choices in form.owners() for value, label in choices}
    rows = [entry.form for entry in form.actions if not entry.form.is_blank]
    return "\n".join(f"{row.title.data or ''}: {owners.get(row.owner.data, '')}, {row.due.typed}" for row in rows)
