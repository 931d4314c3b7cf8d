"""Every view is guarded, addresses are written one way, and nothing typed into one breaks the service."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from safeguarding import create_app, registration
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import GRANTS, Role
from safeguarding.web.guard import UnguardedViewError, needs_of
from tests.conftest import SignIn
from tests.support.databases import settings_for
from tests.support.pages import PageClient

PUBLIC = {
    "metrics.metrics",
    "metrics.policy_report",
    "accounts.pass_by",
    "accounts.passkey_options",
    "accounts.second_factor",
    "accounts.set_up",
    "accounts.set_up_app",
    "accounts.set_up_app_code",
    "accounts.set_up_passkey",
    "accounts.sign_in",
    "accounts.use_passkey",
    "doors.forgotten",
    "doors.forgotten_sent",
    "doors.link",
    "organisation.back",
    "organisation.enter",
    "organisation.go",
    "static",
    "web.accessibility",
    "web.brand_css",
    "web.cookies",
    "web.health",
    "web.privacy",
    "web.ready",
}
# In an address stands what people say aloud: words with hyphens, references, and numbers where they are typed.
_WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.css)?")
_PARAMETER = re.compile(r"<(?:(?P<type>[a-z]+)(?:\(.*\))?:)?(?P<name>[a-z_]+)>")
HOSTILE = (
    "%00",
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "x" * 400,
    "%F0%9F%91%BB",
    "%E2%80%AEYP",
    "'%20or%201=1--",
    "%3Cscript%3E",
    "YP-0000-0000",
    "0",
)
on_sqlite = pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "standing", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def guarded(app: Flask) -> list[Rule]:
    return [rule for rule in rules(app) if rule.endpoint not in PUBLIC]


def methods(rule: Rule) -> set[str]:
    return set(rule.methods or ()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}


def address(rule: Rule, given: str = "YP-0000-0000") -> str:
    """Return an address of a rule, with the same text for each reference in it."""

    def filled(found: re.Match[str]) -> str:
        choice = re.search(r"any\('?([a-z-]+)", found[0])
        return choice[1] if choice else "1" if found["type"] == "int" else given

    return _PARAMETER.sub(filled, rule.rule)


class Browsers:
    """A browser for each page: of the first role that may open it."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in
        self._known: dict[Role, PageClient] = {}

    def of(self, app: Flask, rule: Rule) -> PageClient:
        """Return the browser for a rule; pages of nobody are opened by a lead."""
        needed = needs_of(app.view_functions[rule.endpoint])
        role = next((each for each in Role if needed in GRANTS[each]), Role.LEAD)
        if role not in self._known:
            self._known[role] = self._sign_in(role)
        return self._known[role]


@on_sqlite
def test_only_the_pages_of_nobody_are_open(app: Flask) -> None:
    assert {name for name, view in app.view_functions.items() if needs_of(view) == "public"} == PUBLIC
    for name in set(app.view_functions) - PUBLIC:
        assert isinstance(needs_of(app.view_functions[name]), Permission), name


def test_an_application_with_an_unmarked_view_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered = registration.register_commands

    def plant(app: Flask) -> None:
        registered(app)
        app.add_url_rule("/planted", "planted", lambda: "open to everyone")

    monkeypatch.setattr(registration, "register_commands", plant)
    with pytest.raises(UnguardedViewError, match="planted"):
        create_app(settings_for(tmp_path))


@on_sqlite
def test_nobody_signed_in_gets_nowhere(app: Flask, anonymous: PageClient) -> None:
    token = anonymous.csrf_token()
    for rule in guarded(app):
        for method in methods(rule):
            path = address(rule)
            if method == "GET":
                assert anonymous.get(path).location.startswith("/sign-in?next="), path
            else:
                assert anonymous.post(path, {"csrf_token": token}).status == 401, path


@on_sqlite
def test_an_unsafe_method_always_asks_for_the_token(app: Flask, sign_in: SignIn) -> None:
    clients, colleague = Browsers(sign_in), sign_in(Role.LEAD).csrf_token()
    tokens: dict[PageClient, str] = {}
    for rule in rules(app):
        # A browser's own report of what the content policy stopped has no token, and changes nothing.
        if not methods(rule) - {"GET"} or rule.endpoint == "metrics.policy_report":
            continue
        client, path = clients.of(app, rule), address(rule)
        if client not in tokens:
            tokens[client] = client.csrf_token()
        token = tokens[client]
        altered = ("Y" if token[0] == "X" else "X") + token[1:]
        for sent in (None, altered, colleague):
            data = {} if sent is None else {"csrf_token": sent}
            assert client.client.post(path, base_url=client.BASE, data=data).status_code == 400, (rule.rule, sent)
        answer = client.client.post(path, base_url=client.BASE, json={"csrf_token": token})
        assert answer.status_code == 400, f"{rule.rule} takes its token from JSON, which another site can send"


def _is_well_written(rule: str) -> bool:
    for part in rule.strip("/").split("/") if rule != "/" else []:
        parameter = _PARAMETER.fullmatch(part)
        if parameter:
            named = parameter["name"] == "ref" or parameter["name"].endswith("_ref")
            if not parameter["type"] and not named:
                return False
        elif not _WORD.fullmatch(part):
            return False
    return True


@on_sqlite
def test_addresses_are_words_with_hyphens_and_typed_parameters(app: Flask) -> None:
    assert [rule.rule for rule in rules(app) if not _is_well_written(rule.rule)] == []


@pytest.mark.parametrize("rule", ["/my_work", "/People", "/people/<id>", "/people/", "/people/<ref>/addMore"])
def test_an_address_written_otherwise_is_noticed(rule: str) -> None:
    assert not _is_well_written(rule) or rule.endswith("/")


@on_sqlite
def test_no_address_ends_in_a_slash(app: Flask) -> None:
    assert [rule.rule for rule in rules(app) if rule.rule.endswith("/") and rule.rule != "/"] == []


@on_sqlite
def test_get_never_changes_and_changes_are_posted(app: Flask) -> None:
    assert {method for rule in rules(app) for method in methods(rule)} <= {"GET", "POST"}


def _with_parameters(app: Flask) -> Iterator[Rule]:
    return (rule for rule in guarded(app) if rule.arguments and "GET" in methods(rule))


@on_postgresql
def test_whatever_stands_where_a_reference_belongs_is_not_found(app: Flask, sign_in: SignIn) -> None:
    # On PostgreSQL, which refuses characters that SQLite stores; each page as somebody who may open it.
    clients = Browsers(sign_in)
    for rule in _with_parameters(app):
        client = clients.of(app, rule)
        for given in HOSTILE:
            status = client.get(address(rule, given)).status
            # Of a reference that might be one, the auditor is told who looked: nobody, whether it is one or not.
            expected = (200, 404) if rule.rule.startswith("/audit/subjects/<") else (303, 404)
            assert status in expected, (rule.rule, given, status)
