"""A person's notices: their own, nobody else's, and new until they say that they have seen them."""

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.notices import service
from safeguarding.notices.kinds import Kind, Recipient, register_kind
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import Somebody, make_somebody

TOLD = Kind("tests.told", "Something was done.", page=lambda _subject: "/my-work")


def link(_recipient: Recipient, _subject: str | None) -> str:
    return "/somewhere"


ONCE = Kind("tests.once", "A link was sent.", one_time=link)


@pytest.fixture
def people(app: Flask) -> tuple[Somebody, Somebody]:
    register_kind(app, TOLD)
    register_kind(app, ONCE)
    with app.app_context(), unit_of_work():
        return make_somebody(Role.PRACTITIONER), make_somebody(Role.PRACTITIONER)


def tell(app: Flask, who: Somebody, kind: str = TOLD.name, times: int = 1) -> None:
    with app.app_context(), unit_of_work():
        for _ in range(times):
            service.queue(kind, who.id)


def test_the_list_is_the_reader_s_own(app: Flask, people: tuple[Somebody, Somebody], sign_in: SignIn) -> None:
    told, other = people
    tell(app, told)
    tell(app, told, ONCE.name)
    page = sign_in(told).get("/notices")
    assert page.words.count(TOLD.sentence) == 1
    assert ONCE.sentence not in page.words
    client = sign_in(other)
    account = client.get("/account").html
    assert account is not None and account.select_one('a[href="/notices"]')
    assert "There is no notice for you." in client.get("/notices").words


def test_new_ones_stand_on_the_first_page_until_they_are_seen(
    app: Flask, people: tuple[Somebody, Somebody], sign_in: SignIn
) -> None:
    told, _other = people
    browser = sign_in(told)
    assert "New notices" not in browser.get("/my-work").words
    tell(app, told, times=4)
    page = browser.get("/my-work")
    assert page.words.count(TOLD.sentence) == 3 and "See all notices" in page.words
    listed = browser.get("/notices")
    answer = browser.post("/notices/seen", listed.form("/notices/seen"))
    assert "marked as seen" in browser.follow(answer).words
    assert "New notices" not in browser.get("/my-work").words
    assert browser.get("/notices").words.count(TOLD.sentence) == 4


def test_a_long_list_has_older_pages(app: Flask, people: tuple[Somebody, Somebody], sign_in: SignIn) -> None:
    told, _other = people
    tell(app, told, times=53)
    browser = sign_in(told)
    page = browser.get("/notices")
    assert page.words.count(TOLD.sentence) == 50
    assert page.html is not None
    older = page.html.select_one("a[rel=next]")
    assert older is not None
    assert browser.get(str(older["href"])).words.count(TOLD.sentence) == 3
