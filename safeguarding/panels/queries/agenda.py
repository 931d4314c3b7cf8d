"""What the meeting's page shows before the day: the meeting, its items in order, the board of returns, what may be added.

An item that the actor may not read comes back without its subject: only that it is there, when a conflict closes it.
It writes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, exists, false, func, literal, or_, select
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
from safeguarding.core.errors import NotFoundError
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
from safeguarding.relations.models import RelationRow

OPENING_MINUTES, CLOSING_MINUTES = 5, 5  # confidentiality, attendance and conflicts; next dates
ADDABLE = 50
MOST_WAITING = 100
MOST_PRESENTERS = 500

_Presenter = aliased(User)

_KIND_WORDS = {
    ItemKind.YOUNG_PERSON: "Young person",
    ItemKind.PEER_GROUP: "Group",
    ItemKind.CONTEXT: "Place",
    ItemKind.POSSIBLE_PERPETRATOR: "Possible perpetrator",
    ItemKind.THEME: "Theme",
}


@dataclass(frozen=True)
class Line:
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


@dataclass(frozen=True)
class Cell:
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

    def count(self, tag: str) -> int:
        """Return how many cells carry a tag."""
        return sum(1 for cell in self.cells.values() if cell.tag == tag)

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
    statement = (
        select(*_meeting_columns(actor))
        .select_from(Meeting)
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(Panel.slug == slug, Meeting.ref == ref)
    )
    row, held = relations.load_one(
        actor, statement, [("panel", Panel.id), ("meeting", Meeting.id)], Permission.MEETING_READ
    )
    standing = Standing(actor, held)
    rows = _items(actor, row.id)
    lines = _lines(row, standing, rows)
    return Before(row, standing, lines, hidden=len(rows) - len(lines))


def _meeting_columns(actor: Actor) -> list[Any]:
    now = clock.now()
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
    waiting = _waiting_referrals(actor, Panel.slug).with_only_columns(Referral.id).limit(MOST_WAITING).correlate(Panel)
    return [
        *Meeting.__table__.c,
        Panel.slug,
        Panel.name.label("panel_name"),
        Panel.quorum_groups,
        chair.label("chair_name"),
        select(func.count()).select_from(waiting.subquery()).scalar_subquery().label("waiting"),
    ]


def _items(actor: Actor, meeting_id: int) -> list[Row[Any]]:
    shown = RelationRow.__table__.alias("shown")
    published = exists(
        select(literal(1)).where(
            shown.c.subject_kind == "item", shown.c.subject_id == AgendaItem.id, shown.c.kind == Relation.AGENDA
        )
    )
    barred = ~relations.not_barred(actor, "item", AgendaItem.id)
    statement: Any = (
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
            relations.related(actor, "item", AgendaItem.id, Permission.ITEM_READ).label("is_visible"),
            (barred if actor.user_id is not None else false()).label("is_barred"),
        )
        .outerjoin(_Presenter, _Presenter.id == AgendaItem.presenter_id)
        .outerjoin(Person, Person.id == AgendaItem.person_id)
        .outerjoin(Referral, Referral.id == AgendaItem.referral_id)
        .where(AgendaItem.meeting_id == meeting_id, AgendaItem.state != ItemState.WITHDRAWN)
        .order_by(AgendaItem.position, AgendaItem.id)
        .limit(MOST_ITEMS)
    )
    return list(db.session.execute(statement))


def _lines(meeting: Any, standing: Standing, rows: list[Row[Any]]) -> list[Line]:
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
    now, today = clock.now(), clock.today()
    agreement = exists(
        select(literal(1)).where(
            SharingAgreement.agency_id == Agency.id,
            opens_case_data(today),
        )
    )
    seated = exists(
        select(literal(1)).where(
            PanelSeat.agency_id == Agency.id,
            PanelSeat.panel_id == before.row.panel_id,
            PanelSeat.valid_from <= now,
            or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > now),
        )
    )
    asked = (
        select(ReturnRequest)
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .where(AgendaItem.meeting_id == before.row.id, AgendaItem.state != ItemState.WITHDRAWN)
        .subquery()
    )
    statement: Any = (
        select(
            Agency.id.label("agency_id"),
            Agency.short_name,
            agreement.label("agreed"),
            asked.c.item_id,
            asked.c.ref,
            asked.c.state,
            asked.c.due_at,
            asked.c.answered_at,
            asked.c.chased_at,
        )
        .outerjoin(asked, asked.c.agency_id == Agency.id)
        .where(or_(seated, asked.c.item_id.is_not(None)))
        .order_by(Agency.short_name, Agency.id)
    )
    rows = db.session.execute(statement).all()
    visible = {line.row.id for line in before.lines if line.row is not None}
    agencies = {row.agency_id: (row.agency_id, row.short_name, bool(row.agreed)) for row in rows}
    cells = {
        (row.item_id, row.agency_id): Cell(
            row.ref,
            row.state,
            is_late(row.state, row.due_at, row.answered_at, now),
            row.answered_at,
            row.chased_at if row.state is ReturnState.WAITING else None,
        )
        for row in rows
        if row.item_id in visible
    }
    return Board(list(agencies.values()), cells)


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


def _waiting_referrals(actor: Actor, slug: Any) -> Select[Any]:
    """Return a select of the accepted referrals of a panel that no agenda has, the urgent ones first."""
    placed = exists(select(literal(1)).where(AgendaItem.referral_id == Referral.id, AgendaItem.state.in_(ON_AN_AGENDA)))
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


def next_meeting(actor: Actor) -> Row[Any] | None:
    """Return the next meeting of a panel of which the actor is an officer, with what is still missing, in one statement."""
    now = clock.now()
    items = and_(AgendaItem.meeting_id == Meeting.id, AgendaItem.state != ItemState.WITHDRAWN)
    late = (
        select(func.count())
        .select_from(ReturnRequest)
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .where(items, ReturnRequest.state == ReturnState.WAITING, ReturnRequest.due_at < now)
    )
    waiting = _waiting_referrals(actor, Panel.slug).with_only_columns(Referral.id).limit(MOST_WAITING).correlate(Panel)
    statement: Any = (
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
            select(func.count()).select_from(waiting.subquery()).scalar_subquery().label("waiting"),
        )
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(
            Meeting.panel_id.in_(relations.subjects(actor, "panel", Permission.AGENDA_BUILD)),
            Meeting.ends_at > now - timedelta(hours=12),
            Meeting.state.in_((MeetingState.PLANNED, MeetingState.OPEN, MeetingState.ADJOURNED)),
        )
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(1)
    )
    row: Row[Any] | None = db.session.execute(statement).one_or_none()
    return row


def _count_of(statement: Select[Any]) -> Any:
    return statement.correlate(Meeting).scalar_subquery()


def next_for_seat(actor: Actor) -> Row[Any] | None:
    """Return the next meeting of a panel on which the actor's agency sits, or at which the actor presents an item."""
    now = clock.now()
    statement: Any = (
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
                Meeting.panel_id.in_(relations.subjects(actor, "panel", Permission.MEETING_READ)),
                Meeting.id.in_(relations.subjects(actor, "meeting", Permission.MEETING_READ)),
            ),
            Meeting.ends_at > now - timedelta(hours=12),
            Meeting.state.in_((MeetingState.PLANNED, MeetingState.OPEN, MeetingState.ADJOURNED)),
        )
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(1)
    )
    row: Row[Any] | None = db.session.execute(statement).one_or_none()
    return row


def agenda_place(actor: Actor, referral_id: int) -> Row[Any] | None:
    """Return where a referral stands on an agenda that the actor may see, the newest meeting first."""
    statement: Any = (
        select(
            Meeting.ref,
            Meeting.starts_at,
            Meeting.agenda_state,
            Panel.slug,
            Panel.name.label("panel_name"),
            AgendaItem.state,
            AgendaItem.position,
            or_(
                relations.related(actor, "panel", Meeting.panel_id, Permission.MEETING_READ),
                relations.related(actor, "meeting", Meeting.id, Permission.MEETING_READ),
            ).label("may_open"),
        )
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(AgendaItem.referral_id == referral_id, AgendaItem.state != ItemState.WITHDRAWN)
        .order_by(Meeting.starts_at.desc(), AgendaItem.id.desc())
        .limit(1)
    )
    row: Row[Any] | None = db.session.execute(statement).one_or_none()
    return row
