"""Commands about restricted cases: restrict, agree, lift, and the list of those for whom the record exists.

A restriction holds at once and is agreed afterwards by a second person; lifting one waits for a second person, because
what was seen cannot be made unseen. Everybody on the list is there by name, up to a day; those who lead the case or are
allocated to it are on it as long as they are. What restriction does to relations is in `relations.closing`.
"""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import FIELD, Relation
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.accounts.queries import actor_for_user
from safeguarding.audit import service as audit
from safeguarding.cases.models import Allocation, Case, CaseListing, CaseRestriction, RestrictionState
from safeguarding.cases.service import TEAM_SOURCE, closed_by, lock_case, put_worker_on_list
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live, relations_to

LONGEST_LISTING = timedelta(days=366)
LONGEST_TO_REVIEW = timedelta(days=92)
_NOT_LISTED = "Only somebody on the list of this restricted case, or information governance, does this."


def restrict_case(actor: Actor, case: Case, *, reason: str, review_on: date, read_version: int) -> CaseRestriction:
    """Restrict a case: from now on it and whom it is about exist only for those who work it, and for the list.

    Whoever restricts is put on the list until the day of review. A second person agrees afterwards.
    Raises ForbiddenError, StaleError, RuleError (fields reason, review_on).
    """
    if actor.user_id is None or not actor.may(Permission.CASE_RESTRICT, relations_to(actor, "case", case.id)):
        raise ForbiddenError("The safeguarding lead restricts a case.")
    locked = lock_case(case.id)
    if locked.version != read_version:
        raise StaleError
    if locked.is_restricted:
        raise RuleError("This case is restricted already.")
    _check_reason(reason)
    _check_review(review_on)
    restriction = CaseRestriction(
        ref=new_reference("RT"),
        case_id=locked.id,
        state=RestrictionState.IN_FORCE,
        reason=reason.strip(),
        review_on=review_on,
        set_by_id=actor.user_id,
        set_at=clock.now(),
    )
    locked.is_restricted = True
    locked.version += 1
    db.session.add(restriction)
    db.session.flush()
    closing.close(("case", locked.id), closed_by(locked))
    for allocation in _allocations(locked.id):
        put_worker_on_list(locked, allocation)
    _put_on(actor, locked, actor.user_id, review_on, "Restricted the case")
    audit.record("cases:case:restricted", actor, locked.ref, restriction=restriction.ref, review_on=review_on)
    return restriction


@beyond(Beyond.SECOND_PERSON)
def agree(actor: Actor, restriction: CaseRestriction) -> None:
    """Agree, as a second person, that a case is restricted. Raises ForbiddenError and RuleError."""
    locked, case = _for_second(actor, restriction)
    if locked.agreed_at is not None or locked.state is not RestrictionState.IN_FORCE:
        raise RuleError("This was agreed already.")
    if locked.set_by_id == actor.user_id:
        raise ForbiddenError("Somebody other than whoever restricted it agrees.")
    locked.agreed_by_id, locked.agreed_at = actor.user_id, clock.now()
    db.session.flush()
    audit.record("cases:restriction:agreed", actor, case.ref, restriction=locked.ref)


def review_restriction(
    actor: Actor, restriction: CaseRestriction, *, reason: str, review_on: date, read_version: int
) -> None:
    """Say that the restriction stays, why, and when it is looked at next.

    `read_version` is the case's. Raises ForbiddenError, StaleError and RuleError (fields reason, review_on).
    """
    locked, case = _for_list(actor, restriction, Permission.CASE_RESTRICT)
    if case.version != read_version:
        raise StaleError
    _check_reason(reason)
    _check_review(review_on)
    locked.reason, locked.review_on = reason.strip(), review_on
    case.version += 1
    db.session.flush()
    audit.record("cases:restriction:reviewed", actor, case.ref, restriction=locked.ref, review_on=review_on)


def ask_to_lift(actor: Actor, restriction: CaseRestriction, *, reason: str) -> None:
    """Ask that the restriction be lifted: nothing opens until a second person agrees. Raises ForbiddenError, RuleError."""
    locked, case = _for_list(actor, restriction, Permission.CASE_RESTRICT)
    if locked.lift_asked_at is not None:
        raise RuleError("This was asked already. It waits for a second person.")
    _check_reason(reason)
    locked.lift_reason, locked.lift_asked_by_id, locked.lift_asked_at = reason.strip(), actor.user_id, clock.now()
    db.session.flush()
    audit.record("cases:restriction:questioned", actor, case.ref, restriction=locked.ref)


@beyond(Beyond.SECOND_PERSON)
def keep_restricted(actor: Actor, restriction: CaseRestriction) -> None:
    """Decide, as anybody who could agree, that it is not lifted. Raises ForbiddenError and RuleError."""
    locked, case = _for_second(actor, restriction)
    _need_asked(locked)
    locked.lift_reason = locked.lift_asked_by_id = locked.lift_asked_at = None
    db.session.flush()
    audit.record("cases:restriction:kept", actor, case.ref, restriction=locked.ref)


@beyond(Beyond.SECOND_PERSON)
def lift_restriction(actor: Actor, restriction: CaseRestriction, *, read: str | None = None) -> None:
    """Lift a restriction that somebody else asked to be lifted: every relation counts again.

    `read` is what was asked as the page showed it (`when_asked`). Raises ForbiddenError, RuleError.
    """
    locked, case = _for_second(actor, restriction)
    _need_asked(locked)
    if read is not None and read != when_asked(locked):
        raise RuleError("Something else is asked since you read this. Read it again before you decide.")
    if locked.lift_asked_by_id == actor.user_id:
        raise ForbiddenError("Somebody other than whoever asked agrees to lift it.")
    _need_asker(locked)
    now = clock.now()
    locked.state, locked.lifted_by_id, locked.lifted_at = RestrictionState.LIFTED, actor.user_id, now
    case.is_restricted = False
    case.version += 1
    for listing in _listings(case.id):
        listing.valid_to = max(now, listing.valid_from)
        relations.end(("listing", listing.id), at=listing.valid_to)
    for allocation in _allocations(case.id):
        relations.end((TEAM_SOURCE, allocation.id), at=now)
    db.session.flush()
    closing.open_again(("case", case.id))
    audit.record("cases:restriction:lifted", actor, case.ref, restriction=locked.ref)


def add_to_list(actor: Actor, case: Case, *, user_id: int, until_on: date, reason: str) -> CaseListing:
    """Put somebody on the list of a restricted case by name, up to and with a day. Raises ForbiddenError, RuleError."""
    if not actor.may(Permission.CASE_ALLOCATE, relations_to(actor, "case", case.id)):
        raise ForbiddenError("The lead worker, or a safeguarding lead on the list, says who is on it.")
    locked = lock_case(case.id)
    if not locked.is_restricted:
        raise RuleError("This case is not restricted.")
    _check_person(locked, user_id)
    today = clock.today()
    if not today <= until_on <= today + LONGEST_LISTING:
        raise RuleError("The last day must be today or at most a year ahead.", "until_on")
    _check_reason(reason)
    return _put_on(actor, locked, user_id, until_on, reason.strip())


def take_off_list(actor: Actor, case: Case, *, listing_id: int) -> None:
    """Take somebody off the list at once; everybody may take off themselves. Raises ForbiddenError, RuleError."""
    locked = lock_case(case.id)
    listing = next((each for each in _listings(locked.id) if each.id == listing_id), None)
    held = relations_to(actor, "case", case.id)
    is_own = listing is not None and listing.user_id == actor.user_id
    if not actor.may(Permission.CASE_ALLOCATE, held) and not (is_own and actor.may(Permission.CASE_READ, held)):
        raise ForbiddenError("The lead worker, or a safeguarding lead on the list, says who is on it.")
    if listing is None:
        raise RuleError("This person is no longer on the list.")
    listing.valid_to = max(clock.now(), listing.valid_from)
    relations.end(("listing", listing.id), at=listing.valid_to)
    db.session.flush()
    audit.record("cases:list:left", actor, locked.ref, user=listing.user_id, own=is_own)


def _put_on(actor: Actor, case: Case, user_id: int, until_on: date, reason: str) -> CaseListing:
    now = clock.now()
    until = clock.at_london(until_on + timedelta(days=1), time())
    for earlier in _listings(case.id):
        if earlier.user_id == user_id:
            earlier.valid_to = max(now, earlier.valid_from)
            relations.end(("listing", earlier.id), at=earlier.valid_to)
    listing = CaseListing(
        case_id=case.id,
        user_id=user_id,
        reason=reason,
        added_by_id=actor.user_id or user_id,
        valid_from=now,
        valid_to=until,
    )
    db.session.add(listing)
    db.session.flush()
    relations.grant(
        user_principal(user_id),
        closing.subjects_closed_by(("case", case.id)),
        Relation.LISTED,
        ("listing", listing.id),
        valid_from=now,
        valid_to=until,
        active_at=case.last_activity_at,
    )
    audit.record("cases:list:joined", actor, case.ref, user=user_id, until_on=until_on)
    return listing


def _listings(case_id: int) -> Collection[CaseListing]:
    return db.session.scalars(
        select(CaseListing)
        .where(CaseListing.case_id == case_id, CaseListing.valid_to > clock.now())
        .order_by(CaseListing.id)
    ).all()


def _allocations(case_id: int) -> Collection[Allocation]:
    return db.session.scalars(
        select(Allocation).where(Allocation.case_id == case_id, Allocation.valid_to.is_(None)).order_by(Allocation.id)
    ).all()


def _check_person(case: Case, user_id: int) -> None:
    """Refuse somebody who may not sign in, whose roles read no case, or who declared a conflict."""
    now: datetime = clock.now()
    able = db.session.scalar(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            User.id == user_id,
            User.status == AccountStatus.ACTIVE,
            Membership.role.in_(sorted(FIELD)),
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
        )
        .limit(1)
    )
    if able is None:
        raise RuleError("Choose somebody whose role reads cases.", "user_id")
    barred = select(RelationRow.id).where(
        RelationRow.principal == user_principal(user_id),
        RelationRow.subject_kind == "case",
        RelationRow.subject_id == case.id,
        RelationRow.kind == Relation.BARRED,
        live(),
    )
    if db.session.scalar(barred.limit(1)) is not None:
        raise RuleError("This person declared a conflict of interest, which beats every list.", "user_id")


def _lock(restriction: CaseRestriction) -> tuple[CaseRestriction, Case]:
    case = lock_case(restriction.case_id)
    statement = select(CaseRestriction).where(CaseRestriction.id == restriction.id).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one(), case


def _for_list(actor: Actor, restriction: CaseRestriction, permission: Permission) -> tuple[CaseRestriction, Case]:
    if not actor.may(permission, relations_to(actor, "case", restriction.case_id)):
        raise ForbiddenError("A safeguarding lead on the list does this.")
    locked, case = _lock(restriction)
    if locked.state is not RestrictionState.IN_FORCE:
        raise RuleError("This restriction was lifted.")
    return locked, case


def _for_second(actor: Actor, restriction: CaseRestriction) -> tuple[CaseRestriction, Case]:
    held = relations_to(actor, "case", restriction.case_id)
    if Relation.BARRED in held or not (
        actor.may(Permission.RESTRICTION_AGREE) or actor.may(Permission.CASE_RESTRICT, held)
    ):
        raise ForbiddenError(_NOT_LISTED)
    locked, case = _lock(restriction)
    if locked.state is not RestrictionState.IN_FORCE:
        raise RuleError("This restriction was lifted.")
    return locked, case


def _need_asked(restriction: CaseRestriction) -> None:
    if restriction.lift_asked_at is None:
        raise RuleError("Nobody asks for this any more.")


def when_asked(restriction: Any) -> str:
    """Return what tells one asking to lift a restriction from another, for the form that agrees to it."""
    return restriction.lift_asked_at.isoformat() if restriction.lift_asked_at else ""


def _need_asker(restriction: CaseRestriction) -> None:
    """Refuse to lift what was asked by somebody who lost their rights since: what was seen cannot be made unseen.

    That their place on the list has run out meanwhile takes nothing from what they asked.
    """
    asked_by = db.session.get_one(User, restriction.lift_asked_by_id)
    asker = actor_for_user(asked_by.id)
    held = relations_to(asker, "case", restriction.case_id) | {Relation.LISTED}
    if asked_by.status is not AccountStatus.ACTIVE or not asker.may(Permission.CASE_RESTRICT, held):
        raise RuleError("Who asked for this may no longer ask it. Let it stay, until somebody on the list asks anew.")


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < 10:
        raise RuleError("Say why, in 10 characters or more.", "reason")


def _check_review(review_on: date) -> None:
    today = clock.today()
    if not today < review_on <= today + LONGEST_TO_REVIEW:
        raise RuleError("The review must be after today and within three months.", "review_on")
