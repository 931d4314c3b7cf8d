"""What the worker does because time has passed, with a clock of the test's own."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from config import Settings
from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.accounts import member_queries, members
from safeguarding.accounts import service as accounts
from safeguarding.accounts.agreements_due import STAGES
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.accounts.told import CONFIRM_MEMBERS, SUSPENDED_UNUSED, UNUSED
from safeguarding.agencies.models import Agency, SharingAgreement
from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Allocation
from safeguarding.cli.rounds import Rounds
from safeguarding.contexts.risk import ids_to_refresh
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.core.second_wall import looking
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.oversight.noticing import RAISED
from safeguarding.web.guard import sight_of
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case
from tests.factories.people import Somebody, make_agency, make_somebody
from tests.factories.places import make_context

START = datetime(2026, 1, 7, 10, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def now(in_app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(START, tick=False) as coordinates:
        yield coordinates


def work(settings: Settings) -> None:
    """Let a worker make one round, as `flask worker --once` does."""
    Rounds().make(settings)
    db.session.expunge_all()


def told(*kinds: str) -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(Notice.recipient_id, Notice.kind).where(Notice.kind.in_(kinds)).order_by(Notice.id)
    ).all()
    return [(row.recipient_id, row.kind) for row in rows]


def sign_in(who: Somebody) -> None:
    with unit_of_work():
        audit.record("accounts:session:started", Actor(key=f"user:{who.ref}", display_name=""), who.ref)


def suspended() -> set[int]:
    return set(db.session.scalars(select(User.id).where(User.status == AccountStatus.SUSPENDED)))


# --- accounts that nobody uses ----------------------------------------------------------------------------------------


def test_an_unused_account_is_warned_once_then_suspended_and_can_be_let_in_again(
    now: time_machine.Traveller, settings: Settings
) -> None:
    with unit_of_work():
        unused, used = make_somebody(Role.PRACTITIONER), make_somebody(Role.PRACTITIONER)
        admins = [make_somebody(Role.ADMIN) for _ in range(2)]
    for days in (75, 76, 77, 89):
        now.move_to(START + timedelta(days=days))
        sign_in(used)
        for each in admins:
            sign_in(each)
        work(settings)
    assert told(UNUSED, SUSPENDED_UNUSED) == [(unused.id, UNUSED)]
    assert suspended() == set()
    now.move_to(START + timedelta(days=91))
    work(settings)
    work(settings)
    assert suspended() == {unused.id}
    assert told(SUSPENDED_UNUSED) == [(unused.id, SUSPENDED_UNUSED)]
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "accounts:user:suspended")).one()
    assert (event.actor, event.subject) == ("system:worker", unused.ref)
    with unit_of_work():
        version = db.session.get_one(User, unused.id).version
        accounts.reinstate_user(admins[0].actor, unused.ref, read_version=version)
    now.move_to(START + timedelta(days=95))
    work(settings)
    assert suspended() == set()


def test_nobody_is_suspended_who_was_not_warned_two_weeks_before(
    now: time_machine.Traveller, settings: Settings
) -> None:
    with unit_of_work():
        unused = make_somebody(Role.PRACTITIONER)
    for days, expected in ((200, set()), (213, set()), (214, {unused.id})):  # no worker ran before
        now.move_to(START + timedelta(days=days))
        work(settings)
        assert suspended() == expected


def test_two_administrators_always_remain(now: time_machine.Traveller, settings: Settings) -> None:
    with unit_of_work():
        admins = [make_somebody(Role.ADMIN) for _ in range(4)]
    for days in (80, 100, 120):
        now.move_to(START + timedelta(days=days))
        work(settings)
    assert len(suspended()) == 2
    assert suspended() < {each.id for each in admins}


# --- memberships by quarter -------------------------------------------------------------------------------------------


class House:
    """An agency with a contact and two workers, one without a contact, and two administrators."""

    def __init__(self) -> None:
        with unit_of_work():
            home, other = make_agency("Health"), make_agency("Housing")
            self.contact = make_somebody(Role.SPOC, agency=home)
            self.nurse, self.leaver = (make_somebody(Role.PRACTITIONER, agency=home) for _ in range(2))
            self.officer = make_somebody(Role.PRACTITIONER, agency=other)
            self.admins = [make_somebody(Role.ADMIN, agency=home) for _ in range(2)]
            self.case_id = make_case(self.leaver).id

    def of(self, who: Somebody) -> int:
        return db.session.scalars(select(Membership.id).where(Membership.user_id == who.id)).one()


def names(who: Somebody) -> set[str]:
    return {row.user_ref for row in member_queries.list_members(who.actor)}


def test_the_contact_looks_at_their_own_people_and_administrators_at_the_rest(now: time_machine.Traveller) -> None:
    house = House()
    one, two = house.admins
    assert names(house.contact) == {house.nurse.ref, house.leaver.ref}
    assert names(one) == {two.ref, house.contact.ref, house.officer.ref}
    assert names(house.nurse) == set()
    with pytest.raises(NotFoundError), unit_of_work():
        members.end_member(house.contact.actor, house.of(house.officer))
    with pytest.raises(NotFoundError), unit_of_work():
        members.keep_member(house.contact.actor, house.of(house.contact))
    with pytest.raises(ForbiddenError), unit_of_work():
        members.keep_member(house.nurse.actor, house.of(house.leaver))


def test_each_quarter_everybody_is_kept_or_ended_and_whoever_is_late_is_told_once(
    now: time_machine.Traveller, settings: Settings
) -> None:
    house = House()
    assert member_queries.count_waiting(house.contact.actor) == 0  # given in this quarter
    now.move_to(datetime(2026, 4, 1, 9, tzinfo=UTC))
    assert member_queries.count_waiting(house.contact.actor) == 2
    work(settings)
    assert told(CONFIRM_MEMBERS) == []
    with unit_of_work():
        members.keep_member(house.contact.actor, house.of(house.nurse))
    now.move_to(datetime(2026, 4, 30, 9, tzinfo=UTC))
    for each in (house.contact, house.nurse, house.leaver, house.officer, *house.admins):
        sign_in(each)
    work(settings)
    work(settings)
    assert {who for who, _kind in told(CONFIRM_MEMBERS)} == {house.contact.id, *(each.id for each in house.admins)}
    assert len(told(CONFIRM_MEMBERS)) == 3
    leaving = house.of(house.leaver)
    with looking(sight_of(house.contact.actor)), unit_of_work():
        members.end_member(house.contact.actor, leaving)
    assert member_queries.count_waiting(house.contact.actor) == 0
    ended = db.session.scalars(select(Allocation).where(Allocation.case_id == house.case_id)).one()
    assert ended.valid_to is not None
    now.move_to(datetime(2026, 7, 1, 9, tzinfo=UTC))
    assert member_queries.count_waiting(house.contact.actor) == 1


# --- agreements that run out ------------------------------------------------------------------------------------------


def test_those_who_keep_agreements_are_told_at_each_stage_once(now: time_machine.Traveller, settings: Settings) -> None:
    with unit_of_work():
        keeper = make_somebody(Role.INFORMATION_GOVERNANCE)
        agency = make_agency("Probation")
        db.session.scalars(
            select(SharingAgreement).where(SharingAgreement.agency_id == agency.id)
        ).one().review_on = date(2026, 3, 31)
        ref = agency.ref
    heard = []
    for day in (
        date(2026, 2, 28),
        date(2026, 3, 1),
        date(2026, 3, 2),
        date(2026, 3, 24),
        date(2026, 3, 31),
        date(2026, 4, 2),
    ):
        now.move_to(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        work(settings)
        rows = db.session.execute(
            select(Notice.recipient_id, Notice.kind).where(Notice.subject == ref).order_by(Notice.id)
        ).all()
        heard.append([row.kind for row in rows if row.recipient_id == keeper.id])
    stages = [STAGES[days] for days in (30, 7, 0)]
    assert heard == [[], stages[:1], stages[:1], stages[:2], stages, stages]
    with unit_of_work():
        found = db.session.scalars(select(Agency).where(Agency.ref == ref)).one()
        db.session.scalars(
            select(SharingAgreement).where(SharingAgreement.agency_id == found.id)
        ).one().review_on = date(2026, 5, 1)
    work(settings)
    assert len(told(STAGES[30])) == 2  # another agreement runs through its own stages


# --- figures of places ------------------------------------------------------------------------------------------------


def test_the_figures_of_places_are_of_each_day(now: time_machine.Traveller, settings: Settings) -> None:
    with unit_of_work():
        make_context()
    for _ in range(2):
        now.shift(timedelta(days=1))
        work(settings)
        assert ids_to_refresh(clock.today()) == []


# --- questions that the audit raises ----------------------------------------------------------------------------------


def test_a_snoop_is_told_of_within_minutes_and_once(now: time_machine.Traveller, settings: Settings) -> None:
    with unit_of_work():
        keeper, snoop = make_somebody(Role.INFORMATION_GOVERNANCE), make_somebody(Role.PRACTITIONER)
    worker = Rounds()
    worker.make(settings)
    for number in range(40):
        with unit_of_work():
            audit.record_read("people:person:shown", snoop.actor, f"YP-{number:04}-0000")
        now.shift(timedelta(seconds=5))
    assert told(RAISED) == []
    started = clock.now()
    while not told(RAISED):
        worker.make(settings)
        now.shift(timedelta(seconds=5))
        assert clock.now() - started <= timedelta(minutes=5)
    for _ in range(3):  # more of the same is the same question, and another worker begins where the first one stopped
        with unit_of_work():
            audit.record_read("people:person:shown", snoop.actor, "YP-9999-0000")
        now.shift(timedelta(minutes=3))
        worker.make(settings)
        Rounds().make(settings)
    assert told(RAISED) == [(keeper.id, RAISED)]


def test_a_clock_that_was_set_back_keeps_no_question_waiting(now: time_machine.Traveller, settings: Settings) -> None:
    with unit_of_work():
        keeper, snoop = make_somebody(Role.INFORMATION_GOVERNANCE), make_somebody(Role.PRACTITIONER)
    worker = Rounds()
    now.shift(timedelta(days=1))
    worker.make(settings)
    now.shift(timedelta(days=-1))
    for number in range(40):
        with unit_of_work():
            audit.record_read("people:person:shown", snoop.actor, f"YP-{number:04}-0000")
    worker.make(settings)
    assert told(RAISED) == [(keeper.id, RAISED)]


def test_nobody_is_told_of_their_own(now: time_machine.Traveller, settings: Settings) -> None:
    with unit_of_work():
        keeper = make_somebody(Role.INFORMATION_GOVERNANCE)
        for number in range(40):
            audit.record_read("people:person:shown", keeper.actor, f"YP-{number:04}-0000")
    work(settings)
    assert told(RAISED) == []
    with unit_of_work():
        other = make_somebody(Role.INFORMATION_GOVERNANCE)
        for number in range(8):
            audit.record_refusal("access:request:refused", keeper.actor.key, f"YP-{number:04}-0000")
    work(settings)
    assert told(RAISED) == [(other.id, RAISED)]
