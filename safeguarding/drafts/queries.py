"""Reads of forms that were not lost: their sender's own, and nobody else's."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from safeguarding.access.actor import Actor
from safeguarding.core import clock, sealing
from safeguarding.core.errors import NotFoundError
from safeguarding.drafts.models import KeptForm, KeptWhy
from safeguarding.extensions import db


@dataclass(frozen=True)
class Kept:
    """A form as it was sent."""

    ref: str
    path: str
    fields: list[tuple[str, str]]
    why: KeptWhy
    kept_at: datetime


def list_kept(actor: Actor) -> list[Row[Any]]:
    """Return the actor's own forms, the newest first: ref, kept_at, expires_at. Nothing of their contents."""
    return list(
        db.session.execute(
            select(KeptForm.ref, KeptForm.kept_at, KeptForm.expires_at)
            .where(KeptForm.user_id == actor.user_id, KeptForm.expires_at > clock.now())
            .order_by(KeptForm.id.desc())
            .limit(20)
        )
    )


def find_left(actor: Actor, path: str) -> Kept | None:
    """Return what the actor left half-typed for an address, the newest, opened; None where there is nothing."""
    rows: Any = db.session.execute(
        select(KeptForm.ref, KeptForm.path, KeptForm.fields, KeptForm.kept_at)
        .where(KeptForm.user_id == actor.user_id, KeptForm.why == KeptWhy.LEFT, KeptForm.expires_at > clock.now())
        .order_by(KeptForm.id)
        .limit(20)
    )
    return open_left(rows, path)


def open_left(rows: Iterable[Any], path: str) -> Kept | None:
    """Return the last of somebody's own kept forms (ref, path, fields, kept_at) that belongs to an address, opened."""
    found = None
    for row in rows:
        if sealing.unseal(KeptForm.path, row.ref, row.path) == path:
            found = row
    return None if found is None else _opened(found, KeptWhy.LEFT)


def access_kept(actor: Actor, ref: str) -> Kept:
    """Return one of the actor's own forms, opened; raise NotFoundError for anybody else's and for none."""
    row = db.session.execute(
        select(KeptForm.ref, KeptForm.path, KeptForm.fields, KeptForm.why, KeptForm.kept_at).where(
            KeptForm.ref == ref, KeptForm.user_id == actor.user_id, KeptForm.expires_at > clock.now()
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return _opened(row, row.why)


def _opened(row: Any, why: KeptWhy) -> Kept:
    fields = json.loads(sealing.unseal(KeptForm.fields, row.ref, row.fields))
    return Kept(
        ref=row.ref,
        path=sealing.unseal(KeptForm.path, row.ref, row.path),
        fields=[(name, value) for name, value in fields],
        why=why,
        kept_at=row.kept_at,
    )
