"""Reads of requests for roles: those that wait, and those that were decided."""

from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts import policy
from safeguarding.accounts.models import User
from safeguarding.accounts.request_models import RequestState, RoleRequest
from safeguarding.agencies.models import Agency
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db

PAGE = 50
_About, _Asker, _Decider = aliased(User), aliased(User), aliased(User)


def list_waiting(actor: Actor, limit: int = PAGE) -> list[Row[Any]]:
    """Return the requests that wait, the one that runs out first at the head."""
    if not actor.holds(Permission.ADMIN_APPROVE):
        return []
    statement = _requests().where(RoleRequest.state == RequestState.WAITING, RoleRequest.expires_at > clock.now())
    return _rows(statement.order_by(RoleRequest.expires_at, RoleRequest.id).limit(limit))


def list_for_actor(actor: Actor, limit: int) -> list[Row[Any]]:
    """Return the requests that wait and that this actor may decide."""
    if not actor.holds(Permission.ADMIN_APPROVE):
        return []
    decidable = [role for role in Role if actor.roles & policy.approvers_of(role)]
    statement = _requests().where(
        RoleRequest.state == RequestState.WAITING,
        RoleRequest.expires_at > clock.now(),
        RoleRequest.role.in_(decidable),
        RoleRequest.user_id != actor.user_id,
        RoleRequest.requested_by_id != actor.user_id,
    )
    return _rows(statement.order_by(RoleRequest.expires_at, RoleRequest.id).limit(limit))


def list_closed(actor: Actor) -> list[Row[Any]]:
    """Return the requests that were decided, withdrawn or ran out, the newest first."""
    if not actor.holds(Permission.ADMIN_APPROVE):
        return []
    statement = _requests().where(or_(RoleRequest.state != RequestState.WAITING, RoleRequest.expires_at <= clock.now()))
    return _rows(statement.order_by(RoleRequest.id.desc()).limit(PAGE))


def list_about(actor: Actor, user_id: int) -> list[Row[Any]]:
    """Return the requests about one person that wait."""
    if not actor.holds(Permission.ADMIN_USERS):
        return []
    statement = _requests().where(
        RoleRequest.user_id == user_id,
        RoleRequest.state == RequestState.WAITING,
        RoleRequest.expires_at > clock.now(),
    )
    return _rows(statement.order_by(RoleRequest.id).limit(PAGE))


def access_request(actor: Actor, ref: str) -> Row[Any]:
    """Return a request by its reference, or raise NotFoundError."""
    found, known = None, normalise_reference(ref, "RR")
    if known and actor.holds(Permission.ADMIN_APPROVE):
        found = db.session.execute(_requests().where(RoleRequest.ref == known)).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def _rows(statement: Select[Any]) -> list[Row[Any]]:
    return list(db.session.execute(statement))


def _requests() -> Select[Any]:
    columns = [column for column in RoleRequest.__table__.columns if column.name not in ("id", "agency_id")]
    return (
        select(
            *columns,
            _About.ref.label("user_ref"),
            _About.name.label("user_name"),
            _About.job_title.label("user_job_title"),
            _Asker.name.label("requested_by"),
            _Decider.name.label("decided_by"),
            Agency.name.label("agency_name"),
        )
        .join(_About, _About.id == RoleRequest.user_id)
        .join(_Asker, _Asker.id == RoleRequest.requested_by_id)
        .join(Agency, Agency.id == RoleRequest.agency_id)
        .outerjoin(_Decider, _Decider.id == RoleRequest.decided_by_id)
    )
