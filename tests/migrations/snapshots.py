"""What a database holds by way of schema, as text that can be compared: tables, keys, checks, indexes, triggers."""

import re
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

Snapshot = dict[str, frozenset[str]]


def snapshot(engine: Engine, *, triggers: bool = True) -> Snapshot:
    """Return each table's parts, without the mark of the migrations; `triggers` adds those under their table's name."""
    with engine.connect() as connection:
        found = _sqlite(connection) if engine.dialect.name == "sqlite" else _postgresql(connection)
    parts: dict[str, set[str]] = {}
    for table, kind, said in found:
        if table != "alembic_version" and (triggers or kind != "trigger"):
            parts.setdefault(table, set()).add(f"{kind}: {said}")
    return {table: frozenset(said) for table, said in parts.items()}


def rows(engine: Engine) -> dict[str, int]:
    """Return how many rows stand in each table."""
    with engine.connect() as connection:
        names = sorted(name for name in inspect(connection).get_table_names() if name != "alembic_version")
        each = (f"SELECT '{name}' AS name, count(*) AS number FROM \"{name}\"" for name in names)  # noqa: S608
        return {row.name: row.number for row in connection.execute(text(" UNION ALL ".join(each)))} if names else {}


def _plain(ddl: str) -> str:
    return re.sub(r"\s+", " ", ddl.replace('"', "").replace("`", "")).strip().replace("( ", "(").replace(" )", ")")


def _sqlite(connection: Connection) -> list[tuple[str, str, str]]:
    found = []
    for kind, name, table, ddl in connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master"):
        if name.startswith("sqlite_") or ddl is None:
            continue
        if kind == "table":
            found += [(name, "part", part) for part in _parts(_plain(ddl))]
        else:
            found.append((table, kind, _plain(ddl)))
    return found


def _parts(ddl: str) -> list[str]:
    """Return the columns and constraints of a CREATE TABLE: what stands between commas of the first depth."""
    body, depth, parts, start = ddl[ddl.index("(") + 1 : ddl.rindex(")")], 0, [], 0
    for place, character in enumerate(body):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append(body[start:place].strip())
            start = place + 1
    return [*parts, body[start:].strip()]


_POSTGRESQL = (
    """SELECT table_name, 'column', concat_ws(' ', column_name, data_type, character_maximum_length, collation_name,
              is_nullable, column_default, is_identity)
       FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass::text, 'constraint', conname || ' ' || pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0""",
    "SELECT tablename, 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT tgrelid::regclass::text, 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal""",
    """SELECT tablename, 'trigger', concat_ws(' ', 'policy', policyname, cmd, roles, md5(qual), md5(with_check))
       FROM pg_policies WHERE schemaname = 'public'""",
    """SELECT relname, 'trigger', concat_ws(' ', 'wall', relrowsecurity, relforcerowsecurity) FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relrowsecurity""",
    """SELECT 'functions', 'trigger', proname || md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
)


def _postgresql(connection: Connection) -> list[tuple[str, str, str]]:
    found: list[Any] = []
    for query in _POSTGRESQL:
        found += connection.exec_driver_sql(query).all()
    return [(table.strip('"'), kind, _plain(said)) for table, kind, said in found]
