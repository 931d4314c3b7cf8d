"""A demonstration as everybody walks through it: taken once a run for each database and stage, read by many tests.

All copies of a demonstration hold the same, and reading changes nothing (which is looked at here), so that what one walk
meets is what the next would.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import func, select

from safeguarding.audit.models import AuditEvent
from safeguarding.extensions import db
from safeguarding.people.models import Person
from tests.demonstration.forms import FoundForm, described
from tests.demonstration.walk import ACCOUNTS, walk
from tests.support.pages import PageClient

# What reading does leave: that it was read, and that the session was used.
LEFT_BY_READING = frozenset({"audit_event", "audit_head", "user_session"})


@dataclass(frozen=True)
class Walked:
    """A page that was met: its address, the answer's status and number, and its text, empty where it has none."""

    path: str
    status: int
    request_id: str
    words: str


@dataclass(frozen=True)
class Survey:
    """What everybody met and what their reading left.

    `names`: the full names of all young people, as pages write them. `changed`: the tables in which a row is another than
    before. `recorded`: the numbers of the answers that the audit knows; `unexplained` of those that were looks and do not
    say what allowed them; `events`: the names of all events, `read`: how many the walks added.
    """

    pages: dict[str, list[Walked]]
    forms: dict[str, list[FoundForm]]
    names: frozenset[str]
    changed: tuple[str, ...]
    recorded: frozenset[str]
    unexplained: frozenset[str]
    events: frozenset[str]
    read: int


def taken(app: Flask, clients: dict[str, PageClient], looks: tuple[str, ...]) -> Survey:
    """Walk as each account; `looks` are the beginnings of the references of what is looked at with a reason."""
    before, events = digests(app), audited(app)
    pages: dict[str, list[Walked]] = {}
    forms: dict[str, list[FoundForm]] = {}
    for account in ACCOUNTS:
        found: dict[tuple[str, frozenset[str]], FoundForm] = {}
        pages[account] = []
        for path, page in walk(app, clients[account]):
            words = "" if page.tree is None else page.words
            pages[account].append(Walked(path, page.status, page.response.headers["X-Request-ID"], words))
            for form in described(app, path, page):
                found.setdefault(form.kind, form)
        forms[account] = list(found.values())
    after = digests(app)
    with app.app_context():
        names = {
            f"{given} {family}" for given, family in db.session.execute(select(Person.given_name, Person.family_name))
        }
        unexplained = select(AuditEvent.request_id).where(
            AuditEvent.event.endswith(":shown"),
            func.substr(AuditEvent.subject, 1, 2).in_(looks),
            ~AuditEvent.detail.contains('"why":'),
        )
        return Survey(
            pages,
            forms,
            frozenset(names),
            tuple(name for name in before if after[name] != before[name]),
            frozenset(db.session.scalars(select(AuditEvent.request_id))),
            frozenset(db.session.scalars(unexplained)),
            frozenset(db.session.scalars(select(AuditEvent.event).distinct())),
            (audited(app) - events).total(),
        )


def digests(app: Flask) -> dict[str, tuple[int, str]]:
    """Return for each table how many rows it has and a digest of all that they hold."""
    found = {}
    with app.app_context():
        for table in db.metadata.sorted_tables:
            if table.name in LEFT_BY_READING:
                continue
            rows = db.session.execute(select(table).order_by(*table.primary_key.columns)).all()
            whole = hashlib.sha256("\n".join(repr(tuple(row)) for row in rows).encode("utf-8", "surrogatepass"))
            found[table.name] = (len(rows), whole.hexdigest())
    return found


def audited(app: Flask) -> Counter[str]:
    """Return how many events there are of each name."""
    with app.app_context():
        counted = select(AuditEvent.event, func.count()).group_by(AuditEvent.event)
        return Counter({row[0]: row[1] for row in db.session.execute(counted)})
