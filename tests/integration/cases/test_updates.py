"""Logging and correcting updates, and who reads which."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import seat_principal, user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.cases import queries, service
from safeguarding.cases.models import (
    Case,
    CaseRisk,
    CaseState,
    CaseUpdate,
    Risk,
    RiskSource,
    SeenAlone,
    SharedWith,
    UpdateKind,
)
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.relations import service as relations
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_update, update_text
from tests.factories.people import Somebody, make_somebody


@pytest.fixture
def worker(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.PRACTITIONER)


@pytest.fixture
def case(worker: Somebody) -> Case:
    with unit_of_work():
        return make_case(worker)


def read(by: Somebody, case: Case) -> list[str]:
    view = queries.access_case(by.actor, case.ref)
    return [row.what_happened for row in queries.list_updates(by.actor, view)]


def test_the_newest_event_is_read_first_whenever_it_was_logged(worker: Somebody, case: Case) -> None:
    now = clock.now()
    with unit_of_work():
        make_update(worker, case, what_happened="yesterday", happened_at=now - timedelta(days=1))
        make_update(worker, case, what_happened="last week", happened_at=now - timedelta(days=7))
        make_update(worker, case, what_happened="today", happened_at=now - timedelta(minutes=1))
    assert read(worker, case) == ["today", "yesterday", "last week"]


def test_a_page_of_updates_goes_on_where_the_one_before_stopped(worker: Somebody, case: Case) -> None:
    same_time = clock.now() - timedelta(days=1)
    with unit_of_work():
        for number in range(7):
            make_update(worker, case, what_happened=f"{number}", happened_at=same_time)
    view = queries.access_case(worker.actor, case.ref)
    seen: list[str] = []
    before = None
    for _ in range(3):
        rows = queries.list_updates(worker.actor, view, before=before, limit=3)
        seen += [row.what_happened for row in rows[:3]]
        before = (rows[:3][-1].happened_at, rows[:3][-1].id)
    assert sorted(seen) == ["0", "1", "2", "3", "4", "5", "6"]


def test_a_changed_risk_becomes_the_cases_with_its_reason(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        make_update(worker, case, risk=Risk.SIGNIFICANT, risk_reason="He was hurt")
    db.session.refresh(case)
    assert (case.risk, case.risk_set_on) == (Risk.SIGNIFICANT, clock.today())
    last = queries.list_risk(queries.access_case(worker.actor, case.ref))[0]
    assert (last.risk, last.source, last.reason, last.by) == (
        Risk.SIGNIFICANT,
        RiskSource.UPDATE,
        "He was hurt",
        worker.name,
    )


def test_a_risk_that_stays_adds_no_step(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        make_update(worker, case, risk=case.risk)
    assert len(db.session.scalars(select(CaseRisk).where(CaseRisk.case_id == case.id)).all()) == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"happened_at": clock.now() + timedelta(days=1)}, "happened_on"),
        ({"what_happened": "  "}, "what_happened"),
        ({"own_words": None}, "own_words"),
        ({"own_words_absent_reason": "He was out"}, "own_words_absent_reason"),
        ({"risk": Risk.SIGNIFICANT}, "risk_reason"),
        ({"next_step_on": clock.today()}, "next_step"),
    ],
)
def test_what_an_update_needs(worker: Somebody, case: Case, changed: dict, field: str) -> None:
    with pytest.raises(RuleError) as refusal, unit_of_work():
        make_update(worker, case, **changed)
    assert refusal.value.field == field
    assert db.session.scalar(select(CaseUpdate.id)) is None


def test_why_there_are_no_words_will_do(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        update = make_update(worker, case, own_words=None, own_words_absent_reason="He was out")
    assert update.own_words_absent_reason == "He was out"


def test_nobody_logs_on_a_case_that_is_not_theirs(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        other = make_somebody(Role.PRACTITIONER)
        relations.grant(user_principal(other.id), [("case", case.id)], Relation.REFERRER, ("referral", 1))
    with pytest.raises(ForbiddenError), unit_of_work():
        make_update(other, case)


def test_an_update_is_written_for_an_agency_of_ones_own(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        elsewhere = make_somebody(Role.PRACTITIONER)
    with pytest.raises(ForbiddenError), unit_of_work():
        service.log_update(worker.actor, case, update=update_text(), author_agency_id=elsewhere.agency_id)


def test_a_closed_case_takes_no_update(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        service.move_case(worker.actor, case, state=CaseState.CLOSED, reason="Safe", read_version=case.version)
    with pytest.raises(RuleError, match="closed"), unit_of_work():
        make_update(worker, case)


def test_a_correction_is_a_further_row_and_the_first_stays(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        first = make_update(worker, case, what_happened="Seen at school")
    with unit_of_work():
        second = service.correct_update(
            worker.actor, case, corrects=first, update=update_text(what_happened="Seen at college")
        )
    rows = {
        row.what_happened: row
        for row in queries.list_updates(worker.actor, queries.access_case(worker.actor, case.ref))
    }
    assert rows["Seen at school"].corrected_by == second.ref
    assert rows["Seen at college"].corrects == first.ref
    with pytest.raises(RuleError, match="Correct the correction"), unit_of_work():
        service.correct_update(worker.actor, case, corrects=first, update=update_text())
    with unit_of_work():
        service.correct_update(worker.actor, case, corrects=second, update=update_text())


def test_an_update_of_another_case_cannot_be_corrected_through_this_one(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        update = make_update(worker, make_case(worker))
    with pytest.raises(RuleError), unit_of_work():
        service.correct_update(worker.actor, case, corrects=update, update=update_text())
    with pytest.raises(NotFoundError):
        queries.access_update(worker.actor, queries.access_case(worker.actor, case.ref), update.ref)


@pytest.fixture
def shared(worker: Somebody, case: Case) -> Case:
    with unit_of_work():
        make_update(worker, case, what_happened="for the team")
        make_update(worker, case, what_happened="for the panel", shared_with=SharedWith.PANEL)
    return case


def test_a_panels_member_reads_only_what_was_shared_with_the_panel(worker: Somebody, shared: Case) -> None:
    with unit_of_work():
        police = make_somebody(Role.SPOC)
        relations.grant(user_principal(police.id), [("case", shared.id)], Relation.AGENDA, ("item", 1))
    assert read(police, shared) == ["for the panel"]
    hidden = next(
        row
        for row in queries.list_updates(worker.actor, queries.access_case(worker.actor, shared.ref))
        if row.what_happened == "for the team"
    )
    with pytest.raises(NotFoundError):
        queries.access_update(police.actor, queries.access_case(police.actor, shared.ref), hidden.ref)


@pytest.mark.parametrize("kind", [Relation.REFERRER, Relation.ACTION_OWNER, Relation.PRESENTER])
def test_who_is_not_of_the_team_reads_what_was_shared(shared: Case, kind: Relation) -> None:
    with unit_of_work():
        other = make_somebody(Role.PRACTITIONER)
        relations.grant(user_principal(other.id), [("case", shared.id)], kind, ("item", 1))
    assert read(other, shared) == ["for the panel"]


def test_the_hub_and_those_allocated_read_all(worker: Somebody, shared: Case) -> None:
    with unit_of_work():
        lead, helper = make_somebody(Role.LEAD), make_somebody(Role.SOCIAL_WORKER)
        service.allocate(worker.actor, shared, user_id=helper.id)
    assert len(read(lead, shared)) == len(read(helper, shared)) == len(read(worker, shared)) == 2


def test_who_wrote_an_update_reads_it_after_leaving_the_team(worker: Somebody, shared: Case) -> None:
    with unit_of_work():
        helper = make_somebody(Role.SOCIAL_WORKER)
        allocation = service.allocate(worker.actor, shared, user_id=helper.id)
    with unit_of_work():
        make_update(helper, shared, what_happened="by the helper")
        service.end_allocation(worker.actor, shared, allocation_id=allocation.id)
        relations.grant(user_principal(helper.id), [("case", shared.id)], Relation.REFERRER, ("referral", 1))
    assert sorted(read(helper, shared)) == ["by the helper", "for the panel"]


def test_a_seat_ends_with_its_day(worker: Somebody, shared: Case) -> None:
    with unit_of_work():
        police = make_somebody(Role.SPOC)
        relations.grant(
            user_principal(police.id),
            [("case", shared.id)],
            Relation.AGENDA,
            ("item", 1),
            valid_from=clock.now() - timedelta(days=20),
            valid_to=clock.now() - timedelta(seconds=1),
        )
        relations.grant(seat_principal(9), [("case", shared.id)], Relation.AGENDA, ("item", 1))
    with pytest.raises(NotFoundError):
        queries.access_case(police.actor, shared.ref)


def test_an_update_moves_the_case_to_the_head_for_everybody(worker: Somebody, case: Case) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
        newer = make_case(worker)
    assert queries.list_cases(lead.actor)[0].ref == newer.ref
    with unit_of_work():
        make_update(worker, case, kind=UpdateKind.MISSING, seen_alone=SeenAlone.NOT_SEEN)
    assert queries.list_cases(lead.actor)[0].ref == queries.list_cases(worker.actor)[0].ref == case.ref
