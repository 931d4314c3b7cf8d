"""Whatever is done to the log behind the service's back, `flask audit verify` says so and names the first bad row."""

# ruff: noqa: S608 - the statements are put together from this file alone
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, text

from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent
from safeguarding.audit.service import GENESIS, chain_hash
from safeguarding.audit.verify import anchor, anchor_file, walk_stretch
from safeguarding.core import clock
from safeguarding.core.database import writing
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM
from tests.support.databases import by_owner

EVENTS, ANCHORED = 9, 6
COLUMNS = "at, event, actor, agency, subject, request_id, detail, previous, hash"
Rows = list[dict[str, Any]]
Tampering = Callable[[Connection, Rows], None]


@pytest.fixture
def log(app: Flask) -> Flask:
    """A log of nine events, whose head was anchored after the sixth."""
    with app.app_context():
        for number in range(1, EVENTS + 1):
            with unit_of_work():
                audit.record(f"test:thing:done_{number}", SYSTEM, "CA-TEST", number=number)
            if number == ANCHORED:
                anchor(anchor_file(app.extensions["settings"].data))
                db.session.rollback()
        db.session.remove()
    return app


def tampered(app: Flask, tampering: Tampering) -> tuple[int, dict[str, Any]]:
    """Change the log as the owner of the tables would, triggers off, and return what the command says."""
    with app.app_context():
        rows = [
            dict(row._mapping)
            for row in db.session.execute(db.select(*AuditEvent.__table__.columns).order_by(AuditEvent.seq))
        ]
        db.session.remove()
    with by_owner(app) as engine, writing(), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        tampering(connection, rows)
        connection.commit()
    result = app.test_cli_runner().invoke(args=["audit", "verify", "--json"])
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def run(*statements: str) -> Tampering:
    def tampering(connection: Connection, _rows: Rows) -> None:
        for statement in statements:
            connection.execute(text(statement))

    return tampering


def shift(connection: Connection, first: int, by: int) -> None:
    """Move all rows from one on by a place, one after the other."""
    for seq in sorted(range(first, EVENTS + 1), reverse=by > 0):
        connection.execute(text("UPDATE audit_event SET seq = :to WHERE seq = :seq"), {"to": seq + by, "seq": seq})


def take_out_and_close_up(connection: Connection, _rows: Rows) -> None:
    connection.execute(text("DELETE FROM audit_event WHERE seq = 3"))
    shift(connection, 4, -1)


def put_between(connection: Connection, _rows: Rows) -> None:
    shift(connection, 4, 1)
    connection.execute(
        text(
            f"INSERT INTO audit_event (seq, {COLUMNS}) SELECT 4, at, 'test:thing:never', actor, agency, subject, "
            f"request_id, detail, hash, '{'a' * 64}' FROM audit_event WHERE seq = 3"
        )
    )


def repeat_a_row(connection: Connection, _rows: Rows) -> None:
    shift(connection, 4, 1)
    connection.execute(
        text(f"INSERT INTO audit_event (seq, {COLUMNS}) SELECT 4, {COLUMNS} FROM audit_event WHERE seq = 2")
    )


def exchange(one: int, other: int) -> Tampering:
    return run(
        f"UPDATE audit_event SET seq = 1000 WHERE seq = {one}",
        f"UPDATE audit_event SET seq = {one} WHERE seq = {other}",
        f"UPDATE audit_event SET seq = {other} WHERE seq = 1000",
    )


def write_anew(first: int, key: Callable[[dict[str, Any]], str]) -> Tampering:
    """Change one event and work out every hash from it on, the head's too: what somebody careful would do."""

    def tampering(connection: Connection, rows: Rows) -> None:
        previous = rows[first - 2]["hash"] if first > 1 else GENESIS
        for row in rows[first - 1 :]:
            event = "test:thing:other" if row["seq"] == first else row["event"]
            new = {**row, "event": event, "previous": previous}
            new["hash"] = previous = key(new)
            connection.execute(
                text("UPDATE audit_event SET event = :event, previous = :previous, hash = :hash WHERE seq = :seq"),
                {name: new[name] for name in ("event", "previous", "hash", "seq")},
            )
        connection.execute(text("UPDATE audit_head SET hash = :hash"), {"hash": previous})

    return tampering


def other_key(row: dict[str, Any]) -> str:
    return chain_hash({**row, "detail": f"with another key {row['detail']}"})


TAMPERINGS: list[tuple[str, Tampering, int, str]] = [
    ("edited", run("UPDATE audit_event SET actor = 'user:other' WHERE seq = 3"), 3, "edited"),
    ("edited last", run("UPDATE audit_event SET detail = '{}' WHERE seq = 9"), 9, "edited"),
    ("edited first", run("UPDATE audit_event SET subject = NULL WHERE seq = 1"), 1, "edited"),
    ("deleted", run("DELETE FROM audit_event WHERE seq = 3"), 3, "deleted"),
    ("deleted first", run("DELETE FROM audit_event WHERE seq = 1"), 1, "deleted"),
    ("deleted and closed up", take_out_and_close_up, 3, "deleted"),
    ("inserted", put_between, 4, "inserted"),
    ("repeated", repeat_a_row, 4, "inserted"),
    ("swapped", exchange(3, 4), 3, "swapped"),
    ("swapped far apart", exchange(2, 7), 2, "swapped"),
    ("truncated", run("DELETE FROM audit_event WHERE seq > 7"), 8, "truncated"),
    (
        "truncated with its head, before the anchor",
        run(
            "DELETE FROM audit_event WHERE seq > 4",
            "UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit_event WHERE seq = 4)",
        ),
        5,
        "truncated",
    ),
    ("emptied", run("DELETE FROM audit_event", f"UPDATE audit_head SET seq = 0, hash = '{GENESIS}'"), 1, "truncated"),
    ("rewritten with the key", write_anew(1, chain_hash), ANCHORED, "rewritten"),
    ("rewritten from the middle with the key", write_anew(4, chain_hash), ANCHORED, "rewritten"),
    ("rewritten without the key", write_anew(2, other_key), 2, "rewritten"),
]


def test_an_untouched_log_is_whole(log: Flask) -> None:
    exit_code, said = tampered(log, run())
    assert exit_code == 0
    assert said["ok"] is True
    assert (said["checked"], said["anchors"], said["first_bad"]) == (EVENTS, {"matched": 1, "missing": 0}, None)


@pytest.mark.parametrize(
    ("tampering", "seq", "kind"), [each[1:] for each in TAMPERINGS], ids=[e[0] for e in TAMPERINGS]
)
def test_each_tampering_is_named_with_its_first_bad_row(log: Flask, tampering: Tampering, seq: int, kind: str) -> None:
    exit_code, said = tampered(log, tampering)
    assert exit_code == 1
    assert (said["ok"], said["first_bad"]) == (False, {"seq": seq, "kind": kind})


def test_without_an_anchor_a_log_rewritten_with_the_key_would_pass(log: Flask) -> None:
    """The reason for anchors, kept off this machine: the chain alone cannot tell."""
    anchor_file(log.extensions["settings"].data).unlink()
    exit_code, said = tampered(log, write_anew(1, chain_hash))
    assert (exit_code, said["ok"]) == (0, True)


@pytest.mark.parametrize(
    "forge",
    [
        lambda line: line.replace('"seq":6', '"seq":5'),
        lambda line: line.replace('"signature":"', '"signature":"0'),
        lambda line: line + '{"seq":9,"hash":"' + "f" * 64 + '","at":"2026-11-23T10:00:00+00:00"}\n',
        lambda line: line + "{ broken\n",
        lambda line: line + "[]\n",
    ],
)
def test_an_anchor_that_is_not_ours_is_said(log: Flask, forge: Callable[[str], str]) -> None:
    kept = anchor_file(log.extensions["settings"].data)
    kept.write_text(forge(kept.read_text()))
    exit_code, said = tampered(log, run())
    assert (exit_code, said["ok"], said["first_bad"], said["anchors"]["missing"]) == (1, False, None, 1)
    plain = log.test_cli_runner().invoke(args=["audit", "verify"])
    assert "1 lines of the anchor file are NOT" in plain.stdout


def test_anchors_that_are_no_longer_kept_raise_an_alarm(log: Flask) -> None:
    verify = ["audit", "verify", "--anchored-within", "1"]
    assert log.test_cli_runner().invoke(args=verify).exit_code == 0
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert log.test_cli_runner().invoke(args=verify).exit_code == 2
    anchor_file(log.extensions["settings"].data).unlink()
    assert log.test_cli_runner().invoke(args=verify).exit_code == 2


@pytest.mark.parametrize(
    ("statement", "first", "bad"),
    [
        (None, 3, None),
        ("UPDATE audit_event SET subject = 'CA-OTHER' WHERE seq = 5", 3, 5),
        ("UPDATE audit_event SET subject = 'CA-OTHER' WHERE seq = 9", 7, 9),
        ("UPDATE audit_event SET subject = 'CA-OTHER' WHERE seq = 2", 7, None),  # before what is shown, and the copy
        ("DELETE FROM audit_event WHERE seq = 7", 6, 7),
        ("DELETE FROM audit_event WHERE seq = 9", 7, 9),
    ],
)
def test_a_page_walks_what_it_shows_on_to_the_copy_kept_outside(
    log: Flask, statement: str | None, first: int, bad: int | None
) -> None:
    if statement is not None:
        tampered(log, run(statement))
    with log.app_context():
        walked = walk_stretch(first, EVENTS, anchor_file(log.extensions["settings"].data))
    assert (walked.bad, walked.first, walked.last) == (bad, min(first, ANCHORED), EVENTS)
    assert walked.anchored
    assert walked.joined
