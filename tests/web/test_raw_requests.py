"""What reaches the served service byte for byte: requests that lie about their length, their host or where they come
from, that are too large, or that never end."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import create_engine, text
from werkzeug.datastructures import Headers

from config import Settings
from connections import SECONDS_TO_SEND
from safeguarding.web.headers import HEADERS
from tests.support.databases import Databases
from tests.support.headers import check_every_response
from tests.support.server import serving

PATIENCE = 30  # seconds, on a machine that does much else
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
MEGABYTE = 1 << 20
YEARS = "max-age=63072000; includeSubDomains"
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Answer:
    """What came back, taken apart."""

    status: int
    headers: dict[str, str]
    body: str


class Wire:
    """Connections to a served installation, over which anything at all is sent."""

    def __init__(self, address: str) -> None:
        self._port = urlsplit(address).port or 0

    @contextmanager
    def open(self) -> Iterator[socket.socket]:
        """Give a connection."""
        with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as made:
            yield made

    def send(self, *parts: bytes) -> Answer:
        """Send parts over a connection of their own and return the first answer, whether or not all were taken."""
        with self.open() as there:
            try:
                for each in parts:
                    there.sendall(each)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it had heard enough
            return read(there)

    def get(self, path: str, *headers: str, host: str = "localhost") -> Answer:
        """Fetch a page with further headers."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
        return self.send("\r\n".join(lines).encode())

    def post(self, path: str, body: bytes, *headers: str) -> Answer:
        """Send a form."""
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/x-www-form-urlencoded", *headers, "", ""]
        return self.send("\r\n".join(lines).encode(), body)


def read(there: socket.socket) -> Answer:
    """Return the answer of a connection that its server closes."""
    received = b""
    try:
        while part := there.recv(65_536):
            received += part
    except ConnectionResetError:
        pass  # closed on what was not read
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    found = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", first)
    assert found, f"no answer: {received[:200]!r}"
    headers = dict(line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in headers.items()}
    return Answer(int(found[1]), headers, body.decode("utf-8", "replace"))


@pytest.fixture(scope="module")
def served(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Wire]]:
    """An installation served behind one proxy, on SQLite: the database has no part in this."""
    with sqlite_databases.copy(tmp_path_factory.mktemp("raw")) as copied:
        fresh = replace(copied, proxy_hops=1)
        with serving(fresh, workers=1) as address:
            yield fresh, Wire(address)


@pytest.fixture
def wire(served: tuple[Settings, Wire]) -> Wire:
    return served[1]


def test_no_answer_says_which_server_made_it(wire: Wire) -> None:
    answers = [wire.get("/sign-in"), wire.get("/no-such-page"), wire.send(b"NO\r\n\r\n")]
    assert [answer.status for answer in answers] == [200, 404, 400]
    for answer in answers:
        said = " ".join((*answer.headers.values(), answer.body)).lower()
        assert "server" not in answer.headers
        assert [name for name in ("gunicorn", "werkzeug", "flask", "python") if name in said] == []


BODY = b"csrf_token=x&email=a"
CONFLICTS = {
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nG",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 20\r\n\r\n" + BODY,
    "a list of lengths": b"Content-Length: 20, 20\r\n\r\n" + BODY,
    "a signed length": b"Content-Length: +20\r\n\r\n" + BODY,
    "no number": b"Content-Length: 2e1\r\n\r\n" + BODY,
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "NUL in a header": b"X-Nothing: a\x00b\r\nContent-Length: 20\r\n\r\n" + BODY,
}


@pytest.mark.parametrize("what", CONFLICTS)
def test_a_body_whose_length_is_in_doubt_is_refused(wire: Wire, what: str) -> None:
    smuggled = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = wire.send(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n", FORM, CONFLICTS[what], smuggled)
    assert answer.status == 400
    assert "ok" not in answer.body, "what was hidden behind it was answered"


def test_a_transfer_that_nobody_speaks_is_refused(wire: Wire) -> None:
    head = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n"
    assert wire.send(head, b"0\r\n\r\n").status == 501


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/" + "x" * 5_000, (), 414),
        ("/sign-in", ("X-Long: " + "x" * 9_000,), 431),
        ("/sign-in", tuple(f"X-{number}: x" for number in range(200)), 431),
        ("/sign-in", ("X-Long: " + "x" * MEGABYTE,), 431),
        ("/sign-in", ("Cookie: __Host-session=" + "x" * 8_000,), 200),
    ],
)
def test_addresses_and_headers_have_limits(wire: Wire, path: str, headers: tuple[str, ...], status: int) -> None:
    answer = wire.get(path, *headers)
    assert answer.status == status
    assert "xxxx" not in answer.body


def test_what_is_refused_is_not_repeated_to_anybody(served: tuple[Settings, Wire]) -> None:
    settings, wire = served
    for sent in (b"GET /Quillfeather HTTP/9.1\r\n\r\n", b"GET / HTTP/1.1\r\nQuill feather: Quillfeather\r\n\r\n"):
        answer = wire.send(sent)
        assert answer.status == 400
        assert "Quill" not in answer.body
        check_every_response(Headers(list(answer.headers.items())))
        assert answer.headers["x-request-id"] in answer.body
        for name, value in {**HEADERS, "Strict-Transport-Security": YEARS}.items():
            if name != "Content-Security-Policy":  # there is nothing here to allow more for
                assert answer.headers[name.lower()] == value, name
    log = (settings.data / "server.log").read_text()
    assert answer.headers["x-request-id"] in log
    assert "Quill" not in log
    assert "127.0.0.1" not in log.replace("http://127.0.0.1", "")  # the line that says where it listens


def test_a_body_has_a_limit_and_says_its_length(wire: Wire) -> None:
    start = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + FORM
    announced = wire.send(start + f"Content-Length: {17 * MEGABYTE}\r\n\r\n".encode())
    assert announced.status == 413, "before a byte of it came"
    for chunk in (b"5\r\nemail\r\n", b"zz\r\nxx\r\n", b"-1\r\nxx\r\n", f"{MEGABYTE:x}\r\n".encode()):
        answer = wire.send(start + b"Transfer-Encoding: chunked\r\n\r\n", chunk, b"0\r\n\r\n")
        assert answer.status == 411, chunk
        assert "gunicorn" not in answer.body


def test_a_form_that_was_cut_off_is_not_taken_for_a_whole_one(served: tuple[Settings, Wire]) -> None:
    settings, wire = served
    whole = urlencode(guess_of(wire)[0]).encode()
    cookie = guess_of(wire)[1]
    engine = create_engine(settings.database_url)
    counted = text("SELECT coalesce(sum(failures), 0) FROM throttle")
    with engine.connect() as connection:
        before = connection.scalar(counted)
        for tenth in range(10):
            with wire.open() as there:
                head = f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\n"
                there.sendall(head.encode() + FORM + f"Content-Length: {len(whole)}\r\n\r\n".encode())
                there.sendall(whole[: len(whole) * tenth // 10])
                there.shutdown(socket.SHUT_WR)
                assert read(there).status == 400, tenth
            assert connection.scalar(counted) == before, "an attempt was made of a part of a form"
            connection.rollback()
    engine.dispose()


def test_a_form_has_so_many_parts_and_no_more(wire: Wire) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    for many, status in ((100, 400), (2_100, 413)):  # 400: the token is missing
        body = part * many + b"--b--\r\n"
        head = f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        answer = wire.send(head.encode() + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + body)
        assert answer.status == status, many


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil.example", "localhost evil"])
def test_another_host_is_refused(wire: Wire, host: str) -> None:
    answer = wire.get("/my-work", host=host)
    assert (answer.status, "location" in answer.headers) == (400, False)
    assert "evil" not in answer.body


def test_of_two_hosts_neither_is_believed(wire: Wire) -> None:
    assert wire.get("/my-work", "Host: evil.example").status == 400
    absolute = wire.get("http://evil.example/my-work")
    assert "evil" not in absolute.headers.get("location", "") + absolute.body


# --- who sends late ---------------------------------------------------------------------------------------------------

# As it is served live, but for how long somebody may take to send a request.
IMPATIENT = """
from runpy import run_path
globals().update(run_path("gunicorn.conf.py"))
import connections
connections.SECONDS_TO_SEND = 0.5
"""
UNENDING = (
    b"",
    b"GET /sign-in HTTP/1.1\r\n",
    b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"Content-Length: 1000\r\n\r\ncsrf_token=",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n5\r\ncs",
)


def test_whoever_sends_for_ever_is_hung_up_on_and_holds_nobody_else_up(
    sqlite_databases: Databases, tmp_path: Path
) -> None:
    """Each of the four threads has somebody who does not go on; the next person is served all the same."""
    assert SECONDS_TO_SEND == 60
    (tmp_path / "impatient.py").write_text(IMPATIENT)
    options = ("--config", str(tmp_path / "impatient.py"))
    with sqlite_databases.copy(tmp_path) as fresh, serving(fresh, 1, options) as address, ExitStack() as idle:
        wire = Wire(address)
        slow = [idle.enter_context(wire.open()) for _each in UNENDING * 2]
        for there, sent in zip(slow, UNENDING * 2, strict=True):
            there.sendall(sent)
        assert wire.get("/sign-in").status == 200
        for there in slow:
            while there.recv(65_536):  # hung up on, with or without an answer; a silence would raise
                continue


# --- where a request says that it comes from --------------------------------------------------------------------------

# What stands in X-Forwarded-For when a client sent one of its own and every proxy added whom it heard it from.
REAL = {0: "", 1: ", 203.0.113.7", 2: ", 203.0.113.7, 192.0.2.1"}
LIES = (
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Host: evil.example, evil.example, evil.example",
    "Forwarded: for=10.9.9.9;host=evil.example;proto=http",
    "X-Forwarded-Port: 4443",
    "X-Forwarded-Prefix: //evil.example",
    "X-Forwarded-Server: evil.example",
    "X-Original-URL: /evil.example",
    "X-Rewrite-URL: /evil.example",
    "X-HTTP-Method-Override: DELETE",
    "SCRIPT_NAME: //evil.example",
    "PATH_INFO: /metrics",
    "X-Script-Name: //evil.example",
    "X-Real-IP: 10.9.9.9",
    "X-Client-IP: 10.9.9.9",
    "Proxy: http://evil.example",
)


def without_numbers(answer: Answer) -> tuple[int, str, str]:
    """Return status, redirect and page without what differs at every request."""
    number = answer.headers["x-request-id"]
    page = re.sub(r'(name="csrf_token"[^>]*value|data-token)="[^"]+"', "", answer.body.replace(number, ""))
    return answer.status, answer.headers.get("location", ""), page


def check_lies(settings: Settings, wire: Wire) -> None:
    """Lie to a served installation, and hold it to having believed nothing."""
    hops = settings.proxy_hops
    true = f"X-Forwarded-For: {REAL[hops].removeprefix(', ')}" if hops else "X-Nothing: x"
    for path in ("/my-work", "/sign-in", "/no-such-page", "/health"):
        plain = without_numbers(wire.get(path, true))
        for lie in LIES:
            assert without_numbers(wire.get(path, true, lie)) == plain, (path, lie)
    guess = guesser(wire)
    for number in range(4):
        guess(f"X-Forwarded-For: 10.9.{number}.1{REAL[hops]}", f"X-Real-IP: 10.9.{number}.1", LIES[number])
    engine = create_engine(settings.database_url)
    addresses = text("SELECT count(*) FROM throttle WHERE key LIKE 'address:%'")
    with engine.connect() as connection:
        assert connection.scalar(addresses) == 1, "a client chose whom it is counted as"
        connection.rollback()
        if hops:
            guess(f"X-Forwarded-For: 10.9.9.9, 198.51.100.9{', 192.0.2.1' if hops == 2 else ''}")
            assert connection.scalar(addresses) == 2, "the proxy's own word is believed"
        recorded = connection.execute(text("SELECT * FROM audit_event")).all()
    engine.dispose()
    assert len(recorded) >= 4
    log = (settings.data / "server.log").read_text()
    assert [each for each in ("10.9.", "evil") if each in str(recorded) + log] == []


def test_what_a_client_says_of_itself_changes_neither_links_nor_throttle_nor_audit(
    served: tuple[Settings, Wire],
) -> None:
    check_lies(*served)


@pytest.mark.slow
@pytest.mark.parametrize("hops", [0, 2])
def test_the_same_without_a_proxy_and_behind_two(sqlite_databases: Databases, tmp_path: Path, hops: int) -> None:
    with sqlite_databases.copy(tmp_path) as copied:
        fresh = replace(copied, proxy_hops=hops)
        with serving(fresh, workers=1) as address:
            check_lies(fresh, Wire(address))


def guess_of(wire: Wire) -> tuple[dict[str, str], str]:
    """Return what a browser would send to sign in with a wrong pass phrase, and its cookie."""
    with wire.open() as there:
        there.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        page = there.makefile("rb").read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    cookie = re.search(r"Set-Cookie: (__Host-session=[^;]+);", page)
    assert token
    assert cookie
    sent = {"csrf_token": token[1], "email": "nobody@marlbridge.example", "password": "a wrong pass phrase"}
    return sent, cookie[1]


def guesser(wire: Wire) -> Callable[..., None]:
    """Return what guesses a pass phrase at the served installation, with headers."""
    sent, cookie = guess_of(wire)

    def guess(*headers: str) -> None:
        answer = wire.post("/sign-in", urlencode(sent).encode(), f"Cookie: {cookie}", *headers)
        assert answer.status == 422, answer.body[:500]

    return guess
