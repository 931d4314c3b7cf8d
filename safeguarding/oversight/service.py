"""Commands of emergency access (break-glass), and the answer to a question that the audit raised.

Emergency access opens one record, read only, for an hour, told at once and reviewed by somebody else.

It writes relations of the kind `emergency`, which open the parts that were asked for on a page of their own and nothing
else; a declared conflict still beats them.
Whether there is a record at all is said to nobody but whoever opens it.
"""

from collections.abc import Collection
from datetime import time, timedelta
from typing import Any

from sqlalchemy import Select, select

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.accounts.holders import holders
from safeguarding.accounts.models import User
from safeguarding.audit import service as audit
from safeguarding.cases.models import Case
from safeguarding.cases.workflow import LIVE
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference, normalise_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.core.working_days import add_working_days
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.notices.service import queue
from safeguarding.oversight.models import (
    EmergencyAccess,
    EmergencyBasis,
    EmergencyKind,
    EmergencyOutcome,
    EmergencyPart,
    QuestionAnswer,
)
from safeguarding.people.models import Person
from safeguarding.relations import service as relations
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live, of_any

OPEN_FOR = timedelta(minutes=60)
REVIEW_BY = time(17)
SHORTEST_REASON = 20
SOURCE = "emergency"
ESCALATES = Actor("system:worker", "Worker")
OPENED = "emergency_opened"  # the notice to who leads the work and to information governance
OVERDUE = "emergency_overdue"  # the notice to those who could review it, and the leads, once the time has passed
REVIEWED = "emergency_reviewed"  # the notice to who used it
_NOTHING = "We hold nothing under this reference that can be opened. Check it, or ring the hub."
Pairs = list[tuple[str, int]]


def open_emergency(
    actor: Actor,
    typed: str,
    *,
    kind: EmergencyKind,
    parts: Collection[EmergencyPart],
    basis: EmergencyBasis,
    reason: str,
) -> EmergencyAccess:
    """Open parts of one record to the actor for an hour, and tell who leads the work and information governance.

    Raises RuleError when an earlier use waits for its review, when the reason says too little, when nothing can be
    opened under the reference (absent, or closed by a declared conflict: the same answer), or when it is open already.
    """
    if not actor.may(Permission.EMERGENCY_ASK) or actor.user_id is None:
        raise ForbiddenError("Your role does not include emergency access.")
    db.session.execute(select(User.id).where(User.id == actor.user_id).with_for_update())
    if (waiting := _unreviewed(actor)) is not None:
        audit.record_refusal("oversight:emergency:refused", actor.key, None, waits=waiting)
        raise RuleError(f"You can ask again once {waiting} has been reviewed. Ring information governance.")
    if not parts:
        raise RuleError("Choose what you need.", "parts")
    if len(reason.strip()) < SHORTEST_REASON:
        raise RuleError(f"Say why it cannot wait, in at least {SHORTEST_REASON} characters.", "reason")
    with beyond(Beyond.EMERGENCY):
        ref, pairs = _subject(typed)
    held = _held(actor, pairs)
    if ref is None or Relation.BARRED in held:
        audit.record_refusal("oversight:emergency:refused", actor.key, ref)
        raise RuleError(_NOTHING, "record")
    if _opens_anyway(actor, pairs):
        raise RuleError("You can open this record without emergency access.", "record")
    now = clock.now()
    access = EmergencyAccess(
        ref=new_reference("EA"),
        user_id=actor.user_id,
        agency=", ".join(actor.agency_names)[:120] or None,
        subject_ref=ref,
        kind=kind,
        basis=basis,
        reason=reason.strip(),
        parts=",".join(sorted(set(parts))),
        opened_at=now,
        closes_at=now + OPEN_FOR,
        review_due_at=clock.at_london(add_working_days(clock.today(), 1), REVIEW_BY),
        version=1,
    )
    db.session.add(access)
    db.session.flush()
    source = (SOURCE, access.id)
    relations.grant(
        user_principal(actor.user_id), pairs, Relation.EMERGENCY, source, valid_from=now, valid_to=access.closes_at
    )
    for user_id in sorted(_told(pairs) - {actor.user_id}):
        queue(OPENED, user_id, access.ref)
    audit.record(
        "oversight:emergency:opened",
        actor,
        ref,
        access=access.ref,
        kind=kind,
        basis=basis,
        parts=access.parts.split(","),
        closes_at=access.closes_at,
    )
    return access


def close_emergency(actor: Actor, ref: str) -> EmergencyAccess:
    """Close one's own emergency access before the hour is over. Raises NotFoundError."""
    access = _locked(ref)
    if not actor.may(Permission.EMERGENCY_ASK) or access.user_id != actor.user_id:
        raise NotFoundError
    now = clock.now()
    if access.closed_at is None and now < access.closes_at:
        access.closed_at = now
        access.version += 1
        db.session.flush()
        relations.end((SOURCE, access.id), at=now)
        audit.record("oversight:emergency:closed", actor, access.subject_ref, access=access.ref)
    return access


def review_emergency(
    actor: Actor, ref: str, *, outcome: EmergencyOutcome, findings: str, read_version: int
) -> EmergencyAccess:
    """Say whether a use of emergency access was right; it closes with it. Nobody reviews their own.

    Raises ForbiddenError for one's own, NotFoundError where a declared conflict keeps the reviewer from the record,
    StaleError when it changed since it was read, RuleError when it was reviewed already or when more has to be said.
    """
    if not actor.may(Permission.EMERGENCY_REVIEW) or actor.user_id is None:
        raise ForbiddenError("Information governance reviews emergency access.")
    access = _locked(ref)
    if access.user_id == actor.user_id:
        raise ForbiddenError("Nobody reviews their own emergency access. Ask somebody else of information governance.")
    if Relation.BARRED in _held(actor, _opened_by(access)):
        raise NotFoundError
    if access.reviewed_at is not None:
        raise RuleError("This was reviewed already.")
    if access.version != read_version:
        raise StaleError
    if outcome is not EmergencyOutcome.RIGHT and not findings.strip():
        raise RuleError("Say what was wrong, and what happens now.", "findings")
    now = clock.now()
    access.reviewed_at, access.reviewer_id, access.outcome = now, actor.user_id, outcome
    access.findings = findings.strip() or None
    if access.closed_at is None and now < access.closes_at:
        access.closed_at = now
    access.version += 1
    db.session.flush()
    relations.end((SOURCE, access.id), at=now)
    queue(REVIEWED, access.user_id, access.ref)
    audit.record("oversight:emergency:reviewed", actor, access.subject_ref, access=access.ref, outcome=outcome)
    return access


def is_any_overdue() -> bool:
    """Return whether a use waits for its review past the time and nobody further was told. One statement."""
    return db.session.scalar(_overdue().limit(1)) is not None


def escalate_overdue() -> int:
    """Tell the safeguarding leads and all of information governance of uses that nobody reviewed in time; return how many.

    Each use is told of once, and nobody of their own.
    """
    escalated = 0
    for use in db.session.scalars(_overdue().limit(50).with_for_update(skip_locked=True)).all():
        told = sorted(set(holders({Role.INFORMATION_GOVERNANCE, Role.LEAD})) - {use.user_id})
        for user_id in told:
            queue(OVERDUE, user_id, use.ref)
        if told:
            audit.record("oversight:emergency:escalated", ESCALATES, use.subject_ref, access=use.ref)
            escalated += 1
    return escalated


def _overdue() -> Select[EmergencyAccess]:
    told = select(Notice.id).where(Notice.kind == OVERDUE, Notice.subject == EmergencyAccess.ref)
    return (
        select(EmergencyAccess)
        .where(EmergencyAccess.reviewed_at.is_(None), EmergencyAccess.review_due_at < clock.now(), ~told.exists())
        .order_by(EmergencyAccess.id)
    )


def answer_question(actor: Actor, key: str, *, about: str, answer: str) -> QuestionAnswer:
    """Record what was found about a question that the audit raised; `about` is whose looks raised it, as recorded.

    Nobody answers a question about themselves. Raises ForbiddenError, or RuleError when it was answered or too short.
    """
    if not actor.may(Permission.EMERGENCY_REVIEW) or actor.user_id is None:
        raise ForbiddenError("Information governance answers these questions.")
    if about == actor.key:
        raise ForbiddenError("Nobody answers a question about themselves. Ask somebody else of information governance.")
    if len(answer.strip()) < SHORTEST_REASON:
        raise RuleError(f"Say what you found, in at least {SHORTEST_REASON} characters.", "answer")
    if db.session.scalar(select(QuestionAnswer.id).where(QuestionAnswer.key == key)) is not None:
        raise RuleError("This question was answered already.")
    given = QuestionAnswer(key=key, answer=answer.strip(), answered_at=clock.now(), answered_by_id=actor.user_id)
    db.session.add(given)
    db.session.flush()
    audit.record("oversight:question:answered", actor, None, question=key)
    return given


def _unreviewed(actor: Actor) -> str | None:
    """Return the reference of the actor's use that waits for its review, if one does."""
    return db.session.scalar(
        select(EmergencyAccess.ref)
        .where(EmergencyAccess.user_id == actor.user_id, EmergencyAccess.reviewed_at.is_(None))
        .order_by(EmergencyAccess.id)
        .limit(1)
    )


def _subject(typed: str) -> tuple[str | None, Pairs]:
    """Return the reference meant and what opens with it: a young person with their live cases, or a case with its person."""
    if (ref := normalise_reference(typed, "YP")) is not None:
        person = db.session.scalar(select(Person.id).where(Person.ref == ref))
        if person is not None:
            cases = db.session.scalars(
                select(Case.id).where(Case.person_id == person, Case.state.in_(LIVE)).order_by(Case.id)
            )
            return ref, [("person", person), *(("case", key) for key in cases)]
    if (ref := normalise_reference(typed, "CA")) is not None:
        row: Any = db.session.execute(select(Case.id, Case.person_id).where(Case.ref == ref)).one_or_none()
        if row is not None:
            return ref, [("case", row.id)] + ([("person", row.person_id)] if row.person_id is not None else [])
    return None, []


def asked_for(subject_ref: str) -> set[tuple[str, int]]:
    """Return what opens with a reference whatever else does: the young person, or the case with whom it is about."""
    _ref, pairs = _subject(subject_ref)
    return set(pairs[:1] if subject_ref.startswith("YP") else pairs)


def _opens_anyway(actor: Actor, pairs: Pairs) -> bool:
    """Return whether the actor opens all of a record without this: its cases, and without one the young person.

    Whoever is only asked what their agency knows sees what they need to search by, and no risk.
    """
    cases = [each for each in pairs if each[0] == "case"]
    if not cases:
        return actor.may(Permission.PERSON_READ, _held(actor, pairs) - {Relation.RETURN_REQUEST})
    return all(actor.may(Permission.CASE_READ, _held(actor, [case])) for case in cases)


def _held(actor: Actor, pairs: Pairs) -> frozenset[Relation]:
    if not pairs:
        return frozenset()
    rows = db.session.scalars(
        select(RelationRow.kind).where(of_any(pairs), RelationRow.principal.in_(sorted(actor.principals)), live())
    )
    return frozenset(rows)


def _opened_by(access: EmergencyAccess) -> Pairs:
    rows = select(RelationRow.subject_kind, RelationRow.subject_id).where(
        RelationRow.source_kind == SOURCE, RelationRow.source_id == access.id
    )
    return [(row.subject_kind, row.subject_id) for row in db.session.execute(rows)]


def _told(pairs: Pairs) -> set[int]:
    """Return whoever leads the work (the hub's leads where nobody does), and everybody of information governance."""
    leads = {
        int(principal.removeprefix("user:"))
        for principal in db.session.scalars(
            select(RelationRow.principal).where(of_any(pairs), RelationRow.kind == Relation.LEAD_WORKER, live())
        )
    }
    return leads.union(holders({Role.INFORMATION_GOVERNANCE} if leads else {Role.INFORMATION_GOVERNANCE, Role.LEAD}))


def _locked(ref: str) -> EmergencyAccess:
    access = db.session.scalar(select(EmergencyAccess).where(EmergencyAccess.ref == ref).with_for_update())
    if access is None:
        raise NotFoundError
    return access
