"""The pages that say who can see a record and why, and, to those who lead its work, who looked."""

from typing import Any

from flask import Blueprint, Flask, render_template, request

from safeguarding.access.names import RIGHT_NAMES
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ROLE_NAMES
from safeguarding.accounts.queries import staff_choices
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.oversight import explaining, queries, surroundings, what_if, words
from safeguarding.oversight.views import anchors, looks_page, span_asked
from safeguarding.web.guard import current_actor, permission

blueprint = Blueprint("access", __name__, url_prefix="/access")


def init_access_pages(app: Flask) -> None:
    """Register the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/<string:ref>")
@permission(Permission.ACCESS_EXPLAIN)
def record(ref: str) -> Any:
    """Show who can see one record that the actor may open, worked out by what decides every request."""
    actor = current_actor()
    found = explaining.access_record(actor, ref)
    audience = explaining.audience_of(actor, found)
    audit.record_read("oversight:audience:shown", actor, found.ref, count=len(audience.viewers))
    return render_template(
        "oversight/who_can_see.html",
        audience=audience,
        record=found,
        now=clock.now(),
        more=surroundings.surroundings_of(actor, found, audience),
        cells_of=explaining.cells_of,
        taken=sorted((ROLE_NAMES[role], RIGHT_NAMES.get(right, right.value)) for role, right in actor.tightened),
        **_what_if(found),
    )


def _what_if(found: explaining.Record) -> dict[str, Any]:
    """Return what may be asked about a record, what was, and the answer: nothing here changes anything."""
    changes = what_if.changes_of(found)
    asked = request.args.get("change", "")
    change = next((each for each in changes if each == asked), None)
    who = request.args.get("who", type=int)
    outcome = what_if.work_out(found, change, who) if change else None
    needs_somebody = bool(change) and outcome is None
    return {
        "changes": [(each, words.CHANGES[each][0]) for each in changes],
        "asked": change,
        "who": who,
        "staff": staff_choices(),
        "outcome": outcome,
        "outcome_heading": _heading(outcome) if outcome else None,
        "needs_somebody": needs_somebody,
    }


def _heading(outcome: what_if.Outcome) -> str:
    return words.CHANGES[outcome.change][1].format(outcome.about.display_name if outcome.about else "")


@blueprint.get("/<string:ref>/looks")
@permission(Permission.LOOKS_READ)
def looks(ref: str) -> Any:
    """Show who looked at a record, to those who lead its work."""
    actor = current_actor()
    found = explaining.access_record(actor, ref)
    start, end = span_asked()
    seen = queries.looks_at_own(actor, found.ref, found.pairs, start, end, anchors())
    audit.record_read("oversight:looks:shown", actor, found.ref, count=len(seen.entries))
    return looks_page(seen, (), found, may_review=False, lists=False)
