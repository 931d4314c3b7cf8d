"""The raw drivers, made alike: rows by name, and a transaction that is stored when it ends. For the floor alone."""

import contextlib
import sqlite3
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol

from psycopg.rows import namedtuple_row
from psycopg_pool import ConnectionPool
from sqlalchemy.engine import make_url

Run = Callable[[str, Sequence[Any]], list[Any]]


class Store(Protocol):
    """What the floor asks of a driver."""

    lite: bool

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement."""
        ...

    def write(self) -> contextlib.AbstractContextManager[Run]:
        """Run statements in one transaction, which is stored at the end."""
        ...


class Lite:
    """SQLite: a connection for each thread, the write-ahead log, everything stored before a commit returns."""

    lite = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._own = threading.local()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = sqlite3.connect(self._path, isolation_level=None, timeout=15)
            found.row_factory = _named
            for pragma in ("synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", "cache_size=-16000"):
                found.execute(f"PRAGMA {pragma}")
        return found

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement."""
        return self._connection().execute(statement, values).fetchall()

    @contextlib.contextmanager
    def write(self) -> Iterator[Run]:
        """Run statements in one transaction, which is stored at the end."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield lambda statement, values: self.rows(_without_lock(statement), values)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


class Post:
    """PostgreSQL: a pool of connections, statements prepared at their second use."""

    lite = False

    def __init__(self, address: str) -> None:
        self._pool: ConnectionPool[Any] = ConnectionPool(
            address,
            min_size=8,
            max_size=16,
            kwargs={"autocommit": True, "row_factory": namedtuple_row, "prepare_threshold": 1},
            open=True,
        )

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement."""
        with self._pool.connection() as connection:
            return self._run(connection, statement, values)

    @contextlib.contextmanager
    def write(self) -> Iterator[Run]:
        """Run statements in one transaction, which is stored at the end."""
        with self._pool.connection() as connection, connection.transaction():
            yield lambda statement, values: self._run(connection, statement, values)

    def _run(self, connection: Any, statement: str, values: Sequence[Any]) -> list[Any]:
        cursor = connection.execute(_marked(statement), values)
        return cursor.fetchall() if cursor.description else []


@lru_cache(maxsize=256)
def _without_lock(statement: str) -> str:
    return statement.partition("FOR UPDATE")[0]  # the transaction holds the one lock that SQLite has


@lru_cache(maxsize=256)
def _marked(statement: str) -> str:
    return statement.replace("?", "%s")


@lru_cache(maxsize=256)
def _shape(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


def _named(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Any:
    return _shape(tuple(column[0] for column in cursor.description))._make(values)


def open_store(url: str) -> Store:
    """Open the database of an address."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return Lite(str(address.database))
    return Post(address.set(drivername="postgresql").render_as_string(hide_password=False))
