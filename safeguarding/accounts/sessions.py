"""Server-side sessions: the cookie holds a random token, the table its digest; sign-out ends it everywhere.

A token has a stem, which stays from sign-in to sign-out, and a rest, which is new at every confirmation of who sits
there. Flask's own session object keeps only what must survive a redirect (a short message) in a signed cookie of its
own, and gives Flask-WTF a token derived from the stem, so that nothing is stored for someone not signed in and a form
open in another tab is still good after a confirmation. It looks nothing up.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeSerializer

IDLE = timedelta(minutes=30)
ADMIN_IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
LONGEST_PRESENCE = timedelta(hours=4)  # in an open meeting, from its opening on
HALF_WAY = timedelta(minutes=10)  # between pass phrase and second factor
FRESH = timedelta(minutes=5)  # how long a confirmation opens what asks for one
TOUCH_EVERY = timedelta(minutes=1)
_SAID = "said"
_STEM = 22  # characters: 128 bits

Presence = Callable[[int, datetime], datetime | None]


@dataclass(frozen=True)
class LiveSession:
    """The session of this request, as it stood at its beginning."""

    id: int
    user_id: int
    user_ref: str
    last_seen_at: datetime
    confirmed_at: datetime | None
    locked_at: datetime | None
    passed_by: bool  # signed in without a second factor, which the demonstration alone allows


class BrowserSession(dict[str, Any], SessionMixin):
    """What Flask and its extensions see as the session of one browser."""

    def __init__(self, token: str, known: bool, secret: str, said: list[Any]) -> None:
        super().__init__()
        self.token, self.known, self._secret = token, known, secret
        self.is_changed = False
        self.had_said = bool(said)
        if said:
            self["_flashes"] = [tuple(message) for message in said]
        self._derive()

    def rotate(self) -> str:
        """Take a new token, at every change of who is signed in, and return it."""
        self.token, self.known, self.is_changed = new_token(), False, True
        self._derive()
        return self.token

    def renew(self) -> str:
        """Take a new token with the same stem, at every confirmation of the same person, and return it."""
        self.token, self.known, self.is_changed = self.token[:_STEM] + new_token()[_STEM:], False, True
        return self.token

    def _derive(self) -> None:
        # The second half says which session a form comes from, should it come after that session.
        made = hmac.new(self._secret.encode(), f"csrf:{self.token[:_STEM]}".encode(), "sha256").hexdigest()
        self["csrf_token"] = f"{made}.{stem_digest(self.token)}"


class BrowserSessions(SessionInterface):
    """Opens and saves `BrowserSession`s; looks nothing up."""

    def __init__(self, cookie: str, secure: bool) -> None:
        self.cookie, self.secure = cookie, secure
        self.said = f"__Host-{_SAID}" if secure else _SAID

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        """Read the cookies; a missing or malformed token is replaced by a fresh one."""
        token = request.cookies.get(self.cookie, "")
        known = 40 <= len(token) <= 60 and token.isascii()
        return BrowserSession(token if known else new_token(), known, str(app.secret_key), self._said(app, request))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the token to a browser that has none, and the messages that wait for the next page."""
        assert isinstance(session, BrowserSession)  # noqa: S101 - our own open_session made it
        if session.is_changed or (not session.known and response.mimetype == "text/html"):
            self._set(response, self.cookie, session.token)
        said = session.get("_flashes", [])
        if said:
            self._set(response, self.said, _signer(app).dumps(said))
        elif session.had_said:
            response.delete_cookie(self.said, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(name, value, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _said(self, app: Flask, request: Request) -> list[Any]:
        try:
            said = _signer(app).loads(request.cookies.get(self.said, ""))
        except BadSignature:
            return []
        return said if isinstance(said, list) else []


def this_browser() -> BrowserSession:
    """Return the session of the browser that asks."""
    return flask_session._get_current_object()  # type: ignore[attr-defined, no-any-return]


def this_session() -> LiveSession | None:
    """Return the live session of this request; known once somebody asked for the actor."""
    found: LiveSession | None = g.get("live_session")
    return found


def set_presence(app: Flask, presence: Presence) -> None:
    """Say until when a user (by id) is held by an open meeting in which they are marked present; None when by none.

    A meeting holds what is still open when they come: it is asked with the instant at which the session ran out by itself.
    """
    app.extensions["presence"] = presence


def is_idle_too_long(user_id: int, last_seen_at: datetime, now: datetime, *, administers: bool) -> bool:
    """Return whether a session was left alone for longer than its owner may.

    Somebody present in an open meeting listens: their limit is the meeting's end. What had run out before they came stays so.
    """
    ran_out_at = last_seen_at + (ADMIN_IDLE if administers else IDLE)
    if now < ran_out_at:
        return False
    presence: Presence | None = current_app.extensions.get("presence")
    until = presence(user_id, ran_out_at) if presence else None
    return until is None or now >= until


def new_token() -> str:
    """Return 272 random bits as text: 128 of the stem and 144 of the rest."""
    return secrets.token_urlsafe(16) + secrets.token_urlsafe(18)


def token_digest(token: str) -> str:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def stem_digest(token: str) -> str:
    """Return what the table keeps of a token's stem."""
    return hashlib.sha256(token[:_STEM].encode()).hexdigest()


def _signer(app: Flask) -> URLSafeSerializer:
    return URLSafeSerializer(str(app.secret_key), salt="said")
