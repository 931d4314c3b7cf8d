"""Making a backup while the service runs: SQLite by its backup interface, PostgreSQL by pg_dump in one exported snapshot.

The file holds the manifest, the anchors and the database, all encrypted: only the header (when, which kind, which key)
can be read without the key. It is written beside its name and takes it when it is whole.
"""

import contextlib
import json
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text

from config import Settings
from safeguarding.audit.verify import anchor_file
from safeguarding.cli.backups import programs
from safeguarding.cli.backups.manifest import Manifest, take
from safeguarding.core import clock, vault


class BackupError(Exception):
    """No backup can be made; the text says why and what to do."""


def make(settings: Settings, target: Path) -> Manifest:
    """Write a backup of an installation. Raises BackupError; nothing stands under the target's name then."""
    if target.exists():
        raise BackupError(f"{target} exists already; a backup never replaces a file.")
    unfinished = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Read first: every anchor is then of an event that the snapshot holds.
        anchors = _read(anchor_file(settings.data))
        with _opened(settings) as (manifest, dump), _private(target) as out:
            unfinished = Path(out.name)
            header = {"database": manifest.database, "mode": manifest.mode, "made_at": manifest.made_at}
            inside = json.dumps({"manifest": manifest.to_plain(), "anchors": anchors}, separators=(",", ":")).encode()
            vault.write(out, settings.sealed_keys[0], header, _content(inside, dump))
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(target)
    except programs.ProgramError as error:
        raise BackupError(str(error)) from None
    except OSError as error:
        raise BackupError(
            f"{error.filename or target}: {error.strerror}. There is no backup under this name."
        ) from None
    finally:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
    return manifest


def _content(inside: bytes, dump: Iterator[bytes]) -> Iterator[bytes]:
    yield len(inside).to_bytes(8, "big")
    yield inside
    yield from dump


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Manifest, Iterator[bytes]]]:
    made_at = clock.now().isoformat()
    if settings.is_sqlite:
        with _sqlite(settings, made_at) as opened:
            yield opened
    else:
        with _postgresql(settings, made_at) as opened:
            yield opened


@contextlib.contextmanager
def _sqlite(settings: Settings, made_at: str) -> Iterator[tuple[Manifest, Iterator[bytes]]]:
    source = settings.database_url.removeprefix("sqlite:///")
    with tempfile.TemporaryDirectory(dir=settings.data, prefix=".backup-") as folder:  # beside the original, as private
        copy = Path(folder) / "copy.db"
        with contextlib.closing(sqlite3.connect(source)) as live, contextlib.closing(sqlite3.connect(copy)) as target:
            live.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        engine = create_engine(f"sqlite:///{copy}")
        try:
            with engine.connect() as connection:
                manifest = take(connection, made_at)
        finally:
            engine.dispose()
        yield manifest, _blocks(copy)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while block := source.read(vault.PIECE):
            yield block


@contextlib.contextmanager
def _postgresql(settings: Settings, made_at: str) -> Iterator[tuple[Manifest, Iterator[bytes]]]:
    url = settings.database_backup_url or settings.database_url
    engine = create_engine(url, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            _need_to_see_everything(connection)
            snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
            yield take(connection, made_at), _dump(url, snapshot)
    finally:
        engine.dispose()


def _need_to_see_everything(connection: Connection) -> None:
    sees = connection.scalar(text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"))
    if not sees:
        raise BackupError(
            "DATABASE_BACKUP_URL: this role does not read past row-level security, so its copy would lack what it may "
            "not see. Use the backup role; `flask database roles` makes it."
        )


def _dump(url: str, snapshot: str) -> Iterator[bytes]:
    arguments, environment = programs.address(url)
    command = [
        programs.find("pg_dump"),
        *arguments,
        "--format=custom",
        f"--snapshot={snapshot}",
        "--no-owner",
        "--no-acl",
    ]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment) as program:  # noqa: S603
            assert program.stdout is not None  # noqa: S101 - asked for above
            while block := program.stdout.read(vault.PIECE):
                yield block
        if program.returncode:
            said.seek(0)
            raise programs.why("pg_dump", said.read())


def _private(target: Path) -> Any:
    """Open a file of its own for each attempt, beside the target, that nobody else may read."""
    return tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", suffix=".unfinished", delete=False)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
