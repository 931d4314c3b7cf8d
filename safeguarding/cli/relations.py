"""`flask relations check`: is every relation borne out by a fact, and every fact followed by its relations? And `narrow`."""

import json
import sys

import click

from safeguarding.access.actor import Actor
from safeguarding.cli.stamp import on_ready_database
from safeguarding.relations.check import SHOWN, Verdict, check
from safeguarding.relations.narrowing import narrow
from safeguarding.web.transaction import unit_of_work

ACTOR = Actor("system:relations", "Relations narrowed")


@click.group("relations")
def relations_group() -> None:
    """Check who stands in what relation to what."""


@relations_group.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def check_command(as_json: bool) -> None:
    """Work the relations out again from their facts; exit 1 and name those that differ."""
    _tell(check(), as_json=as_json)


@relations_group.command("narrow")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: what differs afterwards.")
@on_ready_database
def narrow_command(as_json: bool) -> None:
    """End relations that no fact bears out, and write conflicts that lack; nothing is opened. Exits as `check` then does."""
    with unit_of_work():
        done = narrow(ACTOR, check().differences)
    click.echo(f"{done.ended:,} relations ended, {done.barred:,} conflicts written.", err=as_json)
    _tell(check(), as_json=as_json)


def _tell(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(verdict.to_json(), separators=(",", ":")))
    elif not verdict.differences:
        click.echo(f"Every relation is borne out: {verdict.checked:,} rows.")
    else:
        click.echo(f"{len(verdict.differences):,} of {verdict.checked:,} relations differ from their facts.")
        for each in verdict.differences[:SHOWN]:
            key = each.key
            about = f"{key.subject_kind} {key.subject_id}, from {key.source_kind} {key.source_id}"
            click.echo(f"  {each.fault.value}: {key.principal} {key.kind} on {about}")
    sys.exit(1 if verdict.differences else 0)
