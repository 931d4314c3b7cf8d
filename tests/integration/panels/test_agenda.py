"""Rules of agendas and returns: what goes on one, whom publishing opens it to, when it locks, how agencies answer."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding.access.roles import Role
from safeguarding.agencies.models import AgencyKind
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ItemState, PanelHandling, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import AgendaState, Meeting, MeetingState
from safeguarding.panels.models.panels import Office
from safeguarding.panels.queries import agenda as reads
from safeguarding.panels.queries import returns as return_reads
from safeguarding.panels.queries.live import load_item, load_meeting
from safeguarding.panels.service import agenda, papers, returns
from safeguarding.panels.service.panels import end_office, end_seat, seat_agency, set_up_panel
from safeguarding.people.models import Person
from safeguarding.people.queries import access_person
from safeguarding.relations.queries import relations_to
from tests.factories.cases import restrict
from tests.factories.panels import (
    Round,
    make_accepted,
    make_meeting,
    make_published,
    make_referral,
    make_round,
)
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody, unit_of_work

pytestmark = pytest.mark.usefixtures("in_app")


@pytest.fixture
def around(in_app: Flask) -> Round:
    with unit_of_work():
        return make_round()


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a way to set the clock forward."""

    def set_forward(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    yield set_forward


def items_of(meeting: Meeting) -> list[AgendaItem]:
    return list(
        db.session.scalars(
            select(AgendaItem).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaItem.position, AgendaItem.id)
        )
    )


def sees_item(who: Somebody, meeting: Meeting, ref: str) -> bool:
    try:
        load_item(who.actor, meeting, ref)
    except NotFoundError:
        return False
    return True


def sees_person(who: Somebody, person_id: int | None) -> bool:
    ref = db.session.get_one(Person, person_id).ref
    try:
        access_person(who.actor, ref)
    except NotFoundError:
        return False
    return True


def request_to(who: Somebody, meeting: Meeting) -> ReturnRequest:
    return db.session.scalars(
        select(ReturnRequest)
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .where(AgendaItem.meeting_id == meeting.id, ReturnRequest.agency_id == who.agency_id)
        .order_by(ReturnRequest.id)
        .limit(1)
    ).one()


def answer(who: Somebody, request: ReturnRequest, **changes: Any) -> ReturnRequest:
    options: dict[str, Any] = {"state": ReturnState.NOTHING_KNOWN, "read_version": request.version, **changes}
    with unit_of_work():
        return returns.answer_return(who.actor, request, **options)


def test_a_meeting_lies_ahead_and_locks_before_it_starts(around: Round) -> None:
    with unit_of_work():
        meeting = make_meeting(around)
    assert meeting.cut_off_at < meeting.starts_at
    assert meeting.returns_due_at is not None
    assert meeting.returns_due_at < meeting.cut_off_at
    with pytest.raises(RuleError, match="future"), unit_of_work():
        agenda.plan_meeting(around.coordinator.actor, around.panel, starts_at=clock.now() - timedelta(hours=1))


@pytest.mark.parametrize("who", ["practitioner", "police", "lead", "analyst"])
def test_only_officers_of_the_panel_arrange_its_agenda(around: Round, who: str) -> None:
    with unit_of_work():
        other = make_round()
        meeting = make_meeting(around)
        referral = make_accepted(around)
    for actor in (getattr(around, who).actor, other.chair.actor):
        with pytest.raises(ForbiddenError), unit_of_work():
            agenda.add_referral(actor, meeting, referral.id, read_version=meeting.version)
    for officer in (around.coordinator, around.vice_chair):
        with unit_of_work():
            agenda.arrange_agenda(officer.actor, meeting, minutes={}, read_version=meeting.version)


def test_only_a_referral_accepted_for_this_panel_goes_on_its_agenda_and_once(around: Round) -> None:
    with unit_of_work():
        other = make_round()
        meeting = make_meeting(around)
        waiting, elsewhere, accepted = make_referral(around), make_accepted(other), make_accepted(around)
    coordinator = around.coordinator.actor
    with pytest.raises(RuleError, match="accepted"), unit_of_work():
        agenda.add_referral(coordinator, meeting, waiting.id, read_version=meeting.version)
    with pytest.raises(NotFoundError), unit_of_work():
        agenda.add_referral(coordinator, meeting, elsewhere.id, read_version=meeting.version)
    with unit_of_work():
        item = agenda.add_referral(coordinator, meeting, accepted.id, read_version=meeting.version)
    assert (item.presenter_id, item.question) == (around.practitioner.id, accepted.panel_question)
    with pytest.raises(RuleError, match="already"), unit_of_work():
        agenda.add_referral(coordinator, meeting, accepted.id, read_version=meeting.version)


def test_a_review_that_is_due_goes_on_and_is_presented_by_its_lead_worker(around: Round) -> None:
    with unit_of_work():
        referral = make_accepted(around)
        case = db.session.get_one(Case, referral.case_id)
        case.next_review_on = clock.today()
        meeting = make_meeting(around)
        assert [row.ref for row in reads.list_reviews_due(around.coordinator.actor, meeting.starts_at)] == [case.ref]
        item = agenda.add_review(around.coordinator.actor, meeting, case.id, read_version=meeting.version)
    assert (item.is_review, item.presenter_id) == (True, around.practitioner.id)
    assert reads.list_reviews_due(around.coordinator.actor, meeting.starts_at) == []
    with pytest.raises(RuleError, match="already"), unit_of_work():
        agenda.add_review(around.coordinator.actor, meeting, case.id, read_version=meeting.version)


def test_items_move_one_place_and_stop_at_the_ends(around: Round) -> None:
    coordinator = around.coordinator.actor
    with unit_of_work():
        meeting = make_meeting(around)
        refs = [
            agenda.add_theme(coordinator, meeting, title=name, read_version=meeting.version).ref
            for name in ("A", "B", "C")
        ]

    def move(ref: str, step: int) -> list[str]:
        with unit_of_work():
            agenda.arrange_agenda(coordinator, meeting, minutes={}, move=(ref, step), read_version=meeting.version)
        return [item.title for item in items_of(meeting)]

    assert move(refs[2], -1) == ["A", "C", "B"]
    assert move(refs[0], 1) == ["C", "A", "B"]
    assert move(refs[2], -1) == ["C", "A", "B"]
    assert [item.position for item in items_of(meeting)] == [1, 2, 3]


def test_two_who_arrange_at_once_do_not_overwrite_each_other(around: Round) -> None:
    with unit_of_work():
        meeting = make_meeting(around)
    read = meeting.version
    with unit_of_work():
        agenda.add_theme(around.chair.actor, meeting, title="Knives", read_version=read)
    with pytest.raises(StaleError), unit_of_work():
        agenda.add_theme(around.coordinator.actor, meeting, title="Scooters", read_version=read)


def test_an_item_is_seen_by_the_officers_alone_until_the_agenda_is_published(around: Round) -> None:
    with unit_of_work():
        meeting = make_meeting(around)
        referral = make_accepted(around)
        item = agenda.add_referral(around.coordinator.actor, meeting, referral.id, read_version=meeting.version)
    for who in (around.chair, around.coordinator):
        assert sees_item(who, meeting, item.ref)
    for who in (around.police, around.health, around.practitioner, around.outsider, around.lead):
        assert not sees_item(who, meeting, item.ref)
    assert not sees_person(around.police, item.person_id)
    with unit_of_work():
        agenda.publish_agenda(around.coordinator.actor, meeting, read_version=meeting.version)
    for who in (around.police, around.health, around.social_care, around.practitioner):
        assert sees_item(who, meeting, item.ref)
    assert sees_person(around.police, item.person_id)
    assert relations_to(around.health.actor, "case", item.case_id or 0)
    assert relations_to(around.health.actor, "referral", referral.id)
    for who in (around.outsider, around.analyst):
        assert not sees_item(who, meeting, item.ref)
    assert not sees_person(around.outsider, item.person_id)


def test_publishing_asks_each_agency_with_a_seat_once(around: Round) -> None:
    coordinator = around.coordinator.actor
    with unit_of_work():
        meeting = make_published(around)
    first = db.session.scalars(select(ReturnRequest)).all()
    assert {each.agency_id for each in first} == {
        around.social_care.agency_id,
        around.police.agency_id,
        around.health.agency_id,
    }
    assert meeting.agenda_state is AgendaState.PUBLISHED
    with unit_of_work():
        second = make_accepted(around)
        agenda.add_referral(coordinator, meeting, second.id, read_version=meeting.version)
        agenda.add_theme(coordinator, meeting, title="After school", read_version=meeting.version)
        agenda.publish_agenda(coordinator, meeting, read_version=meeting.version)
    assert meeting.agenda_version == 2
    counts = db.session.execute(
        select(AgendaItem.title, func.count(ReturnRequest.id))
        .outerjoin(ReturnRequest, ReturnRequest.item_id == AgendaItem.id)
        .group_by(AgendaItem.id)
        .order_by(AgendaItem.position)
    ).all()
    assert [row[1] for row in counts] == [3, 3, 0]


def test_an_empty_agenda_is_not_published(around: Round) -> None:
    with unit_of_work():
        meeting = make_meeting(around)
    with pytest.raises(RuleError, match="Put an item"), unit_of_work():
        agenda.publish_agenda(around.coordinator.actor, meeting, read_version=meeting.version)


def test_an_item_about_a_restricted_case_is_opened_to_nobody(around: Round) -> None:
    with unit_of_work():
        meeting = make_meeting(around)
        referral = make_accepted(around)
        restrict(db.session.get_one(Case, referral.case_id), around.coordinator)
        item = agenda.add_referral(around.coordinator.actor, meeting, referral.id, read_version=meeting.version)
        agenda.publish_agenda(around.coordinator.actor, meeting, read_version=meeting.version)
    assert not sees_item(around.police, meeting, item.ref)
    assert not sees_person(around.police, item.person_id)
    assert db.session.scalar(select(func.count()).select_from(ReturnRequest)) == 0


def test_a_removed_item_closes_what_it_opened_and_its_referral_waits_again(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
    item = items_of(meeting)[0]
    assert sees_person(around.police, item.person_id)
    assert reads.list_waiting(around.coordinator.actor, around.slug) == []
    with unit_of_work():
        agenda.remove_item(around.coordinator.actor, meeting, item.ref, read_version=meeting.version)
    assert not sees_item(around.police, meeting, item.ref)
    assert not sees_person(around.police, item.person_id)
    waiting = reads.list_waiting(around.coordinator.actor, around.slug)
    assert [row.id for row in waiting] == [item.referral_id]


def test_a_new_presenter_sees_the_item_and_the_old_one_no_more(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
        item = items_of(meeting)[0]
        options: dict[str, Any] = {"minutes": 10, "question": None, "read_version": item.version}
        agenda.edit_item(around.chair.actor, meeting, item.ref, presenter_id=around.outsider.id, **options)
    assert sees_item(around.outsider, meeting, item.ref)
    assert not sees_item(around.practitioner, meeting, item.ref)
    assert load_meeting(around.outsider.actor, around.slug, meeting.ref).meeting.id == meeting.id


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "at the cut-off"])
def test_a_locked_agenda_takes_no_change(around: Round, ahead: Any, by_hand: bool) -> None:
    coordinator = around.coordinator.actor
    with unit_of_work():
        meeting = make_published(around)
        later = make_accepted(around)
    if by_hand:
        with unit_of_work():
            agenda.lock_agenda(coordinator, meeting, read_version=meeting.version)
    else:
        ahead(meeting.cut_off_at + timedelta(minutes=1))
    for change in (
        lambda: agenda.add_referral(coordinator, meeting, later.id, read_version=meeting.version),
        lambda: agenda.arrange_agenda(coordinator, meeting, minutes={}, read_version=meeting.version),
        lambda: agenda.publish_agenda(coordinator, meeting, read_version=meeting.version),
        lambda: agenda.remove_item(coordinator, meeting, items_of(meeting)[0].ref, read_version=meeting.version),
    ):
        with pytest.raises(RuleError, match="locked"), unit_of_work():
            change()


def test_a_draft_is_not_locked_and_does_not_lock_by_itself(around: Round, ahead: Any) -> None:
    with unit_of_work():
        meeting = make_meeting(around)
        agenda.add_theme(around.chair.actor, meeting, title="Knives", read_version=meeting.version)
    with pytest.raises(RuleError), unit_of_work():
        agenda.lock_agenda(around.chair.actor, meeting, read_version=meeting.version)
    ahead(meeting.cut_off_at + timedelta(minutes=1))
    with unit_of_work():
        agenda.publish_agenda(around.chair.actor, meeting, read_version=meeting.version)
    assert meeting.agenda_state is AgendaState.PUBLISHED


def test_the_agenda_of_a_meeting_that_began_does_not_change_here(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
        meeting.state, meeting.opened_at, meeting.opened_by_id = MeetingState.OPEN, clock.now(), around.chair.id
    with pytest.raises(RuleError, match="begun"), unit_of_work():
        agenda.add_theme(around.chair.actor, meeting, title="Knives", read_version=meeting.version)


def test_an_agency_answers_for_itself_alone(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
    request = request_to(around.police, meeting)
    for who, error in (
        (around.health, NotFoundError),
        (around.chair, NotFoundError),
        (around.outsider, NotFoundError),
    ):
        with pytest.raises(error):
            answer(who, request)
    own = request_to(around.social_care, meeting)
    with pytest.raises(ForbiddenError):
        answer(around.practitioner, own)  # of the agency, but not its contact
    answer(around.police, request, state=ReturnState.ANSWERED, text="Stopped on Mill Road on 3 November.")
    assert (request.state, request.answered_by_id) == (ReturnState.ANSWERED, around.police.id)


def test_each_answer_needs_its_words(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
    request = request_to(around.police, meeting)
    with pytest.raises(RuleError, match="Nothing known"):
        answer(around.police, request, state=ReturnState.ANSWERED)
    with pytest.raises(RuleError, match="worse for the young person"):
        answer(around.police, request, state=ReturnState.WILL_NOT_SHARE)
    with pytest.raises(RuleError, match="agencies"):
        answer(around.police, request, handling=PanelHandling.NAMED_AGENCIES)
    answer(around.police, request, state=ReturnState.WILL_NOT_SHARE, reason_not_shared="It would name a source.")
    answer(around.police, request, state=ReturnState.NOTHING_KNOWN)
    assert (request.text, request.reason_not_shared) == (None, None)


@pytest.mark.parametrize("until_decided", [True, False])
def test_a_late_answer_is_taken_until_the_item_is_decided_and_stays_late(
    around: Round, ahead: Any, until_decided: bool
) -> None:
    with unit_of_work():
        meeting = make_published(around)
    request = request_to(around.police, meeting)
    ahead(request.due_at + timedelta(hours=1))
    board = reads.board_of(reads.meeting_before(around.coordinator.actor, around.slug, meeting.ref))
    assert board.overdue == 3
    if until_decided:
        answer(around.police, request)
        board = reads.board_of(reads.meeting_before(around.coordinator.actor, around.slug, meeting.ref))
        cell = board.cells[(request.item_id, around.police.agency_id)]
        assert (cell.tag, cell.state, board.overdue) == ("late", ReturnState.NOTHING_KNOWN, 2)
        return
    with unit_of_work():
        items_of(meeting)[0].state = ItemState.DECIDED
    with pytest.raises(RuleError, match="over"):
        answer(around.police, request)


def test_an_agency_without_a_seat_searches_only_until_it_has_answered_or_the_agenda_is_locked(
    around: Round, ahead: Any
) -> None:
    with unit_of_work():
        visitor = make_somebody(Role.SPOC, agency=make_agency(kind=AgencyKind.HOUSING))
        seat_agency(SYSTEM, around.panel, visitor.agency_id)
        meeting = make_published(around)
        end_seat(SYSTEM, around.panel, visitor.agency_id)
    request = request_to(visitor, meeting)
    shown = return_reads.access_request(visitor.actor, request.ref)
    assert (shown.may_answer, shown.row.given_name, shown.row.address) == (True, "Kayden", "7 Ferry Lane, Marlbridge")
    assert not sees_item(visitor, meeting, items_of(meeting)[0].ref)
    now = clock.now()
    ahead(meeting.cut_off_at + timedelta(minutes=1))
    assert return_reads.access_request(visitor.actor, request.ref).row.given_name is None
    ahead(now)
    answer(visitor, request)
    assert return_reads.access_request(visitor.actor, request.ref).row.given_name is None


def test_handling_decides_who_of_the_panel_reads_an_answer(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
    request = request_to(around.police, meeting)

    def readers(**handling: Any) -> set[str]:
        answer(around.police, request, state=ReturnState.ANSWERED, text="A name.", **handling)
        everyone = ("chair", "vice_chair", "coordinator", "police", "health", "social_care")
        return {
            name
            for name in everyone
            if return_reads.access_request(getattr(around, name).actor, request.ref).is_readable
        }

    officers = {"chair", "vice_chair"}
    assert readers() == officers | {"coordinator", "police", "health", "social_care"}
    assert readers(handling=PanelHandling.NAMED_AGENCIES, named_agency_ids=[around.health.agency_id]) == officers | {
        "coordinator",
        "police",
        "health",
    }
    assert readers(handling=PanelHandling.CHAIR_ONLY) == officers | {"police"}
    answered = select(AuditEvent.detail).where(AuditEvent.event == "panels:return:answered").order_by(AuditEvent.seq)
    named = [json.loads(each)["readers"] for each in db.session.scalars(answered)]
    assert named == [[], [around.health.agency_id], []]  # whose rows are gone by now


def test_a_request_is_hidden_from_those_who_neither_answer_nor_sit(around: Round) -> None:
    with unit_of_work():
        other = make_round()
        meeting = make_published(around)
    request = request_to(around.police, meeting)
    for who in (other.police, other.chair, around.outsider, around.analyst, around.lead):
        with pytest.raises(NotFoundError):
            return_reads.access_request(who.actor, request.ref)


def test_requests_of_an_agency_come_the_soonest_due_first(around: Round) -> None:
    with unit_of_work():
        later, sooner = make_published(around, days=28), make_published(around, days=14)
    listed = [row.ref for row in return_reads.list_requests(around.police.actor, answered=False)]
    assert listed == [request_to(around.police, sooner).ref, request_to(around.police, later).ref]
    following = return_reads.list_requests(around.police.actor, answered=False, after=listed[0])
    assert [row.ref for row in following] == listed[1:]
    answer(around.police, request_to(around.police, sooner))
    assert [row.ref for row in return_reads.list_requests(around.police.actor, answered=True)] == listed[:1]


def test_papers_close_to_the_seats_at_the_instant_given(around: Round, ahead: Any) -> None:
    with unit_of_work():
        meeting = make_published(around)
        item = items_of(meeting)[0]
        closing = clock.now() + timedelta(days=30)
        papers.close_papers([item.id], closing)
    assert sees_item(around.police, meeting, item.ref)
    ahead(closing + timedelta(minutes=1))
    assert not sees_item(around.police, meeting, item.ref)
    assert not sees_person(around.police, item.person_id)
    assert sees_item(around.chair, meeting, item.ref)


def test_a_seat_or_an_office_that_ends_takes_its_sight_away(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
    item = items_of(meeting)[0]
    with unit_of_work():
        end_seat(SYSTEM, around.panel, around.police.agency_id)
        end_office(SYSTEM, around.panel, around.coordinator.id, Office.COORDINATOR)
    assert not sees_item(around.police, meeting, item.ref)
    assert not sees_item(around.coordinator, meeting, item.ref)
    with pytest.raises(NotFoundError):
        load_meeting(around.coordinator.actor, around.slug, meeting.ref)


@pytest.mark.parametrize("slug", ["returns", "new", "Mave", "a b", "", "x" * 41, "a/b"])
def test_a_panel_needs_a_slug_that_can_be_an_address(in_app: Flask, slug: str) -> None:
    with pytest.raises(RuleError), unit_of_work():
        set_up_panel(SYSTEM, slug=slug, name="A panel")


def test_nobody_sets_panels_up_but_an_administrator(around: Round) -> None:
    with pytest.raises(ForbiddenError), unit_of_work():
        set_up_panel(around.chair.actor, slug="mine", name="My panel")


def test_an_agenda_leaves_no_name_in_the_audit(around: Round) -> None:
    with unit_of_work():
        meeting = make_published(around)
        title = items_of(meeting)[0].title
    events = db.session.execute(select(AuditEvent.event, AuditEvent.detail)).all()
    assert "panels:agenda:published" in [row.event for row in events]
    assert not any(title.split()[1] in row.detail for row in events)
