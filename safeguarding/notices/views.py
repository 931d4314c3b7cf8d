"""Pages of notices: a person's own list, and the newest of it on their first page."""

from typing import Any

from flask import Blueprint, Flask, flash, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.notices import queries, service
from safeguarding.web import pages
from safeguarding.web.forms import Form
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.sections import Section, register_section

blueprint = Blueprint("notices", __name__)
ON_FIRST_PAGE = 3


def init_notices(app: Flask) -> None:
    """Register the pages and the block of the first page."""
    app.register_blueprint(blueprint)
    register_section(app, Section("my_work", "notices", 5, "notices/work.html", _work_block, Permission.WORK_OWN))


@blueprint.get("/notices")
@permission(Permission.WORK_OWN)
def index() -> str:
    """List the actor's own notices."""
    actor = current_actor()
    found = queries.list_notices(actor, before=request.args.get("before"))
    shown = found[: queries.PAGE]
    audit.record_read("notices:list:shown", actor, None, shown=[line.ref for line in shown])
    older = url_for("notices.index", before=shown[-1].ref) if len(found) > queries.PAGE else None
    return render_template(
        "notices/index.html", notices=shown, older=older, form=Form(), has_new=any(line.is_new for line in shown)
    )


@blueprint.post("/notices/seen")
@permission(Permission.WORK_OWN)
def mark_seen() -> BaseResponse:
    """Note that the actor has seen them all."""
    service.mark_seen(current_actor())
    flash("All notices are marked as seen.", "success")
    return pages.to("notices.index")


def _work_block(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    found = queries.list_notices(actor, unseen=True, limit=ON_FIRST_PAGE)
    if not found:
        return None
    return {"notices": found[:ON_FIRST_PAGE], "more": len(found) > ON_FIRST_PAGE, "column": "aside"}
