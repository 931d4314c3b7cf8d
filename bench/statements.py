"""How many statements a page sends, as the service's own application sends them; and where its time goes.

`python -m bench.statements FOLDER_OR_URL PAGE [--sql] [--profile]` shows one page of a database that was generated.
"""

import argparse
import contextlib
import cProfile
import io
import pstats
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event

from bench.generate import renew_sessions, settings_for
from bench.pages import BY_NAME, Page
from config import Settings
from safeguarding import create_app
from safeguarding.extensions import db

NOT_COUNTED = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SET|PRAGMA|SAVEPOINT|RELEASE)\b", re.IGNORECASE)
COOKIE = "__Host-session"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@contextlib.contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that are sent inside, without those that begin and end transactions."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not NOT_COUNTED.match(statement):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


class InProcess:
    """The service's application, asked directly, by a client that is signed in."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)

    def close(self) -> None:
        """Close its connections."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def token(self, page: Page) -> str:
        """Return a form's token for whoever opens the page."""
        client = self.app.test_client(use_cookies=False)
        found = _TOKEN.search(client.get("/my-work", headers=self._headers(page)).get_data(as_text=True))
        return found[1] if found else ""

    def send(self, page: Page, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        """Return the status and the body of one request."""
        client = self.app.test_client(use_cookies=False)
        answer = client.open(
            path,
            method=method,
            data=body,
            content_type="application/x-www-form-urlencoded" if body is not None else None,
            headers=self._headers(page),
        )
        return answer.status_code, answer.data

    def statements(self, page: Page, token: str) -> list[str]:
        """Return the statements of a page's first request; of a second one like it, where nothing is written."""
        method, path, body = page.requests[0]
        if not page.writes:
            self.send(page, method, path, with_token(body, token))
        with counted(self.app) as sent:
            status, answer = self.send(page, method, path, with_token(body, token))
        if str(status) != page.status:
            raise SystemExit(f"{page.name}: answered {status}\n{answer[:2000].decode(errors='replace')}")
        return sent

    def _headers(self, page: Page) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={page.who.token}", "Host": "localhost"}


def with_token(body: str | None, token: str) -> str | None:
    """Return a form's body with its token."""
    return body if body is None else f"{body}&csrf_token={token}"


def count_statements(settings: Settings, page: Page) -> list[str]:
    """Return the statements of one warm request of a page."""
    asked = InProcess(settings)
    try:
        return asked.statements(page, asked.token(page) if page.is_form else "")
    finally:
        asked.close()


def profile(settings: Settings, page: Page, times: int) -> str:
    """Return where the time of a page goes, by function, the dearest first."""
    asked = InProcess(settings)
    filled = [
        (method, path, with_token(body, asked.token(page) if page.is_form else ""))
        for method, path, body in page.requests
    ]
    for request in filled[:3]:
        status, answer = asked.send(page, *request)
        if str(status) != page.status:
            raise SystemExit(f"{page.name}: answered {status}\n{answer[:2000].decode(errors='replace')}")
    begun = time.process_time()
    for number in range(times):
        asked.send(page, *filled[number % len(filled)])
    plain = (time.process_time() - begun) / times * 1000
    profiler = cProfile.Profile()
    profiler.enable()
    for number in range(times):
        asked.send(page, *filled[number % len(filled)])
    profiler.disable()
    asked.close()
    out = io.StringIO()
    stats = pstats.Stats(profiler, stream=out).strip_dirs()
    out.write(f"{plain:.2f} ms CPU a request in this process, test client included\n")
    stats.sort_stats("cumulative").print_stats(70)
    stats.sort_stats("tottime").print_stats(40)
    return out.getvalue()


def settings_of(target: str) -> Settings:
    """Return the settings of a generated database: a folder, or an address of PostgreSQL."""
    if "://" in target:
        return settings_for(
            Path("/tmp") / "panels-bench-keys", target.replace("postgresql://", "postgresql+psycopg://")
        )
    return settings_for(Path(target).resolve())


def main() -> None:
    """Show one page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("page", choices=sorted(BY_NAME))
    parser.add_argument("--sql", action="store_true")
    parser.add_argument("--profile", type=int, metavar="TIMES")
    given = parser.parse_args()
    settings, page = settings_of(given.database), BY_NAME[given.page]
    renew_sessions(settings)
    if given.profile:
        print(profile(settings, page, given.profile))
        return
    sent = count_statements(settings, page)
    print(f"{page.name}: {len(sent)} statements")
    for statement in sent if given.sql else ():
        print("-" * 60, statement, sep="\n")


if __name__ == "__main__":
    main()
