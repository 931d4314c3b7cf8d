"""What stands behind a sign-in besides the pass phrase: second factors, recovery codes, counted attempts, known places."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed
from safeguarding.core.columns import link
from safeguarding.core.labels import ACCOUNT, CREDENTIAL, KEY, Label, Level, Retention, col
from safeguarding.core.sealing import sealed_text
from safeguarding.core.types import enum_of

SEALED_CREDENTIAL = Label(Level.SECRET, Retention.ACCOUNT, sealed=True, exportable=False)


class FactorKind(StrEnum):
    """The kinds of second factor."""

    TOTP = "totp"
    PASSKEY = "passkey"


class SecondFactor(Keyed, Base):
    """An authenticator app or a passkey of one person. It counts once `confirmed_at` is set."""

    __tablename__ = "second_factor"
    __table_args__ = (
        CheckConstraint("(kind = 'totp') = (totp_secret IS NOT NULL)", name="app_has_its_secret"),
        CheckConstraint("(kind = 'passkey') = (credential_id IS NOT NULL)", name="passkey_has_its_id"),
        CheckConstraint("(kind = 'passkey') = (public_key IS NOT NULL)", name="passkey_has_its_key"),
    )

    ref: Mapped[str] = col(KEY, String(16), unique=True, nullable=False)
    user_id: Mapped[int] = link("user_account", nullable=False, index=True)
    kind: Mapped[FactorKind] = col(KEY, enum_of(FactorKind), nullable=False)
    name: Mapped[str] = col(ACCOUNT, String(60), nullable=False)  # as its owner calls it
    totp_secret: Mapped[str | None] = sealed_text("ref", SEALED_CREDENTIAL)
    last_step: Mapped[int | None] = col(
        KEY, BigInteger
    )  # of the last code used: none is used twice, wherever it is sent
    credential_id: Mapped[str | None] = col(CREDENTIAL, String(1400), unique=True)
    public_key: Mapped[bytes | None] = col(CREDENTIAL, LargeBinary)
    sign_count: Mapped[int] = col(KEY, BigInteger, nullable=False, default=0)
    created_at: Mapped[datetime] = col(KEY, nullable=False)
    confirmed_at: Mapped[datetime | None] = col(KEY)
    last_used_at: Mapped[datetime | None] = col(KEY)


class RecoveryCode(Keyed, Base):
    """A code for the day on which the second factor is lost: random, kept as a digest, good once."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = link("user_account", nullable=False, index=True)
    digest: Mapped[str] = col(CREDENTIAL, String(64), unique=True, nullable=False)
    created_at: Mapped[datetime] = col(KEY, nullable=False)
    used_at: Mapped[datetime | None] = col(KEY)


class Throttle(Base):
    """How many attempts failed in a row for one account, one address, one pair of them, or all together."""

    __tablename__ = "throttle"

    key: Mapped[str] = col(KEY, String(80), primary_key=True)  # a keyed digest: no e-mail address, no network address
    failures: Mapped[int] = col(KEY, Integer, nullable=False)
    last_at: Mapped[datetime] = col(KEY, nullable=False, index=True)
    next_at: Mapped[datetime] = col(KEY, nullable=False)  # before this instant no further attempt is looked at


class KnownOrigin(Keyed, Base):
    """A device or network address from which somebody signed in before; a keyed digest of it."""

    __tablename__ = "known_origin"
    __table_args__ = (UniqueConstraint("user_id", "digest"),)

    user_id: Mapped[int] = link("user_account", nullable=False)
    digest: Mapped[str] = col(CREDENTIAL, String(64), nullable=False)
    last_used_at: Mapped[datetime] = col(KEY, nullable=False)


__all__ = ["FactorKind", "KnownOrigin", "RecoveryCode", "SecondFactor", "Throttle"]
