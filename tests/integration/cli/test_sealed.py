"""Keys of sealed values: the raw database and its backup hold no value; a rotation loses none and goes on where it was cut."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text, update

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cli import sealed
from safeguarding.cli.stamp import StampError, check_keys
from safeguarding.contexts.models import Incident
from safeguarding.core import sealing
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.people.sealed.service import seal_person_value
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case
from tests.factories.people import make_somebody
from tests.factories.places import make_context, make_incident
from tests.support.databases import dispose

FIELDS = ("safe_address", "placement", "phone", "email")
CANARIES = {field: f"Canary-{field}-8f3k" for field in FIELDS}
NEW = ("n1", "Xn5sTb7yKc2mRd9gHh4uEa6f3Jq8vW1zL0p")


def fill(count: int = 3) -> None:
    """Seal values of several people, and who told of an incident."""
    with unit_of_work():
        worker, lead = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.LEAD)
        for _ in range(count):
            person = db.session.get_one(Person, make_case(worker).person_id)
            for field, value in CANARIES.items():
                seal_person_value(worker.actor, person, field=field, value=value, read_version=person.version)
        incident = make_incident(lead.actor, make_context())
        place = (incident.source, incident.identity)
        incident.informant = sealing.seal(Incident.informant, place, "Canary-informant-8f3k")


def read_all() -> set[str]:
    """Return every sealed value, opened."""
    rows = db.session.execute(select(Person.ref, *(getattr(Person, field) for field in FIELDS))).all()
    found = {sealing.unseal(getattr(Person, field), row.ref, getattr(row, field)) for row in rows for field in FIELDS}
    for row in db.session.execute(select(Incident.source, Incident.identity, Incident.informant)):
        found.add(sealing.unseal(Incident.informant, (row.source, row.identity), row.informant))
    db.session.rollback()
    return found


def everything() -> str:
    """Return every row of every table as the database gives it to whoever reads it raw."""
    found = []
    with db.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            found += [str(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{name}"'))]  # noqa: S608
    return "\n".join(found)


@pytest.fixture
def rotated(app: Flask, settings: Settings) -> Iterator[Flask]:
    """The same installation with a new key before the old one."""
    made = create_app(replace(settings, sealed_keys=(NEW, *settings.sealed_keys)))
    yield made
    dispose(made)
    sealing.use(sealing.Ring(settings.sealed_keys))


def run(app: Flask, *args: str) -> tuple[int, dict[str, Any]]:
    outcome = app.test_cli_runner().invoke(args=["sealed", *args, "--json"])
    return outcome.exit_code, json.loads(outcome.stdout)


def test_an_installation_is_not_used_with_other_keys_than_its_own(app: Flask, settings: Settings) -> None:
    other = "q7Wn" * 10
    wrong_chain = replace(settings, audit_key=other)
    wrong_seal = replace(settings, sealed_keys=((settings.sealed_keys[0][0], other),))

    def check(these: Settings) -> None:
        made = create_app(these)
        try:
            check_keys(made)
        finally:
            dispose(made)

    try:
        for these in (settings, wrong_chain, wrong_seal):  # nothing is chained or sealed yet: any will do
            check(these)
        create_app(settings)
        with app.app_context():
            fill()
        check(settings)
        with pytest.raises(StampError, match="AUDIT_KEY"):
            check(wrong_chain)
        with pytest.raises(StampError, match="SEALED_KEYS: what was sealed with t1"):
            check(wrong_seal)
        check(replace(settings, sealed_keys=(NEW, *settings.sealed_keys)))  # as a rotation begins
    finally:
        create_app(settings)


def test_nobody_who_reads_the_raw_database_finds_a_value(app: Flask, settings: Settings, tmp_path: Path) -> None:
    with app.app_context():
        fill()
        assert "Canary" not in everything()
        assert read_all() == {*CANARIES.values(), "Canary-informant-8f3k"}
        dialect = db.engine.dialect.name
    if dialect == "sqlite":
        for path in tmp_path.rglob("safeguarding.db*"):
            assert b"Canary" not in path.read_bytes(), path.name
    saved = tmp_path / "saved.backup"
    outcome = app.test_cli_runner().invoke(args=["backup", str(saved), "--json"])
    assert outcome.exit_code == 0, outcome.output
    assert b"Canary" not in saved.read_bytes()


def test_a_rotation_seals_all_with_the_new_key_and_loses_none(app: Flask, settings: Settings, rotated: Flask) -> None:
    with app.app_context():
        sealing.use(sealing.Ring(settings.sealed_keys))
        fill()
        before = read_all()
    sealing.use(sealing.Ring((NEW, *settings.sealed_keys)))
    assert run(rotated, "check") == (0, {"ok": True, "keys": {"n1": 0, "t1": 13}, "broken": 0})
    assert run(rotated, "rotate", "--batch", "2") == (0, {"to": "n1", "rotated": 13, "broken": 0})
    assert run(rotated, "check") == (0, {"ok": True, "keys": {"n1": 13, "t1": 0}, "broken": 0})
    sealing.use(sealing.Ring([NEW]))
    with rotated.app_context():
        assert read_all() == before
        assert "Canary" not in everything()
        events = db.session.scalars(
            select(AuditEvent).where(AuditEvent.event == "sealed:batch:rotated").order_by(AuditEvent.seq)
        ).all()
        details = [json.loads(event.detail) for event in events]
        db.session.rollback()
    assert sum(detail["rotated"] for detail in details) == 13
    assert max(detail["rotated"] for detail in details) == 2
    assert {(detail["after"], *detail["before"]) for detail in details} == {("n1", "t1")}
    assert "Canary" not in str(details)


def test_a_rotation_that_was_cut_off_goes_on(
    app: Flask, settings: Settings, rotated: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        sealing.use(sealing.Ring(settings.sealed_keys))
        fill()
    sealing.use(sealing.Ring((NEW, *settings.sealed_keys)))
    done = iter(range(100))
    batch = sealed._rotate_batch

    def cut(*args: Any) -> Any:
        if next(done) == 2:
            raise KeyboardInterrupt
        return batch(*args)

    with monkeypatch.context() as patched:
        patched.setattr(sealed, "_rotate_batch", cut)
        rotated.test_cli_runner().invoke(args=["sealed", "rotate", "--batch", "2"])
    _code, found = run(rotated, "check")
    assert 0 < found["keys"]["n1"] < 13
    code, rest = run(rotated, "rotate")
    assert (code, rest["rotated"]) == (0, 13 - found["keys"]["n1"])
    with rotated.app_context():
        assert read_all() == {*CANARIES.values(), "Canary-informant-8f3k"}


def test_a_value_that_does_not_open_is_reported_and_left(app: Flask, settings: Settings, rotated: Flask) -> None:
    with app.app_context():
        sealing.use(sealing.Ring(settings.sealed_keys))
        fill(1)
        with unit_of_work():
            stored = db.session.scalar(select(Person.phone))
            db.session.execute(update(Person).values(email=stored))  # another column's value
    sealing.use(sealing.Ring((NEW, *settings.sealed_keys)))
    assert run(rotated, "rotate") == (1, {"to": "n1", "rotated": 4, "broken": 1})
    code, found = run(rotated, "check")
    assert (code, found["ok"], found["broken"]) == (1, False, 1)
