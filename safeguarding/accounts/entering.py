"""The way in: from the first proof (a pass phrase, or the organisation's own sign-in) to an open session.

There is one way, whatever the first proof was: a half-way session, then a second factor, or its set-up where there is
none yet. In the demonstration alone the second factor may be passed by.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import abort, current_app, request, url_for

from config import Settings
from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.accounts import factors, queries, signing_in
from safeguarding.accounts.factors import Ways
from safeguarding.accounts.models import Proof
from safeguarding.accounts.sessions import this_browser
from safeguarding.core.errors import NotFoundError

# Who may decide for others, give rights or take a file: a phone's code can be asked for by a false page, a passkey cannot.
NEEDS_PASSKEY = frozenset(
    {Role.CHAIR, Role.VICE_CHAIR, Role.LEAD, Role.ADMIN, Role.INFORMATION_GOVERNANCE, Role.AUDITOR}
)
_LOCAL = re.compile(r"/(?![/\\])[!-~]*")
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class HalfWay:
    """Somebody between their first proof and their second factor."""

    user_id: int
    user_ref: str
    email: str
    name: str
    ways: Ways
    needs_passkey: bool
    has_confirmed: bool  # showed a second factor already, and still has to set up a passkey

    @property
    def actor(self) -> Actor:
        """The actor of what they do for themselves: it holds no role, so no page opens."""
        return Actor(key=f"user:{self.user_ref}", display_name=self.name, user_id=self.user_id)

    @property
    def may_use_app(self) -> bool:
        """Whether a code of their app is taken: not from somebody who has the passkey that they need."""
        return bool(self.ways.apps) and not (self.needs_passkey and self.ways.passkeys)

    @property
    def must_set_up(self) -> bool:
        """Whether they have to set something up before anything opens."""
        return not self.ways.any or (self.needs_passkey and not self.ways.passkeys and self.has_confirmed)


def may_pass_by() -> bool:
    """Return whether the second factor may be passed by: never in live mode."""
    settings: Settings = current_app.extensions["settings"]
    return settings.second_factor_optional and not settings.is_live


def needs_passkey(roles: frozenset[Role]) -> bool:
    """Return whether somebody with these roles needs a passkey, as the settings say."""
    settings: Settings = current_app.extensions["settings"]
    return settings.passkey_required and bool(roles & NEEDS_PASSKEY)


def enter(user_id: int, user_ref: str, target: str) -> str:
    """Let somebody go on who showed the first proof; return the address at which they do.

    Call it in a transaction that writes. The session opens nothing before the second factor.
    """
    browser = this_browser()
    token = browser.rotate()
    signing_in.begin_session(user_id, token, device_in_words(request.user_agent.string))
    ways = factors.ways_of(user_id)
    if may_pass_by() and not ways.any:
        signing_in.open_session(user_id, user_ref, token, browser.rotate(), Proof.PASSED_BY)
        return target
    return url_for("accounts.second_factor" if ways.any else "accounts.set_up", next=target)


def half_way() -> HalfWay:
    """Return who is half way through a sign-in in this browser; answer 404 when nobody is."""
    browser = this_browser()
    row = queries.half_way(browser.token) if browser.known else None
    if row is None:
        raise NotFoundError
    return HalfWay(
        user_id=row.user_id,
        user_ref=row.user_ref,
        email=row.email,
        name=row.name,
        ways=factors.ways_of(row.user_id),
        needs_passkey=needs_passkey(queries.roles_held(row.user_id)),
        has_confirmed=row.confirmed_at is not None,
    )


def open_for(person: HalfWay, proof: Proof) -> None:
    """Open the session of somebody who showed a second factor, under a new token."""
    if proof is Proof.PASSED_BY and not may_pass_by():
        abort(404)
    browser = this_browser()
    old = browser.token
    signing_in.open_session(person.user_id, person.user_ref, old, browser.rotate(), proof)


def local_target(target: str | None) -> str:
    """Return a target on this site, or the first page: judged by what a browser would make of it."""
    plain = target or ""
    if not _LOCAL.fullmatch(plain) or urlsplit(plain).netloc or len(plain) > 500:
        return url_for("home.my_work")
    return plain


def device_in_words(agent: str) -> str:
    """Return the browser and system that a User-Agent header names, as people call them, and nothing else of it."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    return f"{browser} on {system}" if system else browser
