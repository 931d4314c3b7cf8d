"""Forms as a walk finds them: their controls, a plausible filling of each, and what stands in them in an answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from typing import TypedDict
from urllib.parse import urlencode, urlsplit

from flask import Flask
from lxml.html import HtmlElement
from werkzeug.datastructures import FileMultiDict

from safeguarding.core import clock
from safeguarding.web.once import new_key
from tests.demonstration.walk import forms_of
from tests.support.pages import Page, PageClient

Pairs = list[tuple[str, str]]


class Encoded(TypedDict):
    """A body with its type."""

    data: bytes
    content_type: str


_DATE_PARTS = ("-day", "-month", "-year")
# Lines that take one form of text alone, with one that will do; empty where it may be left out.
_EXACT = {
    "postcode": "ML1 2AB",
    "latitude": "51.4613",
    "longitude": "-0.1156",
    "nhs_number": "",
    "upn": "",
    "linked_ref": "",
    "actor": "",
    "subject": "",
    "deferred_to": "",
    "own_words_absent_reason": "",
}
_DAYS = ("next_review",)  # a day typed into one line, as are those of actions in a table
_AHEAD = ("review", "due", "to_on", "starts_on", "next_step")


@dataclass(frozen=True)
class Control:
    """One control of a form.

    `kind`: free, exact, day, date, clock, number, address, secret, select, radio, tick, hidden, button, token.
    """

    name: str
    kind: str
    value: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundForm:
    """A form that posts: where it was found, where it leads, which endpoint answers it."""

    page: str
    action: str
    endpoint: str
    controls: tuple[Control, ...]

    @property
    def kind(self) -> tuple[str, frozenset[str]]:
        """Return what makes two forms the same form: the endpoint and the names of what can be typed or chosen."""
        return self.endpoint, frozenset(each.name for each in self.controls)

    @property
    def free(self) -> tuple[str, ...]:
        """Return the names of the fields for free text."""
        return tuple(each.name for each in self.controls if each.kind == "free")

    @property
    def typed(self) -> tuple[str, ...]:
        """Return the names of the fields in which a date, a time, a number or an address is typed."""
        return tuple(
            each.name for each in self.controls if each.kind in ("exact", "day", "date", "clock", "number", "address")
        )

    @property
    def kept_back(self) -> tuple[str, ...]:
        """Return the names of what nobody types: the token and what is hidden."""
        return tuple(each.name for each in self.controls if each.kind in ("token", "hidden", "button"))

    def filled(self, text: str | Callable[[Control], str] = "Seen at home, well.") -> Pairs:
        """Return what a person would plausibly send, with `text` (or what it returns for a control) as free text."""
        sent: Pairs = []
        for each in self.controls:
            if each.kind == "free":
                sent.append((each.name, text if isinstance(text, str) else text(each)))
            elif (value := _plausible(each)) is not None:
                sent.append((each.name, value))
        return sent


def renewed(form: FoundForm, token: str) -> FoundForm:
    """Return a form as somebody else, or the same person later, would find it: with their token and a fresh key."""
    fresh = {"csrf_token": lambda: token, "once": new_key}
    return replace(
        form,
        controls=tuple(
            replace(each, value=fresh[each.name]()) if each.name in fresh else each for each in form.controls
        ),
    )


def described(app: Flask, path: str, page: Page) -> Iterator[FoundForm]:
    """Yield the forms of a page."""
    for form in forms_of(page):
        action = str(form.get("action") or path)
        with app.test_request_context(urlsplit(action).path, base_url=PageClient.BASE, method="POST") as context:
            endpoint = context.request.endpoint or ""
        yield FoundForm(path, action, endpoint, tuple(_controls(form)))


def posted(client: PageClient, form: FoundForm, pairs: Pairs) -> Page:
    """Send pairs to a form, byte for byte: also what is no valid text."""
    return raw(client, form.action, **encoded(pairs))


def encoded(pairs: Pairs) -> Encoded:
    """Return pairs as the body that a browser would send."""
    body = urlencode(pairs, encoding="utf-8", errors="surrogatepass").encode()
    return {"data": body, "content_type": "application/x-www-form-urlencoded"}


def posted_as_files(client: PageClient, form: FoundForm, pairs: Pairs) -> Page:
    """Send pairs to a form with a file in place of every text, but for the token."""
    data: FileMultiDict = FileMultiDict()
    for name, value in pairs:
        if name == "csrf_token":
            data.add(name, value)
        else:
            content = BytesIO(value.encode("utf-8", "replace"))
            data.add_file(name, content, filename=value[:40] or "empty", content_type="application/octet-stream")
    return Page(client.client.post(form.action, base_url=client.BASE, data=data, headers={"Referer": client.BASE}))


def raw(client: PageClient, path: str, data: bytes, content_type: str | None) -> Page:
    """Send a body as it is."""
    headers = {"Referer": client.BASE}
    return Page(client.client.post(path, base_url=client.BASE, data=data, content_type=content_type, headers=headers))


def standing(page: Page) -> dict[str, list[str]]:
    """Return what stands in each text field of a page, by name, forms together."""
    assert page.tree is not None
    values: dict[str, list[str]] = {}
    for control in page.tree.iter("input", "textarea"):
        if control.get("type") not in ("hidden", "submit", "radio", "checkbox", "password", "file"):
            text = _typed(control) if control.tag == "textarea" else control.get("value", "")
            values.setdefault(control.get("name", ""), []).append(text)
    return values


def _typed(area: HtmlElement) -> str:
    return area.text_content().removeprefix("\n")


def with_value(form: FoundForm, kinds: frozenset[str], value: str) -> Pairs:
    """Return a plausible filling in which every control of some kinds has this value instead."""
    chosen = {each.name for each in form.controls if each.kind in kinds}
    pairs = [(name, value if name in chosen else sent) for name, sent in form.filled()]
    return pairs + [(name, value) for name in sorted(chosen - {name for name, _value in pairs})]


def _plausible(control: Control) -> str | None:
    day = clock.today() + timedelta(days=14 if any(word in control.name for word in _AHEAD) else 0)
    if control.kind == "date":
        return str(getattr(day, control.name.rpartition("-")[2]))
    if control.kind == "day":
        return f"{day.day}/{day.month}/{day.year}"
    if control.kind in ("select", "radio"):
        return next((each for each in control.options if each), "")
    if control.kind == "tick":
        return control.options[0] if control.options else None
    filler = {
        "clock": "16:30" if "end" in control.name else "00:00",  # of today, and that is past
        "exact": _EXACT.get(control.name, ""),
        "number": "5",
        "address": "somebody.new@marlbridge.example",
        "secret": "a pass phrase",
    }
    return filler.get(control.kind, control.value)


def _controls(form: HtmlElement) -> Iterator[Control]:
    grouped: dict[str, Control] = {}
    for element in form.iter("input", "textarea", "select", "button"):
        name = element.get("name", "")
        if not name:
            continue
        control = _control(form, element, name)
        known = grouped.get(name)
        if known is None:
            grouped[name] = control
        elif control.kind in ("radio", "tick"):
            grouped[name] = replace(known, options=(*known.options, *control.options))
    buttons = [each for each in grouped.values() if each.kind == "button"]
    yield from (each for each in grouped.values() if each.kind != "button" or each is buttons[0])


def _control(form: HtmlElement, element: HtmlElement, name: str) -> Control:
    value, kind = element.get("value", ""), element.get("type", "text")
    if element.tag == "button":
        return Control(name, "button", value)
    if element.tag == "select":
        return Control(name, "select", "", tuple(each.get("value", "") for each in element.iter("option")))
    if element.tag == "textarea":
        return Control(name, "free", _typed(element))
    if kind in ("radio", "checkbox"):
        return Control(name, "radio" if kind == "radio" else "tick", "", (value or "on",))
    if kind == "hidden":
        return Control(name, "token" if name == "csrf_token" else "hidden", value)
    return Control(name, _kind_of_line(form, element, name, kind), value)


def _kind_of_line(form: HtmlElement, element: HtmlElement, name: str, kind: str) -> str:
    if name.endswith(_DATE_PARTS):
        return "date"
    if kind == "password":
        return "secret"
    if kind == "email" or name == "email":
        return "address"
    if element.get("inputmode") == "numeric" or kind == "number":
        return "number"
    described_by = element.get("aria-describedby", "").split()
    hints = [each.text_content() for each in form.iter() if each.get("id") in described_by]
    if name in _EXACT:
        return "exact"
    if name in _DAYS or name.endswith("-due"):
        return "day"
    if name.endswith(("_time", "_at")) or any("2:30pm" in hint for hint in hints):
        return "clock"
    return "free"
