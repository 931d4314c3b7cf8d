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

from flask import Flask, abort, redirect, render_template, request
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
        self.ref, self.name, self.role = row.user_ref, row.user_name, row.role


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


@app.template_filter("clock")
def clock_time(value: Any) -> str:
    """14:30."""
    return f"{as_moment(value):%H:%M}" if value else ""


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


def principal() -> str:
    """Return the principal under which somebody's rows are found: the hub's for its lead, else their own."""
    return "hub" if current_user.role == "lead" else f"user:{current_user.id}"


@app.get("/my-work")
@login_required
def my_work() -> str:
    """What waits for somebody."""
    user, own = current_user.id, f"user:{current_user.id}"
    blocks = {
        "actions": store.rows(sql.MY_ACTIONS, (user,)),
        "cases": store.rows(sql.MY_CASES, (own,)),
        "nrm": store.rows(sql.MY_NRM, (own,)),
        "referrals": store.rows(sql.MY_REFERRALS, (user,)),
    }
    shown("home:work:shown", blocks=sorted(blocks))
    return render_template("my_work.html", **blocks)


@app.get("/cases")
@login_required
def cases() -> str:
    """The newest cases."""
    rows = store.rows(sql.CASES, (principal(),))
    shown("cases:list:shown", cases=[row.ref for row in rows[:50]])
    return render_template("cases.html", cases=rows[:50], more=len(rows) > 50)


@app.post("/people")
@login_required
def people() -> str:
    """Those whose family name begins with what was typed."""
    begun = request.form["q"].lower()
    span = (begun, begun + "\U0010ffff")
    mine = principal()
    rows = store.rows(sql.FIND, span) if mine == "hub" else store.rows(sql.FIND_MINE, (*span, mine))
    shown("people:search:shown", people=[row.ref for row in rows[:50]])
    return render_template("people.html", people=rows[:50], typed=request.form["q"], more=len(rows) > 50)


@app.get("/cases/<ref>")
@login_required
def case(ref: str) -> str:
    """A case with its updates."""
    found = only(store.rows(sql.CASE, (ref,)))
    parts = {
        "updates": store.rows(sql.UPDATES, (found.id,))[:60],
        "risks": store.rows(sql.RISKS, (found.id,)),
        "actions": store.rows(sql.ACTIONS_ABOUT, (found.person_id,)),
        "decisions": store.rows(sql.DECISIONS_ABOUT, (found.id,)),
        "nrm": store.rows(sql.NRM_ABOUT, (found.id,)),
        "audience": store.rows(sql.AUDIENCE, (found.id,)),
    }
    shown("cases:case:shown", ref)
    return render_template("case.html", case=found, **parts)


@app.get("/contexts")
@login_required
def contexts() -> str:
    """Places by their risk."""
    rows = store.rows(sql.CONTEXTS, ())
    wards = store.rows(sql.WARDS, ())
    shown("contexts:list:shown", contexts=[row.ref for row in rows[:50]])
    return render_template("contexts.html", contexts=rows[:50], wards=wards, more=len(rows) > 50)


@app.get("/panels/<slug>/meetings/<ref>")
@login_required
def agenda(slug: str, ref: str) -> str:
    """The agenda of a meeting and what each agency answered to each item."""
    found = only(store.rows(sql.MEETING, (ref,)))
    items = store.rows(sql.ITEMS, (found.id,))
    answers: dict[int, list[Any]] = {}
    for row in store.rows(sql.RETURNS, (found.id,)):
        answers.setdefault(row.item_id, []).append(row)
    shown("panels:meeting:shown", ref, items=[item.ref for item in items])
    return render_template("agenda.html", meeting=found, items=items, answers=answers, slug=slug)


@app.get("/panels/<slug>/meetings/<ref>/live")
@login_required
def live(slug: str, ref: str) -> str:
    """A meeting that goes on, at the item it is at."""
    found = only(store.rows(sql.MEETING, (ref,)))
    item = only(store.rows(sql.ITEM, (found.current_item_id,)))
    parts = {
        "items": store.rows(sql.ITEMS, (found.id,)),
        "room": store.rows(sql.ROOM, (found.id,)),
        "answers": store.rows(sql.ANSWERS, (item.id,)),
        "notes": store.rows(sql.NOTES, (item.id,)),
    }
    shown("panels:item:shown", item.ref, meeting=ref)
    return render_template("live.html", meeting=found, item=item, slug=slug, **parts)


@app.post("/panels/<slug>/meetings/<ref>/live/items/<item_ref>/decision")
@login_required
def decide(slug: str, ref: str, item_ref: str) -> BaseResponse:
    """Record a decision: the rows that the service writes, in one transaction, with one event."""
    at, form, location = stored(now()), request.form, f"/panels/{slug}/meetings/{ref}/live/items/{item_ref}"
    with store.write() as run:
        item = only(run(sql.DECIDED, (item_ref, ref)))
        room = run(sql.ROOM, (item.meeting_id,))
        if item.state != "open" or item.version != int(form["version"]):
            abort(409)
        run(sql.ONCE, (f"floor:{form['once']}", "0" * 64, location, at))
        decision = "DE-" + secrets.token_hex(6).upper()
        values = (
            decision,
            item.id,
            form["kind"],
            form["rationale"],
            form["risk_before"],
            form["risk_after"],
            "2031-06-01",
        )
        user = current_user.id
        here = _json([row.short_name for row in room])
        rest = (form["lawful_basis"], form["told_how"], here, "0" * 64, at, user, user)
        row = run(sql.DECISION, (*values, *rest))[0]
        for each in room:
            run(sql.VIEW, (row.id, each.agency_id, "agrees"))
        run(sql.DECIDE_ITEM, (item.id, item.version))
        run(sql.LEAVE_ITEM, (item.meeting_id,))
        today = at[:10] if isinstance(at, str) else at.date()
        run(sql.CASE_DECIDED, ("2031-06-01", form["risk_after"], today, at, item.case_id))
        run(sql.CASE_RISK, (item.case_id, form["risk_after"], at, user, form["rationale"], "decision"))
        run(sql.TOUCH, (at, item.case_id, item.person_id, item.id))
        append(run, "panels:decision:recorded", decision, item=item_ref, meeting=ref, kind=form["kind"])
    return redirect(location, 303)
