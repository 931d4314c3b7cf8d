"""Roles that need a second person: nobody gives one alone, decides their own request, or one about themselves (AC-7)."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from safeguarding.access.roles import Role
from safeguarding.accounts import approvals, policy, request_queries, service, told
from safeguarding.accounts.models import Membership
from safeguarding.accounts.request_models import RequestState, RoleRequest
from safeguarding.agencies.models import Agency
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.second_wall import Sight, looking
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import Somebody, make_somebody

pytestmark = pytest.mark.usefixtures("in_app")
WHY = "They take over as from next month."
HIGH = sorted(policy.NEED_SECOND_PERSON)


def make(role: Role) -> Somebody:
    with unit_of_work():
        return make_somebody(role)


def home_of(who: Somebody) -> str:
    found = str(db.session.scalar(select(Agency.ref).where(Agency.id == who.agency_id)))
    db.session.rollback()
    return found


def ask(admin: Somebody, who: Somebody, role: Role, reason: str | None = WHY) -> str:
    home = home_of(who)
    with unit_of_work():
        made = approvals.give_or_ask(admin.actor, who.ref, agency_ref=home, role=role, reason=reason)
        assert isinstance(made, RoleRequest)
        return made.ref


def decide(actor: Somebody, ref: str, *, approve: bool = True, version: int = 1) -> None:
    with unit_of_work():
        approvals.decide_request(actor.actor, ref, approve=approve, reason="I know them.", read_version=version)


def roles(who: Somebody) -> set[Role]:
    found = set(db.session.scalars(select(Membership.role).where(Membership.user_id == who.id)))
    db.session.rollback()
    return found


def newcomer() -> Somebody:
    """Return somebody who holds no role, so that any may be given."""
    who = make(Role.PRACTITIONER)
    with unit_of_work():
        db.session.delete(db.session.scalars(select(Membership).where(Membership.user_id == who.id)).one())
    return who


def test_the_roles_that_open_much_are_the_ones_that_need_it() -> None:
    named = {Role.CHAIR, Role.VICE_CHAIR, Role.LEAD, Role.ADMIN, Role.INFORMATION_GOVERNANCE}
    assert named == policy.NEED_SECOND_PERSON


@pytest.mark.parametrize("role", HIGH)
def test_one_person_alone_gives_none_of_them(role: Role) -> None:
    admin, who = make(Role.ADMIN), newcomer()
    home = home_of(who)
    with pytest.raises(ForbiddenError), unit_of_work():
        service.give_role(admin.actor, who.ref, agency_ref=home, role=role)
    ask(admin, who, role)
    assert roles(who) == set()


@pytest.mark.parametrize("role", HIGH)
@pytest.mark.parametrize("approver", [Role.LEAD, Role.INFORMATION_GOVERNANCE])
def test_a_second_person_approves_and_both_are_in_the_record(role: Role, approver: Role) -> None:
    admin, who, second = make(Role.ADMIN), newcomer(), make(approver)
    ref = ask(admin, who, role)
    decide(second, ref)
    assert roles(who) == {role}
    events = db.session.execute(
        select(AuditEvent.event, AuditEvent.actor, AuditEvent.detail)
        .where(
            AuditEvent.subject == who.ref,
            AuditEvent.event.in_(("accounts:membership:given", "accounts:request:approved")),
        )
        .order_by(AuditEvent.seq)
    ).all()[-2:]
    assert [(row.event, row.actor) for row in events] == [
        ("accounts:membership:given", f"user:{admin.ref}"),
        ("accounts:request:approved", f"user:{second.ref}"),
    ]
    assert all(ref in row.detail for row in events)


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.COORDINATOR, Role.SPOC, Role.AUDITOR])
def test_the_others_are_given_at_once(role: Role) -> None:
    admin, who = make(Role.ADMIN), newcomer()
    home = home_of(who)
    with unit_of_work():
        made = approvals.give_or_ask(admin.actor, who.ref, agency_ref=home, role=role, reason=None)
        assert isinstance(made, Membership)
    assert roles(who) == {role}


def test_who_decides_is_neither_who_asked_nor_whom_it_is_about_nor_just_anybody() -> None:
    admin, other_admin, who = make(Role.ADMIN), make(Role.ADMIN), make(Role.LEAD)
    ref = ask(admin, who, Role.CHAIR)
    for actor in (admin, who, other_admin, make(Role.CHAIR), make(Role.AUDITOR), make(Role.PRACTITIONER)):
        with pytest.raises(ForbiddenError):
            decide(actor, ref)
    assert roles(who) == {Role.LEAD}
    decide(make(Role.LEAD), ref)
    assert roles(who) == {Role.LEAD, Role.CHAIR}


def test_the_first_of_information_governance_is_approved_by_the_second_administrator() -> None:
    admin, second, who = make(Role.ADMIN), make(Role.ADMIN), newcomer()
    ref = ask(admin, who, Role.INFORMATION_GOVERNANCE)
    with pytest.raises(ForbiddenError):
        decide(admin, ref)
    decide(second, ref)
    assert roles(who) == {Role.INFORMATION_GOVERNANCE}


def test_nobody_asks_for_themselves_and_a_reason_is_needed() -> None:
    admin, who = make(Role.ADMIN), newcomer()
    with pytest.raises(ForbiddenError):
        ask(admin, admin, Role.CHAIR)
    for reason in (None, "because"):
        with pytest.raises(RuleError) as refused:
            ask(admin, who, Role.CHAIR, reason)
        assert refused.value.field == "reason"


def test_the_database_itself_refuses_one_person_in_two_parts() -> None:
    admin, who = make(Role.ADMIN), newcomer()
    ref = ask(admin, who, Role.CHAIR)
    for column in ("requested_by_id", "decided_by_id"):
        with pytest.raises(IntegrityError), unit_of_work():
            setattr(db.session.scalars(select(RoleRequest).where(RoleRequest.ref == ref)).one(), column, who.id)
            db.session.flush()


def test_a_request_is_decided_once_and_as_it_was_read() -> None:
    admin, who, lead, other = make(Role.ADMIN), newcomer(), make(Role.LEAD), make(Role.LEAD)
    ref = ask(admin, who, Role.CHAIR)
    with pytest.raises(StaleError):
        decide(lead, ref, version=7)
    decide(lead, ref, approve=False)
    assert roles(who) == set()
    with pytest.raises(RuleError):
        decide(other, ref, version=2)
    with pytest.raises(RuleError), unit_of_work():
        approvals.withdraw_request(admin.actor, ref, read_version=2)
    assert roles(who) == set()


def test_a_request_that_nobody_decides_runs_out_after_two_weeks() -> None:
    admin, who, lead = make(Role.ADMIN), newcomer(), make(Role.LEAD)
    ref = ask(admin, who, Role.CHAIR)
    with pytest.raises(RuleError):
        ask(admin, who, Role.CHAIR)
    with clock.pretend(clock.now() + timedelta(days=14, minutes=1)):
        with pytest.raises(RuleError):
            decide(lead, ref)
        assert request_queries.list_waiting(lead.actor) == []
        assert [row.ref for row in request_queries.list_closed(lead.actor)] == [ref]
        db.session.rollback()
        assert ask(admin, who, Role.CHAIR) != ref
    assert roles(who) == set()


def test_only_who_asked_withdraws() -> None:
    admin, other, who = make(Role.ADMIN), make(Role.ADMIN), newcomer()
    ref = ask(admin, who, Role.CHAIR)
    with pytest.raises(ForbiddenError), unit_of_work():
        approvals.withdraw_request(other.actor, ref, read_version=1)
    with unit_of_work():
        approvals.withdraw_request(admin.actor, ref, read_version=1)
    state = db.session.scalar(select(RoleRequest.state).where(RoleRequest.ref == ref))
    assert state is RequestState.WITHDRAWN


@pytest.mark.parametrize("what", ["suspended", "no longer an administrator"])
def test_what_somebody_asked_who_lost_their_own_rights_is_not_given(what: str) -> None:
    admin, other, who, lead = make(Role.ADMIN), make(Role.ADMIN), newcomer(), make(Role.LEAD)
    ref, home = ask(admin, who, Role.CHAIR), home_of(admin)
    with unit_of_work():
        if what == "suspended":
            service.suspend_user(other.actor, admin.ref, read_version=1)
        else:
            service.end_role(other.actor, admin.ref, agency_ref=home, role=Role.ADMIN, read_version=1)
    with pytest.raises(RuleError):
        decide(lead, ref)
    assert roles(who) == set()
    decide(lead, ref, approve=False)


def test_nor_by_the_second_administrator_for_the_first() -> None:
    admin, other, who = make(Role.ADMIN), make(Role.ADMIN), newcomer()
    ref, home = ask(admin, who, Role.INFORMATION_GOVERNANCE), home_of(admin)
    with unit_of_work():
        service.end_role(other.actor, admin.ref, agency_ref=home, role=Role.ADMIN, read_version=1)
    with pytest.raises(RuleError, match="no longer an administrator"):
        decide(other, ref)
    assert roles(who) == set()


def test_two_requests_decided_at_once_give_no_roles_that_do_not_go_together(
    in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, deciders, who = make(Role.ADMIN), (make(Role.LEAD), make(Role.LEAD)), newcomer()
    refs = [ask(admin, who, role) for role in (Role.ADMIN, Role.CHAIR)]
    both, fits = Barrier(2), service.need_fitting

    def need_fitting(*about: Any) -> None:
        fits(*about)
        with contextlib.suppress(BrokenBarrierError):
            both.wait(1)

    monkeypatch.setattr(service, "need_fitting", need_fitting)

    def approve(decider: Somebody, ref: str) -> None:
        with in_app.app_context(), looking(Sight(system="test")), contextlib.suppress(RuleError):
            decide(decider, ref)

    with ThreadPoolExecutor(2) as two:
        list(two.map(approve, deciders, refs))
    assert len(roles(who)) == 1


def test_those_who_may_decide_are_told_and_so_is_who_asked() -> None:
    lead, ig, admin, other = make(Role.LEAD), make(Role.INFORMATION_GOVERNANCE), make(Role.ADMIN), make(Role.ADMIN)
    who = newcomer()
    ref = ask(admin, who, Role.CHAIR)

    def told_of(kind: str) -> set[int]:
        found = set(db.session.scalars(select(Notice.recipient_id).where(Notice.kind == kind)))
        db.session.rollback()
        return found

    assert told_of(told.REQUEST_WAITING) == {lead.id, ig.id}
    assert [row.ref for row in request_queries.list_for_actor(lead.actor, 5)] == [ref]
    assert request_queries.list_for_actor(other.actor, 5) == []
    decide(lead, ref)
    assert told_of(told.REQUEST_DECIDED) == {admin.id}
    assert told_of(told.RIGHTS_CHANGED) == {who.id}
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 4


def colleagues() -> tuple[Somebody, Somebody]:
    """Return an agency's contact and a practitioner of the same agency."""
    contact = make(Role.SPOC)
    with unit_of_work():
        home = db.session.get_one(Agency, contact.agency_id)
        return contact, make_somebody(Role.PRACTITIONER, agency=home)


def nominate(contact: Somebody, who: Somebody, *, days: int = 14, home: str | None = None) -> str:
    agency = home or home_of(contact)
    with unit_of_work():
        return approvals.nominate_substitute(
            contact.actor, who.ref, agency_ref=agency, last_day=clock.today() + timedelta(days=days), reason=WHY
        ).ref


def test_a_contact_s_substitute_is_given_by_an_administrator_and_ends_by_itself() -> None:
    contact, who = colleagues()
    ref = nominate(contact, who, days=3)
    assert Role.SPOC not in who.actor.roles
    for other in (make(Role.LEAD), make(Role.INFORMATION_GOVERNANCE), contact):
        with pytest.raises(ForbiddenError):
            decide(other, ref)
    decide(make(Role.ADMIN), ref)
    assert who.actor.roles == {Role.PRACTITIONER, Role.SPOC}
    now = clock.now()
    with clock.pretend(now + timedelta(days=2, hours=20)):
        assert Role.SPOC in who.actor.roles
    with clock.pretend(now + timedelta(days=4, hours=2)):
        assert who.actor.roles == {Role.PRACTITIONER}


def test_who_is_no_longer_the_contact_has_nominated_nobody() -> None:
    (contact, who), admin = colleagues(), make(Role.ADMIN)
    ref, home = nominate(contact, who), home_of(contact)
    with unit_of_work():
        service.end_role(admin.actor, contact.ref, agency_ref=home, role=Role.SPOC, read_version=1)
    with pytest.raises(RuleError, match="no longer the agency's contact"):
        decide(admin, ref)
    assert who.actor.roles == {Role.PRACTITIONER}


def test_a_contact_nominates_a_colleague_of_their_own_agency_for_a_while_and_nobody_else() -> None:
    (contact, who), (other_contact, stranger) = colleagues(), colleagues()
    for ref in (stranger, contact, other_contact):
        with pytest.raises(RuleError):
            nominate(contact, ref)
    with pytest.raises(ForbiddenError):
        nominate(contact, stranger, home=home_of(other_contact))
    for days in (-1, 91):
        with pytest.raises(RuleError):
            nominate(contact, who, days=days)
    for role in (Role.PRACTITIONER, Role.LEAD, Role.ADMIN):
        with pytest.raises(ForbiddenError):
            nominate(make(role), who)
    nominate(contact, who)
    with pytest.raises(RuleError):
        nominate(contact, who)
