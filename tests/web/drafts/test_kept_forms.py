"""What was typed is not lost to a session that ran out, is locked or has to confirm; and it is nobody else's."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from safeguarding.access.roles import Role
from safeguarding.cases.models import CaseUpdate
from safeguarding.core import clock
from safeguarding.drafts.models import KeptForm
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case, make_person
from tests.factories.people import PHRASE, Somebody, make_somebody
from tests.support.pages import Page, PageClient

WORDS = "Met at college; canary-8d21 “I go the long way round.”\r\nSecond line"


@pytest.fixture
def worker(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.PRACTITIONER)


@pytest.fixture
def path(app: Flask, worker: Somebody) -> str:
    """The address of the page on which an update of a case is typed."""
    with app.app_context(), unit_of_work():
        case = make_case(worker, make_person(worker, given_name="Kieran", family_name="Marsh"))
        return f"/cases/{case.ref}/updates/add"


def typed(client: PageClient, path: str) -> dict[str, Any]:
    """Fill the page's form as a person would, without sending it."""
    form = client.get(path).form(having="what_happened")
    return form | {"what_happened": WORDS, "own_words": "None.", "seen_alone": "yes", "risk": "emerging"}


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False)


def kept(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(KeptForm)) or 0


def updates(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(CaseUpdate.what_happened)))


def again(page: Page) -> dict[str, Any]:
    """Return the fields of the page's one button, as a browser sends them."""
    return page.form(having="kept_form")


def sign_in_again(client: PageClient, answer: Page, somebody: Somebody) -> Page:
    """Sign in at the page a late form leads to, and come to where that leads."""
    form = client.follow(answer).form()
    return client.follow(client.post("/sign-in", form | {"email": somebody.email, "password": PHRASE}))


def test_a_form_sent_after_the_session_ran_out_is_given_back_and_sent(
    app: Flask, sign_in: SignIn, worker: Somebody, path: str
) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    with later(60 * 15):  # the lid was closed overnight
        answer = client.post(path, form)
        assert answer.location.startswith("/sign-in?next=/kept-forms/KF-")
        page = sign_in_again(client, answer, worker)
        assert "Nothing was lost" in page.words
        assert "Met at college; canary-8d21" in page.words
        assert f"It is about {path.split('/')[2]}" in page.words
        assert updates(app) == []
        sent = client.post(path, again(page))
        assert sent.status == 303, sent.errors
    assert updates(app) == [WORDS.replace("\r\n", "\n")]
    assert kept(app) == 0


def test_what_is_kept_cannot_be_read_in_the_database(app: Flask, sign_in: SignIn, worker: Somebody, path: str) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    with later(45):
        client.post(path, form)
    with app.app_context():
        row = db.session.execute(select(KeptForm.path, KeptForm.fields)).one()
    assert row.path.startswith("s1.") and row.fields.startswith("s1.")
    assert "canary" not in row.fields and "updates" not in row.path


def test_it_is_for_its_sender_alone(app: Flask, sign_in: SignIn, worker: Somebody, path: str) -> None:
    client, stranger = sign_in(worker), sign_in(Role.LEAD)
    form = typed(client, path)
    with later(45):
        where = client.post(path, form).location.partition("next=")[2]
    assert stranger.get(where).status == 404
    assert stranger.post(f"{where}/discard").status == 404
    assert where not in stranger.get("/kept-forms").text
    with later(45), app.app_context(), unit_of_work():
        somebody = make_somebody(Role.LEAD)
    with later(45):  # somebody else signs in at the same browser
        page = client.follow(client.post("/sign-in", {"email": somebody.email, "password": PHRASE, "next": where}))
        assert page.status == 404


def test_nothing_is_kept_for_a_cookie_that_is_not_known_or_was_ended(
    app: Flask, sign_in: SignIn, worker: Somebody, path: str
) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    copied = client.client.get_cookie("__Host-session")
    assert copied is not None
    client.post("/sign-out", {"csrf_token": form["csrf_token"]})
    for value in (copied.value, "x" * 46):
        thief = PageClient(app.test_client())
        thief.client.set_cookie("__Host-session", value, domain="localhost", secure=True)
        with later(45):
            assert thief.post(path, form).status == 401
    assert PageClient(app.test_client()).post(path, form).status == 401
    assert kept(app) == 0


def test_nothing_is_kept_of_a_form_that_was_not_ours(app: Flask, sign_in: SignIn, worker: Somebody, path: str) -> None:
    client, stranger = sign_in(worker), sign_in(Role.LEAD)
    form = typed(client, path)
    with later(45):
        for token in ("", "made-up", stranger.csrf_token()):
            assert client.post(path, form | {"csrf_token": token}).status == 401, token
    assert kept(app) == 0


def test_a_pass_phrase_is_never_kept(app: Flask, sign_in: SignIn, worker: Somebody) -> None:
    client = sign_in(worker)
    form = client.get("/account/pass-phrase").form() | {"password": PHRASE, "phrase": "canary-77 words of their own"}
    with later(6):
        page = client.follow(client.post("/account/pass-phrase", form))
        page = client.follow(client.post("/confirm/pass-by", page.form("/confirm/pass-by")))
    assert "canary-77" not in page.text and PHRASE not in page.text


def test_a_form_sent_at_a_locked_screen_waits_for_its_sender(
    app: Flask, sign_in: SignIn, worker: Somebody, path: str
) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    client.post("/lock", {"csrf_token": form["csrf_token"]})
    answer = client.post(path, form)
    assert answer.location.startswith("/locked?next=/kept-forms/KF-")
    assert updates(app) == []
    page = client.follow(client.post("/locked", client.follow(answer).form(having="password") | {"password": PHRASE}))
    assert client.post(path, again(page)).status == 303
    assert len(updates(app)) == 1


def test_a_form_of_a_tab_from_the_session_before_is_given_back_at_once(
    app: Flask, sign_in: SignIn, worker: Somebody, path: str
) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    with later(45):
        client.sign_in(worker.email, PHRASE)  # in another tab
        page = client.follow(client.post(path, form))
        assert "Nothing was lost" in page.words
        assert client.post(path, again(page)).status == 303
    assert len(updates(app)) == 1


def test_a_form_of_somebody_elses_session_is_refused(app: Flask, sign_in: SignIn, worker: Somebody, path: str) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    with app.app_context(), unit_of_work():
        colleague = make_somebody(Role.PRACTITIONER)
    client.post("/sign-out", {"csrf_token": form["csrf_token"]})
    client.sign_in(colleague.email, PHRASE)
    assert client.post(path, form).status == 400
    assert kept(app) == 0


def test_a_form_with_a_mistake_is_shown_again_with_everything_in_it(
    app: Flask, sign_in: SignIn, worker: Somebody, path: str
) -> None:
    client = sign_in(worker)
    form = typed(client, path) | {"seen_alone": ""}
    with later(45):
        page = sign_in_again(client, client.post(path, form), worker)
        answer = client.post(path, again(page))
    assert answer.status == 422
    assert "canary-8d21" in answer.text
    assert kept(app) == 0


def test_it_is_forgotten_when_it_is_not_wanted_and_after_a_week(
    app: Flask, sign_in: SignIn, worker: Somebody, path: str
) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    with later(45):
        page = sign_in_again(client, client.post(path, form), worker)
        where = f"/kept-forms/{again(page)['kept_form']}"
        assert where in client.get("/kept-forms").text
        assert client.post(f"{where}/discard", page.form(f"{where}/discard")).location == "/my-work"
        assert client.get(where).status == 404
    with later(60 * 24 * 8):
        assert client.post(path, form).status == 401
    assert kept(app) == 0


def test_a_script_is_told_and_keeps_its_own_text(app: Flask, sign_in: SignIn, worker: Somebody, path: str) -> None:
    client = sign_in(worker)
    form = typed(client, path)
    with later(45):
        sent = client.client.post(path, base_url=client.BASE, data=form, headers={"Accept": "application/json"})
    assert (sent.status_code, kept(app)) == (401, 0)
