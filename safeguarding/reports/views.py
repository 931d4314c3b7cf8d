"""The page of counts. It shows no name, no reference and no count from which a person could be worked out."""

from flask import Blueprint, Flask, render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.reports import queries
from safeguarding.reports.disclosure import LEAST_POPULATION, THRESHOLD
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry

blueprint = Blueprint("reports", __name__)


def init_reports(app: Flask) -> None:
    """Register the page and its place in the navigation."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Reports", "reports.index", 80, Permission.REPORT_COUNTS, ("/reports",)))


@blueprint.get("/reports")
@permission(Permission.REPORT_COUNTS)
def index() -> str:
    """Show the counts of the last twelve whole months and of today."""
    actor, span = current_actor(), queries.last_twelve_months(clock.today())
    tables = queries.count_tables(actor, span)
    audit.record_read("reports:counts:shown", actor, None, tables=len(tables), first=span.first, end=span.end)
    return render_template("reports/index.html", tables=tables, span=span, threshold=THRESHOLD, least=LEAST_POPULATION)
