"""Pages of places: ranked by risk, and one with how its score came about."""

from flask import Blueprint, Flask, render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.contexts import queries
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry

blueprint = Blueprint("contexts", __name__, url_prefix="/contexts")


def init_contexts(app: Flask) -> None:
    """Register the pages and the navigation."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Places", "contexts.index", 35, Permission.CONTEXT_READ, ("/contexts",)))


@blueprint.get("")
@permission(Permission.CONTEXT_READ)
def index() -> str:
    """List places, the highest score first."""
    actor = current_actor()
    rows = queries.list_contexts(actor)
    audit.record_read("contexts:list:shown", actor, None, contexts=[row.ref for row in rows])
    return render_template("contexts/index.html", rows=rows)


@blueprint.get("/<ref>")
@permission(Permission.CONTEXT_READ)
def context(ref: str) -> str:
    """Show one place."""
    actor = current_actor()
    place = queries.access_context(actor, ref)
    audit.record_read("contexts:context:shown", actor, place.ref)
    return render_template("contexts/context.html", place=place)
