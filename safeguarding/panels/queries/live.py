"""The meeting with the item opened, and the agenda at its side, as the actor may see them; and the doors for commands.

With `room` (who is there) and `parts` (what hangs on the item) a meeting's page takes four statements, whatever there is.
What somebody may not read is not returned. It writes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.cases.models import Case
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.canonical import digest
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import Decision
from safeguarding.panels.models.items import (
    AgendaItem,
    Conflict,
    DiscussionNote,
    ItemState,
)
from safeguarding.panels.models.meetings import Attendance, Meeting, MeetingState
from safeguarding.panels.models.panels import Panel
from safeguarding.panels.policy import Standing
from safeguarding.people.models import PeerGroup, Person
from safeguarding.referrals.models import Referral
from safeguarding.relations import queries as relations
from safeguarding.relations.built import Asker, built
from safeguarding.relations.closing import is_closed
from safeguarding.relations.models import RelationRow

# --- doors for commands -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LoadedMeeting:
    """A meeting that the actor may see, as an entity for a command, and how the actor stands in it."""

    meeting: Meeting
    panel: Panel
    standing: Standing


def load_meeting(actor: Actor, slug: str, ref: str) -> LoadedMeeting:
    """Return a meeting of a panel. Raises NotFoundError when it is hidden or absent."""
    statement = (
        select(Meeting, Panel).join(Panel, Panel.id == Meeting.panel_id).where(Panel.slug == slug, Meeting.ref == ref)
    )
    row, held = relations.load_one(
        actor, statement, [("panel", Panel.id), ("meeting", Meeting.id)], Permission.MEETING_READ
    )
    return LoadedMeeting(row[0], row[1], Standing(actor, held))


def load_item(actor: Actor, meeting: Meeting, ref: str) -> AgendaItem:
    """Return an item of a meeting. Raises NotFoundError when it is hidden, absent or closed to the actor by a conflict."""
    statement = select(AgendaItem).where(AgendaItem.meeting_id == meeting.id, AgendaItem.ref == ref)
    row, _held = relations.load_one(actor, statement, [("item", AgendaItem.id)], Permission.ITEM_READ)
    item: AgendaItem = row[0]
    return item


def load_note(item: AgendaItem, note_id: int) -> DiscussionNote:
    """Return a note of an item that the actor has opened. Raises NotFoundError when the item has no such note."""
    note = db.session.scalars(
        select(DiscussionNote).where(DiscussionNote.item_id == item.id, DiscussionNote.id == note_id)
    ).one_or_none()
    if note is None:
        raise NotFoundError
    return note


def load_attendance(meeting: Meeting, attendance_id: int) -> Attendance:
    """Return a line of a meeting's attendance. Raises NotFoundError when the meeting has no such line."""
    line = db.session.scalars(
        select(Attendance).where(Attendance.meeting_id == meeting.id, Attendance.id == attendance_id)
    ).one_or_none()
    if line is None:
        raise NotFoundError
    return line


def load_conflict(item: AgendaItem, conflict_id: int) -> Conflict:
    """Return a conflict declared on an item. Raises NotFoundError when the item has no such conflict."""
    found = db.session.scalars(
        select(Conflict).where(Conflict.item_id == item.id, Conflict.id == conflict_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


# --- the meeting and the item opened ------------------------------------------------------------------------------

_Chair = aliased(User)
_Presenter = aliased(User)
_Referrer = aliased(User)
_Recorder = aliased(User)

_MEETING = (
    Meeting.id,
    Meeting.ref,
    Meeting.state,
    Meeting.agenda_state,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.place,
    Meeting.locked_at,
    Meeting.opened_at,
    Meeting.closed_at,
    Meeting.confidentiality_read_at,
    Meeting.chaired_by_id,
    Meeting.current_item_id,
    Meeting.version,
    Panel.id.label("panel_id"),
    Panel.slug,
    Panel.name.label("panel_name"),
    Panel.quorum_groups,
    _Chair.name.label("chair_name"),
)
_ITEM = (
    AgendaItem.id.label("item_id"),
    AgendaItem.ref.label("item_ref"),
    is_closed("item", AgendaItem.id).label("is_restricted"),
    AgendaItem.position,
    AgendaItem.minutes,
    AgendaItem.kind.label("item_kind"),
    AgendaItem.title,
    AgendaItem.question,
    AgendaItem.is_review,
    AgendaItem.state.label("item_state"),
    AgendaItem.opened_at.label("item_opened_at"),
    AgendaItem.version.label("item_version"),
    AgendaItem.case_id,
    AgendaItem.person_id,
    AgendaItem.referral_id,
    AgendaItem.context_id,
    AgendaItem.peer_group_id,
    _Presenter.name.label("presenter_name"),
    Person.ref.label("person_ref"),
    Person.given_name,
    Person.family_name,
    Person.known_as,
    Person.born_on,
    Person.born_estimated,
    Person.school_name,
    Context.ref.label("context_ref"),
    Context.name.label("context_name"),
    Context.description.label("context_description"),
    Context.what_is_strong,
    PeerGroup.ref.label("group_ref"),
    PeerGroup.name.label("group_name"),
    PeerGroup.description.label("group_description"),
    PeerGroup.what_keeps_safe.label("group_keeps_safe"),
    Case.ref.label("case_ref"),
    Case.state.label("case_state"),
    Case.risk.label("case_risk"),
    Case.risk_set_on,
    Case.going_on,
    Case.keeps_safe,
    Case.social_care_status,
    Case.next_review_on.label("case_next_review_on"),
    Referral.ref.label("referral_ref"),
    Referral.reasons,
    Referral.panel_question,
    Referral.own_view,
    Referral.own_view_absent_reason,
    Referral.strengths,
    Referral.submitted_at,
    Referral.risk.label("referral_risk"),
    Referral.lawful_basis_code.label("referral_basis"),
    Referral.urgent,
    _Referrer.name.label("referrer_name"),
    Decision.id.label("decision_id"),
    Decision.ref.label("decision_ref"),
    Decision.kind.label("decision_kind"),
    Decision.rationale,
    Decision.options_considered,
    Decision.risk_before,
    Decision.risk_after,
    Decision.next_review_on.label("decision_next_review_on"),
    Decision.deferred_to_on,
    Decision.lawful_basis_code,
    Decision.told_how,
    Decision.linked_context_id,
    Decision.quorum.label("decision_quorum"),
    Decision.papers_digest,
    Decision.recorded_at,
    _Recorder.name.label("recorder_name"),
)


@dataclass(frozen=True)
class MeetingPage:
    """A meeting, the item opened where the actor may read it, and how the actor stands to both.

    `row` has the columns of the meeting and, only when `has_item`, those of the item; `is_barred` says that the item
    opened is closed to the actor by a declared conflict.
    """

    row: Any
    standing: Standing
    item_relations: frozenset[Relation]
    has_item: bool
    is_barred: bool


def meeting_page(actor: Actor, slug: str, ref: str, item_ref: str | None = None) -> MeetingPage:
    """Return a meeting with one item: the one named, or else the one that the meeting has open.

    Raises NotFoundError when the meeting is hidden or absent, and when an item is named that is hidden, absent or closed
    to the actor by a conflict.
    """
    page = _page(actor, slug, ref, item_ref)
    if item_ref is not None and not page.has_item:
        raise NotFoundError
    return page


def _page(actor: Actor, slug: str, ref: str, item_ref: str | None) -> MeetingPage:
    rows, held = related_rows(actor, slug, ref, item_ref)
    to_item = held.get("item", frozenset())
    standing = Standing(actor, held.get("panel", frozenset()) | held.get("meeting", frozenset()))
    if not rows or not standing.may(Permission.MEETING_READ):
        raise NotFoundError
    row = rows[0]
    return MeetingPage(
        row,
        standing,
        to_item,
        has_item=row.item_id is not None and actor.may(Permission.ITEM_READ, to_item),
        is_barred=Relation.BARRED in to_item,
    )


def related_rows(
    actor: Actor, slug: str, ref: str, item_ref: str | None
) -> tuple[list[Any], dict[str, frozenset[Relation]]]:
    """Return the meeting with an item, a row for each relation of the actor, and these relations by what they are to.

    They are to the panel, the meeting, the item, and the item's case and referral. Nothing is checked: the callers do.
    """
    if not actor.principals:
        return [], {}
    rows = _statement.rows(actor, slug, ref, item_ref)
    held: dict[str, set[Relation]] = {}
    for row in rows:
        held.setdefault(row.relation_to, set()).add(row.relation_kind)
    return rows, {kind: frozenset(kinds) for kind, kinds in held.items()}


@built
def _statement(asker: Asker, slug: str, ref: str, item_ref: str | None) -> Any:
    opened = AgendaItem.id == Meeting.current_item_id if item_ref is None else AgendaItem.ref == item_ref
    subjects = {
        "panel": Panel.id,
        "meeting": Meeting.id,
        "item": AgendaItem.id,
        "case": AgendaItem.case_id,
        "referral": AgendaItem.referral_id,
    }
    return (
        select(
            *_MEETING,
            *_ITEM,
            RelationRow.kind.label("relation_kind"),
            RelationRow.subject_kind.label("relation_to"),
        )
        .select_from(Meeting)
        .join(Panel, Panel.id == Meeting.panel_id)
        .outerjoin(_Chair, _Chair.id == Meeting.chaired_by_id)
        .outerjoin(AgendaItem, and_(AgendaItem.meeting_id == Meeting.id, opened))
        .outerjoin(_Presenter, _Presenter.id == AgendaItem.presenter_id)
        .outerjoin(Person, Person.id == AgendaItem.person_id)
        .outerjoin(Context, Context.id == AgendaItem.context_id)
        .outerjoin(PeerGroup, PeerGroup.id == AgendaItem.peer_group_id)
        .outerjoin(Case, Case.id == AgendaItem.case_id)
        .outerjoin(Referral, Referral.id == AgendaItem.referral_id)
        .outerjoin(_Referrer, _Referrer.id == Referral.referrer_id)
        .outerjoin(Decision, Decision.item_id == AgendaItem.id)
        .outerjoin(_Recorder, _Recorder.id == Decision.recorded_by_id)
        .join(RelationRow, and_(relations.of_any(subjects.items()), relations.held_by(asker), relations.live()))
        .where(Panel.slug == slug, Meeting.ref == ref)
    )


def place_named(ref: str) -> int | None:
    """Return the id of the place that a typed reference means, or None; a restricted place is not found so."""
    known = normalise_reference(ref, "CX")
    if known is None:
        return None
    return db.session.scalar(select(Context.id).where(Context.ref == known, Context.is_restricted.is_(False)))


@dataclass(frozen=True)
class Followed:
    """What tells a page that is open that the meeting moved on: marks that say nothing about what they stand for."""

    item: str  # another item, or another state of it
    room: str  # somebody came or left, a conflict, a decision: anything at all


def followed(actor: Actor, slug: str, ref: str) -> Followed:
    """Return the marks of a meeting as it stands. Raises NotFoundError when the meeting is hidden or absent."""
    statement = (
        select(Meeting.version, Meeting.current_item_id, Meeting.state, AgendaItem.version.label("item_version"))
        .join(Panel, Panel.id == Meeting.panel_id)
        .outerjoin(AgendaItem, AgendaItem.id == Meeting.current_item_id)
        .where(Panel.slug == slug, Meeting.ref == ref)
    )
    row, _held = relations.load_one(
        actor, statement, [("panel", Panel.id), ("meeting", Meeting.id)], Permission.MEETING_READ
    )
    return marks(row.state, row.current_item_id, row.item_version, row.version)


def marks(state: MeetingState, item_id: int | None, item_version: int | None, version: int) -> Followed:
    """Return the marks of a meeting in a state, with an item open or not."""
    return Followed(digest([state, item_id, item_version])[:16], digest([state, version])[:16])


# --- the agenda at the side ---------------------------------------------------------------------------------------


class RailItem(NamedTuple):
    """One line of the agenda; without a reference it is closed to the actor by a declared conflict."""

    position: int
    minutes: int
    state: ItemState
    id: int
    ref: str | None
    title: str
    opened_at: datetime | None
    decided_at: datetime | None
    is_review: bool

    @property
    def is_closed_to_actor(self) -> bool:
        """Return whether a declared conflict closes it."""
        return self.ref is None

    @property
    def was_left(self) -> bool:
        """Return whether it was opened and waits to be come back to."""
        return self.state is ItemState.WAITING and self.opened_at is not None


def rail(actor: Actor, meeting_id: int) -> list[RailItem]:
    """Return the agenda as the actor may see it: items hidden from the actor are left out, closed ones have no name.

    A young person is named by given name, initial and age, because a room may see this.
    """
    today = clock.today()
    return [_rail_item(row, today) for row in _rail.rows(actor, meeting_id)]


@built
def _rail(asker: Asker, meeting_id: int) -> Any:
    may_read = relations.related(asker, "item", AgendaItem.id, Permission.ITEM_READ)
    barred = ~relations.not_barred(asker, "item", AgendaItem.id)
    return (
        select(
            AgendaItem.id,
            AgendaItem.ref,
            AgendaItem.position,
            AgendaItem.minutes,
            AgendaItem.title,
            AgendaItem.state,
            AgendaItem.is_review,
            AgendaItem.opened_at,
            Decision.recorded_at,
            Person.given_name,
            Person.family_name,
            Person.born_on,
            barred.label("is_barred"),
        )
        .outerjoin(Person, Person.id == AgendaItem.person_id)
        .outerjoin(Decision, Decision.item_id == AgendaItem.id)
        .where(AgendaItem.meeting_id == meeting_id, or_(may_read, barred))
        .order_by(AgendaItem.position, AgendaItem.id)
    )


def _rail_item(row: Any, today: date) -> RailItem:
    return RailItem(
        position=row.position,
        minutes=row.minutes,
        state=row.state,
        id=row.id,
        ref=None if row.is_barred else row.ref,
        title="Closed to you" if row.is_barred else short_name(row, today) or row.title,
        opened_at=row.opened_at,
        decided_at=row.recorded_at,
        is_review=row.is_review,
    )


def short_name(row: Any, today: date) -> str | None:
    """Return given name, initial and age of a row's person (`Kayden R, 15`), or None when it is about nobody."""
    if row.given_name is None:
        return None
    named = f"{row.given_name} {row.family_name[:1]}".strip()
    years = age_on(row.born_on, today)
    return named if years is None else f"{named}, {years}"


def age_on(born_on: date | None, day: date) -> int | None:
    """Return whole years on a day."""
    if born_on is None:
        return None
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
