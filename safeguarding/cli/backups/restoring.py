"""Restoring a backup into an empty place, and believing it only when it proves to be whole.

SQLite: into a new file of a data folder. PostgreSQL: into the empty database of DATABASE_URL, as its owner; the folder
takes the anchors. What is not whole is taken away again. Whoever was signed in is signed out, one-time links are dead
and queued mail is not sent: all of it speaks of a time that has passed.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from flask import Flask
from sqlalchemy import Connection, bindparam, create_engine, inspect, text

from config import Settings
from safeguarding.access.actor import Actor
from safeguarding.audit import service as audit
from safeguarding.audit.verify import Verdict, anchor_file, verify
from safeguarding.cli.backups import programs
from safeguarding.cli.backups.manifest import Manifest, count_tables, without_their_subject
from safeguarding.core import clock, vault
from safeguarding.core.database import engine_options, prepare_sqlite
from safeguarding.core.database_roles import grant, roles_of_owner
from safeguarding.core.second_wall import Sight, guard_postgresql, looking
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

SYSTEM = Actor("system:restore", "Restore")
# What ends with a restore: statement, and what it counts.
ENDED = (
    ("sessions", "UPDATE user_session SET ended_at = :now WHERE ended_at IS NULL"),
    ("links", "UPDATE account_link SET used_at = :now WHERE used_at IS NULL"),
    ("notices", "UPDATE notice SET state = 'withheld', settled_at = :now WHERE state IN ('waiting', 'sending')"),
)


class RestoreError(Exception):
    """The backup is refused, or the place is not empty; the text says why. Nothing of it is left."""


@dataclass(frozen=True)
class Restored:
    """What was restored."""

    manifest: Manifest
    verdict: Verdict
    ended: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the shape of `flask restore --json`."""
        return {
            "ok": True,
            "made_at": self.manifest.made_at,
            "tables": len(self.manifest.counts),
            "rows": sum(self.manifest.counts.values()),
            "audit": self.verdict.to_json(),
            "ended": self.ended,
        }


def restore(settings: Settings, source: Path, folder: Path, foreign_anchors: bool = False) -> Restored:
    """Restore a backup. `settings` give the keys and, on PostgreSQL, the database. Raises RestoreError.

    foreign_anchors: also where lines of the anchor file carry no signature of this key; they prove nothing.
    """
    try:
        with source.open("rb") as file:
            header, content = vault.read(file, settings.sealed_keys)
            _need_right_kind(settings, header)
            manifest, anchors, dump = _parts(content)
            target = replace(settings, data=folder)
            if settings.is_sqlite:
                return _into_file(target, manifest, anchors, dump, foreign_anchors)
            return _into_database(target, manifest, anchors, dump, foreign_anchors)
    except OSError as error:
        raise RestoreError(f"{error.filename or source}: {error.strerror}.") from None
    except vault.NoVaultError as refusal:
        raise RestoreError(f"{source.name} is refused: {refusal}.") from None
    except programs.ProgramError as error:
        raise RestoreError(str(error)) from None


def _need_right_kind(settings: Settings, header: dict[str, Any]) -> None:
    kind = "sqlite" if settings.is_sqlite else "postgresql"
    if header.get("database") != kind:
        raise RestoreError(f"DATABASE_URL: the backup is of {header.get('database')}, the database here is {kind}.")
    if header.get("mode") != settings.mode.value:
        raise RestoreError(f"SAFEGUARDING_MODE: the backup is of a {header.get('mode')} installation.")


def _parts(content: Iterator[bytes]) -> tuple[Manifest, str, Iterator[bytes]]:
    begun = bytearray()
    while len(begun) < 8 or len(begun) < 8 + int.from_bytes(begun[:8], "big"):
        begun += next(content)
    end = 8 + int.from_bytes(begun[:8], "big")
    inside = json.loads(begun[8:end])
    return Manifest(**inside["manifest"]), inside["anchors"], _after(bytes(begun[end:]), content)


def _after(first: bytes, content: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from content


# --- SQLite -----------------------------------------------------------------------------------------------------------


def _into_file(
    settings: Settings, manifest: Manifest, anchors: str, dump: Iterator[bytes], foreign_anchors: bool
) -> Restored:
    place = settings.data / "safeguarding.db"
    if place.exists() or anchor_file(settings.data).exists():
        raise RestoreError(f"--into {settings.data}: there is an installation already; name an empty folder.")
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=settings.data, prefix=".restore-") as work:
        copy = Path(work) / "safeguarding.db"
        with copy.open("xb") as out:
            _pour(dump, out)
        copy.chmod(0o600)
        anchors_at = _keep_anchors(Path(work), anchors)
        restored = _proved(replace(settings, database_url=f"sqlite:///{copy}"), manifest, anchors_at, foreign_anchors)
        _move_anchors(anchors_at, settings.data)
        copy.rename(place)
    return restored


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _into_database(
    settings: Settings, manifest: Manifest, anchors: str, dump: Iterator[bytes], foreign_anchors: bool
) -> Restored:
    url = settings.database_owner_url or settings.database_url
    engine = create_engine(url)
    guard_postgresql(engine)
    try:
        with engine.connect() as connection:
            if inspect(connection).get_table_names():
                raise RestoreError("DATABASE_URL: the database is not empty; make a new one and restore into that.")
            if not connection.scalar(text("SELECT has_schema_privilege('public', 'CREATE')")):
                raise RestoreError(
                    "DATABASE_OWNER_URL: this role may make no tables here. Give `flask database roles` for this database, and "
                    "the address of its owner."
                )
        if anchor_file(settings.data).exists():
            raise RestoreError(f"--into {settings.data}: there are anchors already; name an empty folder.")
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=settings.data, prefix=".restore-") as work:
            anchors_at = _keep_anchors(Path(work), anchors)
            try:
                _load(url, dump)
                with engine.begin() as connection:
                    roles = roles_of_owner(connection)
                    if roles is not None:
                        grant(connection, roles)
                restored = _proved(settings, manifest, anchors_at, foreign_anchors)
            except BaseException:
                _empty(url)
                raise
            _move_anchors(anchors_at, settings.data)
        return restored
    finally:
        engine.dispose()


def _load(url: str, dump: Iterator[bytes]) -> None:
    """Hand the dump to pg_restore, once it has been read to its proven end: in one transaction, or not at all."""
    arguments, environment = programs.address(url)
    command = [
        programs.find("pg_restore"),
        *arguments,
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--no-acl",
    ]
    with tempfile.TemporaryFile() as whole:
        _pour(dump, whole)
        whole.seek(0)
        done = subprocess.run(command, stdin=whole, capture_output=True, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise programs.why("pg_restore", done.stderr)


def _empty(url: str) -> None:
    """Take everything out of the database again: it was empty before."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for kind, name in connection.execute(text(_EVERYTHING)).all():
                connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name} CASCADE")
    finally:
        engine.dispose()


_EVERYTHING = """
    SELECT 'TABLE', oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    UNION ALL SELECT 'FUNCTION', oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"""


# --- proof ------------------------------------------------------------------------------------------------------------


def _proved(settings: Settings, manifest: Manifest, anchors_at: Path, foreign_anchors: bool) -> Restored:
    """Hold what was restored against the manifest and the anchors, then end what must not live on."""
    app = _application(settings)
    with app.app_context(), looking(Sight(system="restore")):
        try:
            with db.engine.connect() as connection:
                _need_what_the_manifest_says(connection, manifest)
            verdict = verify(anchors_at)
            if verdict.first_bad is not None:
                seq, kind = verdict.first_bad
                raise RestoreError(f"The audit is not whole: event {seq} is {kind}.")
            if verdict.anchors_forged and not foreign_anchors:
                raise RestoreError(
                    f"{verdict.anchors_forged} anchors in the backup are not of this installation's key. Compare the head with "
                    "those kept off this machine; --foreign-anchors restores it all the same."
                )
            if (verdict.checked, verdict.head) != (manifest.head_seq, manifest.head_hash):
                raise RestoreError("The audit ends elsewhere than the manifest says.")
            db.session.rollback()
            return Restored(manifest, verdict, _end_what_has_passed(manifest))
        finally:
            db.session.remove()
            db.engine.dispose()


def _application(settings: Settings) -> Flask:
    """Return an application that knows the restored database and its keys, and serves nothing."""
    app = Flask("safeguarding")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url, 1),
    )
    db.init_app(app)
    with app.app_context():
        (prepare_sqlite if settings.is_sqlite else guard_postgresql)(db.engine)
    audit.init_audit(app, settings.audit_key)
    return app


def _need_what_the_manifest_says(connection: Connection, manifest: Manifest) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
        raise RestoreError("The database file is damaged.")
    counts = count_tables(connection)
    different = sorted(
        name for name in counts.keys() | manifest.counts.keys() if counts.get(name) != manifest.counts.get(name)
    )
    if different:
        name = different[0]
        raise RestoreError(
            f"{len(different)} tables do not have the rows that the manifest says: {name} has {counts.get(name, 0):,}, "
            f"not {manifest.counts.get(name, 0):,}."
        )
    missing = without_their_subject(connection)
    if missing:
        kind, number = next(iter(missing.items()))
        raise RestoreError(
            f"Relations speak of {number:,} of kind {kind} that are not there: the backup was made by a role that could "
            "not see them."
        )


def _end_what_has_passed(manifest: Manifest) -> dict[str, int]:
    with unit_of_work():
        now = clock.now()
        ended: dict[str, Any] = {}
        for name, statement in ENDED:
            typed = text(statement).bindparams(bindparam("now", type_=UTCDateTime()))
            result: Any = db.session.execute(typed, {"now": now})
            ended[name] = int(result.rowcount)
        audit.record("operations:backup:restored", SYSTEM, made_at=manifest.made_at, head=manifest.head_seq, **ended)
    return ended


def _pour(dump: Iterator[bytes], out: IO[bytes]) -> None:
    for block in dump:
        out.write(block)
    out.flush()


def _keep_anchors(folder: Path, anchors: str) -> Path:
    place = folder / "heads.jsonl"
    place.write_text(anchors, encoding="utf-8")
    return place


def _move_anchors(kept: Path, folder: Path) -> None:
    place = anchor_file(folder)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept.rename(place)
