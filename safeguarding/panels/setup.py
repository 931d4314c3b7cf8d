"""What the panels register when the application is built. Each line stands for a module with routes or sections."""

from flask import Flask

from safeguarding.access.permissions import Permission
from safeguarding.panels import work
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.queries.panels import list_desks
from safeguarding.panels.views import agenda, meetings, returns
from safeguarding.referrals.desks import set_desks
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

VIEWS = (agenda, meetings, returns)  # imported for their routes
SECTIONS = (
    Section("my_work", "meetings", 10, "panels/work_meeting.html", work.next_meeting, Permission.MEETING_READ),
    Section("my_work", "returns", 12, "panels/work_returns.html", work.returns_to_answer, Permission.RETURN_ANSWER),
    Section("referral", "agenda", 10, "panels/referral_place.html", work.referral_place, Permission.REFERRAL_READ),
)


def init_panels(app: Flask) -> None:
    """Register the pages of the panels, and what the panels show on the pages of others."""
    app.register_blueprint(blueprint)
    set_desks(app, list_desks)
    register_entry(app, Entry("Meetings", "panels.index", 10, Permission.MEETING_READ, ("/panels",)))
    for section in SECTIONS:
        register_section(app, section)
