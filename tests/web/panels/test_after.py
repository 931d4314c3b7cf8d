"""After the meeting: the page of a decision, minutes from making to signing, and what other pages show of it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.actions.models import Action
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import AgencyView, DecisionAddendum, View
from safeguarding.panels.models.items import AgendaItem, ReturnRequest
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service import papers
from safeguarding.panels.service.attendance import declare_conflict
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.meetings import close_meeting, come_back_later, move_on
from safeguarding.panels.service.minutes import circulate_minutes, generate_minutes
from safeguarding.people.models import Person
from tests.conftest import SignIn
from tests.factories.meetings import Day, decision_text
from tests.factories.people import unit_of_work
from tests.support.statements import counted
from tests.web.panels.test_live import started

CLOSED, CIRCULATED = "closed", "circulated"


def decided(app: Flask, stage: str = "", items: int = 1) -> Day:
    """Make a day whose first item is decided; closed, or with its minutes sent round."""
    day = started(app, items)
    with app.app_context(), unit_of_work():
        chair = day.people["chair"].actor
        meeting = db.session.get_one(Meeting, day.meeting.id)
        item = db.session.get_one(AgendaItem, day.item.id)
        record_decision(chair, meeting, item, decision_text(day), read_version=item.version)
        if stage:
            for _each in range(items):
                move_on(chair, meeting)
            close_meeting(chair, meeting)
        if stage == CIRCULATED:
            minutes = generate_minutes(chair, meeting)
            circulate_minutes(chair, minutes, read_version=minutes.version)
    return day


def refs(app: Flask, day: Day) -> tuple[str, str]:
    """Return the addresses of the young person and of the case of the first item."""
    with app.app_context():
        person, case = db.session.execute(
            select(Person.ref, Case.ref)
            .select_from(AgendaItem)
            .join(Person, Person.id == AgendaItem.person_id)
            .join(Case, Case.id == AgendaItem.case_id)
            .where(AgendaItem.id == day.item.id)
        ).one()
    return f"/people/{person}", f"/cases/{case}"


# --- the decision -------------------------------------------------------------------------------------------------


def test_a_decision_is_shown_with_its_quorum_actions_and_papers(app: Flask, sign_in: SignIn) -> None:
    day = decided(app)
    page = sign_in(day.people["health"]).get(day.decision_path())
    assert page.status == 200
    for text in (
        "Adopt",
        "Work with one agency alone",
        "Quorate",
        f"Police: {day.agencies['police'].short_name}",
        "Safety plan for the flat",
        "are as they were when it was decided",
        "Nobody was out with a conflict",
    ):
        assert text in page.words, text
    with app.app_context(), unit_of_work():
        request = db.session.scalars(select(ReturnRequest).where(ReturnRequest.item_id == day.item.id)).first()
        assert request is not None
        request.version += 1
    assert (
        "A paper of this item changed after the decision"
        in sign_in(day.people["health"]).get(day.decision_path()).words
    )


def test_the_referrer_who_works_the_case_reads_the_decision_but_not_the_papers_once_access_ended(
    app: Flask, sign_in: SignIn
) -> None:
    day = decided(app)
    with app.app_context(), unit_of_work():
        papers.hide_from_presenter(day.item, day.people["practitioner"].id)
    page = sign_in(day.people["practitioner"]).get(day.decision_path())
    assert page.status == 200
    assert "Work with one agency alone" in page.words
    assert "What the panel had before it" not in page.words
    assert "Add an addendum" not in page.words


def test_strangers_and_those_with_a_conflict_find_no_decision(app: Flask, sign_in: SignIn) -> None:
    day, other = started(app), started(app)
    assert sign_in(day.people["chair"]).get(day.decision_path()).status == 404  # there is none yet
    with app.app_context(), unit_of_work():
        meeting, item = db.session.get_one(Meeting, day.meeting.id), db.session.get_one(AgendaItem, day.item.id)
        declare_conflict(day.people["education"].actor, meeting, item, reason="His school")
        record_decision(day.people["chair"].actor, meeting, item, decision_text(day), read_version=item.version)
    for somebody in (other.people["chair"], other.people["practitioner"], day.people["education"]):
        assert sign_in(somebody).get(day.decision_path()).status == 404


def test_an_addendum_is_added_by_the_chair_alone(app: Flask, sign_in: SignIn) -> None:
    day = decided(app, CLOSED)
    chair = sign_in(day.people["chair"])
    form = chair.get(day.decision_path()).form(having="text")
    empty = chair.post(f"{day.decision_path()}/addenda", form)
    assert empty.errors == ["Enter what is to be added."]
    twice = [chair.post(f"{day.decision_path()}/addenda", form | {"text": "Tried from August"}) for _each in range(2)]
    assert [answer.location for answer in twice] == [day.decision_path()] * 2
    assert "Tried from August" in chair.get(day.decision_path()).words
    with app.app_context():
        assert len(db.session.scalars(select(DecisionAddendum)).all()) == 1
    coordinator = sign_in(day.people["coordinator"])
    assert "Add an addendum" not in coordinator.get(day.decision_path()).words
    assert coordinator.post(f"{day.decision_path()}/addenda", {"text": "x"}).status == 403


def test_a_member_puts_their_agencys_dissent_on_the_record_until_the_meeting_closes(
    app: Flask, sign_in: SignIn
) -> None:
    day = decided(app)
    member = sign_in(day.people["education"])
    form = member.get(day.decision_path()).form(having="reason")
    assert member.post(f"{day.decision_path()}/dissent", form).errors == ["Enter why your agency disagrees."]
    forged = member.post(f"{day.decision_path()}/dissent", form | {"agency": day.agencies["police"].ref, "reason": "x"})
    assert forged.status == 422
    said = form | {"reason": "School comes first"}
    assert member.post(f"{day.decision_path()}/dissent", said).status == 303
    assert "School comes first" in member.get(day.decision_path()).words
    with app.app_context(), unit_of_work():
        view = db.session.scalars(select(AgencyView).where(AgencyView.view == View.DISAGREES)).one()
        assert view.agency_id == day.agencies["education"].id
        close_meeting(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id))
    assert "Your agency disagrees?" not in sign_in(day.people["health"]).get(day.decision_path()).words
    said = {"once": form["once"], "agency": day.agencies["health"].ref, "reason": "Too early"}
    late = sign_in(day.people["health"]).post(f"{day.decision_path()}/dissent", said)
    assert late.status == 422
    assert late.form(having="reason")["reason"] == "Too early"


# --- minutes ------------------------------------------------------------------------------------------------------


def test_minutes_from_making_to_signing(app: Flask, sign_in: SignIn) -> None:
    day = decided(app, CLOSED)
    coordinator, chair = sign_in(day.people["coordinator"]), sign_in(day.people["chair"])
    member = sign_in(day.people["education"])
    path = f"{day.path}/minutes"
    assert member.get(path).status == 404
    draft = coordinator.follow(coordinator.post(f"{path}/generate", coordinator.get(path).form(having="version")))
    assert "He wants" not in draft.words
    assert "Work with one agency alone" in draft.words
    assert member.get(path).status == 404
    assert coordinator.post(f"{path}/sign", _step(draft, "circulate")).status == 403
    sent = coordinator.follow(coordinator.post(f"{path}/circulate", _step(draft, "circulate")))
    assert "open to the members" in sent.words
    read = member.get(path)
    assert "Nothing is held back from your copy." in read.words
    assert member.post(f"{path}/sign", {"version": "2"}).status == 403
    stale = chair.post(f"{path}/sign", {"version": "1"})
    assert stale.status == 409
    signed = chair.follow(chair.post(f"{path}/sign", _step(chair.get(path), "sign")))
    assert "The minutes are signed and never change." in signed.words
    assert "Members may read the items until" in signed.words
    assert "Make again" not in signed.words
    again = chair.follow(chair.post(f"{path}/generate", {"version": "3"}))
    assert "Signed minutes do not change" in again.words
    added = chair.post(f"{path}/addenda", chair.get(path).form(having="text") | {"text": "The stop moved on 3 May."})
    assert added.location == path
    assert "The stop moved on 3 May." in member.get(path).words


def _step(page: object, action: str) -> dict[str, str]:
    html = page.html  # type: ignore[attr-defined]
    form = html.select_one(f"form[action$='/{action}']")
    return {"version": str(form.find("input", attrs={"name": "version"})["value"])}


def test_a_reader_with_a_conflict_gets_a_copy_with_a_gap_in_its_place(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    with app.app_context(), unit_of_work():
        chair = day.people["chair"].actor
        meeting, item = db.session.get_one(Meeting, day.meeting.id), db.session.get_one(AgendaItem, day.item.id)
        declare_conflict(day.people["education"].actor, meeting, item, reason="His school")
        record_decision(chair, meeting, item, decision_text(day), read_version=item.version)
        move_on(chair, meeting)
        come_back_later(chair, meeting, db.session.get_one(AgendaItem, day.items[1].id))
        close_meeting(chair, meeting)
        minutes = generate_minutes(chair, meeting)
        circulate_minutes(chair, minutes, read_version=minutes.version)
    page = sign_in(day.people["education"]).get(f"{day.path}/minutes")
    assert "This copy has 1 gap" in page.words
    assert "Held back from this copy: the whole item" in page.words
    for secret in (day.item.title, "Work with one agency alone", "Safety plan"):
        assert secret not in page.text
    assert day.items[1].title in page.words


# --- other pages --------------------------------------------------------------------------------------------------


def test_the_practitioner_sees_the_decision_and_its_actions_in_the_case(app: Flask, sign_in: SignIn) -> None:
    day = decided(app)
    person, case = refs(app, day)
    worker = sign_in(day.people["practitioner"])
    with app.app_context(), unit_of_work():
        for action in db.session.scalars(select(Action)):
            action.due_on = clock.today() - timedelta(days=1)
    for path in (case, person, day.decision_path()):
        page = worker.get(path)
        assert page.status == 200, path
        assert "Work with one agency alone" in page.words, path
        assert "Safety plan for the flat" in page.words, path
        assert "Overdue" in page.words and "On time" not in page.words, path


def test_my_work_names_the_meeting_that_is_open_and_the_minutes_that_wait(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    for key in ("chair", "coordinator", "health"):
        page = sign_in(day.people[key]).get("/my-work")
        assert "A meeting is open" in page.words, key
    with app.app_context(), unit_of_work():
        chair = day.people["chair"].actor
        meeting = db.session.get_one(Meeting, day.meeting.id)
        move_on(chair, meeting)
        close_meeting(chair, meeting)
    assert "To be made" in sign_in(day.people["coordinator"]).get("/my-work").words
    assert "To be made" not in sign_in(day.people["health"]).get("/my-work").words
    with app.app_context(), unit_of_work():
        minutes = generate_minutes(chair, db.session.get_one(Meeting, day.meeting.id))
        circulate_minutes(chair, minutes, read_version=minutes.version)
    assert "To be signed" in sign_in(day.people["chair"]).get("/my-work").words
    assert "To be signed" not in sign_in(day.people["coordinator"]).get("/my-work").words


@pytest.mark.parametrize("what", ["decision", "minutes"])
def test_decision_and_minutes_keep_within_eight_statements(app: Flask, sign_in: SignIn, what: str) -> None:
    day = decided(app, CIRCULATED, items=3)
    path = day.decision_path() if what == "decision" else f"{day.path}/minutes"
    for key in ("chair", "health"):
        client = sign_in(day.people[key])
        client.get("/my-work")
        with counted(app) as sent:
            assert client.get(path).status == 200
        assert len(sent) <= 8, (key, len(sent), "\n".join(sent))
