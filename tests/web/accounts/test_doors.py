"""The pages of people who cannot sign in: nothing tells whether an account exists, and a link works once (AU-6)."""

import threading
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask

from config import Settings
from safeguarding.access.roles import Role
from safeguarding.accounts import invitations
from safeguarding.accounts.link_models import Purpose
from safeguarding.cli.worker import send_due
from safeguarding.core import clock
from safeguarding.notices.service import Outcome
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import PHRASE, Somebody, make_somebody
from tests.support.pages import Page, PageClient

ANOTHER = "lantern gravel otter window"


@pytest.fixture
def who(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.ANALYST)


def mails(app: Flask) -> list[EmailMessage]:
    """Return what a worker sends now."""
    sent = list[EmailMessage]()
    settings: Settings = app.extensions["settings"]
    with app.app_context():
        send_due(settings, lambda message: (sent.append(message), Outcome.SENT)[1], threading.Event())
    return sent


def link_in(app: Flask, message: EmailMessage) -> str:
    """Return the path of the link in a message; everything before it is what is configured."""
    settings: Settings = app.extensions["settings"]
    before, found, after = message.get_content().partition(f"{settings.service_url}/account-link/")
    assert found and "http" not in before
    return f"/account-link/{after.split()[0]}"


def made_link(app: Flask, who: Somebody, purpose: Purpose) -> str:
    with app.app_context(), unit_of_work():
        return invitations.make_link(who.id, purpose)


def ask(client: PageClient, email: str) -> Page:
    return client.follow(client.post("/forgotten", client.get("/forgotten").form() | {"email": email}))


def test_the_answer_is_the_same_whether_or_not_somebody_has_the_address(app: Flask, who: Somebody) -> None:
    known, unknown = (ask(PageClient(app.test_client()), email) for email in (who.email, "nobody@marlbridge.example"))
    assert known.text.replace(str(known.response.headers["X-Request-Id"]), "") == unknown.text.replace(
        str(unknown.response.headers["X-Request-Id"]), ""
    )
    assert [message["To"] for message in mails(app)] == [who.email]


def test_the_way_back_from_a_forgotten_phrase_ends_every_session_and_works_once(
    app: Flask, who: Somebody, anonymous: PageClient, sign_in: SignIn
) -> None:
    signed_in = sign_in(who)
    ask(anonymous, who.email)
    (message,) = mails(app)
    path = link_in(app, message)
    for _ in range(2):  # a mail system opens links as well, which changes nothing
        assert anonymous.get(path).status == 200
    assert signed_in.get("/my-work").status == 200
    done = anonymous.post(path, anonymous.get(path).form() | {"phrase": ANOTHER})
    assert done.location == "/sign-in"
    assert signed_in.get("/my-work").location.startswith("/sign-in")
    assert anonymous.get(path).status == 404
    assert PageClient(app.test_client()).sign_in(who.email, PHRASE).status == 422
    assert PageClient(app.test_client()).sign_in(who.email, ANOTHER).status == 303


@pytest.mark.parametrize("phrase", ["", "short", "marlbridge safeguarding", "x" * 129])
def test_a_phrase_that_will_not_do_is_refused_and_the_link_still_works(
    app: Flask, who: Somebody, anonymous: PageClient, phrase: str
) -> None:
    path = made_link(app, who, Purpose.RESET)
    refused = anonymous.post(path, anonymous.get(path).form() | {"phrase": phrase})
    assert refused.status == 422 and refused.errors
    if phrase:
        assert phrase not in refused.text
    assert anonymous.post(path, refused.form() | {"phrase": ANOTHER}).location == "/sign-in"


def invited(app: Flask, admin: PageClient) -> str:
    """Let an administrator add somebody; return the path of the link that is sent to them."""
    form = admin.get("/admin/people/add").form()
    page = admin.get("/admin/people/add")
    assert page.html is not None
    agency = page.html.select("#agency option")[1]["value"]
    form |= {"name": "Ada Fern", "email": "ada@marlbridge.example", "agency": agency, "role": "auditor"}
    admin.post("/admin/people/add", form)
    (message,) = [
        each for each in mails(app) if each["To"] == "ada@marlbridge.example" and "link" in each.get_content()
    ]
    return link_in(app, message)


def test_an_invitation_opens_the_door_for_a_new_person(app: Flask, sign_in: SignIn, anonymous: PageClient) -> None:
    path = invited(app, sign_in(Role.ADMIN))
    opened = anonymous.get(path)
    assert "Welcome" in opened.words
    assert anonymous.post(path, opened.form() | {"phrase": ANOTHER}).location == "/sign-in"
    assert anonymous.sign_in("ada@marlbridge.example", ANOTHER).status == 303


def test_an_invited_person_who_comes_too_late_asks_for_another_link(
    app: Flask, sign_in: SignIn, anonymous: PageClient
) -> None:
    path = invited(app, sign_in(Role.ADMIN))
    with clock.pretend(clock.now() + timedelta(minutes=61)):
        late = anonymous.get(path)
        assert late.status == 404 and late.html is not None
        assert late.html.select_one("main a[href='/forgotten']") is not None
        ask(anonymous, "ada@marlbridge.example")
        other = link_in(app, mails(app)[-1])
        assert anonymous.post(other, anonymous.get(other).form() | {"phrase": ANOTHER}).location == "/sign-in"
        assert anonymous.sign_in("ada@marlbridge.example", ANOTHER).status == 303


def test_lost_factors_are_taken_away_by_link_and_pass_phrase(
    app: Flask, who: Somebody, anonymous: PageClient, sign_in: SignIn
) -> None:
    signed_in = sign_in(who)
    path = made_link(app, who, Purpose.FACTORS)
    opened = anonymous.get(path)
    wrong = anonymous.post(path, opened.form() | {"phrase": "not the phrase at all"})
    assert wrong.status == 422
    assert signed_in.get("/my-work").status == 200
    assert anonymous.post(path, wrong.form() | {"phrase": PHRASE}).location == "/sign-in"
    assert signed_in.get("/my-work").location.startswith("/sign-in")
    assert anonymous.get(path).status == 404


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "..%2f", "\N{SNOWMAN}"])
def test_a_link_that_never_was_is_dead_like_one_that_was_used(anonymous: PageClient, token: str) -> None:
    page = anonymous.get(f"/account-link/{token}")
    assert page.status == 404
    assert page.words.count("This link no longer works") == 2 or "Page not found" in page.words


def test_links_never_follow_the_host_that_a_request_names(app: Flask, who: Somebody) -> None:
    client = app.test_client()
    answer = client.get("/forgotten", base_url="https://evil.example")
    assert answer.status_code == 400
    ask(PageClient(client), who.email)
    (message,) = mails(app)
    assert "evil" not in message.as_string()
    assert link_in(app, message)
