"""Reads of restricted cases: why a case is restricted, who is on its list, what waits for a second person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, case, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import Membership, User
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import (
    Allocation,
    AllocationKind,
    Case,
    CaseConflict,
    CaseListing,
    CaseRestriction,
    RestrictionState,
)
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db
from safeguarding.relations.queries import not_barred

PAGE = 50


@dataclass(frozen=True)
class Listed:
    """Somebody on the list of a restricted case. `listing_id` is None for those who are there because they work it."""

    listing_id: int | None
    user_id: int
    name: str
    agency: str
    why: str
    until: datetime | None

    @property
    def last_day(self) -> date | None:
        """Their last day on the list."""
        return None if self.until is None else clock.london(self.until - timedelta(seconds=1)).date()


def restriction_of(case_id: int) -> Any:
    """Return the restriction in force of a case that was found through `access_case`, with who set and agreed it, or None."""
    set_by, agreed_by, asked_by = aliased(User), aliased(User), aliased(User)
    statement = (
        select(
            *CaseRestriction.__table__.columns,
            set_by.name.label("set_by"),
            agreed_by.name.label("agreed_by"),
            asked_by.name.label("lift_asked_by"),
        )
        .join(set_by, set_by.id == CaseRestriction.set_by_id)
        .outerjoin(agreed_by, agreed_by.id == CaseRestriction.agreed_by_id)
        .outerjoin(asked_by, asked_by.id == CaseRestriction.lift_asked_by_id)
        .where(CaseRestriction.case_id == case_id, CaseRestriction.state == RestrictionState.IN_FORCE)
        .order_by(CaseRestriction.id.desc())
        .limit(1)
    )
    return db.session.execute(statement).one_or_none()


def list_listed(case_id: int) -> list[Listed]:
    """Return who is on the list of a restricted case now: those who work it first, then by name, with their last day."""
    works = select(
        literal(None, Integer).label("listing_id"),
        Allocation.user_id,
        case((Allocation.kind == AllocationKind.LEAD, "Leads the work"), else_="Is allocated").label("why"),
        literal(None, UTCDateTime()).label("until"),
    ).where(Allocation.case_id == case_id, Allocation.valid_to.is_(None))
    by_name = select(CaseListing.id, CaseListing.user_id, CaseListing.reason, CaseListing.valid_to).where(
        CaseListing.case_id == case_id, CaseListing.valid_to > clock.now()
    )
    both = union_all(works, by_name).subquery("both")
    agency = (
        select(func.min(Agency.short_name))
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.user_id == both.c.user_id, Membership.valid_to.is_(None))
        .scalar_subquery()
    )
    statement = (
        select(both.c.listing_id, both.c.user_id, User.name, agency.label("agency"), both.c.why, both.c.until)
        .join(User, User.id == both.c.user_id)
        .order_by(both.c.listing_id.is_not(None), User.name, User.id)
        .limit(PAGE * 2)
    )
    return [
        Listed(row.listing_id, row.user_id, row.name, row.agency or "", row.why, row.until)
        for row in db.session.execute(statement)
    ]


def access_restriction(actor: Actor, ref: str) -> Any:
    """Return a restriction in force to whoever may agree to it without seeing its case. Raises NotFoundError."""
    rows = list_restrictions(actor, ref=normalise_reference(ref, "RT") or "")
    if not rows:
        raise NotFoundError
    return rows[0]


@beyond(Beyond.SECOND_PERSON)
def list_restrictions(actor: Actor, *, ref: str | None = None) -> list[Any]:
    """Return restrictions in force that wait for a second person, or whose review is over, by the case's reference alone.

    Not one of a case on which the actor declared a conflict.
    """
    if not actor.may(Permission.RESTRICTION_AGREE):
        raise NotFoundError
    set_by, asked_by = aliased(User), aliased(User)
    waiting = or_(
        CaseRestriction.agreed_at.is_(None),
        CaseRestriction.lift_asked_at.is_not(None),
        CaseRestriction.review_on <= clock.today(),
    )
    statement = (
        select(
            *CaseRestriction.__table__.columns,
            Case.ref.label("case_ref"),
            set_by.name.label("set_by"),
            asked_by.name.label("lift_asked_by"),
        )
        .join(Case, Case.id == CaseRestriction.case_id)
        .join(set_by, set_by.id == CaseRestriction.set_by_id)
        .outerjoin(asked_by, asked_by.id == CaseRestriction.lift_asked_by_id)
        .where(
            CaseRestriction.state == RestrictionState.IN_FORCE,
            waiting if ref is None else CaseRestriction.ref == ref,
            not_barred(actor, "case", Case.id),
        )
        .order_by(CaseRestriction.set_at, CaseRestriction.id)
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


@beyond(Beyond.SECOND_PERSON)
def restriction_entity(restriction_id: int) -> CaseRestriction:
    """Return the entity of a restriction that was found through its case or `access_restriction`, for a command."""
    return db.session.get_one(CaseRestriction, restriction_id)


def list_conflicts(case_id: int) -> list[Any]:
    """Return the conflicts of interest declared on a case (id, name, reason, since), for whoever says who works it."""
    statement = (
        select(CaseConflict.id, User.name, CaseConflict.reason, CaseConflict.declared_at)
        .join(User, User.id == CaseConflict.user_id)
        .where(CaseConflict.case_id == case_id, CaseConflict.withdrawn_at.is_(None))
        .order_by(CaseConflict.declared_at, CaseConflict.id)
        .limit(PAGE)
    )
    return list(db.session.execute(statement))
