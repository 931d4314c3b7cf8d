"""An export of who looked: one asks, another agrees, the first takes the file once; what it holds is in the audit."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.oversight import exports
from safeguarding.oversight.export_queries import is_wanted
from tests.factories.people import Somebody, make_somebody, unit_of_work

CHILD = "YP-0000-0000"
PURPOSE = "A complaint that a neighbour looked at the record."
NOWHERE = Path("no-anchors")


class Watch:
    """Somebody who asks, somebody who agrees, and a look to be exported."""

    def __init__(self) -> None:
        self.asker = make_somebody(Role.INFORMATION_GOVERNANCE)
        self.other = make_somebody(Role.AUDITOR)
        self.worker = make_somebody(Role.PRACTITIONER, name="=HYPERLINK(1)")
        audit.record("people:person:shown", self.worker.actor, CHILD, why=["lead_worker"], roles=["practitioner"])

    def ask(self, purpose: str = PURPOSE) -> str:
        today = clock.today()
        return exports.ask_export(self.asker.actor, CHILD, today - timedelta(days=1), today, purpose).ref


@pytest.fixture
def watch(in_app: Flask) -> Iterator[Watch]:
    with unit_of_work():
        made = Watch()
    yield made


@contextmanager
def refused(error: type[Exception]) -> Iterator[None]:
    with pytest.raises(error):
        yield
    db.session.rollback()


def take(who: Somebody, ref: str) -> exports.Taken:
    return exports.take_export(who.actor, ref, NOWHERE)


def test_it_is_taken_once_by_whoever_asked_after_somebody_else_agreed(watch: Watch) -> None:
    with unit_of_work():
        ref = watch.ask()
    assert set(db.session.scalars(select(Notice.recipient_id).where(Notice.kind == exports.ASKED))) == {watch.other.id}
    assert is_wanted(watch.other.actor, ref)
    assert not is_wanted(watch.asker.actor, ref)
    with refused(RuleError):
        take(watch.asker, ref)
    with refused(ForbiddenError):
        exports.decide_export(watch.asker.actor, ref, agree=True)
    with unit_of_work():
        exports.decide_export(watch.other.actor, ref, agree=True)
    with refused(RuleError):
        exports.decide_export(watch.other.actor, ref, agree=False)
    with refused(NotFoundError):
        take(watch.other, ref)
    with unit_of_work():
        taken = take(watch.asker, ref)
    rows = list(csv.reader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert watch.asker.name in rows[0][0] and ref in rows[0][0]
    assert [watch.worker.ref, "Person shown", CHILD, "Leads the work"] == [rows[-1][i] for i in (3, 5, 6, 7)]
    assert rows[-1][2] == "'=HYPERLINK(1)"
    detail = db.session.scalars(select(AuditEvent.detail).where(AuditEvent.event == "oversight:looks:exported")).one()
    said = json.loads(detail)
    assert said["sha256"] == hashlib.sha256(taken.content).hexdigest()
    assert said["count"] == len(rows) - 2
    with refused(RuleError):
        take(watch.asker, ref)


def test_what_was_declined_or_has_run_out_is_not_given(watch: Watch) -> None:
    with unit_of_work():
        declined, late, forgotten = watch.ask(), watch.ask(), watch.ask()
    with unit_of_work():
        exports.decide_export(watch.other.actor, declined, agree=False)
        exports.decide_export(watch.other.actor, late, agree=True)
    with refused(RuleError):
        take(watch.asker, declined)
    with time_machine.travel(clock.now() + exports.LASTS + timedelta(minutes=1), tick=False):
        with refused(RuleError):
            take(watch.asker, late)
        with refused(RuleError):
            exports.decide_export(watch.other.actor, forgotten, agree=True)


def test_a_purpose_is_needed_and_the_right_to_read_the_audit(watch: Watch) -> None:
    with refused(RuleError):
        watch.ask("because")
    with refused(ForbiddenError):
        exports.ask_export(watch.worker.actor, CHILD, clock.today(), clock.today(), PURPOSE)


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    safe = exports.safe_cell(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert safe.removeprefix("'") == text.removeprefix("'") or safe == text
