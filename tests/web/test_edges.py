"""The edge of the service: headers on every status, errors without an inside, tokens, redirects, hosts, ends of sessions."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.exc import OperationalError

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.core.errors import UnavailableError
from safeguarding.extensions import db
from safeguarding.web.metrics import BLOCKED
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import PHRASE, make_somebody
from tests.support.headers import check_headers
from tests.support.pages import Page, PageClient

LOCAL = re.compile(r"/(?![/\\])[!-~]*")


def broken(error: Exception) -> Callable[..., Any]:
    """Return a view that fails."""

    def view(**_values: Any) -> Any:
        raise error

    view.__dict__["needs"] = "public"
    return view


def refused_database(text: str = "could not connect to db.internal as panels_owner") -> OperationalError:
    return OperationalError("SELECT secret_column FROM person", {}, Exception(text))


@pytest.fixture
def worker(sign_in: SignIn) -> PageClient:
    return sign_in(Role.SOCIAL_WORKER)


def test_the_headers_stand_on_every_status(
    app: Flask, worker: PageClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
        case = make_case(somebody)
    stale = sign_in(somebody)
    form = stale.get(f"/cases/{case.ref}/revise").form()
    monkeypatch.setitem(app.view_functions, "web.cookies", broken(RuntimeError("a secret inside")))
    monkeypatch.setitem(app.view_functions, "web.privacy", broken(UnavailableError("the audit's head is missing")))
    nobody = PageClient(app.test_client())
    answers = {
        200: nobody.get("/sign-in"),
        303: nobody.get("/my-work"),
        400: worker.post("/sign-out", token=False),
        401: nobody.post("/sign-out", {"csrf_token": nobody.csrf_token()}),
        403: worker.get("/admin/people"),
        404: worker.get("/cases/CA-0000-0000"),
        405: worker.post("/accessibility"),
        409: stale.post(f"/cases/{case.ref}/revise", form | {"version": "0", "going_on": "Something else."}),
        413: worker.post("/people", {"q": "x" * 17_000_000}),
        422: nobody.post("/sign-in", {"email": "", "password": ""}),
        500: worker.get("/cookies"),
        503: worker.get("/privacy"),
    }
    for status, page in answers.items():
        assert page.status == status
        check_headers(page.response)
        assert status == 303 or page.html is not None  # the page client held the page to the rules
    assert answers[405].response.headers["Allow"]
    assert answers[503].response.headers["Retry-After"] == "5"
    head = worker.client.head("/my-work", base_url=worker.BASE)
    assert (head.status_code, head.data) == (200, b"")
    check_headers(head)
    check_headers(worker.client.options("/my-work", base_url=worker.BASE))


def test_only_an_asset_with_its_mark_may_be_kept(anonymous: PageClient) -> None:
    page = anonymous.get("/sign-in")
    assert page.html is not None
    links = [str(link["href"]) for link in page.html.find_all("link", rel="stylesheet")]
    marked = next(link for link in links if link.startswith("/static/") and "?v=" in link)
    for path in (marked, marked.partition("?")[0], "/static/css/none.css?v=1", "/brand.css", "/health"):
        with anonymous.client.get(path, base_url=anonymous.BASE) as answer:
            check_headers(answer, kept=path == marked)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("secret_column of panels_owner"), 500),
        (refused_database(), 503),
        (UnavailableError("secret_column of panels_owner"), 503),
        (RecursionError("secret_column of panels_owner"), 500),
    ],
)
def test_a_failure_shows_nothing_of_the_inside_and_can_be_found_in_the_log(
    app: Flask,
    anonymous: PageClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
) -> None:
    monkeypatch.setitem(app.view_functions, "web.cookies", broken(error))
    with caplog.at_level(logging.ERROR):
        page = anonymous.get("/cookies")
    assert page.status == status
    for inside in ("secret_column", "panels_owner", "db.internal", "Traceback", "sqlalchemy", "Werkzeug", "Flask"):
        assert inside not in page.text
    number = page.response.headers["X-Request-ID"]
    assert number in page.words
    if not isinstance(error, UnavailableError):
        assert number in [getattr(record, "request_id", None) for record in caplog.records]


def test_an_error_page_that_fails_is_a_plain_sentence(
    app: Flask, anonymous: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.view_functions, "web.cookies", broken(RuntimeError("inside")))
    monkeypatch.setitem(app.jinja_env.globals, "asset", broken(RuntimeError("no style sheets either")))
    page = anonymous.get("/cookies")
    assert (page.status, page.response.mimetype) == (500, "text/plain")
    assert "inside" not in page.text
    check_headers(page.response)


def test_a_failure_within_a_change_keeps_nothing_of_it(
    app: Flask, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
        case = make_case(somebody)
    client = sign_in(somebody)
    path = f"/cases/{case.ref}/revise"
    form = client.get(path).form() | {"going_on": "Written, and then it failed."}
    revise = app.view_functions["cases.revise"]

    def fails_at_the_end(**values: Any) -> Any:
        assert revise(**values).status_code == 303
        raise RuntimeError("after everything was done")

    fails_at_the_end.__dict__["needs"] = revise.__dict__["needs"]
    monkeypatch.setitem(app.view_functions, "cases.revise", fails_at_the_end)
    assert client.post(path, form).status == 500
    monkeypatch.undo()
    assert "Written, and then it failed." not in client.get(path).text
    assert client.post(path, form).status == 303, "the version was left as it was"


# --- tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/people", "/people/add"])
def test_a_form_without_its_own_sessions_token_is_refused(
    app: Flask, worker: PageClient, sign_in: SignIn, path: str
) -> None:
    colleague = sign_in(Role.SOCIAL_WORKER)
    tokens = (None, "", "x", colleague.csrf_token(), PageClient(app.test_client()).csrf_token())
    for token in tokens:
        sent = {"q": "Kayden", "email": "a@b.example", "password": PHRASE} | ({"csrf_token": token} if token else {})
        page = worker.post(path, sent, token=False)
        assert page.status == 400, token
        assert "Go back" in page.words
    assert worker.get("/my-work").status == 200


def test_the_token_changes_with_whoever_signs_in_and_out(app: Flask, anonymous: PageClient) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
    before = anonymous.csrf_token()
    cookie = anonymous.client.get_cookie("__Host-session")
    assert anonymous.sign_in(somebody.email, PHRASE).status == 303
    after = anonymous.client.get_cookie("__Host-session")
    assert cookie is not None
    assert after is not None
    assert cookie.value != after.value, "a session that was planted before sign-in is nobody's afterwards"
    assert anonymous.post("/sign-out", {"csrf_token": before}).status == 400
    signed_in = anonymous.csrf_token()
    assert anonymous.post("/sign-out", {"csrf_token": signed_in}).status == 303
    assert anonymous.post("/sign-in", {"csrf_token": signed_in, "email": somebody.email}).status == 400


def test_the_cookie_is_for_this_host_over_https_and_no_script(app: Flask, anonymous: PageClient) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
    answer = anonymous.sign_in(somebody.email, PHRASE).response
    cookies = answer.headers.getlist("Set-Cookie")
    assert sorted(cookie.partition("=")[0] for cookie in cookies) == ["__Host-device", "__Host-session"]
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(part.startswith("domain") for part in attributes)
        assert len(cookie) < 4096
        assert re.match(r"__Host-[a-z]+=[A-Za-z0-9_-]{40,60};", cookie), "a random token, and nothing in it"


# --- where a redirect leads -------------------------------------------------------------------------------------------

ELSEWHERE = (
    "https://evil.example/",
    "http:evil.example",
    "//evil.example/",
    "///evil.example/",
    "////evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "/\r/evil.example/",
    "/\x00/evil.example/",
    "/%09/evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/ /evil.example",
    " //evil.example",
    "\t//evil.example",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "evil.example",
    "//user@evil.example/",
    "https:/evil.example",
    "https:///evil.example",
    "//evil。example",
    "/\N{FULLWIDTH SOLIDUS}evil.example",
    "/\u2028/evil.example",
    "//[::1]/",
    "//[evil",
    "/my-work\r\nSet-Cookie: planted=1",
    "/my-work\r\n\r\n<script>alert(1)</script>",
    "/" + "x" * 5_000,
    "/\ud800",
    "",
    "?next=//evil.example",
    "#//evil.example",
)


@pytest.mark.parametrize("way", ["form", "address"])
def test_signing_in_leads_to_a_page_of_ours_alone(app: Flask, way: str) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
    client = PageClient(app.test_client())
    known = {"email": somebody.email, "password": PHRASE}
    for target in ELSEWHERE:
        typed = target.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        if way == "form":
            answer = client.post("/sign-in", {**known, "next": typed})
            client.client.delete_cookie("__Host-session", domain="localhost")
        else:
            answer = Page(client.client.get("/sign-in", base_url=client.BASE, query_string={"next": typed}))
            if answer.status == 200:  # the first time nobody is signed in, and the form carries it on
                answer = client.post("/sign-in", answer.form() | known)
        assert answer.status == 303, target
        assert LOCAL.fullmatch(answer.location), (target, answer.location)
        assert "evil" not in answer.location or answer.location == "/%09/evil.example", (target, answer.location)
        assert "planted" not in str(answer.response.headers)


@pytest.mark.parametrize("target", ["/cases", "/people?a=b&c=%2F%2Fevil", "/panels/mave/meetings/MT-0000-0000"])
def test_signing_in_leads_back_to_the_page_that_was_asked_for(app: Flask, anonymous: PageClient, target: str) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
    form = anonymous.follow(anonymous.get(target)).form()
    answer = anonymous.post("/sign-in", form | {"email": somebody.email, "password": PHRASE})
    assert answer.location == target


# --- hosts, sessions, methods -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost@evil.example", "evil.example:443", "127.0.0.2", ""]
)
def test_another_host_is_refused_and_never_named(anonymous: PageClient, host: str) -> None:
    for path in ("/sign-in", "/my-work", "/no-such-page"):
        answer = anonymous.client.get(path, base_url=anonymous.BASE, headers={"Host": host})
        assert answer.status_code == 400, (host, path)
        assert not host or host not in answer.get_data(as_text=True)
        assert "Location" not in answer.headers


def test_a_forwarded_host_is_not_believed_without_a_proxy(anonymous: PageClient) -> None:
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
    answer = anonymous.get("/my-work", headers=forwarded)
    assert answer.location == "/sign-in?next=/my-work"


def test_a_session_ends_after_twelve_hours_however_busy(sign_in: SignIn) -> None:
    start = clock.now()
    client = sign_in(Role.SOCIAL_WORKER)
    for minutes in range(25, 12 * 60, 25):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert client.get("/my-work").status == 200, minutes
    with time_machine.travel(start + timedelta(hours=12, minutes=1), tick=False):
        page = client.get("/my-work")
        assert page.location.startswith("/sign-in")
        assert client.post("/sign-out", {"csrf_token": "x"}).status == 401


def test_an_ended_session_is_sent_back_to_where_it_was(sign_in: SignIn) -> None:
    client = sign_in(Role.SOCIAL_WORKER)
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        assert client.get("/cases?page=2").location == "/sign-in?next=/cases?page%3D2"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"])
def test_a_method_that_no_page_has_is_refused(worker: PageClient, method: str) -> None:
    for path in ("/my-work", "/people", "/health"):
        answer = worker.client.open(path, method=method, base_url=worker.BASE)
        assert answer.status_code in (400, 405), path
        check_headers(answer)


def test_a_method_in_disguise_changes_nothing(worker: PageClient) -> None:
    answer = worker.client.get(
        "/sign-out", base_url=worker.BASE, headers={"X-HTTP-Method-Override": "POST"}, query_string={"_method": "POST"}
    )
    assert answer.status_code == 405
    assert worker.get("/my-work").status == 200


OTHER_SITE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
FOLLOWED = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        (FOLLOWED, 200),
        (FOLLOWED | {"Sec-Fetch-Dest": "iframe"}, 403),
        (OTHER_SITE, 403),
        (OTHER_SITE | {"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_what_another_site_sends_is_refused_but_for_a_link_that_somebody_followed(
    app: Flask, sign_in: SignIn, headers: dict[str, str], status: int
) -> None:
    browser = sign_in(Role.PRACTITIONER)
    for path in ("/my-work", "/cases"):
        page = browser.get(path, headers=headers)
        assert page.status == status
        with app.app_context():
            number = page.response.headers["X-Request-ID"]
            events = db.session.scalars(db.select(AuditEvent.event).where(AuditEvent.request_id == number)).all()
        assert ("access:request:refused" in events) is (status == 403)
    assert PageClient(app.test_client()).get("/sign-in", headers=headers).status == status


def test_another_site_signs_nobody_in_and_changes_nothing(app: Flask) -> None:
    with app.app_context(), unit_of_work():
        somebody = make_somebody(Role.PRACTITIONER)
    browser = PageClient(app.test_client())
    form = browser.get("/sign-in").form() | {"email": somebody.email, "password": PHRASE}
    headers = FOLLOWED | {"Referer": browser.BASE}
    assert browser.client.post("/sign-in", base_url=browser.BASE, data=form, headers=headers).status_code == 403
    assert browser.get("/my-work").status == 303


def test_a_browser_says_what_the_policy_stopped_and_it_is_counted_and_not_kept(app: Flask) -> None:
    report = (
        b'{"csp-report": {"document-uri": "https://localhost/people/YP-7F3K-2M9Q", "violated-directive": "img-src"}}'
    )
    before = BLOCKED._value.get()
    answer = app.test_client().post("/policy-reports", data=report, content_type="application/csp-report")
    assert (answer.status_code, answer.data) == (204, b"")
    assert BLOCKED._value.get() == before + 1
    assert "report-uri /policy-reports" in answer.headers["Content-Security-Policy"]
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(AuditEvent)) == 0
