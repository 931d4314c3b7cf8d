"""Step-up: some acts ask that whoever sits there showed a second factor within the last five minutes.

    @blueprint.post("/cases/<string:ref>/export")
    @permission(Permission.CASE_EXPORT)
    @fresh_factor
    def export(ref: str) -> Any: ...

or, where it depends on what is asked, `require_fresh_factor()` inside the view, before anything is done. Whoever is asked
comes back to the page they wanted; a form that was sent waits, sealed, on a page of one button. It judges no factor.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g, redirect, request, url_for

from safeguarding.accounts.sessions import FRESH, LiveSession, this_session
from safeguarding.core import clock
from safeguarding.web.errors import error_page
from safeguarding.web.guard import set_step_up, wants_page
from safeguarding.web.transaction import UNSAFE

Keeper = Callable[[LiveSession, str], str | None]


class ConfirmFirstError(Exception):
    """A fresh second factor is asked for before this is done."""


def init_step_up(app: Flask) -> None:
    """Ask before the views that are marked, and answer `ConfirmFirstError` by leading to the confirmation and back."""
    set_step_up(app, require_fresh_factor)
    app.register_error_handler(ConfirmFirstError, _lead_there)


def set_keeper(app: Flask, keeper: Keeper) -> None:
    """Say what keeps the form of this request for its sender, by why ("confirm" or "locked").

    It returns the address at which the form waits, or None when it cannot be kept.
    """
    app.extensions["form_keeper"] = keeper


def is_fresh(session: LiveSession) -> bool:
    """Return whether a second factor was shown in this session within `FRESH`."""
    return session.confirmed_at is not None and clock.now() - session.confirmed_at < FRESH


def require_fresh_factor() -> None:
    """Raise ConfirmFirstError, which leads to the confirmation and back, unless a second factor was just shown."""
    session = this_session()
    if session is None or not is_fresh(session):
        raise ConfirmFirstError


def where_to_return(session: LiveSession, why: str) -> str:
    """Return the address of what was asked for: the page itself, or where the form that was sent waits."""
    if request.method not in UNSAFE:
        return request.full_path.rstrip("?")
    keeper: Keeper | None = current_app.extensions.get("form_keeper")
    return (keeper(session, why) if keeper else None) or url_for("home.my_work")


def _lead_there(_error: ConfirmFirstError) -> Any:
    session = this_session()
    if session is None or not wants_page():
        return error_page(403, reason="Confirm that it is you first: open this page anew.")
    g.refused = True  # nothing of this request is done
    return redirect(url_for("accounts.confirm", next=where_to_return(session, "confirm")), 303)
