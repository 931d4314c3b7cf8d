"""The kinds of notice, registered by the packages that send them, and who the recipients are, which accounts say.

This package stands below those: it knows neither what a kind is about nor where people's addresses are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from safeguarding.access.actor import Actor

Subject = str | None


@dataclass(frozen=True)
class Recipient:
    """Somebody who may be told something: where their mail goes, who they are now, and whether they may sign in."""

    user_id: int
    email: str
    actor: Actor
    may_sign_in: bool = True


def always(_actor: Actor, _subject: Subject) -> bool:
    """Say that everyone with an active account may be told."""
    return True


@dataclass(frozen=True)
class Kind:
    """A kind of notice.

    `sentence` is what the recipient reads after signing in: the same for everyone, without name or reference.
    `permitted` is asked again when the mail is sent. `page` gives the address, on this site, of what it is about.
    `one_time` makes an address, on this site, that works once without signing in, within the transaction that sends;
    such a kind stands in nobody's list. `closes` is a kind that tells somebody that they may not sign in any longer: it
    alone is mailed to those who may not, and says so itself.
    """

    name: str
    sentence: str
    permitted: Callable[[Actor, Subject], bool] = always
    page: Callable[[Subject], str] | None = None
    one_time: Callable[[Recipient, Subject], str] | None = None
    closes: bool = False


Recipients = Callable[[int], Recipient | None]


def register_kind(app: Flask, kind: Kind) -> None:
    """Add a kind."""
    _kinds(app)[kind.name] = kind


def known_kind(name: str) -> Kind | None:
    """Return a kind by its name."""
    return _kinds(current_app).get(name)


def listed_kinds() -> list[str]:
    """Return the names of the kinds that stand in people's lists."""
    return sorted(name for name, kind in _kinds(current_app).items() if kind.one_time is None)


def register_recipients(app: Flask, find: Recipients) -> None:
    """Say how an account is found by its id; None when there is none that could be told anything."""
    app.extensions["notice_recipients"] = find


def find_recipient(user_id: int) -> Recipient | None:
    """Return who a user is now, or None when there is nobody to tell."""
    find: Recipients = current_app.extensions["notice_recipients"]
    return find(user_id)


def _kinds(app: Flask) -> dict[str, Kind]:
    found: dict[str, Kind] = app.extensions.setdefault("notice_kinds", {})
    return found
