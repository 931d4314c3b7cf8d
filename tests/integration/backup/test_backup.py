"""A backup made while the service writes can be restored, and says so itself; whatever is not whole is refused."""

import errno
import io
import json
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.accounts.link_models import AccountLink
from safeguarding.accounts.models import UserSession
from safeguarding.audit.models import AuditEvent
from safeguarding.audit.service import sign
from safeguarding.audit.verify import anchor, anchor_file, verify
from safeguarding.cases.models import CaseUpdate
from safeguarding.cli.backups import making, programs
from safeguarding.core import vault
from safeguarding.core.canonical import canonical_json
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.people.models import Person
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_update
from tests.factories.people import Somebody, make_somebody
from tests.integration.backup.conftest import Places
from tests.support.databases import dispose


def flask(settings: Settings, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command with --json and return its exit and what it said."""
    app = create_app(settings)
    try:
        result = app.test_cli_runner().invoke(args=[*arguments, "--json"])
    finally:
        dispose(app)
    lines = result.stdout.splitlines()
    return result.exit_code, json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {"said": result.output}


def backed_up(settings: Settings, path: Path) -> Path:
    exit_code, said = flask(settings, "backup", str(path))
    assert exit_code == 0, said
    return path


def refused(place: Settings, file: Path) -> str:
    """Restore what must be refused, and return why; nothing of it may be left."""
    exit_code, said = flask(place, "restore", str(file), "--into", str(place.data))
    assert exit_code == 1, said
    left = [path.name for path in place.data.rglob("*") if path.is_file() and path.name != "safeguarding.db.queue"]
    assert not [name for name in left if not name.endswith(("-wal", "-shm"))], left
    return str(said["reason"])


def test_a_backup_made_during_writes_is_restored_whole(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    app = create_app(settings)
    with app.app_context():
        anchor(anchor_file(settings.data))
        db.session.rollback()
    stop, written = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            with app.app_context(), unit_of_work():
                somebody = make_somebody(Role.SOCIAL_WORKER)
                make_update(somebody, make_case(somebody))
            written.append(1)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        while len(written) < 2:
            stop.wait(0.05)
        exit_code, said = flask(settings, "backup", str(tmp_path / "kept.backup"))
        before = len(written)
        while len(written) < before + 2:  # what is written afterwards is not in it
            stop.wait(0.05)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
        dispose(app)
    assert exit_code == 0, said
    with places.empty(tmp_path / "restored") as place:
        exit_code, restored = flask(place, "restore", str(tmp_path / "kept.backup"), "--into", str(place.data))
        assert exit_code == 0, restored
        assert restored["rows"] == said["rows"]
        assert restored["audit"]["checked"] == said["head"]
        assert restored["audit"]["anchors"] == {"matched": 1, "missing": 0}
        fresh = create_app(place)
        with fresh.app_context():
            updates = db.session.scalar(select(func.count()).select_from(CaseUpdate)) or 0
            assert 4 <= updates < 2 + len(written)  # no torn pair: every update has its event
            logged = select(func.count()).select_from(AuditEvent).where(AuditEvent.event == "cases:update:logged")
            assert db.session.scalar(logged) == updates
            assert verify(anchor_file(place.data)).ok
            db.session.remove()
        dispose(fresh)


def test_a_restored_installation_has_signed_everybody_out_and_sends_nothing_old(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    file = backed_up(settings, tmp_path / "kept.backup")
    with places.empty(tmp_path / "restored") as place:
        exit_code, said = flask(place, "restore", str(file), "--into", str(place.data))
        assert (exit_code, said["ended"]) == (0, {"sessions": 1, "links": 1, "notices": 1})
        app = create_app(place)
        with app.app_context():
            assert db.session.scalar(select(UserSession.ended_at)) is not None
            assert db.session.scalar(select(AccountLink.used_at)) is not None
            assert db.session.scalar(select(Notice.state)) == "withheld"
            newest = db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()
            assert (newest.event, newest.actor) == ("operations:backup:restored", "system:restore")
            db.session.remove()
        dispose(app)


def test_nothing_in_a_backup_can_be_read_without_the_key(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    app = create_app(settings)
    with app.app_context():
        name = db.session.scalars(select(Person.family_name)).first() or ""
        db.session.remove()
    dispose(app)
    file = backed_up(settings, tmp_path / "kept.backup")
    raw = file.read_bytes()
    assert name
    assert name.encode() not in raw
    assert worker.email.encode() not in raw
    assert b"SQLite format" not in raw and b"PGDMP" not in raw
    assert file.stat().st_mode & 0o077 == 0
    with places.empty(tmp_path / "restored") as place:
        other = replace(place, sealed_keys=(("x9", "another key altogether, of some length"),))
        assert "SEALED_KEYS does not hold" in refused(other, file)


def test_a_damaged_backup_is_refused_and_leaves_nothing(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    file = backed_up(settings, tmp_path / "kept.backup")
    raw = file.read_bytes()
    damaged = {
        "cut": raw[: len(raw) // 2],
        "last piece": raw[:-1],
        "changed": raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:],
        "added": raw + b"x",
    }
    for fault, left in damaged.items():
        file.write_bytes(left)
        with places.empty(tmp_path / fault) as place:
            assert "kept.backup is refused" in refused(place, file), fault


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_copied_database_file_is_no_backup(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    copied = tmp_path / "copied.db"
    shutil.copyfile(settings.data / "safeguarding.db", copied)
    with closing(sqlite3.connect(copied)) as looks_well:
        assert looks_well.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with places.empty(tmp_path / "restored") as place:
        assert "is not a backup" in refused(place, copied)


@pytest.mark.postgresql
@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_a_role_behind_the_wall_makes_no_backup(settings: Settings, worker: Somebody, tmp_path: Path) -> None:
    exit_code, said = flask(replace(settings, database_backup_url=None), "backup", str(tmp_path / "kept.backup"))
    assert exit_code == 1
    assert "does not read past row-level security" in said["said"]
    assert list(tmp_path.glob("*kept*")) == []


@pytest.mark.postgresql
@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_a_copy_that_a_limited_role_made_empty_is_refused(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As pg_dump does when it is told to put up with the wall: it ends well, and the tables behind it are empty.
    monkeypatch.setattr(making, "_need_to_see_everything", lambda _connection: None)
    started = making.subprocess.Popen

    def limited(command: list[str], **options: Any) -> Any:
        return started([*command, "--enable-row-security"], **options)

    monkeypatch.setattr(making.subprocess, "Popen", limited)
    blind = replace(settings, database_backup_url=settings.database_url)
    file = tmp_path / "kept.backup"
    manifest = making.make(blind, file)
    assert manifest.counts["person"] == 0
    assert manifest.counts["relation"] > 0
    monkeypatch.undo()
    with places.empty(tmp_path / "restored") as place:
        assert "could not see them" in refused(place, file)


def test_rows_that_the_manifest_does_not_say_are_refused(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    file = backed_up(settings, tmp_path / "kept.backup")
    with file.open("rb") as source:
        header, content = vault.read(source, settings.sealed_keys)
        whole = b"".join(content)
    length = int.from_bytes(whole[:8], "big")
    inside = json.loads(whole[8 : 8 + length])
    inside["manifest"]["counts"]["case_update"] += 1
    changed = json.dumps(inside).encode()
    out = io.BytesIO()
    plain = {name: header[name] for name in ("database", "mode", "made_at")}
    vault.write(out, settings.sealed_keys[0], plain, [len(changed).to_bytes(8, "big"), changed, whole[8 + length :]])
    file.write_bytes(out.getvalue())
    with places.empty(tmp_path / "restored") as place:
        assert "case_update has 2, not 3" in refused(place, file)


def test_anchors_that_are_not_ours_are_refused(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    kept = anchor_file(settings.data)
    kept.parent.mkdir(parents=True)
    kept.write_text('{"seq":1,"hash":"' + "f" * 64 + '","at":"2026-11-25T10:00:00+00:00","signature":"0"}\n')
    file = backed_up(settings, tmp_path / "kept.backup")
    with places.empty(tmp_path / "restored") as place:
        assert "1 anchors in the backup are not of this installation's key" in refused(place, file)
        into = ("--into", str(place.data))
        exit_code, said = flask(place, "restore", str(file), *into, "--foreign-anchors")  # who has looked may go on
        assert (exit_code, said["audit"]["anchors"]) == (0, {"matched": 0, "missing": 1})


@pytest.mark.postgresql
@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_a_role_that_may_make_no_tables_is_named(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    file = backed_up(settings, tmp_path / "kept.backup")
    with places.empty(tmp_path / "restored") as place:
        assert "DATABASE_OWNER_URL" in refused(replace(place, database_owner_url=None), file)


def test_a_backup_for_which_there_is_no_room_leaves_nothing(
    settings: Settings, worker: Somebody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / ".kept.backup.x.unfinished").touch()  # of one that was cut off
    with monkeypatch.context() as full:
        full.setattr(vault, "write", no_room)
        exit_code, said = flask(settings, "backup", str(tmp_path / "kept.backup"))
    assert (exit_code, "kept.backup: No space left" in said["said"]) == (1, True)
    assert [path.name for path in tmp_path.glob("*kept*")] == [".kept.backup.x.unfinished"]
    backed_up(settings, tmp_path / "kept.backup")


def test_a_program_is_given_all_of_the_address_but_the_pass_phrase() -> None:
    phrase = "s%40cret"
    asked = "sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"
    url = f"postgresql+psycopg://reader:{phrase}@db.example:5433/panels?{asked}"
    arguments, environment = programs.address(url)
    assert arguments == [
        "--dbname=postgresql://reader@db.example:5433/panels?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        "--no-password",
    ]
    assert environment["PGPASSWORD"] == "s@cret"


def test_what_a_program_says_of_a_row_is_not_repeated() -> None:
    said = (
        b'pg_restore: error: COPY failed for table "person": ERROR: too long\nCONTEXT: COPY person, line 3: "Quill"\n'
    )
    assert str(programs.why("pg_restore", said)) == 'pg_restore: COPY failed for table "person": ERROR: too long'


def test_an_anchor_that_cannot_be_kept_whole_leaves_nothing(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    runner = app.test_cli_runner()
    assert runner.invoke(args=["audit", "anchor"]).exit_code == 0
    before = anchor_file(settings.data).read_bytes()
    monkeypatch.setattr(os, "fsync", no_room)
    refused = runner.invoke(args=["audit", "anchor"])
    assert (refused.exit_code, "heads.jsonl: No space left" in refused.stderr) == (3, True)
    assert anchor_file(settings.data).read_bytes() == before


def test_an_audit_that_was_changed_before_the_backup_is_refused(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    app = create_app(settings)
    with app.app_context():
        seq = db.session.scalar(select(func.max(AuditEvent.seq)))
        db.session.remove()
    dispose(app)
    place_of_anchors = anchor_file(settings.data)
    place_of_anchors.parent.mkdir(parents=True)
    line = {"seq": seq, "hash": "f" * 64, "at": "2026-11-25T10:00:00+00:00"}
    line["signature"] = sign(canonical_json(line))
    place_of_anchors.write_text(canonical_json(line) + "\n")
    file = backed_up(settings, tmp_path / "kept.backup")
    with places.empty(tmp_path / "restored") as place:
        assert f"event {seq} is rewritten" in refused(place, file)


def test_a_backup_replaces_nothing_and_a_restore_neither(
    settings: Settings, worker: Somebody, places: Places, tmp_path: Path
) -> None:
    file = backed_up(settings, tmp_path / "kept.backup")
    exit_code, said = flask(settings, "backup", str(file))
    assert exit_code == 1
    assert "exists already" in said["said"]
    exit_code, said = flask(settings, "restore", str(file), "--into", str(settings.data))
    assert exit_code == 1
    assert "already" in said["reason"] or "not empty" in said["reason"]
