"""What referrals register when the application is built."""

from flask import Flask

from safeguarding.access.permissions import Permission
from safeguarding.referrals import work
from safeguarding.referrals.blueprint import blueprint
from safeguarding.referrals.views import making, screening
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

VIEWS = (making, screening)  # imported for their routes


def init_referrals(app: Flask) -> None:
    """Register the pages, their place in the navigation, and what referrals show on the pages of others."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Referrals", "referrals.index", 20, Permission.REFERRAL_MAKE, ("/referrals",)))
    for section in (
        Section(
            "my_work",
            "referrals_to_screen",
            50,
            "referrals/work_to_screen.html",
            work.to_screen,
            Permission.REFERRAL_SCREEN,
        ),
        Section("my_work", "referrals_made", 51, "referrals/work_mine.html", work.mine, Permission.REFERRAL_MAKE),
        Section("person", "referrals", 30, "referrals/about_person.html", work.about_person, Permission.REFERRAL_READ),
        Section(
            "context", "referrals", 60, "referrals/about_context.html", work.about_context, Permission.REFERRAL_READ
        ),
    ):
        register_section(app, section)
