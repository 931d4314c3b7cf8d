"""What `create_app` registers of this package: pages, navigation, and how actions name a person."""

from flask import Flask

from safeguarding.access.permissions import Permission
from safeguarding.actions.models import ActionSubject
from safeguarding.actions.subjects import SubjectNames, register_subject
from safeguarding.people.models import Person
from safeguarding.people.views import adding, editing, record, searching
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web.navigation import Entry, register_entry

PAGES = (searching, adding, record, editing)


def init_people(app: Flask) -> None:
    """Register the package."""
    app.register_blueprint(blueprint)
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
