"""`flask nrm clocks`: the dates of a referral to the National Referral Mechanism, worked out without any record."""

import json
from datetime import date
from typing import Any

import click

from safeguarding.core.errors import RuleError
from safeguarding.nrm import clocks
from safeguarding.nrm.models import NrmRoute


def _day(_context: click.Context, _option: click.Parameter, value: str | None) -> date | None:
    """Return the date of an option, None where it was not given; anything else is a usage error."""
    if value is None:
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2200:
        raise click.BadParameter(f"{value!r} is not a date; use YYYY-MM-DD.")
    return found


def _day_or_unknown(context: click.Context, option: click.Parameter, value: str | None) -> date | None:
    """Return the date of an option, None for the word `unknown`."""
    return None if value == "unknown" else _day(context, option, value)


@click.group("nrm")
def nrm_group() -> None:
    """Work out dates of the National Referral Mechanism."""


@nrm_group.command("clocks")
@click.option("--referred", callback=_day, required=True, help="The day of referral, YYYY-MM-DD.")
@click.option("--born", callback=_day_or_unknown, required=True, help="The date of birth, YYYY-MM-DD or unknown.")
@click.option("--route", type=click.Choice(["auto", "sca", "panel"]), default="auto", show_default=True)
@click.option("--rg", callback=_day, help="The day of a positive reasonable grounds decision.")
@click.option("--decided", callback=_day, help="The day of a negative decision, of either kind.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def clocks_command(
    referred: date, born: date | None, route: str, rg: date | None, decided: date | None, as_json: bool
) -> None:
    """Print each clock of a referral with its rule, its source and how it was worked out."""
    try:
        answer = work_out(referred, born, route, rg, decided)
    except RuleError as refusal:
        raise click.UsageError(refusal.message) from None
    if as_json:
        click.echo(json.dumps(answer, separators=(",", ":"), ensure_ascii=False))
        return
    click.echo(f"Decided by: {answer['route']}")
    for each in answer["clocks"]:
        click.echo(f"{each['due']}  {each['status']:<8} {each['rule']} ({each['arithmetic']})")


def work_out(referred: date, born: date | None, route: str, rg: date | None, decided: date | None) -> dict[str, Any]:
    """Return what the command prints as JSON; RuleError when the dates or the route cannot be."""
    if born is not None and born > referred:
        raise RuleError("The date of birth cannot be after the day of referral.")
    if rg is not None and decided is not None and decided < rg:
        raise RuleError("A negative decision cannot be before the positive reasonable grounds decision.")
    chosen = clocks.route_for(born, referred, None if route == "auto" else NrmRoute(route))
    running = clocks.clocks_for(referred_on=referred, route=chosen, positive_rg_on=rg, negative_on=decided)
    return {
        "route": chosen.value,
        "panel_eligible": clocks.is_panel_eligible(born, referred),
        "age_on_referral": clocks.age_on(born, referred),
        "clocks": [clock.to_json() for clock in running],
    }
