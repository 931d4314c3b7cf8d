"""The page client: every page that any test fetches is also held to what every page must be."""

import re
from typing import Any
from urllib.parse import urlsplit

import justhtml
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.headers import check_every_response

_INLINE = re.compile(r"^on[a-z]+$")


def check_page(text: str) -> BeautifulSoup:
    """Hold a page to the rules and return it parsed; an AssertionError names what is wrong."""
    parsed = justhtml.JustHTML(text, collect_errors=True)
    assert not parsed.errors, f"not valid HTML: {[str(error) for error in parsed.errors][:5]}"
    page = BeautifulSoup(text, "lxml")
    headings = page.find_all("h1")
    assert len(headings) == 1, f"{len(headings)} h1"
    heading, title = _words(headings[0].get_text()), _words(page.title.get_text() if page.title else "")
    assert title.removeprefix("Error: ").startswith(heading), f"title {title!r} does not start with h1 {heading!r}"
    _check_ids(page)
    _check_inputs(page)
    for form in page.find_all("form"):
        if str(form.get("method", "")).lower() == "post":
            assert form.find("input", attrs={"name": "csrf_token"}), (
                f"no CSRF token in the form to {form.get('action')}"
            )
    for link in page.select(".govuk-error-summary a"):
        assert page.find(id=str(link["href"]).removeprefix("#")), f"error summary leads nowhere: {link['href']}"
    for element in page.find_all(True):
        assert not element.has_attr("style"), f"inline style on {element.name}"
        assert not any(_INLINE.match(name) for name in element.attrs), f"inline handler on {element.name}"
        assert element.name != "style", "inline style sheet"
        assert element.name != "script" or element.get("src"), "inline script"
        for name in ("src", "href", "action"):
            assert not urlsplit(str(element.get(name, ""))).netloc, f"{element.name} leads away: {element.get(name)}"
    for table in page.find_all("table"):
        assert table.find("caption"), "a table without a caption"
    return page


def _check_ids(page: BeautifulSoup) -> None:
    ids = [str(element["id"]) for element in page.find_all(id=True)]
    twice = {each for each in ids if ids.count(each) > 1}
    assert not twice, f"ids twice: {twice}"
    for element in page.find_all(attrs={"aria-describedby": True}):
        for each in str(element["aria-describedby"]).split():
            assert each in ids, f"described by {each}, which is not there"


def _check_inputs(page: BeautifulSoup) -> None:
    for control in page.find_all(["input", "select", "textarea"]):
        if control.get("type") in ("hidden", "submit"):
            continue
        labelled = control.get("aria-label") or control.get("aria-labelledby") or control.find_parent("label")
        identity = control.get("id")
        assert labelled or (identity and page.find("label", attrs={"for": identity})), (
            f"no label: {control.get('name')}"
        )


def _words(text: str) -> str:
    return " ".join(text.split())


class Page:
    """An answer, with its page parsed when there is one."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.text = response.get_data(as_text=True) if response.mimetype.startswith("text/") else ""
        self.location = response.headers.get("Location", "")
        redirect = 300 <= self.status < 400
        check_every_response(response.headers)
        self.html = check_page(self.text) if response.mimetype == "text/html" and not redirect else None

    def form(self, action: str | None = None, having: str | None = None) -> dict[str, Any]:
        """Return the fields of a form of the page as a browser would send them untouched."""
        assert self.html is not None
        for form in self.html.select("main form, #main-content form"):
            if action is not None and form.get("action") != action:
                continue
            if having is not None and not form.find(attrs={"name": having}):
                continue
            return _fields(form)
        raise AssertionError(f"no such form: action={action} having={having}")

    @property
    def words(self) -> str:
        """Return the page's text with single blanks."""
        assert self.html is not None
        return _words(self.html.get_text(" "))

    @property
    def errors(self) -> list[str]:
        """Return the lines of the error summary."""
        assert self.html is not None
        return [_words(line.get_text()) for line in self.html.select(".govuk-error-summary__list li")]


def _fields(form: Tag) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for control in form.find_all(["input", "textarea", "select"]):
        name, kind = str(control.get("name", "")), control.get("type")
        if not name or kind == "submit" or (kind in ("radio", "checkbox") and not control.has_attr("checked")):
            continue
        if control.name == "textarea":
            value: Any = control.get_text().removeprefix("\n")
        elif control.name == "select":
            chosen = control.find("option", selected=True) or control.find("option")
            value = str(chosen.get("value", "")) if chosen else ""
        else:
            value = str(control.get("value", "on" if kind == "checkbox" else ""))
        if kind == "checkbox":
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return fields


class PageClient:
    """A browser without script: keeps cookies, sends the CSRF token, checks every page."""

    BASE = "https://localhost"

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> Page:
        """Fetch a page."""
        return Page(self.client.get(path, base_url=self.BASE, **options))

    def post(self, path: str, data: dict[str, Any] | None = None, *, token: bool = True, **options: Any) -> Page:
        """Send a form, with the session's CSRF token unless told not to."""
        sent = dict(data or {})
        if token and "csrf_token" not in sent:
            sent["csrf_token"] = self.csrf_token()
        return Page(self.client.post(path, base_url=self.BASE, data=sent, headers={"Referer": self.BASE}, **options))

    def follow(self, page: Page) -> Page:
        """Follow a redirect."""
        assert page.location, f"no redirect: {page.status} {page.errors if page.html else ''}"
        return self.get(page.location)

    def csrf_token(self) -> str:
        """Return a CSRF token of this session, from a page that has a form."""
        page = self.get("/sign-in")
        if page.location:
            page = self.get(page.location)
        assert page.html is not None
        field = page.html.find("input", attrs={"name": "csrf_token"})
        assert isinstance(field, Tag)
        return str(field["value"])

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in and return the answer."""
        return self.post("/sign-in", {"email": email, "password": password})
