"""Commands about places, on both databases."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.contexts import risk, service
from safeguarding.contexts.models import (
    ContextKind,
    ContextReview,
    ContextRisk,
    ContextStep,
    FactorKind,
    GoalState,
    Handling,
    Incident,
    IncidentPart,
    PersonIncident,
)
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade, Precision
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM, make_somebody
from tests.factories.places import in_days, make_context, make_incident, make_lead


def figure(context_id: int) -> ContextRisk:
    return db.session.scalars(select(ContextRisk).where(ContextRisk.context_id == context_id)).one()


def test_a_new_place_has_a_figure_and_leaves_its_event(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context(name="Tanner’s Fields", aliases=("the Tans", "courts", "the Tans"))
        key, ref = context.id, context.ref
    assert (figure(key).score, figure(key).too_few, figure(key).band) == (0, True, "low")
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "contexts:context:added")).one()
    assert event.subject == ref
    assert "Tanner" not in event.detail


def test_a_private_address_is_always_restricted(in_app: Flask) -> None:
    with unit_of_work():
        assert make_context(kind=ContextKind.PRIVATE_ADDRESS).is_restricted
        assert not make_context(kind=ContextKind.PARK).is_restricted


def test_an_incident_moves_the_figure_in_its_own_transaction(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        worker = make_somebody(Role.PRACTITIONER)
        key = context.id
    with unit_of_work():
        make_incident(worker.actor, context, days_ago=0)
    assert (figure(key).score, figure(key).counted) == (700, 1)
    assert risk.differing(clock.today()) == []


def test_a_failed_command_leaves_the_figure_alone(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        worker = make_somebody(Role.PRACTITIONER)
    key = context.id
    with pytest.raises(ZeroDivisionError), unit_of_work():
        make_incident(worker.actor, context)
        raise ZeroDivisionError
    assert figure(key).score == 0


def test_nobody_young_involved_does_not_count_and_not_said_does(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        worker = make_somebody(Role.PRACTITIONER)
        make_incident(worker.actor, context, days_ago=0, involves_young_person=False)
        assert figure(context.id).score == 0
        make_incident(worker.actor, context, days_ago=0, involves_young_person=None)
        assert figure(context.id).score == 700


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"happened_on": date(2999, 1, 1)}, "happened_on"),
        ({"handling": Handling.CONDITIONS}, "handling_conditions"),
        ({"latitude": 51.5}, "latitude"),
        ({"latitude": 551.0, "longitude": 0.1}, "latitude"),
    ],
)
def test_an_incident_that_cannot_be_is_refused(in_app: Flask, changes: dict[str, object], field: str) -> None:
    with unit_of_work():
        worker = make_somebody(Role.PRACTITIONER)
        with pytest.raises(RuleError) as refused:
            make_incident(worker.actor, **changes)
    assert refused.value.field == field


def test_the_time_of_an_incident_is_as_exact_as_it_is_known(in_app: Flask) -> None:
    with unit_of_work():
        worker = make_somebody(Role.PRACTITIONER)
        day = clock.today() - timedelta(days=40)
        month = make_incident(worker.actor, happened_on=day, month_only=True)
        exact = make_incident(worker.actor, happened_on=day, happened_at=clock.at_london(day, clock.now().time()))
    assert (month.precision, month.happened_on) == (Precision.MONTH, day.replace(day=1))
    assert (exact.precision, exact.happened_on) == (Precision.INSTANT, day)


def test_a_point_alone_is_matched_and_keeps_distance_and_rule(in_app: Flask) -> None:
    with unit_of_work():
        station = make_context(kind=ContextKind.STATION, latitude=51.5, longitude=-0.1)
        worker = make_somebody(Role.PRACTITIONER)
        near = make_incident(worker.actor, latitude=51.501, longitude=-0.1)
        far = make_incident(worker.actor, latitude=51.51, longitude=-0.1)
    assert (near.context_id, near.match_distance_m, near.match_rule) == (station.id, 111, "nearest within 150 m")
    assert not near.place_certain
    assert (far.context_id, far.match_distance_m, far.match_rule) == (None, None, None)


def test_a_restricted_place_takes_incidents_of_the_lead_alone(in_app: Flask) -> None:
    with unit_of_work():
        home = make_context(kind=ContextKind.PRIVATE_ADDRESS)
        worker, lead = make_somebody(Role.PRACTITIONER), make_lead()
        with pytest.raises(NotFoundError):
            make_incident(worker.actor, home)
        assert make_incident(lead.actor, home).context_id == home.id


def test_people_the_recorder_may_not_see_cannot_be_linked(in_app: Flask) -> None:
    with unit_of_work():
        worker = make_somebody(Role.PRACTITIONER)
        with pytest.raises(NotFoundError):
            make_incident(worker.actor, people=[(4711, IncidentPart.HARMED)])
    assert db.session.scalar(select(PersonIncident.id)) is None


def test_a_correction_is_another_version_and_the_first_stays(in_app: Flask) -> None:
    with unit_of_work():
        here, there = make_context(), make_context()
        lead = make_lead()
        first = make_incident(lead.actor, here, days_ago=0)
        key, ids = first.id, (here.id, there.id)
    with unit_of_work():
        held = db.session.get_one(Incident, key)
        again = service.correct_incident(lead.actor, held, read_version=1, grade=InformationGrade.C, context_id=ids[1])
        assert (again.version_no, again.ref, again.context_id) == (2, None, ids[1])
    assert db.session.get_one(Incident, key).grade is InformationGrade.A
    assert (figure(ids[0]).score, figure(ids[1]).score) == (0, 350)
    assert risk.differing(clock.today()) == []
    with unit_of_work(), pytest.raises(StaleError):
        service.correct_incident(lead.actor, db.session.get_one(Incident, key), read_version=1, harm=IncidentHarm.OTHER)


def test_a_review_keeps_the_whole_explanation(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context(step=ContextStep.PLAN_ACTIVE)
        lead = make_lead()
        for _ in range(6):
            make_incident(lead.actor, context, days_ago=0)
    with unit_of_work():
        review = service.review_context(
            lead.actor,
            context.id,
            grade=ContextGrade.COMPLEX_HIGH,
            rationale="Six injuries in one day.",
            next_review_on=in_days(30),
            step=ContextStep.REVIEW,
        )
        assert (review.score, review.band, review.what_changed) == (4200, "high", service.FIRST_REVIEW)
        kept = risk.from_snapshot(review.explanation, risk.load_rubric(clock.today()))
        assert (
            kept.to_json()["contributions"]
            == risk.explain(context.id, context.ref, clock.today()).to_json()["contributions"]
        )
    assert (context.step, context.grade, context.version) == (ContextStep.REVIEW, ContextGrade.COMPLEX_HIGH, 2)
    with unit_of_work():
        make_incident(lead.actor, context, days_ago=0, harm=IncidentHarm.ROBBERY)
        second = service.review_context(
            lead.actor, context.id, grade=ContextGrade.COMPLEX_HIGH, rationale="One more.", next_review_on=in_days(30)
        )
        assert "Robbery" in second.what_changed
        assert second.what_changed.endswith("new, +400")


def test_a_judgement_that_differs_from_the_band_says_why(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        lead = make_lead()
        for _ in range(6):
            make_incident(lead.actor, context, days_ago=0)
    asked = {"grade": ContextGrade.UNIVERSAL, "rationale": "Calm.", "next_review_on": in_days(30)}
    with unit_of_work(), pytest.raises(RuleError) as refused:
        service.review_context(lead.actor, context.id, **asked)
    assert refused.value.field == "differs_reason"
    with unit_of_work():
        review = service.review_context(lead.actor, context.id, **asked, differs_reason="All six were one fight.")
        assert review.score == 4200


def test_a_stale_or_impossible_review_is_refused(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        lead = make_lead()
    asked = {"grade": ContextGrade.UNIVERSAL, "rationale": "Calm."}
    with unit_of_work(), pytest.raises(StaleError):
        service.review_context(lead.actor, context.id, **asked, next_review_on=in_days(9), read_version=7)
    with unit_of_work(), pytest.raises(RuleError, match="lie ahead"):
        service.review_context(lead.actor, context.id, **asked, next_review_on=clock.today())
    with unit_of_work(), pytest.raises(RuleError, match="cannot become"):
        service.review_context(
            lead.actor, context.id, **asked, next_review_on=in_days(9), step=ContextStep.CLOSED_SAFER
        )
    assert db.session.scalar(select(ContextReview.id)) is None


def test_factors_and_goals_move_the_figure(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        lead = make_lead()
    today = clock.today()
    with unit_of_work():
        guardian = service.add_factor(
            lead.actor,
            context.id,
            kind=FactorKind.GUARDIAN,
            text="The café at the gate",
            source="Council",
            happened_on=today,
        )
        service.add_factor(
            lead.actor, context.id, kind=FactorKind.FINDING, text="No lights", source="Council", happened_on=today
        )
        assert figure(context.id).score == 100
        service.end_factor(lead.actor, context.id, guardian.id, ended_on=today)
        assert figure(context.id).score == 300
        goal = service.set_goal(
            lead.actor, context.id, statement="The path is lit", hoped_change="Fewer fear it", measure="Survey"
        )
        assert figure(context.id).score == 300
        service.evidence_goal(
            lead.actor, context.id, goal.id, evidence="19 of 22 agree", evidenced_on=today, read_version=1
        )
        assert figure(context.id).score == 0
        assert goal.state is GoalState.EVIDENCED
        with pytest.raises(RuleError):
            service.evidence_goal(lead.actor, context.id, goal.id, evidence="x", evidenced_on=today, read_version=2)
    assert risk.differing(today) == []


def test_only_those_who_may_review_change_a_place(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        worker = make_somebody(Role.PRACTITIONER)
        with pytest.raises(ForbiddenError):
            service.add_factor(
                worker.actor, context.id, kind=FactorKind.FINDING, text="x", source="x", happened_on=clock.today()
            )
        with pytest.raises(ForbiddenError):
            service.set_goal(worker.actor, context.id, statement="x", hoped_change="x", measure="x")
        with pytest.raises(ForbiddenError):
            service.review_context(
                worker.actor, context.id, grade=ContextGrade.UNIVERSAL, rationale="x", next_review_on=in_days(3)
            )
        with pytest.raises(ForbiddenError):
            service.add_context(worker.actor, name="x", kind=ContextKind.PARK)
        auditor = make_somebody(Role.AUDITOR)
        with pytest.raises(ForbiddenError):
            make_incident(auditor.actor)


def test_the_passing_of_days_is_made_good_by_a_refresh(in_app: Flask) -> None:
    with unit_of_work():
        context = make_context()
        lead = make_lead()
        make_incident(lead.actor, context, days_ago=0)
    later = clock.now() + timedelta(days=90)
    with clock.pretend(later), unit_of_work():
        assert service.refresh_risk(SYSTEM) == 1
        assert service.refresh_risk(SYSTEM) == 0
        assert (figure(context.id).score, figure(context.id).as_of) == (350, clock.today())
