"""Roles, suspensions and pass phrases: who may change whose, and what holds from the next request on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.accounts import approvals, invitations, service
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.accounts.phrases import LENGTH, WORDS, new_phrase
from safeguarding.agencies.models import Agency
from safeguarding.audit.models import AuditEvent
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.second_wall import Sight, looking
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import Somebody, make_somebody

pytestmark = pytest.mark.usefixtures("in_app")


def make(role: Role = Role.ADMIN) -> Somebody:
    with unit_of_work():
        return make_somebody(role)


def agency_ref(agency_id: int) -> str:
    return str(db.session.scalar(select(Agency.ref).where(Agency.id == agency_id)))


def version(user: Somebody) -> int:
    return int(db.session.scalar(select(User.version).where(User.id == user.id)) or 0)


def state(user: Somebody) -> tuple[object, ...]:
    """Return everything about a person that a right hangs on."""
    row = db.session.execute(select(User.status, User.password_hash, User.version).where(User.id == user.id)).one()
    roles = db.session.execute(
        select(Membership.role, Membership.valid_to).where(Membership.user_id == user.id).order_by(Membership.id)
    ).all()
    db.session.rollback()
    return (*row, *(tuple(role) for role in roles))


def last_event() -> str | None:
    return db.session.scalar(select(AuditEvent.event).order_by(AuditEvent.seq.desc()).limit(1))


Change = Callable[[Actor, Somebody, str], object]
CHANGES: dict[str, Change] = {
    "give a role": lambda actor, who, agency: service.give_role(
        actor, who.ref, agency_ref=agency, role=Role.PRACTITIONER
    ),
    "end a role": lambda actor, who, agency: service.end_role(
        actor, who.ref, agency_ref=agency, role=Role.ADMIN, read_version=version(who)
    ),
    "suspend": lambda actor, who, _: service.suspend_user(actor, who.ref, read_version=version(who)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_their_own_rights(change: str) -> None:
    admin, _other = make(), make()
    before = state(admin)
    with pytest.raises(ForbiddenError), unit_of_work():
        CHANGES[change](admin.actor, admin, agency_ref(admin.agency_id))
    assert state(admin) == before


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "give a role"])
def test_another_administrator_may_change_them(change: str) -> None:
    admin, other = make(), make()
    before = state(other)
    with unit_of_work():
        CHANGES[change](admin.actor, other, agency_ref(other.agency_id))
    assert state(other) != before
    assert version(other) == 2
    assert str(last_event()).startswith("accounts:")


def test_only_administrators_change_rights() -> None:
    target, _another = make(), make()
    before = state(target)
    for role in set(Role) - {Role.ADMIN}:
        actor = make(role).actor
        for change in CHANGES.values():
            with pytest.raises(ForbiddenError), unit_of_work():
                change(actor, target, agency_ref(target.agency_id))
    assert state(target) == before


@pytest.mark.parametrize("change", ["end a role", "suspend", "a link"])
def test_a_change_to_somebody_who_was_changed_meanwhile_is_stale(change: str) -> None:
    admin, other, _third = make(), make(), make()
    with unit_of_work():
        user = db.session.get_one(User, other.id)
        user.version += 1
    stale = Somebody(other.id, other.ref, other.email, other.name, other.agency_id)
    commands = {
        "end a role": lambda: service.end_role(
            admin.actor, stale.ref, agency_ref=agency_ref(stale.agency_id), role=Role.ADMIN, read_version=1
        ),
        "suspend": lambda: service.suspend_user(admin.actor, stale.ref, read_version=1),
        "a link": lambda: invitations.start_reset(admin.actor, stale.ref, read_version=1),
    }
    with pytest.raises(StaleError), unit_of_work():
        commands[change]()


@pytest.mark.parametrize("sole", [Role.ADMIN, Role.AUDITOR])
def test_who_administers_or_audits_holds_no_other_role(sole: Role) -> None:
    admin = make()
    holder, worker = make(sole), make(Role.PRACTITIONER)
    with pytest.raises(RuleError), unit_of_work():
        service.give_role(admin.actor, holder.ref, agency_ref=agency_ref(worker.agency_id), role=Role.COORDINATOR)
    with pytest.raises(RuleError), unit_of_work():
        approvals.give_or_ask(
            admin.actor, worker.ref, agency_ref=agency_ref(worker.agency_id), role=sole, reason="They are needed."
        )
    with unit_of_work():
        service.give_role(admin.actor, worker.ref, agency_ref=agency_ref(holder.agency_id), role=Role.COORDINATOR)
    assert worker.actor.roles == {Role.PRACTITIONER, Role.COORDINATOR}


def test_the_same_role_is_not_given_twice_in_one_agency() -> None:
    admin, worker = make(), make(Role.PRACTITIONER)
    with pytest.raises(RuleError), unit_of_work():
        service.give_role(admin.actor, worker.ref, agency_ref=agency_ref(worker.agency_id), role=Role.PRACTITIONER)


def test_a_role_that_ended_gives_nothing_and_may_be_given_again() -> None:
    admin, worker = make(), make(Role.PRACTITIONER)
    home = agency_ref(worker.agency_id)
    with unit_of_work():
        service.end_role(admin.actor, worker.ref, agency_ref=home, role=Role.PRACTITIONER, read_version=1)
    with pytest.raises(NotFoundError), unit_of_work():
        service.end_role(admin.actor, worker.ref, agency_ref=home, role=Role.PRACTITIONER, read_version=2)
    with unit_of_work():
        service.give_role(admin.actor, worker.ref, agency_ref=home, role=Role.PRACTITIONER)
    assert worker.actor.roles == {Role.PRACTITIONER}


def test_one_administrator_always_remains() -> None:
    # The command line, which is no administrator itself, meets the only one there is.
    only = make()
    line = Actor("system:test", "Test", system_permissions=frozenset(only.actor.grants))
    with pytest.raises(RuleError), unit_of_work():
        service.suspend_user(line, only.ref, read_version=1)
    with pytest.raises(RuleError), unit_of_work():
        service.end_role(line, only.ref, agency_ref=agency_ref(only.agency_id), role=Role.ADMIN, read_version=1)
    second = make()
    with unit_of_work():
        service.suspend_user(line, second.ref, read_version=1)
    with pytest.raises(RuleError), unit_of_work():
        service.suspend_user(line, only.ref, read_version=1)


def test_suspending_and_reinstating_take_turns() -> None:
    admin, worker = make(), make(Role.PRACTITIONER)
    with pytest.raises(RuleError), unit_of_work():
        service.reinstate_user(admin.actor, worker.ref, read_version=1)
    with unit_of_work():
        service.suspend_user(admin.actor, worker.ref, read_version=1)
    assert state(worker)[0] is AccountStatus.SUSPENDED
    with pytest.raises(RuleError), unit_of_work():
        service.suspend_user(admin.actor, worker.ref, read_version=2)
    with unit_of_work():
        service.reinstate_user(admin.actor, worker.ref, read_version=2)
    assert state(worker)[0] is AccountStatus.ACTIVE


def test_a_made_up_phrase_is_seven_words_of_a_list_that_makes_eight_bits_each() -> None:
    assert len(set(WORDS)) == 256
    words = new_phrase().split()
    assert len(words) == LENGTH == 7
    assert set(words) <= set(WORDS)
    assert new_phrase() != new_phrase()


def test_two_administrators_who_suspend_each_other_at_once_leave_one(app: Flask) -> None:
    first, second = make(), make()
    begin = Barrier(2)

    def suspend(by: Somebody, whom: Somebody) -> str:
        with app.app_context(), looking(Sight(system="test")):
            actor, read = by.actor, version(whom)
            db.session.rollback()
            begin.wait()
            try:
                with unit_of_work():
                    service.suspend_user(actor, whom.ref, read_version=read)
            except (RuleError, ForbiddenError) as refused:
                return type(refused).__name__
            return "suspended"

    with ThreadPoolExecutor(2) as threads:
        answers = [
            each.result() for each in (threads.submit(suspend, first, second), threads.submit(suspend, second, first))
        ]
    assert answers.count("suspended") == 1, answers
    states = db.session.scalars(select(User.status).where(User.id.in_([first.id, second.id]))).all()
    assert sorted(states) == [AccountStatus.ACTIVE, AccountStatus.SUSPENDED]
