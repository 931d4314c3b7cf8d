"""Signing in and out, sessions that end, and pages that nobody may see without them."""

from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.accounts.models import UserSession
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import PHRASE, make_somebody
from tests.support.pages import PageClient


def events(app: Flask) -> list[str]:
    """Return the names of all audit events, in order."""
    with app.app_context():
        return list(db.session.scalars(select(AuditEvent.event).order_by(AuditEvent.seq)))


def test_a_page_behind_sign_in_leads_to_it_and_back(app: Flask, anonymous: PageClient) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.CHAIR)
    refused = anonymous.get("/my-work")
    assert refused.location == "/sign-in?next=/my-work"
    form = anonymous.follow(refused).form() | {"email": somebody.email.upper(), "password": PHRASE}
    assert anonymous.post("/sign-in", form).location == "/my-work"
    page = anonymous.get("/my-work")
    assert page.status == 200
    assert somebody.name in page.words


def test_a_wrong_phrase_and_an_unknown_address_answer_alike(app: Flask, anonymous: PageClient) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.CHAIR)
    wrong = anonymous.sign_in(somebody.email, "not the phrase at all")
    unknown = anonymous.sign_in("nobody@marlbridge.example", "not the phrase at all")
    assert (wrong.status, unknown.status) == (422, 422)
    assert wrong.errors == unknown.errors
    assert events(app)[-2:] == ["accounts:session:refused"] * 2


def test_a_cookie_kept_from_before_sign_out_opens_nothing(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.CHAIR)
    cookie = client.client.get_cookie("__Host-session")
    assert cookie is not None
    assert client.post("/sign-out").location == "/sign-in"
    client.client.set_cookie("__Host-session", cookie.value, domain="localhost", secure=True)
    assert client.get("/my-work").location.startswith("/sign-in")


def test_a_session_left_alone_for_half_an_hour_has_ended(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.CHAIR)
    with time_machine.travel(clock.now() + timedelta(minutes=29), tick=False):
        assert client.get("/my-work").status == 200
    with time_machine.travel(clock.now() + timedelta(minutes=58), tick=False):
        assert client.get("/my-work").status == 200  # the page at 29 minutes counted as use
    with time_machine.travel(clock.now() + timedelta(minutes=89), tick=False):
        assert client.get("/my-work").location.startswith("/sign-in")


def test_the_table_holds_no_token(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.CHAIR)
    cookie = client.client.get_cookie("__Host-session")
    assert cookie is not None
    with app.app_context():
        digests = list(db.session.scalars(select(UserSession.token_digest)))
    assert digests
    assert cookie.value not in digests


def test_a_form_without_its_token_is_refused(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.CHAIR)
    assert client.post("/sign-out", token=False).status == 400
    assert client.get("/my-work").status == 200


def test_a_page_is_in_the_audit_before_it_is_sent(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.CHAIR)
    client.get("/my-work")
    assert events(app)[-1] == "home:work:shown"
