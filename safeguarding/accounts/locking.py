"""The screen lock's gate: while a session is locked, nothing opens but what unlocks or ends it.

The state is the server's, so that neither the Back button nor a second tab passes it. A form that was sent at a locked
screen waits for its sender.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from safeguarding.accounts.sessions import this_session
from safeguarding.accounts.step_up import where_to_return
from safeguarding.web.errors import error_page
from safeguarding.web.guard import wants_page

View = TypeVar("View", bound=Callable[..., Any])


def open_when_locked(view: View) -> View:
    """Mark a view that a locked session may still open."""
    view.__dict__["open_when_locked"] = True
    return view


def gate() -> ResponseReturnValue | None:
    """Lead a locked session to the page that unlocks it."""
    session = this_session()
    if session is None or session.locked_at is None:
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "open_when_locked", False):
        return None
    g.refused = True  # nothing of this request is done
    if not wants_page():
        return error_page(401)
    return redirect(url_for("accounts.locked", next=where_to_return(session, "locked")), 303)
