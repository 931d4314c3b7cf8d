"""Opening a case, who works it and who sees it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import HUB_PRINCIPAL, seat_principal, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.cases import queries, service
from safeguarding.cases.models import (
    AllocationKind,
    Case,
    CaseRisk,
    CaseState,
    CaseUpdate,
    Risk,
    RiskSource,
    SocialCareStatus,
    SubjectKind,
)
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.people import queries as people
from safeguarding.people.audience import audience_of
from safeguarding.people.groups import form_group
from safeguarding.relations import service as relations
from safeguarding.relations.models import RelationRow
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_person, make_update
from tests.factories.people import Somebody, make_somebody
from tests.factories.places import make_context


@pytest.fixture
def worker(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.PRACTITIONER)


@pytest.fixture
def lead(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.LEAD)


def sees(by: Somebody, case: Case) -> bool:
    try:
        return queries.access_case(by.actor, case.ref).id == case.id
    except NotFoundError:
        return False


def revise(by: Somebody, case: Case, **options: object) -> None:
    given = {
        "going_on": "It is better.",
        "keeps_safe": "Mum rings",
        "social_care_status": SocialCareStatus.CIN,
        "next_review_on": clock.today() + timedelta(days=7),
        "read_version": case.version,
        **options,
    }
    service.revise_case(by.actor, case, **given)  # type: ignore[arg-type]


def test_a_case_is_seen_by_its_lead_worker_and_the_hub_and_nobody_else(worker: Somebody, lead: Somebody) -> None:
    with unit_of_work():
        colleague = make_somebody(Role.PRACTITIONER)
        case = make_case(worker)
    assert sees(worker, case)
    assert sees(lead, case)
    assert not sees(colleague, case)
    assert case.ref in [row.ref for row in queries.list_cases(lead.actor)]
    assert queries.list_cases(colleague.actor) == []


def test_opening_sets_the_first_step_of_the_risk(worker: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker, risk=Risk.SIGNIFICANT, risk_reason="Hurt with a knife")
    step = db.session.scalars(select(CaseRisk).where(CaseRisk.case_id == case.id)).one()
    assert (step.risk, step.source, step.reason) == (Risk.SIGNIFICANT, RiskSource.OPENING, "Hurt with a knife")


def test_a_restricted_case_is_for_those_on_its_list_only(worker: Somebody, lead: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
        case = make_case(worker, person, is_restricted=True)
    assert sees(worker, case)
    assert not sees(lead, case)
    with pytest.raises(NotFoundError):
        people.access_person(lead.actor, person.ref)
    hub = db.session.scalars(
        select(RelationRow.kind).where(
            RelationRow.principal == HUB_PRINCIPAL,
            RelationRow.subject_kind == "case",
            RelationRow.subject_id == case.id,
        )
    ).all()
    assert hub == []


def test_a_case_needs_a_relation_to_its_young_person(worker: Somebody) -> None:
    with unit_of_work():
        other = make_somebody(Role.PRACTITIONER)
        person = make_person(worker)
    with pytest.raises(ForbiddenError), unit_of_work():
        make_case(other, person)


def test_a_second_live_case_about_the_same_young_person_is_refused(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
        first = make_case(worker, person)
    with pytest.raises(RuleError, match=first.ref), unit_of_work():
        make_case(worker, person)
    with unit_of_work():
        service.move_case(worker.actor, first, state=CaseState.CLOSED, reason="Safe", read_version=first.version)
    with unit_of_work():
        make_case(worker, person)


def test_a_refusal_never_tells_of_a_case_that_is_hidden(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
        first = make_case(worker, person, is_restricted=True)
        other = make_somebody(Role.PRACTITIONER)
        relations.grant(user_principal(other.id), [("person", person.id)], Relation.ADDED, ("person", person.id))
    with pytest.raises(ForbiddenError) as refusal, unit_of_work():
        make_case(other, person)
    assert first.ref not in refusal.value.reason
    with pytest.raises(ForbiddenError) as unrelated, unit_of_work():
        make_case(other, make_person(worker))
    assert refusal.value.reason == unrelated.value.reason


def test_only_the_hub_opens_a_case_about_a_place(worker: Somebody, lead: Somebody) -> None:
    with unit_of_work():
        place = make_context()
    with pytest.raises(ForbiddenError), unit_of_work():
        make_case(worker, make_person(worker), subject=(SubjectKind.CONTEXT, place.id))
    with unit_of_work():
        case = make_case(lead, make_person(lead), subject=(SubjectKind.CONTEXT, place.id))
    assert (case.context_id, case.person_id) == (place.id, None)
    assert queries.access_case(lead.actor, case.ref).name == place.name


def test_a_new_lead_takes_the_place_of_the_one_before(worker: Somebody) -> None:
    with unit_of_work():
        next_lead = make_somebody(Role.SOCIAL_WORKER)
        case = make_case(worker)
    with unit_of_work():
        service.allocate(worker.actor, case, user_id=next_lead.id, kind=AllocationKind.LEAD)
    assert [(row.kind, row.name) for row in queries.list_team(case.id)] == [(AllocationKind.LEAD, next_lead.name)]
    assert sees(next_lead, case)
    assert not sees(worker, case)


def test_somebody_allocated_sees_the_case_until_that_ends(worker: Somebody) -> None:
    with unit_of_work():
        helper = make_somebody(Role.PRACTITIONER)
        case = make_case(worker)
        allocation = service.allocate(worker.actor, case, user_id=helper.id)
    assert sees(helper, case)
    with pytest.raises(RuleError, match="already"), unit_of_work():
        service.allocate(worker.actor, case, user_id=helper.id)
    with pytest.raises(ForbiddenError), unit_of_work():
        service.end_allocation(helper.actor, case, allocation_id=allocation.id)
    with unit_of_work():
        service.end_allocation(worker.actor, case, allocation_id=allocation.id)
    assert not sees(helper, case)


def test_a_live_case_keeps_a_lead_worker(worker: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker)
    (row,) = queries.list_team(case.id)
    with pytest.raises(RuleError, match="lead worker"), unit_of_work():
        service.end_allocation(worker.actor, case, allocation_id=row.id)


def test_an_allocation_of_another_case_cannot_be_ended_through_this_one(worker: Somebody) -> None:
    with unit_of_work():
        helper = make_somebody(Role.PRACTITIONER)
        case, other = make_case(worker), make_case(worker)
        allocation = service.allocate(worker.actor, other, user_id=helper.id)
    with pytest.raises(RuleError), unit_of_work():
        service.end_allocation(worker.actor, case, allocation_id=allocation.id)
    assert sees(helper, other)


@pytest.mark.parametrize("role", [Role.SPOC, Role.CHAIR, Role.ANALYST, Role.ADMIN])
def test_only_a_role_that_works_cases_is_allocated(worker: Somebody, role: Role) -> None:
    with unit_of_work():
        other = make_somebody(role)
        case = make_case(worker)
    with pytest.raises(RuleError) as refusal, unit_of_work():
        service.allocate(worker.actor, case, user_id=other.id)
    assert refusal.value.field == "user_id"


def test_a_stale_revision_changes_nothing(worker: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker)
        before = case.version
    with unit_of_work():
        revise(worker, case)
    with pytest.raises(StaleError), unit_of_work():
        revise(worker, case, going_on="Overwritten", read_version=before)
    db.session.refresh(case)
    assert case.going_on == "It is better."


def test_a_reader_does_not_revise(worker: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker)
        reader = make_somebody(Role.PRACTITIONER)
        relations.grant(user_principal(reader.id), [("case", case.id)], Relation.REFERRER, ("referral", 1))
    assert sees(reader, case)
    with pytest.raises(ForbiddenError):
        revise(reader, case)
    with pytest.raises(ForbiddenError):
        queries.access_case(reader.actor, case.ref, Permission.CASE_UPDATE)


def test_a_move_that_is_not_listed_is_refused_and_a_listed_one_leaves_its_reason(worker: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker)
    with unit_of_work():
        service.move_case(worker.actor, case, state=CaseState.CLOSED, reason="Moved away.", read_version=case.version)
    assert case.closed_on == clock.today()
    with pytest.raises(RuleError), unit_of_work():
        service.move_case(worker.actor, case, state=CaseState.STEPPED_DOWN, reason="No", read_version=case.version)
    note = db.session.scalars(select(CaseUpdate).where(CaseUpdate.case_id == case.id)).one()
    assert "Moved away." in note.what_happened
    with unit_of_work():
        service.move_case(worker.actor, case, state=CaseState.OPEN, reason="Back.", read_version=case.version)
    assert case.closed_on is None


def test_the_list_is_ordered_by_newest_activity_and_goes_on_where_it_stopped(worker: Somebody) -> None:
    with unit_of_work():
        cases = [make_case(worker) for _ in range(5)]
    with unit_of_work():
        make_update(worker, cases[1])
    first = queries.list_cases(worker.actor, limit=2)
    assert first[0].ref == cases[1].ref
    assert len(first) == 3  # one more than asked says that there are more
    rest = queries.list_cases(worker.actor, limit=10, before=(first[1].active_at, first[1].id))
    assert {row.ref for row in first[:2]} | {row.ref for row in rest} == {case.ref for case in cases}
    assert len(rest) == 3


def test_the_list_is_filtered_by_state_without_losing_the_rest(worker: Somebody) -> None:
    with unit_of_work():
        cases = [make_case(worker) for _ in range(4)]
        closed = cases[0]
        service.move_case(worker.actor, closed, state=CaseState.CLOSED, reason="Safe", read_version=closed.version)
    listed = queries.list_cases(worker.actor, states=frozenset({CaseState.CLOSED}), limit=1)
    assert [row.ref for row in listed] == [closed.ref]
    live = queries.list_cases(worker.actor)
    assert closed.ref not in [row.ref for row in live]
    assert len(live) == 3
    assert len(queries.list_cases(worker.actor, states=None)) == 4


def test_the_work_list_begins_with_the_case_without_an_update_for_longest(worker: Somebody, lead: Somebody) -> None:
    long_ago = clock.now() - timedelta(days=40)
    with unit_of_work():
        fresh = make_case(worker)
        stale = make_case(worker, at=long_ago)
    rows = queries.list_to_update(worker.actor)
    assert [(row.ref, row.is_stale) for row in rows] == [(stale.ref, True), (fresh.ref, False)]
    assert queries.list_to_update(lead.actor) == []  # the hub sees them, but they are not its own to write up


def test_a_panels_decision_sets_the_risk_only_with_the_permission_that_it_names(worker: Somebody) -> None:
    with unit_of_work():
        chair = make_somebody(Role.CHAIR)
        case = make_case(worker)
    given = {
        "risk": Risk.MODERATE,
        "reason": "The panel heard of a debt",
        "source": RiskSource.DECISION,
        "permission": Permission.DECISION_RECORD,
    }
    with pytest.raises(ForbiddenError), unit_of_work():
        service.set_risk(chair.actor, case, held=(), **given)  # type: ignore[arg-type]
    with unit_of_work():
        service.set_risk(chair.actor, case, held={Relation.CHAIR}, **given)  # type: ignore[arg-type]
    db.session.refresh(case)
    assert case.risk is Risk.MODERATE


def test_who_may_see_a_case_is_said_without_naming_a_conflict(worker: Somebody) -> None:
    with unit_of_work():
        other = make_somebody(Role.PRACTITIONER)
        case = make_case(worker)
        relations.grant(seat_principal(1), [("case", case.id)], Relation.AGENDA, ("item", 1))
        relations.grant(user_principal(other.id), [("case", case.id)], Relation.BARRED, ("item", 1))
    audience = audience_of("case", case.id)
    assert audience.leads == [worker.name]
    assert audience.has_hub
    assert audience.has_panel
    assert other.name not in audience.leads + audience.team + audience.others


def test_the_name_of_a_group_is_told_to_nobody_who_opens_no_case_about_one(worker: Somebody, lead: Somebody) -> None:
    with unit_of_work():
        group = form_group(lead.actor, name="The bandstand group", description="Meet after school.")
    assert queries.find_subject(lead.actor, "group", group.ref)[2] == "The bandstand group"
    with pytest.raises(NotFoundError):
        queries.find_subject(worker.actor, "group", group.ref)
