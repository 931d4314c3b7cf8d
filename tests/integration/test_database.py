"""Transactions as each database keeps them: no write lost, the queue given up, connections thrown away after an error."""

import threading
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent, AuditHead
from safeguarding.audit.verify import verify
from safeguarding.core.database import writing
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM
from tests.support.databases import by_owner, dispose

WRITERS, EACH = 6, 15


def test_writers_at_once_lose_nothing_and_the_chain_does_not_fork(app: Flask) -> None:
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(EACH):
                with app.app_context(), unit_of_work():
                    audit.record("test:thing:done", SYSTEM)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with app.app_context():
        assert db.session.query(AuditEvent).count() == WRITERS * EACH
        assert verify(Path("nowhere")).ok


def test_a_unit_of_work_that_fails_leaves_neither_change_nor_event(in_app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        audit.record("test:thing:done", SYSTEM)
        raise ZeroDivisionError
    with unit_of_work():
        audit.record("test:other:done", SYSTEM)
    assert list(db.session.scalars(db.select(AuditEvent.event))) == ["test:other:done"]


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_after_an_error_of_the_disk_the_next_writer_gets_its_turn(in_app: Flask) -> None:
    with writing():
        db.session.execute(text("SELECT 1"))
        connection = db.session.connection()
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(OperationalError):
            connection.exec_driver_sql("CREATE TABLE filler AS SELECT randomblob(10000000) AS bytes")
        db.session.rollback()
    with unit_of_work():
        audit.record("test:thing:done", SYSTEM)
    assert db.session.scalar(db.select(AuditHead.seq)) == 1


def _asked_often(times: int = 5) -> int:
    """Ask the same several times, each in a reading of its own; return how many statements the server keeps prepared."""
    for _ in range(times):
        db.session.execute(text("SELECT seq FROM audit_event WHERE seq = :seq"), {"seq": 1})
        db.session.rollback()
    kept = db.session.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one()
    db.session.rollback()
    return int(kept)


@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_readings_that_end_keep_what_was_prepared_and_take_back_what_was_written(in_app: Flask) -> None:
    assert _asked_often() > 0
    with writing():
        db.session.execute(text("INSERT INTO throttle VALUES ('x', 1, now(), now())"))
        db.session.rollback()
        assert db.session.execute(text("SELECT count(*) FROM throttle")).scalar_one() == 0
        db.session.rollback()


@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_after_an_error_nothing_prepared_is_kept_and_all_goes_on(in_app: Flask) -> None:
    dispose(in_app)  # connections outlive tests here, and what they prepared
    assert _asked_often() > 0
    with pytest.raises(Exception, match="no_such_table"):
        db.session.execute(text("SELECT 1 FROM no_such_table"))
    db.session.rollback()
    assert db.session.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0
    db.session.rollback()
    assert _asked_often() > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET event = 'x'",
        "DELETE FROM audit_event",
        "INSERT INTO audit_event (seq, at, event, actor, detail, previous, hash) "
        "SELECT seq + 7, at, event, actor, detail, previous, hash FROM audit_event",
    ],
)
def test_the_database_itself_refuses_to_change_the_audit(in_app: Flask, statement: str) -> None:
    with unit_of_work():
        audit.record("test:thing:done", SYSTEM)
    db.session.remove()
    refused = pytest.raises(Exception, match="append-only|not the next row")
    with by_owner(in_app) as engine, refused, writing(), engine.begin() as connection:
        connection.execute(text(statement))
    assert verify(Path("nowhere")).ok


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_replace_does_not_pass_the_triggers(in_app: Flask) -> None:
    with unit_of_work():
        audit.record("test:thing:done", SYSTEM)
    with pytest.raises(Exception, match="append-only|not the next row"), unit_of_work():
        db.session.execute(text("REPLACE INTO audit_event SELECT seq, at, 'x', actor, agency, subject, request_id, "
                                "detail, previous, hash FROM audit_event"))  # fmt: skip


@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_truncate_does_not_pass_the_triggers(in_app: Flask) -> None:
    with by_owner(in_app) as engine, pytest.raises(Exception, match="append-only"), engine.begin() as connection:
        connection.execute(text("TRUNCATE audit_event"))


def tamper(app: Flask, *statements: str) -> None:
    """Change the audit behind the triggers, as somebody with the file would."""
    with by_owner(app) as engine, engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            triggers = [
                row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            ]
            for name in triggers:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


@pytest.mark.parametrize(
    ("statements", "seq", "kind"),
    [
        (["UPDATE audit_event SET actor = 'user:other' WHERE seq = 3"], 3, "edited"),
        (["DELETE FROM audit_event WHERE seq = 3"], 3, "deleted"),
        (["DELETE FROM audit_event WHERE seq = 5"], 5, "truncated"),
        (
            [
                "UPDATE audit_event SET seq = 103 WHERE seq = 3",
                "UPDATE audit_event SET seq = 3 WHERE seq = 4",
                "UPDATE audit_event SET seq = 4 WHERE seq = 103",
            ],
            3,
            "swapped",
        ),
    ],
)
def test_verify_names_the_first_bad_row(in_app: Flask, statements: list[str], seq: int, kind: str) -> None:
    for number in range(5):
        with unit_of_work():
            audit.record(f"test:thing:done_{number}", SYSTEM)
    db.session.remove()
    tamper(in_app, *statements)
    assert verify(Path("nowhere")).first_bad == (seq, kind)
