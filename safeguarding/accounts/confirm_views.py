"""Pages that ask again who sits there: the confirmation before a weighty act, the screen lock, and what keeps a session."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.access.permissions import Permission
from safeguarding.accounts import entering, factors, passkeys, queries, signing_in, throttle
from safeguarding.accounts.blueprint import blueprint
from safeguarding.accounts.entering import local_target
from safeguarding.accounts.forms import CodeForm, PressForm, UnlockForm
from safeguarding.accounts.locking import open_when_locked
from safeguarding.accounts.models import Proof
from safeguarding.accounts.passwords import verify_phrase
from safeguarding.accounts.sessions import LiveSession, this_browser, this_session
from safeguarding.accounts.throttle import TooManyError
from safeguarding.accounts.views import WRONG_CODE, check_code, too_many
from safeguarding.audit import service as audit
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.extensions import db
from safeguarding.web import transaction
from safeguarding.web.guard import current_actor, permission, polled, wants_page
from safeguarding.web.pages import form_page

_WRONG_PHRASE = "The pass phrase does not match."


@blueprint.route("/confirm", methods=["GET", "POST"])
@permission(Permission.WORK_OWN)
@transaction.reads_first
def confirm() -> Any:
    """Ask for a second factor again, and lead back to what asked for it."""
    form, target = CodeForm(), local_target(request.values.get("next"))
    shown = _shown(target)
    if form.validate_on_submit():
        if not shown["may_use_code"]:
            raise ForbiddenError("Your role needs a passkey here. A code does not take its place.")
        try:
            proof = check_code(current_actor(), str(form.code.data), apps=shown["may_use_app"])
        except TooManyError as held:
            return too_many("accounts/confirm.html", form, held, **shown)
        if proof is not None:
            return _confirmed(proof, target)
        form.code.errors = [*form.code.errors, WRONG_CODE]
    return form_page("accounts/confirm.html", form, **shown)


@blueprint.post("/confirm/pass-by")
@permission(Permission.WORK_OWN)
def confirm_pass_by() -> BaseResponse:
    """Go on without a second factor, which the demonstration alone allows."""
    if not entering.may_pass_by():
        raise NotFoundError
    return _confirmed(Proof.PASSED_BY, local_target(request.form.get("next")))


@blueprint.post("/confirm/passkey/options")
@permission(Permission.WORK_OWN)
def confirm_passkey_options() -> Response:
    """Give the script what the browser needs to ask for one of the actor's passkeys."""
    return passkeys.assertion_options(current_actor())


@blueprint.post("/confirm/passkey")
@permission(Permission.WORK_OWN)
def confirm_passkey() -> Any:
    """Confirm by a passkey."""
    target = local_target(request.form.get("next"))
    if passkeys.use_passkey(current_actor(), request.form.get("credential", "")):
        return _confirmed(Proof.PASSKEY, target)
    form = CodeForm(formdata=None)
    form.form_errors = ["This passkey was not accepted. Try again, or use another way."]
    return form_page("accounts/confirm.html", form, **_shown(target))


def _confirmed(proof: Proof, target: str) -> BaseResponse:
    browser = this_browser()
    old = browser.token
    signing_in.confirm_session(current_actor(), old, browser.renew(), proof)
    return redirect(target, 303)


def _shown(target: str) -> dict[str, Any]:
    actor = current_actor()
    ways = factors.ways_of(signing_in.need_own(actor))
    strict = entering.needs_passkey(actor.roles) and bool(ways.passkeys)
    return {
        "ways": ways,
        "may_use_app": bool(ways.apps) and not strict,
        "may_use_code": bool(ways.apps or ways.codes) and not strict,
        "target": target,
        "may_pass_by": entering.may_pass_by(),
        "press": PressForm(formdata=None),
    }


@blueprint.post("/lock")
@permission(Permission.WORK_OWN)
@open_when_locked
def lock() -> Any:
    """Lock the screen of this session, in every tab."""
    if _session().locked_at is None:
        signing_in.lock_session(current_actor(), this_browser().token)
    if not wants_page():
        return jsonify(locked=True)
    return redirect(url_for("accounts.locked", next=_page_left()), 303)


def _page_left() -> str:
    """Return the page on which the screen was locked, or the first page where it cannot be opened by its address.

    It is taken from the browser's own header: a page that held its address would tell a hidden reference from none.
    """
    path = local_target(urlsplit(request.referrer or "").path)
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return local_target(None)
    return path


@blueprint.route("/locked", methods=["GET", "POST"])
@permission(Permission.WORK_OWN)
@open_when_locked
@transaction.reads_first
def locked() -> Any:
    """Ask a locked session for the pass phrase, and lead back to the page."""
    target = local_target(request.values.get("next"))
    if _session().locked_at is None:
        return jsonify(locked=False) if not wants_page() else redirect(target, 303)
    form = UnlockForm()
    if form.validate_on_submit():
        try:
            if _unlock(form.password.data or ""):
                return jsonify(locked=False) if not wants_page() else redirect(target, 303)
        except TooManyError as held:
            return _still_locked(form, held.message, 429, target)
        return _still_locked(form, _WRONG_PHRASE, 422, target)
    return render_template("accounts/locked.html", form=form, target=target)


def _still_locked(form: UnlockForm, message: str, status: int, target: str) -> Any:
    if not wants_page():
        return jsonify(locked=True, message=message), status
    form.password.errors = [*form.password.errors, message]
    return render_template("accounts/locked.html", form=form, target=target), status


def _unlock(typed: str) -> bool:
    actor, browser = current_actor(), this_browser()
    if not check_phrase(typed):
        return False
    old = browser.token
    signing_in.unlock_session(actor, old, browser.renew())
    return True


def check_phrase(typed: str) -> bool:
    """Return whether this is the actor's own pass phrase, in a transaction that writes; a refusal is recorded.

    Raises TooManyError.
    """
    actor = current_actor()
    owner = signing_in.need_own(actor)
    stored = queries.own_hash(owner)
    db.session.rollback()
    attempt = throttle.admit("own_phrase", actor.key, owner)
    right = verify_phrase(stored, typed)
    transaction.begin_write()
    if not right:
        audit.record_refusal("accounts:phrase:refused", actor.key)
        return False
    throttle.succeed(attempt)
    return True


@blueprint.get("/session")
@permission(Permission.WORK_OWN)
@open_when_locked
@polled
def session_state() -> Response:
    """Say whether the session is locked and for how long it was not used, for the script of the screen lock."""
    session = _session()
    return jsonify(locked=session.locked_at is not None, idle=queries.seconds_unused(session.last_seen_at))


@blueprint.post("/session/in-use")
@permission(Permission.WORK_OWN)
def in_use() -> Response:
    """Note that somebody types: sent at most once a minute by a page in which something was typed."""
    signing_in.touch_session(_session().id)
    return jsonify(locked=False)


def _session() -> LiveSession:
    session = this_session()
    assert session is not None  # noqa: S101 - the guard let somebody signed in through
    return session
