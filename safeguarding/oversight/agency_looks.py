"""What the people of an agency opened, for its contact: nothing of anybody else's, and no reference that is not theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select, union_all

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.models import Membership, User
from safeguarding.actions.models import Action
from safeguarding.actions.queries import visible_actions
from safeguarding.agencies.models import Agency
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case
from safeguarding.contexts.models import Context
from safeguarding.contexts.queries import visible_contexts
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.referrals.models import Referral
from safeguarding.referrals.queries import visible_referrals
from safeguarding.relations.queries import subjects

PAGE = 50
SPAN = timedelta(days=90)
_SEEN = ("%:shown", "%:printed", "%:exported", "oversight:emergency:opened")
_OWN_AFFAIRS = ("home:", "accounts:", "notices:", "drafts:")


@dataclass(frozen=True)
class Seen:
    """One look: who, when, at what kind of thing. `subject` is the reference where the contact may open it too."""

    seq: int
    at: datetime
    name: str
    agency: str
    event: str
    subject: str | None
    is_about_something: bool


def list_of_agency(actor: Actor, page: int = 1) -> list[Seen]:
    """Return what the people of the agencies whose contact the actor is opened in ninety days, one more than a page.

    Counted is what was recorded under that agency alone: what somebody opened while they worked for another is not.
    Pages are numbered and not begun at an event, whose number would tell how much the whole partnership did. What is
    opened meanwhile moves looks on to the next page, so that one may be met twice and none is missed. Three statements.
    """
    if not actor.may(Permission.LOOKS_OF_AGENCY):
        raise ForbiddenError("An agency’s contact sees what its people opened.")
    rows = db.session.execute(_people(actor)).all()
    people = {f"user:{row.user_ref}": row.user_name for row in rows}
    statement = (
        select(AuditEvent.seq, AuditEvent.at, AuditEvent.event, AuditEvent.actor, AuditEvent.agency, AuditEvent.subject)
        .where(
            AuditEvent.actor.in_(sorted(people)),
            AuditEvent.agency.in_(sorted({row.agency_name for row in rows})),
            AuditEvent.at > clock.now() - SPAN,
            or_(*(AuditEvent.event.like(pattern) for pattern in _SEEN)),
            *(~AuditEvent.event.startswith(area) for area in _OWN_AFFAIRS),
        )
        .order_by(AuditEvent.seq.desc())
        .limit(PAGE + 1)
        .offset((page - 1) * PAGE)
    )
    found = db.session.execute(statement).all()
    openable = _openable(actor, sorted({row.subject for row in found if row.subject}))
    return [
        Seen(
            row.seq,
            row.at,
            people[row.actor],
            row.agency,
            row.event,
            row.subject if row.subject in openable else None,
            row.subject is not None,
        )
        for row in found
    ]


def _people(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Select who is or was in an agency of which the actor is the contact now."""
    now = clock.now()
    contact_of = select(Membership.agency_id).where(
        Membership.user_id == actor.user_id,
        Membership.role == Role.SPOC,
        Membership.agency_id.in_(sorted(actor.agency_ids)),
        Membership.valid_from <= now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > now),
    )
    return (
        select(User.ref.label("user_ref"), User.name.label("user_name"), Agency.short_name.label("agency_name"))
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.agency_id.in_(contact_of))
        .distinct()
    )


def _openable(actor: Actor, refs: list[str]) -> set[str]:
    """Return which of these references the actor may open: of young people, cases, referrals, actions and places."""
    if not refs:
        return set()
    visible: list[tuple[Any, Any]] = [
        (Person, Person.id.in_(subjects(actor, "person", Permission.PERSON_READ))),
        (Case, Case.id.in_(subjects(actor, "case", Permission.CASE_READ))),
        (Referral, Referral.id.in_(visible_referrals(actor))),
        (Action, visible_actions(actor)),
        (Context, visible_contexts(actor)),
    ]
    parts = [select(kind.ref).where(kind.ref.in_(refs), may) for kind, may in visible]
    return set(db.session.scalars(union_all(*parts)))
