"""`flask backup FILE` and `flask restore FILE --into DIR`."""

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from config import Settings
from safeguarding.cli.backups import making, restoring
from safeguarding.cli.stamp import on_any_version
from safeguarding.core import lately

_PATH = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_any_version
def backup(file: Path, as_json: bool) -> None:
    """Write an encrypted backup of the whole installation while it runs."""
    settings: Settings = current_app.extensions["settings"]
    try:
        manifest = making.make(settings, file)
    except making.BackupError as refusal:
        raise click.ClickException(str(refusal)) from None
    lately.note(settings.data, "backup")
    rows = sum(manifest.counts.values())
    if as_json:
        told = {"made_at": manifest.made_at, "tables": len(manifest.counts), "rows": rows, "head": manifest.head_seq}
        click.echo(json.dumps(told, separators=(",", ":")))
        return
    click.echo(
        f"{file}: {rows:,} rows of {len(manifest.counts)} tables, up to event {manifest.head_seq:,} of the audit. "
        f"Encrypted with the key {settings.sealed_keys[0][0]}: keep that key elsewhere; without it nobody opens this file."
    )


@click.command("restore")
@click.argument("file", type=_PATH)
@click.option(
    "--into",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder; on PostgreSQL it takes the anchors, and DATABASE_URL names an empty database.",
)
@click.option(
    "--foreign-anchors", is_flag=True, help="Also where lines of the anchor file are not signed with this AUDIT_KEY."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@with_appcontext
def restore(file: Path, folder: Path, foreign_anchors: bool, as_json: bool) -> None:
    """Restore a backup into an empty place, and prove that it is whole. Everybody is signed out of it."""
    settings: Settings = current_app.extensions["settings"]
    try:
        restored = restoring.restore(settings, file, folder.resolve(), foreign_anchors)
    except restoring.RestoreError as refusal:
        if as_json:
            click.echo(json.dumps({"ok": False, "reason": str(refusal)}, separators=(",", ":")))
            raise SystemExit(1) from None
        raise click.ClickException(str(refusal)) from None
    if as_json:
        click.echo(json.dumps(restored.to_json(), separators=(",", ":")))
        return
    click.echo(
        f"Restored as of {restored.manifest.made_at}: {sum(restored.manifest.counts.values()):,} rows, audit whole "
        f"({restored.verdict.checked:,} events, {restored.verdict.anchors_matched} anchors). Ended: "
        + ", ".join(f"{number:,} {name}" for name, number in restored.ended.items())
        + "."
    )
