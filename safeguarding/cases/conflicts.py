"""Commands about conflicts of interest on a case: declared, it beats every list, role, panel and emergency, at once.

It closes to that person the case, whom it is about, and all that is or will be about either. A conflict on one item of a
meeting is the panels' (`panels.service.attendance`).
"""

from sqlalchemy import select

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.audit import service as audit
from safeguarding.cases.models import Allocation, AllocationKind, Case, CaseConflict
from safeguarding.cases.service import closed_by, lock_case
from safeguarding.cases.workflow import LIVE
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.extensions import db
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.queries import relations_to

OTHERS = "You declare your own conflicts; whoever says who works the case records what others told."


def declare_conflict(actor: Actor, case: Case, *, reason: str, user_id: int | None = None) -> CaseConflict:
    """Declare a conflict on a case: one's own, or one that somebody told whoever decides who works it.

    Raises ForbiddenError, and RuleError (fields reason, user_id).
    """
    held = relations_to(actor, "case", case.id)
    whose = actor.user_id if user_id is None else user_id
    if actor.user_id is None or whose is None or not actor.may(Permission.CASE_READ, held):
        raise ForbiddenError("A conflict is declared by somebody who sees the case.")
    if whose != actor.user_id and not actor.may(Permission.CASE_ALLOCATE, held):
        raise ForbiddenError(OTHERS)
    locked = lock_case(case.id)
    if len(reason.strip()) < 3:
        raise RuleError("Say what the conflict of interest is.", "reason")
    _check_person(locked, whose)
    now = clock.now()
    conflict = CaseConflict(
        case_id=locked.id, user_id=whose, reason=reason.strip(), declared_by_id=actor.user_id, declared_at=now
    )
    db.session.add(conflict)
    db.session.flush()
    relations.grant(
        user_principal(whose),
        closing.with_followers(closed_by(locked)),
        Relation.BARRED,
        (closing.CONFLICT, conflict.id),
        valid_from=now,
    )
    audit.record("cases:conflict:declared", actor, locked.ref, user=_ref_of(whose), conflict=conflict.id)
    return conflict


def withdraw_conflict(actor: Actor, case: Case, *, conflict_id: int) -> None:
    """Lift a conflict that was declared by mistake; nobody lifts their own. Raises ForbiddenError and RuleError."""
    if actor.user_id is None or not actor.may(Permission.CASE_ALLOCATE, relations_to(actor, "case", case.id)):
        raise ForbiddenError("Whoever says who works the case lifts a conflict.")
    locked = lock_case(case.id)
    conflict = db.session.scalars(
        select(CaseConflict).where(
            CaseConflict.id == conflict_id, CaseConflict.case_id == locked.id, CaseConflict.withdrawn_at.is_(None)
        )
    ).one_or_none()
    if conflict is None or conflict.user_id == actor.user_id:
        raise RuleError("This conflict was lifted already.")
    conflict.withdrawn_at, conflict.withdrawn_by_id = max(clock.now(), conflict.declared_at), actor.user_id
    relations.end((closing.CONFLICT, conflict.id), at=conflict.withdrawn_at)
    db.session.flush()
    audit.record("cases:conflict:withdrawn", actor, locked.ref, user=_ref_of(conflict.user_id), conflict=conflict.id)


def _check_person(case: Case, user_id: int) -> None:
    if db.session.get(User, user_id) is None:
        raise RuleError("Choose a person.", "user_id")
    declared = select(CaseConflict.id).where(
        CaseConflict.case_id == case.id, CaseConflict.user_id == user_id, CaseConflict.withdrawn_at.is_(None)
    )
    if db.session.scalar(declared.limit(1)) is not None:
        raise RuleError("This conflict is declared already.", "user_id")
    leads = select(Allocation.id).where(
        Allocation.case_id == case.id,
        Allocation.user_id == user_id,
        Allocation.kind == AllocationKind.LEAD,
        Allocation.valid_to.is_(None),
    )
    if case.state in LIVE and db.session.scalar(leads.limit(1)) is not None:
        raise RuleError("A live case has a lead worker who sees it. Choose the next lead worker first.", "user_id")


def _ref_of(user_id: int) -> str | None:
    return db.session.scalar(select(User.ref).where(User.id == user_id))
