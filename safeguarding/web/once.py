"""Once-only keys: a creating form carries one, so that a double submit, a reload or a retry makes one row."""

import secrets
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy import String, Text, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped

from safeguarding.core import clock
from safeguarding.core.base import Base
from safeguarding.core.canonical import digest
from safeguarding.core.errors import RuleError
from safeguarding.core.labels import KEY, TRANSIENT, col
from safeguarding.extensions import db
from safeguarding.web import transaction

# What is sealed leaves no digest either: a name could be guessed from it.
_NOT_PAYLOAD = frozenset({"csrf_token", "informant", "sealed_value"})


class OnceKey(Base):
    """A key that was used, by whom, for which payload, and where the answer led."""

    __tablename__ = "once_key"

    key: Mapped[str] = col(KEY, String(120), primary_key=True)
    payload_digest: Mapped[str] = col(KEY, String(64), nullable=False)
    location: Mapped[str | None] = col(TRANSIENT, Text)
    used_at: Mapped[datetime] = col(KEY, nullable=False)


class AlreadyDoneError(Exception):
    """The same key with the same payload: answer what was answered then."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def new_key() -> str:
    """Return a key for a fresh form."""
    return secrets.token_urlsafe(16)


def claim(key: str, actor_key: str) -> None:
    """Use the key up within this transaction; raise AlreadyDoneError when it was used before for the same payload."""
    if not 16 <= len(key) <= 40 or not key.isascii():
        raise RuleError("This form has run out. Go back, reload the page and send it again.")
    scoped = f"{actor_key}:{key}"
    payload = _payload_digest()
    dialect: Any = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    inserted = db.session.execute(
        dialect.insert(OnceKey)
        .values(key=scoped, payload_digest=payload, used_at=clock.now())
        .on_conflict_do_nothing()
        .returning(OnceKey.key)
    ).scalar()
    if inserted is None:
        known = db.session.execute(select(OnceKey.payload_digest, OnceKey.location).where(OnceKey.key == scoped)).one()
        if known.payload_digest != payload or not known.location:
            raise RuleError("This form was already sent with other contents. Reload the page before you send it again.")
        raise AlreadyDoneError(known.location)

    def remember(response: Response) -> None:
        db.session.execute(update(OnceKey).where(OnceKey.key == scoped).values(location=response.location))

    transaction.before_commit(remember)


def location_of_repeat(actor_key: str) -> str | None:
    """Return where this very form led when the actor sent it before, or None when they did not.

    For a form that closes to its sender what it is about (a declared conflict, a case handed on): sent twice, it is not
    answered as if there were nothing here.
    """
    key = request.form.get("once", "")
    if not 16 <= len(key) <= 40 or not key.isascii() or not key.isprintable():
        return None
    known = select(OnceKey.location).where(
        OnceKey.key == f"{actor_key}:{key}", OnceKey.payload_digest == _payload_digest()
    )
    return db.session.scalar(known)


def _payload_digest() -> str:
    fields = [(name, values) for name, values in request.form.lists() if name not in _NOT_PAYLOAD]
    return digest({"path": request.path, "fields": sorted(fields)})
