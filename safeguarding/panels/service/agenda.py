"""Commands before the day: plan a meeting, put items on its agenda, order and time them, publish it, lock it.

Every change of the agenda raises the meeting's version, so that two people who arrange it at once see both orders.
It opens no meeting and decides nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.cases.models import Allocation, AllocationKind, Case, SubjectKind
from safeguarding.cases.workflow import LIVE
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.panels.copying import refuse_about_item
from safeguarding.panels.models.items import AgendaItem, ItemKind, ItemState, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import AgendaState, Meeting, MeetingState
from safeguarding.panels.models.panels import Panel, PanelSeat
from safeguarding.panels.service import papers
from safeguarding.panels.timing import is_locked, next_due, usual_cut_off, usual_returns_due
from safeguarding.panels.workflow import AGENDA, ITEM
from safeguarding.people.models import PeerGroup, Person
from safeguarding.referrals.models import Referral, ReferralState, ReferralSubject
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live, relations_to

DEFAULT_MINUTES = 15
MOST_ITEMS = 60
MOST_MINUTES = 240
ON_AN_AGENDA = (ItemState.WAITING, ItemState.OPEN, ItemState.DECIDED)

_KIND_OF_REFERRAL = {
    ReferralSubject.INDIVIDUAL: ItemKind.YOUNG_PERSON,
    ReferralSubject.POSSIBLE_PERPETRATOR: ItemKind.POSSIBLE_PERPETRATOR,
    ReferralSubject.GROUP: ItemKind.PEER_GROUP,
    ReferralSubject.LOCATION: ItemKind.CONTEXT,
}
_KIND_OF_CASE = {
    SubjectKind.YOUNG_PERSON: ItemKind.YOUNG_PERSON,
    SubjectKind.POSSIBLE_PERPETRATOR: ItemKind.POSSIBLE_PERPETRATOR,
    SubjectKind.PEER_GROUP: ItemKind.PEER_GROUP,
    SubjectKind.CONTEXT: ItemKind.CONTEXT,
}


def plan_meeting(
    actor: Actor,
    panel: Panel,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    place: str | None = None,
    cut_off_at: datetime | None = None,
    returns_due_at: datetime | None = None,
) -> Meeting:
    """Plan a meeting; what is not given follows from the panel's settings. Raises RuleError for instants out of order."""
    _need(actor, panel.id)
    ends = ends_at or starts_at + timedelta(minutes=panel.meeting_minutes)
    cut_off = cut_off_at or usual_cut_off(starts_at, panel.cut_off_days)
    if starts_at <= clock.now():
        raise RuleError("The meeting must start in the future.", "starts_on")
    if ends <= starts_at:
        raise RuleError("The meeting must end after it starts.", "ends_time")
    if cut_off > starts_at:
        raise RuleError("The agenda must lock before the meeting starts.", "cut_off_on")
    meeting = Meeting(
        ref=new_reference("MT"),
        panel_id=panel.id,
        starts_at=starts_at,
        ends_at=ends,
        place=place or panel.usual_place,
        state=MeetingState.PLANNED,
        agenda_state=AgendaState.DRAFT,
        agenda_version=0,
        cut_off_at=cut_off,
        returns_due_at=returns_due_at or usual_returns_due(cut_off),
        version=1,
    )
    db.session.add(meeting)
    db.session.flush()
    audit.record("panels:meeting:planned", actor, meeting.ref, starts_at=starts_at)
    return meeting


def add_referral(
    actor: Actor,
    meeting: Meeting,
    referral_id: int,
    *,
    read_version: int,
    minutes: int = DEFAULT_MINUTES,
    presenter_id: int | None = None,
) -> AgendaItem:
    """Put an accepted referral on the agenda; its referrer presents it unless told otherwise."""
    taken = _take(actor, meeting.id, read_version)
    item = _add_referral(actor, taken, referral_id, minutes, presenter_id)
    _changed(actor, taken, "panels:item:added", item)
    return item


def add_review(
    actor: Actor,
    meeting: Meeting,
    case_id: int,
    *,
    read_version: int,
    minutes: int = DEFAULT_MINUTES,
    presenter_id: int | None = None,
) -> AgendaItem:
    """Put a case on the agenda whose review is due; its lead worker presents it unless told otherwise."""
    taken = _take(actor, meeting.id, read_version)
    item = _add_review(actor, taken, case_id, minutes, presenter_id)
    _changed(actor, taken, "panels:item:added", item)
    return item


def add_theme(
    actor: Actor,
    meeting: Meeting,
    *,
    title: str,
    question: str | None = None,
    read_version: int,
    minutes: int = DEFAULT_MINUTES,
    presenter_id: int | None = None,
) -> AgendaItem:
    """Put a theme on the agenda: something about no one person, group or place."""
    taken = _take(actor, meeting.id, read_version)
    if not title:
        raise RuleError("Enter what the item is about.", "title")
    item = AgendaItem(kind=ItemKind.THEME, title=title[:200], question=question, presenter_id=presenter_id)
    _append(taken, item, minutes)
    _changed(actor, taken, "panels:item:added", item)
    return item


def add_waiting(
    actor: Actor, meeting: Meeting, *, referral_ids: Iterable[int], case_ids: Iterable[int], read_version: int
) -> list[AgendaItem]:
    """Put several accepted referrals and reviews on the agenda at once, in the order given."""
    taken = _take(actor, meeting.id, read_version)
    items = [_add_referral(actor, taken, each, DEFAULT_MINUTES, None) for each in referral_ids]
    items += [_add_review(actor, taken, each, DEFAULT_MINUTES, None) for each in case_ids]
    if not items:
        raise RuleError("Choose what to put on the agenda.", "referrals")
    taken.version += 1
    db.session.flush()
    for item in items:
        audit.record("panels:item:added", actor, item.ref, meeting=taken.ref)
    return items


def arrange_agenda(
    actor: Actor,
    meeting: Meeting,
    *,
    minutes: Mapping[str, int],
    move: tuple[str, int] | None = None,
    read_version: int,
) -> None:
    """Set the minutes of items (by reference) and move one up (-1) or down (+1) by one place."""
    taken = _take(actor, meeting.id, read_version)
    items = _items(taken)
    by_ref = {item.ref: item for item in items}
    for ref, slot in minutes.items():
        if ref not in by_ref:
            raise NotFoundError()
        if not 1 <= slot <= MOST_MINUTES:
            raise RuleError(f"Minutes must be between 1 and {MOST_MINUTES}.")
        by_ref[ref].minutes = slot
    if move is not None:
        _move(items, move[0], move[1])
    taken.version += 1
    db.session.flush()
    audit.record("panels:agenda:arranged", actor, taken.ref, order=[item.ref for item in _items(taken)])


def edit_item(
    actor: Actor,
    meeting: Meeting,
    item_ref: str,
    *,
    minutes: int,
    presenter_id: int | None,
    question: str | None,
    read_version: int,
) -> AgendaItem:
    """Change an item's minutes, presenter and question; `read_version` is the item's. Raises StaleError."""
    taken = _take(actor, meeting.id, None)
    item = _item(taken, item_ref)
    if item.version != read_version:
        raise StaleError()
    if not 1 <= minutes <= MOST_MINUTES:
        raise RuleError(f"Minutes must be between 1 and {MOST_MINUTES}.", "minutes")
    refuse_about_item(actor, item, [question], "question")
    if presenter_id != item.presenter_id and _is_shown(item):
        if item.presenter_id is not None:
            papers.hide_from_presenter(item, item.presenter_id)
        if presenter_id is not None:
            papers.show_to_presenter(taken, item, presenter_id)
    item.minutes, item.presenter_id, item.question = minutes, presenter_id, question
    item.version += 1
    _changed(actor, taken, "panels:item:edited", item)
    return item


def remove_item(actor: Actor, meeting: Meeting, item_ref: str, *, read_version: int) -> AgendaItem:
    """Take an item off the agenda before the meeting. What it opened to others closes with it."""
    taken = _take(actor, meeting.id, read_version)
    item = _item(taken, item_ref)
    require(ITEM, item.state, ItemState.WITHDRAWN)
    item.state = ItemState.WITHDRAWN
    item.version += 1
    papers.take_back(item)
    db.session.flush()
    _number(_items(taken))
    _changed(actor, taken, "panels:item:removed", item)
    return item


def publish_agenda(actor: Actor, meeting: Meeting, *, read_version: int) -> Meeting:
    """Publish the agenda, for the first time or again.

    Items that were not published before open to the agencies with a seat, and each of these is asked what it holds;
    nobody is asked twice about one item. An item about a restricted case is opened to nobody by this.
    """
    taken = _take(actor, meeting.id, read_version)
    items = _items(taken)
    if not items:
        raise RuleError("Put an item on the agenda before you publish it.")
    require(AGENDA, taken.agenda_state, AgendaState.PUBLISHED)
    now = clock.now()
    taken.agenda_state, taken.published_at = AgendaState.PUBLISHED, now
    taken.agenda_version += 1
    taken.returns_due_at = taken.returns_due_at or usual_returns_due(taken.cut_off_at)
    for_others = papers.without_restricted(items)
    shown = _shown([item.id for item in for_others])
    fresh = [item for item in for_others if item.id not in shown]
    for item in fresh:
        papers.show_to_seats(taken, item)
        if item.presenter_id is not None:
            papers.show_to_presenter(taken, item, item.presenter_id)
    asked = _ask(
        taken, [item for item in for_others if item.kind is not ItemKind.THEME], now, _seated(taken.panel_id, now)
    )
    taken.version += 1
    db.session.flush()
    audit.record(
        "panels:agenda:published",
        actor,
        taken.ref,
        version=taken.agenda_version,
        items=[item.ref for item in items],
        new=[item.ref for item in fresh],
        asked=asked,
    )
    return taken


def ask_agency(actor: Actor, meeting: Meeting, agency_id: int, *, read_version: int) -> int:
    """Ask one more agency with a seat what it holds, about everything that is published; return how many questions.

    For an agency that took its seat since. Until the agenda is locked. Raises ForbiddenError, StaleError, RuleError when
    it has no seat or was asked about every item.
    """
    taken = _take(actor, meeting.id, read_version)
    if taken.agenda_state is not AgendaState.PUBLISHED:
        raise RuleError("Publishing the agenda asks each agency with a seat.")
    now = clock.now()
    if agency_id not in _seated(taken.panel_id, now):
        raise RuleError("Only an agency with a seat on the panel is asked.")
    about = [item for item in papers.without_restricted(_items(taken)) if item.kind is not ItemKind.THEME]
    shown = _shown([item.id for item in about])
    asked = _ask(taken, [item for item in about if item.id in shown], now, [agency_id])
    if not asked:
        raise RuleError("This agency was asked about every item already.")
    taken.version += 1
    db.session.flush()
    audit.record("panels:return:asked", actor, taken.ref, agency=agency_id, asked=asked)
    return asked


def lock_agenda(actor: Actor, meeting: Meeting, *, read_version: int) -> Meeting:
    """Lock a published agenda, before its cut-off or after it has passed."""
    taken = _take(actor, meeting.id, read_version, even_locked=True)
    require(AGENDA, taken.agenda_state, AgendaState.LOCKED)
    taken.agenda_state, taken.locked_at = AgendaState.LOCKED, clock.now()
    taken.version += 1
    db.session.flush()
    audit.record("panels:agenda:locked", actor, taken.ref, version=taken.agenda_version)
    return taken


def _need(actor: Actor, panel_id: int) -> None:
    if not actor.may(Permission.AGENDA_BUILD, relations_to(actor, "panel", panel_id)):
        raise ForbiddenError("The agenda is arranged by the coordinator, the chair and the vice-chair of the panel.")


def _take(actor: Actor, meeting_id: int, read_version: int | None, *, even_locked: bool = False) -> Meeting:
    """Lock the meeting's row, so that changes of one agenda follow each other, and check that it may change."""
    meeting = db.session.scalars(
        select(Meeting).where(Meeting.id == meeting_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    _need(actor, meeting.panel_id)
    if read_version is not None and meeting.version != read_version:
        raise StaleError()
    if meeting.state is not MeetingState.PLANNED:
        raise RuleError("The meeting has begun or is over, so its agenda no longer changes here.")
    if not even_locked and is_locked(meeting.agenda_state, meeting.cut_off_at, clock.now()):
        raise RuleError("The agenda is locked. Bring it to the meeting, or put it on the next one.")
    return meeting


def _changed(actor: Actor, meeting: Meeting, event: str, item: AgendaItem) -> None:
    meeting.version += 1
    db.session.flush()
    audit.record(event, actor, item.ref, meeting=meeting.ref)


def _items(meeting: Meeting) -> list[AgendaItem]:
    return list(
        db.session.scalars(
            select(AgendaItem)
            .where(AgendaItem.meeting_id == meeting.id, AgendaItem.state != ItemState.WITHDRAWN)
            .order_by(AgendaItem.position, AgendaItem.id)
        )
    )


def _item(meeting: Meeting, ref: str) -> AgendaItem:
    found = next((item for item in _items(meeting) if item.ref == ref), None)
    if found is None:
        raise NotFoundError()
    return found


def _number(items: list[AgendaItem]) -> None:
    for position, item in enumerate(items, start=1):
        if item.position != position:
            item.position = position


def _move(items: list[AgendaItem], ref: str, step: int) -> None:
    index = next((place for place, item in enumerate(items) if item.ref == ref), None)
    if index is None:
        raise NotFoundError()
    other = index + step
    if 0 <= other < len(items):
        items[index], items[other] = items[other], items[index]
    _number(items)


def _append(meeting: Meeting, item: AgendaItem, minutes: int) -> None:
    count = db.session.scalar(
        select(func.count())
        .select_from(AgendaItem)
        .where(AgendaItem.meeting_id == meeting.id, AgendaItem.state != ItemState.WITHDRAWN)
    )
    place = (count or 0) + 1
    if place > MOST_ITEMS:
        raise RuleError(f"An agenda has at most {MOST_ITEMS} items. Put this on the next meeting.")
    if not 1 <= minutes <= MOST_MINUTES:
        raise RuleError(f"Minutes must be between 1 and {MOST_MINUTES}.", "minutes")
    item.ref, item.meeting_id, item.position, item.minutes = new_reference("IT"), meeting.id, place, minutes
    item.state, item.version = ItemState.WAITING, 1
    db.session.add(item)
    db.session.flush()
    papers.show_to_officers(meeting, item)


def _add_referral(
    actor: Actor, meeting: Meeting, referral_id: int, minutes: int, presenter_id: int | None
) -> AgendaItem:
    referral = db.session.scalars(select(Referral).where(Referral.id == referral_id).with_for_update()).one_or_none()
    if referral is None or not actor.may(Permission.REFERRAL_READ, relations_to(actor, "referral", referral_id)):
        raise NotFoundError()
    slug = db.session.scalar(select(Panel.slug).where(Panel.id == meeting.panel_id))
    if referral.state is not ReferralState.ACCEPTED or referral.panel_slug != slug:
        raise RuleError("Only a referral that was accepted for this panel can go on its agenda.", "referrals")
    if _is_on_an_agenda(AgendaItem.referral_id == referral_id):
        raise RuleError("This referral is on an agenda already.", "referrals")
    item = AgendaItem(
        kind=_KIND_OF_REFERRAL[referral.subject_kind],
        referral_id=referral.id,
        case_id=referral.case_id,
        person_id=referral.person_id,
        context_id=referral.context_id,
        peer_group_id=referral.peer_group_id,
        title=_title(referral.person_id, referral.context_id, referral.peer_group_id),
        question=referral.panel_question,
        presenter_id=presenter_id or referral.referrer_id,
        is_review=False,
    )
    _append(meeting, item, minutes)
    return item


def _add_review(actor: Actor, meeting: Meeting, case_id: int, minutes: int, presenter_id: int | None) -> AgendaItem:
    case = db.session.scalars(select(Case).where(Case.id == case_id).with_for_update()).one_or_none()
    if case is None or not actor.may(Permission.CASE_READ, relations_to(actor, "case", case_id)):
        raise NotFoundError()
    if case.state not in LIVE:
        raise RuleError("Only an open case is reviewed.", "cases")
    pending = AgendaItem.state.in_((ItemState.WAITING, ItemState.OPEN))
    if _is_on_an_agenda((AgendaItem.case_id == case_id) & pending):
        raise RuleError("This case is on an agenda already.", "cases")
    item = AgendaItem(
        kind=_KIND_OF_CASE[case.subject_kind],
        case_id=case.id,
        person_id=case.person_id,
        context_id=case.context_id,
        peer_group_id=case.peer_group_id,
        title=_title(case.person_id, case.context_id, case.peer_group_id),
        presenter_id=presenter_id or _lead_of(case_id),
        is_review=True,
    )
    _append(meeting, item, minutes)
    return item


def _is_on_an_agenda(condition: ColumnElement[bool]) -> bool:
    statement = select(AgendaItem.id).where(condition, AgendaItem.state.in_(ON_AN_AGENDA)).limit(1)
    return db.session.scalar(statement) is not None


def _lead_of(case_id: int) -> int | None:
    now = clock.now()
    return db.session.scalar(
        select(Allocation.user_id)
        .where(
            Allocation.case_id == case_id,
            Allocation.kind == AllocationKind.LEAD,
            Allocation.valid_from <= now,
            (Allocation.valid_to.is_(None)) | (Allocation.valid_to > now),
        )
        .order_by(Allocation.id.desc())
        .limit(1)
    )


def _title(person_id: int | None, context_id: int | None, peer_group_id: int | None) -> str:
    if person_id is not None:
        person = db.session.execute(select(Person.given_name, Person.family_name).where(Person.id == person_id)).one()
        return f"{person.given_name} {person.family_name}"[:200]
    if context_id is not None:
        return db.session.execute(select(Context.name).where(Context.id == context_id)).scalar_one()
    return db.session.execute(select(PeerGroup.name).where(PeerGroup.id == peer_group_id)).scalar_one()


def _shown(item_ids: list[int]) -> set[int]:
    """Return which of the items are open to the seats: published before."""
    return set(
        db.session.scalars(
            select(RelationRow.subject_id).where(
                RelationRow.subject_kind == "item",
                RelationRow.subject_id.in_(item_ids),
                RelationRow.kind == Relation.AGENDA,
                live(),
            )
        )
    )


def _is_shown(item: AgendaItem) -> bool:
    return bool(_shown([item.id]))


def _ask(meeting: Meeting, items: list[AgendaItem], now: datetime, agencies: Iterable[int]) -> int:
    """Ask agencies about each item that they were not asked about; return how many questions went out."""
    known = {
        (row.item_id, row.agency_id)
        for row in db.session.execute(
            select(ReturnRequest.item_id, ReturnRequest.agency_id).where(
                ReturnRequest.item_id.in_([item.id for item in items])
            )
        )
    }
    due = next_due(now, meeting.returns_due_at, meeting.cut_off_at, meeting.starts_at)
    pairs = [(item, agency) for item in items for agency in agencies if (item.id, agency) not in known]
    db.session.add_all(
        ReturnRequest(
            ref=new_reference("RR"),
            item_id=item.id,
            agency_id=agency,
            state=ReturnState.WAITING,
            requested_at=now,
            due_at=due,
            version=1,
        )
        for item, agency in pairs
    )
    db.session.flush()
    for item, agency in pairs:
        papers.ask_agency(item, agency, max(meeting.cut_off_at, due))
    return len(pairs)


def _seated(panel_id: int, now: datetime) -> list[int]:
    """Return the ids of the agencies that have a seat now and still exist."""
    return list(
        db.session.scalars(
            select(PanelSeat.agency_id)
            .join(Agency, Agency.id == PanelSeat.agency_id)
            .where(
                PanelSeat.panel_id == panel_id,
                PanelSeat.valid_from <= now,
                (PanelSeat.valid_to.is_(None)) | (PanelSeat.valid_to > now),
                (Agency.active_to.is_(None)) | (Agency.active_to >= clock.today()),
            )
            .order_by(PanelSeat.agency_id)
        )
    )
