"""Pages of the way in and out: pass phrase, second factor, its set-up at the first sign-in, sign-out."""

from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from config import Settings
from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts import entering, factors, passkeys, queries, signing_in, throttle
from safeguarding.accounts.blueprint import blueprint
from safeguarding.accounts.entering import HalfWay, half_way, local_target
from safeguarding.accounts.forms import AppCodeForm, CodeForm, NewPasskeyForm, PressForm, SignInForm
from safeguarding.accounts.locking import open_when_locked
from safeguarding.accounts.models import Proof
from safeguarding.accounts.passwords import hash_phrase, is_outdated, verify_phrase
from safeguarding.accounts.qr import qr_code
from safeguarding.accounts.sessions import this_browser
from safeguarding.accounts.throttle import TooManyError
from safeguarding.audit import service as audit
from safeguarding.core.errors import RuleError
from safeguarding.extensions import db
from safeguarding.web import transaction
from safeguarding.web.errors import is_down
from safeguarding.web.guard import current_actor, optional_actor, permission, public
from safeguarding.web.pages import form_page

_WRONG = "The email address and pass phrase do not match. Check both and try again."
WRONG_CODE = "The code does not match, or it was used already. Wait for the next one and enter it."


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@transaction.reads_first
def sign_in() -> Any:
    """Ask for e-mail address and pass phrase; say no more about a failure than that the pair is wrong."""
    if request.method == "GET" and _is_signed_in():
        return redirect(local_target(request.args.get("next")), 303)
    form = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            target = _signed_in(form)
        except TooManyError as held:
            form.password.data = None
            return too_many("accounts/sign_in.html", form, held)
        if target is not None:
            return target
    form.password.data = None
    return form_page("accounts/sign_in.html", form)


def _is_signed_in() -> bool:
    """Return whether somebody is signed in here. While the database is down that is not known, and the page is shown."""
    try:
        return optional_actor() is not None
    except Exception as error:
        if not is_down(error):
            raise
        db.session.rollback()
        return False


def _signed_in(form: SignInForm) -> BaseResponse | None:
    email, typed = str(form.email.data).lower(), form.password.data or ""
    row = queries.account_to_enter(email)
    db.session.rollback()  # no transaction is held open while the phrase is worked out
    try:
        attempt = throttle.admit("phrase", email, row.id if row else None)
    except TooManyError:
        audit.record_refusal("accounts:attempt:held_back", f"user:{row.ref}" if row else audit.ANONYMOUS)
        raise
    if not verify_phrase(row.password_hash if row else None, typed):
        audit.record_refusal("accounts:session:refused", f"user:{row.ref}" if row else audit.ANONYMOUS)
        form.form_errors.append(_WRONG)
        return None
    assert row is not None  # noqa: S101 - a missing account never verifies
    renewed = hash_phrase(typed) if is_outdated(row.password_hash) else None
    transaction.begin_write()
    throttle.succeed(attempt)
    if renewed:
        signing_in.renew_hash(row.id, row.password_hash, renewed)
    target = entering.enter(row.id, row.ref, local_target(form.next.data))
    throttle.remember_origin(row.id)
    return redirect(target, 303)


def too_many(template: str, form: Any, held: TooManyError, **context: Any) -> Response:
    """Answer 429 with the form, and when to come back."""
    form.form_errors.append(held.message)
    response = make_response(render_template(template, form=form, **context), 429)
    response.headers["Retry-After"] = str(held.seconds)
    return response


@blueprint.route("/sign-in/second-factor", methods=["GET", "POST"])
@public
@transaction.reads_first
def second_factor() -> Any:
    """Ask for the second factor: a code of the app, a recovery code, or a passkey, which has an address of its own."""
    person = half_way()
    target = local_target(request.values.get("next"))
    if not person.ways.any:
        return redirect(url_for("accounts.set_up", next=target), 303)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            proof = check_code(person.actor, str(form.code.data), apps=person.may_use_app)
        except TooManyError as held:
            return too_many("accounts/second_factor.html", form, held, **_shown(person, target))
        if proof is not None:
            return redirect(_after_code(person, proof, target), 303)
        form.code.errors = [*form.code.errors, WRONG_CODE]
    return form_page("accounts/second_factor.html", form, **_shown(person, target))


def check_code(actor: Actor, code: str, *, apps: bool) -> Proof | None:
    """Return what a code is (of the actor's app, or a recovery code) and use it up, in a transaction that writes.

    None when it is neither; the refusal is recorded. Raises TooManyError.
    """
    assert actor.user_id is not None  # noqa: S101 - the command line has no second factor
    db.session.rollback()
    attempt = throttle.admit("factor", actor.key, actor.user_id)
    transaction.begin_write()
    proof: Proof | None = None
    if apps and factors.use_app(actor, code):
        proof = Proof.TOTP
    elif factors.use_code(actor, code):
        proof = Proof.RECOVERY
    if proof is None:
        audit.record_refusal("accounts:factor:refused", actor.key)
        return None
    throttle.succeed(attempt)
    return proof


def _after_code(person: HalfWay, proof: Proof, target: str) -> str:
    if person.needs_passkey:  # a code alone opens nothing for them: they set up a passkey first
        signing_in.note_factor(this_browser().token)
        return url_for("accounts.set_up", next=target)
    entering.open_for(person, proof)
    return target


def _shown(person: HalfWay, target: str) -> dict[str, Any]:
    return {
        "person": person,
        "target": target,
        "may_pass_by": entering.may_pass_by(),
        "press": PressForm(formdata=None),
    }


@blueprint.post("/sign-in/pass-by")
@public
def pass_by() -> BaseResponse:
    """Go on without a second factor, which the demonstration alone allows."""
    entering.open_for(half_way(), Proof.PASSED_BY)
    return redirect(local_target(request.form.get("next")), 303)


@blueprint.post("/sign-in/passkey/options")
@public
def passkey_options() -> Any:
    """Give the script what the browser needs to ask for a passkey: for signing in, or for setting one up."""
    person = half_way()
    if request.form.get("purpose") == "set-up":
        return passkeys.registration_options(_setting_up(person).actor, person.email)
    return passkeys.assertion_options(person.actor)


@blueprint.post("/sign-in/passkey")
@public
def use_passkey() -> Any:
    """Open the session by a passkey."""
    person = half_way()
    if not passkeys.use_passkey(person.actor, request.form.get("credential", "")):
        form = CodeForm(formdata=None)
        form.form_errors = ["This passkey was not accepted. Try again, or use another way."]
        return form_page("accounts/second_factor.html", form, **_shown(person, local_target(request.form.get("next"))))
    entering.open_for(person, Proof.PASSKEY)
    return redirect(local_target(request.form.get("next")), 303)


@blueprint.get("/sign-in/set-up")
@public
def set_up() -> Any:
    """Lead somebody without a second factor through the set-up of their first one."""
    return _set_up_page(_setting_up(half_way()), NewPasskeyForm(formdata=None))


def _set_up_page(person: HalfWay, form: NewPasskeyForm) -> Any:
    return form_page("accounts/set_up.html", form, **_shown(person, local_target(request.values.get("next"))))


@blueprint.post("/sign-in/set-up/app")
@public
def set_up_app() -> BaseResponse:
    """Make the secret of an authenticator app, and lead to its QR code."""
    factors.offer_app(_setting_up(half_way(), app=True).actor)
    return redirect(url_for("accounts.set_up_app_code", next=local_target(request.form.get("next"))), 303)


@blueprint.route("/sign-in/set-up/app/code", methods=["GET", "POST"])
@public
def set_up_app_code() -> Any:
    """Show the QR code of the app that waits, and take it into use by its first code."""
    person = _setting_up(half_way(), app=True)
    target = local_target(request.values.get("next"))
    form = AppCodeForm()
    if form.validate_on_submit():
        try:
            factors.accept_app(person.actor, str(form.code.data))
        except RuleError as error:
            form.add_rule_error(error)
        else:
            entering.open_for(person, Proof.TOTP)
            return redirect(url_for("accounts.recovery_codes", next=target), 303)
    start = url_for("accounts.set_up", next=target)
    return app_page("accounts/set_up_app.html", person.actor, person.email, form, start, person=person, target=target)


def app_page(template: str, actor: Actor, email: str, form: AppCodeForm, start: str, **context: Any) -> Any:
    """Show the QR code and the secret of the app that waits; lead back to the start when none does."""
    secret = queries.offered_secret(signing_in.need_own(actor))
    if secret is None:
        return redirect(start, 303)
    settings: Settings = current_app.extensions["settings"]
    code = qr_code(factors.address_of(secret, email, settings.service_name))
    return form_page(template, form, qr=code, secret=secret, **context)


@blueprint.post("/sign-in/set-up/passkey")
@public
def set_up_passkey() -> Any:
    """Take a new passkey into use, and open the session by it."""
    person, form = _setting_up(half_way()), NewPasskeyForm()
    if form.validate_on_submit():
        try:
            passkeys.add_passkey(person.actor, request.form.get("credential", ""), form.name.data)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            entering.open_for(person, Proof.PASSKEY)
            return redirect(url_for("accounts.recovery_codes", next=local_target(request.form.get("next"))), 303)
    return _set_up_page(person, form)


def _setting_up(person: HalfWay, *, app: bool = False) -> HalfWay:
    """Let through who may set up a factor half way: who has none, or showed one and needs a passkey besides."""
    allowed = not person.ways.any or person.has_confirmed
    if not allowed or (app and person.needs_passkey and not entering.may_pass_by()):
        factors.refuse_set_up()
    return person


@blueprint.post("/sign-out")
@permission(Permission.WORK_OWN)
@open_when_locked
def sign_out() -> BaseResponse:
    """End this session, here and on every other machine that holds its cookie."""
    signing_in.end_session(current_actor(), this_browser().token)
    this_browser().rotate()
    flash("You have signed out.", "notice")
    response = redirect(url_for("accounts.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
