"""Pages of a meeting before the day, as a coordinator and an agency's contact use them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import AgendaState, Meeting
from safeguarding.panels.service import agenda
from tests.factories.panels import Round, make_accepted, make_meeting, make_published, make_round
from tests.factories.people import unit_of_work
from tests.support.pages import PageClient

SignIn = Callable[..., PageClient]
BUDGET = 8


@pytest.fixture
def around(app: Flask) -> Round:
    with app.app_context(), unit_of_work():
        return make_round()


def planned(app: Flask, around: Round, *, themes: int = 0, accepted: int = 0) -> str:
    """Plan a meeting with themes on its agenda and accepted referrals that wait; return its address."""
    with app.app_context(), unit_of_work():
        meeting = make_meeting(around)
        for number in range(themes):
            agenda.add_theme(around.coordinator.actor, meeting, title=f"Theme {number}", read_version=meeting.version)
        for _ in range(accepted):
            make_accepted(around)
        return f"/panels/{around.slug}/meetings/{meeting.ref}"


def published(app: Flask, around: Round) -> str:
    """Publish an agenda with one new referral; return the meeting's address."""
    with app.app_context(), unit_of_work():
        return f"/panels/{around.slug}/meetings/{make_published(around).ref}"


def titles(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AgendaItem.title).order_by(AgendaItem.position)))


def test_a_coordinator_plans_fills_publishes_and_an_agency_answers(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        referral = make_accepted(around)
        ref = referral.ref
    coordinator = sign_in(around.coordinator)
    page = coordinator.get(f"/panels/{around.slug}/meetings/new")
    day = clock.today().replace(year=clock.today().year + 1, day=1)
    answer = coordinator.post(
        f"/panels/{around.slug}/meetings/new",
        {
            **page.form(),
            "starts_on-day": str(day.day),
            "starts_on-month": str(day.month),
            "starts_on-year": str(day.year),
            "starts_time": "2pm",
        },
    )
    address = answer.location
    page = coordinator.follow(answer)
    assert "1 accepted referral is waiting." in page.words
    page = coordinator.get(f"{address}/agenda/add")
    answer = coordinator.post(f"{address}/agenda/add", {**page.form(having="referrals"), "everything": "1"})
    page = coordinator.follow(answer)
    assert "15 of 120 minutes" not in page.words
    assert "25 of 120 minutes" in page.words  # five minutes each for the opening and the closing
    answer = coordinator.post(f"{address}/agenda/publish", page.form(action=f"{address}/agenda/publish"))
    page = coordinator.follow(answer)
    assert "Published, version 1" in page.words
    assert page.words.count("Waiting") >= 3
    assert "On an agenda" in coordinator.get(f"/referrals/{ref}").words

    police = sign_in(around.police)
    page = police.get("/panels/returns")
    assert page.html is not None
    link = page.html.select_one("main table a")
    assert link is not None
    page = police.get(str(link["href"]))
    for words in ("Kayden", "7 Ferry Lane, Marlbridge", "2 March", "years old"):
        assert words in page.words
    refused = police.post(str(link["href"]), {**page.form(), "state": "answered"})
    assert refused.status == 422
    assert police.post(str(link["href"]), {**page.form(), "state": "nothing_known"}).status == 303
    board = coordinator.get(address)
    assert "0 answered, 1 nothing known" in board.words


def test_the_buttons_move_an_item_and_keep_the_minutes_typed(app: Flask, around: Round, sign_in: SignIn) -> None:
    address = planned(app, around, themes=3)
    client = sign_in(around.coordinator)
    page = client.get(address)
    assert page.html is not None
    up = page.html.select('button[value^="up:"]')[2]
    form = page.form(action=f"{address}/agenda")
    minutes = [name for name in form if name.startswith("minutes_")]
    answer = client.post(f"{address}/agenda", {**form, minutes[0]: "25", "move": str(up["value"])})
    assert answer.status == 303
    assert titles(app) == ["Theme 0", "Theme 2", "Theme 1"]
    with app.app_context():
        assert db.session.scalars(select(AgendaItem.minutes).order_by(AgendaItem.id)).all() == [25, 15, 15]


@pytest.mark.parametrize("typed", ["0", "241", "-1", "abc", "", "９", "1" * 400])
def test_minutes_that_are_none_are_refused_with_all_typed_still_there(
    app: Flask, around: Round, sign_in: SignIn, typed: str
) -> None:
    address = planned(app, around, themes=2)
    client = sign_in(around.coordinator)
    form = client.get(address).form(action=f"{address}/agenda")
    first, second = [name for name in form if name.startswith("minutes_")]
    answer = client.post(f"{address}/agenda", {**form, first: typed, second: "33"})
    assert answer.status == 422
    assert len(answer.errors) == 1
    assert answer.form(action=f"{address}/agenda")[second] == "33"


def test_two_who_arrange_at_once_are_told(app: Flask, around: Round, sign_in: SignIn) -> None:
    address = planned(app, around, themes=2)
    chair, coordinator = sign_in(around.chair), sign_in(around.coordinator)
    form = chair.get(address).form(action=f"{address}/agenda")
    first = next(name for name in form if name.startswith("minutes_"))
    other = coordinator.get(address).form(action=f"{address}/agenda")
    assert coordinator.post(f"{address}/agenda", {**other, first: "40"}).status == 303
    stale = chair.post(f"{address}/agenda", {**form, first: "20"})
    assert stale.status == 409
    assert "40" in stale.words
    assert "20" in stale.words


@pytest.mark.parametrize(
    ("who", "status"), [("practitioner", 403), ("police", 403), ("lead", 403), ("outsider", 403), ("analyst", 403)]
)
def test_those_who_do_not_arrange_cannot_press_its_buttons(
    app: Flask, around: Round, sign_in: SignIn, who: str, status: int
) -> None:
    address = published(app, around)
    client = sign_in(getattr(around, who))
    for path in ("agenda", "agenda/publish", "agenda/lock", "agenda/theme"):
        assert client.post(f"{address}/{path}", {"version": "3"}).status == status
    with app.app_context():
        assert db.session.query(Meeting).one().agenda_version == 1


def test_another_panels_officer_does_not_find_the_meeting(app: Flask, around: Round, sign_in: SignIn) -> None:
    address = published(app, around)
    with app.app_context(), unit_of_work():
        other = make_round()
    client = sign_in(other.chair)
    assert client.get(address).status == 404
    assert client.post(f"{address}/agenda/lock", {"version": "3"}).status == 404
    assert client.get(f"/panels/{around.slug}").status == 404
    assert around.slug not in client.get("/panels").text


def test_a_seat_sees_no_item_before_publication(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        meeting = make_meeting(around)
        referral = make_accepted(around)
        agenda.add_referral(around.coordinator.actor, meeting, referral.id, read_version=meeting.version)
        address = f"/panels/{around.slug}/meetings/{meeting.ref}"
    page = sign_in(around.police).get(address)
    assert page.status == 200
    assert "Kayden" not in page.text
    assert "The agenda is not published yet" in page.words
    assert "Kayden" in sign_in(around.chair).get(address).words


def test_a_presenter_sees_their_own_item_alone(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        first = make_accepted(around)
        second = make_accepted(around, by=around.outsider)
        meeting = make_published(around, first, second)
        address = f"/panels/{around.slug}/meetings/{meeting.ref}"
        names = {
            item.presenter_id: item.title for item in db.session.query(AgendaItem).filter_by(meeting_id=meeting.id)
        }
    page = sign_in(around.outsider).get(address)
    assert names[around.outsider.id] in page.text
    assert names[around.practitioner.id] not in page.text


def test_an_item_is_edited_and_taken_off(app: Flask, around: Round, sign_in: SignIn) -> None:
    address = planned(app, around, themes=1)
    with app.app_context():
        ref = db.session.query(AgendaItem).one().ref
    client = sign_in(around.coordinator)
    path = f"{address}/agenda/{ref}"
    form = client.get(path).form(action=path)
    assert client.post(path, {**form, "minutes": "20", "presenter": around.police.ref}).status == 303
    assert around.police.name in client.get(address).words
    assert client.post(path, {**form, "minutes": "30"}).status == 409
    remove = client.get(path).form(action=f"{path}/remove")
    assert client.post(f"{path}/remove", remove).status == 303
    assert "No items yet." in client.get(address).words
    assert client.get(path).status == 404


def test_a_locked_agenda_shows_no_button_to_change_it(app: Flask, around: Round, sign_in: SignIn) -> None:
    address = published(app, around)
    client = sign_in(around.chair)
    form = client.get(address).form(action=f"{address}/agenda/lock")
    page = client.follow(client.post(f"{address}/agenda/lock", form))
    assert page.html is not None
    assert not page.html.select('button[name="move"], form[action$="publish"], form[action$="lock"]')
    with app.app_context():
        assert db.session.query(Meeting).one().agenda_state is AgendaState.LOCKED


def test_an_agenda_without_items_is_refused_on_the_page(app: Flask, around: Round, sign_in: SignIn) -> None:
    address = planned(app, around)
    client = sign_in(around.coordinator)
    answer = client.post(f"{address}/agenda/publish", client.get(address).form(action=f"{address}/agenda/publish"))
    assert answer.status == 422
    assert answer.errors == ["Put an item on the agenda before you publish it."]


def test_too_many_minutes_are_a_warning_and_no_bar(app: Flask, around: Round, sign_in: SignIn) -> None:
    address = planned(app, around, themes=8)
    client = sign_in(around.coordinator)
    page = client.get(address)
    assert "130 of 120 minutes." in page.words
    assert "10 minutes over" in page.words
    form = page.form(action=f"{address}/agenda/publish")
    assert client.post(f"{address}/agenda/publish", form).status == 303


def test_a_return_shows_its_text_only_to_those_its_handling_allows(app: Flask, around: Round, sign_in: SignIn) -> None:
    published(app, around)
    with app.app_context():
        request = db.session.query(ReturnRequest).filter_by(agency_id=around.police.agency_id).one()
        path = f"/panels/returns/{request.ref}"
    police = sign_in(around.police)
    form = police.get(path).form(having="state")
    answered = {**form, "state": "answered", "held": "A sealed name.", "handling": "chair_only"}
    assert police.post(path, answered).status == 303
    assert "A sealed name." in sign_in(around.chair).get(path).words
    for who in (around.coordinator, around.health):
        page = sign_in(who).get(path)
        assert page.status == 200
        assert "A sealed name." not in page.text
        assert "Held back" in page.words
    for outside in (around.outsider, around.lead):
        assert sign_in(outside).get(path).status == 404
    with app.app_context():
        assert db.session.query(ReturnRequest).filter_by(state=ReturnState.ANSWERED).count() == 1


def test_my_work_says_what_waits(app: Flask, around: Round, sign_in: SignIn) -> None:
    published(app, around)
    with app.app_context(), unit_of_work():
        make_accepted(around)
    chair = sign_in(around.chair).get("/my-work").words
    assert "1 accepted referral waits for an agenda" in chair
    assert "Agenda and returns" in chair
    assert "Panels ask your agency" in sign_in(around.police).get("/my-work").words
    practitioner = sign_in(around.practitioner).get("/my-work").words
    assert "What came of my referrals" in practitioner


def statements(app: Flask, client: PageClient, path: str) -> int:
    """Return how many statements a page sends, sign-in, session and audit included."""
    counted: list[str] = []
    with app.app_context():
        engine = db.engine

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split()[0].upper() not in {"BEGIN", "COMMIT", "ROLLBACK", "SET", "PRAGMA"}:
            counted.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        assert client.get(path).status == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(counted)


def test_pages_keep_within_their_budget_of_statements(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        accepted = [make_accepted(around) for _ in range(4)]
        meeting = make_published(around, *accepted)
        refs = [referral.ref for referral in accepted]
        make_accepted(around)
        request = db.session.query(ReturnRequest).filter_by(agency_id=around.police.agency_id).first()
        assert request is not None
        returned = f"/panels/returns/{request.ref}"
        address = f"/panels/{around.slug}/meetings/{meeting.ref}"
        item = db.session.query(AgendaItem).first()
        assert item is not None
        edit = f"{address}/agenda/{item.ref}"
        sections = {
            page: len([each for each in app.extensions["sections.section"] if each.page == page])
            for page in ("meeting", "referral")
        }
    chair, police = sign_in(around.chair), sign_in(around.police)
    assert statements(app, chair, address) <= BUDGET + sections["meeting"]
    assert statements(app, police, address) <= BUDGET + sections["meeting"]
    assert statements(app, chair, f"/referrals/{refs[0]}") <= BUDGET + sections["referral"]
    for path in ("/panels", f"/panels/{around.slug}", f"{address}/agenda/add", edit, "/referrals"):
        assert statements(app, chair, path) <= BUDGET, path
    for path in ("/panels/returns", returned):
        assert statements(app, police, path) <= BUDGET, path


@pytest.mark.parametrize("odd", ["%00", "a%00b", "%F0%9F%98%80", "x" * 300, "%27"])
def test_an_odd_address_is_not_found_and_never_breaks(app: Flask, around: Round, sign_in: SignIn, odd: str) -> None:
    address = published(app, around)
    chair, police = sign_in(around.chair), sign_in(around.police)
    for path in (
        f"/panels/{odd}",
        f"/panels/{odd}/meetings/{odd}",
        f"/panels/{around.slug}/meetings/{odd}",
        f"{address}/agenda/{odd}",
        f"/referrals/{odd}",
        f"/people/{odd}/refer",
        f"/contexts/{odd}/refer",
    ):
        assert chair.get(path).status == 404, path
    assert police.get(f"/panels/returns/{odd}").status == 404
    for path in (f"/panels?before={odd}", f"/panels/{around.slug}?before={odd}", f"/referrals?show=mine&after={odd}"):
        assert chair.get(path).status in (200, 404), path  # a control character in an address is nowhere
    assert police.get(f"/panels/returns?after={odd}").status in (200, 404)
