"""What `create_app` registers of this package: pages, navigation, and how actions name a person."""

from flask import Flask

from safeguarding.access.permissions import Permission
from safeguarding.actions.models import ActionSubject
from safeguarding.actions.subjects import SubjectNames, register_subject
from safeguarding.people.models import Person
from safeguarding.people.sealed.views import init_sealed
from safeguarding.people.views import adding, editing, record, sealed, searching
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web.navigation import Entry, register_entry

PAGES = (searching, adding, record, editing, sealed)


def init_people(app: Flask) -> None:
    """Register the package."""
    app.register_blueprint(blueprint)
    init_sealed(app)
    register_entry(app, Entry("Young people", "people.search", 30, Permission.PERSON_SEARCH, ("/people",)))
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
