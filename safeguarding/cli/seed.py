"""`flask seed`, and what `flask prepare` calls: the demonstration as it would stand on a day."""

import json
import random
from datetime import date, datetime, time, timedelta

import click
from flask import current_app
from sqlalchemy import select

from config import Mode, Settings
from safeguarding.access.roles import Role
from safeguarding.accounts.models import Membership, User
from safeguarding.accounts.passwords import hash_phrase
from safeguarding.agencies.models import Agency
from safeguarding.cli.demo.cycle import Cycle
from safeguarding.cli.demo.diary import Diary
from safeguarding.cli.demo.names import STAFF
from safeguarding.cli.demo.nrm import enter_groups, enter_nrm
from safeguarding.cli.demo.partnership import PHRASE, SYSTEM, make_partnership
from safeguarding.cli.demo.places import make_places
from safeguarding.cli.demo.trust import Trust
from safeguarding.cli.demo.youngsters import draw_youngsters
from safeguarding.cli.last_resort import Refused
from safeguarding.cli.stamp import on_ready_database
from safeguarding.contexts.service import figures_wait, refresh_risk
from safeguarding.core import clock
from safeguarding.core.references import repeatable
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

DEMONSTRATION_PHRASE = PHRASE
SEED = 20211001  # the month in which the first MAVE panel met
HISTORY = timedelta(days=740)


@click.command("seed")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day it is in the demonstration; today unless told."
)
@on_ready_database
def seed(as_of: datetime | None) -> None:
    """Write the demonstration partnership into an empty demonstration database."""
    settings: Settings = current_app.extensions["settings"]
    if settings.mode is Mode.LIVE:
        raise Refused("SAFEGUARDING_MODE: a live database is never seeded.")
    if is_seeded():
        raise Refused("The database holds people already; seed an empty one.")
    seed_demonstration(as_of.date() if as_of else clock.today())
    click.echo("The demonstration is ready.")


@click.group("demo")
def demo_group() -> None:
    """Ask about the demonstration."""


@demo_group.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def accounts_command(as_json: bool) -> None:
    """Print the demonstration's accounts and their pass phrase; refused on a live database."""
    settings: Settings = current_app.extensions["settings"]
    if settings.mode is not Mode.DEMONSTRATION:
        raise Refused("SAFEGUARDING_MODE: only a demonstration has accounts that may be printed.")
    accounts = demonstration_accounts()
    if as_json:
        click.echo(json.dumps({"password": DEMONSTRATION_PHRASE, "accounts": accounts}, separators=(",", ":")))
        return
    click.echo(f"Pass phrase of all: {DEMONSTRATION_PHRASE}")
    for account in accounts:
        click.echo(f"  {account['email']:<48} {account['role']:<24} {account['agency']}")


def is_seeded() -> bool:
    """Return whether anybody can sign in already."""
    seeded = db.session.scalar(select(User.id).limit(1)) is not None
    db.session.rollback()
    return seeded


def seed_demonstration(as_of: date) -> None:
    """Write the demonstration partnership as it would stand on the day: the same day always gives the same records."""
    phrase_hash = hash_phrase(DEMONSTRATION_PHRASE)  # slow on purpose, so before the first transaction
    dice = random.Random(SEED)  # noqa: S311 - a repeatable demonstration, no secret
    diary = Diary()
    present = clock.at_london(as_of, time(0, 0))  # the hour at which it is made changes nothing
    with repeatable(random.Random(SEED)):  # noqa: S311 - the same
        with unit_of_work(), clock.pretend(clock.at_london(as_of, time(8, 0)) - HISTORY):
            partnership = make_partnership(as_of, phrase_hash)
            places = make_places(diary, partnership, as_of, dice)
            cycle = Cycle(diary, partnership, places, draw_youngsters(as_of, dice), as_of, SEED)
            cycle.enter()
            enter_nrm(cycle)
            enter_groups(cycle)
            Trust(cycle).enter()
        with figures_wait():
            diary.write(present)
        with unit_of_work(), clock.pretend(present):
            refresh_risk(SYSTEM, as_of, [context.id for context in places.by_key.values()])


def demonstration_accounts() -> list[dict[str, str]]:
    """Return the demonstration's accounts, one for each role: email, role, agency."""
    shown = [f"{account}@marlbridge.example" for account, *_ in STAFF]
    rows = db.session.execute(
        select(User.email, Membership.role, Agency.short_name)
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(User.email.in_(shown))
    ).all()
    db.session.rollback()
    found = {email: (role, agency) for email, role, agency in rows}
    return [_account(email, *found[email]) for email in shown if email in found]


def _account(email: str, role: Role, agency: str) -> dict[str, str]:
    return {"email": email, "role": role.value, "agency": agency}
