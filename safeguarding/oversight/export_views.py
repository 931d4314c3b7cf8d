"""Pages of exports of who looked: ask, agree, take the file once."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, flash, render_template, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError, RuleError
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.oversight import export_queries, exports, queries
from safeguarding.oversight.forms import ExportForm
from safeguarding.oversight.views import SPAN, anchors
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, fresh_factor, permission

blueprint = Blueprint("exports", __name__, url_prefix="/audit")


def init_exports(app: Flask) -> None:
    """Register the pages and the notice."""
    app.register_blueprint(blueprint)
    register_kind(
        app,
        Kind(
            exports.ASKED,
            "An export of the audit waits for somebody to agree.",
            permitted=export_queries.is_wanted,
            page=lambda _subject: url_for("exports.index"),
        ),
    )


@blueprint.route("/subjects/<string:ref>/export", methods=["GET", "POST"])
@permission(Permission.AUDIT_READ)
def ask(ref: str) -> Any:
    """Ask for a file of who looked at one record."""
    actor, subject = current_actor(), queries.any_reference(ref)
    if subject is None:
        raise NotFoundError
    today = clock.today()
    form = ExportForm(start=today - SPAN, end=today)
    if form.validate_on_submit():
        form.claim(actor.key)
        try:
            exports.ask_export(
                actor,
                subject,
                form.start.data or today - timedelta(days=1),
                form.end.data or today,
                form.purpose.data or "",
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash(
                "Asked. Somebody else of information governance or an auditor agrees; then you take the file.",
                "success",
            )
            return pages.to("exports.index")
    return pages.form_page("oversight/export_ask.html", form, subject=subject)


@blueprint.get("/exports")
@permission(Permission.AUDIT_READ)
def index() -> str:
    """Show the exports that were asked for."""
    actor = current_actor()
    rows = export_queries.list_exports(actor)
    audit.record_read("oversight:exports:listed", actor, None, exports=[row.ref for row in rows])
    return render_template(
        "oversight/exports.html", rows=rows, me=actor.user_id, now=clock.now(), is_over=export_queries.is_over
    )


@blueprint.post("/exports/<string:ref>/<any('agree','decline'):what>")
@permission(Permission.AUDIT_READ)
@fresh_factor
def decide(ref: str, what: str) -> Any:
    """Agree to somebody else's export, or decline it."""
    try:
        exports.decide_export(current_actor(), ref, agree=what == "agree")
    except RuleError as error:
        flash(error.message, "notice")
    else:
        flash("Agreed." if what == "agree" else "Declined.", "success")
    return pages.to("exports.index")


@blueprint.post("/exports/<string:ref>/take")
@permission(Permission.AUDIT_READ)
@fresh_factor
def take(ref: str) -> Any:
    """Send the file to whoever asked for it, once."""
    try:
        taken = exports.take_export(current_actor(), ref, anchors())
    except RuleError as error:
        flash(error.message, "notice")
        return pages.to("exports.index")
    response = Response(taken.content, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{taken.name}"'
    return response
