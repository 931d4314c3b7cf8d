"""Pages of actions: the lists, one action, what its owner says."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.actions.models import Action, ActionState
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_action, make_case, make_person
from tests.factories.people import Somebody, make_somebody
from tests.support.pages import PageClient

HOSTILE = "<i>x</i> '; -- \u202e 🎈"


@pytest.fixture
def worker(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.PRACTITIONER)


@pytest.fixture
def police(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.SPOC, name="PC Bright")


@pytest.fixture
def ref(app: Flask, worker: Somebody, police: Somebody) -> str:
    with app.app_context(), unit_of_work():
        person = make_person(worker, given_name="Kieran", family_name="Marsh")
        return make_action(worker, make_case(worker, person), police, title="Patrol the footbridge").ref


@pytest.fixture
def browser(police: Somebody, sign_in: SignIn) -> PageClient:
    return sign_in(police)


def state_of(app: Flask, ref: str) -> ActionState:
    with app.app_context():
        state = db.session.scalars(select(Action.state).where(Action.ref == ref)).one()
        db.session.rollback()
    return state


def test_an_owner_finds_their_action_with_whom_it_is_about(browser: PageClient, ref: str) -> None:
    for path in ("/actions", "/actions?show=agency", "/my-work"):
        page = browser.get(path)
        assert page.html is not None
        assert page.html.find("a", href=f"/actions/{ref}"), path
        assert "Kieran Marsh" in page.words
    assert "No action of your agency has ended yet." in browser.get("/actions?show=ended").words


def test_done_is_recorded_with_what_shows_it(app: Flask, browser: PageClient, ref: str) -> None:
    path = f"/actions/{ref}/done"
    form = browser.get(path).form(having="evidence")
    assert form["completed_on-day"] == str(clock.today().day)
    refused = browser.post(path, {**form, "evidence": "", "completed_on-year": "2199"})
    assert refused.errors == ["Say what shows that it is done.", "Day it was done must be today or in the past."]
    page = browser.follow(browser.post(path, {**form, "evidence": HOSTILE}))
    assert HOSTILE in page.words
    assert "Done" in page.words
    assert "If it cannot be done" not in page.words
    assert state_of(app, ref) is ActionState.DONE
    again = browser.get(path)
    assert again.status == 303
    assert browser.get("/actions?show=ended").words.count("Patrol the footbridge") == 1


@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("not-possible", ActionState.NOT_POSSIBLE_CIRCUMSTANCES_CHANGED),
        ("not-done", ActionState.NOT_DONE),
    ],
)
def test_what_was_not_done_needs_its_reason(
    app: Flask, browser: PageClient, ref: str, what: str, state: ActionState
) -> None:
    path = f"/actions/{ref}/{what}"
    form = browser.get(path).form(having="outcome_note")
    assert browser.post(path, form).status == 422
    assert state_of(app, ref) is ActionState.OPEN
    page = browser.follow(browser.post(path, {**form, "outcome_note": "They moved to Castlebury"}))
    assert "They moved to Castlebury" in page.words
    assert state_of(app, ref) is state


def test_a_due_date_moves_with_its_reason(browser: PageClient, ref: str) -> None:
    path = f"/actions/{ref}/due-date"
    later = clock.today() + timedelta(days=30)
    form = {
        **browser.get(path).form(having="reason"),
        "due_on-day": str(later.day),
        "due_on-month": str(later.month),
        "due_on-year": str(later.year),
    }
    assert browser.post(path, {**form, "reason": ""}).errors == ["Say why the due date moves."]
    page = browser.follow(browser.post(path, {**form, "reason": "Half term"}))
    assert "Half term" in page.words
    assert "First due" in page.words


def test_work_begins_by_a_button(app: Flask, browser: PageClient, ref: str) -> None:
    path = f"/actions/{ref}/start"
    form = browser.get(f"/actions/{ref}").form(action=path)
    assert browser.post(path, form).status == 303
    assert state_of(app, ref) is ActionState.IN_PROGRESS
    assert browser.post(path, form).status == 409  # the same page, sent again


def test_a_stale_answer_shows_both_texts(app: Flask, browser: PageClient, ref: str) -> None:
    done = f"/actions/{ref}/done"
    form = browser.get(done).form(having="evidence")
    browser.post(f"/actions/{ref}/start", browser.get(f"/actions/{ref}").form(action=f"/actions/{ref}/start"))
    stale = browser.post(done, {**form, "evidence": "Typed before it began"})
    assert stale.status == 409
    assert "Typed before it began" in stale.words
    assert state_of(app, ref) is ActionState.IN_PROGRESS


def test_a_reader_sees_no_way_to_answer_and_a_stranger_nothing(
    app: Flask, worker: Somebody, ref: str, sign_in: SignIn
) -> None:
    reader = sign_in(worker)  # leads the case, but the action is another's
    page = reader.get(f"/actions/{ref}")
    assert page.status == 200
    assert "Record as done" not in page.words
    for what in ("done", "not-possible", "not-done", "due-date"):
        assert reader.get(f"/actions/{ref}/{what}").status == 403
        assert reader.post(f"/actions/{ref}/{what}", {"version": "1", "evidence": "x"}).status == 403
    assert reader.post(f"/actions/{ref}/start", {"version": "1"}).status == 403
    stranger = sign_in(Role.SPOC)
    for path in (f"/actions/{ref}", f"/actions/{ref}/done", "/actions/AC-0000-0000"):
        assert stranger.get(path).status == 404
    assert state_of(app, ref) is ActionState.OPEN


def test_an_unknown_answer_is_no_page(browser: PageClient, ref: str) -> None:
    assert browser.get(f"/actions/{ref}/deleted").status == 404


def test_a_long_list_goes_on_where_it_stopped(
    app: Flask, worker: Somebody, police: Somebody, browser: PageClient
) -> None:
    with app.app_context(), unit_of_work():
        case = make_case(worker)
        for number in range(53):
            make_action(worker, case, police, title=f"Action {number:02}")
    first = browser.get("/actions")
    assert first.html is not None
    assert len(first.html.select("tbody tr")) == 50
    more = first.html.find("a", rel="next")
    assert more is not None
    second = browser.get(str(more["href"]))
    assert second.html is not None
    assert len(second.html.select("tbody tr")) == 3
    assert browser.get("/actions?before=2026-13-99_x").status == 200
