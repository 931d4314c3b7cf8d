"""Two people, one connection, errors in between: nobody is ever taken for the other."""

import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from config import Settings
from safeguarding import create_app, registration
from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case, CaseUpdate
from safeguarding.extensions import db
from tests.factories.cases import make_case
from tests.factories.people import PHRASE, Somebody, make_somebody, unit_of_work
from tests.faults.caseload import Caseload
from tests.support.databases import dispose
from tests.support.pages import PageClient

ACTS, WEIGHTS = ("case", "work", "actions", "other", "write"), (18, 18, 40, 20, 4)
FURTHEST = 25  # statements: a request may fail at any of its first ones
MARKS = ("Heron at the weir", "Plover by the lock")  # what each one's case says, and nobody else's page may


class Broken(Exception):
    """An error in the middle of a request."""


@dataclass
class Wire:
    """Breaks a request at its so-many-th statement."""

    left: int | None = None

    def step(self, *_statement: Any) -> None:
        """Count a statement."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Broken


@dataclass(frozen=True)
class Person:
    """One of the two: their browser, their case and the mark that is theirs."""

    who: Somebody
    load: Caseload
    mark: str
    client: PageClient


@pytest.fixture
def alone(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Flask, Wire]]:
    """An application with one connection for everybody, and the wire that breaks its requests."""
    options = registration.engine_options

    def one(url: str, threads: int) -> dict[str, Any]:
        return options(url, threads) | {"pool_size": 1, "max_overflow": 0}

    monkeypatch.setattr(registration, "engine_options", one)
    app, wire = create_app(installation), Wire()
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", wire.step)
    yield app, wire
    dispose(app)


def make_people(app: Flask) -> list[Person]:
    """Make two people of two agencies, each with a case of their own, signed in."""
    made = []
    for mark in MARKS:
        with app.app_context(), unit_of_work():
            who = make_somebody(Role.SOCIAL_WORKER)
            load = Caseload(who, f"/cases/{make_case(who, going_on=mark).ref}")
        client = PageClient(app.test_client())
        assert client.sign_in(who.email, PHRASE).status == 303
        made.append(Person(who, load, mark, client))
    return made


def ask(person: Person, other: Person, wire: Wire, dice: random.Random) -> int:
    """Do something as one of the two, perhaps broken on the way, hold the answer to being theirs, and return how many
    requests it took."""
    [what] = dice.choices(ACTS, WEIGHTS)
    breaks = dice.random() < 0.5
    form = person.load.form(person.client, f"{person.mark}, seen.") if what == "write" else {}
    wire.left = dice.randrange(FURTHEST) if breaks else None
    page = act(person, other, what, form)
    broke = breaks and wire.left is None
    wire.left = None
    text = page.get_data(as_text=True)  # not parsed: of so many, that would be most of the time
    assert other.mark not in text
    assert other.who.name not in text
    if broke:
        assert page.status_code == 500
    elif what == "other":
        assert page.status_code == 404
    elif what == "write":
        assert page.status_code == 303
    else:
        assert page.status_code == 200
        assert person.who.name in text
        assert (person.mark in text) == (what == "case")
    return 2 if what == "write" else 1


def act(person: Person, other: Person, what: str, form: dict[str, Any]) -> TestResponse:
    """Send the request."""
    client, base = person.client.client, PageClient.BASE
    if what == "write":
        return client.post(person.load.add, base_url=base, data=form)
    paths = {"case": person.load.case, "other": other.load.case, "work": "/my-work", "actions": "/actions"}
    return client.get(paths[what], base_url=base)


def check_recorded(app: Flask, people: list[Person]) -> None:
    """Hold what was stored to the one who did it: updates to their author, events about a case to its own worker."""
    with app.app_context():
        owners = {row.ref: row.id for row in db.session.scalars(select(Case))}
        for person in people:
            ref = person.load.case.removeprefix("/cases/")
            updates = db.session.scalars(select(CaseUpdate).where(CaseUpdate.case_id == owners[ref])).all()
            assert {update.author_id for update in updates} == {person.who.id}
            assert {update.what_happened for update in updates} == {f"{person.mark}, seen."}
            events = select(AuditEvent.actor).where(
                AuditEvent.subject == ref, AuditEvent.event.startswith("cases:"), AuditEvent.actor.startswith("user:")
            )
            assert set(db.session.scalars(events)) == {f"user:{person.who.ref}"}


def alternate(app: Flask, wire: Wire, requests: int, seed: int) -> None:
    """Let the two ask in turn, each after the other's errors."""
    people, dice, sent, number = make_people(app), random.Random(seed), 0, 0
    while sent < requests:
        sent += ask(people[number % 2], people[1 - number % 2], wire, dice)
        number += 1
    check_recorded(app, people)


def test_two_people_on_one_connection_are_never_taken_for_each_other(alone: tuple[Flask, Wire]) -> None:
    alternate(*alone, requests=300, seed=2)


@pytest.mark.slow
@pytest.mark.timeout(36_000)
def test_two_people_on_one_connection_for_long(alone: tuple[Flask, Wire]) -> None:
    logging.disable(logging.CRITICAL)  # what pytest keeps of so many requests would fill the memory
    try:
        alternate(*alone, requests=100_000, seed=9)
    finally:
        logging.disable(logging.NOTSET)
