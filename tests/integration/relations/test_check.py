"""Every relation is borne out by a fact: after the product's own commands none differs, and each kind of fault is named."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select, update

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.actions.models import Action
from safeguarding.actions.service import complete_action
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Allocation, AllocationKind, Case
from safeguarding.cases.service import allocate, end_allocation
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.items import ReturnRequest, ReturnState
from safeguarding.panels.models.minutes import Minutes
from safeguarding.panels.models.panels import Office
from safeguarding.panels.service.agenda import edit_item, publish_agenda, remove_item
from safeguarding.panels.service.attendance import declare_conflict, withdraw_conflict
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.meetings import close_meeting
from safeguarding.panels.service.minutes import circulate_minutes, generate_minutes, sign_minutes
from safeguarding.panels.service.panels import end_office, end_seat
from safeguarding.panels.service.returns import answer_return
from safeguarding.relations import service as relations
from safeguarding.relations.check import Fault, Verdict, check
from safeguarding.relations.models import RelationRow
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_action, make_case, make_person
from tests.factories.meetings import Day, add_young_person, decision_text, make_day
from tests.factories.people import SYSTEM, Somebody, make_somebody

pytestmark = pytest.mark.usefixtures("in_app")


def faults(verdict: Verdict) -> list[tuple[Fault, str, str]]:
    return [(each.fault, each.key.principal, each.key.kind) for each in verdict.differences]


def assert_borne_out(least: int = 1) -> None:
    verdict = check()
    db.session.rollback()
    assert verdict.to_json()["differences"] == []
    assert verdict.checked >= least


def worker() -> Somebody:
    with unit_of_work():
        return make_somebody(Role.SOCIAL_WORKER)


def opened(by: Somebody, **options: Any) -> Case:
    with unit_of_work():
        return make_case(by, **options)


def day(items: int = 1, **options: Any) -> Day:
    with unit_of_work():
        return make_day(items, **options)


def test_a_case_with_its_workers_and_actions_is_borne_out_at_every_step() -> None:
    first, second = worker(), worker()
    case = opened(first)
    with unit_of_work():
        allocation = allocate(first.actor, case, user_id=second.id, kind=AllocationKind.ALLOCATED)
        allocation_id = allocation.id
    assert_borne_out(8)
    with unit_of_work():
        end_allocation(first.actor, case, allocation_id=allocation_id)
    assert_borne_out(8)
    with unit_of_work():
        action = make_action(first, case, second)
    assert_borne_out(12)
    with unit_of_work():
        owner = db.session.get_one(Action, action.id)
        complete_action(second.actor, owner, evidence="A note of the visit", read_version=owner.version)
    assert_borne_out(8)


def test_a_restricted_case_takes_the_young_person_from_the_hub() -> None:
    lead = worker()
    with unit_of_work():
        person = make_person(lead)
    assert_borne_out()
    opened(lead, person=person, is_restricted=True)
    assert_borne_out()
    principals = set(db.session.scalars(select(RelationRow.principal).where(RelationRow.subject_kind == "person")))
    assert principals == {"shut/hub", f"shut/{user_principal(lead.id)}", user_principal(lead.id)}


def test_a_whole_meeting_is_borne_out_at_every_step() -> None:
    made = day(2, opened=False)
    coordinator = made.people["coordinator"].actor
    assert_borne_out(30)
    with unit_of_work():
        request = db.session.scalars(select(ReturnRequest).where(ReturnRequest.item_id == made.item.id)).first()
        assert request is not None
        answering = next(each for each in _contacts(made) if each.agency_id == request.agency_id)
        answer_return(answering.actor, request, state=ReturnState.NOTHING_KNOWN, read_version=request.version)
    assert_borne_out(30)
    with unit_of_work():
        item = made.items[1]
        edit_item(
            coordinator, made.meeting, item.ref, minutes=20, presenter_id=made.people["police"].id, question=None,
            read_version=item.version,
        )  # fmt: skip
    assert_borne_out(30)
    with unit_of_work():
        added = add_young_person(made)
    assert_borne_out(30)  # on the agenda, but not published
    with unit_of_work():
        publish_agenda(coordinator, made.meeting, read_version=made.meeting.version)
    assert_borne_out(40)
    with unit_of_work():
        remove_item(coordinator, made.meeting, added.ref, read_version=made.meeting.version)
    assert_borne_out(30)


def _contacts(made: Day) -> list[Somebody]:
    return [made.people[key] for key in ("police", "health", "education")] + [_care_contact(made)]


def _care_contact(made: Day) -> Somebody:
    return make_somebody(Role.SPOC, agency=made.agencies["social_care"])


def test_a_decision_its_actions_and_conflicts_are_borne_out() -> None:
    made = day(2)
    education = made.people["education"]
    with unit_of_work():
        conflict = declare_conflict(education.actor, made.meeting, made.items[1], reason="My cousin")
        declare_conflict(education.actor, made.meeting, made.item, reason="My neighbour")
    assert_borne_out(40)
    with unit_of_work():
        withdraw_conflict(made.people["chair"].actor, made.meeting, made.items[1], conflict)
    assert_borne_out(40)
    with unit_of_work():
        record_decision(
            made.people["chair"].actor, made.meeting, made.item, decision_text(made), read_version=made.item.version
        )
    barred = select(RelationRow.subject_kind).where(
        RelationRow.principal == user_principal(education.id), RelationRow.kind == Relation.BARRED,
        RelationRow.subject_kind == "action",
    )  # fmt: skip
    assert list(db.session.scalars(barred)) == ["action"]
    assert_borne_out(40)


def test_what_an_agenda_opened_ends_some_days_after_the_minutes_are_signed() -> None:
    made = day(1)
    chair = made.people["chair"].actor
    with unit_of_work():
        record_decision(chair, made.meeting, made.item, decision_text(made), read_version=made.item.version)
        close_meeting(chair, made.meeting)
        minutes = generate_minutes(made.people["coordinator"].actor, made.meeting, read_version=None)
        circulate_minutes(chair, minutes, read_version=minutes.version)
        until = sign_minutes(chair, minutes, read_version=minutes.version)
    assert_borne_out(20)
    assert db.session.scalar(select(Minutes.signed_at)) is not None
    with time_machine.travel(until + timedelta(hours=1), tick=False):
        assert_borne_out(10)


def test_seats_and_offices_that_ended_are_borne_out_with_their_past() -> None:
    made = day(1, opened=False)
    with unit_of_work():
        end_seat(SYSTEM, made.panel, made.agencies["education"].id)
        end_office(SYSTEM, made.panel, made.people["vice_chair"].id, Office.VICE_CHAIR)
    assert_borne_out(20)
    with unit_of_work():
        seat = RelationRow.kind == Relation.SEAT
        ended = RelationRow.valid_to.is_not(None)
        db.session.execute(update(RelationRow).where(seat, ended).values(valid_to=clock.now() + timedelta(seconds=9)))
    assert faults(check()) == [(Fault.OTHER_SPAN, f"agency:{made.agencies['education'].id}", "seat")]


Tamper = Callable[[Somebody, Case], object]
TAMPERING: dict[str, tuple[Tamper, Fault]] = {
    "a row is taken away": (
        lambda who, _: db.session.execute(delete(RelationRow).where(_lead_on_case(who))),
        Fault.MISSING,
    ),
    "a row is ended": (
        lambda who, _: db.session.execute(update(RelationRow).where(_lead_on_case(who)).values(valid_to=clock.now())),
        Fault.OTHER_SPAN,
    ),
    "a row begins earlier": (
        lambda who, _: db.session.execute(
            update(RelationRow).where(_lead_on_case(who)).values(valid_from=clock.now() - timedelta(days=9))
        ),
        Fault.OTHER_SPAN,
    ),
    "a row without a fact": (
        lambda who, case: relations.grant(
            user_principal(who.id), [("case", case.id)], Relation.LEAD_WORKER, ("allocation", 999)
        ),
        Fault.UNEXPECTED,
    ),
    "a row from a kind of fact that there is not": (
        lambda who, case: relations.grant(user_principal(who.id), [("case", case.id)], Relation.ALLOCATED, ("wish", 1)),
        Fault.UNEXPECTED,
    ),
    "a row twice": (
        lambda who, case: relations.grant(
            user_principal(who.id),
            [("case", case.id)],
            Relation.LEAD_WORKER,
            ("allocation", db.session.scalars(select(Allocation.id)).one()),
        ),
        Fault.UNEXPECTED,
    ),
}


def _lead_on_case(who: Somebody) -> Any:
    return (
        (RelationRow.principal == user_principal(who.id))
        & (RelationRow.subject_kind == "case")
        & (RelationRow.kind == Relation.LEAD_WORKER)
    )


@pytest.mark.parametrize("name", TAMPERING)
def test_a_difference_is_named(name: str) -> None:
    lead = worker()
    case = opened(lead)
    assert_borne_out()
    tamper, fault = TAMPERING[name]
    with unit_of_work():
        tamper(lead, case)
    assert [each[:2] for each in faults(check())] == [(fault, user_principal(lead.id))]


def test_a_fact_that_changed_behind_the_rows_is_named() -> None:
    lead = worker()
    case = opened(lead)
    with unit_of_work():
        db.session.execute(update(Case).where(Case.id == case.id).values(is_restricted=True))
    found = faults(check())
    assert {each[:2] for each in found} == {
        (Fault.MISSING, "closed"),
        (Fault.MISSING, "shut/hub"),
        (Fault.UNEXPECTED, "hub"),
        (Fault.MISSING, f"shut/{user_principal(lead.id)}"),
        (Fault.UNEXPECTED, user_principal(lead.id)),
    }


def test_the_last_activity_alone_makes_no_difference() -> None:
    opened(worker())
    with unit_of_work():
        db.session.execute(update(RelationRow).values(last_activity_at=clock.now() + timedelta(days=3)))
    assert_borne_out()


def test_the_command_says_what_differs_and_exits_accordingly(app: Flask) -> None:
    lead = worker()
    case = opened(lead)
    runner = app.test_cli_runner()
    whole = runner.invoke(args=["relations", "check", "--json"])
    assert whole.exit_code == 0
    assert json.loads(whole.stdout) == {
        "ok": True, "checked": 6, "missing": 0, "unexpected": 0, "other_span": 0, "differences": [],
    }  # fmt: skip
    with unit_of_work():
        relations.grant(user_principal(lead.id), [("case", case.id)], Relation.REFERRER, ("referral", 4))
    told = runner.invoke(args=["relations", "check"])
    assert told.exit_code == 1
    assert f"unexpected: user:{lead.id} referrer on case {case.id}, from referral 4" in told.output
    found = json.loads(runner.invoke(args=["relations", "check", "--json"]).stdout)
    assert (found["ok"], found["unexpected"]) == (False, 1)
    assert set(found["differences"][0]) == {
        "fault", "principal", "subject_kind", "subject_id", "kind", "source_kind", "source_id", "valid_from", "valid_to",
    }  # fmt: skip


def test_narrowing_ends_what_no_fact_bears_out_and_opens_nothing(app: Flask) -> None:
    lead = worker()
    case = opened(lead)
    with unit_of_work():
        relations.grant(user_principal(lead.id), [("case", case.id)], Relation.REFERRER, ("referral", 4))
        db.session.execute(delete(RelationRow).where(_lead_on_case(lead)))
    runner = app.test_cli_runner()
    told = runner.invoke(args=["relations", "narrow"])
    assert told.exit_code == 1  # the lead still lacks what is theirs
    assert "1 relations ended, 0 conflicts written." in told.output
    assert faults(check()) == [(Fault.MISSING, user_principal(lead.id), Relation.LEAD_WORKER)]
    kept = db.session.scalars(select(AuditEvent.detail).where(AuditEvent.event == "operations:relation:narrowed")).all()
    assert len(kept) == 1
    assert '"kind":"referrer"' in kept[0]


def test_narrowing_keeps_out_again_whom_a_conflict_keeps_out(app: Flask) -> None:
    made = day(2)
    health = made.people["health"]
    with unit_of_work():
        declare_conflict(health.actor, made.meeting, made.items[1], reason="Her nephew")
    barred = RelationRow.kind == Relation.BARRED
    before = set(db.session.execute(select(RelationRow.subject_kind, RelationRow.subject_id).where(barred)).all())
    with unit_of_work():
        db.session.execute(delete(RelationRow).where(barred))
    assert {each[0] for each in faults(check())} == {Fault.MISSING}
    told = app.test_cli_runner().invoke(args=["relations", "narrow", "--json"])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["ok"]
    after = set(db.session.execute(select(RelationRow.subject_kind, RelationRow.subject_id).where(barred)).all())
    assert after == before


def test_narrowing_lifts_no_conflict(app: Flask) -> None:
    lead = worker()
    case = opened(lead)
    with unit_of_work():
        relations.grant(user_principal(lead.id), [("case", case.id)], Relation.BARRED, ("conflict", 4))
    told = app.test_cli_runner().invoke(args=["relations", "narrow"])
    assert told.exit_code == 1
    assert "0 relations ended" in told.output
    assert [each[0] for each in faults(check())] == [Fault.UNEXPECTED]
