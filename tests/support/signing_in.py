"""Signing in where the second factor is asked for, as in live use: an app whose clock is the test's, and its browser."""

from dataclasses import replace

import pyotp
from flask import Flask

from config import Settings
from safeguarding.access.actor import Actor
from safeguarding.accounts import factors, queries
from safeguarding.core import clock
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import PHRASE, Somebody
from tests.support.pages import Page, PageClient


def strict(settings: Settings, *, passkey: bool = False) -> Settings:
    """Return the settings with the second factor asked for, and the passkey of some roles where told so."""
    return replace(settings, second_factor_optional=False, passkey_required=passkey)


def code_of(secret: str, steps: int = 0) -> str:
    """Return what an app with this secret shows now, or so many half minutes later."""
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // factors.STEP + steps)


def actor_of(somebody: Somebody) -> Actor:
    """Return the actor that acts on what is their own."""
    return Actor(key=f"user:{somebody.ref}", display_name=somebody.name, user_id=somebody.id)


def give_app(app: Flask, somebody: Somebody) -> str:
    """Set an authenticator app up for somebody and return its secret; its present code counts as used."""
    with app.app_context():
        with unit_of_work():
            factors.offer_app(actor_of(somebody))
        secret = queries.offered_secret(somebody.id)
        assert secret is not None
        with unit_of_work():
            factors.accept_app(actor_of(somebody), code_of(secret, -1))
    return secret


def give_codes(app: Flask, somebody: Somebody) -> list[str]:
    """Make recovery codes for somebody and return them."""
    with app.app_context(), unit_of_work():
        return factors.new_codes(actor_of(somebody))


def half_way(app: Flask, somebody: Somebody) -> PageClient:
    """Return a browser in which somebody typed the right pass phrase and nothing more."""
    client = PageClient(app.test_client())
    assert client.sign_in(somebody.email, PHRASE).status == 303
    return client


def send_code(client: PageClient, code: str) -> Page:
    """Type a code into the page of the second factor."""
    return client.post("/sign-in/second-factor", {"code": code, "next": "/my-work"})


def sign_in_with_app(app: Flask, somebody: Somebody, secret: str) -> PageClient:
    """Return a browser in which somebody signed in with pass phrase and app."""
    client = half_way(app, somebody)
    answer = send_code(client, code_of(secret))
    assert answer.location == "/my-work", answer.errors
    return client
