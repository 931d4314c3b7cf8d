"""What people are shown when their agency's information-sharing agreement is not in force, and before it runs out.

An agreement that lapses takes case data away at the next request (`accounts.queries.actor_of`); here is said why.
"""

from typing import Any

from flask import Flask, g, make_response, render_template
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.holders import list_to_ask
from safeguarding.agencies.queries import list_due, list_lapses
from safeguarding.audit import service as audit
from safeguarding.core.errors import AgreementLapsedError
from safeguarding.web.guard import current_actor
from safeguarding.web.sections import Section, register_section

_WATCH_OWN = frozenset({Role.SPOC, Role.LEAD})


def init_lapses(app: Flask) -> None:
    """Register the page that says why, and the two blocks of the first page."""
    app.register_error_handler(AgreementLapsedError, _lapsed)
    for name, order, template, build in (
        ("lapsed_agreements", 1, "agencies/lapsed_work.html", _lapsed_block),
        ("due_agreements", 12, "agencies/due_work.html", _due_block),
    ):
        register_section(app, Section("my_work", name, order, template, build, Permission.WORK_OWN))


def _lapsed(_error: AgreementLapsedError) -> BaseResponse:
    actor = current_actor()
    g.refused = True
    audit.record_refusal("access:agreement:refused", actor.key)
    return make_response(render_template("agencies/lapsed.html", **_why(actor)), 403)


def _why(actor: Actor) -> dict[str, Any]:
    return {"lapses": list_lapses(actor.withheld), "ask": list_to_ask(actor.withheld)}


def _lapsed_block(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    return {**_why(actor), "column": "above"} if actor.withheld else None


def _due_block(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    everyone = Role.INFORMATION_GOVERNANCE in actor.roles
    if not everyone and not actor.roles & _WATCH_OWN:
        return None
    due = list_due(None if everyone else actor.agency_ids)
    return {"due": due, "can_open": actor.holds(Permission.ADMIN_AGREEMENTS), "column": "aside"} if due else None
