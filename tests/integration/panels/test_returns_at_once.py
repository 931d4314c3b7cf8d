"""An answer and a decision at the same instant, over two connections: one after the other, never in a circle."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event, select, text

from safeguarding.core.errors import RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.returns import answer_return
from tests.factories.meetings import Day, decision_text, make_day
from tests.factories.people import unit_of_work


def begun(app: Flask) -> tuple[Day, Any, int]:
    """Make a day that is committed, the text of a decision, and the id of what education was asked."""
    with app.app_context(), unit_of_work():
        day = make_day()
        words = decision_text(day)
        asked = select(ReturnRequest.id).where(ReturnRequest.agency_id == day.agencies["education"].id)
        request_id = db.session.scalars(asked).one()
        for each in (day.meeting, day.item):
            db.session.refresh(each)
        db.session.expunge_all()
    return day, words, request_id


def decide(day: Day, words: Any) -> None:
    record_decision(
        day.people["chair"].actor,
        db.session.get_one(Meeting, day.meeting.id),
        db.session.get_one(AgendaItem, day.item.id),
        words,
        read_version=day.item.version,
    )


def answer(day: Day, request_id: int) -> None:
    request = db.session.get_one(ReturnRequest, request_id)
    answer_return(day.people["education"].actor, request, state=ReturnState.NOTHING_KNOWN, read_version=request.version)


def in_thread(app: Flask, work: Callable[[], None], ended: threading.Event, outcome: list[str]) -> threading.Thread:
    def run() -> None:
        with app.app_context():
            try:
                with unit_of_work():
                    work()
                outcome.append("done")
            except RuleError as refusal:
                outcome.append(refusal.message)
            finally:
                db.session.remove()
                ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_until_it_waits(ended: threading.Event) -> None:
    """Return once the other connection waits for a row, or has ended; SQLite lets one writer in at a time anyway."""
    if db.engine.dialect.name == "sqlite":
        return
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with db.engine.connect() as watcher:
        while not ended.wait(0.01):
            if watcher.execute(waiting).scalar():
                return
            watcher.rollback()


def test_an_answer_that_comes_while_the_item_is_decided_is_refused_and_not_lost_in_it(app: Flask) -> None:
    day, words, request_id = begun(app)
    ended = threading.Event()
    outcome: list[str] = []
    with app.app_context():
        with unit_of_work():
            decide(day, words)
            other = in_thread(app, lambda: answer(day, request_id), ended, outcome)
            wait_until_it_waits(ended)
        other.join(30)
        assert outcome == ["This item is over, so it takes no more answers. Write to the coordinator instead."]
        assert db.session.get_one(ReturnRequest, request_id).state is ReturnState.WAITING
        db.session.rollback()


def test_the_meeting_is_held_before_the_item_and_the_request(app: Flask) -> None:
    day, _words, request_id = begun(app)
    held: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        first = statement.partition("FROM ")[2].split()
        if "FOR UPDATE" in statement and first:
            held.append(first[0].strip(","))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            with unit_of_work():
                answer(day, request_id)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        if db.engine.dialect.name == "postgresql":
            assert held[:3] == ["meeting", "agenda_item", "return_request"]
        assert db.session.get_one(ReturnRequest, request_id).state is ReturnState.NOTHING_KNOWN
        db.session.rollback()
