"""The demonstration partnership: fictional, generated from a fixed seed and a date."""

from datetime import date, timedelta

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ROLE_NAMES, Role
from safeguarding.accounts.models import Membership, User
from safeguarding.accounts.passwords import hash_phrase
from safeguarding.accounts.service import add_user, give_membership
from safeguarding.agencies.models import Agency, AgencyKind, QuorumGroup, SharingAgreement
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

DEMONSTRATION_PHRASE = "marlbridge demonstration only"
SYSTEM = Actor("system:seed", "Demonstration seed", system_permissions=frozenset(Permission))


def is_seeded() -> bool:
    """Return whether the demonstration stands already."""
    seeded = db.session.scalar(select(User.id).limit(1)) is not None
    db.session.rollback()
    return seeded


def seed_demonstration(as_of: date) -> None:
    """Write the demonstration partnership as it would stand on the day given."""
    phrase_hash = hash_phrase(DEMONSTRATION_PHRASE)
    with unit_of_work():
        agency = Agency(
            ref=new_reference("AG"),
            name="Marlbridge Council",
            short_name="Council",
            kind=AgencyKind.COUNCIL,
            quorum_group=QuorumGroup.LOCAL_AUTHORITY,
            active_from=as_of - timedelta(days=900),
            created_at=clock.now(),
            version=1,
        )
        db.session.add(agency)
        db.session.flush()
        db.session.add(
            SharingAgreement(
                agency_id=agency.id,
                title="Partnership agreement",
                purposes="Safeguarding",
                signed_by="Director",
                signed_on=as_of - timedelta(days=100),
                review_on=as_of + timedelta(days=400),
            )
        )
        for role in Role:
            user = add_user(
                SYSTEM,
                email=f"{role.value.replace('_', '-')}@marlbridge.example",
                name=f"Robin {ROLE_NAMES[role]}",
                phrase_hash=phrase_hash,
            )
            give_membership(SYSTEM, user, agency, role, since=clock.now() - timedelta(days=30))


def demonstration_accounts() -> list[dict[str, str]]:
    """Return the accounts (email, role, agency) of the demonstration."""
    rows = db.session.execute(
        select(User.email, Membership.role, Agency.short_name)
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .order_by(User.id)
    ).all()
    db.session.rollback()
    return [{"email": email, "role": role.value, "agency": agency} for email, role, agency in rows]
