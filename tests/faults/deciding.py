"""Chairs who record decisions at a served installation while something fails, and what must hold of them afterwards.

The ledger is what the clients were told: whatever they were told is done, is there afterwards; whatever they were not
told is there as a whole or not at all. What fails, and when, is the tests' own.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import NullPool, create_engine, func, select

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Relation
from safeguarding.actions.models import Action, ActionOrigin
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import CaseRisk, RiskSource
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import AgencyView, Decision
from safeguarding.panels.models.items import AgendaItem, ItemState
from safeguarding.relations.models import RelationRow
from tests.factories.meetings import BASIS, Day, make_day
from tests.factories.people import unit_of_work
from tests.faults.visitors import GONE, Visitor, check_log, command
from tests.support.databases import as_role, dispose
from tests.support.pages import Page
from tests.support.postgres import SUPERUSER
from tests.support.server import serving

ACTIONS = 2
COUNT = select(func.count()).select_from(Decision)
PATIENCE = 60  # seconds
PAUSE = 0.05  # seconds before somebody tries again
GIVES_UP = 0.3  # how often somebody who was not answered does not try again


@dataclass
class Ledger:
    """What the clients were told, how often nobody answered, and how often it was said that the service cannot."""

    done: set[str] = field(default_factory=set)
    unanswered: int = 0
    refused: int = 0
    sending: threading.Event = field(default_factory=threading.Event)  # set when a decision sets out
    took: float = 0.5  # seconds that the last one was under way
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Chair(threading.Thread):
    """Somebody who takes one item of a meeting after the other and records a decision on it."""

    def __init__(self, address: str, day: Day, ledger: Ledger, stop: threading.Event, dice: random.Random) -> None:
        super().__init__()
        self._day, self._ledger, self._over, self._dice = day, ledger, stop, dice
        self._items = [item.ref for item in day.items]
        self._who = day.people["chair"]
        self._browser = Visitor(address)
        self._browser.sign_in(self._who.email)

    def run(self) -> None:
        """Go through the agenda until it ends or the test does."""
        try:
            for item in self._items:
                if self._over.is_set():
                    return
                self._decide(item)
        except Exception as problem:  # a thread has nobody to raise it to
            self._note(f"{type(problem).__name__}: {problem}")

    def _decide(self, item: str) -> None:
        path = f"{self._day.path}/live/items/{item}"
        token = self._patiently(lambda: self._browser.get(f"{self._day.path}/live/attendance")).form()["csrf_token"]
        self._patiently(lambda: self._browser.post(f"{path}/open", {"csrf_token": token}))
        form = self._patiently(lambda: self._browser.get(path)).form(having="rationale") | typed(
            self._day, f"Decided under fault, {item}."
        )
        while (answer := self._ask(lambda: self._send(f"{path}/decision", form))) is None:
            if self._dice.random() < GIVES_UP:
                return  # they never learn what became of it
        if answer.status == 303:
            with self._ledger.lock:
                self._ledger.done.add(item)
        else:
            self._note(f"{item}: {answer.status} {answer.errors if answer.html else ''}")

    def _send(self, path: str, form: dict[str, str]) -> Page:
        began = time.monotonic()
        self._ledger.sending.set()
        answer = self._browser.post(path, form)
        self._ledger.took = time.monotonic() - began
        return answer

    def _patiently(self, act: Callable[[], Page]) -> Page:
        while (answer := self._ask(act)) is None:
            continue
        assert answer.status in (200, 303), f"{answer.status} {answer.words}"
        return answer

    def _ask(self, act: Callable[[], Page]) -> Page | None:
        """Return the answer; None, after a pause, when nobody answers or the service says that it cannot just now."""
        try:
            answer = act()
        except GONE:
            answer = None
        if answer is not None and answer.status != 503:
            return answer
        with self._ledger.lock:
            if answer is None:
                self._ledger.unanswered += 1
            else:
                self._ledger.refused += 1
        time.sleep(PAUSE)
        return None

    def _note(self, wrong: str) -> None:
        with self._ledger.lock:
            self._ledger.wrong.append(wrong)


def typed(day: Day, rationale: str) -> dict[str, str]:
    """Return what a chair types: an adoption to which everybody agrees, with its actions."""
    ahead = clock.today() + timedelta(days=90)
    police, due = day.agencies["police"].ref, f"{ahead.day}/{ahead.month}/{ahead.year}"
    fields = {
        "kind": "adopt",
        "rationale": rationale,
        "risk_after": "significant",
        "rest_agree": "y",
        "next_review": due,
        "lawful_basis": BASIS,
        "told_how": "The practitioner, at boxing",
    }
    for number in range(ACTIONS):
        row = {"title": f"Action {number}", "owner": police, "due": due, "priority": "high"}
        fields |= {f"actions-{number}-{name}": value for name, value in row.items()}
    return fields


def in_the_middle(ledger: Ledger, dice: random.Random) -> None:
    """Wait for a decision to set out, and then for a random part of the time that one takes."""
    ledger.sending.clear()
    assert ledger.sending.wait(PATIENCE), "nobody decides any more"
    time.sleep(dice.random() * ledger.took)


def as_it_lands(settings: Settings, strike: Callable[[], None]) -> None:
    """Wait until one more decision can be read, and strike at once: were it stored in parts, the others would be missing."""
    url = settings.database_url if settings.is_sqlite else as_role(settings.database_url, SUPERUSER)
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    until = time.monotonic() + PATIENCE
    with engine.connect() as connection:
        before = connection.scalar(COUNT)
        while connection.scalar(COUNT) == before:
            assert time.monotonic() < until, "nobody decides any more"
            time.sleep(0.002)
        strike()
        connection.invalidate()  # what it led to may be gone


# Makes something fail, again and again, at the installation served at an address, while the ledger fills.
Fault = Callable[[str, random.Random, Ledger], None]


def make_days(settings: Settings, days: int, items: int) -> list[Day]:
    """Make meetings that have begun, each with so many items nobody has decided."""
    app = create_app(settings)
    with app.app_context():
        made = []
        for _each in range(days):
            with unit_of_work():
                made.append(make_day(items, heard=False))
                db.session.flush()
                for each in (made[-1].panel, made[-1].meeting, *made[-1].agencies.values(), *made[-1].items):
                    db.session.refresh(each)
        db.session.expunge_all()
    dispose(app)
    return made


def check_whole(app: Flask, ledger: Ledger) -> int:
    """Hold every decision to being there with all that belongs to it; return how many there are."""
    with app.app_context():
        found = db.session.scalars(select(Decision)).all()
        decisions = {row.item_id: row for row in found}
        assert len(found) == len(decisions), "an item has one decision"
        items = {item.id: item for item in db.session.scalars(select(AgendaItem))}
        assert {items[key].ref for key in decisions} >= ledger.done, "a decision that was confirmed is gone"
        decided = {item.id for item in items.values() if item.state is ItemState.DECIDED}
        assert decided == decisions.keys()
        events = _counted(select(AuditEvent.subject).where(AuditEvent.event == "panels:decision:recorded"))
        assert events == dict.fromkeys((decision.ref for decision in decisions.values()), 1)
        views = _counted(select(AgencyView.decision_id))
        assert views == dict.fromkeys((decision.id for decision in decisions.values()), 3)
        actions = db.session.scalars(select(Action).where(Action.origin_kind == ActionOrigin.DECISION)).all()
        per_decision = _counted(select(Action.origin_id).where(Action.origin_kind == ActionOrigin.DECISION))
        assert per_decision == dict.fromkeys((decision.id for decision in decisions.values()), ACTIONS)
        added = _counted(select(AuditEvent.subject).where(AuditEvent.event == "actions:action:added"))
        assert added == dict.fromkeys((action.ref for action in actions), 1)
        owners = select(RelationRow.source_id).where(
            RelationRow.source_kind == "action", RelationRow.kind == Relation.ACTION_OWNER
        )
        assert set(_counted(owners)) == {action.id for action in actions}
        steps = select(func.count()).select_from(CaseRisk).where(CaseRisk.source == RiskSource.DECISION)
        assert db.session.scalar(steps) == len(decisions)
        assert all(items[key].case_id is not None for key in decisions), "an adoption has its case"
        return len(decisions)


def _counted(statement: Any) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for key in db.session.scalars(statement):
        found[key] = found.get(key, 0) + 1
    return found


def decide_through(fault: Fault, settings: Settings, *, days: int, items: int, seed: int, workers: int = 2) -> Ledger:
    """Let chairs record decisions while something fails, hold what is left to the rule, and return what they were told."""
    made = make_days(settings, days, items)
    ledger, stop = Ledger(), threading.Event()
    with serving(settings, workers) as address:
        chairs = [Chair(address, day, ledger, stop, random.Random(seed + number)) for number, day in enumerate(made)]
        for chair in chairs:
            chair.start()
        try:
            fault(address, random.Random(seed), ledger)
            until = time.monotonic() + PATIENCE
            while not ledger.done:  # each failure may have met whoever was about to be told
                assert time.monotonic() < until, "nobody decides any more"
                time.sleep(PAUSE)
        finally:
            stop.set()
            for chair in chairs:
                chair.join()
        again = Visitor(address)  # and it serves without anybody's help
        again.sign_in(made[0].people["chair"].email)
        assert again.get(f"{made[0].path}/live").status == 200
    assert ledger.wrong == []
    check_log(settings, "Decided under fault", "at boxing", "Reeve")
    app = create_app(settings)
    try:
        assert check_whole(app, ledger) >= len(ledger.done) > 0
        assert command(app, "audit", "verify")["ok"] is True
        command(app, "relations", "check")
    finally:
        dispose(app)
    return ledger
