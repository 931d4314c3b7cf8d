"""Commands about actions: add, start, complete with evidence, not possible, not done, another due date.

An action that has ended stays ended, and whether it was on time is judged against its first due date. It must not know
what an action is about: callers name the subject, and pass the relations by which they may add to it.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import or_, select

from safeguarding.access.actor import HUB_PRINCIPAL, Actor, agency_principal, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import Membership
from safeguarding.actions.models import (
    Action,
    ActionDueChange,
    ActionOrigin,
    ActionPriority,
    ActionState,
    ActionSubject,
)
from safeguarding.actions.workflow import ACTION, LIVE
from safeguarding.agencies.held_back import refuse_copies
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live, of_any, relations_to

_OWNER = frozenset({Relation.ACTION_OWNER})


def add_action(
    actor: Actor,
    *,
    subject: tuple[ActionSubject, int],
    title: str,
    owner_agency_id: int,
    owner_user_id: int | None = None,
    due_on: date,
    priority: ActionPriority = ActionPriority.NORMAL,
    detail: str | None = None,
    origin: tuple[ActionOrigin, int | None],
    relations_subjects: Iterable[tuple[str, int]] = (),
    held: Collection[Relation] = (),
    permission: Permission = Permission.ACTION_ADD,
    at: datetime | None = None,
) -> Action:
    """Add an action and return it.

    `subject` and `origin` are (kind, id) in the words of `ActionSubject` and `ActionOrigin`; plain text of the same
    value will do. `held` are the actor's relations to what the action belongs to, worked out by the caller, and
    `permission` what they must give. The owner (a person of the owner agency) stands in ACTION_OWNER to the action and
    to each of `relations_subjects` (("person", id), ("case", id)); the owner's agency to the action, and to those too
    where nobody is named. The hub sees it. What belongs to a restricted
    record needs a person who is on its list. `at` dates records brought in from elsewhere.
    Raises ForbiddenError and RuleError (fields title, due_on, owner_user_id).
    """
    if actor.user_id is None or not actor.may(permission, held):
        raise ForbiddenError("You do not add actions here.")
    now = at or clock.now()
    if not title.strip():
        raise RuleError("Say what is to be done.", "title")
    if due_on < clock.london(now).date():
        raise RuleError("The due date must be today or later.", "due_on")
    if owner_user_id is not None and not _is_of(owner_user_id, owner_agency_id):
        raise RuleError("Choose somebody of the agency that owns the action.", "owner_user_id")
    _refuse_copies(actor, ActionSubject(subject[0]), subject[1], (title, detail))
    action = Action(
        ref=new_reference("AC"),
        subject_kind=ActionSubject(subject[0]),
        subject_id=subject[1],
        title=title,
        detail=detail,
        owner_agency_id=owner_agency_id,
        owner_user_id=owner_user_id,
        first_due_on=due_on,
        due_on=due_on,
        priority=ActionPriority(priority),
        state=ActionState.OPEN,
        origin_kind=ActionOrigin(origin[0]),
        origin_id=origin[1],
        created_at=now,
        created_by_id=actor.user_id,
        version=1,
    )
    db.session.add(action)
    db.session.flush()
    _relate(action, list(relations_subjects), now)
    audit.record(
        "actions:action:added",
        actor,
        action.ref,
        origin=action.origin_kind,
        agency=owner_agency_id,
        owner=owner_user_id,
        due_on=due_on,
    )
    return action


def start_action(actor: Actor, action: Action, *, read_version: int) -> None:
    """Say that work has begun. Raises ForbiddenError, StaleError, RuleError."""
    locked = _lock_for(actor, action, read_version)
    _move(locked, ActionState.IN_PROGRESS)
    _save(actor, locked, "actions:action:started")


def complete_action(
    actor: Actor, action: Action, *, evidence: str, completed_on: date | None = None, read_version: int
) -> None:
    """Say that an action is done, with the evidence. `completed_on` is today unless told, never before it was made.

    Raises ForbiddenError, StaleError, RuleError (fields evidence, completed_on).
    """
    locked = _lock_for(actor, action, read_version)
    if not evidence.strip():
        raise RuleError("Say what shows that it is done.", "evidence")
    _refuse_copies(actor, locked.subject_kind, locked.subject_id, (evidence,))
    locked.evidence = evidence
    _close(actor, locked, ActionState.DONE, completed_on)
    _save(actor, locked, "actions:action:completed", on_time=_day(locked.completed_on) <= locked.first_due_on)


def mark_not_possible(actor: Actor, action: Action, *, what_changed: str, read_version: int) -> None:
    """Say that circumstances changed, so that the action is no longer possible: this counts against nobody.

    Raises ForbiddenError, StaleError, RuleError (field outcome_note).
    """
    locked = _lock_for(actor, action, read_version)
    if not what_changed.strip():
        raise RuleError("Say what changed, and where that is recorded.", "outcome_note")
    _refuse_copies(actor, locked.subject_kind, locked.subject_id, (what_changed,))
    locked.outcome_note = what_changed
    _close(actor, locked, ActionState.NOT_POSSIBLE_CIRCUMSTANCES_CHANGED, None)
    _save(actor, locked, "actions:action:became_impossible")


def mark_not_done(actor: Actor, action: Action, *, what_instead: str, read_version: int) -> None:
    """Say that an action was not done, and what happens instead.

    Raises ForbiddenError, StaleError, RuleError (field outcome_note).
    """
    locked = _lock_for(actor, action, read_version)
    if not what_instead.strip():
        raise RuleError("Say what happens instead.", "outcome_note")
    _refuse_copies(actor, locked.subject_kind, locked.subject_id, (what_instead,))
    locked.outcome_note = what_instead
    _close(actor, locked, ActionState.NOT_DONE, None)
    _save(actor, locked, "actions:action:left_undone")


def change_due_date(actor: Actor, action: Action, *, due_on: date, reason: str, read_version: int) -> None:
    """Move the due date; the earlier one and the reason are kept, and the first one still counts.

    Raises ForbiddenError, StaleError, RuleError (fields due_on, reason).
    """
    locked = _lock_for(actor, action, read_version)
    if locked.state not in LIVE:
        raise RuleError("This action has ended, so its due date stays.")
    if due_on == locked.due_on:
        raise RuleError("This is the due date already.", "due_on")
    if due_on < clock.today():
        raise RuleError("The due date must be today or later.", "due_on")
    if not reason.strip():
        raise RuleError("Say why the due date moves.", "reason")
    _refuse_copies(actor, locked.subject_kind, locked.subject_id, (reason,))
    db.session.add(
        ActionDueChange(
            action_id=locked.id,
            old_on=locked.due_on,
            new_on=due_on,
            reason=reason,
            changed_at=clock.now(),
            changed_by_id=_user(actor),
        )
    )
    before, locked.due_on = locked.due_on, due_on
    _save(actor, locked, "actions:action:postponed", before=before, due_on=due_on)


def supersede_action(actor: Actor, action: Action, *, held: Collection[Relation], permission: Permission) -> None:
    """End a live action because another takes its place, for a later package's command, which says what permits it."""
    if not actor.may(permission, held):
        raise ForbiddenError
    locked = lock_action(action.id)
    _close(actor, locked, ActionState.SUPERSEDED, None)
    _save(actor, locked, "actions:action:superseded")


def lock_action(action_id: int) -> Action:
    """Return the action as it stands now, locked until the transaction ends (SQLite: the write lock does that)."""
    statement = select(Action).where(Action.id == action_id).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _lock_for(actor: Actor, action: Action, read_version: int) -> Action:
    # Owning another action about the same subject gives nothing here; a conflict about the subject takes everything.
    held = relations_to(actor, "action", action.id)
    about = relations_to(actor, action.subject_kind.value, action.subject_id)
    if action.owner_user_id == actor.user_id and actor.may(Permission.ACTION_READ, held | (about - _OWNER)):
        held |= _OWNER  # of a restricted record one sees one's own action by being on its list
    if Relation.BARRED in about or not actor.may(Permission.ACTION_ACT, held):
        raise ForbiddenError("Only the owner of this action, or their agency, answers for it.")
    locked = lock_action(action.id)
    if locked.version != read_version:
        raise StaleError
    return locked


def _refuse_copies(actor: Actor, kind: ActionSubject, subject_id: int, texts: Iterable[str | None]) -> None:
    refuse_copies(actor, subject_id if kind is ActionSubject.PERSON else None, texts)


def _move(action: Action, state: ActionState) -> None:
    require(ACTION, action.state, state)
    action.state = state


def _close(actor: Actor, action: Action, state: ActionState, completed_on: date | None) -> None:
    day = completed_on or clock.today()
    if day > clock.today() or day < clock.london(action.created_at).date():
        raise RuleError("The day must lie between the day the action was made and today.", "completed_on")
    require(ACTION, action.state, state)
    action.completed_on, action.completed_by_id = day, _user(actor)
    action.state = state
    # What the owner saw because of the action ends with it; the action itself stays theirs to look up.
    relations.end(("action_work", action.id))


def _save(actor: Actor, action: Action, event: str, **detail: object) -> None:
    action.version += 1
    relations.touch([("action", action.id)])
    db.session.flush()
    audit.record(event, actor, action.ref, **detail)


def _relate(action: Action, subjects: list[tuple[str, int]], now: datetime) -> None:
    own, work = ("action", action.id), ("action_work", action.id)
    about = [*subjects, (action.subject_kind.value, action.subject_id)]
    if closing.closed_among(about):
        _need_listed(action, about)
    closing.close_with(own, about)
    agency = agency_principal(action.owner_agency_id)
    relations.grant(agency, [own], Relation.ACTION_OWNER, own, valid_from=now)
    if action.owner_user_id is None:
        relations.grant(agency, subjects, Relation.ACTION_OWNER, work, valid_from=now)
    else:
        owner = user_principal(action.owner_user_id)
        relations.grant(owner, [own], Relation.ACTION_OWNER, own, valid_from=now)
        relations.grant(owner, subjects, Relation.ACTION_OWNER, work, valid_from=now)
    relations.grant(HUB_PRINCIPAL, [own], Relation.HUB, own, valid_from=now)


def _need_listed(action: Action, about: list[tuple[str, int]]) -> None:
    """Refuse an owner for whom the record does not exist: an agency as a whole is on nobody's list."""
    principal = None if action.owner_user_id is None else user_principal(action.owner_user_id)
    listed = principal is not None and db.session.scalar(
        select(RelationRow.id)
        .where(
            of_any(about),
            RelationRow.principal == principal,
            RelationRow.kind.in_((Relation.LISTED, Relation.LEAD_WORKER, Relation.ALLOCATED)),
            live(),
        )
        .limit(1)
    )
    if not listed:
        raise RuleError("This record is restricted: choose a person who is on its list.", "owner_user_id")


def _is_of(user_id: int, agency_id: int) -> bool:
    now = clock.now()
    statement = select(Membership.id).where(
        Membership.user_id == user_id,
        Membership.agency_id == agency_id,
        Membership.valid_from <= now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > now),
    )
    return db.session.scalar(statement.limit(1)) is not None


def _user(actor: Actor) -> int:
    if actor.user_id is None:
        raise ForbiddenError("An action is answered by somebody who is signed in.")
    return actor.user_id


def _day(day: date | None) -> date:
    return day or clock.today()
