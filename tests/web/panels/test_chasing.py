"""Returns that are missing: the officers remind who is late, and ask an agency that took its seat since."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.panels.models.items import ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service.agenda import ask_agency, lock_agenda
from safeguarding.panels.service.chasing import chase_returns
from safeguarding.panels.service.panels import seat_agency
from safeguarding.panels.service.returns import answer_return
from safeguarding.relations.check import check
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.panels import Round, make_published, make_round
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody


@pytest.fixture
def around(app: Flask) -> Round:
    with app.app_context(), unit_of_work():
        return make_round()


@pytest.fixture
def meeting(app: Flask, around: Round) -> str:
    """The path of a meeting with a published agenda of one item."""
    with app.app_context(), unit_of_work():
        return f"/panels/{around.slug}/meetings/{make_published(around).ref}"


def held(path: str) -> Meeting:
    return db.session.scalars(select(Meeting).where(Meeting.ref == path.rpartition("/")[2])).one()


def make_late() -> None:
    with unit_of_work():
        for request in db.session.scalars(select(ReturnRequest)):
            request.due_at = clock.now() - timedelta(hours=1)


def test_the_late_are_reminded_once_a_day_and_it_shows(
    app: Flask, around: Round, meeting: str, sign_in: SignIn
) -> None:
    coordinator, police = sign_in(around.coordinator), sign_in(around.police)
    assert "Remind the agencies" not in coordinator.get(meeting).words
    with app.app_context():
        make_late()
        with unit_of_work():
            mine = db.session.scalars(
                select(ReturnRequest).where(ReturnRequest.agency_id == around.health.agency_id)
            ).one()
            answer_return(around.health.actor, mine, state=ReturnState.NOTHING_KNOWN, read_version=mine.version)
    chase = f"{meeting}/returns/chase"
    page = coordinator.post(chase, coordinator.get(meeting).form(action=chase))
    shown = coordinator.follow(page)
    assert "2 agencies are reminded." in shown.words
    day = clock.london(clock.now())
    assert f"chased on {day.day} {day:%b}" in shown.words
    assert "Chased on" in police.get("/my-work").words
    again = coordinator.follow(coordinator.post(chase, {}))
    assert "No answer is late, or each agency was reminded today." in again.words
    with app.app_context():
        chased = db.session.scalars(select(ReturnRequest).where(ReturnRequest.chased_at.is_not(None))).all()
        assert {each.agency_id for each in chased} == {around.police.agency_id, around.social_care.agency_id}
        assert {each.chased_by_id for each in chased} == {around.coordinator.id}
        told = select(Notice.recipient_id).where(Notice.kind == "panels.return_reminded")
        assert set(db.session.scalars(told)) == {around.police.id, around.social_care.id}
        events = select(func.count()).where(AuditEvent.event == "panels:return:chased")
        assert db.session.scalar(events) == 2
        assert {each.version for each in chased} == {1}  # what the agency types meanwhile is not stale by it
        db.session.rollback()


def test_one_request_is_chased_from_its_page(app: Flask, around: Round, meeting: str, sign_in: SignIn) -> None:
    with app.app_context():
        make_late()
        ref = db.session.scalars(
            select(ReturnRequest.ref).where(ReturnRequest.agency_id == around.police.agency_id)
        ).one()
        db.session.rollback()
    chair = sign_in(around.chair)
    chase = f"{meeting}/returns/chase"
    chair.post(chase, chair.get(f"/panels/returns/{ref}").form(action=chase))
    assert "Chased on" in chair.get(f"/panels/returns/{ref}").words
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(ReturnRequest.chased_at.is_not(None))) == 1
        db.session.rollback()


def test_tomorrow_they_may_be_reminded_again(app: Flask, around: Round, meeting: str) -> None:
    with app.app_context():
        make_late()
        with unit_of_work():
            assert len(chase_returns(around.coordinator.actor, held(meeting))) == 3
        with time_machine.travel(clock.now() + timedelta(days=1), tick=True), unit_of_work():
            assert len(chase_returns(around.coordinator.actor, held(meeting))) == 3


def test_an_agency_that_took_its_seat_since_is_asked(app: Flask, around: Round, meeting: str, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        education = make_agency("Education", agreement=True)
        contact = make_somebody(Role.SPOC, agency=education)
        seat_agency(SYSTEM, around.panel, education.id)
    coordinator = sign_in(around.coordinator)
    ask = f"{meeting}/returns/ask"
    answer = coordinator.post(ask, coordinator.get(meeting).form(action=ask))
    assert "The agency is asked what it holds." in coordinator.follow(answer).words
    assert "Ask Education too" not in coordinator.get(meeting).words
    assert "Panels ask your agency" in sign_in(contact).get("/my-work").words
    with app.app_context():
        assert not check().differences
        db.session.rollback()


def test_who_is_asked_and_until_when(app: Flask, around: Round, meeting: str) -> None:
    with app.app_context():
        with unit_of_work():
            stranger = make_agency()
            newcomer = make_agency()
            seat_agency(SYSTEM, around.panel, newcomer.id)
        for who, agency_id, words in (
            (around.coordinator, stranger.id, "a seat"),
            (around.coordinator, around.police.agency_id, "every item already"),
        ):
            with pytest.raises(RuleError, match=words), unit_of_work():
                ask_agency(who.actor, held(meeting), agency_id, read_version=held(meeting).version)
        with pytest.raises(ForbiddenError), unit_of_work():
            ask_agency(around.police.actor, held(meeting), newcomer.id, read_version=held(meeting).version)
        with unit_of_work():
            lock_agenda(around.coordinator.actor, held(meeting), read_version=held(meeting).version)
        with pytest.raises(RuleError, match="locked"), unit_of_work():
            ask_agency(around.coordinator.actor, held(meeting), newcomer.id, read_version=held(meeting).version)


@pytest.mark.parametrize("who", ["police", "practitioner", "lead"])
def test_nobody_but_an_officer_reminds(app: Flask, around: Round, meeting: str, who: str) -> None:
    somebody: Somebody = getattr(around, who)
    with app.app_context():
        make_late()
        with pytest.raises(ForbiddenError), unit_of_work():
            chase_returns(somebody.actor, held(meeting))
