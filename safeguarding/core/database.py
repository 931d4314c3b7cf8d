"""How each database is opened, and how a transaction that writes begins.

SQLite: write-ahead log, full synchronisation, foreign keys, and BEGIN IMMEDIATE for a transaction that writes, behind
a queue (a lock in the process, a file lock between processes), because SQLite's own waiting is unfair.
PostgreSQL: bounded waits; `answering` bounds those for a server that is silent. It knows no table.
"""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError

from safeguarding.core.errors import UnavailableError

QUEUE_SECONDS = 15.0
_writes: ContextVar[bool] = ContextVar("transaction_writes", default=False)


def set_writing(writing: bool) -> None:
    """Say whether the next transaction of this context writes; SQLite then takes its write lock at BEGIN."""
    _writes.set(writing)


def is_writing() -> bool:
    """Return whether the next transaction of this context writes."""
    return _writes.get()


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Mark the transactions begun inside as writing ones."""
    token = _writes.set(True)
    try:
        yield
    finally:
        _writes.reset(token)


class WriterQueue:
    """Lets one writer of one SQLite file through at a time, in the order of asking, over threads and processes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread_lock = threading.Lock()
        self._handle: int | None = None
        self._owner_process = os.getpid()

    def acquire(self) -> None:
        """Wait for the turn; raise UnavailableError when it does not come within QUEUE_SECONDS."""
        if self._owner_process != os.getpid():  # a forked child must not share its parent's open file lock
            self._thread_lock, self._handle, self._owner_process = threading.Lock(), None, os.getpid()
        if not self._thread_lock.acquire(timeout=QUEUE_SECONDS):
            raise UnavailableError("the database is busy")
        try:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        except OSError as error:
            self._thread_lock.release()
            raise UnavailableError("the queue of the database cannot be used") from error
        except BaseException:
            self._thread_lock.release()
            raise

    def release(self) -> None:
        """Let the next writer through."""
        if self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._thread_lock.release()


def prepare_sqlite(engine: Engine) -> None:
    """Set an SQLite engine up as described in the module's docstring."""
    queue = WriterQueue(f"{engine.url.database}.queue")

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "secure_delete=ON",
            "busy_timeout=10000",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if not is_writing():
            connection.exec_driver_sql("BEGIN")
            return
        queue.acquire()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            queue.release()
            raise
        connection.info["queued"] = True

    def leave(connection: Connection, finish: str) -> None:
        if connection.invalidated:  # the turn was given up when it was thrown away
            return
        driver, info = connection.connection.dbapi_connection, connection.info
        try:
            if driver is not None:
                getattr(driver, finish)()
        except sqlite3.Error as error:
            # Raised here, it would neither be translated nor cost the connection: a full disk at COMMIT is no defect.
            connection.invalidate(error)
            raise OperationalError(finish.upper(), None, error) from error
        finally:
            if info.pop("queued", False):
                queue.release()

    event.listen(engine, "commit", lambda connection: leave(connection, "commit"))
    event.listen(engine, "rollback", lambda connection: leave(connection, "rollback"))

    @event.listens_for(engine, "invalidate")
    def on_invalidate(connection: Any, record: Any, _error: Any) -> None:
        # Closing alone may leave the write lock with a statement that an exception still holds.
        with contextlib.suppress(Exception):
            if connection.in_transaction:
                connection.rollback()
        if record.info.pop("queued", False):
            queue.release()

    @event.listens_for(engine, "handle_error")
    def on_error(context: ExceptionContext) -> None:
        # After a full disk or an input/output error SQLite has rolled back by itself and the next statement would
        # commit on its own: the connection is thrown away.
        if isinstance(context.sqlalchemy_exception, OperationalError):
            context.is_disconnect = True


def engine_options(url: str, threads: int) -> dict[str, Any]:
    """Return the options of `create_engine` for the database named by the URL."""
    if url.startswith("sqlite"):
        threaded = {"check_same_thread": False, "timeout": 10}
        return {"connect_args": threaded, "pool_size": threads, "max_overflow": 4, "hide_parameters": True}
    waits = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    # Behind row-level security planning a statement takes longer than running it: each is planned once a connection.
    plans = "-c jit=off -c plan_cache_mode=force_generic_plan"
    return {
        "connect_args": {"options": f"{waits} {plans}", "connect_timeout": 5, "prepare_threshold": 3},
        "pool_size": threads,
        "max_overflow": 4,
        "pool_recycle": 1800,
        "pool_timeout": 10,
        "hide_parameters": True,  # what is asked for names people; an error must not repeat it
    }
