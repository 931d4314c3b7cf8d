"""A conflict of interest declared on a case beats every allow, for all that is or will be about it."""

import pytest
from flask import Flask

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation
from safeguarding.cases import conflicts
from safeguarding.cases.models import CaseState
from safeguarding.cases.restricted import ask_to_lift, lift_restriction
from safeguarding.cases.service import move_case
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.check import check
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_action, make_case
from tests.factories.people import Somebody
from tests.integration.cases.test_restricted import Record


@pytest.fixture
def record(in_app: Flask) -> Record:
    return Record()


def declare(record: Record, by: Somebody, about: Somebody | None = None) -> int:
    with unit_of_work():
        whose = None if about is None else about.id
        return conflicts.declare_conflict(by.actor, record.case, reason="A cousin", user_id=whose).id


def test_it_closes_everything_to_that_person_at_once_and_to_nobody_else(record: Record) -> None:
    assert record.opens(record.chair) >= {"person", "case", "item", "referral"}
    others = {who.name: record.opens(who) for who in (record.police, record.lead, record.worker)}
    declare(record, record.chair)
    assert record.opens(record.chair) == set()
    assert {who.name: record.opens(who) for who in (record.police, record.lead, record.worker)} == others
    assert check().differences == []


def test_it_beats_a_list_an_allocation_and_emergency_access(record: Record) -> None:
    declare(record, record.worker, record.other_lead)
    with unit_of_work():
        subjects = closing.with_followers([("case", record.case.id), ("person", record.person.id)])
        for kind in (Relation.LISTED, Relation.ALLOCATED, Relation.EMERGENCY, Relation.LEAD_WORKER):
            relations.grant(user_principal(record.other_lead.id), subjects, kind, ("listing", 0))
    assert record.opens(record.other_lead) == set()


def test_what_is_made_later_is_closed_to_them_too(record: Record) -> None:
    declare(record, record.police)
    with unit_of_work():
        action = make_action(record.worker, record.case, record.police, title="Ring the school")
        record.action = action
    assert record.opens(record.police) == set()
    assert check().differences == []


def test_a_case_opened_later_about_the_same_young_person_is_closed_to_them_too(record: Record) -> None:
    declare(record, record.lead)
    with unit_of_work():
        closed = CaseState.CLOSED
        move_case(
            record.worker.actor, record.case, state=closed, reason="Safe for now", read_version=record.case.version
        )
        record.case = make_case(record.worker, record.person)
    assert record.opens(record.lead) == set()
    assert record.opens(record.other_lead) >= {"person", "case"}
    assert check().differences == []


def test_it_stays_when_the_case_is_restricted_and_opened_again(record: Record) -> None:
    declare(record, record.police)
    restriction = record.restrict()
    assert check().differences == []
    with unit_of_work():
        ask_to_lift(record.lead.actor, restriction, reason="The relative has left the partner.")
        lift_restriction(record.governor.actor, restriction)
    assert record.opens(record.police) == set()
    assert check().differences == []


def test_somebody_else_is_named_by_whoever_says_who_works_it_alone(record: Record) -> None:
    with pytest.raises(ForbiddenError), unit_of_work():
        conflicts.declare_conflict(record.chair.actor, record.case, reason="A cousin", user_id=record.police.id)
    declare(record, record.worker, record.police)
    with pytest.raises(RuleError, match="already"), unit_of_work():
        conflicts.declare_conflict(record.worker.actor, record.case, reason="A cousin", user_id=record.police.id)


def test_the_lead_worker_of_a_live_case_hands_it_on_first(record: Record) -> None:
    with pytest.raises(RuleError, match="next lead worker"), unit_of_work():
        conflicts.declare_conflict(record.worker.actor, record.case, reason="A cousin")


def test_it_is_lifted_by_somebody_else(record: Record) -> None:
    before = record.opens(record.chair)
    key = declare(record, record.chair)
    with pytest.raises(ForbiddenError), unit_of_work():
        conflicts.withdraw_conflict(record.chair.actor, record.case, conflict_id=key)
    with unit_of_work():
        conflicts.withdraw_conflict(record.worker.actor, record.case, conflict_id=key)
    assert record.opens(record.chair) == before
    assert check().differences == []
