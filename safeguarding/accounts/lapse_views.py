"""What people are shown when their agency's information-sharing agreement is not in force, and before it runs out.

An agreement that lapses takes case data away at the next request (`accounts.queries.actor_of`); here is said why.
"""

from typing import Any

from flask import Flask, g, make_response, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts import agreements_due
from safeguarding.accounts.holders import holders, list_to_ask
from safeguarding.agencies.queries import list_due, list_lapses, list_waiting
from safeguarding.agencies.service import register_waiting
from safeguarding.audit import service as audit
from safeguarding.core.errors import AgreementLapsedError
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.notices.service import queue
from safeguarding.web.guard import current_actor
from safeguarding.web.sections import Section, register_section

WAITS = "agencies.agreement_waits"  # a kind of notice
_WATCH_OWN = frozenset({Role.SPOC, Role.LEAD})


def init_lapses(app: Flask) -> None:
    """Register the page that says why, and the two blocks of the first page."""
    app.register_error_handler(AgreementLapsedError, _lapsed)
    for name, order, template, build in (
        ("lapsed_agreements", 1, "agencies/lapsed_work.html", _lapsed_block),
        ("due_agreements", 12, "agencies/due_work.html", _due_block),
    ):
        register_section(app, Section("my_work", name, order, template, build, Permission.WORK_OWN))
    register_section(
        app,
        Section("my_work", "agreements", 13, "agencies/waiting_work.html", _waiting_block, Permission.ADMIN_AGREEMENTS),
    )
    register_waiting(app, _tell_waiting)
    register_kind(
        app,
        Kind(
            WAITS,
            "An information-sharing agreement waits for a second person to approve it.",
            permitted=lambda actor, _subject: actor.holds(Permission.ADMIN_AGREEMENTS),
            page=lambda ref: url_for("agencies.agency", ref=ref),
        ),
    )
    for days, kind in agreements_due.STAGES.items():
        register_kind(
            app,
            Kind(
                kind,
                agreements_due.SENTENCES[days],
                permitted=lambda actor, _subject: actor.holds(Permission.ADMIN_AGREEMENTS),
                page=lambda ref: url_for("agencies.agency", ref=ref),
            ),
        )


def _tell_waiting(by: Actor, agency_ref: str) -> None:
    for user_id in holders({Role.ADMIN, Role.INFORMATION_GOVERNANCE}):
        if user_id != by.user_id and not by.is_system:
            queue(WAITS, user_id, agency_ref)


def _waiting_block(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    rows = list_waiting(actor)
    return {"rows": rows} if rows else None


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
    rows = list_due(None if everyone else actor.agency_ids)
    return {"due": rows, "can_open": actor.holds(Permission.ADMIN_AGREEMENTS), "column": "aside"} if rows else None
