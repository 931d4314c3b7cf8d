"""A token of its own in every text about somebody, and what each answer of the service holds of them.

Which columns hold such texts is read from their labels; which addresses there are, from the application. Nobody adds
either to a list, so that a new column and a new address are crawled without anyone thinking of them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from flask import Flask, url_for
from sqlalchemy import Column, Engine, String, Table, Text, select, text, update
from sqlalchemy.types import Enum, TypeDecorator
from werkzeug.routing import AnyConverter, Rule
from wtforms.form import BaseForm

from safeguarding.core.labels import Label, Level
from safeguarding.extensions import db
from safeguarding.web.once import new_key
from tests.support.databases import by_owner
from tests.support.pages import PageClient

TOKEN = re.compile(rb"canary[0-9a-z]{10}")
SHORTEST = 40  # a shorter column has no room for a token beside what must stay readable
CHAIN = {"audit_event", "audit_head"}
AS_JSON = {"content", "explanation"}  # the token goes into the texts that they hold
# What is no text of anybody's though it is stored as one, and codes that only look like texts.
STRUCTURED = {"numbers", "quorum", "polygon", "exploitation_types"}
CODED = re.compile(r".*(_code|_scheme|_kind|_key|_slug|_digest|identity|category|sort_key|term)$")


def about_somebody(column: Column[Any]) -> bool:
    """Return whether a column holds free text about a young person, a place, or what was said of them.

    Reasons and findings that belong to the audit count as well, but for the chain itself: that holds no text, and its
    rows cannot be changed without breaking it.
    """
    label: Label | None = column.info.get("label")
    if label is None or label.level is not Level.OFFICIAL_SENSITIVE or label.sealed or column.table.name in CHAIN:
        return False
    if label.retention.value in ("account", "transient", "reference", "installation"):
        return False
    plain = isinstance(column.type, String | Text) and not isinstance(column.type, Enum | TypeDecorator)
    short = (column.type.length or SHORTEST) < SHORTEST if plain else True  # type: ignore[attr-defined]
    return plain and not short and column.name not in STRUCTURED and not CODED.match(column.name)


def columns() -> dict[Table, list[Column[Any]]]:
    """Return the columns that carry a token, by table."""
    found = {}
    for table in db.metadata.sorted_tables:
        if "id" in table.columns and (held := [column for column in table.columns if about_somebody(column)]):
            found[table] = held
    return found


def plant(app: Flask) -> dict[bytes, str]:
    """Put a token into every text about somebody that is stored; return what each token stands in."""
    planted: dict[bytes, str] = {}
    with app.app_context():
        tables = columns()
    with by_owner(app) as engine, writable(engine, tables) as connection:
        for table, held in tables.items():
            rows = connection.execute(select(table.c.id, *held)).all()
            for row in rows:
                values = {}
                for place, column in enumerate(held):
                    if row[place + 1] is None:
                        continue
                    token = f"canary{len(planted):010}"
                    planted[token.encode()] = f"{table.name}.{column.name}[{row.id}]"
                    values[column.name] = _with_token(column, str(row[place + 1]), token)
                if values:
                    connection.execute(update(table).where(table.c.id == row.id).values(**values))
    return planted


def _with_token(column: Column[Any], held: str, token: str) -> str:
    if column.name in AS_JSON:
        return json.dumps(_in_texts(json.loads(held), token))
    room = (getattr(column.type, "length", None) or 4_000) - len(token) - 1
    return f"{held[:room]} {token}"


def _in_texts(held: Any, token: str) -> Any:
    """Return JSON in which each text of several words bears the token; what may be a code stays as it is."""
    if isinstance(held, dict):
        return {name: _in_texts(value, token) for name, value in held.items()}
    if isinstance(held, list):
        return [_in_texts(value, token) for value in held]
    return f"{held} {token}" if isinstance(held, str) and " " in held else held


def stuffed(app: Flask, world: Any) -> list[tuple[str, str]]:
    """Return something for every field of every form: what a request would send that tries everything at once."""
    refs, names = references(world), set()
    waiting: list[Any] = [BaseForm]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        names |= {name for name in dir(kind) if hasattr(getattr(kind, name), "field_class")}
    assert len(names) > 100
    sent = []
    for name in sorted(names):
        if name == "once":
            sent.append((name, new_key()))
        elif "ref" in name:
            sent += [(name, ref) for ref in refs]
        else:
            sent.append((name, "1" if name.endswith(("_id", "version", "who")) else "Young"))
    return sent


def tokens_in(body: bytes) -> set[bytes]:
    """Return the tokens that an answer holds."""
    return set(TOKEN.findall(body))


class writable:
    """A transaction in which what may never change is changed, by whoever owns the tables: for planting alone."""

    def __init__(self, engine: Engine, tables: dict[Table, list[Column[Any]]]) -> None:
        self._connection = engine.connect()
        self._tables, self._sqlite = tables, engine.dialect.name == "sqlite"
        self._triggers: list[tuple[str, str]] = []

    def __enter__(self) -> Any:
        if self._sqlite:
            self._connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            rows = self._connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            self._triggers = [(row.name, row.sql) for row in rows]
            for name, _sql in self._triggers:
                self._connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in self._tables:
                self._connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
                self._connection.execute(text(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY"))
        return self._connection

    def __exit__(self, *_error: object) -> None:
        for _name, sql in self._triggers:
            self._connection.exec_driver_sql(sql)
        if not self._sqlite:
            forced = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'")
            secured = set(self._connection.scalars(forced))
            for table in self._tables:
                self._connection.execute(text(f"ALTER TABLE {table.name} ENABLE TRIGGER USER"))
                if table.name in secured:
                    self._connection.execute(text(f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY"))
        self._connection.commit()
        self._connection.close()


def addresses(app: Flask, world: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (method, endpoint, path) for every route and method, with the parameters of a world.

    An address that the world knows nothing of is tried with every reference that it has.
    """
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    for rule in rules:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for values in _values(rule, world):
                with app.test_request_context("/", base_url=PageClient.BASE):
                    yield method, rule.endpoint, url_for(rule.endpoint, **values)


def _values(rule: Rule, world: Any) -> list[dict[str, Any]]:
    if not rule.arguments:
        return [{}]
    area = rule.endpoint.partition(".")[0]
    if area in world.values:
        known = world.of(rule.endpoint)
        return [{name: _one(rule, name, known) for name in rule.arguments}]
    return [{name: _one(rule, name, {"ref": ref}) for name in rule.arguments} for ref in references(world)]


def references(world: Any) -> list[str]:
    """Return every reference that a world has."""
    found = set()
    for value in world.values.values():
        for each in value.values() if isinstance(value, dict) else [value]:
            if isinstance(each, str) and re.fullmatch(r"[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}", each):
                found.add(each)
    return sorted(found)


def _one(rule: Rule, name: str, known: dict[str, Any]) -> Any:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter) and known.get(name) not in converter.items:
        return sorted(converter.items)[0]
    if name in known:
        return known[name]
    return 1 if name.endswith("_id") else known.get("ref", "none")
