"""`flask prepare`: migrate to the head, stamp the mode, and in demonstration mode seed what is empty. Safe to repeat."""

import json
import logging
from typing import Any

import click
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import inspect, text

from config import Mode, Settings
from safeguarding.cli import stamp
from safeguarding.cli.last_resort import Refused
from safeguarding.cli.risk import refresh_figures
from safeguarding.cli.seed import DEMONSTRATION_PHRASE, demonstration_accounts, is_seeded, seed_demonstration
from safeguarding.core import clock
from safeguarding.core.database import writing
from safeguarding.extensions import db, migrate
from safeguarding.web.transaction import unit_of_work


@click.command("prepare")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: whether it seeded, and the accounts.")
@with_appcontext
def prepare(as_json: bool) -> None:
    """Make the database ready to serve."""
    settings: Settings = current_app.extensions["settings"]
    migrate_to_head()
    with unit_of_work():
        carried = stamp.stamp(settings)
    try:
        stamp.require_mode(carried, settings.mode)
    except stamp.StampError as refusal:
        raise Refused(str(refusal)) from None
    seeded = False
    accounts: list[dict[str, str]] = []
    if settings.mode is Mode.DEMONSTRATION:
        if not is_seeded():
            seed_demonstration(clock.today())
            seeded = True
        accounts = demonstration_accounts()
    refresh_figures(clock.today())  # figures of places move by the passing of days alone
    if as_json:
        password = DEMONSTRATION_PHRASE if accounts else None
        click.echo(json.dumps({"seeded": seeded, "password": password, "accounts": accounts}, separators=(",", ":")))
    else:
        click.echo("The database is ready.")


def migrate_to_head() -> None:
    """Run the migrations that are missing; costs one read when there is none."""
    if _is_at_head():
        return
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with writing():
        upgrade()


def _is_at_head() -> bool:
    config: Any = migrate.get_config()
    heads = set(ScriptDirectory.from_config(config).get_heads())
    if not inspect(db.engine).has_table("alembic_version"):
        return False
    with db.engine.connect() as connection:
        present = {row[0] for row in connection.execute(text("SELECT version_num FROM alembic_version"))}
    return present == heads
