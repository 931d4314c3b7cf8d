"""Reads of who holds a role now: to tell them something, or to say whom to ask."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import aliased

from safeguarding.access.roles import Role
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.agencies.models import Agency
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


def is_contact(user_id: int, agency_id: int) -> bool:
    """Return whether somebody is the contact of an agency now."""
    found = db.session.scalar(
        select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(_holds_now(), User.id == user_id, Membership.agency_id == agency_id, Membership.role == Role.SPOC)
        .limit(1)
    )
    return found is not None


def list_colleagues(user_id: int) -> list[Row[Any]]:
    """Return the people (ref, name, agency_ref, agency_name) of the agencies whose contact somebody is, but for contacts."""
    own, contact = aliased(Membership), aliased(Membership)
    now = clock.now()
    held = [or_(each.valid_to.is_(None), each.valid_to > now) for each in (own, contact)]
    statement: Any = (
        select(User.ref, User.name, Agency.ref.label("agency_ref"), Agency.short_name.label("agency_name"))
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .join(own, and_(own.agency_id == Agency.id, own.user_id == user_id, own.role == Role.SPOC, held[0]))
        .outerjoin(
            contact,
            and_(contact.agency_id == Agency.id, contact.user_id == User.id, contact.role == Role.SPOC, held[1]),
        )
        .where(
            _holds_now(),
            User.id != user_id,
            contact.id.is_(None),
            Membership.role.not_in((Role.ADMIN, Role.AUDITOR)),
        )
        .distinct()
        .order_by(Agency.short_name, User.name, User.ref)
        .limit(500)
    )
    return list(db.session.execute(statement))


def _holds_now() -> ColumnElement[bool]:
    now = clock.now()
    return and_(
        User.status == AccountStatus.ACTIVE,
        Membership.valid_from <= now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > now),
    )
