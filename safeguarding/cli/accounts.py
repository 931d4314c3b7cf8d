"""`flask accounts bootstrap`: the first two administrators of a live installation, once.

Given again for the same two before either has come in, it prints new links: the first live for an hour.

Two, because nobody administers their own rights and one of them always remains. They are shown a link each, which is the
only time that a one-time link is shown to anybody but the person it is for.
"""

import json
import re
import secrets

import click
from flask import current_app
from sqlalchemy import select

from config import Mode, Settings
from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts import invitations, service
from safeguarding.accounts.link_models import Purpose
from safeguarding.accounts.models import User
from safeguarding.accounts.passwords import hash_phrase
from safeguarding.agencies import service as agencies
from safeguarding.agencies.models import Agency, AgencyKind, QuorumGroup
from safeguarding.cli.last_resort import Refused
from safeguarding.cli.stamp import on_ready_database
from safeguarding.core import clock
from safeguarding.core.installation import Installation
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

ACTOR = Actor("system:bootstrap", "Bootstrap", system_permissions=frozenset({Permission.ADMIN_USERS}))
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,6}")


@click.group("accounts")
def accounts_group() -> None:
    """Set up who may sign in."""


@accounts_group.command("bootstrap")
@click.option("--agency", required=True, help="The agency that runs the service, as in 'Marlbridge Council'.")
@click.option(
    "--administrator",
    "people",
    nargs=2,
    multiple=True,
    required=True,
    metavar="NAME EMAIL",
    help="Given twice: the full name and work email address of each administrator.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def bootstrap(agency: str, people: tuple[tuple[str, str], ...], as_json: bool) -> None:
    """Add the first agency and its first two administrators, and print their links."""
    settings: Settings = current_app.extensions["settings"]
    if settings.mode is Mode.DEMONSTRATION:
        raise Refused("SAFEGUARDING_MODE: a demonstration has its accounts already.")
    _need_two(agency, people)
    hashes = [hash_phrase(secrets.token_urlsafe(32)) for _ in people]  # slow on purpose, so before the transaction
    with unit_of_work():
        # The one row of the stamp is locked, so that two who bootstrap at once do not both find nobody.
        db.session.execute(select(Installation.id).with_for_update()).all()
        paths = _invited_again([email.strip().lower() for _, email in people])
        if not paths:
            _need_empty()
            home = _agency(agency)
            paths = [_administrator(home, *person, phrase) for person, phrase in zip(people, hashes, strict=True)]
    links = [
        {"name": name, "email": email.lower(), "link": f"{settings.service_url}{path}"}
        for (name, email), path in zip(people, paths, strict=True)
    ]
    _say(links, as_json)


def _need_two(agency: str, people: tuple[tuple[str, str], ...]) -> None:
    if len(people) != 2:
        raise Refused("--administrator: give it twice, for two people.")
    addresses = {email.strip().lower() for _, email in people}
    if len(addresses) != 2 or not all(_ADDRESS.fullmatch(each) for each in addresses):
        raise Refused("--administrator: give two different addresses like name@agency.example.")
    if not all(1 <= len(text.strip()) <= 120 for text in (agency, *(name for name, _ in people))):
        raise Refused("--agency, --administrator: names have 1 to 120 characters.")


def _invited_again(addresses: list[str]) -> list[str]:
    """Return new links for the two who were invited, where there is nobody else yet and neither came in."""
    users = {user.email: user for user in db.session.scalars(select(User))}
    if users.keys() != set(addresses):
        return []
    if not all(invitations.repeat_invitation(ACTOR, user) for user in users.values()):
        raise Refused("One of them came in already, and sends the other an invitation again.")
    return [invitations.make_link(users[each].id, Purpose.INVITATION) for each in addresses]


def _need_empty() -> None:
    if db.session.scalar(select(User.id).limit(1)) is not None:
        raise Refused("Somebody may sign in already: this works once. An administrator invites everyone else.")


def _agency(name: str) -> Agency:
    found = db.session.scalar(select(Agency).where(Agency.name == name.strip()))
    return found or agencies.add_agency(
        ACTOR,
        name=name.strip(),
        short_name=name.strip()[:40],
        kind=AgencyKind.COUNCIL,
        quorum_group=QuorumGroup.LOCAL_AUTHORITY,
        active_from=clock.today(),
    )


def _administrator(home: Agency, name: str, email: str, phrase_hash: str) -> str:
    user = service.add_user(ACTOR, email=email, name=name.strip(), phrase_hash=phrase_hash)
    service.give_membership(ACTOR, user, home, Role.ADMIN)
    invitations.note_invitation(ACTOR, user)
    return invitations.make_link(user.id, Purpose.INVITATION)


def _say(links: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"administrators": links}, separators=(",", ":")))
        return
    click.echo(
        "Pass each link to its person alone, by another way than their mailbox if you can. It is shown this once,"
    )
    click.echo("works once, and for an hour; the same command prints new ones until one of the two came in.")
    for each in links:
        click.echo(f"  {each['name']} <{each['email']}>: {each['link']}")
