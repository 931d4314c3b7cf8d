"""Reading changes nothing, and nothing that one person reads reaches another by way of a cache between them and us."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.datastructures import Headers
from werkzeug.test import Client, TestResponse, run_wsgi_app
from werkzeug.wrappers import Request, Response

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.cases.models import Case
from safeguarding.extensions import db
from safeguarding.web.guard import permission
from safeguarding.web.transaction import begin_write
from tests.conftest import SignIn
from tests.factories.people import PHRASE, Somebody, make_somebody, unit_of_work
from tests.factories.worlds import World, make_world
from tests.oracles.canaries import addresses, plant, tokens_in
from tests.support.databases import by_owner
from tests.support.pages import PageClient

BASE = PageClient.BASE
# What a look leaves behind by design: its event, and that the session is in use.
LEFT_BY_A_LOOK = {"audit_event", "audit_head"}
OF_A_SESSION = {"user_session": {"last_seen_at"}}

on_sqlite = pytest.mark.parametrize("standing", ["sqlite"], indirect=True)


@pytest.fixture
def world(app: Flask) -> World:
    """A partnership's records."""
    with app.app_context(), unit_of_work():
        return make_world()


def pages(app: Flask, world: World) -> list[str]:
    """Return the address of every page that is fetched."""
    return sorted({path for method, _endpoint, path in addresses(app, world) if method == "GET"})


# --- reading changes nothing ------------------------------------------------------------------------------------------


def stored(app: Flask) -> dict[str, set[tuple[Any, ...]]]:
    """Return every row of every table, but for what a look leaves behind."""
    found = {}
    with app.app_context():
        tables = [table for table in db.metadata.sorted_tables if table.name not in LEFT_BY_A_LOOK]
    with by_owner(app) as engine, engine.connect() as connection:
        if not app.extensions["settings"].is_sqlite:
            connection.exec_driver_sql("SELECT set_config('safeguarding.system', 'test', true)")
        for table in tables:
            columns = [each for each in table.columns if each.name not in OF_A_SESSION.get(table.name, set())]
            found[table.name] = {tuple(map(str, row)) for row in connection.execute(select(*columns))}
    return found


def fetch(app: Flask, paths: list[str], readers: list[PageClient]) -> int:
    """Fetch pages, by GET and HEAD, as some people, hold the database to what it was before, and return how many opened."""
    before, opened = stored(app), 0
    assert len(before["person"]) > 5
    for path in paths:
        for number, reader in enumerate(readers):
            with reader.client.open(path, method="HEAD" if number % 2 else "GET", base_url=BASE) as answer:
                opened += answer.status_code == 200
    after = stored(app)
    changed = {name: after[name] ^ before[name] for name in before if after[name] != before[name]}
    assert changed == {}, str(changed)[:5_000]
    return opened


@on_sqlite
def test_fetching_every_page_changes_nothing_and_one_that_does_is_noticed(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    @permission(Permission.WORK_OWN)
    def planted_view() -> str:
        begin_write()
        db.session.execute(update(Case).values(going_on="Changed by a look."))
        db.session.commit()
        return "looked"

    app._got_first_request = False
    app.add_url_rule("/planted", "planted", planted_view)
    paths = [path for path in pages(app, world) if path != "/planted"]
    readers = [sign_in(world.people[key]) for key in ("practitioner", "chair")]
    assert fetch(app, paths, readers[:1]) + fetch(app, paths[::3], readers[::-1]) > 40
    with pytest.raises(AssertionError, match="Changed by a look"):
        fetch(app, ["/my-work", "/planted"], readers[:1])


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_fetching_every_page_as_everybody_changes_nothing(app: Flask, world: World, sign_in: SignIn) -> None:
    others = [sign_in(role) for role in (Role.ADMIN, Role.AUDITOR, Role.ANALYST)]
    assert fetch(app, pages(app, world), [*map(sign_in, world.people.values()), *others]) > 200


# --- a cache in between -----------------------------------------------------------------------------------------------

MAY_BE_KEPT = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}


@dataclass
class Kept:
    """A response in the cache, and what its request had of the headers by which it varies."""

    status: str
    headers: Headers
    body: bytes
    varies: dict[str, str]


@dataclass
class SharedCache:
    """A shared cache as bold as RFC 9111 lets it be: whatever it is not forbidden to keep, it keeps and gives to all."""

    behind: Any
    kept: dict[str, list[Kept]] = field(default_factory=dict)
    given: int = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request, from what is kept where that is allowed."""
        request = Request(environ)
        for held in self.kept.get(request.url, []) if request.method in ("GET", "HEAD") else []:
            if held.varies == {name: request.headers.get(name, "") for name in held.varies}:
                self.given += 1
                return Response(held.body, held.status, held.headers)(environ, start_response)
        body, status, headers = run_wsgi_app(self.behind, environ, buffered=True)
        content = b"".join(body)
        self._keep(request, Kept(status, headers, content, {}))
        return Response(content, status, headers)(environ, start_response)

    def _keep(self, request: Request, answer: Kept) -> None:
        control = {
            part.partition("=")[0].strip().lower()
            for part in ",".join(answer.headers.getlist("Cache-Control")).split(",")
        }
        varies = {name.strip() for name in ",".join(answer.headers.getlist("Vary")).split(",")} - {""}
        forbidden = request.method != "GET" or control & {"no-store", "private", "no-cache"} or "*" in varies
        if forbidden or int(answer.status.split()[0]) not in MAY_BE_KEPT:
            return
        answer.varies = {name: request.headers.get(name, "") for name in varies}
        self.kept.setdefault(request.url, []).append(answer)


@dataclass(frozen=True)
class Browser:
    """Somebody behind the cache."""

    client: Client

    def get(self, path: str) -> TestResponse:
        """Fetch a page."""
        return self.client.get(path, base_url=BASE)

    def sign_in(self, who: Somebody) -> None:
        """Sign in."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/sign-in").get_data(as_text=True))
        assert token
        form = {"csrf_token": token[1], "email": who.email, "password": PHRASE}
        assert self.client.post("/sign-in", base_url=BASE, data=form).status_code == 303


def behind(cache: SharedCache, *people: Somebody) -> Iterator[Browser]:
    """Yield browsers behind a cache, one for each person, signed in."""
    for who in people:
        browser = Browser(Client(cache))
        browser.sign_in(who)
        yield browser


def crossed(app: Flask, world: World, cache: SharedCache, paths: list[str]) -> dict[str, int]:
    """Let somebody read all that is theirs, then a stranger and nobody ask for it; return what reached those."""
    with app.app_context(), unit_of_work():
        stranger = make_somebody(Role.PRACTITIONER)
    plant(app)
    owner, outsider = behind(cache, world.people["practitioner"], stranger)
    nobody = Browser(Client(cache))
    found, seen = {}, 0
    for path in paths:
        with owner.get(path) as answer:
            seen += len(tokens_in(answer.data))
        for other in (outsider, nobody):
            with other.get(path) as answer:
                if tokens := tokens_in(answer.data):
                    found[path] = len(tokens)
    assert seen > 10, "the owner saw nothing that could have crossed"
    return found


@on_sqlite
def test_a_shared_cache_carries_nothing_from_one_person_to_another(app: Flask, world: World) -> None:
    cache = SharedCache(app.wsgi_app)
    assert crossed(app, world, cache, pages(app, world)[::4]) == {}
    assert {url for url in cache.kept if "/static/" not in url} == set()
    browser = Browser(Client(cache))
    page = browser.get("/sign-in").get_data(as_text=True)
    marked = re.findall(r'(?:href|src)="(/static/[^"]+\?v=[^"]+)"', page)
    for _twice in range(2):
        for path in marked:
            with browser.get(path) as answer:
                assert answer.status_code == 200
    assert cache.given >= len(marked) > 3, "assets with a mark are worth keeping"
    assert "Set-Cookie" not in {name for held in cache.kept.values() for each in held for name in each.headers}
    # Without the two headers the same cache does carry pages across: the test would see it.
    paths = ["/my-work", "/cases", f"/cases/{world.values['case_ref']}", f"/people/{world.values['person_ref']}"]
    assert crossed(app, world, SharedCache(careless(app)), paths)


@pytest.mark.slow
def test_a_shared_cache_carries_no_page_at_all(app: Flask, world: World) -> None:
    assert crossed(app, world, SharedCache(app.wsgi_app), pages(app, world)) == {}


def careless(app: Flask) -> Any:
    """Return the service without the two headers that keep caches from keeping its pages."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            left = [(name, value) for name, value in headers if name not in ("Cache-Control", "Vary")]
            return start_response(status, left, exc_info)

        return app.wsgi_app(environ, start)

    return serve
