"""A PostgreSQL that is killed, down or silent: people are told so, nothing is half done, and it comes back by itself."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from config import Settings
from tests.faults.caseload import check_stored, make_caseloads
from tests.faults.clusters import Fragile
from tests.faults.deciding import Fault, Ledger, as_it_lands, decide_through, in_the_middle
from tests.faults.visitors import Visitor, all_at_once, check_log, impatient
from tests.support.pages import Page
from tests.support.postgres import SECONDS_TO_START
from tests.support.server import serving

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(300)]

# A request to a silent database is answered by then: the wait before somebody looks, the look, and a busy machine.
ANSWERED_IN = 25.0  # seconds
THREADS = 8  # of the two workers together


def tells_plainly(answer: Page) -> None:
    """Hold an answer to saying that the service cannot, when to try again, and nothing of the inside."""
    assert answer.status == 503
    assert answer.response.headers["Retry-After"]
    for inside in ("psycopg", "Traceback", "SELECT", "connection", "socket"):
        assert inside not in answer.text


def shows_again(browser: Visitor, path: str) -> Page:
    """Fetch a page until it is shown: each worker notices by itself that the database is back."""
    return _until(200, lambda: browser.get(path))


def takes_again(browser: Visitor, path: str, form: dict[str, Any]) -> None:
    """Send a form until it is taken; what was refused before may be sent again, and so may what was taken."""
    _until(303, lambda: browser.post(path, form))


def _until(wanted: int, ask: Callable[[], Page]) -> Page:
    until = time.monotonic() + SECONDS_TO_START
    while (answer := ask()).status != wanted:
        assert answer.status == 503
        assert time.monotonic() < until, "it does not come back"
        time.sleep(0.1)
    return answer


def test_a_database_that_is_down_is_told_plainly_and_comes_back_by_itself(
    fragile: Fragile, fragile_installation: Settings
) -> None:
    [load] = make_caseloads(fragile_installation, 1)
    with serving(fragile_installation) as address:
        browser, nobody = Visitor(address), Visitor(address)
        browser.sign_in(load.worker.email)
        form = load.form(browser, "Written while it was down.")
        fragile.kill()
        for answer in (browser.get(load.case), browser.get("/my-work"), browser.post(load.add, form)):
            tells_plainly(answer)
        assert nobody.get("/sign-in").status == 200
        health = nobody.get("/health")
        assert (health.status, health.response.json) == (503, {"ok": False})
        fragile.start_again()
        shows_again(browser, load.case)
        shows_again(nobody, "/health")
        for _twice in range(2):
            takes_again(browser, load.add, form)
        assert "Written while it was down." in shows_again(browser, load.case).words
    check_log(fragile_installation, "Written while", "college", "Young")
    check_stored(fragile_installation, 1)


def killing(cluster: Fragile, settings: Settings, kills: int) -> Fault:
    """Kill PostgreSQL, its postmaster and every child, in the middle of a decision and as one lands, in turn."""

    def fault(_address: str, dice: random.Random, ledger: Ledger) -> None:
        for number in range(kills):
            if number % 2:
                as_it_lands(settings, cluster.kill)
            else:
                in_the_middle(ledger, dice)
                cluster.kill()
            cluster.start_again()

    return fault


def test_a_decision_survives_a_killed_database_whole_or_not_at_all(
    fragile: Fragile, fragile_installation: Settings
) -> None:
    told = decide_through(killing(fragile, fragile_installation, 2), fragile_installation, days=2, items=7, seed=3)
    assert told.refused > 0, "no kill hit a request"
    assert told.unanswered == 0, "a database that is gone is told, and costs no worker"


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_decisions_survive_twenty_killed_databases(fragile: Fragile, fragile_installation: Settings) -> None:
    told = decide_through(killing(fragile, fragile_installation, 20), fragile_installation, days=6, items=60, seed=5)
    assert told.refused > 0, "no kill hit a request"
    assert told.unanswered == 0, "a database that is gone is told, and costs no worker"


def test_a_silent_database_is_waited_for_a_moment_and_no_longer(
    fragile: Fragile, fragile_installation: Settings
) -> None:
    [load] = make_caseloads(fragile_installation, 1)
    with serving(fragile_installation, options=impatient(fragile_installation)) as address:
        browser, nobody = Visitor(address, ANSWERED_IN), Visitor(address, ANSWERED_IN)
        browser.sign_in(load.worker.email)
        form = load.form(browser, "Written while it was silent.")
        with fragile.frozen():
            answers = all_at_once([lambda: browser.get(load.case)] * THREADS)  # every thread of every worker waits
            answers += [browser.get("/my-work"), browser.post(load.add, form)]
            for answer in answers:
                tells_plainly(answer)
            assert nobody.get("/sign-in").status == 200
            assert nobody.get("/health").status == 503
        shows_again(browser, load.case)
        for _twice in range(2):
            takes_again(browser, load.add, form)
    check_log(fragile_installation, "Written while", "college", "Young")
    check_stored(fragile_installation, 1)
