"""Chromium, and the demonstration served to it, on each database."""

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
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
_VIOLATIONS = "axe.run({resultTypes: ['violations']}).then(({violations}) => ({violations}))"
_KINDS = "[...new Set([...document.querySelectorAll('body *')].flatMap(each => [each.tagName, ...each.classList]))]"
_REFERENCE = re.compile(r"\b[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


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
def sqlite_shows(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Demonstrations:
    """Copies of a demonstration on SQLite, stamped as one."""
    return Demonstrations(tmp_path_factory.mktemp("show-sqlite"), None, run_folder, SEEDED, Mode.DEMONSTRATION)


@pytest.fixture(scope="session")
def postgresql_shows(tmp_path_factory: pytest.TempPathFactory, run_folder: Path, cluster: Cluster) -> Demonstrations:
    """Copies of a demonstration on PostgreSQL, stamped as one."""
    return Demonstrations(tmp_path_factory.mktemp("show-postgresql"), cluster, run_folder, SEEDED, Mode.DEMONSTRATION)


@pytest.fixture(scope="module")
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration, served by two processes; a test names its database, and may want one of its own."""
    shows: Demonstrations = request.getfixturevalue(f"{request.param.split()[0]}_shows")
    with shows.copy(tmp_path_factory.mktemp("served")) as fresh, serving(fresh, ending=signal.SIGKILL) as where:
        yield where


def hold_to_wcag(page: Page) -> None:
    """Let axe look at a page: it may find nothing."""
    page.evaluate(AXE_SCRIPT)
    # What is in order is left where it is: a list of all that axe passed takes as long to carry as the look itself.
    found = AxeResults(page.evaluate(_VIOLATIONS))
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


@pytest.fixture(scope="session")
def held() -> set[str]:
    """The pages at which axe has looked, and the kinds of elements that were on them."""
    return set()


class Person:
    """Somebody at a browser of their own. Every page they come to is held to WCAG by axe."""

    def __init__(self, context: BrowserContext, address: str, account: str, held: set[str]) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.address, self.account = address, account
        self.troubles: list[str] = []
        self._held = held
        self.page.on("console", self._console)
        self.page.on("request", self._request)
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto(f"{address}/sign-in")
        self._sign_in()

    def give_place_to(self, account: str) -> "Person":
        """Sign out; somebody else signs in at the same browser."""
        self.press("Sign out")
        self.account = account
        self._sign_in()
        return self

    def _sign_in(self) -> None:
        self.page.get_by_label("Email address").fill(f"{self.account}@marlbridge.example")
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
        with self.page.expect_navigation():
            button.nth(nth).click()
        self.look()

    def follow(self, name: str, *, exact: bool = False, nth: int = 0) -> None:
        """Follow a link of the page."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=exact).nth(nth).click()
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
        """Let axe look at the page, if it or a kind of element on it was on nobody's screen before."""
        size = self.page.viewport_size or {}
        page = f"{_REFERENCE.sub('*', urlsplit(self.page.url).path)} at {size.get('width')}"
        shown = {page, *self.page.evaluate(_KINDS)}
        if not shown <= self._held:
            hold_to_wcag(self.page)
            self._held |= shown

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.troubles.append(f"{self.account}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.troubles.append(f"{self.account}: a request to {request.url}")


SignedIn = Callable[..., Person]


@pytest.fixture
def person(chromium: Browser, address: str, held: set[str]) -> Iterator[SignedIn]:
    """Return a maker of people at browsers of their own; afterwards none may have met an error in the console."""
    made: list[Person] = []
    contexts: list[BrowserContext] = []

    def sit_down(account: str, width: int = 1280, *, script: bool = True) -> Person:
        context = chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        contexts.append(context)
        somebody = Person(context, address, account, held)
        made.append(somebody)
        return somebody

    yield sit_down
    for context in contexts:
        context.close()
    assert [trouble for each in made for trouble in each.troubles] == []
