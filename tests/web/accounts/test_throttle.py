"""Attempts are counted in the database: the same for every worker, slowing down whoever guesses and holding out nobody else."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.accounts import throttle
from safeguarding.accounts.factor_models import Throttle
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import PHRASE, Somebody, make_somebody
from tests.support.databases import dispose
from tests.support.pages import Page, PageClient

FREE = throttle.PAIR.free


class Caller:
    """Somebody at a network address of their own."""

    def __init__(self, app: Flask, address: str) -> None:
        self.browser = PageClient(app.test_client())
        self.address = address

    def tries(self, email: str, phrase: str) -> Page:
        """Send an address and a phrase."""
        token = self.browser.csrf_token()
        sent = {"email": email, "password": phrase, "csrf_token": token}
        return self.browser.post("/sign-in", sent, environ_base={"REMOTE_ADDR": self.address})


def a_worker(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.SOCIAL_WORKER)


def failed(app: Flask, limit: throttle.Limit, failures: int) -> None:
    """Let so many attempts have failed, as far as a limit counts."""
    with app.app_context(), unit_of_work():
        for row in db.session.scalars(select(Throttle).where(Throttle.key.startswith(f"{limit.name}:"))):
            row.failures, row.next_at = failures, clock.now() + limit.wait_after(failures)


def test_after_five_wrong_phrases_the_next_one_waits_even_on_another_instance(app: Flask, settings: Settings) -> None:
    worker, other = a_worker(app), create_app(settings)
    guessers = [Caller(app, "192.0.2.1"), Caller(other, "192.0.2.1")]
    answers = [guessers[n % 2].tries(worker.email, f"a wrong guess number {n}").status for n in range(FREE + 2)]
    assert answers == [422] * FREE + [429] * 2
    held = guessers[0].tries(worker.email, PHRASE)  # the right one is not looked at either
    dispose(other)
    assert held.status == 429
    assert 1 <= int(held.response.headers["Retry-After"]) <= 5
    assert held.errors[0].startswith("There were too many attempts. Wait ")


def test_the_wait_ends_by_itself_and_being_held_back_does_not_lengthen_it(app: Flask) -> None:
    worker = a_worker(app)
    guesser = Caller(app, "192.0.2.1")
    start = clock.now()
    with time_machine.travel(start, tick=False):
        for n in range(FREE + 4):
            guesser.tries(worker.email, f"a wrong guess number {n}")
    with time_machine.travel(start + throttle.PAIR.first + timedelta(seconds=1), tick=False):
        assert guesser.tries(worker.email, PHRASE).status == 303


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [throttle.PAIR.wait_after(n).total_seconds() for n in (4, 5, 6, 7, 12, 13, 1000)]
    assert waits == [0, 5, 10, 20, 640, 900, 900]


def test_an_outsider_who_guesses_holds_nobody_else_out(app: Flask) -> None:
    worker = a_worker(app)
    outsider = Caller(app, "192.0.2.1")
    for n in range(FREE + 3):
        outsider.tries(worker.email, f"a wrong guess number {n}")
    assert outsider.tries(worker.email, PHRASE).status == 429
    assert Caller(app, "198.51.100.7").tries(worker.email, PHRASE).status == 303


def test_when_many_addresses_guess_at_an_account_its_owner_still_signs_in_where_they_did_before(app: Flask) -> None:
    worker = a_worker(app)
    home = Caller(app, "198.51.100.7")
    assert home.tries(worker.email, PHRASE).status == 303
    home.browser.post("/sign-out")
    Caller(app, "192.0.2.1").tries(worker.email, "a wrong guess to begin with")
    failed(app, throttle.ACCOUNT, throttle.ACCOUNT.free)
    assert Caller(app, "203.0.113.9").tries(worker.email, PHRASE).status == 429  # neither device nor address is known
    home.address = "203.0.113.9"
    assert home.tries(worker.email, PHRASE).status == 303  # the device is
    assert Caller(app, "198.51.100.7").tries(worker.email, PHRASE).status == 303  # the address is


def test_an_address_that_guesses_at_many_accounts_waits(app: Flask) -> None:
    worker = a_worker(app)
    guesser = Caller(app, "192.0.2.1")
    guesser.tries("nobody@marlbridge.example", "a wrong guess to begin with")
    failed(app, throttle.ADDRESS, throttle.ADDRESS.free)
    assert guesser.tries(worker.email, PHRASE).status == 429
    assert Caller(app, "192.0.2.2").tries(worker.email, PHRASE).status == 303


def test_all_together_are_slowed_down_but_whoever_is_known_is_not(app: Flask) -> None:
    worker = a_worker(app)
    home = Caller(app, "198.51.100.7")
    assert home.tries(worker.email, PHRASE).status == 303
    home.browser.post("/sign-out")
    Caller(app, "192.0.2.1").tries("nobody@marlbridge.example", "a wrong guess to begin with")
    failed(app, throttle.TOTAL, throttle.TOTAL.free + 20)
    assert Caller(app, "192.0.2.77").tries(worker.email, PHRASE).status == 429
    assert home.tries(worker.email, PHRASE).status == 303


def test_a_right_phrase_clears_the_count_of_its_pair(app: Flask) -> None:
    worker = a_worker(app)
    caller = Caller(app, "192.0.2.1")
    for _ in range(2):
        for n in range(FREE - 1):
            assert caller.tries(worker.email, f"a wrong guess number {n}").status == 422
        assert caller.tries(worker.email, PHRASE).status == 303
        caller.browser.post("/sign-out")


def test_an_account_that_is_not_there_is_counted_and_answered_like_one_that_is(app: Flask) -> None:
    worker = a_worker(app)
    answers = []
    for email, address in ((worker.email, "192.0.2.1"), ("nobody@marlbridge.example", "192.0.2.2")):
        caller = Caller(app, address)
        pages = [caller.tries(email, f"a wrong guess number {n}") for n in range(FREE + 1)]
        answers.append([(page.status, page.errors) for page in pages])
    known, unknown = answers
    assert [status for status, _ in known] == [422] * FREE + [429]
    assert known == unknown


def test_the_table_holds_no_address_and_no_name(app: Flask) -> None:
    worker = a_worker(app)
    Caller(app, "192.0.2.1").tries(worker.email, "a wrong guess to begin with")
    with app.app_context():
        keys = " ".join(db.session.scalars(select(Throttle.key)))
    assert len(keys.split()) == 4
    assert "192.0.2" not in keys and worker.email not in keys


def test_a_network_of_the_sixth_version_counts_as_one_address(app: Flask) -> None:
    worker = a_worker(app)
    for n in range(FREE):
        Caller(app, f"2001:db8:0:1::{n + 1}").tries(worker.email, f"a wrong guess number {n}")
    assert Caller(app, "2001:db8:0:1::ffff").tries(worker.email, PHRASE).status == 429
    assert Caller(app, "2001:db8:0:2::1").tries(worker.email, PHRASE).status == 303


def test_guesses_at_the_same_moment_are_counted_before_any_is_looked_at(app: Flask) -> None:
    worker = a_worker(app)
    guessers = [Caller(app, "192.0.2.1") for _ in range(FREE * 3)]
    tokens = [guesser.browser.csrf_token() for guesser in guessers]

    def guess(number: int) -> int:
        sent = {"email": worker.email, "password": f"a wrong guess number {number}", "csrf_token": tokens[number]}
        return guessers[number].browser.post("/sign-in", sent, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status

    with ThreadPoolExecutor(len(guessers)) as threads:
        answers = Counter(threads.map(guess, range(len(guessers))))
    assert answers == {422: FREE, 429: FREE * 2}
