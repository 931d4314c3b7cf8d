"""Reads of exports of who looked: which were asked for, and how each stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.core.errors import ForbiddenError
from safeguarding.extensions import db
from safeguarding.oversight.exports import LASTS
from safeguarding.oversight.models import LooksExport

MOST = 50


def list_exports(actor: Actor) -> list[Any]:
    """Return the exports that were asked for, the newest first, with who asked and who decided."""
    if not actor.may(Permission.AUDIT_READ):
        raise ForbiddenError
    asker, decider = aliased(User), aliased(User)
    statement = (
        select(*LooksExport.__table__.columns, asker.name.label("asker"), decider.name.label("decider"))
        .join(asker, asker.id == LooksExport.asker_id)
        .outerjoin(decider, decider.id == LooksExport.decider_id)
        .order_by(LooksExport.id.desc())
        .limit(MOST)
    )
    return list(db.session.execute(statement))


def is_over(row: Any, now: datetime) -> bool:
    """Return whether nothing more can be done with an export: refused, taken, or run out."""
    if row.taken_at is not None or row.is_agreed is False:
        return True
    return bool(now > (row.decided_at or row.asked_at) + LASTS)


def is_wanted(actor: Actor, ref: str | None) -> bool:
    """Return whether somebody may still be told that an export waits for them, when the mail is sent."""
    waiting = select(LooksExport.id).where(
        LooksExport.ref == ref, LooksExport.decided_at.is_(None), LooksExport.asker_id != actor.user_id
    )
    return actor.may(Permission.AUDIT_READ) and db.session.scalar(waiting) is not None
