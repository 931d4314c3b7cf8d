"""What referrals register when the application is built."""

from flask import Flask, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.referrals import work
from safeguarding.referrals.blueprint import blueprint
from safeguarding.referrals.queries import access_referral
from safeguarding.referrals.told import URGENT
from safeguarding.referrals.views import making, screening
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

VIEWS = (making, screening)  # imported for their routes


def init_referrals(app: Flask) -> None:
    """Register the pages, their place in the navigation, and what referrals show on the pages of others."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Referrals", "referrals.index", 20, Permission.REFERRAL_MAKE, ("/referrals",)))
    register_kind(app, Kind(URGENT, "An urgent referral waits to be screened.", permitted=_may_be_told, page=_page_of))
    for section in (
        Section(
            "my_work", "referrals_urgent", 1, "referrals/work_urgent.html", work.urgent, Permission.REFERRAL_SCREEN
        ),
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
        Section("case", "referrals", 60, "referrals/about_group.html", work.about_group, Permission.REFERRAL_READ),
        Section(
            "context", "referrals", 60, "referrals/about_context.html", work.about_context, Permission.REFERRAL_READ
        ),
    ):
        register_section(app, section)


def _may_be_told(actor: Actor, subject: str | None) -> bool:
    try:
        access_referral(actor, subject or "", Permission.REFERRAL_SCREEN)
    except (NotFoundError, ForbiddenError):
        return False
    return True


def _page_of(subject: str | None) -> str:
    return url_for("referrals.referral", ref=subject)
