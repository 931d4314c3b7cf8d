"""Accounts that nobody uses: warned of, then suspended, by the worker once a day (AU-8).

When somebody last signed in, the audit says; a new account counts from the day it was made, one that an administrator let
in again from that day. Two administrators always remain.
"""

from datetime import datetime, timedelta

from sqlalchemy import String, literal, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts import service
from safeguarding.accounts.models import AccountStatus, User
from safeguarding.accounts.signing_in import end_all
from safeguarding.accounts.told import SUSPENDED_UNUSED, UNUSED
from safeguarding.accounts.workflow import ACCOUNT
from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.notices.service import queue

WARNED_BEFORE = timedelta(days=14)
LEAST_ADMINISTRATORS = 2


def end_unused(actor: Actor, after: timedelta) -> tuple[int, int]:
    """Suspend the accounts that nobody used for so long, and warn those that come near it; return how many of both.

    Nobody is suspended who was not warned at least the two weeks before. Raises ForbiddenError.
    """
    if not actor.may(Permission.ADMIN_USERS):
        raise ForbiddenError
    now = clock.now()
    administrators = set(service.lock_administrators())
    warned, suspended = 0, 0
    for user_id, used_at in sorted(_last_used().items(), key=lambda each: (each[1], each[0])):
        if used_at > now - after + WARNED_BEFORE:
            continue
        told_at = _told_at(user_id, used_at)
        if told_at is None:
            queue(UNUSED, user_id)
            warned += 1
        elif used_at <= now - after and told_at <= now - WARNED_BEFORE:
            if user_id in administrators and len(administrators) <= LEAST_ADMINISTRATORS:
                continue
            _suspend(actor, user_id, used_at)
            administrators.discard(user_id)
            suspended += 1
    return suspended, warned


def _suspend(actor: Actor, user_id: int, used_at: datetime) -> None:
    user = db.session.execute(select(User).where(User.id == user_id).with_for_update(key_share=True)).scalar_one()
    require(ACCOUNT, user.status, AccountStatus.SUSPENDED)
    user.status = AccountStatus.SUSPENDED
    user.version += 1
    end_all(user.id)
    audit.record("accounts:user:suspended", actor, user.ref, unused_since=clock.london(used_at).date())
    queue(SUSPENDED_UNUSED, user.id)


def _last_used() -> dict[int, datetime]:
    """Return when each active account was used last, by its id: walks back from its newest event to its last sign-in."""
    key = literal("user:", String()).concat(User.ref)
    started = (AuditEvent.actor == key, AuditEvent.event == "accounts:session:started")
    let_in = (AuditEvent.subject == User.ref, AuditEvent.event == "accounts:user:reinstated")
    signed_in, reinstated = (
        select(AuditEvent.at).where(*which).order_by(AuditEvent.seq.desc()).limit(1).correlate(User).scalar_subquery()
        for which in (started, let_in)
    )
    rows = db.session.execute(
        select(User.id, User.created_at, signed_in.label("signed_in"), reinstated.label("reinstated"))
        .where(User.status == AccountStatus.ACTIVE)
        .order_by(User.id)
    )
    return {
        row.id: max(row.created_at, row.signed_in or row.created_at, row.reinstated or row.created_at) for row in rows
    }


def _told_at(user_id: int, used_at: datetime) -> datetime | None:
    """Return when somebody was warned since they used their account last, or None."""
    statement = select(Notice.queued_at).where(Notice.recipient_id == user_id, Notice.kind == UNUSED)
    return db.session.scalar(statement.where(Notice.queued_at > used_at).order_by(Notice.id).limit(1))
