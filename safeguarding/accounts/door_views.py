"""Pages of people who cannot sign in yet, or no longer: a forgotten pass phrase, and what a one-time link opens.

Nothing here says whether an account exists. Opening a link changes nothing, because mail systems open links as well; it
is used up when its form is sent.
"""

from typing import Any

from flask import Blueprint, Flask, flash, make_response, render_template, url_for
from sqlalchemy import Row

from safeguarding.access.actor import Actor
from safeguarding.accounts import factors, invitations, queries, throttle, told
from safeguarding.accounts.door_forms import ChoosePhraseForm, ForgottenForm, ProvePhraseForm
from safeguarding.accounts.link_models import Purpose
from safeguarding.accounts.passwords import hash_phrase, refuse_weak, verify_phrase
from safeguarding.accounts.phrases import new_phrase
from safeguarding.accounts.recipients import find_recipient
from safeguarding.accounts.sessions import token_digest
from safeguarding.accounts.throttle import TooManyError
from safeguarding.accounts.views import too_many
from safeguarding.audit import service as audit
from safeguarding.core.errors import NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.notices.kinds import Kind, Recipient, Subject, register_kind, register_recipients
from safeguarding.web import pages, transaction
from safeguarding.web.guard import public

blueprint = Blueprint("doors", __name__)
_WRONG = "That is not the pass phrase. Check it and try again."
_SENTENCES = {
    told.PHRASE_CHANGED: "Your pass phrase was changed. If that was not you, tell your administrator at once.",
    told.FACTORS_CHANGED: "How you sign in was changed. If that was not you, tell your administrator at once.",
    told.RIGHTS_CHANGED: "Your roles were changed.",
    told.UNUSED: "Your account was not used for a long time. Sign in within two weeks, or it is stopped.",
    told.REINSTATED: "An administrator let you sign in again.",
}


def init_doors(app: Flask) -> None:
    """Register the pages, who the recipients of notices are, and the kinds of notice about accounts."""
    app.register_blueprint(blueprint)
    register_recipients(app, find_recipient)
    for purpose, name in invitations.KINDS.items():
        register_kind(app, Kind(name, "A link was sent to you.", one_time=_Maker(purpose)))
    for name, sentence in _SENTENCES.items():
        register_kind(app, Kind(name, sentence))
    register_kind(app, Kind(told.SUSPENDED, "An administrator stopped your account.", closes=True))
    unused = "Your account was stopped because it was not used. An administrator can let you in again."
    register_kind(app, Kind(told.SUSPENDED_UNUSED, unused, closes=True))


class _Maker:
    """Makes the one-time link of a mail as it is sent."""

    def __init__(self, purpose: Purpose) -> None:
        self._purpose = purpose

    def __call__(self, recipient: Recipient, _subject: Subject) -> str:
        return invitations.make_link(recipient.user_id, self._purpose)


@blueprint.route("/forgotten", methods=["GET", "POST"])
@public
@transaction.reads_first
def forgotten() -> Any:
    """Ask for an address; the answer is the same whether or not somebody has it."""
    form = ForgottenForm()
    if form.validate_on_submit():
        email = str(form.email.data).lower()
        try:
            throttle.admit("reset", email, None)  # each one counts, whether or not there is such an account
        except TooManyError as held:
            return too_many("accounts/forgotten.html", form, held)
        transaction.begin_write()
        invitations.ask_reset(email)
        return pages.to("doors.forgotten_sent")
    return pages.form_page("accounts/forgotten.html", form)


@blueprint.get("/forgotten/sent")
@public
def forgotten_sent() -> str:
    """Say that a link was sent if somebody has the address."""
    return render_template("accounts/forgotten_sent.html")


@blueprint.route("/account-link/<string:token>", methods=["GET", "POST"])
@public
@transaction.reads_first
def link(token: str) -> Any:
    """Open a one-time link: choose a pass phrase, or take away lost second factors."""
    found = invitations.find_link(token)
    local = [*queries.own_words(found.user_id), *queries.local_words()] if found else []
    db.session.rollback()  # no transaction is held open while a phrase is worked out
    if found is None:
        return _dead()
    try:
        if found.purpose is Purpose.FACTORS:
            return _take_factors_away(token, found)
        return _choose_phrase(token, found, local)
    except NotFoundError:
        return _dead()


def _choose_phrase(token: str, found: Row[Any], local: list[str]) -> Any:
    form = ChoosePhraseForm()
    if form.validate_on_submit():
        phrase = form.phrase.data or ""
        try:
            refuse_weak(phrase, local)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            phrase_hash = hash_phrase(phrase)
            transaction.begin_write()
            invitations.use_phrase_link(token, phrase_hash)
            flash("Your pass phrase is set. Sign in with it.", "success")
            return pages.to("accounts.sign_in")
    form.phrase.data = None
    joins = found.purpose is Purpose.INVITATION
    return pages.form_page("accounts/choose_phrase.html", form, joins=joins, email=found.email, example=new_phrase())


def _take_factors_away(token: str, found: Row[Any]) -> Any:
    form = ProvePhraseForm()
    if form.validate_on_submit():
        try:
            attempt = throttle.admit("link", token_digest(token), None)
        except TooManyError as held:
            return too_many("accounts/take_factors_away.html", form, held)
        if verify_phrase(found.password_hash, form.phrase.data or ""):
            transaction.begin_write()
            throttle.succeed(attempt)
            user = invitations.use_factors_link(token)
            factors.clear_factors(Actor(f"user:{user.ref}", "", user.id))
            flash("Your old second factors are gone. Sign in and set up a new one.", "success")
            return pages.to("accounts.sign_in")
        audit.record_refusal("accounts:factors_reset:refused", audit.ANONYMOUS)
        form.phrase.errors = [*form.phrase.errors, _WRONG]
    form.phrase.data = None
    return pages.form_page("accounts/take_factors_away.html", form)


def _dead() -> Any:
    return make_response(render_template("accounts/link_dead.html", again=url_for("doors.forgotten")), 404)
