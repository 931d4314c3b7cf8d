"""Reads of returns: what an agency is asked, one request with whom to search for, and who may be named as a reader.

A request is its agency's, and is read by others as far as its handling allows. Whom to search for is shown while the
actor may see the young person: an agency without a seat only until it has answered or the agenda is locked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, exists, literal, or_, select
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ReturnReader, ReturnRequest, ReturnState, SharedVersion
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.models.panels import Panel, PanelSeat
from safeguarding.panels.policy import Standing, may_read_return
from safeguarding.panels.service.returns import ANSWERABLE
from safeguarding.panels.timing import is_late
from safeguarding.people.models import Person
from safeguarding.relations import queries as relations

PAGE = 50
_OVER = (MeetingState.CLOSED, MeetingState.CANCELLED)


@dataclass(frozen=True)
class Request:
    """A request with its answer, as the actor may read it."""

    row: Any
    standing: Standing

    @property
    def is_mine(self) -> bool:
        """Return whether the actor's agency is the one that is asked."""
        return self.row.agency_id in self.standing.actor.agency_ids

    @property
    def may_answer(self) -> bool:
        """Return whether the actor may answer it now."""
        over = self.row.item_state not in ANSWERABLE or self.row.meeting_state in _OVER
        return self.is_mine and not over and self.standing.may(Permission.RETURN_ANSWER)

    @property
    def may_write_version(self) -> bool:
        """Return whether the actor writes, or agrees to, a version of the answer for everybody on the panel."""
        own = self.is_mine and self.standing.may(Permission.RETURN_ANSWER)
        return own or (self.is_readable and self.standing.is_officer)

    @property
    def is_late(self) -> bool:
        """Return whether the answer is, or came, after it was due."""
        return is_late(self.row.state, self.row.due_at, self.row.answered_at, clock.now())

    @property
    def may_chase(self) -> bool:
        """Return whether the actor may remind the agency of it."""
        over = self.row.item_state not in ANSWERABLE or self.row.meeting_state in _OVER
        missing = self.is_late and self.row.state is ReturnState.WAITING
        return missing and not over and self.standing.may(Permission.AGENDA_BUILD)

    @property
    def is_readable(self) -> bool:
        """Return whether the actor may read what was answered."""
        named = self.standing.actor.agency_ids if self.row.is_named else frozenset[int]()
        return may_read_return(self.standing, self.row.handling, self.row.agency_id, named)


def versions_of(request: Request) -> list[Any]:
    """Return the versions of an answer for everybody on the panel, the newest first; those not agreed to for its writers."""
    written, agreed = aliased(User), aliased(User)
    statement: Any = (
        select(
            SharedVersion.id,
            SharedVersion.text,
            SharedVersion.written_at,
            SharedVersion.agreed_at,
            written.name.label("written_by"),
            agreed.name.label("agreed_by"),
        )
        .join(written, written.id == SharedVersion.written_by_id)
        .outerjoin(agreed, agreed.id == SharedVersion.agreed_by_id)
        .where(SharedVersion.request_id == request.row.id)
        .order_by(SharedVersion.written_at.desc(), SharedVersion.id.desc())
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


def access_request(actor: Actor, ref: str) -> Request:
    """Return one request. Raises NotFoundError when it is hidden or absent."""
    door = Permission.RETURN_ANSWER if actor.holds(Permission.RETURN_ANSWER) else Permission.ITEM_READ
    named = exists(
        select(literal(1)).where(
            ReturnReader.request_id == ReturnRequest.id,
            ReturnReader.agency_id.in_(sorted(actor.agency_ids) or [0]),
        )
    )
    statement = (
        select(
            *ReturnRequest.__table__.c,
            Agency.short_name.label("agency_name"),
            User.name.label("answered_by"),
            named.label("is_named"),
            *_subject(actor),
            AgendaItem.question,
            AgendaItem.position,
            Meeting.ref.label("meeting_ref"),
            Meeting.state.label("meeting_state"),
            Meeting.starts_at,
            Panel.slug,
            Panel.name.label("panel_name"),
        )
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .join(Agency, Agency.id == ReturnRequest.agency_id)
        .outerjoin(User, User.id == ReturnRequest.answered_by_id)
        .outerjoin(Person, Person.id == AgendaItem.person_id)
        .where(ReturnRequest.ref == ref)
    )
    row, held = relations.load_one(actor, statement, [("item", AgendaItem.id), ("panel", Panel.id)], door)
    request = Request(row, Standing(actor, held))
    if not request.is_mine and not actor.may(Permission.ITEM_READ, held):
        raise NotFoundError
    return request


def request_entity(request_id: int) -> ReturnRequest:
    """Return the entity of a request that was found through `access_request`, for a command."""
    return db.session.get_one(ReturnRequest, request_id)


def _subject(actor: Actor) -> list[Any]:
    """Return what an item is about; names, date of birth and address only where the actor may see the young person."""
    seen = relations.related(actor, "person", AgendaItem.person_id, Permission.PERSON_READ)
    identity = (
        Person.ref.label("person_ref"),
        Person.given_name,
        Person.family_name,
        Person.known_as,
        Person.born_on,
        Person.address,
        Person.postcode,
    )
    return [
        AgendaItem.ref.label("item_ref"),
        AgendaItem.state.label("item_state"),
        AgendaItem.kind,
        case((AgendaItem.person_id.is_(None), AgendaItem.title), else_=None).label("about"),
        *(case((seen, column), else_=None).label(column.name) for column in identity),
    ]


def list_requests(actor: Actor, *, answered: bool, after: str | None = None, limit: int = PAGE) -> list[Row[Any]]:
    """Return what the actor's agency is asked: what waits, the soonest due first, or what it answered, the latest first.

    `after` is the reference of the last one of the page before.
    """
    statement: Any = (
        select(
            ReturnRequest.ref,
            ReturnRequest.state,
            ReturnRequest.due_at,
            ReturnRequest.answered_at,
            ReturnRequest.chased_at,
            Agency.short_name.label("agency_name"),
            *_subject(actor),
            Meeting.starts_at,
            Panel.name.label("panel_name"),
        )
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .join(Agency, Agency.id == ReturnRequest.agency_id)
        .outerjoin(Person, Person.id == AgendaItem.person_id)
        .where(
            ReturnRequest.agency_id.in_(sorted(actor.agency_ids) or [0]),
            relations.related(actor, "item", AgendaItem.id, Permission.RETURN_ANSWER),
        )
    )
    if answered:
        order: tuple[Any, Any] = (ReturnRequest.answered_at.desc(), ReturnRequest.id.desc())
        statement = statement.where(ReturnRequest.state != ReturnState.WAITING)
    else:
        order = (ReturnRequest.due_at, ReturnRequest.id)
        statement = statement.where(
            ReturnRequest.state == ReturnState.WAITING,
            AgendaItem.state.in_(ANSWERABLE),
            Meeting.state.not_in(_OVER),
        )
    if after is not None:
        statement = _later(statement, after, answered)
    return list(db.session.execute(statement.order_by(*order).limit(limit)))


def _later(statement: Any, after: str, answered: bool) -> Any:
    column = ReturnRequest.answered_at if answered else ReturnRequest.due_at
    last = db.session.execute(
        select(column.label("at"), ReturnRequest.id).where(ReturnRequest.ref == after)
    ).one_or_none()
    if last is None or last.at is None:
        return statement
    at: datetime = last.at
    if answered:
        return statement.where(or_(column < at, and_(column == at, ReturnRequest.id < last.id)))
    return statement.where(or_(column > at, and_(column == at, ReturnRequest.id > last.id)))


def readers_of(request: Request) -> list[Row[Any]]:
    """Return the other agencies with a seat on the panel (id, ref, name) and whether each is named as a reader."""
    now = clock.now()
    named = exists(
        select(literal(1)).where(ReturnReader.request_id == request.row.id, ReturnReader.agency_id == Agency.id)
    )
    statement: Any = (
        select(Agency.id, Agency.ref, Agency.short_name, named.label("is_named"))
        .join(PanelSeat, PanelSeat.agency_id == Agency.id)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .where(
            Panel.slug == request.row.slug,
            Agency.id != request.row.agency_id,
            PanelSeat.valid_from <= now,
            or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > now),
        )
        .order_by(Agency.short_name, Agency.id)
    )
    return list(db.session.execute(statement))
