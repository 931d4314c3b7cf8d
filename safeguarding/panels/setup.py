"""What the panels register when the application is built. Each line stands for a module with routes or sections."""

from flask import Flask, url_for

from safeguarding.access.permissions import Permission
from safeguarding.accounts.sessions import set_presence
from safeguarding.agencies.held_back import register_check
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.panels import day_work, work
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.copying import refuse_about_person
from safeguarding.panels.presence import held_until
from safeguarding.panels.queries.panels import list_desks
from safeguarding.panels.service.chasing import REMINDED
from safeguarding.panels.views import (
    agenda,
    attending,
    decisions,
    live,
    meetings,
    minutes,
    recording,
    returns,
    running,
)
from safeguarding.referrals.desks import set_desks
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

VIEWS = (
    agenda,
    meetings,
    returns,
    live,
    running,
    recording,
    attending,
    decisions,
    minutes,
)  # imported for their routes
SECTIONS = (
    Section("my_work", "meetings", 10, "panels/work_meeting.html", work.next_meeting, Permission.MEETING_READ),
    Section("my_work", "returns", 12, "panels/work_returns.html", work.returns_to_answer, Permission.RETURN_ANSWER),
    Section("my_work", "meetings_now", 5, "panels/work_now.html", day_work.meetings_now, Permission.MEETING_READ),
    Section("meeting", "live", 0, "panels/live_section.html", day_work.on_meeting, Permission.MEETING_READ),
    Section("case", "decisions", 40, "panels/decision_section.html", day_work.about_case, Permission.CASE_READ),
    Section("person", "decisions", 40, "panels/decision_section.html", day_work.about_person, Permission.PERSON_READ),
    Section("referral", "agenda", 10, "panels/referral_place.html", work.referral_place, Permission.REFERRAL_READ),
)


def init_panels(app: Flask) -> None:
    """Register the pages of the panels, and what the panels show on the pages of others."""
    app.register_blueprint(blueprint)
    set_desks(app, list_desks)
    set_presence(app, held_until)
    register_check(app, refuse_about_person)
    register_entry(app, Entry("Meetings", "panels.index", 10, Permission.MEETING_READ, ("/panels",)))
    register_kind(
        app,
        Kind(
            REMINDED,
            "A panel reminds your agency of what it was asked.",
            permitted=lambda actor, _subject: actor.holds(Permission.RETURN_ANSWER),
            page=lambda _subject: url_for("panels.returns"),
        ),
    )
    for section in SECTIONS:
        register_section(app, section)
