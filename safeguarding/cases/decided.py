"""What a panel's decision does to a case: opened for an adoption, moved, and looked at again by a date.

For a later package's command, which says what permits it; like everything decided, it happens in that command's own
transaction. The risk is set by `cases.service.set_risk`.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import Membership
from safeguarding.audit import service as audit
from safeguarding.cases.models import Case, CaseState, Risk, SubjectKind
from safeguarding.cases.service import PERSON_KINDS, WORKERS, open_case
from safeguarding.cases.workflow import CASE, LIVE
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.workflow import require
from safeguarding.extensions import db


def live_case_about(kind: SubjectKind, subject_id: int) -> Case | None:
    """Return the live case about a subject that is open to more than a list of its own, held, or None."""
    column = Case.person_id if kind in PERSON_KINDS else Case.context_id
    if kind is SubjectKind.PEER_GROUP:
        column = Case.peer_group_id
    return db.session.scalars(
        select(Case)
        .where(column == subject_id, Case.subject_kind == kind, Case.state.in_(LIVE), Case.is_restricted.is_(False))
        .order_by(Case.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def open_adopted(
    actor: Actor,
    *,
    subject: tuple[SubjectKind, int],
    going_on: str,
    risk: Risk,
    reason: str,
    lead_agency_id: int,
    worker_id: int | None,
    permission: Permission,
    held: Collection[Relation],
    at: datetime | None = None,
) -> Case:
    """Open the case that a panel adopts. `held` are the actor's relations to what `permission` hangs on.

    `worker_id` leads the case when that person's role works cases. Raises ForbiddenError and RuleError.
    """
    _need(actor, permission, held)
    # The chair opens no case by role: this one is opened because the panel decided so, in the chair's name.
    deciding = replace(actor, system_permissions=actor.system_permissions | {Permission.CASE_OPEN})
    return open_case(
        deciding,
        subject=subject,
        going_on=going_on,
        risk=risk,
        risk_reason=reason,
        lead_agency_id=lead_agency_id,
        lead_user_id=worker_id if worker_id is not None and _works_cases(worker_id) else None,
        at=at,
    )


def carry_out(
    actor: Actor,
    case: Case,
    *,
    state: CaseState | None,
    next_review_on: date | None,
    permission: Permission,
    held: Collection[Relation],
    at: datetime | None = None,
) -> None:
    """Move a case as a panel decided (None: it stays), and say when it is looked at next (None: as it was).

    The caller holds the case (`cases.service.lock_case`), and moves it and whom it is about to the head of the lists.
    Raises ForbiddenError and RuleError.
    """
    _need(actor, permission, held)
    now = at or clock.now()
    if state is not None and state is not case.state:
        require(CASE, case.state, state)
        case.state = state
        case.closed_on = clock.london(now).date() if state is CaseState.CLOSED else None
    if next_review_on is not None:
        case.next_review_on = next_review_on
    elif case.state not in LIVE:
        case.next_review_on = None
    case.last_activity_at = max(now, case.last_activity_at)
    case.version += 1
    audit.record("cases:case:decided", actor, case.ref, state=case.state, next_review_on=next_review_on)


def _need(actor: Actor, permission: Permission, held: Collection[Relation]) -> None:
    if actor.user_id is None or not actor.may(permission, held):
        raise ForbiddenError


def _works_cases(user_id: int) -> bool:
    now = clock.now()
    statement = select(Membership.id).where(
        Membership.user_id == user_id,
        Membership.role.in_(sorted(WORKERS)),
        Membership.valid_from <= now,
        (Membership.valid_to.is_(None)) | (Membership.valid_to > now),
    )
    return db.session.scalar(statement.limit(1)) is not None
