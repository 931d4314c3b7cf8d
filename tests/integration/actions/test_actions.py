"""Adding and answering for actions, and who sees which."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import agency_principal, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.actions import queries, service
from safeguarding.actions.models import Action, ActionOrigin, ActionState, ActionSubject
from safeguarding.actions.queries import ActionRow
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.people import queries as people
from safeguarding.relations import service as relations
from safeguarding.relations.models import RelationRow
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_action, make_case
from tests.factories.people import Somebody, make_somebody


@pytest.fixture
def worker(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.PRACTITIONER)


@pytest.fixture
def police(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.SPOC)


@pytest.fixture
def case(worker: Somebody) -> Case:
    with unit_of_work():
        return make_case(worker)


@pytest.fixture
def action(worker: Somebody, case: Case, police: Somebody) -> Action:
    with unit_of_work():
        return make_action(worker, case, police)


def sees(by: Somebody, action: Action) -> bool:
    try:
        return queries.access_action(by.actor, action.ref, Permission.ACTION_READ)[0].id == action.id
    except NotFoundError:
        return False


def complete(by: Somebody, action: Action, **options: object) -> None:
    given = {"evidence": "Walked the route with her", "read_version": action.version, **options}
    service.complete_action(by.actor, action, **given)  # type: ignore[arg-type]


def row_of(by: Somebody, action: Action) -> ActionRow:
    return queries.access_action(by.actor, action.ref, Permission.ACTION_READ)[0]


def test_the_owner_sees_the_action_and_the_young_person(police: Somebody, action: Action, case: Case) -> None:
    row = row_of(police, action)
    assert (row.subject_kind, row.subject_id) == (ActionSubject.PERSON, case.person_id)
    assert row.subject_name
    assert row.subject_endpoint == "people.person"
    assert people.access_person(police.actor, row.subject_ref or "").id == case.person_id


def test_a_colleague_of_the_owner_sees_the_action_but_not_whom_it_is_about(
    police: Somebody, action: Action, case: Case
) -> None:
    with unit_of_work():
        colleague = make_somebody(Role.SPOC)
        db.session.execute(  # of the same agency, by the row that the agency has
            RelationRow.__table__.insert().values(
                principal=user_principal(colleague.id),
                subject_kind="action",
                subject_id=action.id,
                kind=Relation.ACTION_OWNER,
                valid_from=clock.now(),
                source_kind="action",
                source_id=action.id,
                last_activity_at=clock.now(),
            )
        )
    row = row_of(colleague, action)
    assert (row.subject_name, row.subject_ref) == (None, None)
    held = db.session.scalars(
        select(RelationRow.subject_kind).where(RelationRow.principal == agency_principal(police.agency_id))
    ).all()
    assert held == ["action"]


def test_an_agency_of_which_nobody_is_named_sees_whom_it_is_about(
    worker: Somebody, case: Case, police: Somebody
) -> None:
    with unit_of_work():
        action = make_action(worker, case, police, owner_user_id=None)
    assert row_of(police, action).subject_name


def test_nobody_else_sees_it(action: Action) -> None:
    with unit_of_work():
        others = [make_somebody(role) for role in (Role.SPOC, Role.PRACTITIONER, Role.CHAIR, Role.AUDITOR)]
    assert not any(sees(other, action) for other in others)


def test_the_team_and_the_hub_see_it(worker: Somebody, action: Action) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
    assert sees(worker, action)
    assert sees(lead, action)


def test_the_hub_does_not_see_an_action_of_a_restricted_case(worker: Somebody, police: Somebody) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
        action = make_action(worker, make_case(worker, is_restricted=True), worker)
    assert sees(worker, action)
    assert not sees(lead, action)
    with unit_of_work():
        complete(worker, action)


def test_an_action_of_a_restricted_case_is_owned_by_somebody_on_its_list(worker: Somebody, police: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker, is_restricted=True)
    for owner in ({}, {"owner_user_id": None}):
        with pytest.raises(RuleError, match="restricted"), unit_of_work():
            make_action(worker, case, police, **owner)
    assert queries.list_agency(police.actor) == []


def test_owning_one_action_about_somebody_opens_no_other(worker: Somebody, case: Case, action: Action) -> None:
    with unit_of_work():
        health = make_somebody(Role.SPOC)
        theirs = make_action(worker, case, health, title="See a nurse")
    assert sees(health, theirs)
    assert not sees(health, action)
    assert [row.title for row in queries.list_about(health.actor, (ActionSubject.PERSON, case.person_id or 0))] == [
        "See a nurse"
    ]
    with pytest.raises(ForbiddenError), unit_of_work():
        complete(health, action)


def test_a_conflict_about_the_young_person_hides_the_action(police: Somebody, action: Action, case: Case) -> None:
    with unit_of_work():
        relations.grant(user_principal(police.id), [("person", case.person_id or 0)], Relation.BARRED, ("item", 1))
    assert not sees(police, action)
    with pytest.raises(ForbiddenError), unit_of_work():
        complete(police, action)


def test_an_action_is_added_only_by_a_relation_that_allows_it(worker: Somebody, case: Case, police: Somebody) -> None:
    with pytest.raises(ForbiddenError), unit_of_work():
        make_action(worker, case, police, held=())
    with pytest.raises(ForbiddenError), unit_of_work():
        make_action(worker, case, police, held={Relation.REFERRER})
    assert db.session.scalar(select(Action.id)) is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"title": " "}, "title"), ({"due_on": date(2020, 1, 1)}, "due_on")],
)
def test_what_an_action_needs(worker: Somebody, case: Case, police: Somebody, changed: dict, field: str) -> None:
    with pytest.raises(RuleError) as refusal, unit_of_work():
        make_action(worker, case, police, **changed)
    assert refusal.value.field == field


def test_the_person_named_is_of_the_agency_that_owns_it(worker: Somebody, case: Case, police: Somebody) -> None:
    with pytest.raises(RuleError) as refusal, unit_of_work():
        make_action(worker, case, police, owner_agency_id=worker.agency_id)
    assert refusal.value.field == "owner_user_id"


def test_done_needs_evidence_and_ends_what_the_owner_saw_by_it(police: Somebody, action: Action, case: Case) -> None:
    with pytest.raises(RuleError) as refusal, unit_of_work():
        complete(police, action, evidence="  ")
    assert refusal.value.field == "evidence"
    with unit_of_work():
        complete(police, action)
    row = row_of(police, action)  # the action itself stays theirs to look up
    assert (row.state, row.evidence, row.completed_on) == (ActionState.DONE, "Walked the route with her", clock.today())
    assert row.standing == "done"
    assert row.subject_name is None
    with pytest.raises(NotFoundError):
        person_ref = people.person_entity(case.person_id or 0).ref
        people.access_person(police.actor, person_ref)


def test_an_action_that_ended_stays_ended(police: Somebody, action: Action) -> None:
    with unit_of_work():
        service.mark_not_possible(police.actor, action, what_changed="They moved", read_version=action.version)
    with pytest.raises(RuleError), unit_of_work():
        complete(police, action)
    with pytest.raises(RuleError), unit_of_work():
        service.change_due_date(
            police.actor, action, due_on=clock.today() + timedelta(days=30), reason="x", read_version=action.version
        )
    assert row_of(police, action).state is ActionState.NOT_POSSIBLE_CIRCUMSTANCES_CHANGED


def test_what_changed_and_what_happens_instead_must_be_said(police: Somebody, action: Action) -> None:
    for command, name in ((service.mark_not_possible, "what_changed"), (service.mark_not_done, "what_instead")):
        with pytest.raises(RuleError) as refusal, unit_of_work():
            command(police.actor, action, read_version=action.version, **{name: ""})  # type: ignore[operator]
        assert refusal.value.field == "outcome_note"


def test_what_happens_instead_stands_with_an_action_that_was_not_done(police: Somebody, action: Action) -> None:
    with unit_of_work():
        service.mark_not_done(police.actor, action, what_instead="Patrols at four", read_version=action.version)
    row = row_of(police, action)
    assert (row.state, row.outcome_note, row.standing) == (ActionState.NOT_DONE, "Patrols at four", "not_done")


def test_work_begins_once(police: Somebody, action: Action) -> None:
    with unit_of_work():
        service.start_action(police.actor, action, read_version=action.version)
    assert row_of(police, action).state is ActionState.IN_PROGRESS
    with pytest.raises(RuleError), unit_of_work():
        service.start_action(police.actor, action, read_version=action.version)


def test_a_stale_answer_changes_nothing(police: Somebody, action: Action) -> None:
    with pytest.raises(StaleError), unit_of_work():
        complete(police, action, read_version=action.version + 1)
    assert row_of(police, action).state is ActionState.OPEN


def test_a_due_date_that_moves_keeps_its_history_and_the_first_still_counts(police: Somebody, action: Action) -> None:
    first = action.due_on
    later = first + timedelta(days=14)
    with unit_of_work():
        service.change_due_date(police.actor, action, due_on=later, reason="School closed", read_version=action.version)
    row = row_of(police, action)
    assert (row.due_on, row.first_due_on) == (later, first)
    (change,) = queries.list_due_changes(action.id)
    assert (change.old_on, change.new_on, change.reason, change.by) == (first, later, "School closed", police.name)
    for due_on, reason in ((later, "same"), (date(2020, 1, 1), "past"), (later + timedelta(days=1), " ")):
        with pytest.raises(RuleError), unit_of_work():
            service.change_due_date(police.actor, action, due_on=due_on, reason=reason, read_version=action.version)


def made_long_ago(worker: Somebody, case: Case, police: Somebody, days: int, **options: object) -> Action:
    at = clock.now() - timedelta(days=days + 10)
    due_on = clock.today() - timedelta(days=days)
    with unit_of_work():
        return make_action(worker, case, police, due_on=due_on, at=at, **options)


def test_done_after_the_first_due_date_is_done_late_whatever_the_later_one(
    worker: Somebody, case: Case, police: Somebody
) -> None:
    action = made_long_ago(worker, case, police, 5)
    with unit_of_work():
        service.change_due_date(
            police.actor, action, due_on=clock.today(), reason="More time", read_version=action.version
        )
    with unit_of_work():
        complete(police, action)
    assert row_of(police, action).standing == "done_late"


def test_the_day_it_was_done_lies_between_its_making_and_today(police: Somebody, action: Action) -> None:
    for day in (clock.today() + timedelta(days=1), clock.today() - timedelta(days=1)):
        with pytest.raises(RuleError) as refusal, unit_of_work():
            complete(police, action, completed_on=day)
        assert refusal.value.field == "completed_on"


def test_lists_begin_with_the_most_overdue_and_go_on_where_they_stopped(
    worker: Somebody, case: Case, police: Somebody, action: Action
) -> None:
    late = made_long_ago(worker, case, police, 2)
    later = made_long_ago(worker, case, police, 20, owner_user_id=None)
    mine = queries.list_mine(police.actor)
    assert [row.ref for row in mine] == [late.ref, action.ref]
    agency = queries.list_agency(police.actor)
    assert [row.ref for row in agency] == [later.ref, late.ref, action.ref]
    assert [row.standing for row in agency] == ["overdue", "overdue", "due_soon"]
    first = queries.list_agency(police.actor, limit=1)
    rest = queries.list_agency(police.actor, before=(first[0].due_on, first[0].id))
    assert [row.ref for row in rest] == [late.ref, action.ref]
    assert [row.ref for row in queries.list_waiting(police.actor)] == [later.ref, late.ref, action.ref]


def test_ended_actions_leave_the_lists_of_what_waits(police: Somebody, action: Action) -> None:
    with unit_of_work():
        complete(police, action)
    assert queries.list_mine(police.actor) == queries.list_waiting(police.actor) == []
    assert [row.ref for row in queries.list_ended(police.actor)] == [action.ref]


def test_a_case_shows_what_came_from_it_and_what_is_about_its_young_person(
    worker: Somebody, case: Case, police: Somebody, action: Action
) -> None:
    with unit_of_work():
        decided = make_action(worker, case, police, origin=(ActionOrigin.DECISION, 77), title="From the panel")
        elsewhere = make_action(worker, make_case(worker), police, title="Another young person")
    about = queries.list_about(worker.actor, (ActionSubject.PERSON, case.person_id or 0), (ActionOrigin.CASE, case.id))
    assert {row.ref for row in about} == {action.ref, decided.ref}
    assert elsewhere.ref not in {row.ref for row in about}
