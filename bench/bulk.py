"""Writing many rows fast: COPY on PostgreSQL, `executemany` on SQLite, the same tuples for both.

Every value is text, a number or None, written as both databases read it: instants in UTC as `instant()` writes them,
days in ISO form, truth as 0 or 1. It knows no table; a column that the table lacks, or a column that must be given
and is not, stops the load.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.engine import make_url

from safeguarding.extensions import db

Value = str | int | float | None
Row = Sequence[Value]
BATCH = 20_000


def instant(value: datetime) -> str:
    """Return an aware instant as both databases read it, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def day(value: date) -> str:
    """Return a day as both databases read it."""
    return value.isoformat()


class Writer:
    """Writes rows into a fresh, migrated database; closes with everything committed or nothing.

    Checks between tables are off while it writes, which is most of its speed; the caller may have them checked.
    """

    def __init__(self, url: str) -> None:
        self.counts: dict[str, int] = {}
        address = make_url(url)
        self._lite: sqlite3.Connection | None = None
        self._post: psycopg.Connection[Any] | None = None
        if address.get_backend_name() == "sqlite":
            self._lite = sqlite3.connect(str(address.database), isolation_level=None)
            for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
                self._lite.execute(f"PRAGMA {pragma}")
            self._lite.execute("BEGIN IMMEDIATE")
        else:
            plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
            self._post = psycopg.connect(plain)
            self._post.execute("SET TIME ZONE 'UTC'")
            self._post.execute("SET session_replication_role = replica")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        connection: Any = self._lite or self._post
        if kind is None:
            self._restart_numbers()
            connection.commit()
        connection.close()

    def write(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        """Write the rows; `columns` names their columns with blanks between."""
        names = columns.split()
        _check(db.metadata.tables[table], names)
        count = self._insert(table, names, iter(rows)) if self._lite else self._copy(table, names, rows)
        self.counts[table] = self.counts.get(table, 0) + count

    def execute(self, statement: str) -> None:
        """Run a statement that both databases understand."""
        connection: Any = self._lite or self._post
        connection.execute(statement)

    def _insert(self, table: str, names: list[str], rows: Iterator[Row]) -> int:
        assert self._lite is not None
        marks = ",".join("?" * len(names))
        quoted = ",".join(f'"{name}"' for name in names)
        statement = f'INSERT INTO "{table}" ({quoted}) VALUES ({marks})'  # noqa: S608 - names of our own tables
        count = 0
        while batch := list(islice(rows, BATCH)):
            self._lite.executemany(statement, batch)
            count += len(batch)
        return count

    def _copy(self, table: str, names: list[str], rows: Iterable[Row]) -> int:
        assert self._post is not None
        columns = sql.SQL(",").join(map(sql.Identifier, names))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
        count = 0
        with self._post.cursor() as cursor, cursor.copy(statement) as copy:
            for lines in _lines(rows):
                count += len(lines)
                copy.write("\n".join(lines) + "\n")
        return count

    def _restart_numbers(self) -> None:
        if self._post is None:
            return  # SQLite goes on from the highest id by itself
        for table in self.counts:
            if "id" in db.metadata.tables[table].columns:
                self._post.execute(
                    sql.SQL("SELECT setval(pg_get_serial_sequence({0}, 'id'), (SELECT max(id) FROM {1}))").format(
                        sql.Literal(table), sql.Identifier(table)
                    )
                )


def _lines(rows: Iterable[Row]) -> Iterator[list[str]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield ["\t".join("\\N" if value is None else _escaped(value) for value in row) for row in batch]


def _escaped(value: Value) -> str:
    if not isinstance(value, str):
        return str(value)
    if "\\" in value or "\n" in value or "\t" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    return value


def _check(table: Table, names: list[str]) -> None:
    unknown = [name for name in names if name not in table.columns]
    missing = [
        column.name
        for column in table.columns
        if not column.nullable
        and column.name not in names
        and not (column.primary_key and column.autoincrement)
        and column.server_default is None
    ]
    if unknown or missing:
        raise SystemExit(f"{table.name}: the generator has unknown {unknown} and lacks {missing}")
