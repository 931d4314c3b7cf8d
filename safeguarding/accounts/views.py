"""Pages of sign-in and sign-out."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, flash, g, redirect, request, session, url_for
from flask_login import UserMixin, current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts import queries, service
from safeguarding.accounts.forms import SignInForm
from safeguarding.accounts.models import AccountStatus, User
from safeguarding.accounts.passwords import verify_phrase
from safeguarding.accounts.sessions import TOUCH_EVERY, BrowserSession, BrowserSessions
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.extensions import db, login_manager
from safeguarding.web import transaction
from safeguarding.web.guard import current_actor, optional_actor, permission, public, set_actor_loader
from safeguarding.web.pages import form_page

blueprint = Blueprint("accounts", __name__)
_WRONG = "The email address and pass phrase do not match. Check both and try again."
_LOCAL = re.compile(r"/(?![/\\])[!-~]*")


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login publishes no types
    """What Flask-Login holds for a request: the actor, and nothing that could be changed from outside."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = actor.key


def init_accounts(app: Flask, secure: bool) -> None:
    """Bind sessions, Flask-Login and the actor's loader to the application."""
    app.session_interface = BrowserSessions("__Host-session" if secure else "session", secure)
    login_manager.init_app(app, add_context_processor=False)  # an error page must not look anybody up
    login_manager.session_protection = None  # the token is looked up at every request; there is nothing else to protect
    set_actor_loader(app, lambda: current_user.actor if current_user.is_authenticated else None)
    app.register_blueprint(blueprint)


@login_manager.request_loader  # type: ignore[untyped-decorator]
def _load(_request: Any) -> SignedIn | None:
    if not _browser().known:
        return None
    rows = queries.session_rows(_browser().token)
    if not rows:
        return None
    if clock.now() - rows[0].last_seen_at > TOUCH_EVERY:
        session_id = rows[0].session_id
        g.touch_session = lambda: service.touch_session(session_id)
    return SignedIn(queries.actor_of(rows))


def _browser() -> BrowserSession:
    return session._get_current_object()  # type: ignore[attr-defined, no-any-return]


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@transaction.reads_first
def sign_in() -> Any:
    """Ask for e-mail address and pass phrase; say no more about a failure than that the pair is wrong."""
    if request.method == "GET" and optional_actor() is not None:
        return redirect(local_target(request.args.get("next")), 303)
    form = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        target = _signed_in(form)
        if target is not None:
            return target
    form.password.data = None
    return form_page("accounts/sign_in.html", form)


def _signed_in(form: SignInForm) -> BaseResponse | None:
    row = db.session.execute(
        select(User.id, User.ref, User.password_hash).where(
            User.email == str(form.email.data).lower(), User.status == AccountStatus.ACTIVE
        )
    ).one_or_none()
    db.session.rollback()  # no transaction is held open while the phrase is worked out
    if not verify_phrase(row.password_hash if row else None, form.password.data or ""):
        audit.record_refusal("accounts:session:refused", f"user:{row.ref}" if row else audit.ANONYMOUS)
        form.form_errors.append(_WRONG)
        return None
    assert row is not None  # noqa: S101 - a missing account never verifies
    transaction.begin_write()
    service.start_session(row.id, row.ref, _browser().rotate())
    return redirect(local_target(form.next.data), 303)


@blueprint.post("/sign-out")
@permission(Permission.WORK_OWN)
def sign_out() -> BaseResponse:
    """End this session, here and on every other machine that holds its cookie."""
    service.end_session(current_actor(), _browser().token)
    _browser().rotate()
    flash("You have signed out.", "notice")
    response = redirect(url_for("accounts.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def local_target(target: str | None) -> str:
    """Return a target on this site, or the first page: judged by what a browser would make of it."""
    plain = target or ""
    if not _LOCAL.fullmatch(plain) or urlsplit(plain).netloc or len(plain) > 500:
        return url_for("home.my_work")
    return plain
