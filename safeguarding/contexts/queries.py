"""What may be read of places: who sees which, the ranked list, one place.

Owns `visible_contexts`, the one condition by which a place is found. A restricted place is for those who review
places, and to everyone else it is not there. It must not change anything, and it never counts people.
"""

from typing import Any

from sqlalchemy import Row, select, true
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.contexts.models import Context, ContextRisk
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db

PAGE = 50


def visible_contexts(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor may see a place: restricted ones are for those who review places."""
    if not actor.may(Permission.CONTEXT_READ):
        return ~true()
    return true() if actor.may(Permission.CONTEXT_REVIEW) else Context.is_restricted.is_(False)


def access_context(actor: Actor, ref: str) -> Row[Any]:
    """Return a place and its figure. Raises NotFoundError where it is hidden or absent."""
    found = db.session.execute(
        select(Context.id, Context.ref, Context.name, Context.kind, ContextRisk.score, ContextRisk.band)
        .outerjoin(ContextRisk, ContextRisk.context_id == Context.id)
        .where(Context.ref == (normalise_reference(ref, "CX") or ""), visible_contexts(actor))
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def list_contexts(actor: Actor) -> list[Row[Any]]:
    """Return the places with the highest score, fifty."""
    return list(
        db.session.execute(
            select(Context.ref, Context.name, ContextRisk.score, ContextRisk.band)
            .join(ContextRisk, ContextRisk.context_id == Context.id)
            .where(visible_contexts(actor), Context.ended_on.is_(None))
            .order_by(ContextRisk.score.desc(), ContextRisk.context_id)
            .limit(PAGE)
        )
    )
