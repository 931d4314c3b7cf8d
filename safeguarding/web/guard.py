"""Deny by default: every view names its permission or is marked public, or the application refuses to start."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.core import second_wall
from safeguarding.core.errors import AgreementLapsedError, ForbiddenError, NotFoundError

View = TypeVar("View", bound=Callable[..., Any])
ActorLoader = Callable[[], Actor | None]
Gate = Callable[[], ResponseReturnValue | None]
_PUBLIC = "public"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LARGEST_KEY = 2**63 - 1


class UnguardedViewError(Exception):
    """A view carries neither a permission nor the public mark."""


def permission(needed: Permission, on_subject: Permission | None = None) -> Callable[[View], View]:
    """Mark a view with the one permission that it needs (for some subject: the subject itself is checked by the read).

    `on_subject` names what the read asks of the subject, where that is another permission than opens the page.
    """

    def mark(view: View) -> View:
        view.__dict__["needs"] = needed
        view.__dict__["needs_on_subject"] = on_subject
        return view

    return mark


def public(view: View) -> View:
    """Mark a view as open to everyone, signed in or not."""
    view.__dict__["needs"] = _PUBLIC
    return view


def fresh_factor(view: View) -> View:
    """Mark a view that asks for a second factor shown a moment ago (step-up), before anything of it is done."""
    view.__dict__["asks_fresh_factor"] = True
    return view


def asks_fresh_factor(view: Callable[..., Any]) -> bool:
    """Return whether a view asks for a fresh second factor."""
    return bool(getattr(view, "asks_fresh_factor", False))


def needs_of(view: Callable[..., Any]) -> Permission | str | None:
    """Return what a view is marked with."""
    needs: Permission | str | None = getattr(view, "needs", None)
    return needs


def subject_needs_of(view: Callable[..., Any]) -> Permission | None:
    """Return what the view's read asks of its subject, where that is not what opens the page."""
    needs: Permission | None = getattr(view, "needs_on_subject", None)
    return needs


def init_guard(app: Flask) -> None:
    """Put the guard before every view."""
    app.before_request(_admit)


def check_views(app: Flask) -> None:
    """Refuse to go on when a view carries no mark."""
    if app.view_functions.get("static") is not None:
        public(app.view_functions["static"])
    unmarked = sorted(endpoint for endpoint, view in app.view_functions.items() if needs_of(view) is None)
    if unmarked:
        raise UnguardedViewError(f"no permission and no public mark: {', '.join(unmarked)}")


def set_actor_loader(app: Flask, loader: ActorLoader) -> None:
    """Say how the actor of a request is found; the accounts package does."""
    app.extensions["actor_loader"] = loader


def set_gate(app: Flask, gate: Gate) -> None:
    """Say what a signed-in browser has to do first (unlock its screen), or None; the accounts package does."""
    app.extensions["gate"] = gate


def set_step_up(app: Flask, require: Callable[[], None]) -> None:
    """Say what raises when no second factor was shown a moment ago; the accounts package does."""
    app.extensions["step_up"] = require


def set_late_form(app: Flask, late: Gate) -> None:
    """Say what becomes of a form that nobody signed in has sent; None refuses it. The drafts package does."""
    app.extensions["late_form"] = late


def set_stale_form(app: Flask, stale: Gate) -> None:
    """Say what becomes of a form whose token is not this session's; None refuses it. The drafts package does."""
    app.extensions["stale_form"] = stale


def stale_form_answer() -> ResponseReturnValue | None:
    """Return what is answered to a form whose token is not this session's, when somebody signed in has sent it."""
    return _asked("stale_form") if optional_actor() is not None and wants_page() else None


def polled(view: View) -> View:
    """Mark a view that a script asks again and again: asking it is no use of the session."""
    view.__dict__["polled"] = True
    return view


def is_polled() -> bool:
    """Return whether this request is one that a script repeats by itself."""
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "polled", False))


def wants_page() -> bool:
    """Return whether a person sent this request by a link or a button, and not a script that reads the answer itself."""
    return request.accept_mimetypes.best != "application/json"


def current_actor() -> Actor:
    """Return the actor of this request; only views behind a permission may ask."""
    actor = optional_actor()
    if actor is None:
        abort(401)
    return actor


def optional_actor() -> Actor | None:
    """Return the actor of this request, or None when nobody is signed in."""
    if "actor" not in g:
        loader: ActorLoader | None = current_app.extensions.get("actor_loader")
        g.actor = loader() if loader and not g.get("actor_withheld") else None
        second_wall.look(sight_of(g.actor))
    actor: Actor | None = g.actor
    return actor


def sight_of(actor: Actor | None) -> second_wall.Sight | None:
    """Return what the database is told of an actor: nothing, when nobody asks."""
    if actor is None:
        return None
    if actor.is_system:
        return second_wall.Sight(system=actor.key)
    return second_wall.Sight(actor.principals, actor.user_id)


def _admit() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # routing's own 404 or 405 follows
    if _is_sent_by_another_site() and request.endpoint != "static":
        optional_actor()  # of somebody who is signed in, it is recorded
        raise ForbiddenError("Another site sent this request. Open the page from this service.")
    needed = needs_of(current_app.view_functions[request.endpoint])
    if needed == _PUBLIC:
        return None
    actor = optional_actor()
    if actor is None:
        return _nobody()
    if (first := _asked("gate")) is not None:
        return first
    if not isinstance(needed, Permission) or not actor.holds(needed):
        if actor.withheld:
            raise AgreementLapsedError
        raise ForbiddenError("Your role does not include this page.")
    if any(_is_unstorable(each) for each in (*(request.view_args or {}).values(), *request.args.values())):
        raise NotFoundError  # no database holds such a thing, and PostgreSQL would not even be asked for it
    if asks_fresh_factor(current_app.view_functions[request.endpoint]):
        current_app.extensions["step_up"]()
    return None


def _is_sent_by_another_site() -> bool:
    """Return whether a browser says that another site sent this request, other than by a link that somebody followed.

    Such requests embed, probe or forge. What is no browser, or an old one, says nothing and meets the other doors.
    """
    if request.headers.get("Sec-Fetch-Site") not in ("cross-site", "same-site"):
        return False
    followed = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")) == (
        "navigate",
        "document",
    )
    return not (followed and request.method in ("GET", "HEAD"))


def _nobody() -> ResponseReturnValue:
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)
    late = _asked("late_form") if wants_page() else None
    return late if late is not None else abort(401)


def _asked(hook: str) -> ResponseReturnValue | None:
    answer: Gate | None = current_app.extensions.get(hook)
    return answer() if answer else None


def _is_unstorable(value: Any) -> bool:
    return value > _LARGEST_KEY if isinstance(value, int) else _UNSTORABLE.search(str(value)) is not None
