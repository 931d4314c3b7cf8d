"""The quarterly look at who is a member of an agency: each is kept or ended; who looks at whom, `member_queries` says."""

from typing import Any

from sqlalchemy import Row, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts import member_queries, service
from safeguarding.accounts.membership_models import MembershipConfirmation
from safeguarding.accounts.told import CONFIRM_MEMBERS
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.notices.service import queue


def keep_member(actor: Actor, membership_id: int) -> None:
    """Confirm that somebody goes on being a member this quarter. Raises ForbiddenError, NotFoundError."""
    row = _own(actor, membership_id)
    if row.confirmed_at is not None:
        raise RuleError("This was confirmed already.")
    quarter = member_queries.this_quarter()
    db.session.add(
        MembershipConfirmation(
            membership_id=row.id, quarter=quarter.begins, confirmed_by_id=actor.user_id or 0, confirmed_at=clock.now()
        )
    )
    db.session.flush()
    audit.record("accounts:membership:confirmed", actor, row.user_ref, role=row.role, agency=row.agency_ref)


def end_member(actor: Actor, membership_id: int) -> None:
    """End somebody's membership, which ends their part in the work they did by it. Raises ForbiddenError, NotFoundError,
    and RuleError when no administrator would remain."""
    row = _own(actor, membership_id)
    service.end_membership(actor, row.user_ref, agency_ref=row.agency_ref, role=row.role)


def tell_overdue() -> int:
    """Tell each person once a quarter that memberships which they look at are overdue; return how many were told."""
    quarter = member_queries.this_quarter()
    if clock.today() <= quarter.due_on:
        return 0
    told = 0
    for user_id in member_queries.list_lookers():
        since = select(Notice.id).where(
            Notice.recipient_id == user_id, Notice.kind == CONFIRM_MEMBERS, Notice.queued_at >= quarter.starts_at
        )
        if db.session.scalar(since.limit(1)) is None and member_queries.is_any_waiting(user_id):
            queue(CONFIRM_MEMBERS, user_id)
            told += 1
    return told


def _own(actor: Actor, membership_id: int) -> Row[Any]:
    if actor.user_id is None or not actor.may(Permission.MEMBERS_CONFIRM):
        raise ForbiddenError("The agency's contact or an administrator confirms its people.")
    row = member_queries.membership_to_confirm(actor.user_id, membership_id)
    if row is None:
        raise NotFoundError
    return row
