"""The page client: every page that any test fetches is also held to what every page must be."""

import re
from collections import Counter
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import justhtml
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from werkzeug.test import TestResponse

from tests.support.headers import check_every_response

_INLINE = re.compile(r"^on[a-z]+$")


def check_page(text: str) -> HtmlElement:
    """Hold a page to the rules and return it parsed; an AssertionError names what is wrong."""
    _check_syntax(text)
    page: HtmlElement = document_fromstring(text.encode(), parser=_PARSER)
    everything = [each for each in page.iter() if isinstance(each.tag, str)]
    headings = [each for each in everything if each.tag == "h1"]
    assert len(headings) == 1, f"{len(headings)} h1"
    heading, title = _words(headings[0].text_content()), _words(page.findtext(".//title") or "")
    assert title.removeprefix("Error: ").startswith(heading), f"title {title!r} does not start with h1 {heading!r}"
    labels = {each.get("for") for each in everything if each.tag == "label"}
    ids = Counter(each.get("id") for each in everything if each.get("id"))
    twice = {each for each, times in ids.items() if times > 1}
    assert not twice, f"ids twice: {twice}"
    for element in everything:
        _check_element(element)
        if element.tag in ("input", "select", "textarea"):
            _check_labelled(element, labels)
        for each in (element.get("aria-describedby") or "").split():
            assert each in ids, f"described by {each}, which is not there"
        if element.tag == "form" and element.get("method", "").lower() == "post":
            assert any(each.get("name") == "csrf_token" for each in element.iter("input")), (
                f"no CSRF token in the form to {element.get('action')}"
            )
        if element.tag == "table":
            assert element.find(".//caption") is not None, "a table without a caption"
    for link in page.find_class("govuk-error-summary"):
        for leads in link.iter("a"):
            assert leads.get("href").removeprefix("#") in ids, f"error summary leads nowhere: {leads.get('href')}"
    return page


_PARSER = HTMLParser(encoding="utf-8")
_VALUES = re.compile(r'="[^"]*"')
_TEXTS = re.compile(r">[^<>]+<")
_valid: set[int] = set()


def _check_syntax(text: str) -> None:
    """Hold a page to the syntax of HTML; one that differs from a valid page in texts and values alone is valid too."""
    shape = hash(_TEXTS.sub("><", _VALUES.sub("=", text)))
    if shape not in _valid:
        errors = justhtml.JustHTML(text, collect_errors=True).errors
        assert not errors, f"not valid HTML: {[str(error) for error in errors][:5]}"
        _valid.add(shape)


def _check_element(element: HtmlElement) -> None:
    assert element.tag != "style", "inline style sheet"
    assert element.tag != "script" or element.get("src"), "inline script"
    for name, value in element.items():
        assert name != "style", f"inline style on {element.tag}"
        assert not _INLINE.match(name), f"inline handler on {element.tag}"
        if name in ("src", "href", "action"):
            assert not urlsplit(value).netloc, f"{element.tag} leads away: {value}"


def _check_labelled(control: HtmlElement, labels: set[str | None]) -> None:
    if control.get("type") in ("hidden", "submit"):
        return
    named = control.get("aria-label") or control.get("aria-labelledby") or control.get("id") in labels
    assert named or any(each.tag == "label" for each in control.iterancestors()), f"no label: {control.get('name')}"


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
        self.tree = check_page(self.text) if response.mimetype == "text/html" and not redirect else None

    @cached_property
    def html(self) -> BeautifulSoup | None:
        """The page to search in; None when the answer has none."""
        return None if self.tree is None else BeautifulSoup(self.text, "lxml")

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
        assert self.tree is not None
        return _words(" ".join(self.tree.xpath("//text()[not(parent::script or ancestor::template)]")))

    @property
    def errors(self) -> list[str]:
        """Return the lines of the error summary."""
        assert self.tree is not None
        lists = self.tree.find_class("govuk-error-summary__list")
        return [_words(line.text_content()) for each in lists for line in each.iter("li")]


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
        assert page.tree is not None
        return next(each.get("value") for each in page.tree.iter("input") if each.get("name") == "csrf_token")

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in and return the answer."""
        return self.post("/sign-in", {"email": email, "password": password})
