"""A decision under fault: a worker killed between two statements, two chairs at the same instant."""

import os
import signal
import threading
from typing import Any

from flask import Flask
from sqlalchemy import event, func, select

from config import Settings
from safeguarding import create_app
from safeguarding.actions.models import Action
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import CaseRisk, RiskSource
from safeguarding.core.errors import StaleError
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import AgencyView, Decision
from safeguarding.panels.models.items import AgendaItem, ItemState
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service.decisions import record_decision
from tests.factories.meetings import Day, decision_text, make_day
from tests.factories.people import unit_of_work
from tests.support.databases import dispose


def begun(app: Flask) -> tuple[Day, Any]:
    """Make a day that is committed, and the text of a decision about it."""
    with app.app_context(), unit_of_work():
        day = make_day()
        text = decision_text(day)
        for each in (day.meeting, day.item):
            db.session.refresh(each)
        db.session.expunge_all()
    return day, text


def decide(day: Day, text: Any) -> None:
    """Record the decision in a transaction of its own."""
    with unit_of_work():
        record_decision(
            day.people["chair"].actor,
            db.session.get_one(Meeting, day.meeting.id),
            db.session.get_one(AgendaItem, day.item.id),
            text,
            read_version=day.item.version,
        )


def stands(app: Flask, day: Day) -> tuple[int, ...]:
    """Return how much of a decision is there: itself, views, actions, step of risk, event, the item's state."""
    with app.app_context():
        counts = tuple(
            db.session.scalar(statement) or 0
            for statement in (
                select(func.count()).select_from(Decision),
                select(func.count()).select_from(AgencyView),
                select(func.count()).select_from(Action),
                select(func.count()).select_from(CaseRisk).where(CaseRisk.source == RiskSource.DECISION),
                select(func.count()).select_from(AuditEvent).where(AuditEvent.event == "panels:decision:recorded"),
                select(func.count())
                .select_from(AgendaItem)
                .where(AgendaItem.id == day.item.id, AgendaItem.state == ItemState.DECIDED),
            )
        )
        db.session.rollback()
    return counts


NOTHING, ALL = (0, 0, 0, 0, 0, 0), (1, 3, 1, 1, 1, 1)


def _decide_and_die(settings: Settings, day: Day, text: Any, at: int) -> None:
    """In a child: record the decision, and die by kill -9 before the statement counted `at`."""
    app = create_app(settings)
    with app.app_context():
        sent = 0

        def count(*_args: Any) -> None:
            nonlocal sent
            sent += 1
            if sent == at:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(db.engine, "before_cursor_execute", count)
        decide(day, text)


def _run_child(settings: Settings, day: Day, text: Any, at: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            _decide_and_die(settings, day, text, at)
            os._exit(0)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    return status


def test_a_worker_killed_between_two_statements_leaves_the_whole_decision_or_none_of_it(
    app: Flask, settings: Settings
) -> None:
    day, text = begun(app)
    dispose(app)
    at, died = 1, 0
    while True:
        status = _run_child(settings, day, text, at)
        if not os.WIFSIGNALED(status):
            break
        died += 1
        assert stands(app, day) == NOTHING, f"killed before statement {at}"
        dispose(app)
        at += 4
    assert os.WEXITSTATUS(status) == 0
    assert died > 5
    assert stands(app, day) == ALL


def test_of_two_chairs_at_the_same_instant_one_records_and_the_other_is_told(app: Flask) -> None:
    day, text = begun(app)
    barrier, outcomes = threading.Barrier(2), []

    def chair() -> None:
        with app.app_context():
            barrier.wait()
            try:
                decide(day, text)
                outcomes.append("recorded")
            except StaleError:
                outcomes.append("told")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=chair) for _two in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["recorded", "told"]
    assert stands(app, day) == ALL
