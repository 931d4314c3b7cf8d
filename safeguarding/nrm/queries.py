"""Reads of referrals to the National Referral Mechanism. One is visible by the case it belongs to, and only by that.

One without a case (brought in from elsewhere) is visible by its person.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.extensions import db
from safeguarding.nrm.clocks import Clock, clocks_for, next_clock
from safeguarding.nrm.models import GroundsOutcome, NrmEvent, NrmReferral, NrmState
from safeguarding.people.models import Person
from safeguarding.relations.built import Asker, among, built
from safeguarding.relations.queries import Asks, related, subjects, visible, with_relations

EVENTS = 100
WAITING = (NrmState.RG_PENDING, NrmState.CG_PENDING)
WIDE = frozenset({Relation.AGENDA, Relation.PANEL_OFFICE, Relation.HUB})  # what gives a panel's or the hub's whole work
LATELY = timedelta(days=30)  # how long after a negative decision its clock is worth showing


@dataclass(frozen=True)
class NrmView:
    """A referral with the actor's relations to it."""

    row: Any
    relations: frozenset[Relation]

    @property
    def id(self) -> int:
        """The key."""
        key: int = self.row.id
        return key

    @property
    def ref(self) -> str:
        """The reference."""
        ref: str = self.row.ref
        return ref

    @property
    def name(self) -> str:
        """Whom it is about."""
        return f"{self.row.given_name} {self.row.family_name}"

    @property
    def types(self) -> list[str]:
        """The codes of the kinds of exploitation."""
        return [code for code in self.row.exploitation_types.split(",") if code]

    @property
    def clocks(self) -> list[Clock]:
        """Every clock of the referral."""
        return clocks_of(self.row)

    @property
    def next_clock(self) -> Clock | None:
        """The clock it waits for."""
        return next_clock_of(self.row)


def clocks_of(row: Any) -> list[Clock]:
    """Return every clock of a referral's row, in the order in which they start."""
    if row.referred_on is None:
        return []
    negative = None
    if row.rg_outcome is GroundsOutcome.NEGATIVE:
        negative = row.rg_decided_on
    elif row.cg_outcome is GroundsOutcome.NEGATIVE:
        negative = row.cg_decided_on
    positive = row.rg_decided_on if row.rg_outcome is GroundsOutcome.POSITIVE else None
    return clocks_for(referred_on=row.referred_on, route=row.route, positive_rg_on=positive, negative_on=negative)


def next_clock_of(row: Any) -> Clock | None:
    """Return the clock that a referral's row waits for."""
    return next_clock(
        state=row.state,
        route=row.route,
        referred_on=row.referred_on,
        rg_outcome=row.rg_outcome,
        rg_decided_on=row.rg_decided_on,
        cg_decided_on=row.cg_decided_on,
    )


def access_nrm(actor: Actor, ref: str, permission: Permission = Permission.NRM_READ) -> NrmView:
    """Return one referral; NotFoundError when absent or hidden, ForbiddenError when only readable."""
    rows = _referral.rows(actor, ref) if actor.principals else []
    row, held = visible(actor, rows, Permission.NRM_READ)
    if not actor.may(permission, held):
        raise ForbiddenError("Only those who work this case record what becomes of its referrals.")
    return NrmView(row, held)


@built
def _referral(asker: Asker, nrm_ref: str) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            *NrmReferral.__table__.columns,
            Person.ref.label("person_ref"),
            Person.given_name,
            Person.family_name,
            Person.born_on,
            Case.ref.label("case_ref"),
            Case.is_restricted,
        )
        .select_from(NrmReferral)
        .join(Person, Person.id == NrmReferral.person_id)
        .outerjoin(Case, Case.id == NrmReferral.case_id)
        .where(NrmReferral.ref == nrm_ref)
    )
    found: Select[*tuple[Any, ...]] = with_relations(asker, statement, [(_KIND, _ID)])
    return found


def nrm_entity(referral_id: int) -> NrmReferral:
    """Return the entity of a referral that was found through `access_nrm`, for a command."""
    return db.session.get_one(NrmReferral, referral_id)


def event_entity(view: NrmView, event_id: int) -> NrmEvent | None:
    """Return an event of a referral that was found through `access_nrm`, for a command, or None."""
    statement = select(NrmEvent).where(NrmEvent.id == event_id, NrmEvent.nrm_referral_id == view.id)
    return db.session.scalars(statement).one_or_none()


def list_events(view: NrmView) -> list[Any]:
    """Return what was recorded of a referral, the latest first, with whether a later entry corrects it."""
    correction = aliased(NrmEvent)
    statement = (
        select(
            NrmEvent.id,
            NrmEvent.event,
            NrmEvent.happened_on,
            NrmEvent.recorded_at,
            NrmEvent.note,
            NrmEvent.corrects_id,
            User.name.label("by"),
            correction.id.label("corrected_by"),
        )
        .join(User, User.id == NrmEvent.recorded_by_id)
        .outerjoin(correction, correction.corrects_id == NrmEvent.id)
        .where(NrmEvent.nrm_referral_id == view.id)
        .order_by(NrmEvent.recorded_at.desc(), NrmEvent.id.desc())
        .limit(EVENTS)
    )
    return list(db.session.execute(statement))


def list_about(actor: Actor, *, case_id: int | None = None, person_id: int | None = None, limit: int = 10) -> list[Any]:
    """Return the referrals of a case or of a person that the actor may read, the latest first."""
    return _about.rows(actor, case_id, person_id, limit)


@built
def _about(asker: Asker, case_id: int | None, person_id: int | None, limit: int) -> Select[*tuple[Any, ...]]:
    about = NrmReferral.case_id == case_id if case_id is not None else NrmReferral.person_id == person_id
    found = _listed().where(about, _readable(asker))
    return found.order_by(NrmReferral.referred_on.desc(), NrmReferral.id.desc()).limit(limit)


def list_running(actor: Actor, limit: int = 50) -> list[Any]:
    """Return the referrals whose clocks run and that the actor may read, referred longest ago first.

    Those who wait for a decision, and negative decisions of the last 30 days, whose reconsideration may be asked for.
    """
    return _running.rows(actor, clock.today() - LATELY, limit)


@built
def _running(asker: Asker, since: date, limit: int) -> Select[*tuple[Any, ...]]:
    negative = or_(
        and_(NrmReferral.state == NrmState.RG_NEGATIVE, NrmReferral.rg_decided_on >= since),
        and_(NrmReferral.state == NrmState.CG_NEGATIVE, NrmReferral.cg_decided_on >= since),
    )
    return (
        _listed()
        .where(_among_readable(asker), or_(among(NrmReferral.state, WAITING), negative))
        .order_by(NrmReferral.referred_on, NrmReferral.id)
        .limit(limit)
    )


_KIND = case((NrmReferral.case_id.is_not(None), "case"), else_="person")
_ID = case((NrmReferral.case_id.is_not(None), NrmReferral.case_id), else_=NrmReferral.person_id)


def _readable(actor: Asks) -> ColumnElement[bool]:
    """Return the condition that the actor may read a referral that something else finds: by its case, or its person."""
    by_case = and_(NrmReferral.case_id.is_not(None), related(actor, "case", NrmReferral.case_id, Permission.NRM_READ))
    by_person = and_(
        NrmReferral.case_id.is_(None), related(actor, "person", NrmReferral.person_id, Permission.NRM_READ)
    )
    return or_(by_case, by_person)


def _among_readable(asker: Asker) -> ColumnElement[bool]:
    """Return the same for a list: from the few subjects of a worker, or by a look at each referral for those who see most."""
    kinds = asker.kinds_for(Permission.NRM_READ)
    if kinds is None or kinds & WIDE:
        return _readable(asker)
    cases = subjects(asker, "case", Permission.NRM_READ)
    people = subjects(asker, "person", Permission.NRM_READ)
    by_case = select(NrmReferral.id).where(NrmReferral.case_id.in_(cases))
    by_person = select(NrmReferral.id).where(NrmReferral.case_id.is_(None), NrmReferral.person_id.in_(people))
    return NrmReferral.id.in_(union_all(by_case, by_person))


def _listed() -> Select[*tuple[Any, ...]]:
    return select(
        NrmReferral.id,
        NrmReferral.ref,
        NrmReferral.state,
        NrmReferral.route,
        NrmReferral.referred_on,
        NrmReferral.rg_outcome,
        NrmReferral.rg_decided_on,
        NrmReferral.cg_outcome,
        NrmReferral.cg_decided_on,
        NrmReferral.county_lines,
        NrmReferral.first_responder_code,
        Person.given_name,
        Person.family_name,
    ).join(Person, Person.id == NrmReferral.person_id)
