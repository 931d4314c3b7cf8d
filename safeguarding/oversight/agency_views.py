"""The page on which an agency's contact sees what its own people opened."""

import re

from flask import Blueprint, Flask, render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.oversight import agency_looks
from safeguarding.oversight.events import deed
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry

blueprint = Blueprint("agency_looks", __name__, url_prefix="/agency-looks")


def init_agency_looks(app: Flask) -> None:
    """Register the page and its place in the navigation."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Who looked", "agency_looks.index", 86, Permission.LOOKS_OF_AGENCY, ("/agency-looks",)))


@blueprint.get("")
@permission(Permission.LOOKS_OF_AGENCY)
def index() -> str:
    """Show what the people of one's own agency opened, the newest first."""
    actor, asked = current_actor(), request.args.get("page", "")
    page = int(asked) if re.fullmatch(r"[1-9][0-9]{0,5}", asked) else 1
    found = agency_looks.list_of_agency(actor, page)
    shown = found[: agency_looks.PAGE]
    span = {"newest": shown[0].seq, "oldest": shown[-1].seq} if shown else {}
    audit.record_read("oversight:agency:listed", actor, None, count=len(shown), **span)
    older = url_for("agency_looks.index", page=page + 1) if len(found) > len(shown) else None
    return render_template("oversight/agency_looks.html", looks=shown, older=older, deed=deed)
