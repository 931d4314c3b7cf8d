"""`flask import contexts` and `flask import incidents`: a file in, an account of every row out.

Exit 0: taken in, whatever single rows were refused (they are listed). Exit 1: nothing of it could be used, it was cut
off, or another import is running. Exit 2: not the named format, nothing stored.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.cli.stamp import on_ready_database
from safeguarding.contexts import importing
from safeguarding.contexts.formats.catalogue import CONTEXT_FORMATS, INCIDENT_FORMATS
from safeguarding.contexts.formats.rows import NotThisFormat
from safeguarding.contexts.import_lock import ImportRunning
from safeguarding.contexts.importing import Account, Watch

ACTOR = Actor(
    "system:import",
    "Import",
    system_permissions=frozenset({Permission.INCIDENT_RECORD, Permission.CONTEXT_REVIEW}),
)
SHOWN = 20
FOUND_WRONG, REFUSED = 1, 2
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import")
def import_group() -> None:
    """Take in files of places and of incidents."""


@import_group.command("contexts")
@click.argument("file", type=_FILE)
@click.option("--format", "format_name", required=True, type=click.Choice(sorted(CONTEXT_FORMATS)))
@click.option("--kind", help="The kind of the file's places, where no row says it: park, school, station, ward ...")
@click.option("--dry-run", is_flag=True, help="Say what would happen and store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def contexts_command(file: Path, format_name: str, kind: str | None, dry_run: bool, as_json: bool) -> None:
    """Take in places: schools, stations, parks, wards."""
    _run(
        file,
        lambda watch: importing.import_contexts(ACTOR, file, format_name, kind=kind, dry_run=dry_run, watch=watch),
        as_json,
    )


@import_group.command("incidents")
@click.argument("file", type=_FILE)
@click.option("--format", "format_name", required=True, type=click.Choice(sorted(INCIDENT_FORMATS)))
@click.option("--dry-run", is_flag=True, help="Say what would happen and store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def incidents_command(file: Path, format_name: str, dry_run: bool, as_json: bool) -> None:
    """Take in incidents and match them to places."""
    _run(
        file,
        lambda watch: importing.import_incidents(ACTOR, file, format_name, dry_run=dry_run, watch=watch),
        as_json,
    )


def _run(file: Path, take_in: Callable[[Watch], Account], as_json: bool) -> None:
    console = Console(stderr=True)
    try:
        with _progress(console) as progress:
            task = progress.add_task(file.name, total=file.stat().st_size)
            account = take_in(lambda done, size: progress.update(task, completed=done, total=size))
    except NotThisFormat as refusal:
        click.echo(f"Nothing is stored. {refusal.message}", err=True)
        sys.exit(REFUSED)
    except OSError as unreadable:
        click.echo(f"Nothing is stored. The file cannot be read: {unreadable.strerror}.", err=True)
        sys.exit(REFUSED)
    except ImportRunning:
        click.echo("Another import is running. Try again when it has ended.", err=True)
        sys.exit(FOUND_WRONG)
    _say(account)
    click.echo(json.dumps(account.to_json(), separators=(",", ":")) if as_json else _summary(account))
    sys.exit(FOUND_WRONG if account.read and account.refused == account.read else 0)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _say(account: Account) -> None:
    """What the counts do not tell, on stderr."""
    for ref in account.withdrawn:
        click.echo(
            f"{ref} was cut off and is of another file: it is withdrawn, and what it had stored is gone.", err=True
        )
    if account.resumed_at is not None:
        click.echo(f"{account.run} was cut off after row {account.resumed_at:,}: it is resumed.", err=True)
    if account.ignored_columns:
        click.echo(f"Columns that the layout has no use for: {', '.join(account.ignored_columns)}.", err=True)
    if account.ignored_cells:
        click.echo(f"Cells beyond the header, left out: {account.ignored_cells:,}.", err=True)


def _summary(account: Account) -> str:
    lines = [
        f"{account.run or 'Trial, nothing stored'}: {account.read:,} rows read, {account.created:,} created, "
        f"{account.updated:,} updated, {account.unchanged:,} unchanged, {account.refused:,} refused, "
        f"{account.matched:,} matched."
    ]
    lines += [f"Row {refusal.row:,}: {refusal.reason}." for refusal in account.refusals[:SHOWN]]
    more = len(account.refusals) - SHOWN
    if more > 0:
        lines.append(f"And {more:,} more refused rows; --json lists all.")
    return "\n".join(lines)
