"""Whatever people type stays text: scripts, templates and formulas in every field that holds words, on every page."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route
from sqlalchemy import Column, String, Table, Text, select, update
from sqlalchemy.types import Enum, TypeDecorator

from safeguarding import create_app
from safeguarding.extensions import db
from tests.factories.people import PHRASE, Somebody, unit_of_work
from tests.factories.worlds import World, make_world
from tests.oracles.canaries import CODED, STRUCTURED, addresses, writable
from tests.support.databases import Databases, by_owner, dispose
from tests.support.pages import PageClient
from tests.support.server import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '"><script>alert(1)</script>',
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)' x='",
    "a{{7*7}}z ${7*7} {% print(7*7) %} #{7*7} <%= 7*7 %>",
    "javascript:alert(1)//",
    "</textarea><script>alert(1)</script>",
    "</title></option><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]></svg><iframe src=javascript:alert(1)>",
    "\u2028alert(1)\u2029\u202ealert",
    "=cmd|' /C calc'!A1",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ ''.__class__.__mro__ }} {{ config }} {{ self }}",
    "\\'-alert(1)-\\' `${alert(1)}`",
)
ALL = " ".join(PAYLOADS)
SHORTEST = max(len(each) for each in PAYLOADS[:6]) + 8
# Texts of the installation, beside those about somebody: names of people and agencies, reasons, titles of agreements.
NEVER = {
    *("password_hash", "email", "issuer", "device", "quorum_groups", "source_key", "challenge", "band", "match_rule"),
    *("content", "explanation", "numbers", "quorum", "polygon", "exploitation_types"),  # read as JSON, or as codes
}
SAMPLE = {
    "practitioner": ["people.person", "people.names", "cases.case", "cases.revise", "actions.action", "nrm.referral"],
    "chair": ["panels.live_item", "panels.decision", "panels.meeting", "panels.minutes", "referrals.referral"],
}
# What is there because a payload is no text any more.
ALIVE = (
    "script:not([src]), img[src='x'], iframe, object, embed, [onerror], [onload], [onfocus], [onmouseover], "
    "[autofocus][x], a[href^='javascript' i], form[action^='javascript' i], svg[onload], base"
)


def holds_words(column: Column[Any]) -> bool:
    """Return whether a column holds words that somebody types."""
    plain = isinstance(column.type, String | Text) and not isinstance(column.type, Enum | TypeDecorator)
    long_enough = plain and (getattr(column.type, "length", None) or 4_000) >= SHORTEST
    named = column.name in NEVER | STRUCTURED or CODED.match(column.name) or column.name.startswith("band")
    label = column.info.get("label")
    is_key = bool(column.foreign_keys) or column.name in (
        "ref",
        "slug",
        "event",
        "actor",
        "hash",
        "key",
        "code",
        "kind",
    )
    return bool(long_enough and not named and not is_key and label is not None and not label.sealed)


# Rows that the service itself writes and reads again by what they say.
OWN_TABLES = {"audit_event", "once_key", "closed_subject", "relation", "import_run", "kept_form", "installation"}
OWN_COLUMNS = {
    "sealed_grant.fields",
    "sealed_reveal.field",
    "emergency_access.agency",
    "emergency_access.parts",
    "context_version.content",
}


def plant(app: Flask) -> int:
    """Put payloads into every such text that is stored; return into how many."""
    with app.app_context():
        tables: dict[Table, list[Column[Any]]] = {}
        for table in db.metadata.sorted_tables:
            held = [
                each for each in table.columns if holds_words(each) and f"{table.name}.{each.name}" not in OWN_COLUMNS
            ]
            if held and "id" in table.columns and table.name not in OWN_TABLES:
                tables[table] = held
    planted, turns = 0, cycle(PAYLOADS[:6])
    with by_owner(app) as engine, writable(engine, tables) as connection:
        for table, held in tables.items():
            for row in connection.execute(select(table.c.id, *held)).all():
                values = {}
                for place, column in enumerate(held):
                    room = getattr(column.type, "length", None) or 4_000
                    if row[place + 1] is not None:
                        payload = ALL if room > 2 * len(ALL) else next(turns)
                        values[column.name] = f"{str(row[place + 1])[: room - len(payload) - 1]} {payload}"
                if values:
                    connection.execute(update(table).where(table.c.id == row.id).values(**values))
                    planted += len(values)
    return planted


@dataclass
class Watched:
    """A browser's page, and what happened on it that must not."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("dialog", lambda dialog: (self.troubles.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.troubles.append(f"error {error}"))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.troubles.append(f"console {message.text}")

    def _request(self, request: Request) -> None:
        if "policy-reports" in request.url or not request.url.startswith(("http://localhost", "data:")):
            self.troubles.append(f"request {request.url}")

    def look(self, address: str, path: str) -> bool:
        """Open a page, hold it to being dead text, and return whether it showed a payload."""
        self.page.goto(address + path)
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
        alive = self.page.evaluate("s => [...document.querySelectorAll(s)].map(e => e.outerHTML.slice(0, 200))", ALIVE)
        assert alive == [], f"{path}: {alive}"
        words = self.page.evaluate(
            "document.body.innerText + [...document.querySelectorAll('input,textarea')].map(e => e.value).join(' ')"
        )
        assert "a49z" not in words, f"{path}: a template was filled in"
        assert self.troubles == [], path
        return "alert(1)" in words


def showing(app: Flask, world: World, key: str) -> list[str]:
    """Return the pages on which somebody meets a payload."""
    client = PageClient(app.test_client())
    assert client.sign_in(world.people[key].email, PHRASE).status == 303
    paths = sorted({path for method, _endpoint, path in addresses(app, world) if method == "GET"})
    fetched = ((path, client.client.get(path, base_url=client.BASE)) for path in paths)
    return [path for path, page in fetched if page.status_code == 200 and b"alert(1)" in page.data]


@pytest.fixture
def planted(sqlite_databases: Databases, tmp_path: Path) -> Iterator[tuple[Flask, World]]:
    """An installation with a partnership's records, every text of which ends in payloads."""
    with sqlite_databases.copy(tmp_path) as fresh:
        app = create_app(fresh)
        with app.app_context(), unit_of_work():
            world = make_world()
        assert plant(app) > 150
        yield app, world
        dispose(app)


def address_of(app: Flask, world: World, endpoint: str) -> str:
    """Return the address of an endpoint in a world."""
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    with app.test_request_context("/", base_url=PageClient.BASE):
        return url_for(endpoint, **{name: world.of(endpoint)[name] for name in rule.arguments})


def crawl(app: Flask, chromium: Browser, pages: dict[Somebody, list[str]]) -> int:
    """Look at pages in Chromium as some people; return how many showed a payload."""
    seen = 0
    with serving(app.extensions["settings"], workers=1, ending=signal.SIGKILL) as address:
        for who, paths in pages.items():
            context: BrowserContext = chromium.new_context()
            context.set_default_timeout(60_000)
            watched = Watched(context.new_page())
            watched.page.goto(f"{address}/sign-in")
            watched.page.get_by_label("Email address").fill(who.email)
            watched.page.get_by_label("Pass phrase").fill(PHRASE)
            watched.page.get_by_role("button", name="Sign in", exact=True).click()
            watched.page.wait_for_url(f"{address}/my-work")
            seen += sum(watched.look(address, path) for path in paths)
            context.close()
    return seen


def test_what_people_type_stays_text(planted: tuple[Flask, World], chromium: Browser) -> None:
    app, world = planted
    pages = {
        world.people[key]: [address_of(app, world, endpoint) for endpoint in endpoints]
        for key, endpoints in SAMPLE.items()
    }
    assert crawl(app, chromium, pages) == sum(map(len, SAMPLE.values())), (
        "a page shows no payload: another belongs here"
    )


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_what_people_type_stays_text_on_every_page(planted: tuple[Flask, World], chromium: Browser) -> None:
    app, world = planted
    readers = ("practitioner", "chair", "lead", "coordinator", "police", "information_governance", "health")
    assert crawl(app, chromium, {world.people[key]: showing(app, world, key) for key in readers}) > 100


def answer(said: str, route: Route) -> None:
    """Answer a request with a page."""
    route.fulfill(content_type="text/html", body=said)


def test_a_page_that_runs_what_was_typed_is_noticed(chromium: Browser) -> None:
    context = chromium.new_context()
    for payload in PAYLOADS[:3]:
        watched = Watched(context.new_page())
        page = f"<!doctype html><p>{payload}"
        watched.page.route("**/*", partial(answer, page))
        with pytest.raises(AssertionError):
            watched.look("http://localhost:1", "/planted")
    context.close()
