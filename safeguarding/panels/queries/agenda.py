"""What the meeting's page shows before the day: the meeting, its items in order, the board of returns, what may be added.

An item that the actor may not read comes back without its subject: only that it is there, when a conflict closes it.
It writes nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.agencies.models import Agency, SharingAgreement
from safeguarding.agencies.queries import opens_case_data
from safeguarding.cases.models import Case
from safeguarding.cases.workflow import LIVE
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.base import BigKey
from safeguarding.core.errors import NotFoundError
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ItemKind, ItemState, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import AgendaState, Meeting, MeetingState
from safeguarding.panels.models.panels import Office, Panel, PanelOfficer, PanelSeat
from safeguarding.panels.policy import Standing
from safeguarding.panels.service.agenda import MOST_ITEMS, ON_AN_AGENDA
from safeguarding.panels.timing import is_late, is_locked, starts
from safeguarding.people.models import PeerGroup, Person
from safeguarding.referrals.models import Referral, ReferralState
from safeguarding.relations import queries as relations
from safeguarding.relations.built import Asker, among, built
from safeguarding.relations.models import RelationRow

OPENING_MINUTES, CLOSING_MINUTES = 5, 5  # confidentiality, attendance and conflicts; next dates
ADDABLE = 50
MOST_WAITING = 100
MOST_PRESENTERS = 500

_AHEAD = (MeetingState.PLANNED, MeetingState.OPEN, MeetingState.ADJOURNED)
_Presenter = aliased(User)

_KIND_WORDS = {
    ItemKind.YOUNG_PERSON: "Young person",
    ItemKind.PEER_GROUP: "Group",
    ItemKind.CONTEXT: "Place",
    ItemKind.POSSIBLE_PERPETRATOR: "Possible perpetrator",
    ItemKind.THEME: "Theme",
}


class Line(NamedTuple):
    """An item as the agenda shows it. `row` is None where it is closed to the actor; `starts_at` is an instant."""

    position: int
    minutes: int
    starts_at: datetime
    row: Any

    @property
    def what(self) -> str:
        """Return the kind of item in words."""
        words = _KIND_WORDS[self.row.kind]
        if self.row.is_review:
            return "Review"
        return f"New referral, {words.lower()}" if self.row.referral_ref else words

    @property
    def lacks_presenter(self) -> bool:
        """Return whether nobody presents the item."""
        return self.row is not None and self.row.presenter_name is None


class Cell(NamedTuple):
    """What one agency answered about one item: `state` is a tag of returns, with `late` for what is or came late."""

    ref: str
    state: ReturnState
    is_late: bool
    answered_at: datetime | None
    chased_at: datetime | None = None

    @property
    def tag(self) -> str:
        """Return the state as the board shows it: late stays late after it arrives."""
        return "late" if self.is_late else self.state.value


@dataclass(frozen=True)
class Board:
    """The returns of a meeting: the agencies with a seat (id, short name, agreement in date), and cells by item and agency."""

    agencies: list[tuple[int, str, bool]]
    cells: dict[tuple[int, int], Cell]
    tags: Mapping[str, int]  # how many cells carry each tag

    def count(self, tag: str) -> int:
        """Return how many cells carry a tag."""
        return self.tags.get(tag, 0)

    def of(self, item_id: int) -> list[tuple[int, str, Cell | None]]:
        """Return the cells of an item: the agency's id and short name, and what it was asked and answered, if it was."""
        return [(key, name, self.cells.get((item_id, key))) for key, name, _agreed in self.agencies]

    @property
    def overdue(self) -> int:
        """Return how many agencies' answers are late and still missing."""
        return sum(1 for cell in self.cells.values() if cell.is_late and cell.state is ReturnState.WAITING)


@dataclass(frozen=True)
class Before:
    """A meeting with its agenda, as it stands before the day."""

    row: Any
    standing: Standing
    lines: list[Line]
    hidden: int

    @property
    def locked(self) -> bool:
        """Return whether the agenda may no longer change."""
        return is_locked(self.row.agenda_state, self.row.cut_off_at, clock.now())

    @property
    def may_arrange(self) -> bool:
        """Return whether the actor may change the agenda now."""
        planned = self.row.state is MeetingState.PLANNED
        return planned and not self.locked and self.standing.may(Permission.AGENDA_BUILD)

    @property
    def may_lock(self) -> bool:
        """Return whether the actor may lock the agenda by hand."""
        published = self.row.agenda_state is AgendaState.PUBLISHED and self.row.state is MeetingState.PLANNED
        return published and self.standing.may(Permission.AGENDA_BUILD)

    @property
    def minutes(self) -> int:
        """Return the minutes that the agenda takes, its fixed parts included."""
        return OPENING_MINUTES + CLOSING_MINUTES + sum(line.minutes for line in self.lines)

    @property
    def length(self) -> int:
        """Return the minutes from the meeting's start to its end."""
        span: timedelta = self.row.ends_at - self.row.starts_at
        return int(span.total_seconds() // 60)

    @property
    def closing_at(self) -> datetime:
        """Return when the items are over and the closing begins."""
        at: datetime = self.row.starts_at + timedelta(minutes=self.minutes - CLOSING_MINUTES)
        return at

    @property
    def unpublished(self) -> int:
        """Return how many items the agencies have not been shown yet."""
        return sum(1 for line in self.lines if line.row is not None and not line.row.is_published)


def meeting_before(actor: Actor, slug: str, ref: str) -> Before:
    """Return a meeting with its agenda in two statements. Raises NotFoundError when it is hidden or absent."""
    if not actor.principals:
        raise NotFoundError
    row, held = relations.visible(actor, _meeting.rows(actor, slug, ref), Permission.MEETING_READ)
    standing = Standing(actor, held)
    rows = _items.rows(actor, row.id)
    lines = _lines(row, rows)
    return Before(row, standing, lines, hidden=len(rows) - len(lines))


@built
def _meeting(asker: Asker, slug: str, ref: str) -> Any:
    statement = (
        select(*_meeting_columns(asker))
        .select_from(Meeting)
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(Panel.slug == slug, Meeting.ref == ref)
    )
    return relations.with_relations(asker, statement, [("panel", Panel.id), ("meeting", Meeting.id)])


def _meeting_columns(asker: Asker) -> list[Any]:
    now = asker.now
    chair = (
        select(User.name)
        .join(PanelOfficer, PanelOfficer.user_id == User.id)
        .where(
            PanelOfficer.panel_id == Panel.id,
            PanelOfficer.office == Office.CHAIR,
            PanelOfficer.valid_from <= now,
            or_(PanelOfficer.valid_to.is_(None), PanelOfficer.valid_to > now),
        )
        .order_by(PanelOfficer.id)
        .limit(1)
        .scalar_subquery()
    )
    # Only a meeting that is still planned has room for what waits; to count it walks all referrals of the panel.
    waiting = case((Meeting.state == MeetingState.PLANNED, _count_waiting(asker)), else_=0)
    return [
        *Meeting.__table__.c,
        Panel.slug,
        Panel.name.label("panel_name"),
        Panel.quorum_groups,
        chair.label("chair_name"),
        waiting.label("waiting"),
    ]


def _count_waiting(asker: Asker) -> Any:
    """Return the number of referrals that wait for an agenda of the row's panel, up to MOST_WAITING."""
    waiting = _waiting_referrals(asker, Panel.slug).with_only_columns(Referral.id).limit(MOST_WAITING).correlate(Panel)
    return select(func.count()).select_from(waiting.subquery()).scalar_subquery()


@built
def _items(asker: Asker, meeting_id: int) -> Any:
    shown = RelationRow.__table__.alias("shown")
    published = exists(
        select(literal(1)).where(
            shown.c.subject_kind == "item", shown.c.subject_id == AgendaItem.id, shown.c.kind == Relation.AGENDA
        )
    )
    barred = ~relations.not_barred(asker, "item", AgendaItem.id)
    return (
        select(
            AgendaItem.id,
            AgendaItem.ref,
            AgendaItem.position,
            AgendaItem.minutes,
            AgendaItem.kind,
            AgendaItem.title,
            AgendaItem.question,
            AgendaItem.is_review,
            AgendaItem.state,
            AgendaItem.version,
            AgendaItem.presenter_id,
            _Presenter.name.label("presenter_name"),
            Person.given_name,
            Person.family_name,
            Person.born_on,
            Referral.ref.label("referral_ref"),
            Referral.urgent,
            Referral.own_view,
            Referral.own_view_absent_reason,
            published.label("is_published"),
            relations.related(asker, "item", AgendaItem.id, Permission.ITEM_READ).label("is_visible"),
            (barred if asker.user_id is not None else false()).label("is_barred"),
        )
        .outerjoin(_Presenter, _Presenter.id == AgendaItem.presenter_id)
        .outerjoin(Person, Person.id == AgendaItem.person_id)
        .outerjoin(Referral, Referral.id == AgendaItem.referral_id)
        .where(AgendaItem.meeting_id == meeting_id, AgendaItem.state != ItemState.WITHDRAWN)
        .order_by(AgendaItem.position, AgendaItem.id)
        .limit(MOST_ITEMS)
    )


def _lines(meeting: Any, rows: list[Any]) -> list[Line]:
    """Return the items that the actor may know of: read, or closed by a conflict; a presenter sees their own alone."""
    first = meeting.starts_at + timedelta(minutes=OPENING_MINUTES)
    instants = starts(first, [row.minutes for row in rows])
    return [
        Line(row.position, row.minutes, at, row if row.is_visible else None)
        for row, at in zip(rows, instants, strict=True)
        if row.is_visible or row.is_barred
    ]


def board_of(before: Before) -> Board:
    """Return the board of a meeting, in one statement: what each agency with a seat, or asked before, answered."""
    now = clock.now()
    visible = {line.row.id for line in before.lines if line.row is not None}
    agencies: list[tuple[int, str, bool]] = []
    cells: dict[tuple[int, int], Cell] = {}
    for row in _board.rows(None, before.row.id, before.row.panel_id):
        if row.item_id is None:
            agencies.append((row.agency_id, row.short_name, bool(row.agreed)))
        elif row.item_id in visible:
            late = is_late(row.state, row.due_at, row.answered_at, now)
            chased = row.chased_at if row.state is ReturnState.WAITING else None
            cells[(row.item_id, row.agency_id)] = Cell(row.ref, row.state, late, row.answered_at, chased)
    return Board(agencies, cells, Counter(cell.tag for cell in cells.values()))


@built
def _board(asker: Asker, meeting_id: int, panel_id: int) -> Any:
    """The agencies of a board in their order (without an item), and what they were asked about each item."""
    now, today = asker.now, asker.today
    agreement = exists(
        select(literal(1)).where(
            SharingAgreement.agency_id == Agency.id,
            opens_case_data(today),
        )
    )
    seated = select(PanelSeat.agency_id).where(
        PanelSeat.panel_id == panel_id,
        PanelSeat.valid_from <= now,
        or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > now),
    )
    on_agenda = and_(AgendaItem.meeting_id == meeting_id, AgendaItem.state != ItemState.WITHDRAWN)
    asked = select(ReturnRequest.agency_id).join(AgendaItem, AgendaItem.id == ReturnRequest.item_id).where(on_agenda)
    r = ReturnRequest
    agencies = select(
        Agency.id.label("agency_id"),
        Agency.short_name.label("short_name"),
        agreement.label("agreed"),
        cast(null(), BigKey).label("item_id"),
        cast(null(), String).label("ref"),
        cast(null(), r.state.type).label("state"),
        cast(null(), UTCDateTime()).label("due_at"),
        cast(null(), UTCDateTime()).label("answered_at"),
        cast(null(), UTCDateTime()).label("chased_at"),
    ).where(Agency.id.in_(union(seated, asked)))
    cells = (
        select(
            r.agency_id,
            cast(null(), String),
            cast(null(), Boolean),
            r.item_id,
            r.ref,
            r.state,
            r.due_at,
            r.answered_at,
            r.chased_at,
        )
        .join(AgendaItem, AgendaItem.id == r.item_id)
        .where(on_agenda)
    )
    both = union_all(agencies, cells).subquery()
    return select(both).order_by(both.c.short_name, both.c.agency_id)


def to_ask(before: Before, board: Board) -> list[tuple[int, str]]:
    """Return the agencies (id, short name) of a published agenda that were not asked about every item of it."""
    if before.row.agenda_state is not AgendaState.PUBLISHED or not before.may_arrange:
        return []
    rows = [line.row for line in before.lines if line.row is not None]
    about = [row.id for row in rows if row.is_published and row.kind is not ItemKind.THEME]
    return [
        (agency_id, name)
        for agency_id, name, _agreed in board.agencies
        if any((item_id, agency_id) not in board.cells for item_id in about)
    ]


def load_line(before: Before, item_ref: str) -> Line:
    """Return one item of an agenda. Raises NotFoundError when it is hidden or absent."""
    found = next((line for line in before.lines if line.row is not None and line.row.ref == item_ref), None)
    if found is None:
        raise NotFoundError
    return found


def _waiting_referrals(actor: relations.Asks, slug: Any) -> Select[Any]:
    """Return a select of the accepted referrals of a panel that no agenda has, the urgent ones first."""
    placed = exists(
        select(literal(1)).where(AgendaItem.referral_id == Referral.id, among(AgendaItem.state, ON_AN_AGENDA))
    )
    statement: Any = select(
        Referral.id, Referral.ref, Referral.urgent, Referral.screened_at, Referral.subject_kind
    ).where(
        Referral.state == ReferralState.ACCEPTED,
        Referral.panel_slug == slug,
        ~placed,
        relations.related(actor, "referral", Referral.id, Permission.REFERRAL_READ),
    )
    chosen: Select[Any] = statement
    return chosen


_NAMES = (
    Person.given_name,
    Person.family_name,
    Person.born_on,
    Context.name.label("context_name"),
    PeerGroup.name.label("group_name"),
)


def list_waiting(actor: Actor, slug: str) -> list[Row[Any]]:
    """Return the accepted referrals that wait for an agenda, the urgent ones first, then by when they were accepted."""
    statement = (
        _waiting_referrals(actor, slug)
        .add_columns(*_NAMES)
        .outerjoin(Person, Person.id == Referral.person_id)
        .outerjoin(Context, Context.id == Referral.context_id)
        .outerjoin(PeerGroup, PeerGroup.id == Referral.peer_group_id)
        .order_by(Referral.urgent.desc(), Referral.screened_at, Referral.id)
        .limit(ADDABLE)
    )
    return list(db.session.execute(statement))


def list_reviews_due(actor: Actor, by: datetime) -> list[Row[Any]]:
    """Return the open cases whose review is due by an instant's London day and that no agenda has, the oldest first."""
    day = clock.london(by).date()
    placed = exists(
        select(literal(1)).where(
            AgendaItem.case_id == Case.id, AgendaItem.state.in_((ItemState.WAITING, ItemState.OPEN))
        )
    )
    statement: Any = (
        select(Case.id, Case.ref, Case.next_review_on, Case.risk, *_NAMES)
        .outerjoin(Person, Person.id == Case.person_id)
        .outerjoin(Context, Context.id == Case.context_id)
        .outerjoin(PeerGroup, PeerGroup.id == Case.peer_group_id)
        .where(
            Case.state.in_(LIVE),
            Case.next_review_on <= day,
            ~placed,
            relations.related(actor, "case", Case.id, Permission.CASE_READ),
        )
        .order_by(Case.next_review_on, Case.id)
        .limit(ADDABLE)
    )
    return list(db.session.execute(statement))


def presenters() -> list[Row[Any]]:
    """Return the people who may present an item (id, ref, name, agency), by agency and name."""
    now = clock.now()
    statement: Any = (
        select(User.id, User.ref, User.name, Agency.short_name.label("agency"))
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            User.status == AccountStatus.ACTIVE,
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
            Membership.role.not_in((Role.ADMIN, Role.AUDITOR, Role.ANALYST, Role.INFORMATION_GOVERNANCE)),
        )
        .distinct()
        .order_by(Agency.short_name, User.name, User.id)
        .limit(MOST_PRESENTERS)
    )
    return list(db.session.execute(statement))


def next_meeting(actor: Actor) -> Any | None:
    """Return the next meeting of a panel of which the actor is an officer, with what is still missing, in one statement."""
    now = clock.now()
    row: Any | None = _next_meeting.row(actor, now - timedelta(hours=12))
    return row


@built
def _next_meeting(asker: Asker, since: datetime) -> Any:
    items = and_(AgendaItem.meeting_id == Meeting.id, AgendaItem.state != ItemState.WITHDRAWN)
    late = (
        select(func.count())
        .select_from(ReturnRequest)
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .where(items, ReturnRequest.state == ReturnState.WAITING, ReturnRequest.due_at < asker.now)
    )
    return (
        select(
            *Meeting.__table__.c,
            Panel.slug,
            Panel.name.label("panel_name"),
            _count_of(select(func.count()).select_from(AgendaItem).where(items)).label("item_count"),
            _count_of(
                select(func.count()).select_from(AgendaItem).where(items, AgendaItem.presenter_id.is_(None))
            ).label("without_presenter"),
            _count_of(select(func.sum(AgendaItem.minutes)).where(items)).label("minutes"),
            _count_of(late).label("late"),
            _count_waiting(asker).label("waiting"),
        )
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(
            Meeting.panel_id.in_(relations.subjects(asker, "panel", Permission.AGENDA_BUILD)),
            Meeting.ends_at > since,
            among(Meeting.state, _AHEAD),
        )
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(1)
    )


def _count_of(statement: Select[Any]) -> Any:
    return statement.correlate(Meeting).scalar_subquery()


def next_for_seat(actor: Actor) -> Any | None:
    """Return the next meeting of a panel on which the actor's agency sits, or at which the actor presents an item."""
    row: Any | None = _next_for_seat.row(actor, clock.now() - timedelta(hours=12))
    return row


@built
def _next_for_seat(asker: Asker, since: datetime) -> Any:
    return (
        select(
            Meeting.ref,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.place,
            Meeting.state,
            Meeting.agenda_state,
            Panel.slug,
            Panel.name.label("panel_name"),
        )
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(
            or_(
                Meeting.panel_id.in_(relations.subjects(asker, "panel", Permission.MEETING_READ)),
                Meeting.id.in_(relations.subjects(asker, "meeting", Permission.MEETING_READ)),
            ),
            Meeting.ends_at > since,
            among(Meeting.state, _AHEAD),
        )
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(1)
    )


def agenda_place(actor: Actor, referral_id: int) -> Any | None:
    """Return where a referral stands on an agenda that the actor may see, the newest meeting first."""
    row: Any | None = _agenda_place.row(actor, referral_id)
    return row


@built
def _agenda_place(asker: Asker, referral_id: int) -> Any:
    return (
        select(
            Meeting.ref,
            Meeting.starts_at,
            Meeting.agenda_state,
            Panel.slug,
            Panel.name.label("panel_name"),
            AgendaItem.state,
            AgendaItem.position,
            or_(
                relations.related(asker, "panel", Meeting.panel_id, Permission.MEETING_READ),
                relations.related(asker, "meeting", Meeting.id, Permission.MEETING_READ),
            ).label("may_open"),
        )
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(AgendaItem.referral_id == referral_id, AgendaItem.state != ItemState.WITHDRAWN)
        .order_by(Meeting.starts_at.desc(), AgendaItem.id.desc())
        .limit(1)
    )
