"""What `create_app` registers of this package: pages, navigation, and what other pages show of places."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.actions.models import ActionSubject
from safeguarding.actions.subjects import SubjectNames, register_subject
from safeguarding.contexts import queries, words
from safeguarding.contexts.models import Context
from safeguarding.contexts.views import changing, listing, record, sealed
from safeguarding.contexts.views.blueprint import blueprint
from safeguarding.core import clock
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

PAGES = (listing, record, changing, sealed)  # imported for their routes
SHOWN = 10


def init_contexts(app: Flask) -> None:
    """Register the package."""
    app.register_blueprint(blueprint)
    sealed.register_informant()
    register_entry(app, Entry("Places", "contexts.index", 35, Permission.CONTEXT_READ, ("/contexts",)))
    register_entry(app, Entry("Places", "contexts.counts", 35, Permission.CONTEXT_COUNTS, ("/contexts",)))
    register_section(app, Section("my_work", "contexts", 35, "contexts/work.html", _work, Permission.CONTEXT_REVIEW))
    _register_names(app)


def _register_names(app: Flask) -> None:
    """Name the places that actions are about. A restricted one is named nowhere but on its own page."""
    named = (
        select(Context.id, Context.ref, Context.name).where(Context.is_restricted.is_(False)).subquery("named_place")
    )
    register_subject(
        app,
        SubjectNames(
            kind=ActionSubject.CONTEXT,
            table=named,
            id=named.c.id,
            name=named.c.name,
            ref=named.c.ref,
            permission=Permission.CONTEXT_READ,
            endpoint="contexts.context",
        ),
    )


def _work(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    due, rose = queries.list_to_review(actor, SHOWN)
    if not due and not rose:
        return None
    return {"due": due[:SHOWN], "has_more": len(due) > SHOWN, "rose": rose, "words": words, "today": clock.today()}
