"""One business transaction a request, committed once at the edge, before the first byte is sent.

A command leaves its audit events pending; the edge appends them as the transaction's last statement. A read's and a
refusal's events commit in a second, short transaction after the first has ended. Nothing below the edge commits.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import LengthRequired

from safeguarding.core import second_wall
from safeguarding.core.database import set_writing, writing
from safeguarding.core.errors import UnavailableError
from safeguarding.extensions import db

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Keep(StrEnum):
    """What becomes of a pending event when the transaction is rolled back."""

    CHANGE = "change"  # goes with the change
    READ = "read"  # stays: what was shown was shown
    REFUSAL = "refusal"  # stays: it was refused


@dataclass(frozen=True)
class Pending:
    """An event waiting for the edge; `payload` belongs to the package that registered the writer."""

    keep: Keep
    payload: Any


Writer = Callable[[list[Any]], None]
_writers: list[Writer] = []
Shown = Callable[[Response], None]
_shown: list[Shown] = []


def set_event_writer(writer: Writer) -> None:
    """Say what appends pending events; the audit package does, once."""
    _writers[:] = [writer]


def set_shown_hook(hook: Shown) -> None:
    """Say what looks at each answer before its events are stored; the audit package does, once."""
    _shown[:] = [hook]


def pending_events() -> list[Pending]:
    """Return the events that wait for the end of the present unit of work."""
    events: list[Pending] = db.session().info.setdefault("pending_events", [])
    return events


def add_event(keep: Keep, payload: Any) -> None:
    """Leave an event for the edge."""
    pending_events().append(Pending(keep, payload))


def commit() -> None:
    """Flush, append what is pending, commit."""
    events = pending_events()
    db.session.flush()
    if events:
        _write([event.payload for event in events])
    db.session.commit()
    events.clear()


def _write(payloads: list[Any]) -> None:
    """Append events; whatever the database refuses them for, what cannot be recorded is neither done nor shown."""
    try:
        for write in _writers:
            write(payloads)
    except DBAPIError as refused:
        raise UnavailableError("the audit takes no entry") from refused


def rollback(keep: frozenset[Keep] = frozenset({Keep.REFUSAL})) -> None:
    """Roll back and forget pending events, but for those to be kept: that something was refused, unless told otherwise."""
    events = pending_events()
    kept = [event for event in events if event.keep in keep]
    db.session.rollback()
    events[:] = kept


@contextlib.contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction of the command line or of a test: commit at the end, nothing on an error."""
    with writing(), second_wall.as_command("command"):
        try:
            yield
            commit()
        except BaseException:
            rollback(frozenset())
            raise


def begin_write() -> None:
    """Leave the reading transaction of a view that reads first (a sign-in, an import page) and write from here on."""
    db.session.rollback()
    set_writing(True)


def reads_first(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark an unsafe view as reading until it calls `begin_write`, so that slow work does not hold the write lock."""
    view.__dict__["reads_first"] = True
    return view


def start_request(app: Flask) -> None:
    """Take the request's body before any lock, then say whether this request writes."""
    if request.headers.get("Transfer-Encoding"):
        raise LengthRequired  # no browser sends a form so, and one that is too long would be cut and not refused
    unsafe = request.method in UNSAFE
    if unsafe:
        _ = request.form  # a slow upload must not hold the write lock
    view = app.view_functions.get(request.endpoint or "")
    set_writing(unsafe and not getattr(view, "reads_first", False))


def finish_request(response: Response) -> None:
    """Commit what succeeded, roll back what did not, and store reads and refusals before anything is sent."""
    for look in _shown:
        look(response)
    if request.method in UNSAFE and response.status_code < 400 and not g.get("refused"):
        for prepare in g.pop("before_commit", []):
            prepare(response)
        commit()
    else:
        rollback(frozenset({Keep.READ, Keep.REFUSAL}))
    g.answered_with = response.status_code
    if pending_events() or g.get("afterwards"):
        with writing():
            for action in g.pop("afterwards", []):
                action()
            commit()


def before_commit(action: Callable[[Response], None]) -> None:
    """Run an action at the edge, with the response, just before a successful request's commit."""
    g.setdefault("before_commit", []).append(action)


def afterwards(action: Callable[[], None]) -> None:
    """Run an action in the short transaction that follows a request's own, also when that one was rolled back."""
    g.setdefault("afterwards", []).append(action)
