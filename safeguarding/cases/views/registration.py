"""What `create_app` registers of this package: pages, navigation, and what other pages show of cases."""

from typing import Any

from flask import Flask, url_for

from safeguarding.access.actor import HUB_PRINCIPAL, Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.leaving import register_leaving
from safeguarding.actions.due import Due
from safeguarding.cases import queries, restricted_queries, words
from safeguarding.cases.service import end_unborne
from safeguarding.cases.views import changing, conflicts, record, restricting, updates
from safeguarding.cases.views.blueprint import blueprint
from safeguarding.cases.workflow import LIVE
from safeguarding.core import clock
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

UNLED = 5
PAGES = (changing, conflicts, record, restricting, updates)


def init_cases(app: Flask) -> None:
    """Register the package."""
    app.register_blueprint(blueprint)
    register_leaving(app, end_unborne)
    # Whoever may read a case in an emergency alone has no list of cases, and finds nobody by name either.
    register_entry(app, Entry("Cases", "cases.index", 25, Permission.PERSON_SEARCH, ("/cases",)))
    register_entry(
        app, Entry("Restricted", "cases.restrictions", 87, Permission.RESTRICTION_AGREE, ("/cases/restrictions",))
    )
    register_section(
        app,
        Section(
            "my_work", "restrictions", 15, "cases/restrictions_work.html", _restrictions, Permission.RESTRICTION_AGREE
        ),
    )
    register_section(app, Section("my_work", "unled", 25, "cases/unled_work.html", _unled, Permission.CASE_READ))
    register_section(app, Section("my_work", "cases", 30, "cases/work.html", _work, Permission.CASE_UPDATE))
    register_section(app, Section("person", "cases", 10, "cases/section.html", _about_person, Permission.CASE_READ))
    register_section(app, Section("context", "cases", 70, "cases/section.html", _about_context, Permission.CASE_READ))


def _work(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    rows = queries.list_to_update(actor)
    return {"rows": rows[:10], "has_more": len(rows) > 10, "words": words, "today": clock.today()}


def _restrictions(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return how many restrictions wait for a second person, for whoever may be one."""
    waiting = len(restricted_queries.list_restrictions(actor))
    return {"waiting": waiting} if waiting else None


def _unled(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return the live cases that nobody leads, for the safeguarding lead and for the officers of a panel."""
    if HUB_PRINCIPAL not in actor.principals and not actor.holds(Permission.AGENDA_BUILD):
        return None
    rows = queries.list_unled(actor, UNLED + 1)
    if not rows:
        return None
    shown = [{"name": queries.name_of(row), **row._asdict()} for row in rows[:UNLED]]
    return {"rows": shown, "has_more": len(rows) > UNLED, "may_allocate": HUB_PRINCIPAL in actor.principals}


def _about_person(actor: Actor, subject: Any) -> dict[str, Any] | None:
    rows = queries.list_about(actor, "person", subject.id)
    live = [row for row in rows if row.state in LIVE]
    model: dict[str, Any] = {
        "heading": "Cases",
        "rows": rows,
        "words": words,
        "going_on": [row.going_on for row in live],
        "due": [
            Due(row.next_review_on, "Review the case", url_for("cases.case", ref=row.ref))
            for row in live
            if row.next_review_on
        ],
    }
    writable = next((row for row in live if row.may_update), None)
    if writable is not None:
        model["primary"] = ("Log an update", url_for("cases.update", ref=writable.ref))
    elif not live and actor.may(Permission.CASE_OPEN, getattr(subject, "relations", ())):
        model["primary"] = ("Open a case", url_for("cases.open_case", kind="person", ref=subject.ref))
    return model


def _about_context(actor: Actor, subject: Any) -> dict[str, Any] | None:
    rows = queries.list_about(actor, "context", subject.id)
    if not rows:
        return None
    return {"heading": "Cases about this place", "rows": rows, "words": words}
