"""What emergency access shows: the parts that were asked for, of one record, while the hour lasts, on a page of its own.

No other page and no list counts the relation, so that a part that was not asked for is read nowhere.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import Membership, User
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import Allocation, AllocationKind, Case, CaseUpdate
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.extensions import db
from safeguarding.oversight.emergency_queries import Use, access_use
from safeguarding.oversight.models import EmergencyPart
from safeguarding.oversight.service import SOURCE
from safeguarding.people.models import PeerGroup, Person
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import any_relation_to, live

UPDATES_WITHIN = timedelta(days=14)
MOST = 60
Pairs = list[tuple[str, int]]


@dataclass(frozen=True)
class Opened:
    """One record as it is open in an emergency. A part that was not asked for is None."""

    use: Use
    names: list[Any]  # whom or what it is about: always told, or nobody could know that it is the right record
    risk: list[Any] | None = None
    contacts: list[Any] | None = None
    updates: list[Any] | None = None
    cases: list[str] = field(default_factory=list)


def access_opened(actor: Actor, ref: str) -> Opened:
    """Return what a use of the actor's own opens now. Raises NotFoundError when it is over, another's, or beaten by a conflict.

    At most eight statements.
    """
    use = access_use(actor, ref)
    if not use.is_own or not use.is_open or actor.user_id is None:
        raise NotFoundError
    rows = db.session.execute(
        select(RelationRow.subject_kind, RelationRow.subject_id).where(
            RelationRow.source_kind == SOURCE,
            RelationRow.source_id == use.row.id,
            RelationRow.principal == user_principal(actor.user_id),
            RelationRow.kind == Relation.EMERGENCY,
            live(),
        )
    )
    pairs: Pairs = [(row.subject_kind, row.subject_id) for row in rows]
    if not actor.may(Permission.EMERGENCY_READ, any_relation_to(actor, pairs)):
        raise NotFoundError
    people = [key for kind, key in pairs if kind == "person"]
    cases = [key for kind, key in pairs if kind == "case"]
    asked = set(use.row.parts.split(","))
    has_contacts = EmergencyPart.CONTACTS in asked
    known = db.session.execute(_case_names(cases)).all()
    return Opened(
        use,
        [*db.session.execute(_people(people, with_contacts=has_contacts)), *(row for row in known if row.name)],
        risk=list(db.session.execute(_risk(cases))) if EmergencyPart.RISK in asked else None,
        contacts=list(db.session.execute(_contacts(cases))) if has_contacts else None,
        updates=list(db.session.execute(_updates(cases))) if EmergencyPart.UPDATES in asked else None,
        cases=[row.ref for row in known],
    )


def _people(people: list[int], *, with_contacts: bool) -> Select[*tuple[Any, ...]]:
    columns: list[Any] = [
        Person.ref,
        (Person.given_name + " " + Person.family_name).label("name"),
        Person.known_as,
        Person.born_on,
        Person.born_estimated,
        Person.pronouns,
    ]
    if with_contacts:
        columns += [Person.address, Person.postcode, Person.school_name, Person.language]
    return select(*columns).where(Person.id.in_(people)).order_by(Person.id)


def _case_names(cases: list[int]) -> Select[*tuple[Any, ...]]:
    """Select the references of cases, and what they are about where that is no young person."""
    return (
        select(Case.ref, func.coalesce(PeerGroup.name, Context.name).label("name"))
        .outerjoin(PeerGroup, PeerGroup.id == Case.peer_group_id)
        .outerjoin(Context, Context.id == Case.context_id)
        .where(Case.id.in_(cases))
        .order_by(Case.id)
    )


def _risk(cases: list[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(Case.ref, Case.risk, Case.risk_set_on, Case.going_on, Case.keeps_safe)
        .where(Case.id.in_(cases))
        .order_by(Case.id)
    )


def _contacts(cases: list[int]) -> Select[*tuple[Any, ...]]:
    """Select who works the cases, with an agency of theirs, who leads first."""
    agency = (
        select(func.min(Agency.short_name))
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.user_id == User.id, Membership.valid_to.is_(None))
        .scalar_subquery()
    )
    return (
        select(User.name, agency.label("agency"), Allocation.kind)
        .join(User, User.id == Allocation.user_id)
        .where(Allocation.case_id.in_(cases), Allocation.valid_to.is_(None))
        .order_by(Allocation.kind != AllocationKind.LEAD, User.name, User.id)
        .limit(MOST)
    )


def _updates(cases: list[int]) -> Select[*tuple[Any, ...]]:
    """Select the updates of the last days that stand, without the risk that each of them set."""
    correction = aliased(CaseUpdate)
    return (
        select(
            CaseUpdate.ref,
            CaseUpdate.kind,
            CaseUpdate.happened_at,
            CaseUpdate.what_happened,
            CaseUpdate.own_words,
            CaseUpdate.opinion,
            CaseUpdate.next_step,
            CaseUpdate.next_step_on,
            User.name.label("author"),
            Agency.short_name.label("agency"),
        )
        .join(User, User.id == CaseUpdate.author_id)
        .join(Agency, Agency.id == CaseUpdate.author_agency_id)
        .outerjoin(correction, correction.corrects_id == CaseUpdate.id)
        .where(
            CaseUpdate.case_id.in_(cases),
            CaseUpdate.happened_at >= clock.now() - UPDATES_WITHIN,
            correction.id.is_(None),
        )
        .order_by(CaseUpdate.happened_at.desc(), CaseUpdate.id.desc())
        .limit(MOST)
    )
