"""Everything that hangs on an item, read in one statement: notes, returns, conflicts, words, views, actions, choices.

What the actor may not read comes back without its text. It writes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    Integer,
    Select,
    String,
    Text,
    and_,
    cast,
    exists,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.roles import Role
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.actions.models import Action, ActionOrigin
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import CaseUpdate, SharedWith
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.base import BigKey
from safeguarding.core.canonical import digest
from safeguarding.core.codes import Code
from safeguarding.core.types import UTCDateTime
from safeguarding.drafts.models import KeptForm, KeptWhy
from safeguarding.panels.copying import agreed_version
from safeguarding.panels.models.decisions import AgencyView, DecisionAddendum
from safeguarding.panels.models.items import (
    Conflict,
    DiscussionNote,
    NoteReader,
    PanelHandling,
    QuorumWaiver,
    ReturnReader,
    ReturnRequest,
    ReturnState,
)
from safeguarding.panels.policy import Standing, may_read_note, may_read_return
from safeguarding.panels.queries.live import MeetingPage
from safeguarding.panels.timing import is_late
from safeguarding.referrals.models import Referral, ReferralContext, ReferralHarm
from safeguarding.relations.built import Asker, among, built

MOST_STAFF = 500
_OWN_NO_ACTION = (Role.ADMIN, Role.AUDITOR, Role.ANALYST, Role.INFORMATION_GOVERNANCE)

_SHAPE: dict[str, Any] = {
    "sort": Integer(),
    "id": BigKey,
    "ref": String(),
    "user_id": BigKey,
    "who": String(),
    "agency_id": BigKey,
    "agency": String(),
    "text": Text(),
    "more": Text(),
    "state": String(),
    "handling": String(),
    "at": UTCDateTime(),
    "due_at": UTCDateTime(),
    "due_on": Date(),
    "version": Integer(),
    "flag": Boolean(),
    "conditions": Text(),
    "shared": Text(),
}


def _part(name: str, **columns: Any) -> Select[Any]:
    """Return a select of one kind of part, in the columns that all parts share."""
    shown: list[ColumnElement[Any]] = [literal(name, String()).label("part")]
    for column, kind in _SHAPE.items():
        value = columns.get(column)
        shown.append((cast(null(), kind) if value is None else value).label(column))
    return select(*shown)


def _notes(item_id: int) -> Select[Any]:
    author = aliased(User)
    return (
        _part(
            "note",
            sort=DiscussionNote.position,
            id=DiscussionNote.id,
            user_id=DiscussionNote.author_id,
            who=DiscussionNote.speaker_name,
            agency_id=DiscussionNote.speaker_agency_id,
            agency=Agency.short_name,
            text=DiscussionNote.text,
            more=cast(author.name, Text),
            ref=Agency.ref,
            at=DiscussionNote.recorded_at,
            version=DiscussionNote.version,
            handling=cast(DiscussionNote.handling, String),
            conditions=DiscussionNote.conditions,
        )
        .select_from(DiscussionNote)
        .outerjoin(Agency, Agency.id == DiscussionNote.speaker_agency_id)
        .join(author, author.id == DiscussionNote.author_id)
        .where(DiscussionNote.item_id == item_id)
    )


def _note_readers(item_id: int) -> Select[Any]:
    return (
        _part(
            "note_reader",
            sort=NoteReader.note_id,
            agency_id=NoteReader.agency_id,
            ref=Agency.ref,
            agency=Agency.short_name,
        )
        .select_from(NoteReader)
        .join(DiscussionNote, DiscussionNote.id == NoteReader.note_id)
        .join(Agency, Agency.id == NoteReader.agency_id)
        .where(DiscussionNote.item_id == item_id)
    )


def _returns(asker: Asker, item_id: int) -> Select[Any]:
    named = exists().where(
        ReturnReader.request_id == ReturnRequest.id, ReturnReader.agency_id.in_(asker.agency_ids or [literal(0)])
    )
    return (
        _part(
            "return",
            id=ReturnRequest.id,
            ref=ReturnRequest.ref,
            who=User.name,
            agency_id=ReturnRequest.agency_id,
            agency=Agency.short_name,
            text=ReturnRequest.text,
            more=ReturnRequest.reason_not_shared,
            state=cast(ReturnRequest.state, String),
            handling=cast(ReturnRequest.handling, String),
            at=ReturnRequest.answered_at,
            due_at=ReturnRequest.due_at,
            version=ReturnRequest.version,
            flag=named,
            conditions=ReturnRequest.conditions,
            shared=agreed_version(),
        )
        .select_from(ReturnRequest)
        .join(Agency, Agency.id == ReturnRequest.agency_id)
        .outerjoin(User, User.id == ReturnRequest.answered_by_id)
        .where(ReturnRequest.item_id == item_id)
    )


def _conflicts(item_id: int) -> Select[Any]:
    return (
        _part(
            "conflict",
            id=Conflict.id,
            user_id=Conflict.user_id,
            who=User.name,
            agency_id=Conflict.agency_id,
            agency=Agency.short_name,
            text=Conflict.reason,
            at=Conflict.declared_at,
        )
        .select_from(Conflict)
        .join(User, User.id == Conflict.user_id)
        .outerjoin(Agency, Agency.id == Conflict.agency_id)
        .where(Conflict.item_id == item_id, Conflict.withdrawn_at.is_(None))
    )


def _waiver(item_id: int) -> Select[Any]:
    return (
        _part(
            "waiver",
            id=QuorumWaiver.id,
            who=User.name,
            text=QuorumWaiver.reason,
            more=cast(QuorumWaiver.missing, Text),
            at=QuorumWaiver.waived_at,
        )
        .select_from(QuorumWaiver)
        .join(User, User.id == QuorumWaiver.waived_by_id)
        .where(QuorumWaiver.item_id == item_id)
    )


def _left(asker: Asker) -> Select[Any]:
    """Return what the actor left half-typed, sealed as it is kept: of which item, the path says once it is opened."""
    return _part(
        "left", id=KeptForm.id, ref=KeptForm.ref, text=KeptForm.fields, more=KeptForm.path, at=KeptForm.kept_at
    ).where(KeptForm.user_id == asker.user_id, KeptForm.why == KeptWhy.LEFT, KeptForm.expires_at > asker.now)


def _harms(asker: Asker, referral_id: int) -> Select[Any]:
    today = asker.today
    return (
        _part("harm", sort=Code.position, ref=ReferralHarm.code, text=cast(Code.label, Text))
        .select_from(ReferralHarm)
        .join(Code, and_(Code.list == "harm_type", Code.code == ReferralHarm.code))
        .where(
            ReferralHarm.referral_id == referral_id,
            Code.valid_from <= today,
            or_(Code.valid_to.is_(None), Code.valid_to > today),
        )
    )


def _mentioned_contexts(referral_id: int) -> Select[Any]:
    return (
        _part("context", id=Context.id, ref=Context.ref, text=cast(Context.name, Text))
        .select_from(ReferralContext)
        .join(Context, Context.id == ReferralContext.context_id)
        .where(ReferralContext.referral_id == referral_id)
    )


def _own_words(case_id: int) -> Select[Any]:
    newest = (
        select(CaseUpdate.id)
        .where(
            CaseUpdate.case_id == case_id,
            CaseUpdate.own_words.is_not(None),
            CaseUpdate.shared_with == SharedWith.PANEL,
        )
        .order_by(CaseUpdate.happened_at.desc(), CaseUpdate.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        _part("words", id=CaseUpdate.id, who=User.name, text=CaseUpdate.own_words, at=CaseUpdate.happened_at)
        .select_from(CaseUpdate)
        .join(User, User.id == CaseUpdate.author_id)
        .where(CaseUpdate.id == newest)
    )


def _views(decision_id: int) -> Select[Any]:
    return (
        _part(
            "view",
            id=AgencyView.id,
            agency_id=AgencyView.agency_id,
            agency=Agency.short_name,
            text=AgencyView.reason,
            more=AgencyView.chair_answer,
            state=cast(AgencyView.view, String),
        )
        .select_from(AgencyView)
        .join(Agency, Agency.id == AgencyView.agency_id)
        .where(AgencyView.decision_id == decision_id)
    )


def _actions(decision_id: int) -> Select[Any]:
    return (
        _part(
            "action",
            id=Action.id,
            ref=Action.ref,
            who=User.name,
            agency_id=Action.owner_agency_id,
            agency=Agency.short_name,
            text=cast(Action.title, Text),
            more=cast(Action.priority, Text),
            state=cast(Action.state, String),
            due_on=Action.due_on,
            flag=Action.completed_on > Action.first_due_on,
        )
        .select_from(Action)
        .join(Agency, Agency.id == Action.owner_agency_id)
        .outerjoin(User, User.id == Action.owner_user_id)
        .where(Action.origin_kind == ActionOrigin.DECISION, Action.origin_id == decision_id)
    )


def _addenda(decision_id: int) -> Select[Any]:
    return (
        _part(
            "addendum",
            id=DecisionAddendum.id,
            who=User.name,
            text=DecisionAddendum.text,
            at=DecisionAddendum.added_at,
        )
        .select_from(DecisionAddendum)
        .join(User, User.id == DecisionAddendum.added_by_id)
        .where(DecisionAddendum.decision_id == decision_id)
    )


def _lawful_bases(asker: Asker) -> Select[Any]:
    today = asker.today
    return _part("basis", sort=Code.position, ref=Code.code, text=cast(Code.label, Text)).where(
        Code.list == "lawful_basis",
        Code.kind != "enacted",  # law whose start is not confirmed cannot be relied on
        Code.valid_from <= today,
        or_(Code.valid_to.is_(None), Code.valid_to > today),
    )


def _staff(asker: Asker, only: tuple[str, ...] | None = None) -> Select[Any]:
    """Return who may own an action: active people, by agency and name, at most MOST_STAFF; `only` those named of them."""
    now = asker.now
    listed = (
        select(User.id, User.ref, User.name, Agency.id.label("agency_id"), Agency.short_name)
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            User.status == AccountStatus.ACTIVE,
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
            ~among(Membership.role, _OWN_NO_ACTION),
        )
        .distinct()
        .order_by(Agency.short_name, User.name, User.id)
        .limit(MOST_STAFF)
        .subquery()
    )
    person = listed.c
    found = _part(
        "staff", id=person.id, ref=person.ref, who=person.name, agency_id=person.agency_id, agency=person.short_name
    )
    return found if only is None else found.where(person.ref.in_(only))


def _agencies(asker: Asker) -> Select[Any]:
    today = asker.today
    return _part("agency", id=Agency.id, ref=Agency.ref, agency_id=Agency.id, agency=Agency.short_name).where(
        Agency.active_from <= today, or_(Agency.active_to.is_(None), Agency.active_to >= today)
    )


@dataclass(frozen=True)
class Note:
    """A note of what was said, as the actor may read it: `is_held_back` leaves out who spoke, the text and the conditions.

    `readers` are the agencies named (reference, short name), where its handling names agencies.
    """

    id: int
    version: int
    speaker: str | None
    agency: str | None
    agency_ref: str | None
    text: str | None
    typed_by: str
    at: datetime
    handling: PanelHandling
    conditions: str | None
    readers: list[tuple[str, str]]
    is_held_back: bool


@dataclass(frozen=True)
class AgencyAnswer:
    """What one agency returned, as the actor may read it: `is_held_back` leaves the text out."""

    agency: str
    state: ReturnState
    is_late: bool
    by: str | None
    at: datetime | None
    due_at: datetime
    text: str | None
    handling: PanelHandling
    is_held_back: bool
    conditions: str | None
    shared: str | None


@dataclass(frozen=True)
class ItemParts:
    """Everything that hangs on one item, by kind; `rows` keeps each kind in its order."""

    rows: dict[str, list[Any]]
    answers: list[AgencyAnswer]
    notes: list[Note]

    def of(self, kind: str) -> list[Any]:
        """Return the parts of a kind: conflict, waiver, harm, context, words, view, action, addendum,
        basis, staff, agency, left (what the actor left half-typed, sealed)."""
        return self.rows.get(kind, [])


def item_parts(page: MeetingPage, *, choices: bool = False) -> ItemParts:
    """Return what hangs on the item of a page (none: only the choices), with what a chair may choose from when asked for.

    Only parts that the actor may read come back with their text. Reasons of conflicts are for the officers.
    """
    row, has_item = page.row, page.has_item
    if not (has_item or choices):
        return ItemParts({}, [], [])
    found = _by_kind(
        _parts.rows(
            page.standing.actor,
            item_id=row.item_id if has_item else None,
            referral_id=row.referral_id if has_item else None,
            case_id=row.case_id if has_item else None,
            decision_id=row.decision_id if has_item else None,
            choices=choices,
        )
    )
    named = _by_note(found.pop("note_reader", []))
    return ItemParts(
        rows=found,
        answers=[_answer(page.standing, part) for part in found.pop("return", [])],
        notes=[_note(page.standing, part, named.get(part.id, [])) for part in found.pop("note", [])],
    )


@built
def _parts(
    asker: Asker,
    item_id: int | None,
    referral_id: int | None,
    case_id: int | None,
    decision_id: int | None,
    choices: bool,
) -> Any:
    parts: list[Select[Any]] = []
    if item_id is not None:
        parts += [
            _notes(item_id),
            _note_readers(item_id),
            _returns(asker, item_id),
            _conflicts(item_id),
            _waiver(item_id),
        ]
    if referral_id is not None:
        parts += [_harms(asker, referral_id), _mentioned_contexts(referral_id)]
    if case_id is not None:
        parts += [_own_words(case_id)]
    if decision_id is not None:
        parts += [_views(decision_id), _actions(decision_id), _addenda(decision_id)]
    if choices:
        parts += [_lawful_bases(asker), _staff(asker), _agencies(asker)]
    if choices and asker.user_id is not None:
        parts += [_left(asker)]
    return union_all(*parts)


def typed_choices(page: MeetingPage, people: Iterable[str]) -> ItemParts:
    """Return what a chair may choose from, with no others than the people named (by reference): enough to read a form.

    To draw the form takes `item_parts`, which returns everybody.
    """
    named = tuple(sorted(set(people))) or None
    return ItemParts(_by_kind(_typed_choices.rows(page.standing.actor, page.row.referral_id, named)), [], [])


@built
def _typed_choices(asker: Asker, referral_id: int | None, people: tuple[str, ...] | None) -> Any:
    parts = [_lawful_bases(asker), _agencies(asker)]
    if referral_id is not None:
        parts.append(_mentioned_contexts(referral_id))
    if people is not None:
        parts.append(_staff(asker, people))
    return union_all(*parts)


def _by_kind(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for part in rows:
        found.setdefault(part.part, []).append(part)
    for parts in found.values():
        parts.sort(key=_order)
    return found


def _order(part: Any) -> tuple[Any, ...]:
    return (part.sort or 0, (part.agency or "").casefold(), (part.who or "").casefold(), part.id or 0)


def _answer(standing: Standing, part: Any) -> AgencyAnswer:
    handling, state = PanelHandling(part.handling), ReturnState(part.state)
    named = standing.actor.agency_ids if part.flag else frozenset[int]()
    readable = may_read_return(standing, handling, part.agency_id, named)
    text = part.more if state is ReturnState.WILL_NOT_SHARE else part.text
    late = is_late(state, part.due_at, part.at, clock.now())
    return AgencyAnswer(
        agency=part.agency,
        state=state,
        is_late=late,
        by=part.who,
        at=part.at,
        due_at=part.due_at,
        text=text if readable else None,
        handling=handling,
        is_held_back=text is not None and not readable,
        conditions=part.conditions if readable else None,
        shared=part.shared,
    )


def _by_note(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.sort, []).append(row)
    return found


def _note(standing: Standing, part: Any, named: list[Any]) -> Note:
    handling = PanelHandling(part.handling)
    readable = may_read_note(
        standing,
        handling,
        author_id=part.user_id,
        agency_id=part.agency_id,
        named_agency_ids={each.agency_id for each in named},
    )
    return Note(
        id=part.id,
        version=part.version,
        speaker=part.who if readable else None,
        agency=part.agency,
        agency_ref=part.ref,
        text=part.text if readable else None,
        typed_by=part.more,
        at=part.at,
        handling=handling,
        conditions=part.conditions if readable else None,
        readers=[(each.ref, each.agency) for each in named] if readable else [],
        is_held_back=not readable,
    )


def staff_of(parts: ItemParts) -> dict[str, list[Any]]:
    """Return the people who may be named, by the reference of their agency."""
    refs = {agency.id: agency.ref for agency in parts.of("agency")}
    by_agency: dict[str, list[Any]] = {ref: [] for ref in refs.values()}
    for person in parts.of("staff"):
        if person.agency_id in refs:
            by_agency[refs[person.agency_id]].append(person)
    return by_agency


def papers_mark(item_id: int, referral_id: int | None) -> str:
    """Return a mark over the versions of everything the panel had before it: referral, returns, notes."""
    return _mark(_papers_alone.rows(None, item_id, referral_id))


@built
def _papers_alone(_asker: Asker, item_id: int, referral_id: int | None) -> Any:
    return union_all(*_papers(item_id, referral_id))


def decision_parts(
    decision_id: int, item_id: int, referral_id: int | None, context_id: int | None
) -> tuple[ItemParts, str]:
    """Return the views, actions, addenda and linked place of a decision, and the mark over its papers as they are now."""
    rows = _decision_parts.rows(None, decision_id, item_id, referral_id, context_id)
    return ItemParts(_by_kind(rows), [], []), _mark(row for row in rows if row.part.startswith("paper_"))


@built
def _decision_parts(
    _asker: Asker, decision_id: int, item_id: int, referral_id: int | None, context_id: int | None
) -> Any:
    linked = _part("context", ref=Context.ref, text=cast(Context.name, Text)).where(Context.id == context_id)
    papers = _papers(item_id, referral_id)
    return union_all(_views(decision_id), _actions(decision_id), _addenda(decision_id), linked, *papers)


def _papers(item_id: int, referral_id: int | None) -> list[Select[Any]]:
    notes = _part("paper_note", id=DiscussionNote.id, version=DiscussionNote.version)
    returns = _part("paper_return", id=ReturnRequest.id, version=ReturnRequest.version)
    papers = [notes.where(DiscussionNote.item_id == item_id), returns.where(ReturnRequest.item_id == item_id)]
    if referral_id is not None:
        referral = _part("paper_referral", id=Referral.id, version=Referral.version)
        papers.append(referral.where(Referral.id == referral_id))
    return papers


def _mark(rows: Iterable[Any]) -> str:
    return digest(sorted([row.part, row.id, row.version] for row in rows))
