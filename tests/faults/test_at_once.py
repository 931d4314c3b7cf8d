"""The same thing done at once, at two instances of the service: exactly one of two wins, and one of twenty is kept."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from safeguarding import create_app
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import Decision
from safeguarding.panels.models.items import AgendaItem
from tests.factories.meetings import Day
from tests.factories.people import PHRASE
from tests.faults.caseload import check_stored, make_caseloads
from tests.faults.deciding import Ledger, check_whole, make_days, typed
from tests.faults.visitors import all_at_once
from tests.support.databases import dispose
from tests.support.pages import PageClient

COOKIE = "__Host-session"


@pytest.fixture
def instances(installation: Settings) -> Iterator[list[Flask]]:
    """Two applications on one database, each with connections and a queue of its own."""
    apps = [create_app(installation) for _each in range(2)]
    yield apps
    for app in apps:
        dispose(app)


def signed_in(app: Flask, email: str) -> PageClient:
    """Return a browser of somebody at an instance."""
    client = PageClient(app.test_client())
    assert client.sign_in(email, PHRASE).status == 303
    return client


def decide_twice(browsers: list[PageClient], day: Day, item: str) -> str:
    """Decide an item in two browsers at once, differently; return the reasons that won."""
    path = f"{day.path}/live/items/{item}"
    assert browsers[0].post(f"{path}/open").status == 303
    reasons = [f"Reasons of {whom}, {item}." for whom in ("the first", "the second")]
    forms = [
        browser.get(path).form(having="rationale") | typed(day, reason)
        for browser, reason in zip(browsers, reasons, strict=True)
    ]
    assert forms[0]["once"] != forms[1]["once"]

    def send(number: int) -> int:
        page = browsers[number].post(f"{path}/decision", forms[number])
        if page.status == 409:
            assert reasons[number] in page.text, "what the second typed is kept"
        return page.status

    answers = all_at_once([lambda number=number: send(number) for number in range(2)])
    assert sorted(answers) == [303, 409]
    return reasons[answers.index(303)]


def decide_all_twice(settings: Settings, instances: list[Flask], days: int, items: int) -> None:
    """Decide every item in two browsers at once, and hold what is stored to what was answered."""
    won = {}
    for day in make_days(settings, days, items):
        browsers = [signed_in(app, day.people["chair"].email) for app in instances]
        won |= {item.ref: decide_twice(browsers, day, item.ref) for item in day.items}
    assert check_whole(instances[0], Ledger(done=set(won))) == days * items
    with instances[0].app_context():
        kept = select(AgendaItem.ref, Decision.rationale).join(Decision, Decision.item_id == AgendaItem.id)
        assert {row.ref: row.rationale for row in db.session.execute(kept)} == won


def test_of_two_who_decide_at_once_exactly_one_wins(installation: Settings, instances: list[Flask]) -> None:
    decide_all_twice(installation, instances, days=1, items=6)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_of_two_who_decide_at_once_exactly_one_wins_a_thousand_times(
    installation: Settings, instances: list[Flask]
) -> None:
    decide_all_twice(installation, instances, days=50, items=20)


def test_a_form_sent_twenty_times_at_once_is_kept_once(installation: Settings, instances: list[Flask]) -> None:
    [load] = make_caseloads(installation, 1)
    first = signed_in(instances[0], load.worker.email)
    cookie = first.client.get_cookie(COOKIE)
    assert cookie is not None
    form = load.form(first, "Sent twenty times.")
    browsers = []
    for number in range(20):
        browsers.append(PageClient(instances[number % 2].test_client()))
        browsers[-1].client.set_cookie(COOKIE, cookie.value, secure=True)
    answers = all_at_once([lambda browser=browser: browser.post(load.add, form) for browser in browsers])
    assert [answer.status for answer in answers] == [303] * 20
    assert len({answer.location for answer in answers}) == 1
    other = first.post(load.add, form | {"what_happened": "Something else under the same key."})
    assert (other.status, other.location) == (422, "")
    check_stored(installation, 1)
