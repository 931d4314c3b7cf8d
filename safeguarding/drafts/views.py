"""What becomes of a form that was sent when its session could not take it, and the pages that give it back.

Kept are forms of signed-in pages whose cookie names a session that ran out, is locked, or has to confirm first, and
whose token proves that the form was ours. An unknown cookie, an ended session, a file, a pass phrase: none is kept.
"""

import re
from collections.abc import Iterable
from typing import Any

from flask import Flask, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as BaseResponse
from wtforms import ValidationError

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts import signing_in
from safeguarding.accounts.sessions import LiveSession, this_browser
from safeguarding.accounts.step_up import set_keeper
from safeguarding.audit import service as audit
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import new_reference, normalise_reference
from safeguarding.drafts import queries, service
from safeguarding.drafts.blueprint import blueprint
from safeguarding.drafts.models import KeptWhy
from safeguarding.web import pages, transaction
from safeguarding.web.filters import words
from safeguarding.web.forms import Form, typed
from safeguarding.web.guard import (
    current_actor,
    needs_of,
    optional_actor,
    permission,
    set_late_form,
    set_stale_form,
)
from safeguarding.web.transaction import UNSAFE

GIVEN_BACK = "kept_form"  # the field by which a form that is sent again names what was kept of it
_TOKEN = "csrf_token"  # noqa: S105 - the name of a field
_NEVER = frozenset({_TOKEN, GIVEN_BACK, "password", "phrase", "code", "credential", "sealed_value", "informant"})
_SHOWN = 300  # characters of a text on the page that gives it back
_REFERENCE = re.compile(r"\b[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_PART_OF_DATE = re.compile(r"[_-](day|month|year)$")
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def init_drafts(app: Flask) -> None:
    """Register the pages, and with the doors of the house what becomes of a form that comes late."""
    app.register_blueprint(blueprint)
    set_keeper(app, _keep_for_session)
    set_late_form(app, _keep_late)
    set_stale_form(app, _keep_stale)
    app.before_request(_note_sent_again)


def _keep_for_session(session: LiveSession, why: str) -> str | None:
    """Keep the form of this request for whoever's session this is; return where it waits, or None."""
    return _keep(Actor(key=f"user:{session.user_ref}", display_name="", user_id=session.user_id), KeptWhy(why))


def _keep_late() -> ResponseReturnValue | None:
    """Keep the form of this request for whoever's session ran out; lead to the sign-in and from there to the form."""
    owner = signing_in.expired_owner(this_browser().token) if this_browser().known else None
    if owner is None:
        return None
    user_id, user_ref = owner
    where = _keep(Actor(key=f"user:{user_ref}", display_name="", user_id=user_id), KeptWhy.EXPIRED)
    if where is None:
        return None
    g.refused = True
    return redirect(url_for("accounts.sign_in", next=where), 303)


def _keep_stale() -> ResponseReturnValue | None:
    """Keep a form that the same person's session before this one made, in another tab, say; lead to it at once."""
    actor = current_actor()
    made_by = _session_of_token(request.form.get(_TOKEN, ""))
    view = current_app.view_functions.get(request.endpoint or "")
    if made_by is None or not isinstance(needs_of(view) if view else None, Permission):
        return None
    if signing_in.owner_of_stem(made_by) != actor.user_id:
        return None
    where = _kept_at(actor, KeptWhy.EXPIRED)
    if where is None:
        return None
    g.refused = True
    return redirect(where, 303)


def _session_of_token(token: str) -> str | None:
    """Return the digest of the session's stem that a token of ours names, or None for any other text."""
    signer = URLSafeTimedSerializer(str(current_app.secret_key), salt="wtf-csrf-token")
    try:
        said = signer.loads(token, max_age=int(signing_in.KEPT.total_seconds()))
    except BadData:
        return None
    return said.partition(".")[2] or None if isinstance(said, str) else None


def _keep(actor: Actor, why: KeptWhy) -> str | None:
    return _kept_at(actor, why) if _is_ours() else None


def _kept_at(actor: Actor, why: KeptWhy) -> str | None:
    sent = typed()
    if sent is None:
        return None
    fields = [(name, value) for name, value in sent.items(multi=True) if name not in _NEVER]
    if sum(len(name) + len(value) for name, value in fields) > service.LARGEST:
        return None
    ref, path = new_reference("KF"), request.full_path.rstrip("?")
    transaction.afterwards(lambda: service.keep_form(actor, ref, path, fields, why))
    return url_for("drafts.kept", ref=ref)


def _is_ours() -> bool:
    """Return whether the form was made by a page of this very session, however long ago."""
    try:
        validate_csrf(request.form.get(_TOKEN), time_limit=int(signing_in.KEPT.total_seconds()))
    except ValidationError:
        return False
    return True


@blueprint.get("/kept-forms")
@permission(Permission.WORK_OWN)
def index() -> str:
    """List the actor's own forms that were not lost."""
    actor = current_actor()
    kept = queries.list_kept(actor)
    audit.record_read("drafts:forms:listed", actor, None, shown=[row.ref for row in kept])
    return render_template("drafts/index.html", kept=kept)


@blueprint.get("/kept-forms/<string:ref>")
@permission(Permission.WORK_OWN)
def kept(ref: str) -> Any:
    """Show one of them, with one button that sends it where it was going."""
    actor = current_actor()
    found = queries.access_kept(actor, normalise_reference(ref, "KF") or "")
    audit.record_read("drafts:form:shown", actor, found.ref)
    about = _REFERENCE.search(found.path)
    return pages.form_page(
        "drafts/kept.html",
        Form(formdata=None),
        kept=found,
        about=about[0] if about else None,
        texts=_shown(found.fields),
        field=GIVEN_BACK,
    )


@blueprint.post("/kept-forms/<string:ref>/discard")
@permission(Permission.WORK_OWN)
def discard(ref: str) -> BaseResponse:
    """Forget one of them."""
    service.forget_form(current_actor(), normalise_reference(ref, "KF") or "")
    flash("Discarded.", "notice")
    return pages.to("home.my_work")


def _note_sent_again() -> None:
    """Forget a form when it is sent again and answered, whatever the answer: an error shows everything typed anew."""
    ref = normalise_reference(request.form.get(GIVEN_BACK, ""), "KF") if request.method in UNSAFE else None
    actor = optional_actor() if ref else None
    if ref is None or actor is None:
        return
    sender = actor

    def forget() -> None:
        if g.get("answered_with", 500) >= 500 or g.get("live_session") is None:
            return
        try:
            service.forget_form(sender, ref)
        except NotFoundError:
            return

    transaction.afterwards(forget)


def _shown(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    """Return what was typed: label, text, and whether there is more of it. A date is one line, a code stands as words."""
    lines: dict[str, list[str]] = {}
    for name, value in fields:
        if value.strip() and name not in ("version", "once", "next", "submit"):
            lines.setdefault(_PART_OF_DATE.sub("", name), []).append(words(value) if _CODE.fullmatch(value) else value)
    joined = [(words(name.replace("-", " ")), " ".join(values)) for name, values in lines.items()]
    return [(label, text[:_SHOWN], len(text) > _SHOWN) for label, text in joined]
