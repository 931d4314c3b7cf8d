"""Commands about passkeys (WebAuthn): what the browser is asked, adding one, using one.

The challenge is kept with the session and is good once, for five minutes. The relying party is the host of the
service's configured address; the origin is where the browser is, whose host the edge has checked.
"""

import json
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, request
from sqlalchemy import select, update
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from config import Settings
from safeguarding.access.actor import Actor
from safeguarding.accounts.factor_models import FactorKind, SecondFactor
from safeguarding.accounts.models import UserSession
from safeguarding.accounts.sessions import this_browser, token_digest
from safeguarding.accounts.signing_in import need_own
from safeguarding.accounts.told import FACTORS_CHANGED, tell
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import RuleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db

CHALLENGE_LASTS = timedelta(minutes=5)
_LARGEST = 20_000  # characters of what a browser sends
_REFUSED = "The passkey could not be added. Try again, or use another device."


def registration_options(actor: Actor, email: str) -> Response:
    """Ask the browser for a new passkey of the actor: JSON for `navigator.credentials.create`."""
    settings: Settings = current_app.extensions["settings"]
    owner = need_own(actor)
    options = generate_registration_options(
        rp_id=_relying_party(),
        rp_name=settings.service_name,
        user_id=actor.key.encode(),
        user_name=email,
        user_display_name=actor.display_name,
        challenge=_new_challenge(),
        exclude_credentials=_descriptors(owner),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    audit.record("accounts:passkey:asked", actor, None, new=True)
    return Response(options_to_json(options), mimetype="application/json")


def assertion_options(actor: Actor) -> Response:
    """Ask the browser for one of the actor's passkeys: JSON for `navigator.credentials.get`."""
    options = generate_authentication_options(
        rp_id=_relying_party(),
        challenge=_new_challenge(),
        allow_credentials=_descriptors(need_own(actor)),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    audit.record("accounts:passkey:asked", actor)
    return Response(options_to_json(options), mimetype="application/json")


def add_passkey(actor: Actor, credential: str, name: str | None) -> None:
    """Take a passkey into use that answers the session's challenge. Raises RuleError."""
    owner = need_own(actor)
    challenge = _take_challenge()
    if challenge is None or len(credential) > _LARGEST:
        raise RuleError("This took too long. Try again.")
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_relying_party(),
            expected_origin=_origin(),
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise RuleError(_REFUSED) from None
    known = bytes_to_base64url(verified.credential_id)
    if db.session.scalar(select(SecondFactor.id).where(SecondFactor.credential_id == known)) is not None:
        raise RuleError(_REFUSED)
    now = clock.now()
    factor = SecondFactor(
        ref=new_reference("SF"),
        user_id=owner,
        kind=FactorKind.PASSKEY,
        name=name or "Passkey",
        credential_id=known,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        created_at=now,
        confirmed_at=now,
        last_used_at=now,
    )
    db.session.add(factor)
    db.session.flush()
    audit.record("accounts:factor:added", actor, factor.ref, kind=FactorKind.PASSKEY)
    tell(FACTORS_CHANGED, owner)


def use_passkey(actor: Actor, credential: str) -> bool:
    """Return whether this is an answer of one of the actor's passkeys to the session's challenge; a refusal is recorded."""
    factor = _asserted(need_own(actor), credential)
    if factor is None:
        audit.record_refusal("accounts:factor:refused", actor.key)
        return False
    audit.record("accounts:factor:used", actor, factor, kind=FactorKind.PASSKEY)
    return True


def _asserted(owner: int, credential: str) -> str | None:
    challenge, named = _take_challenge(), _credential_id(credential)
    if challenge is None or named is None:
        return None
    row = db.session.execute(
        select(SecondFactor.id, SecondFactor.ref, SecondFactor.public_key, SecondFactor.sign_count)
        .where(SecondFactor.user_id == owner, SecondFactor.credential_id == named)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_relying_party(),
            expected_origin=_origin(),
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    db.session.execute(
        update(SecondFactor)
        .where(SecondFactor.id == row.id)
        .values(sign_count=verified.new_sign_count, last_used_at=clock.now())
    )
    return str(row.ref)


def _credential_id(credential: str) -> str | None:
    if len(credential) > _LARGEST:
        return None
    try:
        found: Any = json.loads(credential)
    except (ValueError, RecursionError):
        return None
    named = found.get("id") if isinstance(found, dict) else None
    return named if isinstance(named, str) and named.isascii() and len(named) <= 1400 and "\x00" not in named else None


def _new_challenge() -> bytes:
    challenge = secrets.token_bytes(32)
    db.session.execute(
        update(UserSession)
        .where(UserSession.token_digest == token_digest(this_browser().token), UserSession.ended_at.is_(None))
        .values(challenge=bytes_to_base64url(challenge), challenged_at=clock.now())
    )
    return challenge


def _take_challenge() -> bytes | None:
    """Return the session's challenge and use it up."""
    which = UserSession.token_digest == token_digest(this_browser().token)
    row = db.session.execute(
        select(UserSession.challenge, UserSession.challenged_at).where(which).with_for_update()
    ).one_or_none()
    if row is None or row.challenge is None or clock.now() - row.challenged_at > CHALLENGE_LASTS:
        return None
    db.session.execute(update(UserSession).where(which).values(challenge=None, challenged_at=None))
    return base64url_to_bytes(row.challenge)


def _descriptors(owner: int) -> list[PublicKeyCredentialDescriptor]:
    ids = db.session.scalars(
        select(SecondFactor.credential_id)
        .where(SecondFactor.user_id == owner, SecondFactor.kind == FactorKind.PASSKEY)
        .order_by(SecondFactor.id)
        .limit(20)
    )
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(str(each))) for each in ids]


def _relying_party() -> str:
    settings: Settings = current_app.extensions["settings"]
    return urlsplit(settings.service_url).hostname or "localhost"


def _origin() -> str:
    return f"{request.scheme}://{request.host}"
