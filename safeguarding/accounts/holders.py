"""Reads of who holds a role now: to tell them something, or to say whom to ask."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select

from safeguarding.access.roles import Role
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.core import clock
from safeguarding.extensions import db

MOST = 50


def holders(roles: Iterable[Role]) -> list[int]:
    """Return the ids of active people who hold one of these roles now, at most 50."""
    statement = select(User.id).join(Membership, Membership.user_id == User.id)
    return list(
        db.session.scalars(
            statement.where(_holds_now(), Membership.role.in_(list(roles))).distinct().order_by(User.id).limit(MOST)
        )
    )


def list_to_ask(agency_ids: frozenset[int]) -> list[Row[Any]]:
    """Return whom to ask about these agencies' agreements (name, email, role): their contacts and information governance."""
    contact = and_(Membership.role == Role.SPOC, Membership.agency_id.in_(agency_ids))
    statement: Any = (
        select(User.name, User.email, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(_holds_now(), or_(contact, Membership.role == Role.INFORMATION_GOVERNANCE))
        .distinct()
        .order_by(Membership.role, User.name, User.email)
        .limit(6)
    )
    return list(db.session.execute(statement))


def _holds_now() -> ColumnElement[bool]:
    now = clock.now()
    return and_(
        User.status == AccountStatus.ACTIVE,
        Membership.valid_from <= now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > now),
    )
