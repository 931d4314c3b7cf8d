"""Every route by every status that it can be brought to answer: its headers, a plain page, a number to quote, no inside."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import TooManyRequests
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import GRANTS, Role
from safeguarding.core.errors import UnavailableError
from safeguarding.web.guard import needs_of
from tests.architecture.test_views import address, methods
from tests.conftest import SignIn
from tests.support.headers import check_headers
from tests.support.pages import PageClient
from tests.support.undoing import undone

BASE = PageClient.BASE
INSIDE = re.compile(
    r"Traceback|secret_column|panels_owner|db\.internal|SELECT |sqlalchemy|psycopg|sqlite|werkzeug|jinja|gunicorn"
    r"|Flask|Python/|\.py\b|/site-packages/|0x[0-9a-f]{8}",
    re.IGNORECASE,
)
TOO_LARGE = {"CONTENT_LENGTH": str(17 << 20), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
# What is wrong in a form is said in the form itself, which says what to do; so does the page of a link that has run out.
IN_THE_FORM = (409, 422)
RUN_OUT = "/account-link/"
# What answers its scripts and watchers in a line of JSON, and says no more than yes or no.
SAYS_YES_OR_NO = {"/health", "/ready"}

on_sqlite = pytest.mark.parametrize("standing", ["sqlite"], indirect=True)


def broken(error: Exception) -> Callable[..., Any]:
    """Return a view, of everybody's, that fails."""

    def view(**_values: Any) -> Any:
        raise error

    view.__dict__["needs"] = "public"
    return view


ERRORS = {
    429: TooManyRequests("secret_column of panels_owner"),
    500: RuntimeError("SELECT secret_column FROM person"),
    503: OperationalError("SELECT secret_column FROM person", {}, Exception("db.internal refuses panels_owner")),
    -503: UnavailableError("secret_column of panels_owner"),
}


def check(answer: TestResponse, where: str) -> int:
    """Hold an answer to the rules, and return its status."""
    kept = where.startswith("/static") and "?v=" in where and answer.status_code == 200
    try:
        check_headers(answer, kept=kept)
    except (AssertionError, KeyError) as wrong:
        raise AssertionError(f"{where} {answer.status_code}: {wrong}") from wrong
    if answer.status_code >= 400:
        said = answer.get_data(as_text=True)
        assert not (found := INSIDE.search(said)), f"{where} {answer.status_code} says {found}"
        if answer.mimetype == "text/html":
            quoted = answer.headers["X-Request-ID"] in said
            tells = answer.status_code in IN_THE_FORM or where.startswith(RUN_OUT)
            assert quoted or tells, f"{where} {answer.status_code}: no number to quote"
        else:
            assert len(said) < 200, f"{where} {answer.status_code} says {said[:200]}"
    answer.close()
    return answer.status_code


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every rule with an address that names nothing there is."""
    for rule in app.url_map.iter_rules():
        yield rule, "/static/css/none.css" if rule.endpoint == "static" else address(rule)


class Sender:
    """Sends a route all that makes it answer otherwise, and counts the statuses that come back."""

    def __init__(self, app: Flask, sign_in: SignIn) -> None:
        self.met: Counter[int] = Counter()
        self._app, self._views = app, dict(app.view_functions)
        self._nobody = PageClient(app.test_client()).client
        self._outsider, self._insider = sign_in(Role.ADMIN).client, sign_in(Role.SOCIAL_WORKER)
        self._token = self._insider.csrf_token()

    def ask(self, rule: Rule, path: str) -> None:
        """Ask as nobody, and as somebody who may or may not."""
        needed = needs_of(self._views[rule.endpoint])
        held = isinstance(needed, Permission) and needed in GRANTS[Role.SOCIAL_WORKER]
        client = self._insider.client if held else self._outsider
        for method in sorted(methods(rule)):
            self._note(self._nobody.open(path, method=method, base_url=BASE), path)
            if rule.endpoint not in ("accounts.sign_out", "accounts.lock"):  # the browser is needed again
                data = {"csrf_token": self._token} if method == "POST" and held else None
                self._note(client.open(path, method=method, base_url=BASE, data=data), path)

    def misuse(self, rule: Rule, path: str) -> None:
        """Send too much, by a method that the route has not, to another host, and to an address beyond it."""
        if "POST" in methods(rule):
            self._note(self._nobody.post(path, base_url=BASE, environ_overrides=TOO_LARGE), path)
        refused = "POST" if "POST" not in methods(rule) else "GET" if "GET" not in methods(rule) else "DELETE"
        self._note(self._nobody.open(path, method=refused, base_url=BASE), path)
        self._note(self._nobody.get(f"{path}/no/such/page", base_url=BASE), path)
        self._note(self._nobody.get(path, base_url=BASE, headers={"Host": "evil.example"}), path)

    def fail(self, rule: Rule, path: str, status: int) -> None:
        """Let the route's view fail so that it must answer with a status."""
        method = "GET" if "GET" in methods(rule) else "POST"
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(self._app.view_functions, rule.endpoint, broken(ERRORS[status]))
            patched.setitem(self._app.config, "WTF_CSRF_ENABLED", False)
            answer = self._nobody.open(path, method=method, base_url=BASE)
        assert answer.status_code == abs(status), f"{path}: {answer.status_code} for {status}"
        self._note(answer, path)

    def _note(self, answer: TestResponse, path: str) -> None:
        self.met[check(answer, path)] += 1


@on_sqlite
def test_every_route_keeps_to_the_rules_whatever_it_answers(app: Flask, sign_in: SignIn) -> None:
    sender, statuses = Sender(app, sign_in), cycle(ERRORS)
    with undone():
        for number, (rule, path) in enumerate(routes(app)):
            sender.ask(rule, path)
            sender.fail(rule, path, next(statuses))
            if number % 4 == 0:
                sender.misuse(rule, path)
    assert {200, 303, 400, 401, 403, 404, 405, 413, 429, 500, 503} <= set(sender.met), sender.met


@pytest.mark.slow
@on_sqlite
def test_every_route_keeps_to_the_rules_by_every_status(app: Flask, sign_in: SignIn) -> None:
    sender = Sender(app, sign_in)
    with undone():
        for rule, path in routes(app):
            sender.ask(rule, path)
            sender.misuse(rule, path)
            for status in ERRORS:
                sender.fail(rule, path, status)
    assert sum(sender.met.values()) > 1_000


@on_sqlite
def test_health_counts_and_readiness_tell_strangers_nothing(anonymous: PageClient) -> None:
    for path in sorted(SAYS_YES_OR_NO):
        answer = anonymous.client.get(path, base_url=BASE)
        assert check(answer, path) == 200
        assert answer.get_json() == {"ok": True}
    assert check(anonymous.client.get("/metrics", base_url=BASE), "/metrics") == 404


@on_sqlite
def test_a_header_that_is_missing_and_an_inside_that_is_shown_are_noticed(anonymous: PageClient) -> None:
    answer = anonymous.client.get("/no-such-page", base_url=BASE)
    answer.headers.remove("Permissions-Policy")
    with pytest.raises(AssertionError):
        check(answer, "/no-such-page")
    answer = anonymous.client.get("/no-such-page", base_url=BASE)
    answer.set_data(answer.get_data() + b"Traceback (most recent call last)")
    with pytest.raises(AssertionError, match="Traceback"):
        check(answer, "/no-such-page")
