"""Signing in as in live use, in a browser: a passkey, an authenticator app, the screen lock, and what was typed meanwhile."""

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from safeguarding.cli.demo.partnership import PHRASE
from tests.browser.conftest import hold_to_wcag
from tests.support.demonstrations import Demonstrations
from tests.support.server import serving
from tests.support.signing_in import code_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def strict_address(sqlite_shows: Demonstrations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demonstration that asks for the second factor and for passkeys, as live use does."""
    with (
        sqlite_shows.copy(tmp_path_factory.mktemp("strict")) as fresh,
        serving(replace(fresh, second_factor_optional=False, passkey_required=True), ending=signal.SIGKILL) as where,
    ):
        yield where


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser of one person."""
    made = chromium.new_context(viewport={"width": 320, "height": 800})
    made.set_default_timeout(15_000)
    yield made
    made.close()


def with_passkey(context: BrowserContext) -> Page:
    """Return a page of a machine that has a fingerprint reader, whose owner's finger lies on it."""
    page = context.new_page()
    machine = context.new_cdp_session(page)
    machine.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    machine.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def look(page: Page) -> None:
    """Hold a page to WCAG and to the width of a telephone."""
    hold_to_wcag(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def sign_in(page: Page, address: str, account: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("Email address").fill(f"{account}@marlbridge.example")
    page.get_by_label("Pass phrase").fill(PHRASE)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def test_a_chair_sets_a_passkey_up_and_signs_in_with_it(strict_address: str, context: BrowserContext) -> None:
    page = with_passkey(context)
    sign_in(page, strict_address, "chair")
    expect(page.locator("h1")).to_have_text("Set up your second factor")
    expect(page.get_by_role("button", name="Use an authenticator app")).to_have_count(0)
    look(page)
    page.get_by_label("Name of this passkey").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("h1")).to_have_text("Recovery codes")
    page.get_by_role("button", name="Show my recovery codes").click()
    expect(page.locator(".app-codes li")).to_have_count(10)
    code = page.locator(".app-codes li").first.inner_text()
    look(page)
    page.goto(f"{strict_address}/account")
    expect(page.get_by_role("row", name="Work laptop")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, strict_address, "chair")
    look(page)
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("h1")).to_have_text("Set up your second factor")  # a code alone lets no chair in
    sign_in(page, strict_address, "chair")
    page.get_by_role("button", name="Use passkey").click()
    page.wait_for_url(f"{strict_address}/my-work")


def test_a_practitioner_sets_an_app_up_and_comes_back_to_what_was_typed(
    strict_address: str, context: BrowserContext
) -> None:
    page = context.new_page()
    page.clock.install()
    sign_in(page, strict_address, "practitioner")
    page.get_by_role("button", name="Use an authenticator app").click()
    expect(page.locator("svg.app-qr")).to_be_visible()
    look(page)
    page.get_by_text("I cannot scan it").click()
    secret = "".join(page.locator(".app-secret").inner_text().split())
    page.get_by_label("Code that the app shows now").fill(code_of(secret))
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("h1")).to_have_text("Recovery codes")
    page.goto(f"{strict_address}/people")
    field = page.locator("#main-content").get_by_role("textbox").first
    field.fill("Kayden, who never comes")
    second = context.new_page()
    second.goto(f"{strict_address}/my-work")
    page.clock.fast_forward("10:30")
    dialog = page.get_by_role("dialog", name="Screen locked")
    expect(dialog).to_be_visible()
    expect(second.get_by_role("dialog", name="Screen locked")).to_be_visible()
    look(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    third = context.new_page()
    third.goto(f"{strict_address}/my-work")
    expect(third.locator("h1")).to_have_text("Screen locked")
    look(third)
    page.bring_to_front()  # a page behind another draws so seldom that a click waits for it
    dialog.get_by_label("Pass phrase").fill("not the phrase at all")
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog.get_by_role("alert")).to_have_text("The pass phrase does not match.")
    dialog.get_by_label("Pass phrase").fill(PHRASE)
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog).to_have_count(0)
    expect(field).to_have_value("Kayden, who never comes")
    expect(second.get_by_role("dialog", name="Screen locked")).to_have_count(0)
    third.goto(f"{strict_address}/my-work")
    expect(third).to_have_url(f"{strict_address}/my-work")
