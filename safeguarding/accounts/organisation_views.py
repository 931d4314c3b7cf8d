"""Pages of single sign-on: to the organisation's own sign-in, and back.

Coming back is a page with one button, because opening a session is a change and no address that is merely opened makes
one. Where the provider did not ask for a second factor, ours is asked for.
"""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response as BaseResponse

from config import Oidc, Settings
from safeguarding.accounts import entering, organisation, queries, signing_in
from safeguarding.accounts.models import Proof, User
from safeguarding.accounts.organisation import Kept, ProviderError
from safeguarding.accounts.sessions import this_browser
from safeguarding.audit import service as audit
from safeguarding.core.errors import NotFoundError
from safeguarding.web import transaction
from safeguarding.web.forms import Form
from safeguarding.web.guard import public

blueprint = Blueprint("organisation", __name__)
LASTS = 600  # seconds between going there and coming back
_LONGEST_CODE = 2_000


def init_organisation(app: Flask) -> None:
    """Register the pages, and tell the page of sign-in whether to offer them."""
    settings: Settings = app.extensions["settings"]
    app.register_blueprint(blueprint)
    app.jinja_env.globals["organisation_sign_in"] = settings.oidc is not None


@blueprint.get("/sign-in/organisation")
@public
def go() -> BaseResponse:
    """Lead to the organisation's own sign-in, and keep in this browser what it has to come back with."""
    oidc = _oidc()
    kept = organisation.new_kept()
    try:
        address = organisation.address_to_go(oidc, _redirect_uri(), kept)
    except ProviderError as error:
        return _failed(error.code, 503)
    response = redirect(address, 303)
    value = _signer().dumps({**asdict(kept), "next": entering.local_target(request.args.get("next"))})
    response.set_cookie(
        _cookie(), str(value), max_age=LASTS, path="/", secure=_is_secure(), httponly=True, samesite="Lax"
    )
    return response


@blueprint.get("/sign-in/organisation/back")
@public
def back() -> Any:
    """Show who came back one button, which goes on with what the provider gave them."""
    oidc, kept = _oidc(), _kept()
    if kept is None or request.args.get("state") != kept[0].state:
        return _failed("other_browser", 400)
    if request.args.get("iss", oidc.issuer) != oidc.issuer:
        return _failed("wrong_issuer", 400)
    code = request.args.get("code", "")
    if not 1 <= len(code) <= _LONGEST_CODE:
        return _failed("no_code", 400)
    return render_template("accounts/organisation_back.html", form=Form(formdata=None), code=code)


@blueprint.post("/sign-in/organisation/back")
@public
@transaction.reads_first
def enter() -> BaseResponse:
    """Take what the provider gave, and open the session of the account it stands for, or go on to the second factor."""
    oidc, kept = _oidc(), _kept()
    if kept is None:
        return _failed("other_browser", 400)
    code = request.form.get("code", "")[:_LONGEST_CODE]
    try:
        claims = organisation.claims_of(oidc, _redirect_uri(), kept[0], code)
    except ProviderError as error:
        return _failed(error.code, 400)
    transaction.begin_write()
    user = organisation.recognise(claims)
    if user is None:
        return _failed("no_account", 403)
    response = redirect(_opened(user, kept[1], claims.is_strong), 303)
    response.delete_cookie(_cookie(), path="/", secure=_is_secure(), httponly=True, samesite="Lax")
    return response


def _opened(user: User, target: str, is_strong: bool) -> str:
    """Go on as after a pass phrase; the provider's own second factor counts for those who need no passkey of ours."""
    if not is_strong or entering.needs_passkey(queries.roles_held(user.id)):
        return entering.enter(user.id, user.ref, target)
    browser = this_browser()
    token = browser.rotate()
    signing_in.begin_session(user.id, token, entering.device_in_words(request.user_agent.string))
    signing_in.open_session(user.id, user.ref, token, browser.rotate(), Proof.PROVIDER)
    return target


def _failed(code: str, status: int) -> Response:
    g.refused = True
    if code != "unreachable":
        audit.record_refusal("accounts:organisation:refused", audit.ANONYMOUS, None, reason=code)
    return make_response(render_template("accounts/organisation_failed.html", code=code), status)


def _kept() -> tuple[Kept, str] | None:
    """Return what this browser kept and where it wanted to go, or None when it kept nothing that is still good."""
    try:
        found = _signer().loads(request.cookies.get(_cookie(), ""), max_age=LASTS)
        return Kept(found["state"], found["nonce"], found["verifier"]), entering.local_target(found["next"])
    except (BadSignature, KeyError, TypeError):
        return None


def _signer() -> URLSafeTimedSerializer:
    # Signed and not encrypted: it is this browser's own, and worthless without the code that the provider gives it.
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="organisation")


def _oidc() -> Oidc:
    settings: Settings = current_app.extensions["settings"]
    if settings.oidc is None:
        raise NotFoundError
    return settings.oidc


def _redirect_uri() -> str:
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.service_url}{url_for('organisation.back')}"


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _cookie() -> str:
    return "__Host-organisation" if _is_secure() else "organisation"
