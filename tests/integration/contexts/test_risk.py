"""The materialised figure always equals a recomputation, whatever is recorded and in whichever order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.cli.importing import ACTOR
from safeguarding.contexts import importing, risk, service
from safeguarding.contexts.models import Context, ContextFactor, ContextRisk, FactorKind, Incident, SafetyGoal
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM
from tests.factories.places import make_context, make_incident, make_lead
from tests.integration.imports.files import partners

ACTS = ("incident", "incident", "correct", "factor", "end", "goal", "evidence", "review", "import", "days")


class Diary:
    """Does things to two places at an instant that moves on."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.dice, self.folder = Random(seed), folder
        self.now = clock.now() - timedelta(days=400)
        with clock.pretend(self.now), unit_of_work():
            self.lead: Actor = make_lead().actor
            self.ids = [make_context(latitude=51.5 + n / 10, longitude=-0.1).id for n in range(2)]

    def do(self, act: str) -> None:
        self.now += timedelta(hours=self.dice.randint(1, 30))
        with clock.pretend(self.now):
            if act == "days":
                self.now += timedelta(days=self.dice.randint(1, 60))
            elif act == "import":
                self.take_in()
            else:
                with unit_of_work():
                    getattr(self, act)()

    def is_here(self, what: Any) -> Any:
        """The examples of one run share a database: only what is at this diary's own places."""
        return what.context_id.in_(self.ids)

    def day(self) -> Any:
        return clock.today() - timedelta(days=self.dice.randint(0, 30))

    def incident(self) -> None:
        service.record_incident(
            self.lead,
            harm=self.dice.choice([*IncidentHarm]),
            grade=self.dice.choice([*InformationGrade]),
            happened_on=self.day(),
            context_id=self.dice.choice(self.ids),
            place_certain=self.dice.random() < 0.7,
            involves_young_person=self.dice.choice([True, True, False, None]),
            event_key=self.dice.choice([None, None, "one", "two"]),
        )

    def correct(self) -> None:
        held = db.session.scalars(
            select(Incident).where(Incident.superseded_at.is_(None), Incident.run_id.is_(None), self.is_here(Incident))
        )
        if found := held.first():
            service.correct_incident(
                self.lead,
                found,
                read_version=found.version_no,
                grade=self.dice.choice([*InformationGrade]),
                context_id=self.dice.choice([*self.ids, None]),
            )

    def factor(self) -> None:
        key, kind = self.dice.choice(self.ids), self.dice.choice([*FactorKind])
        service.add_factor(self.lead, key, kind=kind, text="x", source="Visit", happened_on=self.day())

    def end(self) -> None:
        held = db.session.scalars(
            select(ContextFactor).where(ContextFactor.ended_on.is_(None), self.is_here(ContextFactor))
        )
        if found := held.first():
            service.end_factor(self.lead, found.context_id, found.id, ended_on=clock.today())

    def goal(self) -> None:
        key = self.dice.choice(self.ids)
        service.set_goal(self.lead, key, statement="x", hoped_change="x", measure="x")

    def evidence(self) -> None:
        if found := db.session.scalars(
            select(SafetyGoal).where(SafetyGoal.state == "open", self.is_here(SafetyGoal))
        ).first():
            service.evidence_goal(
                self.lead, found.context_id, found.id, evidence="x", evidenced_on=clock.today(), read_version=1
            )

    def review(self) -> None:
        service.review_context(
            self.lead,
            self.dice.choice(self.ids),
            grade=self.dice.choice([*ContextGrade]),
            rationale="x",
            differs_reason="x",
            next_review_on=clock.today() + timedelta(days=30),
        )

    def take_in(self) -> None:
        rows = [
            [
                f"R{n}",
                "School",
                self.day().isoformat(),
                "Fight",
                "Here",
                51.5 + self.dice.randint(0, 2) / 10,
                -0.1,
                "16",
                "B",
            ]
            for n in range(self.dice.randint(1, 4))
        ]
        importing.import_incidents(ACTOR, partners(self.folder / "p.csv", rows), "csv")


@contextmanager
def pretended(diary: Diary) -> Iterator[datetime]:
    with clock.pretend(diary.now):
        yield diary.now


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10_000), acts=st.lists(st.sampled_from(ACTS), min_size=1, max_size=9))
def test_the_figure_equals_a_recomputation(in_app: Flask, seed: int, acts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        diary = Diary(seed, Path(folder))
        for act in acts:
            diary.do(act)
        with pretended(diary):
            assert risk.differing(clock.today()) == []
            before = [risk.explain(key, "", clock.today()) for key in diary.ids]
            db.session.rollback()
        # What is done tomorrow changes nothing of how today is told.
        today, diary.now = clock.london(diary.now).date(), diary.now + timedelta(days=1)
        for act in ("incident", "correct", "factor", "end", "evidence", "import"):
            diary.do(act)
        assert [risk.explain(key, "", today) for key in diary.ids] == before
        with pretended(diary), unit_of_work():
            service.refresh_risk(SYSTEM)
            assert risk.differing(clock.today()) == []


def test_a_figure_that_is_wrong_is_found(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        make_incident(make_lead().actor, context, days_ago=0)
        ref = context.ref
    with unit_of_work():
        db.session.scalars(select(ContextRisk)).one().score += 1
    assert risk.differing(clock.today()) == [ref]


def test_two_who_record_at_once_are_both_counted(app: Flask) -> None:
    with app.app_context(), unit_of_work():
        key = make_context().id
        lead = make_lead()
    with app.app_context():
        actor = lead.actor
        db.session.rollback()
    failed: list[BaseException] = []
    ready = threading.Barrier(4)

    def record() -> None:
        try:
            with app.app_context():
                ready.wait(10)
                with unit_of_work():
                    make_incident(actor, db.session.get_one(Context, key), days_ago=0)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    with app.app_context():
        assert db.session.scalars(select(ContextRisk)).one().score == 4 * 700
        assert risk.differing(clock.today()) == []


@pytest.mark.parametrize("points", [1, -1])
def test_an_explanation_that_does_not_sum_cannot_be_kept(in_app: Flask, points: int) -> None:
    with unit_of_work():
        context = make_context()
        make_incident(make_lead().actor, context, days_ago=0)
        kept = risk.snapshot(risk.explain(context.id, context.ref, clock.today()))
    changed = kept.replace('"score":700', f'"score":{700 + points}')
    assert changed != kept
    with pytest.raises(ValueError, match="sum"):
        risk.from_snapshot(changed, risk.load_rubric(clock.today()))
