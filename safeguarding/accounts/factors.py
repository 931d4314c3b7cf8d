"""Commands about second factors: set up an authenticator app, use one, recovery codes, take one away, clear them all.

Each acts for the person who owns the factor. Half way through a sign-in that is an actor without roles. A secret is
sealed, a recovery code kept as its digest, and neither is ever shown to anybody else.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import pyotp
from sqlalchemy import delete, func, or_, select, update

from safeguarding.access.actor import Actor
from safeguarding.accounts.factor_models import FactorKind, KnownOrigin, RecoveryCode, SecondFactor
from safeguarding.accounts.signing_in import end_all, need_own
from safeguarding.accounts.told import FACTORS_CHANGED, tell
from safeguarding.audit import service as audit
from safeguarding.core import clock, sealing
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.core.references import ALPHABET, new_reference
from safeguarding.extensions import db

STEP = 30  # seconds of a code
DRIFT = 1  # steps by which an app's clock may be wrong, either way
CODES = 10
_PART, _PARTS = 5, 4  # a recovery code is 20 characters of 5 bits: it cannot be guessed


@dataclass(frozen=True)
class Ways:
    """What somebody has set up: by which ways they can show a second factor."""

    apps: int
    passkeys: int
    codes: int

    @property
    def any(self) -> bool:
        """Whether there is a second factor at all; recovery codes alone are none."""
        return bool(self.apps or self.passkeys)


def ways_of(user_id: int) -> Ways:
    """Return what a user has set up."""
    rows = db.session.execute(
        select(SecondFactor.kind, func.count().label("number"))
        .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
        .group_by(SecondFactor.kind)
    )
    kinds: dict[FactorKind, int] = {row.kind: row.number for row in rows}
    codes = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return Ways(kinds.get(FactorKind.TOTP, 0), kinds.get(FactorKind.PASSKEY, 0), db.session.scalar(codes) or 0)


def offer_app(actor: Actor) -> SecondFactor:
    """Make a new secret for an authenticator app; it counts only after `accept_app`."""
    owner = need_own(actor)
    _drop_unfinished(owner)
    ref = new_reference("SF")
    factor = SecondFactor(
        ref=ref,
        user_id=owner,
        kind=FactorKind.TOTP,
        name="Authenticator app",
        totp_secret=sealing.seal(SecondFactor.totp_secret, ref, pyotp.random_base32()),
        created_at=clock.now(),
    )
    db.session.add(factor)
    db.session.flush()
    audit.record("accounts:factor:offered", actor, ref, kind=FactorKind.TOTP)
    return factor


def accept_app(actor: Actor, code: str) -> None:
    """Take the app that waits into use, in place of one before it, when its code is right. Raises RuleError."""
    owner = need_own(actor)
    factor = db.session.scalar(
        select(SecondFactor)
        .where(
            SecondFactor.user_id == owner,
            SecondFactor.kind == FactorKind.TOTP,
            SecondFactor.confirmed_at.is_(None),
        )
        .with_for_update()
    )
    if factor is None:
        raise RuleError("This took too long. Start again.", "code")
    step = step_of(sealing.unseal(SecondFactor.totp_secret, factor.ref, str(factor.totp_secret)), code)
    if step is None:
        raise RuleError("The code does not match. Enter the one that the app shows now.", "code")
    db.session.execute(
        delete(SecondFactor).where(
            SecondFactor.user_id == owner, SecondFactor.kind == FactorKind.TOTP, SecondFactor.id != factor.id
        )
    )
    factor.confirmed_at = factor.last_used_at = clock.now()
    factor.last_step = step
    db.session.flush()
    audit.record("accounts:factor:added", actor, factor.ref, kind=FactorKind.TOTP)
    tell(FACTORS_CHANGED, owner)


def use_app(actor: Actor, code: str) -> bool:
    """Return whether this is a code of the actor's app that was not used before, and use it up.

    The last step is changed in one statement that asks for it, so that of two instances only one takes a code.
    """
    owner = need_own(actor)
    for row in db.session.execute(
        select(SecondFactor.id, SecondFactor.ref, SecondFactor.totp_secret).where(
            SecondFactor.user_id == owner,
            SecondFactor.kind == FactorKind.TOTP,
            SecondFactor.confirmed_at.is_not(None),
        )
    ).all():
        step = step_of(sealing.unseal(SecondFactor.totp_secret, row.ref, row.totp_secret), code)
        if step is not None and _use_step(row.id, step):
            audit.record("accounts:factor:used", actor, row.ref, kind=FactorKind.TOTP)
            return True
    return False


def _use_step(factor_id: int, step: int) -> bool:
    used = db.session.execute(
        update(SecondFactor)
        .where(SecondFactor.id == factor_id, or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < step))
        .values(last_step=step, last_used_at=clock.now())
        .returning(SecondFactor.id),
        execution_options={"synchronize_session": False},
    ).all()
    return bool(used)


def step_of(secret: str, code: str, at: datetime | None = None) -> int | None:
    """Return the step (of 30 seconds since 1970) for which this is the code, now or one step away; None when there is none."""
    typed = "".join(code.split())
    if not (len(typed) == 6 and typed.isascii() and typed.isdigit()):
        return None
    totp, now = pyotp.TOTP(secret), int((at or clock.now()).timestamp()) // STEP
    for step in range(now - DRIFT, now + DRIFT + 1):
        if secrets.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def address_of(secret: str, email: str, issuer: str) -> str:
    """Return the `otpauth:` address that an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def new_codes(actor: Actor) -> list[str]:
    """Make new recovery codes in place of those before, and return them, to be shown once. Kept is a digest of each."""
    owner = need_own(actor)
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == owner))
    codes = ["-".join(_letters(_PART) for _ in range(_PARTS)) for _ in range(CODES)]
    now = clock.now()
    db.session.add_all(RecoveryCode(user_id=owner, digest=_code_digest(owner, code), created_at=now) for code in codes)
    db.session.flush()
    audit.record("accounts:recovery:renewed", actor, None, count=CODES)
    tell(FACTORS_CHANGED, owner)
    return codes


def use_code(actor: Actor, code: str) -> bool:
    """Return whether this is an unused recovery code of the actor, and use it up."""
    owner = need_own(actor)
    used = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == owner,
            RecoveryCode.digest == _code_digest(owner, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id),
        execution_options={"synchronize_session": False},
    ).all()
    if not used:
        return False
    audit.record("accounts:recovery:used", actor)
    tell(FACTORS_CHANGED, owner)
    return True


def remove_factor(actor: Actor, ref: str, *, needs_passkey: bool) -> None:
    """Take one of the actor's own second factors away.

    Raises NotFoundError when it is not theirs, RuleError when none would remain that opens their account.
    """
    owner = need_own(actor)
    theirs = db.session.execute(
        select(SecondFactor.ref, SecondFactor.kind)
        .where(SecondFactor.user_id == owner, SecondFactor.confirmed_at.is_not(None))
        .order_by(SecondFactor.id)
        .with_for_update()
    ).all()
    if ref not in {row.ref for row in theirs}:
        raise NotFoundError
    left = [row for row in theirs if row.ref != ref and (row.kind is FactorKind.PASSKEY or not needs_passkey)]
    if not left:
        raise RuleError("This is the only one that opens your account. Set up another one first.")
    db.session.execute(delete(SecondFactor).where(SecondFactor.ref == ref))
    audit.record("accounts:factor:removed", actor, ref)
    tell(FACTORS_CHANGED, owner)


def clear_factors(actor: Actor) -> None:
    """Forget every second factor, recovery code and known device of the actor, and end all their sessions.

    For somebody who lost them and came by a one-time link: nobody sees, sets or clears a factor of somebody else. They
    set up new ones at their next sign-in, and are told.
    """
    owner = need_own(actor)
    for table in (SecondFactor, RecoveryCode, KnownOrigin):
        db.session.execute(delete(table).where(table.user_id == owner))
    end_all(owner)
    audit.record("accounts:factor:cleared", actor)
    tell(FACTORS_CHANGED, owner)


def _drop_unfinished(owner: int) -> None:
    db.session.execute(delete(SecondFactor).where(SecondFactor.user_id == owner, SecondFactor.confirmed_at.is_(None)))


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _code_digest(owner: int, code: str) -> str:
    plain = "".join(each for each in code.upper() if each.isalnum())
    return hashlib.sha256(f"recovery:{owner}:{plain}".encode()).hexdigest()


def refuse_set_up() -> NoReturn:
    """Refuse to set up a factor half way through a sign-in for somebody who has one and has not shown it."""
    raise ForbiddenError("Show the second factor that you have first.")
