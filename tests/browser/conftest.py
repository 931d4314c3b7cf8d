"""Chromium, and the demonstration served to it, on each database."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from config import Mode
from safeguarding.cli.demo.partnership import PHRASE
from tests.support.demonstrations import SEEDED, Demonstrations
from tests.support.postgres import Cluster
from tests.support.server import serving
from tests.support.skips import used

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        used("Chromium", browser.version)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sqlite_shows(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Demonstrations:
    """Copies of a demonstration on SQLite, stamped as one."""
    return Demonstrations(tmp_path_factory.mktemp("show-sqlite"), None, shared, SEEDED, Mode.DEMONSTRATION)


@pytest.fixture(scope="session")
def postgresql_shows(tmp_path_factory: pytest.TempPathFactory, shared: Path, cluster: Cluster) -> Demonstrations:
    """Copies of a demonstration on PostgreSQL, stamped as one."""
    return Demonstrations(tmp_path_factory.mktemp("show-postgresql"), cluster, shared, SEEDED, Mode.DEMONSTRATION)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a demonstration of this test's own, served by two processes."""
    shows: Demonstrations = request.getfixturevalue(f"{request.param}_shows")
    with shows.copy(tmp_path) as fresh, serving(fresh) as where:
        yield where


class Person:
    """Somebody at a browser of their own. Every page they come to is held to WCAG by axe."""

    def __init__(self, context: BrowserContext, address: str, account: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.address, self.account = address, account
        self.troubles: list[str] = []
        self._held: set[str] = set()
        self.page.on("console", self._console)
        self.page.on("request", self._request)
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto(f"{address}/sign-in")
        self.page.get_by_label("Email address").fill(f"{account}@marlbridge.example")
        self.page.get_by_label("Pass phrase").fill(PHRASE)
        self.press("Sign in")

    def go(self, path: str) -> None:
        """Open an address of the service."""
        self.page.goto(self.address + path)
        self.look()

    def press(self, name: str, *, exact: bool = True, nth: int = 0) -> None:
        """Press a button of the page (of its main part, where there is one) and look at what comes."""
        inside = self.page.locator("#main-content").get_by_role("button", name=name, exact=exact)
        button = inside if inside.count() else self.page.get_by_role("button", name=name, exact=exact)
        button.nth(nth).click()
        self.page.wait_for_load_state()
        self.look()

    def follow(self, name: str, *, exact: bool = False, nth: int = 0) -> None:
        """Follow a link of the page."""
        self.page.get_by_role("link", name=name, exact=exact).nth(nth).click()
        self.page.wait_for_load_state()
        self.look()

    def write(self, label: str, text: str, *, exact: bool = False) -> None:
        """Type into a field."""
        self.page.locator("#main-content").get_by_label(label, exact=exact).first.fill(text)

    def choose(self, group: str, option: str) -> None:
        """Choose a radio button or tick a box of a group."""
        self.page.get_by_role("group", name=group).get_by_label(option, exact=True).check()

    def pick(self, label: str, option: str) -> None:
        """Choose from a list the first entry that holds a text."""
        chosen = self.page.get_by_label(label).first
        value = chosen.locator("option", has_text=option).first.get_attribute("value")
        chosen.select_option(value=value)

    def date(self, group: str, day: int, month: int, year: int) -> None:
        """Fill a date in three parts."""
        parts = self.page.get_by_role("group", name=group)
        for label, value in (("Day", day), ("Month", month), ("Year", year)):
            parts.get_by_label(label).fill(str(value))

    def sees(self, text: str) -> None:
        """Hold that a text stands on the page."""
        words = " ".join(self.page.locator("body").inner_text().split())
        assert text in words, f"{self.account} does not see {text!r} at {self.page.url}: {words[:1500]}"

    def sees_not(self, text: str) -> None:
        """Hold that a text does not stand in the page's source."""
        assert text not in self.page.content(), f"{self.account} sees {text!r} at {self.page.url}"

    def look(self) -> None:
        """Let axe look at the page, once for each kind of page and title."""
        kind = self.page.title()
        if kind in self._held:
            return
        self._held.add(kind)
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.troubles.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.troubles.append(f"a request to {request.url}")


SignedIn = Callable[..., Person]


@pytest.fixture
def person(chromium: Browser, address: str) -> Iterator[SignedIn]:
    """Return a maker of people at browsers of their own; afterwards none may have met an error in the console."""
    made: list[Person] = []
    contexts: list[BrowserContext] = []

    def sit_down(account: str, width: int = 1280, *, script: bool = True) -> Person:
        context = chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        contexts.append(context)
        somebody = Person(context, address, account)
        made.append(somebody)
        return somebody

    yield sit_down
    for context in contexts:
        context.close()
    troubles = {each.account: each.troubles for each in made if each.troubles}
    assert not troubles
