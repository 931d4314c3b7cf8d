"""Recording what becomes of a referral to the National Referral Mechanism."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.nrm import queries, service
from safeguarding.nrm.clocks import ClockKey
from safeguarding.nrm.models import GroundsOutcome, NrmEvent, NrmReferral, NrmRoute, NrmState
from safeguarding.nrm.service import ReferralText
from safeguarding.relations import service as relations
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_person
from tests.factories.people import Somebody, make_somebody

POSITIVE, NEGATIVE = GroundsOutcome.POSITIVE, GroundsOutcome.NEGATIVE


@pytest.fixture
def worker(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.SOCIAL_WORKER)


@pytest.fixture
def case(worker: Somebody) -> Case:
    with unit_of_work():
        return make_case(worker)


def days_ago(days: int) -> date:
    return clock.today() - timedelta(days=days)


def refer(by: Somebody, case: Case, **options: object) -> NrmReferral:
    given = {
        "referred_on": days_ago(60),
        "first_responder_code": "local_authority",
        "exploitation_types": ["criminal"],
        "county_lines": True,
        **options,
    }
    with unit_of_work():
        return service.record_referral(by.actor, case, referral=ReferralText(**given))  # type: ignore[arg-type]


def decide(by: Somebody, record: NrmReferral, what: str, **options: object) -> None:
    command = {"rg": service.record_reasonable_grounds, "cg": service.record_conclusive_grounds}[what]
    given = {
        "outcome": POSITIVE,
        "decided_on": days_ago(50),
        "decision_maker": "Single Competent Authority",
        "note": "Letter kept",
        "read_version": record.version,
        **options,
    }
    with unit_of_work():
        command(by.actor, record, **given)  # type: ignore[arg-type]


def test_a_referral_waits_for_reasonable_grounds_by_the_route_of_its_age(worker: Somebody, case: Case) -> None:
    record = refer(worker, case, exploitation_types=["sexual", "criminal", "criminal"])
    assert (record.state, record.route, record.exploitation_types) == (
        NrmState.RG_PENDING,
        NrmRoute.PANEL,
        "criminal,sexual",
    )
    view = queries.access_nrm(worker.actor, record.ref)
    assert view.types == ["criminal", "sexual"]
    assert view.next_clock is not None
    assert (view.next_clock.key, view.next_clock.due) == (ClockKey.REASONABLE_GROUNDS, days_ago(15))
    event = db.session.scalars(select(NrmEvent)).one()
    assert (event.event, event.happened_on) == ("referred", record.referred_on)


def test_somebody_near_eighteen_goes_to_the_authority_and_never_to_a_panel(worker: Somebody) -> None:
    born = days_ago(60).replace(year=days_ago(60).year - 17)
    with unit_of_work():
        near = make_case(worker, make_person(worker, born_on=born - timedelta(days=300)))
    with pytest.raises(RuleError) as refusal:
        refer(worker, near, route=NrmRoute.PANEL)
    assert refusal.value.field == "route"
    assert refer(worker, near).route is NrmRoute.SCA


def test_an_adult_is_referred_only_with_consent_and_a_child_without_being_asked(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        adult = make_case(worker, make_person(worker, born_on=date(clock.today().year - 20, 1, 1)))
    with pytest.raises(RuleError) as refusal:
        refer(worker, adult)
    assert refusal.value.field == "adult_consented"
    record = refer(worker, adult, adult_consented=True)
    assert "consent_given" in [row.event for row in queries.list_events(queries.access_nrm(worker.actor, record.ref))]
    assert refer(worker, case).ref


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"first_responder_code": "school"}, "first_responder_code"),
        ({"first_responder_code": "nobody"}, "first_responder_code"),
        ({"exploitation_types": []}, "exploitation_types"),
        ({"exploitation_types": ["county_lines"]}, "exploitation_types"),
        ({"referred_on": date(2200, 1, 1)}, "referred_on"),
        ({"referred_on": date(2001, 1, 1)}, "referred_on"),
    ],
)
def test_what_a_referral_needs(worker: Somebody, case: Case, changed: dict, field: str) -> None:
    with pytest.raises(RuleError) as refusal:
        refer(worker, case, **changed)
    assert refusal.value.field == field


def test_one_that_has_not_ended_refuses_another_and_one_that_ended_is_linked(worker: Somebody, case: Case) -> None:
    first = refer(worker, case)
    with pytest.raises(RuleError, match=first.ref):
        refer(worker, case)
    decide(worker, first, "rg", outcome=NEGATIVE)
    second = refer(worker, case, referred_on=days_ago(10))
    assert second.earlier_referral_id == first.id


def test_positive_reasonable_grounds_lead_at_once_to_waiting_for_conclusive(worker: Somebody, case: Case) -> None:
    record = refer(worker, case, route=NrmRoute.SCA)
    decide(worker, record, "rg")
    assert (record.state, record.rg_outcome, record.rg_decided_on) == (NrmState.CG_PENDING, POSITIVE, days_ago(50))
    view = queries.access_nrm(worker.actor, record.ref)
    assert view.next_clock is not None
    assert (view.next_clock.key, view.next_clock.due) == (ClockKey.CONCLUSIVE_EARLIEST, days_ago(20))
    decide(worker, record, "cg", decided_on=days_ago(5))
    assert (record.state, record.cg_outcome) == (NrmState.CG_POSITIVE, POSITIVE)
    assert queries.access_nrm(worker.actor, record.ref).next_clock is None


def test_a_conclusive_decision_before_recovery_is_over_is_recorded_all_the_same(worker: Somebody, case: Case) -> None:
    record = refer(worker, case, route=NrmRoute.SCA)
    decide(worker, record, "rg")
    decide(worker, record, "cg", decided_on=days_ago(45))
    assert record.state is NrmState.CG_POSITIVE


def test_dates_only_move_forward(worker: Somebody, case: Case) -> None:
    record = refer(worker, case)
    for day in (days_ago(61), clock.today() + timedelta(days=1)):
        with pytest.raises(RuleError) as refusal:
            decide(worker, record, "rg", decided_on=day)
        assert refusal.value.field == "decided_on"
    decide(worker, record, "rg")
    with pytest.raises(RuleError) as refusal:
        decide(worker, record, "cg", decided_on=days_ago(51))
    assert refusal.value.field == "decided_on"
    assert record.state is NrmState.CG_PENDING


def test_a_negative_decision_needs_its_reasons(worker: Somebody, case: Case) -> None:
    record = refer(worker, case)
    with pytest.raises(RuleError) as refusal:
        decide(worker, record, "rg", outcome=NEGATIVE, note=None)
    assert refusal.value.field == "note"


def test_a_decision_out_of_turn_is_refused(worker: Somebody, case: Case) -> None:
    record = refer(worker, case)
    with pytest.raises(RuleError):
        decide(worker, record, "cg")
    decide(worker, record, "rg", outcome=NEGATIVE)
    for what in ("rg", "cg"):
        with pytest.raises(RuleError):
            decide(worker, record, what)


def test_a_stale_decision_changes_nothing(worker: Somebody, case: Case) -> None:
    record = refer(worker, case)
    with pytest.raises(StaleError):
        decide(worker, record, "rg", read_version=record.version + 1)
    assert record.state is NrmState.RG_PENDING


def test_a_correction_is_a_further_entry_and_keeps_the_order(worker: Somebody, case: Case) -> None:
    record = refer(worker, case)
    decide(worker, record, "rg")
    entry = db.session.scalars(select(NrmEvent).where(NrmEvent.event == "rg_positive")).one()

    def correct(on: date, version: int | None = None) -> None:
        with unit_of_work():
            service.correct_date(
                worker.actor,
                record,
                corrects=entry,
                happened_on=on,
                note="The letter says so",
                read_version=version or record.version,
            )

    with pytest.raises(RuleError) as refusal:
        correct(days_ago(61))
    assert refusal.value.field == "happened_on"
    with pytest.raises(StaleError):
        correct(days_ago(49), record.version + 1)
    correct(days_ago(49))
    assert record.rg_decided_on == days_ago(49)
    rows = [
        row for row in queries.list_events(queries.access_nrm(worker.actor, record.ref)) if row.event == "rg_positive"
    ]
    assert [(row.happened_on, row.corrected_by is not None) for row in rows] == [
        (days_ago(49), False),
        (days_ago(50), True),
    ]
    with pytest.raises(RuleError, match="Correct the correction"):
        correct(days_ago(48))


def test_who_sees_a_referral_and_who_records(worker: Somebody, case: Case) -> None:
    record = refer(worker, case)
    with unit_of_work():
        stranger, referrer, lead = (
            make_somebody(Role.SOCIAL_WORKER),
            make_somebody(Role.PRACTITIONER),
            make_somebody(Role.LEAD),
        )
        relations.grant(user_principal(referrer.id), [("case", case.id)], Relation.REFERRER, ("referral", 1))
    with pytest.raises(NotFoundError):
        queries.access_nrm(stranger.actor, record.ref)
    assert queries.list_running(stranger.actor) == []
    assert queries.access_nrm(lead.actor, record.ref, Permission.NRM_RECORD).ref == record.ref
    assert queries.access_nrm(referrer.actor, record.ref).ref == record.ref
    with pytest.raises(ForbiddenError):
        queries.access_nrm(referrer.actor, record.ref, Permission.NRM_RECORD)
    with pytest.raises(ForbiddenError):
        decide(referrer, record, "rg")


def test_a_relation_to_the_young_person_alone_does_not_open_a_restricted_cases_referral(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
        restricted = make_case(worker, person, is_restricted=True)
        other = make_somebody(Role.SOCIAL_WORKER)
        relations.grant(user_principal(other.id), [("person", person.id)], Relation.ADDED, ("person", person.id))
    record = refer(worker, restricted)
    with pytest.raises(NotFoundError):
        queries.access_nrm(other.actor, record.ref)
    assert queries.list_about(other.actor, person_id=person.id) == []
    assert [row.ref for row in queries.list_about(worker.actor, person_id=person.id)] == [record.ref]


def test_running_clocks_are_those_that_wait_and_fresh_negatives(worker: Somebody) -> None:
    with unit_of_work():
        cases = [make_case(worker) for _ in range(4)]
    waiting, old_negative, fresh_negative, ended = (refer(worker, case) for case in cases)
    decide(worker, old_negative, "rg", outcome=NEGATIVE, decided_on=days_ago(40))
    decide(worker, fresh_negative, "rg", outcome=NEGATIVE, decided_on=days_ago(4))
    decide(worker, ended, "rg")
    decide(worker, ended, "cg", decided_on=days_ago(2))
    assert {row.ref for row in queries.list_running(worker.actor)} == {waiting.ref, fresh_negative.ref}
