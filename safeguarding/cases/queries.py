"""Reads of cases: one, the list, its updates, its risk over time.

A case is visible by a live relation to it that gives `CASE_READ`. Within it, those who work it read every update; a
panel's members read what was shared with the panel; whoever wrote an update reads their own.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, or_, select, tuple_
from sqlalchemy.orm import aliased

from safeguarding.access.actor import HUB_PRINCIPAL, Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import (
    Allocation,
    AllocationKind,
    Case,
    CaseRisk,
    CaseState,
    CaseUpdate,
    SharedWith,
    SubjectKind,
    UpdateKind,
)
from safeguarding.cases.policy import is_of_the_team, readable
from safeguarding.cases.workflow import LIVE
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.extensions import db
from safeguarding.people.models import PeerGroup, Person
from safeguarding.relations.built import Asker, among, built
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live, newest, not_barred, related, visible, with_relations

PAGE = 50
UPDATES = 60
RISK_STEPS = 40
STALE_AFTER = timedelta(days=14)  # the partnership's own: a live case is written up at least this often
HARM = frozenset({UpdateKind.MISSING, UpdateKind.INCIDENT})
Before = tuple[datetime, int]


@dataclass(frozen=True)
class CaseView:
    """A case with what it is about and the actor's relations to it."""

    row: Any
    relations: frozenset[Relation]
    add_action_href: str | None = None

    @property
    def id(self) -> int:
        """The key, for sections of later packages."""
        key: int = self.row.id
        return key

    @property
    def ref(self) -> str:
        """The reference."""
        ref: str = self.row.ref
        return ref

    @property
    def person_id(self) -> int | None:
        """The young person it is about, if it is about one."""
        key: int | None = self.row.person_id
        return key

    @property
    def context_id(self) -> int | None:
        """The place it is about, if it is about one."""
        key: int | None = self.row.context_id
        return key

    @property
    def name(self) -> str:
        """What the case is about, by name."""
        return name_of(self.row)

    @property
    def is_live(self) -> bool:
        """Whether it is worked on."""
        return self.row.state in LIVE

    @property
    def is_of_the_team(self) -> bool:
        """Whether the actor works the case and so reads all of it."""
        return is_of_the_team(self.relations)

    @property
    def is_about_young_person(self) -> bool:
        """Whether somebody's own words are asked for."""
        return self.row.subject_kind is SubjectKind.YOUNG_PERSON


class ListedCase(NamedTuple):
    """A case as lists show it; a plain tuple, because a page has fifty of them."""

    id: int
    ref: str
    name: str
    born_on: date | None
    subject_kind: SubjectKind
    state: CaseState
    risk: str
    lead: str | None
    agency: str
    active_at: datetime
    next_review_on: date | None
    is_restricted: bool
    is_stale: bool  # a live case that was not written up for longer than the partnership allows


def name_of(row: Any) -> str:
    """Return the name of what a row's case is about."""
    if row.given_name is not None:
        return f"{row.given_name} {row.family_name}"
    return str(row.group_name or row.context_name)


def access_case(actor: Actor, ref: str, permission: Permission = Permission.CASE_READ) -> CaseView:
    """Return one case; NotFoundError when absent or hidden, ForbiddenError when only readable."""
    rows = _case.rows(actor, ref) if actor.principals else []
    row, held = visible(actor, rows, Permission.CASE_READ)
    if not actor.may(permission, held):
        raise ForbiddenError("Only those who work this case change it.")
    return CaseView(row, held)


@built
def _case(asker: Asker, case_ref: str) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            *Case.__table__.columns,
            Person.ref.label("person_ref"),
            Person.given_name,
            Person.family_name,
            Person.known_as,
            Person.born_on,
            Person.pronouns,
            PeerGroup.name.label("group_name"),
            PeerGroup.ref.label("group_ref"),
            Context.name.label("context_name"),
            Context.ref.label("context_ref"),
            Agency.name.label("agency"),
        )
        .select_from(Case)
        .join(Agency, Agency.id == Case.lead_agency_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .outerjoin(PeerGroup, PeerGroup.id == Case.peer_group_id)
        .outerjoin(Context, Context.id == Case.context_id)
        .where(Case.ref == case_ref)
    )
    found: Select[*tuple[Any, ...]] = with_relations(asker, statement, [("case", Case.id)])
    return found


def case_entity(case_id: int) -> Case:
    """Return the entity of a case that was found through `access_case`, for a command."""
    return db.session.get_one(Case, case_id)


def list_cases(
    actor: Actor, *, states: frozenset[CaseState] | None = LIVE, before: Before | None = None, limit: int = PAGE
) -> list[ListedCase]:
    """Return cases the actor may read, newest activity first, in some states or in all; one more than `limit` at most."""
    return _list(_newest_cases.rows(actor, states, before, limit + 1))


@built
def _newest_cases(
    asker: Asker, states: frozenset[CaseState] | None, before: Before | None, limit: int
) -> Select[*tuple[Any, ...]]:
    def in_states(case_id: Any) -> Any:
        probe = aliased(Case)
        return select(probe.id).where(probe.id == case_id, among(probe.state, states or ())).exists()

    only = in_states if states is not None else None
    page = newest(asker, "case", Permission.CASE_READ, limit, before, only)
    return (
        _listed(page.c.active_at).join(page, page.c.id == Case.id).order_by(page.c.active_at.desc(), page.c.id.desc())
    )


def list_to_update(actor: Actor, limit: int = 10) -> list[ListedCase]:
    """Return the live cases that the actor leads or is allocated to, those without an update for longest first."""
    if actor.user_id is None or user_principal(actor.user_id) not in actor.principals:
        return []
    return _list(_to_update.rows(actor, limit + 1))


@built
def _to_update(asker: Asker, limit: int) -> Select[*tuple[Any, ...]]:
    # Picked first, so that names and leads are looked up, and let through, for these few alone.
    picked = (
        select(Case.id, Case.last_activity_at)
        .distinct()
        .join(RelationRow, and_(RelationRow.subject_kind == "case", RelationRow.subject_id == Case.id))
        .where(
            RelationRow.principal == asker.user_principal,
            among(RelationRow.kind, (Relation.LEAD_WORKER, Relation.ALLOCATED)),
            live(),
            not_barred(asker, "case", Case.id),
            among(Case.state, LIVE),
        )
        .order_by(Case.last_activity_at, Case.id)
        .limit(limit)
        .subquery("picked")
    )
    return (
        _listed(Case.last_activity_at).where(Case.id.in_(select(picked.c.id))).order_by(Case.last_activity_at, Case.id)
    )


def list_unled(actor: Actor, limit: int) -> list[Any]:
    """Return live cases that nobody leads and the actor may read, those without a lead worker for longest first."""
    return _unled.rows(actor, limit) if actor.principals else []


@built
def _unled(asker: Asker, limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Case.ref,
            Case.unled_since,
            Person.given_name,
            Person.family_name,
            PeerGroup.name.label("group_name"),
            Context.name.label("context_name"),
            Agency.short_name.label("agency"),
        )
        .select_from(Case)
        .join(Agency, Agency.id == Case.lead_agency_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .outerjoin(PeerGroup, PeerGroup.id == Case.peer_group_id)
        .outerjoin(Context, Context.id == Case.context_id)
        .where(
            Case.unled_since.is_not(None),
            among(Case.state, LIVE),
            related(asker, "case", Case.id, Permission.CASE_READ),
        )
        .order_by(Case.unled_since, Case.id)
        .limit(limit)
    )


def list_about(actor: Actor, subject: str, subject_id: int, limit: int = 10) -> list[Any]:
    """Return the cases about a person or a place ("person", "context") that the actor may read, live ones first.

    Each row says whether the actor may log an update (`may_update`).
    """
    person_id, context_id = (subject_id, None) if subject == "person" else (None, subject_id)
    return _cases_about.rows(actor, person_id, context_id, limit)


@built
def _cases_about(asker: Asker, person_id: int | None, context_id: int | None, limit: int) -> Select[*tuple[Any, ...]]:
    about = Case.person_id == person_id if person_id is not None else Case.context_id == context_id
    return (
        select(
            Case.id,
            Case.ref,
            Case.state,
            Case.risk,
            Case.risk_set_on,
            Case.going_on,
            Case.keeps_safe,
            Case.social_care_status,
            Case.next_review_on,
            Case.opened_on,
            Case.closed_on,
            Case.is_restricted,
            Case.last_activity_at,
            Agency.short_name.label("agency"),
            related(asker, "case", Case.id, Permission.CASE_UPDATE).label("may_update"),
        )
        .join(Agency, Agency.id == Case.lead_agency_id)
        .where(about, related(asker, "case", Case.id, Permission.CASE_READ))
        .order_by(Case.closed_on.is_not(None), Case.opened_on.desc(), Case.id.desc())
        .limit(limit)
    )


def list_updates(actor: Actor, view: CaseView, before: Before | None = None, limit: int = UPDATES) -> list[Any]:
    """Return the updates of a case that the actor may read, newest first; one more than `limit` at most."""
    return _updates_of.rows(actor, view.id, readable(view.relations), before, limit + 1)


@built
def _updates_of(
    asker: Asker, case_id: int, kinds: frozenset[SharedWith], before: Before | None, limit: int
) -> Select[*tuple[Any, ...]]:
    statement = _updates().where(CaseUpdate.case_id == case_id, _readable(asker, kinds))
    if before is not None:
        statement = statement.where(tuple_(CaseUpdate.happened_at, CaseUpdate.id) < before)
    return statement.order_by(CaseUpdate.happened_at.desc(), CaseUpdate.id.desc()).limit(limit)


def access_update(actor: Actor, view: CaseView, ref: str) -> Any:
    """Return one update of a case that was found through `access_case`; NotFoundError when it is not the actor's to read."""
    row = _update.row(actor, view.id, ref, readable(view.relations))
    if row is None:
        raise NotFoundError
    return row


@built
def _update(asker: Asker, case_id: int, update_ref: str, kinds: frozenset[SharedWith]) -> Select[*tuple[Any, ...]]:
    return _updates().where(CaseUpdate.case_id == case_id, CaseUpdate.ref == update_ref, _readable(asker, kinds))


def update_entity(update_id: int) -> CaseUpdate:
    """Return the entity of an update that was found through `access_update`, for a command."""
    return db.session.get_one(CaseUpdate, update_id)


def list_risk(view: CaseView, limit: int = RISK_STEPS) -> list[Any]:
    """Return the steps of a case's risk, newest first. Why it changed is for those who work the case (else None)."""
    return _risk_of.rows(None, view.id, limit)


@built
def _risk_of(_asker: Asker, case_id: int, limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select(CaseRisk.risk, CaseRisk.set_at, CaseRisk.reason, CaseRisk.source, User.name.label("by"))
        .join(User, User.id == CaseRisk.set_by_id)
        .where(CaseRisk.case_id == case_id)
        .order_by(CaseRisk.set_at.desc(), CaseRisk.id.desc())
        .limit(limit)
    )


def list_team(case_id: int) -> list[Any]:
    """Return the allocations of a case (id, kind, name, since), those in force, the lead first."""
    statement = (
        select(Allocation.id, Allocation.kind, User.name, Allocation.valid_from)
        .join(User, User.id == Allocation.user_id)
        .where(Allocation.case_id == case_id, Allocation.valid_to.is_(None))
        .order_by(Allocation.kind.desc(), User.name, Allocation.id)
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


def find_subject(actor: Actor, kind: str, ref: str) -> tuple[SubjectKind, int, str, str | None]:
    """Return (kind, id, name, person's reference) of what a case may be opened about.

    A young person only by a relation that lets the actor open a case, a place or a group by holding the permission.
    Raises NotFoundError when absent or hidden.
    """
    if kind == "person":
        seen = related(actor, "person", Person.id, Permission.PERSON_READ)
        person = select(Person.id, Person.kind, (Person.given_name + " " + Person.family_name).label("name"))
        row = db.session.execute(person.where(Person.ref == ref, seen)).one_or_none()
        if row is None:
            raise NotFoundError
        return SubjectKind(row.kind.value), row.id, row.name, ref
    model, subject_kind = (Context, SubjectKind.CONTEXT) if kind == "context" else (PeerGroup, SubjectKind.PEER_GROUP)
    statement = select(model.id, model.name).where(model.ref == ref)
    if kind == "context" and not actor.may(Permission.CONTEXT_REVIEW):
        statement = statement.where(Context.is_restricted.is_(False))
    found = db.session.execute(statement).one_or_none()
    if found is None or not actor.holds(Permission.CONTEXT_READ):
        raise NotFoundError
    if kind == "group" and HUB_PRINCIPAL not in actor.principals:  # who opens no case about one is not told its name
        raise NotFoundError
    return subject_kind, found.id, found.name, None


def _updates() -> Select[*tuple[Any, ...]]:
    correction, corrected = aliased(CaseUpdate), aliased(CaseUpdate)
    return (
        select(
            *CaseUpdate.__table__.columns,
            User.name.label("author"),
            Agency.short_name.label("agency"),
            correction.ref.label("corrected_by"),
            corrected.ref.label("corrects"),
        )
        .join(User, User.id == CaseUpdate.author_id)
        .join(Agency, Agency.id == CaseUpdate.author_agency_id)
        .outerjoin(correction, correction.corrects_id == CaseUpdate.id)
        .outerjoin(corrected, corrected.id == CaseUpdate.corrects_id)
    )


def _readable(asker: Asker, kinds: frozenset[SharedWith]) -> Any:
    return or_(among(CaseUpdate.shared_with, kinds), CaseUpdate.author_id == asker.user_id)


def _listed(active_at: Any) -> Select[*tuple[Any, ...]]:
    lead = aliased(Allocation)
    return (
        select(
            Case.id,
            Case.ref,
            Case.subject_kind,
            Case.state,
            Case.risk,
            Case.next_review_on,
            Case.is_restricted,
            Person.given_name,
            Person.family_name,
            Person.born_on,
            PeerGroup.name.label("group_name"),
            Context.name.label("context_name"),
            Agency.short_name.label("agency"),
            User.name.label("lead"),
            active_at.label("active_at"),
        )
        .select_from(Case)
        .join(Agency, Agency.id == Case.lead_agency_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .outerjoin(PeerGroup, PeerGroup.id == Case.peer_group_id)
        .outerjoin(Context, Context.id == Case.context_id)
        .outerjoin(lead, and_(lead.case_id == Case.id, lead.kind == AllocationKind.LEAD, lead.valid_to.is_(None)))
        .outerjoin(User, User.id == lead.user_id)
    )


def _list(rows: list[Any]) -> list[ListedCase]:
    stale_before = clock.now() - STALE_AFTER
    return [
        ListedCase(
            id=row.id,
            ref=row.ref,
            name=name_of(row),
            born_on=row.born_on,
            subject_kind=row.subject_kind,
            state=row.state,
            risk=row.risk.value,
            lead=row.lead,
            agency=row.agency,
            active_at=row.active_at,
            next_review_on=row.next_review_on,
            is_restricted=row.is_restricted,
            is_stale=row.state in LIVE and row.active_at < stale_before,
        )
        for row in rows
    ]
