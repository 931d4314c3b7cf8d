"""People at a served installation, over real connections; the processes that serve them; the project's commands."""

import json
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Flask
from werkzeug.test import TestResponse, run_wsgi_app
from werkzeug.wrappers import Response

from config import Settings
from tests.factories.people import PHRASE
from tests.support.pages import Page
from tests.support.server import children, master

# What a client meets whose server, or whose server's worker, has just gone.
GONE = (OSError, HTTPException)
SECONDS = 60
Result = TypeVar("Result")


class Visitor:
    """Somebody's browser: keeps the session's cookie, sends forms, opens a connection for each request."""

    def __init__(self, address: str, patience: float = SECONDS) -> None:
        self._port, self._patience = urlsplit(address).port, patience
        self._cookie = ""

    def get(self, path: str) -> Page:
        """Fetch a page; raises one of GONE when nobody answers."""
        return self._ask("GET", path, None)

    def post(self, path: str, data: dict[str, str]) -> Page:
        """Send a form; raises one of GONE when nobody answers."""
        return self._ask("POST", path, urlencode(data, doseq=True))

    def sign_in(self, email: str) -> None:
        """Sign in."""
        form = self.get("/sign-in").form() | {"email": email, "password": PHRASE}
        answer = self.post("/sign-in", form)
        assert answer.status == 303, answer.errors

    def _ask(self, method: str, path: str, body: str | None) -> Page:
        headers = {"Host": "localhost", "Cookie": f"__Host-session={self._cookie}"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection("127.0.0.1", self._port, timeout=self._patience)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()  # a cut-off answer is none: this raises
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            if name == "__Host-session":
                self._cookie = value
        made = Response(content, answer.status, list(answer.headers.items()))
        return Page(_as_test_response(made))


def _as_test_response(made: Response) -> TestResponse:
    body, status, headers = run_wsgi_app(made, {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http"})
    return TestResponse(body, status, headers, None)  # type: ignore[arg-type]  # the request is of no use here


def all_at_once(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do several things at the same moment, and return what came of each; raises what any of them raised."""
    ready = threading.Barrier(len(acts))

    def one(act: Callable[[], Result]) -> Result:
        ready.wait(SECONDS)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


# As it is served live, but for how long a silent PostgreSQL is waited for before somebody looks, and left alone then.
_IMPATIENT = """
from runpy import run_path
globals().update(run_path("gunicorn.conf.py"))
from safeguarding.core import answering
answering.MOMENT = answering.PAUSE = 0.5
"""


def impatient(settings: Settings) -> tuple[str, ...]:
    """Return the options with which an installation is served so that a silent database costs little of a test's time."""
    file = settings.data / "impatient.py"
    file.write_text(_IMPATIENT)
    return "--config", str(file)


def check_log(settings: Settings, *typed: str) -> None:
    """Hold the log of an installation that was served to saying nothing of what people typed."""
    log = (settings.data / "server.log").read_text(errors="replace")
    assert [each for each in typed if each in log] == []


def workers(address: str) -> list[int]:
    """Return the ids of the worker processes that serve an address."""
    return children(master(address))


def kill(pid: int) -> None:
    """End a process without a word, as the kernel does when memory is short."""
    os.kill(pid, signal.SIGKILL)


def command(app: Flask, *words: str) -> Any:
    """Run one of the project's commands on an installation and return what it printed as JSON."""
    run = app.test_cli_runner().invoke(args=[*words, "--json"])
    assert run.exit_code == 0, f"{words}: {run.output}"
    return json.loads(run.output.splitlines()[-1])
