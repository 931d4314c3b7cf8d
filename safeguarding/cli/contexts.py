"""`flask contexts explain`: a place's score on a day, with every contribution."""

import json
import sys
from datetime import date, datetime

import click
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.cli.stamp import on_ready_database
from safeguarding.contexts import risk
from safeguarding.contexts.models import Context
from safeguarding.contexts.rubric import Explanation
from safeguarding.core import clock
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

ACTOR = Actor("system:contexts", "Explain a place", system_permissions=frozenset({Permission.CONTEXT_READ}))
REFUSED = 2


@click.group("contexts")
def contexts_group() -> None:
    """Look at places."""


@contexts_group.command("explain")
@click.argument("ref")
@click.option(
    "--as-of", type=click.DateTime(formats=["%Y-%m-%d"]), help="The day, such as 2026-11-21. Today unless told."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def explain_command(ref: str, as_of: datetime | None, as_json: bool) -> None:
    """Say what REF's score is made of, as it was recorded by the end of a day."""
    day = as_of.date() if as_of else clock.today()
    explanation = _explained(ref, day)
    db.session.rollback()
    with unit_of_work():
        audit.record("contexts:context:explained", ACTOR, explanation.context, as_of=day)
    click.echo(json.dumps(explanation.to_json(), separators=(",", ":")) if as_json else _in_words(explanation))


def _explained(ref: str, day: date) -> Explanation:
    known = normalise_reference(ref, "CX")
    context_id = db.session.scalar(select(Context.id).where(Context.ref == known)) if known else None
    if context_id is None or known is None:
        click.echo(f"There is no place {ref}.", err=True)
        sys.exit(REFUSED)
    try:
        return risk.explain(context_id, known, day)
    except LookupError as none:
        click.echo(f"{str(none).capitalize()}.", err=True)
        sys.exit(REFUSED)


def _in_words(explanation: Explanation) -> str:
    lines = [
        f"{explanation.context} on {explanation.as_of.isoformat()}, rubric {explanation.rubric.version}: "
        f"{explanation.score:,} ({explanation.low:,} to {explanation.high:,}), {explanation.band_label}.",
        *(
            f"{line.points:+7,}  {line.factor}, {line.on.isoformat()}, {line.source}"
            for line in explanation.contributions
        ),
        *(f"Missing: {text}." for text in explanation.missing),
        *(f"Stale: {text}." for text in explanation.stale),
    ]
    return "\n".join(lines)
