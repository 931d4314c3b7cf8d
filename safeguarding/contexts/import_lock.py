"""One import at a time for a database, and how it gives way to everybody else.

Owns the lock and the checkpoints of SQLite's log, nothing of what is imported. The lock is on a file beside an SQLite
database, and on PostgreSQL an advisory one on a connection of its own. Both end with the process, however it ends, so
that a run found running without the lock was cut off.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from sqlalchemy import text

from safeguarding.core.errors import SafeguardingError
from safeguarding.extensions import db

_KEY = 7_310_421_994  # of PostgreSQL's advisory lock: any number that nothing else of ours uses


class ImportRunning(SafeguardingError):
    """Another import holds the lock."""


@contextlib.contextmanager
def only_import() -> Iterator[None]:
    """Hold the lock. Raises ImportRunning where another process holds it."""
    holder = _file_lock if db.engine.dialect.name == "sqlite" else _advisory_lock
    with holder():
        yield


@contextlib.contextmanager
def _file_lock() -> Iterator[None]:
    handle = os.open(f"{db.engine.url.database}.import", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportRunning from None
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _advisory_lock() -> Iterator[None]:
    # Outside of a transaction, so that the server does not end it for being idle in one.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}):
            raise ImportRunning
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})


def hold_back_checkpoints() -> None:
    """Keep SQLite from copying the write-ahead log into the database at this connection's commits.

    A batch touches hundreds of pages of the index of identities; copying them inside of the commit would make everybody
    wait for it. `checkpoint` does it between batches instead.
    """
    if db.engine.dialect.name == "sqlite":
        db.session.connection().exec_driver_sql("PRAGMA wal_autocheckpoint=0")


def checkpoint() -> None:
    """Copy SQLite's write-ahead log into the database without keeping anybody from reading or writing."""
    if db.engine.dialect.name != "sqlite":
        return
    connection = db.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    finally:
        connection.close()


def allow_checkpoints() -> None:
    """Let this process's connections copy the log at their commits again."""
    if db.engine.dialect.name == "sqlite":
        db.session.connection().exec_driver_sql("PRAGMA wal_autocheckpoint=1000")
        db.session.rollback()
