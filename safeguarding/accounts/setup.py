"""What accounts register when the application is built: sessions, who is signed in, the gate, the pages."""

from typing import Any

from flask import Flask, g
from flask_login import UserMixin, current_user

from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.accounts import account_views, confirm_views, queries, signing_in, views
from safeguarding.accounts.blueprint import blueprint
from safeguarding.accounts.locking import gate
from safeguarding.accounts.models import Proof
from safeguarding.accounts.sessions import TOUCH_EVERY, BrowserSessions, LiveSession, is_idle_too_long, this_browser
from safeguarding.accounts.step_up import init_step_up
from safeguarding.core import clock
from safeguarding.extensions import login_manager
from safeguarding.web import transaction
from safeguarding.web.guard import is_polled, set_actor_loader, set_gate

VIEWS = (views, confirm_views, account_views)  # imported for their routes


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login publishes no types
    """What Flask-Login holds for a request: the actor, and nothing that could be changed from outside."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = actor.key


def init_accounts(app: Flask, secure: bool) -> None:
    """Bind sessions, Flask-Login and the actor's loader to the application."""
    app.config["SESSION_COOKIE_SECURE"] = secure
    app.session_interface = BrowserSessions("__Host-session" if secure else "session", secure)
    login_manager.init_app(app, add_context_processor=False)  # an error page must not look anybody up
    login_manager.session_protection = None  # the token is looked up at every request; there is nothing else to protect
    set_actor_loader(app, lambda: current_user.actor if current_user.is_authenticated else None)
    set_gate(app, gate)
    init_step_up(app)
    app.context_processor(_about_session)
    app.register_blueprint(blueprint)


def _about_session() -> dict[str, Any]:
    session: LiveSession | None = g.get("live_session")
    return {"passed_by": session is not None and session.passed_by}


@login_manager.request_loader  # type: ignore[untyped-decorator]
def _load(_request: Any) -> SignedIn | None:
    if not this_browser().known:
        return None
    rows = queries.session_rows(this_browser().token)
    if not rows:
        return None
    actor, first = queries.actor_of(rows), rows[0]
    now = clock.now()
    if is_idle_too_long(first.user_id, first.last_seen_at, now, administers=Role.ADMIN in actor.roles):
        return None
    session = g.live_session = LiveSession(
        id=first.session_id,
        user_id=first.user_id,
        user_ref=first.user_ref,
        last_seen_at=first.last_seen_at,
        confirmed_at=first.confirmed_at,
        locked_at=first.locked_at,
        passed_by=first.proof is Proof.PASSED_BY,
    )
    if now - session.last_seen_at > TOUCH_EVERY and not is_polled() and session.locked_at is None:
        transaction.afterwards(lambda: signing_in.touch_session(session.id))
    return SignedIn(actor)
