"""Reads of the quarterly look at who is a member of an agency: whose it is, and what still waits for it (AU-8).

The agency's contact looks at its people. An administrator does it for agencies without a contact, for contacts who are
alone, and for administrators and auditors, who are nobody else's to judge. Nobody confirms their own membership. One that
was given in a quarter is looked at first in the next one.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.membership_models import MembershipConfirmation
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.accounts.service import SOLE_ROLES
from safeguarding.agencies.models import Agency
from safeguarding.core import clock
from safeguarding.extensions import db

TIME_TO_CONFIRM = timedelta(days=28)  # from the first day of the quarter
MOST = 500


@dataclass(frozen=True)
class Quarter:
    """A quarter of the year: its first day, and the last on which its memberships are confirmed in time."""

    begins: date

    @property
    def due_on(self) -> date:
        """The last day in time."""
        return self.begins + TIME_TO_CONFIRM

    @property
    def starts_at(self) -> datetime:
        """The instant at which it begins."""
        return clock.at_london(self.begins, time())


def this_quarter() -> Quarter:
    """Return the quarter of today."""
    today = clock.today()
    return Quarter(today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1))


def list_members(actor: Actor) -> list[Row[Any]]:
    """Return the memberships that the actor looks at (id, name, job_title, role, agency, valid_from, confirmed_at).

    By agency; those that still wait for this quarter's look stand first.
    """
    if actor.user_id is None or not actor.holds(Permission.MEMBERS_CONFIRM):
        return []
    return list(db.session.execute(_members(actor.user_id, this_quarter()).limit(MOST)))


def count_waiting(actor: Actor) -> int:
    """Return how many memberships wait for the actor's look, at most MOST."""
    if actor.user_id is None or not actor.holds(Permission.MEMBERS_CONFIRM):
        return 0
    return len(db.session.execute(_waiting(actor.user_id, this_quarter()).limit(MOST)).all())


def membership_to_confirm(user_id: int, membership_id: int) -> Row[Any] | None:
    """Return one membership that somebody looks at, as `list_members` does, or None."""
    return db.session.execute(_members(user_id, this_quarter()).where(Membership.id == membership_id)).one_or_none()


def is_any_waiting(user_id: int) -> bool:
    """Return whether a membership waits for somebody's look."""
    return db.session.execute(_waiting(user_id, this_quarter()).limit(1)).first() is not None


def list_lookers() -> list[int]:
    """Return the ids of those who look at memberships at all."""
    statement = select(Membership.user_id).join(User, User.id == Membership.user_id)
    return sorted(
        set(
            db.session.scalars(
                statement.where(
                    Membership.role.in_((Role.SPOC, Role.ADMIN)),
                    _live(Membership),
                    User.status == AccountStatus.ACTIVE,
                )
            )
        )
    )


def _waiting(user_id: int, quarter: Quarter) -> Select[Any]:
    return _members(user_id, quarter).where(
        MembershipConfirmation.id.is_(None), Membership.valid_from < quarter.starts_at
    )


def _members(user_id: int, quarter: Quarter) -> Select[Any]:
    own, contact = aliased(Membership), aliased(Membership)
    about = aliased(User)
    is_contact = exists(
        select(own.id).where(
            own.user_id == user_id, own.agency_id == Membership.agency_id, own.role == Role.SPOC, _live(own)
        )
    )
    is_administrator = exists(select(own.id).where(own.user_id == user_id, own.role == Role.ADMIN, _live(own)))
    has_contact = exists(
        select(contact.id)
        .join(about, about.id == contact.user_id)
        .where(
            contact.agency_id == Membership.agency_id,
            contact.role == Role.SPOC,
            contact.user_id != Membership.user_id,
            about.status == AccountStatus.ACTIVE,
            _live(contact),
        )
    )
    alone = Membership.role.in_(sorted(SOLE_ROLES))
    columns: list[Any] = [
        Membership.id,
        User.ref.label("user_ref"),
        User.name,
        User.job_title,
        Membership.role,
        Agency.ref.label("agency_ref"),
        Agency.name.label("agency"),
        Membership.valid_from,
        MembershipConfirmation.confirmed_at,
        (Membership.valid_from >= quarter.starts_at).label("is_new"),
    ]
    return (
        select(*columns)
        .join(User, User.id == Membership.user_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .outerjoin(
            MembershipConfirmation,
            and_(
                MembershipConfirmation.membership_id == Membership.id, MembershipConfirmation.quarter == quarter.begins
            ),
        )
        .where(
            _live(Membership),
            User.status == AccountStatus.ACTIVE,
            Membership.user_id != user_id,
            or_(and_(is_contact, ~alone), and_(is_administrator, or_(alone, ~has_contact))),
        )
        .order_by(
            Agency.name,
            MembershipConfirmation.id.is_not(None),
            Membership.valid_from >= quarter.starts_at,
            User.name,
            Membership.id,
        )
    )


def _live(table: Any) -> ColumnElement[bool]:
    now = clock.now()
    return and_(table.valid_from <= now, or_(table.valid_to.is_(None), table.valid_to > now))
