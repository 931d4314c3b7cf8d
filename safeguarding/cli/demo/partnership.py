"""The demonstration's partnership: agencies with their agreements, those who sign in, the panel with its seats."""

from dataclasses import replace
from datetime import date, timedelta

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.models import User
from safeguarding.accounts.queries import actor_for_user
from safeguarding.accounts.service import add_user, give_membership
from safeguarding.agencies.models import Agency, AgencyKind, AgreementDecision, QuorumGroup, SharingAgreement
from safeguarding.cli.demo.names import AGENCIES, COLLEAGUES, STAFF
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.panels.models.panels import Office, Panel
from safeguarding.panels.service import panels

SYSTEM = Actor("system:seed", "Demonstration seed", system_permissions=frozenset(Permission))
PHRASE = "marlbridge demonstration only"
SLUG = "mave"
_ROLE_OF_ACCOUNT = {"police": Role.SPOC, "health": Role.SPOC, "education": Role.SPOC}


class Partnership:
    """What the later parts of the seed ask for: agencies and people by a short key, actors, the panel."""

    def __init__(self) -> None:
        self.agencies: dict[str, Agency] = {}
        self.users: dict[str, User] = {}
        self.agency_of: dict[str, str] = {}
        self.panel: Panel
        self._actors: dict[str, Actor] = {}  # roles, seats and offices do not change after the first day

    def actor(self, key: str) -> Actor:
        """Return the person as the actor of a command; the audit names the seed, which is what really acts."""
        if key not in self._actors:
            self._actors[key] = replace(actor_for_user(self.users[key].id), key=SYSTEM.key)
        return self._actors[key]

    def of_agency(self, agency: str) -> str:
        """Return the key of somebody who answers for an agency."""
        return next(key for key, home in self.agency_of.items() if home == agency)


def make_partnership(as_of: date, phrase_hash: str) -> Partnership:
    """Write agencies, agreements that hold for a year, accounts and the panel."""
    made = Partnership()
    for key, name, short, kind, group, _seat in AGENCIES:
        made.agencies[key] = _agency(as_of, name, short, kind, group)
    for account, name, agency, title in STAFF:
        role = _ROLE_OF_ACCOUNT.get(account) or Role(account.replace("-", "_"))
        made.users[account] = _person(made, account, name, agency, title, role, phrase_hash)
    for role_name, name, agency, title in COLLEAGUES:
        key = name.split()[0].lower()
        account = f"{name.lower().replace(' ', '.')}"
        made.users[key] = _person(made, account, name, agency, title, Role(role_name), phrase_hash, key)
    _panel(made)
    return made


def _agency(as_of: date, name: str, short: str, kind: str, group: str) -> Agency:
    agency = Agency(
        ref=new_reference("AG"),
        name=name,
        short_name=short,
        kind=AgencyKind(kind),
        quorum_group=QuorumGroup(group),
        active_from=as_of - timedelta(days=1500),
        created_at=clock.now(),
        version=1,
    )
    db.session.add(agency)
    db.session.flush()
    db.session.add(
        SharingAgreement(
            agency_id=agency.id,
            title="Marlbridge information-sharing agreement",
            purposes="Safeguarding young people from harm outside the home; preventing serious violence",
            signed_by=f"Director, {short}",
            signed_on=clock.today() - timedelta(days=30),
            review_on=as_of + timedelta(days=400),
            decision=AgreementDecision.APPROVED,
        )
    )
    return agency


def _person(
    made: Partnership, account: str, name: str, agency: str, title: str, role: Role, phrase_hash: str, key: str = ""
) -> User:
    email = f"{account}@marlbridge.example"
    user = add_user(SYSTEM, email=email, name=name, job_title=title, phrase_hash=phrase_hash)
    give_membership(SYSTEM, user, made.agencies[agency], role)
    made.agency_of[key or account] = agency
    return user


def _panel(made: Partnership) -> None:
    made.panel = panels.set_up_panel(
        SYSTEM, slug=SLUG, name="MAVE panel", cadence_days=14, usual_place="Bridge Room and online", meeting_minutes=120
    )
    for key, _name, _short, _kind, group, seat in AGENCIES:
        if seat:
            required = group in ("local_authority", "police", "health")
            panels.seat_agency(SYSTEM, made.panel, made.agencies[key].id, is_required=required)
    offices = (("chair", Office.CHAIR), ("vice-chair", Office.VICE_CHAIR), ("coordinator", Office.COORDINATOR))
    for account, office in offices:
        panels.appoint_officer(SYSTEM, made.panel, made.users[account].id, office)
