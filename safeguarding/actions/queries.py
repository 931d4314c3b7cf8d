"""Reads of actions: one, those of a person or an agency, those about a subject.

An action is visible by a relation to itself, or by one to its subject that opens the subject's actions; owning one
action about somebody opens no other.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, null, or_, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.actions.models import Action, ActionDueChange, ActionOrigin, ActionState, ActionSubject
from safeguarding.actions.subjects import registered
from safeguarding.actions.workflow import LIVE, standing
from safeguarding.agencies.models import Agency
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.extensions import db
from safeguarding.relations.built import Asker, among, built
from safeguarding.relations.closing import is_closed
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import Asks, held_by, live, not_barred, of_any, related

PAGE = 50
_OWNER = frozenset({Relation.ACTION_OWNER})
Before = tuple[date, int]


@dataclass(frozen=True)
class ActionRow:
    """An action as lists and pages show it."""

    id: int
    ref: str
    title: str
    detail: str | None
    agency: str
    owner: str | None
    owner_user_id: int | None
    first_due_on: date
    due_on: date
    priority: str
    state: ActionState
    evidence: str | None
    outcome_note: str | None
    completed_on: date | None
    version: int
    subject_kind: ActionSubject
    subject_id: int
    subject_name: str | None
    subject_ref: str | None
    subject_endpoint: str | None
    is_restricted: bool = False  # told of on the action's own page

    @property
    def is_live(self) -> bool:
        """Whether it still has to be done."""
        return self.state in LIVE

    @property
    def standing(self) -> str:
        """Return the state as a tag says it."""
        return standing(
            self.state, self.due_on, self.completed_on is not None and self.completed_on > self.first_due_on
        )


def visible_actions(actor: Asks) -> ColumnElement[bool]:
    """Return the condition under which the actor may read an action."""
    direct = related(actor, "action", Action.id, Permission.ACTION_READ)
    through = related(actor, Action.subject_kind, Action.subject_id, Permission.ACTION_READ, but=_OWNER)
    conflict_free = not_barred(actor, Action.subject_kind, Action.subject_id)
    return and_(or_(direct, through), conflict_free)


def access_action(actor: Actor, ref: str, permission: Permission) -> tuple[ActionRow, frozenset[Relation]]:
    """Return one action and the actor's relations to it; NotFoundError when hidden, ForbiddenError when only readable."""
    rows = _action.rows(actor, ref) if actor.principals else []
    if not rows:
        raise NotFoundError
    held = frozenset(row.relation_kind for row in rows if row.relation_on == "action")
    about = frozenset(row.relation_kind for row in rows if row.relation_on not in (None, "action"))
    if not actor.may(Permission.ACTION_READ, held | (about - _OWNER)):
        raise NotFoundError
    if rows[0].owner_user_id == actor.user_id:
        held |= _OWNER  # of a restricted record one sees one's own action by being on its list
    if permission is not Permission.ACTION_READ and not actor.may(permission, held):
        raise ForbiddenError("Only the owner of this action, or their agency, answers for it.")
    return _row(rows[0]), held


@built
def _action(asker: Asker, action_ref: str) -> Select[*tuple[Any, ...]]:
    statement = _statement(asker).add_columns(
        RelationRow.kind.label("relation_kind"),
        RelationRow.subject_kind.label("relation_on"),
        is_closed("action", Action.id).label("is_restricted"),
    )
    statement = statement.outerjoin(
        RelationRow,
        and_(
            of_any([("action", Action.id), (Action.subject_kind, Action.subject_id)]),
            held_by(asker),
            live(),
        ),
    )
    return statement.where(Action.ref == action_ref, visible_actions(asker))


def action_entity(action_id: int) -> Action:
    """Return the entity of an action that was found through `access_action`, for a command."""
    return db.session.get_one(Action, action_id)


def list_mine(actor: Actor, *, before: Before | None = None, limit: int = PAGE) -> list[ActionRow]:
    """Return the live actions that the actor owns in person, the most overdue first; one more than `limit` at most."""
    return _rows(_mine.rows(actor, before, limit + 1))


@built
def _mine(asker: Asker, before: Before | None, limit: int) -> Select[*tuple[Any, ...]]:
    return _listed(asker, [Action.owner_user_id == asker.user_id, among(Action.state, LIVE)], before, limit)


def list_agency(actor: Actor, *, before: Before | None = None, limit: int = PAGE) -> list[ActionRow]:
    """Return the live actions of the actor's agencies, the most overdue first; one more than `limit` at most."""
    return _rows(_of_agency.rows(actor, before, limit + 1))


@built
def _of_agency(asker: Asker, before: Before | None, limit: int) -> Select[*tuple[Any, ...]]:
    return _listed(asker, [Action.owner_agency_id.in_(asker.agency_ids), among(Action.state, LIVE)], before, limit)


def list_ended(actor: Actor, *, before: Before | None = None, limit: int = PAGE) -> list[ActionRow]:
    """Return the ended actions of the actor's agencies, those due last first; one more than `limit` at most."""
    return _rows(_ended.rows(actor, before, limit + 1))


@built
def _ended(asker: Asker, before: Before | None, limit: int) -> Select[*tuple[Any, ...]]:
    conditions = [Action.owner_agency_id.in_(asker.agency_ids), ~among(Action.state, LIVE)]
    return _listed(asker, conditions, before, limit, newest_first=True)


def list_waiting(actor: Actor, limit: int = 10) -> list[ActionRow]:
    """Return the live actions that wait for the actor: their own, and those of their agency that name nobody."""
    return _rows(_waiting.rows(actor, limit + 1))


@built
def _waiting(asker: Asker, limit: int) -> Select[*tuple[Any, ...]]:
    theirs = Action.owner_user_id == asker.user_id
    unnamed = and_(Action.owner_agency_id.in_(asker.agency_ids), Action.owner_user_id.is_(None))
    return _listed(asker, [or_(theirs, unnamed), among(Action.state, LIVE)], None, limit)


def list_about(
    actor: Actor,
    subject: tuple[ActionSubject, int] | None,
    origin: tuple[ActionOrigin, int] | None = None,
    limit: int = 20,
) -> list[ActionRow]:
    """Return the actions about a subject, or that came from an origin: live ones first, the most overdue first."""
    return _rows(_about.rows(actor, subject or (), origin or (), limit + 1))


@built
def _about(asker: Asker, subject: tuple[Any, ...], origin: tuple[Any, ...], limit: int) -> Select[*tuple[Any, ...]]:
    conditions = []
    if subject:
        conditions.append(and_(Action.subject_kind == subject[0], Action.subject_id == subject[1]))
    if origin:
        conditions.append(and_(Action.origin_kind == origin[0], Action.origin_id == origin[1]))
    ended = case((among(Action.state, LIVE), 0), else_=1)
    return (
        _statement(asker)
        .where(or_(*conditions), visible_actions(asker))
        .order_by(ended, Action.due_on, Action.id)
        .limit(limit)
    )


def list_due_changes(action_id: int) -> list[Any]:
    """Return the changes of an action's due date (old_on, new_on, reason, changed_at, by), the latest first.

    The action itself was found through `access_action`.
    """
    statement = (
        select(
            ActionDueChange.old_on,
            ActionDueChange.new_on,
            ActionDueChange.reason,
            ActionDueChange.changed_at,
            User.name.label("by"),
        )
        .join(User, User.id == ActionDueChange.changed_by_id)
        .where(ActionDueChange.action_id == action_id)
        .order_by(ActionDueChange.changed_at.desc(), ActionDueChange.id.desc())
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


def _listed(
    asker: Asker, conditions: list[Any], before: Before | None, limit: int, newest_first: bool = False
) -> Select[*tuple[Any, ...]]:
    place = tuple_(Action.due_on, Action.id)
    statement = _statement(asker).where(*conditions, visible_actions(asker))
    if before is not None:
        statement = statement.where(place < before if newest_first else place > before)
    order = (Action.due_on.desc(), Action.id.desc()) if newest_first else (Action.due_on, Action.id)
    return statement.order_by(*order).limit(limit)


def _statement(actor: Asks) -> Select[*tuple[Any, ...]]:
    """Return actions with owner, agency and the names of their subjects, for kinds that a package registered."""
    names = registered()
    statement = (
        select(
            Action.id,
            Action.ref,
            Action.title,
            Action.detail,
            Agency.short_name.label("agency"),
            User.name.label("owner"),
            Action.owner_user_id,
            Action.first_due_on,
            Action.due_on,
            Action.priority,
            Action.state,
            Action.evidence,
            Action.outcome_note,
            Action.completed_on,
            Action.version,
            Action.subject_kind,
            Action.subject_id,
            _first([each.name for each in names]).label("subject_name"),
            _first([each.ref for each in names]).label("subject_ref"),
        )
        .select_from(Action)
        .join(Agency, Agency.id == Action.owner_agency_id)
        .outerjoin(User, User.id == Action.owner_user_id)
    )
    for each in names:
        statement = statement.outerjoin(each.table, each.joins(actor))
    return statement


def _first(columns: list[Any]) -> Any:
    return func.coalesce(*columns, null()) if columns else literal(None)


def _rows(rows: list[Any]) -> list[ActionRow]:
    return [_row(row) for row in rows]


def _row(row: Any) -> ActionRow:
    values = {name: value for name, value in row._asdict().items() if not name.startswith("relation_")}
    endpoints = {each.kind: each.endpoint for each in registered()}
    known = endpoints.get(row.subject_kind) if row.subject_ref else None
    return ActionRow(**values, subject_endpoint=known)
