"""Counting attempts at a pass phrase or a second factor, in the database, so that every worker counts the same.

An attempt is counted before it is looked at, and taken back when it was right: of many at once no more get through than
the limit says. Beyond a limit comes back-off, which being held back does not lengthen; it is never a lock. Counted are
the pair of account and origin, the account, the network address, and all together. Whoever signed in before from this
device or address is counted by that pair alone: no outsider can hold them out.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, after_this_request, current_app, request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from safeguarding.accounts.factor_models import KnownOrigin, Throttle
from safeguarding.accounts.sessions import new_token
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web import transaction

DEVICE_LASTS = timedelta(days=180)
_COOKIE = "device"


@dataclass(frozen=True)
class Limit:
    """How many attempts in a row are free, how long the next one waits, and after what rest the count begins anew."""

    name: str
    free: int
    first: timedelta
    longest: timedelta
    forgotten: timedelta

    def wait_after(self, failures: int) -> timedelta:
        """Return how long the next attempt has to wait after so many: doubled each time."""
        if failures < self.free:
            return timedelta(0)
        doubled: timedelta = self.first * 2 ** min(failures - self.free, 20)
        return min(doubled, self.longest)


PAIR = Limit("pair", 5, timedelta(seconds=5), timedelta(minutes=15), timedelta(hours=12))
ACCOUNT = Limit("account", 100, timedelta(seconds=30), timedelta(minutes=5), timedelta(days=30))
ADDRESS = Limit("address", 50, timedelta(seconds=5), timedelta(minutes=15), timedelta(hours=1))
TOTAL = Limit("total", 2_000, timedelta(seconds=1), timedelta(seconds=10), timedelta(minutes=10))


class TooManyError(Exception):
    """Too many attempts failed: none is looked at for `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(str(wait))
        self.wait = wait

    @property
    def seconds(self) -> int:
        """The wait in whole seconds, at least one."""
        return max(1, round(self.wait.total_seconds() + 0.5))

    @property
    def message(self) -> str:
        """What to do, in words."""
        if self.seconds < 60:
            when = f"{self.seconds} second{'' if self.seconds == 1 else 's'}"
        else:
            minutes = -(-self.seconds // 60)
            when = f"{minutes} minute{'' if minutes == 1 else 's'}"
        return f"There were too many attempts. Wait {when}, then try again."


@dataclass(frozen=True)
class Attempt:
    """An attempt that is looked at: the counts that it raised."""

    keys: dict[Limit, str]


def admit(what: str, account: str, user_id: int | None) -> Attempt:
    """Count an attempt at `what` of an account, in a transaction of its own, or raise TooManyError.

    `account` is what names it to the outside, whether or not there is such an account: the work is the same.
    """
    with transaction.unit_of_work():
        keys = _keys(what, account, user_id)
        rows = _locked(list(keys.values()))
        now = clock.now()
        wait = max((rows[key].next_at - now for key in keys.values()), default=timedelta(0))
        if wait <= timedelta(0):
            for limit, key in keys.items():
                _raise(limit, rows[key], now)
    if wait > timedelta(0):
        raise TooManyError(wait)
    return Attempt(keys)


def succeed(attempt: Attempt) -> None:
    """Take an attempt back that was right, in the transaction of what it opens."""
    now = clock.now()
    for limit, key in sorted(attempt.keys.items(), key=lambda each: each[1]):
        left = 0 if limit in (PAIR, ACCOUNT) else Throttle.failures - 1
        db.session.execute(
            update(Throttle).where(Throttle.key == key, Throttle.failures > 0).values(failures=left, next_at=now),
            execution_options={"synchronize_session": False},
        )


def remember_origin(user_id: int) -> None:
    """Keep that this person signed in from this device and address, and give the browser its cookie of a device."""
    token = request.cookies.get(_cookie_name(), "")
    if not 40 <= len(token) <= 60:
        token = new_token()
    now = clock.now()
    dialect: Any = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(KnownOrigin).values(
        [
            {"user_id": user_id, "digest": _digest("device", token), "last_used_at": now},
            {"user_id": user_id, "digest": _digest("address", _address()), "last_used_at": now},
        ]
    )
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["user_id", "digest"], set_={"last_used_at": now})
    )
    db.session.execute(
        delete(KnownOrigin).where(KnownOrigin.user_id == user_id, KnownOrigin.last_used_at < now - DEVICE_LASTS),
        execution_options={"synchronize_session": False},
    )
    after_this_request(lambda response: _send_device(response, token))


def _send_device(response: Response, token: str) -> Response:
    response.set_cookie(
        _cookie_name(),
        token,
        max_age=int(DEVICE_LASTS.total_seconds()),
        path="/",
        secure=_is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def _keys(what: str, account: str, user_id: int | None) -> dict[Limit, str]:
    device = request.cookies.get(_cookie_name(), "")
    by_device, by_address = _digest("device", device), _digest("address", _address())
    known = set(
        db.session.scalars(
            select(KnownOrigin.digest).where(
                KnownOrigin.user_id == (user_id or 0),
                KnownOrigin.digest.in_([by_device, by_address]),
                KnownOrigin.last_used_at > clock.now() - DEVICE_LASTS,
            )
        )
    )
    origin = by_device if by_device in known else by_address
    keys = {PAIR: _key(PAIR, what, account, origin)}
    if not known:
        keys |= {
            ACCOUNT: _key(ACCOUNT, what, account),
            ADDRESS: _key(ADDRESS, what, by_address),
            TOTAL: _key(TOTAL, what),
        }
    return keys


def _locked(keys: list[str]) -> dict[str, Throttle]:
    """Return the counts, made where there are none, locked in one order."""
    now = clock.now()
    dialect: Any = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    db.session.execute(
        dialect.insert(Throttle)
        .values([{"key": key, "failures": 0, "last_at": now, "next_at": now} for key in sorted(keys)])
        .on_conflict_do_nothing()
    )
    rows = db.session.scalars(
        select(Throttle).where(Throttle.key.in_(keys)).order_by(Throttle.key).with_for_update(),
        execution_options={"populate_existing": True},
    )
    return {row.key: row for row in rows}


def _raise(limit: Limit, row: Throttle, now: datetime) -> None:
    if now - row.last_at > limit.forgotten:
        row.failures = 0
    row.failures += 1
    row.last_at, row.next_at = now, now + limit.wait_after(row.failures)
    if limit is TOTAL and row.failures % 50 == 0:
        _sweep(now)


def _sweep(now: datetime) -> None:
    """Forget counts that hold nobody back any more, so that made-up addresses do not fill the table."""
    db.session.execute(
        delete(Throttle).where(Throttle.last_at < now - timedelta(days=1), Throttle.failures < PAIR.free),
        execution_options={"synchronize_session": False},
    )
    db.session.execute(
        delete(Throttle).where(Throttle.last_at < now - ACCOUNT.forgotten),
        execution_options={"synchronize_session": False},
    )


def _address() -> str:
    """Return the network address that asks; of IPv6 the network, whose every address is one machine's to choose."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"  # a socket of this machine
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _key(limit: Limit, *parts: str) -> str:
    return f"{limit.name}:{_digest(*parts)}"


def _digest(*parts: str) -> str:
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, "\x00".join(("origin", *parts)).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _cookie_name() -> str:
    return f"__Host-{_COOKIE}" if _is_secure() else _COOKIE


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
