"""The floor: what the same pages cost when nothing is done but what must be.

A bare Flask view behind Flask-Login that looks an opaque session up in a table, the same rows through the raw driver, a
plain template, and, where the page is audited, one chained row stored before answering. No access rules, no forms, no
tokens, no ORM. It reads and writes the database of the service beside it; the audit stays one chain.
"""

import hashlib
import hmac
import json
import os
import secrets
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, redirect, render_template, request
from flask_login import LoginManager, UserMixin, current_user, login_required
from werkzeug.wrappers import Response as BaseResponse

from bench import floor_sql as sql
from bench.store import Run, open_store

COOKIE = "__Host-session"
LONDON = ZoneInfo("Europe/London")
store = open_store(os.environ["DATABASE_URL"])
key = os.environ["AUDIT_KEY"].encode()
app = Flask("floor", root_path=os.path.dirname(__file__), template_folder="templates", static_folder=None)
login = LoginManager(app)


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login publishes no types
    """Who is signed in."""

    def __init__(self, row: Any) -> None:
        self.id = row.user_id
        self.ref, self.name, self.agency_id = row.user_ref, row.user_name, row.agency_id


@login.request_loader  # type: ignore[untyped-decorator]
def load(_request: Any) -> SignedIn | None:
    """Look the session up by the digest of its token."""
    token = request.cookies.get(COOKIE, "")
    rows = store.rows(sql.SESSION, (hashlib.sha256(token.encode()).hexdigest(), stored(now())))
    return SignedIn(rows[0]) if rows else None


@app.template_filter("day")
def day(value: Any) -> str:
    """21 November 2026."""
    if not value:
        return ""
    shown = as_moment(value)
    return f"{shown.day} {shown:%B %Y}"


@app.template_filter("moment")
def moment(value: Any) -> str:
    """21 November 2026 at 14:30."""
    return f"{day(value)} at {as_moment(value):%H:%M}" if value else ""


@app.template_filter("age")
def age(value: Any) -> int:
    """Whole years."""
    born, today = as_moment(value), now()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def as_moment(value: Any) -> datetime | date:
    """Return what a driver gave as London's clocks show it: SQLite gives texts, PostgreSQL dates and instants."""
    if isinstance(value, str):
        if len(value) == 10:
            return date.fromisoformat(value)
        value = datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(LONDON) if isinstance(value, datetime) else value


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def stored(value: datetime) -> Any:
    """Return an instant as the driver takes it."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if store.lite else value


def append(run: Run, event: str, subject: str | None, **detail: Any) -> None:
    """Append one event to the chain, its head held."""
    head = run(sql.HEAD, ())[0]
    at = now()
    row = {
        "seq": head.seq + 1,
        "at": at.isoformat(timespec="microseconds"),
        "event": event,
        "actor": f"user:{current_user.ref}",
        "agency": None,
        "subject": subject,
        "request_id": secrets.token_hex(8),
        "detail": _json(detail),
        "previous": head.hash,
    }
    mark = hmac.new(key, _json(row).encode(), "sha256").hexdigest()
    values = {**row, "at": stored(at), "hash": mark}
    run(sql.EVENT, tuple(values[name] for name in sql.EVENT_COLUMNS))


def shown(event: str, subject: str | None = None, **detail: Any) -> None:
    """Store that something was shown, before it is."""
    with store.write() as run:
        append(run, event, subject, **detail)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def only(rows: list[Any]) -> Any:
    """Return the one row, or answer 404."""
    if not rows:
        abort(404)
    return rows[0]


@app.get("/my-work")
@login_required
def my_work() -> str:
    """What waits for somebody."""
    user = current_user.id
    actions = store.rows(sql.MY_ACTIONS, (user,))
    referrals = store.rows(sql.MY_REFERRALS, (user,))
    cases = store.rows(sql.MY_CASES, (f"user:{user}",))
    shown("home:work:shown", blocks=["actions", "referrals", "cases"])
    return render_template("my_work.html", actions=actions, referrals=referrals, cases=cases, today=now())


__all__ = ["BaseResponse", "Response", "app", "only", "redirect"]
