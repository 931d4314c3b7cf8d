"""Server-side sessions: the cookie holds a random token, the table its digest; sign-out ends it everywhere.

Flask's own session object keeps only what must survive a redirect (a short message) in a signed cookie of its own, and
gives Flask-WTF a token derived from the session's token, so that nothing is stored for someone not signed in.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeSerializer

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
_SAID = "said"


class BrowserSession(dict[str, Any], SessionMixin):
    """What Flask and its extensions see as the session of one browser."""

    def __init__(self, token: str, known: bool, secret: str, said: list[Any]) -> None:
        super().__init__()
        self.token, self.known, self._secret = token, known, secret
        self.had_said = bool(said)
        if said:
            self["_flashes"] = [tuple(message) for message in said]
        self._derive()

    def rotate(self) -> str:
        """Take a new token, at every change of who is signed in, and return it."""
        self.token, self.known = new_token(), False
        self._derive()
        return self.token

    def _derive(self) -> None:
        made = hmac.new(self._secret.encode(), f"csrf:{self.token}".encode(), "sha256").hexdigest()
        self["csrf_token"] = made


class BrowserSessions(SessionInterface):
    """Opens and saves `BrowserSession`s; looks nothing up."""

    def __init__(self, cookie: str, secure: bool) -> None:
        self.cookie, self.secure = cookie, secure

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        """Read the cookies; a missing or malformed token is replaced by a fresh one."""
        token = request.cookies.get(self.cookie, "")
        known = 40 <= len(token) <= 60 and token.isascii()
        return BrowserSession(token if known else new_token(), known, str(app.secret_key), self._said(app, request))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the token to a browser that has none, and the messages that wait for the next page."""
        assert isinstance(session, BrowserSession)  # noqa: S101 - our own open_session made it
        if not session.known and response.mimetype == "text/html":
            self._set(response, self.cookie, session.token)
        said = session.get("_flashes", [])
        if said:
            self._set(response, _SAID, _signer(app).dumps(said))
        elif session.had_said:
            response.delete_cookie(_SAID, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(name, value, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _said(self, app: Flask, request: Request) -> list[Any]:
        try:
            said = _signer(app).loads(request.cookies.get(_SAID, ""))
        except BadSignature:
            return []
        return said if isinstance(said, list) else []


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _signer(app: Flask) -> URLSafeSerializer:
    return URLSafeSerializer(str(app.secret_key), salt="said")
