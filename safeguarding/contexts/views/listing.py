"""The list of places by risk."""

from flask import render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.contexts import queries
from safeguarding.contexts.views.blueprint import blueprint
from safeguarding.web.guard import current_actor, permission


@blueprint.get("")
@permission(Permission.CONTEXT_READ)
def index() -> str:
    """List places, the highest score first."""
    actor = current_actor()
    rows = queries.list_contexts(actor, queries.Filters())[: queries.PAGE]
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
