"""What no field asks for is not stored: every column of every table, sent with every form, changes nothing (AC-13)."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Boolean, Date, DateTime, Enum, Integer, Numeric, select

from safeguarding.core import clock
from safeguarding.core.references import repeatable
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db
from tests.demonstration.conftest import AsAccount, Forms, in_the_meeting
from tests.demonstration.forms import FoundForm, Pairs, posted
from tests.support.databases import dispose
from tests.support.pages import PageClient

SENDERS = ("practitioner", "coordinator", "chair", "lead", "admin")
# The digest of what was sent is to differ; the audit's hashes follow from the number of each request.
APART = frozenset({"once_key", "audit_event", "audit_head", "user_session"})
Cells = dict[str, list[tuple[Any, ...]]]
Places = set[tuple[str, str]]


def cells(file: Path) -> Cells:
    """Return every row of every table that counts, as SQLite holds it."""
    with closing(sqlite3.connect(file)) as connection:
        return {
            table.name: connection.execute(str(select(table).order_by(*table.primary_key))).fetchall()
            for table in db.metadata.sorted_tables
            if table.name not in APART
        }


def different(one: Cells, other: Cells) -> Places:
    """Return the columns in which two databases differ; a table with more or fewer rows differs in `*`."""
    found: Places = set()
    for table, rows in one.items():
        if rows == other[table]:
            continue
        if len(rows) != len(other[table]):
            found.add((table, "*"))
        names = db.metadata.tables[table].columns.keys()
        for mine, theirs in zip(rows, other[table], strict=False):
            found |= {(table, name) for name, value, its in zip(names, mine, theirs, strict=True) if value != its}
    return found


def everything(form: FoundForm) -> Pairs:
    """Return a value for each column of each table that the form has no control for."""
    controls = {each.name for each in form.controls} | {each.name.rpartition("-")[0] for each in form.controls}
    columns = {column.name: column for table in db.metadata.sorted_tables for column in table.columns}
    sent = [(name, _value(column)) for name, column in sorted(columns.items()) if name not in controls]
    forged = [
        ("actor", "user:US-0000-0000"),
        ("actor_id", "1"),
        ("is_admin", "1"),
        ("permission", "admin:users:manage"),
    ]
    return sent + [pair for pair in forged if pair[0] not in controls]


def _value(column: Any) -> str:
    kind = column.type
    if isinstance(kind, Enum):
        return str(kind.enums[-1])
    if isinstance(kind, Boolean):
        return "y"
    if isinstance(kind, Date | DateTime | UTCDateTime):
        return "2020-02-03"
    return "1" if isinstance(kind, Integer | Numeric) else "another"


class Again:
    """A database that is put back as it was before each form."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.file: Path = app.extensions["settings"].data / "safeguarding.db"
        self.kept = self.file.with_suffix(".kept")
        self._settle()
        shutil.copyfile(self.file, self.kept)

    def _settle(self) -> None:
        with self.app.app_context():
            db.session.remove()
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        dispose(self.app)

    @contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Put everything back, and let chance and the clock run as each time."""
        self._settle()
        shutil.copyfile(self.kept, self.file)
        with repeatable(random.Random(7)):
            yield

    def left_by(self, send: Callable[[], Any]) -> tuple[int, Cells]:
        """Return the status of an answer and what the database holds after it."""
        with self.as_it_was():
            status = send().status
            self._settle()
            return status, cells(self.file)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("demonstration", ["sqlite"], indirect=True)
@in_the_meeting
def test_no_form_stores_what_it_does_not_ask_for(demonstration: Flask, as_account: AsAccount, forms: Forms) -> None:
    tried: set[str] = set()
    with time_machine.travel(clock.now(), tick=False):
        clients: dict[str, PageClient] = {account: as_account(account) for account in SENDERS}
        reached = [(clients[name], form) for name in SENDERS for form in forms(name, clients[name])]
        again = Again(demonstration)
        for client, form in reached:
            if form.endpoint in tried:
                continue
            pairs = form.filled()
            status, plain = again.left_by(lambda c=client, f=form, p=pairs: posted(c, f, p))
            if status not in (200, 303):
                continue
            more, stuffed = again.left_by(lambda c=client, f=form, p=pairs: posted(c, f, [*p, *everything(f)]))
            assert more == status, f"{form.endpoint} on {form.page}: {more} instead of {status}"
            if found := different(plain, stuffed):  # by chance perhaps: so sent alike once more
                _status, once_more = again.left_by(lambda c=client, f=form, p=pairs: posted(c, f, p))
                chance = different(plain, once_more)
                assert not {table for table, name in chance if name == "*"}, form.endpoint
                assert found <= chance, f"{form.endpoint} on {form.page}"
            tried.add(form.endpoint)
    assert len(tried) > 40, sorted(tried)
