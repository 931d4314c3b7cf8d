"""Every row of a PostgreSQL database, taken out and put in again: what makes a test's database in a moment."""

from typing import Any, NamedTuple

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

_EMPTY = """
    DO $$ DECLARE there oid; BEGIN
        FOR there IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE 'DELETE FROM ' || there::regclass;
        END LOOP;
    END $$
"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
_SEQUENCES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' ORDER BY 1"


class Rows(NamedTuple):
    """What the tables hold, in the format of COPY, and how far each sequence has come."""

    tables: dict[str, bytes]
    numbers: dict[str, tuple[int, bool]]


def rows_of(connection: Connection) -> Rows:
    """Return all rows, read as somebody whom no policy holds back."""
    tables, numbers = {}, {}
    for (table,) in connection.execute(_TABLES).fetchall():
        with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as rows:
            if found := b"".join(bytes(each) for each in rows):
                tables[table] = found
    for (name,) in connection.execute(_SEQUENCES).fetchall():
        last = connection.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name)))
        numbers[name] = last.fetchone() or (1, False)
    return Rows(tables, numbers)


def put_rows(connection: Connection, rows: Rows) -> None:
    """Put these rows in place of all that there are."""
    connection.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys
    with connection.transaction():
        connection.execute(_EMPTY)
        for table, held in rows.tables.items():
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as into:
                into.write(held)
        connection.execute(
            "SELECT setval(name::regclass, number, called)"
            " FROM unnest(%s::text[], %s::bigint[], %s::bool[]) AS s(name, number, called)",
            [
                [sql.Identifier(name).as_string(None) for name in rows.numbers],
                *map(list, zip(*rows.numbers.values(), strict=True)),
            ],
        )
