"""Walking through the service as a role does: from the first page, by links, a few of each kind."""

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask
from lxml.html import HtmlElement

from tests.support.pages import Page, PageClient

OF_EACH_KIND = 3
ACCOUNTS = (
    "chair",
    "vice-chair",
    "coordinator",
    "practitioner",
    "social-worker",
    "police",
    "health",
    "education",
    "lead",
    "analyst",
    "information-governance",
    "auditor",
    "admin",
)


def walk(app: Flask, client: PageClient, start: str = "/my-work") -> Iterator[tuple[str, Page]]:
    """Yield (path, page) for pages reached by links from a page, a few of each endpoint."""
    seen: set[str] = set()
    kinds: Counter[str] = Counter()
    waiting = [start]
    while waiting:
        path = waiting.pop(0)
        endpoint = _endpoint(app, path)
        if path in seen or endpoint is None or kinds[endpoint] >= OF_EACH_KIND:
            continue
        seen.add(path)
        kinds[endpoint] += 1
        page = client.get(path)
        yield path, page
        if page.tree is not None:
            waiting += [_path(link.get("href")) for link in page.tree.iter("a") if link.get("href") is not None]


def forms_of(page: Page) -> Iterator[HtmlElement]:
    """Yield the POST forms of a page's main part."""
    if page.tree is not None:
        for form in page.tree.xpath("//*[@id='main-content']//form"):
            if form.get("method", "").lower() == "post":
                yield form


def _path(href: str) -> str:
    parts = urlsplit(href)
    return parts.path + (f"?{parts.query}" if parts.query else "") if not parts.netloc else ""


def _endpoint(app: Flask, path: str) -> str | None:
    if not path.startswith("/") or path.startswith("/static"):
        return None
    with app.test_request_context(path, base_url=PageClient.BASE) as context:
        return context.request.endpoint
