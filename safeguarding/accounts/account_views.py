"""Pages of a person's own account: pass phrase, second factors, recovery codes, sessions. Nobody else's."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.access.permissions import Permission
from safeguarding.accounts import entering, factors, passkeys, queries, signing_in
from safeguarding.accounts.blueprint import blueprint
from safeguarding.accounts.confirm_views import check_phrase
from safeguarding.accounts.entering import local_target
from safeguarding.accounts.forms import AppCodeForm, ChangePhraseForm, NewPasskeyForm, PressForm
from safeguarding.accounts.passwords import hash_phrase, refuse_weak
from safeguarding.accounts.sessions import this_browser
from safeguarding.accounts.throttle import TooManyError
from safeguarding.accounts.views import app_page, too_many
from safeguarding.audit import service as audit
from safeguarding.core.errors import RuleError
from safeguarding.extensions import db
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, fresh_factor, permission
from safeguarding.web.pages import form_page


@blueprint.get("/account")
@permission(Permission.WORK_OWN)
def account() -> Any:
    """Show a person's own account."""
    return _account_page(PressForm(formdata=None))


def _account_page(form: PressForm) -> Any:
    actor = current_actor()
    owner = signing_in.need_own(actor)
    audit.record_read("accounts:own:shown", actor)
    return form_page(
        "accounts/account.html",
        form,
        factors=queries.list_factors(owner),
        codes=queries.codes_left(owner),
        sessions=queries.list_sessions(owner, this_browser().token),
        needs_passkey=entering.needs_passkey(actor.roles),
    )


@blueprint.route("/account/pass-phrase", methods=["GET", "POST"])
@permission(Permission.WORK_OWN)
@fresh_factor
@transaction.reads_first
def change_phrase() -> Any:
    """Change the actor's own pass phrase; every other session of theirs ends."""
    form = ChangePhraseForm()
    if form.validate_on_submit():
        try:
            changed = _change_phrase(form.password.data or "", form.phrase.data or "")
        except RuleError as error:
            form.add_rule_error(error)
        except TooManyError as held:
            return too_many("accounts/phrase.html", form, held)
        else:
            if changed:
                flash("Pass phrase changed. You have been signed out everywhere else.", "success")
                return pages.to("accounts.account")
            form.password.errors = [*form.password.errors, "The pass phrase does not match."]
    form.password.data = form.phrase.data = None
    return form_page("accounts/phrase.html", form)


def _change_phrase(now: str, wanted: str) -> bool:
    actor, browser = current_actor(), this_browser()
    refuse_weak(wanted, [*queries.local_words(), actor.display_name, *queries.own_words(signing_in.need_own(actor))])
    if now == wanted:
        raise RuleError("The new pass phrase is the one you have. Choose another one.", "phrase")
    db.session.rollback()  # no transaction is held open while the phrases are worked out
    hashed = hash_phrase(wanted)
    if not check_phrase(now):
        return False
    old = browser.token
    signing_in.change_phrase(actor, hashed, old, browser.renew())
    return True


@blueprint.post("/account/sessions/<int:session_id>/end")
@permission(Permission.WORK_OWN)
def end_session(session_id: int) -> BaseResponse:
    """End one of the actor's own sessions."""
    signing_in.end_one(current_actor(), session_id)
    flash("That session has ended.", "success")
    return pages.to("accounts.account")


@blueprint.post("/account/sessions/end-others")
@permission(Permission.WORK_OWN)
def end_other_sessions() -> BaseResponse:
    """End every session of the actor but this one."""
    signing_in.end_others(current_actor(), this_browser().token)
    flash("You are signed out everywhere else.", "success")
    return pages.to("accounts.account")


@blueprint.get("/account/second-factors/add")
@permission(Permission.WORK_OWN)
@fresh_factor
def add_factor() -> Any:
    """Offer an authenticator app or a passkey."""
    return _adding(NewPasskeyForm(formdata=None))


def _adding(form: NewPasskeyForm) -> Any:
    needed = entering.needs_passkey(current_actor().roles)
    return form_page("accounts/add_factor.html", form, needs_passkey=needed, press=PressForm(formdata=None))


@blueprint.post("/account/second-factors/app")
@permission(Permission.WORK_OWN)
@fresh_factor
def add_app() -> BaseResponse:
    """Make the secret of a new authenticator app."""
    factors.offer_app(current_actor())
    return pages.to("accounts.add_app_code")


@blueprint.route("/account/second-factors/app/code", methods=["GET", "POST"])
@permission(Permission.WORK_OWN)
@fresh_factor
def add_app_code() -> Any:
    """Show the QR code of the app that waits, and take it into use by its first code."""
    actor, form = current_actor(), AppCodeForm()
    if form.validate_on_submit():
        try:
            factors.accept_app(actor, str(form.code.data))
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _added("Authenticator app set up.")
    email = queries.own_email(signing_in.need_own(actor))
    return app_page("accounts/add_app.html", actor, email, form, url_for("accounts.add_factor"))


@blueprint.post("/account/second-factors/passkey/options")
@permission(Permission.WORK_OWN)
@fresh_factor
def add_passkey_options() -> Any:
    """Give the script what the browser needs to make a passkey."""
    actor = current_actor()
    return passkeys.registration_options(actor, queries.own_email(signing_in.need_own(actor)))


@blueprint.post("/account/second-factors/passkey")
@permission(Permission.WORK_OWN)
@fresh_factor
def add_passkey() -> Any:
    """Take a new passkey into use."""
    form = NewPasskeyForm()
    if form.validate_on_submit():
        try:
            passkeys.add_passkey(current_actor(), request.form.get("credential", ""), form.name.data)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _added("Passkey added.")
    return _adding(form)


def _added(said: str) -> BaseResponse:
    # Whoever had passed the second factor by, or has another one now, is asked anew at the next confirmation.
    signing_in.end_others(current_actor(), this_browser().token)
    flash(f"{said} You have been signed out everywhere else.", "success")
    codes = queries.codes_left(signing_in.need_own(current_actor()))
    return pages.to("accounts.account" if codes else "accounts.recovery_codes")


@blueprint.post("/account/second-factors/<string:ref>/remove")
@permission(Permission.WORK_OWN)
@fresh_factor
def remove_factor(ref: str) -> Any:
    """Take one of the actor's own second factors away."""
    actor = current_actor()
    try:
        factors.remove_factor(actor, ref, needs_passkey=entering.needs_passkey(actor.roles))
    except RuleError as error:
        form = PressForm(formdata=None)
        form.form_errors = [error.message]
        return _account_page(form)
    return _added("Removed.")


@blueprint.route("/account/recovery-codes", methods=["GET", "POST"])
@permission(Permission.WORK_OWN)
@fresh_factor
def recovery_codes() -> Any:
    """Make new recovery codes, and show them this once."""
    target, actor = local_target(request.values.get("next")), current_actor()
    form = PressForm()
    if not factors.ways_of(signing_in.need_own(actor)).any:
        return redirect(url_for("accounts.add_factor"), 303)
    if not form.validate_on_submit():
        left = queries.codes_left(signing_in.need_own(actor))
        return render_template("accounts/recovery.html", press=form, target=target, left=left)
    page = render_template("accounts/recovery_codes.html", codes=factors.new_codes(actor), target=target)
    response = make_response(page, 201)
    response.location = url_for("accounts.account")  # a reload leads there and shows no code again
    return response
