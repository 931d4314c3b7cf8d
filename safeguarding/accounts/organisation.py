"""Single sign-on: what an organisation's own sign-in (OpenID Connect) says about who somebody is, and which account that is.

Authorization code with state, nonce and PKCE; the identity token's signature, issuer, audience, times and nonce are all
checked. Nobody gets an account by this: it opens one that there is, found by the subject bound to it, or once by its
verified address. It opens no session.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from config import Oidc
from safeguarding.access.actor import Actor
from safeguarding.accounts import told
from safeguarding.accounts.identity_models import ExternalIdentity
from safeguarding.accounts.models import AccountStatus, User
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.extensions import db

PATIENCE = 5.0  # seconds for each answer of the provider
KNOWN_FOR = timedelta(minutes=10)  # the provider's own description and keys
LEEWAY = 60  # seconds by which its clock may be wrong
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")  # by key pairs alone: no shared secret, and never "none"
SCOPE = "openid email"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_known: dict[str, tuple[datetime, Mapping[str, Any]]] = {}


class ProviderError(Exception):
    """The organisation's sign-in did not work out; `code` says how, in a word fit for the audit."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Kept:
    """What this browser keeps until it comes back from the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Claims:
    """Who the provider says somebody is. `email` is None unless the provider verified it; `is_strong`: by two factors."""

    issuer: str
    subject: str
    email: str | None
    is_strong: bool


def new_kept() -> Kept:
    """Return fresh random values for one sign-in."""
    return Kept(generate_token(43), generate_token(43), generate_token(64))


def address_to_go(oidc: Oidc, redirect_uri: str, kept: Kept) -> str:
    """Return the provider's address at which the browser signs in. Raises ProviderError when it cannot be asked."""
    described = _described(oidc)
    session = _session(oidc, redirect_uri)
    url, _state = session.create_authorization_url(
        described["authorization_endpoint"], state=kept.state, code_verifier=kept.verifier, nonce=kept.nonce
    )
    return str(url)


def claims_of(oidc: Oidc, redirect_uri: str, kept: Kept, code: str) -> Claims:
    """Return who the code of a callback stands for, once everything about it was checked. Raises ProviderError."""
    described = _described(oidc)
    try:
        token = _session(oidc, redirect_uri).fetch_token(
            described["token_endpoint"], code=code, code_verifier=kept.verifier, timeout=PATIENCE
        )
    except (OAuthError, requests.RequestException, ValueError):
        raise ProviderError("code_refused") from None
    claims = _checked(oidc, described, str(token.get("id_token") or ""), kept.nonce)
    told_more = claims if "email" in claims else _asked_for(described, str(token.get("access_token") or ""), claims)
    # Lowered, a Kelvin sign is a k: only an address of plain letters is that of an account.
    address = told_more.get("email")
    verified = told_more.get("email_verified") is True and isinstance(address, str) and address.isascii()
    return Claims(
        issuer=oidc.issuer,
        subject=claims["sub"],
        email=str(address).strip().lower() if verified else None,
        is_strong=_is_strong(claims, oidc.strong),
    )


def _described(oidc: Oidc) -> Mapping[str, Any]:
    """Return the provider's description of itself with its keys, asked for at most every ten minutes."""
    found = _known.get(oidc.issuer)
    if found is None or clock.now() - found[0] > KNOWN_FOR:
        described = _fetched(f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
        if described.get("issuer") != oidc.issuer:
            raise ProviderError("wrong_issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(str(described.get(name, "")), oidc.issuer):
                raise ProviderError("unsafe_endpoint")
        described["keys"] = _fetched(str(described["jwks_uri"]))
        found = _known[oidc.issuer] = (clock.now(), described)
    return found[1]


def _is_safe(address: str, issuer: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme == "http":  # a provider on this machine, for tests and demonstrations
        return parts.hostname in _LOOPBACK and urlsplit(issuer).scheme == "http"
    return parts.scheme == "https" and bool(parts.hostname)


def _fetched(address: str, **options: Any) -> dict[str, Any]:
    try:
        answer = requests.get(address, timeout=PATIENCE, allow_redirects=False, **options)
        found = answer.json() if answer.status_code == requests.codes.ok else None
    except (requests.RequestException, ValueError):
        found = None
    if not isinstance(found, dict):
        raise ProviderError("unreachable")
    return found


def _session(oidc: Oidc, redirect_uri: str) -> Any:
    return OAuth2Session(
        oidc.client_id,
        oidc.client_secret,
        scope=SCOPE,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        default_timeout=PATIENCE,
    )


def _checked(oidc: Oidc, described: Mapping[str, Any], id_token: str, nonce: str) -> dict[str, Any]:
    """Return the claims of an identity token whose signature and contents are right."""
    registry = jwt.JWTClaimsRegistry(
        now=int(clock.now().timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": oidc.issuer},
        aud={"essential": True, "value": oidc.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(described["keys"]), algorithms=list(ALGORITHMS))
        registry.validate(token.claims)
    except (JoseError, ValueError):
        _known.pop(oidc.issuer, None)  # it may have new keys: they are asked for at the next attempt
        raise ProviderError("token_refused") from None
    claims = token.claims
    audience = claims["aud"]
    alone = isinstance(audience, str) or len(audience) == 1
    if claims.get("azp", None if alone else "") not in (None, oidc.client_id):
        raise ProviderError("other_client")
    if not isinstance(claims["sub"], str) or not 1 <= len(claims["sub"]) <= 255:
        raise ProviderError("no_subject")
    return claims


def _asked_for(described: Mapping[str, Any], access_token: str, claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the provider says at its userinfo address, where it keeps the e-mail address out of the token."""
    address = str(described.get("userinfo_endpoint", ""))
    if not access_token or not _is_safe(address, str(described["issuer"])):
        return {}
    more = _fetched(address, headers={"Authorization": f"Bearer {access_token}"})
    if more.get("sub") != claims["sub"]:
        raise ProviderError("other_subject")
    return more


def _is_strong(claims: Mapping[str, Any], strong: Collection[str]) -> bool:
    methods = claims.get("amr")
    said = {str(each) for each in methods} if isinstance(methods, list) else set()
    return not said.isdisjoint(strong) or claims.get("acr") in strong


def recognise(claims: Claims) -> User | None:
    """Return the active account of somebody a provider vouches for, in a transaction that writes; None when there is none.

    The first time it is found by its verified address and bound to the subject; from then on by the subject alone, so
    that an address which is given to somebody else later opens nothing.
    """
    bound = db.session.scalar(
        select(User)
        .join(ExternalIdentity, ExternalIdentity.user_id == User.id)
        .where(ExternalIdentity.issuer == claims.issuer, ExternalIdentity.subject == claims.subject)
    )
    if bound is not None:
        return bound if bound.status is AccountStatus.ACTIVE else None
    if claims.email is None:
        return None
    user = db.session.scalar(
        select(User).where(User.email == claims.email, User.status == AccountStatus.ACTIVE).with_for_update()
    )
    if user is None or _has_other(user, claims.issuer):
        return None
    db.session.add(
        ExternalIdentity(user_id=user.id, issuer=claims.issuer, subject=claims.subject, bound_at=clock.now())
    )
    db.session.flush()
    told.tell(told.FACTORS_CHANGED, user.id)
    audit.record("accounts:organisation:bound", Actor(f"user:{user.ref}", "", user.id), user.ref)
    return user


def _has_other(user: User, issuer: str) -> bool:
    other = select(ExternalIdentity.id).where(ExternalIdentity.user_id == user.id, ExternalIdentity.issuer == issuer)
    return db.session.scalar(other) is not None
