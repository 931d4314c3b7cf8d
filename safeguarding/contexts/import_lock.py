"""One import at a time for a database, and whether one is running.

Owns the lock alone: on SQLite a lock on a file beside the database, on PostgreSQL an advisory lock on a connection of
its own. Both end with the process, however it ends, so that a run found running without the lock was cut off.
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
