"""Somebody whose membership ends: what they were allocated ends with it, and the case says that nobody leads it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Relation, Role
from safeguarding.accounts import service as accounts
from safeguarding.accounts.models import Membership, User
from safeguarding.agencies.models import Agency
from safeguarding.audit.models import AuditEvent
from safeguarding.cases import queries, service
from safeguarding.cases.models import AllocationKind, Case
from safeguarding.cases.restricted_queries import list_listed
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.core.second_wall import looking
from safeguarding.extensions import db
from safeguarding.relations.check import check
from safeguarding.relations.queries import relations_to
from safeguarding.web.guard import sight_of
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, restrict
from tests.factories.panels import make_accepted, make_round
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody

pytestmark = pytest.mark.usefixtures("in_app")


@pytest.fixture
def admin(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.ADMIN)


@pytest.fixture
def worker(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.PRACTITIONER)


def end(admin: Somebody, who: Somebody, role: Role = Role.PRACTITIONER, agency_id: int | None = None) -> None:
    ref = db.session.scalars(select(Agency.ref).where(Agency.id == (agency_id or who.agency_id))).one()
    version = db.session.scalars(select(User.version).where(User.id == who.id)).one()
    db.session.rollback()
    with unit_of_work():
        accounts.end_role(admin.actor, who.ref, agency_ref=ref, role=role, read_version=version)


def give(who: Somebody, agency: Agency, role: Role, **options: object) -> None:
    user = db.session.get_one(User, who.id)
    accounts.give_membership(SYSTEM, user, agency, role, **options)  # type: ignore[arg-type]


def held(who: Somebody, case: Case) -> frozenset[Relation]:
    return relations_to(who.actor, "case", case.id) | relations_to(who.actor, "person", case.person_id or 0)


def test_their_allocations_end_with_the_membership_and_the_case_has_no_lead(admin: Somebody, worker: Somebody) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
        case = make_case(worker)
        other = make_case(lead)
        service.allocate(lead.actor, other, user_id=worker.id, kind=AllocationKind.ALLOCATED)
    assert queries.list_unled(lead.actor, 10) == []
    end(admin, worker)
    with unit_of_work():  # back in the same role later: what was theirs then is not theirs again
        give(worker, db.session.get_one(Agency, worker.agency_id), Role.PRACTITIONER)
    assert {Relation.LEAD_WORKER, Relation.ALLOCATED}.isdisjoint(held(worker, case) | held(worker, other))
    db.session.refresh(case)
    assert case.unled_since is not None
    assert [row.ref for row in queries.list_unled(lead.actor, 10)] == [case.ref]
    assert check().differences == []
    events = select(AuditEvent.subject).where(AuditEvent.event == "cases:allocation:ended").order_by(AuditEvent.seq)
    assert list(db.session.scalars(events)) == [case.ref, other.ref]


def test_a_new_lead_takes_it_off_the_list(admin: Somebody, worker: Somebody) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
        case = make_case(worker)
    end(admin, worker)
    with unit_of_work():
        service.allocate(lead.actor, db.session.get_one(Case, case.id), user_id=lead.id, kind=AllocationKind.LEAD)
    assert queries.list_unled(lead.actor, 10) == []
    assert check().differences == []


def test_another_role_in_the_same_agency_bears_them_out(admin: Somebody, worker: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker)
        give(worker, db.session.get_one(Agency, worker.agency_id), Role.SOCIAL_WORKER)
    end(admin, worker)
    assert Relation.LEAD_WORKER in held(worker, case)
    end(admin, worker, Role.SOCIAL_WORKER)
    assert Relation.LEAD_WORKER not in held(worker, case)


def test_a_role_that_works_no_cases_or_in_an_agency_they_joined_later_does_not(
    admin: Somebody, worker: Somebody
) -> None:
    with unit_of_work():
        case = make_case(worker)
        elsewhere = make_agency()
        give(worker, elsewhere, Role.PRACTITIONER, since=clock.now() + timedelta(milliseconds=1))
        give(worker, db.session.get_one(Agency, worker.agency_id), Role.SPOC)
    end(admin, worker)
    assert Relation.LEAD_WORKER not in held(worker, case)
    assert check().differences == []


def test_what_rested_on_a_membership_that_ran_out_does_not_come_back_by_another(worker: Somebody) -> None:
    with unit_of_work():
        case = make_case(worker)
        membership = db.session.scalars(select(Membership).where(Membership.user_id == worker.id)).one()
        membership.valid_to = clock.now()
    with unit_of_work():
        give(worker, make_agency(), Role.PRACTITIONER)
    assert Relation.LEAD_WORKER not in held(worker, case)
    db.session.refresh(case)
    assert case.unled_since is not None


def test_whoever_leaves_is_no_longer_on_the_list_of_a_restricted_record(admin: Somebody) -> None:
    with unit_of_work():
        contact = make_somebody(Role.SPOC)
        give(contact, db.session.get_one(Agency, contact.agency_id), Role.PRACTITIONER)
        lead = make_somebody(Role.LEAD)
        case = make_case(lead)
        restrict(case, contact, lead=lead)
    end(admin, contact)
    assert Relation.LISTED in held(contact, case)  # as their agency's contact, still
    with looking(sight_of(admin.actor)):  # who stands in no relation to it
        end(admin, contact, Role.SPOC)
    with unit_of_work():
        give(contact, make_agency(), Role.SPOC)
    assert held(contact, case) == frozenset()
    assert {each.user_id for each in list_listed(case.id)} == {lead.id}
    assert check().differences == []
    left = select(AuditEvent.subject).where(AuditEvent.event == "cases:list:left")
    assert list(db.session.scalars(left)) == [case.ref]


def test_nobody_but_who_ends_memberships_ends_allocations_so(worker: Somebody) -> None:
    with unit_of_work():
        make_case(worker)
    with pytest.raises(ForbiddenError), unit_of_work():
        service.end_unborne(worker.actor, worker.id)


def test_whoever_has_left_is_not_allocated(admin: Somebody, worker: Somebody) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
        case = make_case(lead)
    end(admin, worker)
    with pytest.raises(RuleError, match="Choose a practitioner"), unit_of_work():
        service.allocate(lead.actor, case, user_id=worker.id)


def test_the_coordinator_sees_it_of_what_was_referred_to_the_panel_and_nothing_else(admin: Somebody) -> None:
    with unit_of_work():
        around = make_round()
        referral = make_accepted(around)
        make_case(around.outsider)
    end(admin, around.practitioner)
    end(admin, around.outsider)
    case_ref = db.session.get_one(Case, referral.case_id).ref
    assert [row.ref for row in queries.list_unled(around.coordinator.actor, 10)] == [case_ref]
    assert len(queries.list_unled(around.lead.actor, 10)) == 2
