"""`flask audit verify` and `flask audit anchor`."""

import json
import sys
from pathlib import Path

import click
from flask import current_app

from safeguarding.audit import verify as chain
from safeguarding.cli.stamp import on_any_keys, on_any_version


@click.group("audit")
def audit_group() -> None:
    """Check the audit, or keep its head outside the database."""


def _anchor_file() -> Path:
    folder: Path = current_app.extensions["settings"].data
    return chain.anchor_file(folder)


@audit_group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.option(
    "--anchored-within", type=float, metavar="HOURS", help="Exit 2 when the last anchor is older, or there is none."
)
@on_any_keys
def verify_command(as_json: bool, anchored_within: float | None) -> None:
    """Walk the chain; exit 1 and name the first bad row when it is not as it was written, or an anchor is not ours."""
    verdict = chain.verify(_anchor_file())
    if as_json:
        click.echo(json.dumps(verdict.to_json(), separators=(",", ":")))
    elif verdict.first_bad is None and verdict.anchors_forged:
        click.echo(
            f"The audit is whole, but {verdict.anchors_forged:,} lines of the anchor file are NOT of this installation."
        )
    elif verdict.first_bad is None:
        click.echo(f"The audit is whole: {verdict.checked:,} events, {verdict.anchors_matched} anchors matched.")
    else:
        click.echo(f"The audit is NOT whole. First bad row: {verdict.first_bad[0]}, {verdict.first_bad[1]}.")
    if (
        verdict.ok
        and anchored_within is not None
        and chain.seconds_since_anchor(_anchor_file()) > anchored_within * 3600
    ):
        click.echo("The last anchor is older than that, or there is none: run flask audit anchor.", err=True)
        sys.exit(2)
    sys.exit(0 if verdict.ok else 1)


@audit_group.command("anchor")
@on_any_version
def anchor_command() -> None:
    """Append the present head of the chain to the anchor file."""
    line = chain.anchor(_anchor_file())
    click.echo(f"Anchored event {line['seq']:,}.")
