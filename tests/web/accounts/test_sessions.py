"""Sessions: how long they last, what counts as use, what ends them, and the confirmation before weighty acts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update

from safeguarding.access.roles import Role
from safeguarding.accounts import signing_in
from safeguarding.accounts.models import User, UserSession
from safeguarding.accounts.sessions import token_digest
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.meetings import attend, make_day
from tests.factories.people import PHRASE, Somebody, make_somebody
from tests.support.pages import PageClient

NEW = "tulip saddle robin muffin glacier"


def a_worker(app: Flask, role: Role = Role.SOCIAL_WORKER) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(role)


def cookie(client: PageClient) -> str:
    found = client.client.get_cookie("__Host-session")
    assert found is not None
    return found.value


def replay(app: Flask, value: str) -> PageClient:
    """Return another browser that holds a cookie somebody copied."""
    thief = PageClient(app.test_client())
    thief.client.set_cookie("__Host-session", value, domain="localhost", secure=True)
    return thief


def is_in(client: PageClient) -> bool:
    return client.get("/my-work").status == 200


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False)


def test_an_administrator_left_alone_for_a_quarter_of_an_hour_is_out(sign_in: SignIn) -> None:
    admin, worker = sign_in(Role.ADMIN), sign_in(Role.SOCIAL_WORKER)
    with later(14):
        assert is_in(admin)
    with later(14 + 16):
        assert not is_in(admin)
    with later(20):
        assert is_in(worker)


def test_polling_is_no_use_of_a_session_and_typing_is(sign_in: SignIn) -> None:
    polls, types = sign_in(Role.SOCIAL_WORKER), sign_in(Role.SOCIAL_WORKER)
    token = types.csrf_token()
    for minutes in (10, 20, 29):
        with later(minutes):
            assert polls.get("/session").status == 200
            assert types.post("/session/in-use", {"csrf_token": token}).status == 200
    with later(40):
        assert not is_in(polls)
        assert is_in(types)


def test_following_a_meeting_by_script_is_no_use_of_a_session(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        day = make_day()
    client = sign_in(day.people["education"])  # who is not there
    with later(20):
        assert client.get(f"{day.path}/live/state").status == 200
    with later(35):
        assert not is_in(client)


def test_somebody_present_in_an_open_meeting_stays_until_it_ends(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        day = make_day()  # police and health are there, education is not
    present, absent = sign_in(day.people["police"]), sign_in(day.people["education"])
    with later(170):
        assert present.get("/session").status == 200
        assert not is_in(absent)
    with later(250):  # four hours from its opening are over
        assert not is_in(present)


def test_being_marked_present_brings_no_session_back_that_had_run_out(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        day = make_day()
    left_at_home = sign_in(day.people["education"])
    with later(40):
        with app.app_context(), unit_of_work():
            attend(day, "education")
        in_the_room = sign_in(day.people["education"])
    with later(75):
        assert is_in(in_the_room)
        assert not is_in(left_at_home)


def test_the_end_of_the_meeting_ends_what_it_held(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        day = make_day()
    client = sign_in(day.people["police"])
    with app.app_context(), unit_of_work():
        db.session.execute(update(Meeting).values(state=MeetingState.CLOSED, closed_at=clock.now()))
    with later(31):
        assert not is_in(client)


def test_a_cookie_from_before_a_change_of_pass_phrase_opens_nothing(app: Flask, sign_in: SignIn) -> None:
    worker = a_worker(app)
    here, elsewhere = sign_in(worker), sign_in(worker)
    old = cookie(here)
    answer = here.post("/account/pass-phrase", {"password": PHRASE, "phrase": NEW})
    assert answer.location == "/account", answer.errors
    assert is_in(here)
    assert not is_in(elsewhere)
    assert not is_in(replay(app, old))
    assert PageClient(app.test_client()).sign_in(worker.email, PHRASE).status == 422
    assert PageClient(app.test_client()).sign_in(worker.email, NEW).status == 303


@pytest.mark.parametrize(
    ("now", "wanted", "says"),
    [
        ("not the phrase at all", NEW, "The pass phrase does not match."),
        (PHRASE, PHRASE, "The new pass phrase is the one you have. Choose another one."),
        (PHRASE, "too short", "Use 15 characters or more: four or five words that do not belong together."),
        (PHRASE, "Marlbridge 2026!!", "This is easy to guess here"),
        (PHRASE, "x" * 129, "Use 128 characters or fewer. Yours is longer, and nothing is cut off."),
    ],
)
def test_a_pass_phrase_that_will_not_do_changes_nothing(
    app: Flask, sign_in: SignIn, now: str, wanted: str, says: str
) -> None:
    worker = a_worker(app)
    client = sign_in(worker)
    answer = client.post("/account/pass-phrase", {"password": now, "phrase": wanted})
    assert answer.status == 422
    assert answer.errors[0].startswith(says)
    assert wanted not in answer.text
    assert PageClient(app.test_client()).sign_in(worker.email, PHRASE).status == 303


def test_a_change_of_role_and_a_suspension_end_every_session(app: Flask, sign_in: SignIn) -> None:
    admin = sign_in(Role.ADMIN)
    for act in ("roles", "suspend"):
        worker = a_worker(app)
        client = sign_in(worker)
        page = admin.get(f"/admin/people/{worker.ref}")
        form = page.form(f"/admin/people/{worker.ref}/{act}")
        if act == "roles":
            form |= {"agency": page.html.select("#agency option")[1]["value"], "role": "practitioner"}  # type: ignore[union-attr]
        assert admin.post(f"/admin/people/{worker.ref}/{act}", form).status == 303
        assert not is_in(client), act
        assert not is_in(replay(app, cookie(client))), act


def test_somebody_sees_their_sessions_and_ends_them(app: Flask, sign_in: SignIn) -> None:
    worker = a_worker(app)
    here, there, other = sign_in(worker), sign_in(worker), sign_in(worker)
    stranger = sign_in(Role.SOCIAL_WORKER)
    with app.app_context():
        known = dict(db.session.execute(select(UserSession.id, UserSession.token_digest)).all())  # type: ignore[arg-type]
    number = next(key for key, digest in known.items() if digest == token_digest(cookie(there)))
    assert stranger.post(f"/account/sessions/{number}/end").status == 404
    page = here.get("/account")
    assert page.html is not None
    assert len(page.html.select("form[action^='/account/sessions/'][action$='/end']")) == 2
    assert here.post(f"/account/sessions/{number}/end").location == "/account"
    assert (is_in(here), is_in(there), is_in(other)) == (True, False, True)
    assert here.post("/account/sessions/end-others").location == "/account"
    assert (is_in(here), is_in(other), is_in(stranger)) == (True, False, True)


def test_a_request_on_its_way_brings_no_ended_session_back(app: Flask, sign_in: SignIn) -> None:
    worker = a_worker(app)
    client = sign_in(worker)
    with app.app_context():
        number = db.session.scalar(select(UserSession.id))
        with unit_of_work():
            signing_in.end_all(worker.id)
        before = db.session.execute(select(UserSession.last_seen_at, UserSession.ended_at)).one()
        db.session.rollback()
        with later(5), unit_of_work():
            signing_in.touch_session(number or 0)
        assert db.session.execute(select(UserSession.last_seen_at, UserSession.ended_at)).one() == before
    assert not is_in(client)


def test_a_weighty_act_asks_for_a_fresh_factor_and_goes_on_under_a_new_cookie(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.SOCIAL_WORKER)
    assert client.get("/account/pass-phrase").status == 200  # a sign-in is a fresh factor
    with later(6):
        asked = client.get("/account/pass-phrase")
        assert asked.location == "/confirm?next=/account/pass-phrase"
        before = cookie(client)
        page = client.follow(asked)
        assert client.post("/confirm/pass-by", page.form("/confirm/pass-by")).location == "/account/pass-phrase"
        assert cookie(client) != before
        assert client.get("/account/pass-phrase").status == 200
        assert not is_in(replay(app, before))
    with later(12):
        assert client.get("/account/pass-phrase").location.startswith("/confirm")


def test_a_form_from_before_a_confirmation_is_still_good(sign_in: SignIn) -> None:
    client = sign_in(Role.SOCIAL_WORKER)
    token = client.csrf_token()
    with later(6):
        page = client.follow(client.get("/account/pass-phrase"))
        client.post("/confirm/pass-by", page.form("/confirm/pass-by"))
        assert client.post("/session/in-use", {"csrf_token": token}).status == 200


@pytest.mark.usefixtures("at_full_cost")
def test_a_pass_phrase_at_an_older_cost_is_kept_anew_at_the_next_sign_in(
    app: Flask, cheap_hash: Callable[[str], str]
) -> None:
    worker = a_worker(app)
    with app.app_context(), unit_of_work():
        user = db.session.get(User, worker.id)
        assert user is not None
        user.password_hash = cheap_hash(PHRASE)
    assert PageClient(app.test_client()).sign_in(worker.email, PHRASE).status == 303
    with app.app_context():
        kept = db.session.scalar(select(User.password_hash).where(User.id == worker.id)) or ""
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PageClient(app.test_client()).sign_in(worker.email, PHRASE).status == 303


@pytest.fixture
def cheap_hash() -> Callable[[str], str]:
    """What made hashes before the cost was raised."""
    return PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash


def events(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEvent.event).order_by(AuditEvent.seq)))


def test_a_locked_screen_opens_nothing_in_any_tab(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.SOCIAL_WORKER)
    page = client.get("/my-work")
    assert "Lock screen" in page.words
    token = client.csrf_token()
    assert client.post("/lock", {"csrf_token": token}).location == "/locked?next=/my-work"
    for path in ("/my-work", "/cases", "/account", "/confirm"):
        assert client.get(path).location == f"/locked?next={path}"
    assert client.get("/session").response.get_json()["locked"] is True
    assert client.post("/session/in-use", {"csrf_token": token}).location.startswith("/locked")
    wrong = client.post("/locked", {"csrf_token": token, "password": "not the phrase at all"})
    assert (wrong.status, wrong.errors) == (422, ["The pass phrase does not match."])
    assert client.get("/my-work").location.startswith("/locked")
    before = cookie(client)
    assert client.post("/locked", {"csrf_token": token, "password": PHRASE, "next": "/cases"}).location == "/cases"
    assert is_in(client)
    assert not is_in(replay(app, before))
    assert {"accounts:session:locked", "accounts:phrase:refused", "accounts:session:unlocked"} <= set(events(app))


def test_a_script_that_unlocks_gets_the_new_cookie(sign_in: SignIn) -> None:
    client = sign_in(Role.SOCIAL_WORKER)
    token, before = client.csrf_token(), cookie(client)
    script = {"base_url": client.BASE, "headers": {"Accept": "application/json"}}
    assert client.client.post("/lock", data={"csrf_token": token}, **script).get_json() == {"locked": True}
    wrong = client.client.post("/locked", data={"csrf_token": token, "password": "wrong"}, **script)
    assert (wrong.status_code, wrong.get_json()["locked"]) == (422, True)
    right = client.client.post("/locked", data={"csrf_token": token, "password": PHRASE}, **script)
    assert right.get_json() == {"locked": False}
    assert cookie(client) != before
    assert is_in(client)


def test_a_locked_session_can_be_signed_out(sign_in: SignIn) -> None:
    client = sign_in(Role.SOCIAL_WORKER)
    token = client.csrf_token()
    client.post("/lock", {"csrf_token": token})
    assert client.post("/sign-out", {"csrf_token": token}).location == "/sign-in"
    assert not is_in(client)


def test_a_browser_forgets_what_it_kept_when_somebody_signs_out(sign_in: SignIn) -> None:
    client = sign_in(Role.SOCIAL_WORKER)
    left = client.post("/sign-out")
    assert left.response.headers["Clear-Site-Data"] == '"cache", "storage"'
