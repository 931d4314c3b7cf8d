"""A restricted case, and whom it is about, exist only for those on its list, whatever anybody's role."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.service import suspend_user
from safeguarding.actions import queries as action_reads
from safeguarding.cases import queries, restricted, service
from safeguarding.cases.conflicts import declare_conflict as declare_on_case
from safeguarding.cases.models import (
    AllocationKind,
    Case,
    CaseListing,
    CaseRestriction,
    CaseState,
    RestrictionState,
)
from safeguarding.cases.restricted_queries import list_restrictions
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.panels.queries.live import load_item, load_meeting
from safeguarding.panels.service.attendance import declare_conflict
from safeguarding.people import duplicates
from safeguarding.people import queries as people
from safeguarding.people.duplicates import Asked
from safeguarding.people.models import Person
from safeguarding.referrals import queries as referrals
from safeguarding.referrals.models import Referral
from safeguarding.relations.check import check
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_action, make_case, make_update, put_on_list, restrict
from tests.factories.meetings import Day, make_day
from tests.factories.people import Somebody, make_somebody

_READ, _ACT, _CLOSED = Permission.REFERRAL_READ, Permission.ACTION_READ, CaseState.CLOSED
WHY = "A relative of theirs works for a partner."


class Record:
    """A young person on the agenda of a meeting that has begun, with a case and an action; a lead who may restrict it."""

    def __init__(self) -> None:
        with unit_of_work():
            self.day: Day = make_day(items=1)
            self.item = self.day.items[0]
            self.case: Case = db.session.get_one(Case, self.item.case_id)
            self.person = db.session.get_one(Person, self.case.person_id)
            self.worker = self.day.people["practitioner"]
            self.police, self.chair = self.day.people["police"], self.day.people["chair"]
            self.lead, self.other_lead = make_somebody(Role.LEAD), make_somebody(Role.LEAD)
            self.governor = make_somebody(Role.INFORMATION_GOVERNANCE)
            self.action = make_action(self.worker, self.case, self.police)

    def restrict(self, *listed: Somebody) -> CaseRestriction:
        with unit_of_work():
            restrict(self.case, *listed, lead=self.lead)
        return db.session.scalars(select(CaseRestriction)).one()

    def list(self, who: Somebody, days: int = 20) -> CaseListing:
        with unit_of_work():
            return put_on_list(self.case, self.lead, who, days)

    def doors(self, by: Somebody) -> dict[str, Callable[[], Any]]:
        actor = by.actor
        return {
            "person": lambda: people.access_person(actor, self.person.ref),
            "case": lambda: queries.access_case(actor, self.case.ref),
            "item": lambda: load_item(
                actor, load_meeting(actor, self.day.panel.slug, self.day.meeting.ref).meeting, self.item.ref
            ),
            "referral": lambda: referrals.access_referral(actor, self._referral(), _READ),
            "action": lambda: action_reads.access_action(actor, self.action.ref, _ACT),
        }

    def _referral(self) -> str:
        return str(db.session.scalar(select(Referral.ref).where(Referral.id == self.item.referral_id)))

    def opens(self, by: Somebody) -> set[str]:
        """Return what somebody may open."""
        found = set()
        for name, door in self.doors(by).items():
            try:
                door()
            except (NotFoundError, ForbiddenError):
                continue
            found.add(name)
        return found


@pytest.fixture
def record(in_app: Flask) -> Record:
    return Record()


def differences() -> list[Any]:
    return check().differences


def test_restriction_takes_it_from_panels_agencies_and_the_hub(record: Record) -> None:
    assert record.opens(record.other_lead) >= {"person", "case", "referral"}
    assert record.opens(record.police) >= {"person", "item"}
    assert record.opens(record.chair) >= {"person", "item"}
    record.restrict()
    for who in (record.other_lead, record.police, record.chair, record.day.people["coordinator"]):
        assert record.opens(who) == set(), who.name
    assert record.opens(record.worker) >= {"person", "case"}
    assert record.opens(record.lead) >= {"person", "case"}
    assert differences() == []


def test_what_is_listed_by_name_is_seen_until_its_day(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    record.restrict(record.chair, record.police)
    assert record.opens(record.chair) >= {"person", "case", "item", "referral"}
    assert record.opens(record.police) >= {"person", "case", "item"}
    assert differences() == []
    later = clock.now() + timedelta(days=22)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert record.opens(record.chair) == set()
    assert record.opens(record.police) == set()


def test_nothing_tells_that_it_exists(record: Record) -> None:
    name = f"{record.person.given_name} {record.person.family_name}"
    asked = Asked(
        given_name=record.person.given_name, family_name=record.person.family_name, born_on=record.person.born_on
    )
    record.restrict()
    for who in (record.other_lead, record.police, record.chair):
        assert people.search(who.actor, name).people == []
        assert people.search(who.actor, record.person.ref).people == []
        assert duplicates.find(who.actor, asked) == []
        assert queries.list_cases(who.actor, states=None) == []
        assert action_reads.list_agency(who.actor) == []
    assert [row.ref for row in people.search(record.lead.actor, name).people] == [record.person.ref]


def test_what_is_made_later_about_it_is_closed_with_it(record: Record) -> None:
    record.restrict(record.chair)
    with unit_of_work():
        action = make_action(record.worker, record.case, record.chair, title="Ring the school")
    for who, seen in ((record.chair, True), (record.worker, True), (record.lead, True), (record.other_lead, False)):
        listed = action_reads.list_about(who.actor, (action.subject_kind, action.subject_id))
        assert (action.ref in [row.ref for row in listed]) is seen
    assert differences() == []


def test_another_case_about_the_same_young_person_does_not_tell_either(record: Record) -> None:
    with unit_of_work():
        service.move_case(
            record.worker.actor, record.case, state=_CLOSED, reason="Safe for now", read_version=record.case.version
        )
        second = make_case(record.worker, record.person)
        restrict(second, lead=record.lead)
    assert record.opens(record.other_lead) == set()
    assert record.opens(record.lead) >= {"person", "case"}
    assert differences() == []


def test_lifting_brings_back_everything_as_it_stood(record: Record) -> None:
    before = {who.id: record.opens(who) for who in (record.other_lead, record.police, record.chair)}
    restriction = record.restrict(record.chair)
    with unit_of_work():
        restricted.ask_to_lift(record.lead.actor, restriction, reason="The relative has left the partner.")
    assert record.opens(record.police) == set()
    with unit_of_work():
        restricted.lift_restriction(record.governor.actor, restriction)
    assert {who.id: record.opens(who) for who in (record.other_lead, record.police, record.chair)} == before
    assert differences() == []
    assert restriction.state is RestrictionState.LIFTED


def test_nobody_lifts_what_they_asked_to_lift(record: Record) -> None:
    restriction = record.restrict()
    with pytest.raises(RuleError, match="Nobody asks"), unit_of_work():
        restricted.lift_restriction(record.governor.actor, restriction)
    with unit_of_work():
        restricted.ask_to_lift(record.lead.actor, restriction, reason="The relative has left the partner.")
    with pytest.raises(ForbiddenError, match="other than"), unit_of_work():
        restricted.lift_restriction(record.lead.actor, restriction)
    with pytest.raises(ForbiddenError), unit_of_work():
        restricted.lift_restriction(record.other_lead.actor, restriction)
    with unit_of_work():
        restricted.keep_restricted(record.governor.actor, restriction)
    assert restriction.lift_asked_at is None
    assert record.opens(record.other_lead) == set()


def test_what_somebody_asked_to_lift_who_lost_their_rights_since_stays(record: Record) -> None:
    restriction = record.restrict()
    with unit_of_work():
        restricted.ask_to_lift(record.lead.actor, restriction, reason="The relative has left the partner.")
        suspend_user(make_somebody(Role.ADMIN).actor, record.lead.ref, read_version=1)
    with pytest.raises(RuleError, match="no longer ask"), unit_of_work():
        restricted.lift_restriction(record.governor.actor, restriction)
    assert record.opens(record.other_lead) == set()
    with unit_of_work():
        restricted.keep_restricted(record.governor.actor, restriction)


def test_what_is_asked_anew_is_not_lifted_by_a_page_that_showed_what_was_asked_before(record: Record) -> None:
    restriction = record.restrict()
    for reason in ("The relative has left the partner.", "The family asks for it, and so does the school."):
        with unit_of_work():
            restricted.ask_to_lift(record.lead.actor, restriction, reason=reason)
        read = restricted.when_asked(restriction)
        if reason.startswith("The relative"):
            before = read
            with unit_of_work():
                restricted.keep_restricted(record.governor.actor, restriction)
    for stale in (before, ""):
        with pytest.raises(RuleError, match="Read it again"), unit_of_work():
            restricted.lift_restriction(record.governor.actor, restriction, read=stale)
    with unit_of_work():
        restricted.lift_restriction(record.governor.actor, restriction, read=read)
    assert record.opens(record.other_lead) >= {"case"}


def test_who_declared_a_conflict_is_not_shown_what_waits_about_it(record: Record) -> None:
    with unit_of_work():
        declare_on_case(record.worker.actor, record.case, reason="His aunt", user_id=record.governor.id)
    restriction = record.restrict()
    assert list_restrictions(record.governor.actor) == []
    with pytest.raises(ForbiddenError), unit_of_work():
        restricted.agree(record.governor.actor, restriction)


def test_a_second_person_agrees_and_not_the_one_who_restricted(record: Record) -> None:
    restriction = record.restrict(record.other_lead)
    with pytest.raises(ForbiddenError, match="other than"), unit_of_work():
        restricted.agree(record.lead.actor, restriction)
    with pytest.raises(ForbiddenError), unit_of_work():
        restricted.agree(record.police.actor, restriction)
    with unit_of_work():
        restricted.agree(record.other_lead.actor, restriction)
    with pytest.raises(RuleError, match="agreed already"), unit_of_work():
        restricted.agree(record.governor.actor, restriction)


def test_only_a_lead_restricts_with_a_reason_and_a_day_of_review(record: Record) -> None:
    def attempt(by: Somebody, **options: Any) -> None:
        given = {"reason": WHY, "review_on": clock.today() + timedelta(days=30), "read_version": record.case.version}
        with unit_of_work():
            restricted.restrict_case(by.actor, record.case, **{**given, **options})

    for who in (record.police, record.chair, record.worker, record.governor):
        with pytest.raises(ForbiddenError):
            attempt(who)
    with pytest.raises(RuleError):
        attempt(record.lead, reason="risk")
    for days in (0, 93):
        with pytest.raises(RuleError):
            attempt(record.lead, review_on=clock.today() + timedelta(days=days))
    with pytest.raises(StaleError):
        attempt(record.lead, read_version=record.case.version - 1)


def test_only_those_who_say_who_works_it_put_somebody_on_the_list(record: Record) -> None:
    record.restrict(record.chair)
    with pytest.raises(ForbiddenError), unit_of_work():
        put_on_list(record.case, record.chair, record.police)
    with unit_of_work():
        analyst = make_somebody(Role.ANALYST)
    with pytest.raises(RuleError, match="role reads cases"):
        record.list(analyst)
    for days in (-1, 400):
        with pytest.raises(RuleError):
            record.list(record.police, days)


def test_somebody_is_taken_off_at_once_and_may_take_off_themselves(record: Record) -> None:
    record.restrict()
    for by in (record.lead, record.police):
        listing = record.list(record.police)
        with pytest.raises(ForbiddenError), unit_of_work():
            restricted.take_off_list(record.other_lead.actor, record.case, listing_id=listing.id)
        with unit_of_work():
            restricted.take_off_list(by.actor, record.case, listing_id=listing.id)
        assert record.opens(record.police) == set()
    with pytest.raises(RuleError), unit_of_work():
        restricted.take_off_list(record.lead.actor, record.case, listing_id=listing.id)
    assert differences() == []


def test_a_declared_conflict_beats_the_list(record: Record) -> None:
    with unit_of_work():
        declare_conflict(record.police.actor, record.day.meeting, record.item, reason="A neighbour")
    record.restrict()
    with pytest.raises(RuleError, match="conflict of interest"):
        record.list(record.police)
    assert record.opens(record.police) == set()


def test_whoever_is_allocated_is_on_the_list_as_long_as_they_are(record: Record) -> None:
    record.restrict()
    with unit_of_work():
        worker = make_somebody(Role.SOCIAL_WORKER)
        allocation = service.allocate(record.lead.actor, record.case, user_id=worker.id)
    assert record.opens(worker) >= {"person", "case"}
    with unit_of_work():
        service.end_allocation(record.lead.actor, record.case, allocation_id=allocation.id)
    assert record.opens(worker) == set()


def test_a_new_lead_worker_is_chosen_by_name(record: Record) -> None:
    record.restrict()
    with unit_of_work():
        worker = make_somebody(Role.SOCIAL_WORKER)
        service.allocate(record.lead.actor, record.case, user_id=worker.id, kind=AllocationKind.LEAD)
    assert record.opens(record.worker) == set()
    assert record.opens(worker) >= {"person", "case"}
    assert differences() == []


def test_whoever_is_on_the_list_reads_all_of_it(record: Record) -> None:
    with unit_of_work():
        make_update(record.worker, record.case, risk=record.case.risk)
    record.restrict(record.police)
    for who in (record.police, record.lead, record.worker):
        view = queries.access_case(who.actor, record.case.ref)
        assert len(queries.list_updates(who.actor, view)) == 1, who.name
