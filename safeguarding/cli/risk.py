"""`flask risk refresh`: the figures of places as the day has made them. To be run every day."""

import json
from datetime import date

import click

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.cli.stamp import on_ready_database
from safeguarding.contexts import risk, service
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

ACTOR = Actor("system:risk", "Risk refresh", system_permissions=frozenset({Permission.CONTEXT_REVIEW}))
CHUNK = 20  # places a transaction: on SQLite nobody waits for a refresh


@click.group("risk")
def risk_group() -> None:
    """Keep the figures of places up to date."""


@risk_group.command("refresh")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def refresh_command(as_json: bool) -> None:
    """Work out the figures of places again that are not of today."""
    today = clock.today()
    count = refresh_figures(today)
    if as_json:
        click.echo(json.dumps({"as_of": today.isoformat(), "refreshed": count}, separators=(",", ":")))
    else:
        click.echo(f"{count:,} places worked out as of {today.isoformat()}.")


def refresh_figures(today: date) -> int:
    """Work out what is not of today, in short transactions, and return how many figures that were."""
    waiting = risk.ids_to_refresh(today)
    db.session.rollback()
    for start in range(0, len(waiting), CHUNK):
        with unit_of_work():
            service.refresh_risk(ACTOR, today, waiting[start : start + CHUNK])
    return len(waiting)
