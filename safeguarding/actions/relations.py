"""The relations that follow from an action by itself: its owner's to it. What an owner sees besides, the maker says."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from safeguarding.access.actor import HUB_PRINCIPAL, agency_principal, user_principal
from safeguarding.access.roles import Relation
from safeguarding.actions.models import Action, ActionOrigin, ActionState, ActionSubject
from safeguarding.actions.workflow import LIVE
from safeguarding.extensions import db
from safeguarding.relations.registry import Expected, Facts


def expected() -> Iterator[Expected]:
    """Return the rows that there should be: the action to its owner, and to the owner's agency."""
    columns = (Action.id, Action.owner_agency_id, Action.owner_user_id, Action.created_at)
    for key, agency, user, at in db.session.execute(select(*columns)):
        own = ("action", key)
        yield Expected(agency_principal(agency), *own, Relation.ACTION_OWNER, *own, at)
        if user is not None:
            yield Expected(user_principal(user), *own, Relation.ACTION_OWNER, *own, at)


def expected_of(
    action_id: int,
    owner_agency_id: int,
    owner_user_id: int | None,
    state: ActionState,
    at: datetime,
    subjects: Iterable[tuple[str, int]],
) -> Iterator[Expected]:
    """Return what follows from where an action came from, for the package that made it.

    While the action is to be done its owner sees what it is about; the hub sees the action.
    """
    yield Expected(HUB_PRINCIPAL, "action", action_id, Relation.HUB, "action", action_id, at)
    if state in LIVE:
        owner = user_principal(owner_user_id) if owner_user_id is not None else agency_principal(owner_agency_id)
        for subject in subjects:
            yield Expected(owner, *subject, Relation.ACTION_OWNER, "action_work", action_id, at)


def follow(subjects: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Return the actions about subjects that are closed, and those that came from a case that is."""
    people, cases = ([key for kind, key in subjects if kind == wanted] for wanted in ("person", "case"))
    about = or_(
        and_(Action.subject_kind == ActionSubject.PERSON, Action.subject_id.in_(people)),
        and_(Action.origin_kind == ActionOrigin.CASE, Action.origin_id.in_(cases)),
    )
    for action_id in db.session.scalars(select(Action.id).where(about)) if people or cases else ():
        yield ("action", action_id)


FACTS = Facts("actions", expected)
