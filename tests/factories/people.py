"""Agencies and those who sign in."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import count

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.passwords import hash_phrase
from safeguarding.accounts.queries import actor_for_user
from safeguarding.accounts.service import add_user, give_membership
from safeguarding.agencies.models import Agency, AgencyKind, AgreementDecision, QuorumGroup, SharingAgreement
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

PHRASE = "a pass phrase for tests alone"
SYSTEM = Actor("system:test", "Test", system_permissions=frozenset(Permission))
_numbers = count(1)


@lru_cache(maxsize=1)
def phrase_hash() -> str:
    """Return the hash of PHRASE, worked out once."""
    return hash_phrase(PHRASE)


@dataclass(frozen=True)
class Somebody:
    """A person who can sign in, in a role of one agency."""

    id: int
    ref: str
    email: str
    name: str
    agency_id: int

    @property
    def actor(self) -> Actor:
        """Return the actor this person is now (looked up anew, as at each request)."""
        return actor_for_user(self.id)


def make_agency(
    name: str | None = None,
    *,
    kind: AgencyKind = AgencyKind.COUNCIL,
    group: QuorumGroup = QuorumGroup.OTHER,
    agreement: bool = True,
) -> Agency:
    """Make an agency, with an agreement in force unless told not to. Call it inside a unit of work."""
    today = clock.today()
    label = name or f"Agency {next(_numbers)}"
    agency = Agency(
        ref=new_reference("AG"),
        name=label,
        short_name=label[:40],
        kind=kind,
        quorum_group=group,
        active_from=today - timedelta(days=900),
        created_at=clock.now(),
        version=1,
    )
    db.session.add(agency)
    db.session.flush()
    if agreement:
        db.session.add(
            SharingAgreement(
                agency_id=agency.id,
                title="Information-sharing agreement",
                purposes="Safeguarding young people",
                signed_by="A director",
                signed_on=today - timedelta(days=30),
                review_on=today + timedelta(days=365),
                decision=AgreementDecision.APPROVED,
            )
        )
        db.session.flush()
    return agency


def make_somebody(role: Role, *, agency: Agency | None = None, name: str | None = None) -> Somebody:
    """Make a person with one role. Call it inside a unit of work."""
    number = next(_numbers)
    home = agency or make_agency()
    user = add_user(
        SYSTEM,
        email=f"{role.value.replace('_', '-')}-{number}@marlbridge.example",
        name=name or f"{role.value.replace('_', ' ').title()} {number}",
        phrase_hash=phrase_hash(),
    )
    give_membership(SYSTEM, user, home, role, since=clock.now() - timedelta(days=1))
    return Somebody(user.id, user.ref, user.email, user.name, home.id)


__all__ = ["PHRASE", "SYSTEM", "Somebody", "make_agency", "make_somebody", "unit_of_work"]
