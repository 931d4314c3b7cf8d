"""`flask access matrix`: who may do what by which relation, generated from the code that decides."""

import json
from typing import Any

import click
from flask import current_app, render_template
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import inspect

from safeguarding.access.actor import Actor
from safeguarding.access.decisions import Reason, decide
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ROLE_NAMES, Relation, Role
from safeguarding.access.tightening import NOTHING, Tightened
from safeguarding.accounts.tightening_queries import tightened_now
from safeguarding.extensions import db
from safeguarding.web.guard import needs_of, subject_needs_of

access_group = AppGroup("access", help="Who may do what.")
NONE = "none"  # no relation to the subject
Grants = dict[Permission, frozenset[Relation] | None]
ALLOW, DENY, HIDDEN = "allow", "deny", "hidden"


@access_group.command("matrix")
@click.option("--format", "shape", type=click.Choice(["json", "html"]), default="json", help="How to print it.")
@with_appcontext
def matrix(shape: str) -> None:
    """Print, for each role, relation, method and route, whether it is allowed, denied or hidden."""
    rows = rows_of(tightened_now() if inspect(db.engine).has_table("tightening") else NOTHING)
    if shape == "json":
        click.echo(json.dumps(rows))
        return
    with current_app.test_request_context():
        click.echo(render_template("oversight/matrix.html", roles=_by_role(rows), role_names=_names()))


def rows_of(tightened: Tightened = NOTHING) -> list[dict[str, str]]:
    """Return the rows of the matrix: role, relation, method, route, result, and the permission that decides.

    `tightened` are the rights that the partnership took away.

    allow: the page or command opens. deny: 403, the role does not include it. hidden: 404, as if there were no such thing.
    A public page is not listed: it is open to everyone.
    """
    found = []
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda each: (each.rule, each.endpoint)):
        view = current_app.view_functions[rule.endpoint]
        needed, on_subject = needs_of(view), subject_needs_of(view)
        if not isinstance(needed, Permission):
            continue
        about_subject = bool(rule.arguments)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for role in Role:
                grants = _grants(role, tightened)
                for relation in (NONE, *Relation) if about_subject else (NONE,):
                    found.append(
                        {
                            "role": str(role),
                            "relation": str(relation),
                            "method": method,
                            "route": rule.rule,
                            "permission": str(needed),
                            "result": result_of(grants, relation, needed, on_subject)
                            if about_subject
                            else _opens(grants, needed),
                        }
                    )
    return found


def result_of(grants: Grants, relation: str, needed: Permission, on_subject: Permission | None) -> str:
    """Return what becomes of a request of somebody in this role and relation, by the function that decides requests."""
    held = () if relation == NONE else (Relation(relation),)
    first = decide(grants, needed, ())
    if first.reason is Reason.NO_PERMISSION:
        return DENY
    decision = decide(grants, on_subject or needed, held)
    return ALLOW if decision.allowed else HIDDEN


def _opens(grants: Grants, needed: Permission) -> str:
    """Return what becomes of a request that names no subject: a list holds whatever the asker may see."""
    return ALLOW if needed in grants else DENY


def _grants(role: Role, tightened: Tightened) -> Grants:
    """Return a role's grants as an actor has them: None where no relation is needed."""
    return Actor("system:access", "", roles=frozenset({role}), tightened=tightened).grants


def _names() -> dict[str, str]:
    return {str(role): name for role, name in ROLE_NAMES.items()}


def _by_role(rows: list[dict[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """Return for each role one line for each route and method: the relations that allow it, or why nothing does."""
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for row in rows:
        lines = found.setdefault(row["role"], {})
        line = lines.setdefault((row["route"], row["method"]), {**row, "by": [], "any": False})
        if row["result"] == ALLOW:
            line["any"] = line["any"] or row["relation"] == NONE
            line["by"].append(row["relation"])
        line["result"] = ALLOW if line["by"] else row["result"] if line["result"] != HIDDEN else HIDDEN
    return {role: list(lines.values()) for role, lines in found.items()}
