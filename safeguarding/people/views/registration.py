"""What `create_app` registers of this package: pages, navigation, and how actions name a person."""

from flask import Flask

from safeguarding.access.permissions import Permission
from safeguarding.actions.models import ActionSubject
from safeguarding.actions.subjects import SubjectNames, register_subject
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.people.models import Person
from safeguarding.people.possible import SAME
from safeguarding.people.sealed.views import init_sealed
from safeguarding.people.views import adding, editing, possible, record, sealed, searching
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

PAGES = (searching, adding, record, editing, sealed, possible)


def init_people(app: Flask) -> None:
    """Register the package."""
    app.register_blueprint(blueprint)
    init_sealed(app)
    register_entry(app, Entry("Young people", "people.search", 30, Permission.PERSON_SEARCH, ("/people",)))
    register_section(
        app, Section("my_work", "possible", 45, "people/possible_work.html", possible.work, Permission.PERSON_MATCH)
    )
    register_kind(
        app,
        Kind(
            SAME,
            "A record that you work on was found to be about the same young person as another one. Speak to the "
            "safeguarding lead about joining them.",
            lambda actor, _subject: actor.holds(Permission.PERSON_READ),
            lambda ref: f"/people/{ref}",
        ),
    )
    register_subject(
        app,
        SubjectNames(
            kind=ActionSubject.PERSON,
            table=Person.__table__,
            id=Person.id,
            name=Person.given_name + " " + Person.family_name,
            ref=Person.ref,
            permission=Permission.PERSON_READ,
            endpoint="people.person",
        ),
    )
