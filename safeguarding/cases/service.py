"""Commands about cases: open, allocate, revise, move, set the risk, log and correct updates.

It owns the relations of those who work a case and of the hub. It must not decide what a panel decides: a panel's
command calls `set_risk` with the relations that allow it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from safeguarding.access.actor import HUB_PRINCIPAL, Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import FIELD, Relation, Role
from safeguarding.accounts.models import Membership, User
from safeguarding.agencies.held_back import refuse_copies
from safeguarding.audit import service as audit
from safeguarding.cases.models import (
    Allocation,
    AllocationKind,
    Case,
    CaseListing,
    CaseRestriction,
    CaseRisk,
    CaseState,
    CaseUpdate,
    RestrictionState,
    Risk,
    RiskSource,
    SeenAlone,
    SharedWith,
    SocialCareStatus,
    SubjectKind,
    UpdateKind,
)
from safeguarding.cases.policy import WORKERS as WORKERS
from safeguarding.cases.policy import is_borne_out
from safeguarding.cases.workflow import CASE, LIVE
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.people.models import PeerGroup, Person
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.built import Asker, built
from safeguarding.relations.queries import related, relations_to

FIRST_REVIEW = timedelta(days=30)
TEAM_SOURCE = "team"  # the fact from which those who work a restricted case are on its list: their allocation
PERSON_KINDS = frozenset({SubjectKind.YOUNG_PERSON, SubjectKind.POSSIBLE_PERPETRATOR})
_COLUMNS = {
    SubjectKind.YOUNG_PERSON: Case.person_id,
    SubjectKind.POSSIBLE_PERPETRATOR: Case.person_id,
    SubjectKind.PEER_GROUP: Case.peer_group_id,
    SubjectKind.CONTEXT: Case.context_id,
}
_RELATIONS = {AllocationKind.LEAD: Relation.LEAD_WORKER, AllocationKind.ALLOCATED: Relation.ALLOCATED}


@dataclass(frozen=True, kw_only=True)
class UpdateText:
    """What an update says. `happened_at` is an instant in UTC, not ahead of now.

    `own_words` or `own_words_absent_reason` is given, never both; `risk_reason` is needed when `risk` differs from the
    case's; `next_step_on` only together with `next_step`.
    """

    kind: UpdateKind
    happened_at: datetime
    what_happened: str
    seen_alone: SeenAlone
    risk: Risk
    own_words: str | None = None
    own_words_absent_reason: str | None = None
    opinion: str | None = None
    risk_reason: str | None = None
    next_step: str | None = None
    next_step_on: date | None = None
    shared_with: SharedWith = SharedWith.TEAM


def open_case(
    actor: Actor,
    *,
    subject: tuple[SubjectKind, int],
    going_on: str,
    risk: Risk,
    risk_reason: str,
    lead_agency_id: int,
    lead_user_id: int | None = None,
    keeps_safe: str | None = None,
    social_care_status: SocialCareStatus = SocialCareStatus.NONE,
    is_restricted: bool = False,
    next_review_on: date | None = None,
    at: datetime | None = None,
) -> Case:
    """Open a case about a young person, a possible perpetrator, a peer group or a place, and return it.

    `subject` is (kind, id of the person, group or context). The hub stands in HUB to the case and its person, which
    counts unless the case is restricted; `lead_user_id`, when given, is allocated as lead worker. `at` dates records
    brought in from elsewhere; pages leave it out. A live case about the same subject that the actor may see refuses a second one.
    Raises ForbiddenError and RuleError.
    """
    kind, subject_id = subject
    if actor.user_id is None or not actor.may(Permission.CASE_OPEN, _relations_to_subject(actor, subject)):
        raise ForbiddenError("You do not open cases about this subject.")
    _lock_subject(subject)
    _refuse_second(actor, subject)
    now = at or clock.now()
    case = Case(
        ref=new_reference("CA"),
        subject_kind=kind,
        state=CaseState.OPEN,
        going_on=going_on,
        keeps_safe=keeps_safe,
        social_care_status=social_care_status,
        risk=risk,
        risk_set_on=clock.london(now).date(),
        is_restricted=False,
        lead_agency_id=lead_agency_id,
        opened_on=clock.london(now).date(),
        opened_by_id=actor.user_id,
        next_review_on=next_review_on,
        last_activity_at=now,
        unled_since=now,
        version=1,
    )
    setattr(case, _COLUMNS[kind].key, subject_id)
    refuse_copies(actor, case.person_id, (going_on, keeps_safe, risk_reason))
    db.session.add(case)
    db.session.flush()
    _add_risk(actor.user_id, case, risk_reason, RiskSource.OPENING, now)
    closing.close_with(("case", case.id), _subjects(case)[1:])
    relations.grant(HUB_PRINCIPAL, _subjects(case), Relation.HUB, ("case", case.id), valid_from=now, active_at=now)
    audit.record("cases:case:opened", actor, case.ref, kind=kind, risk=risk, restricted=is_restricted)
    if lead_user_id is not None:
        _allocate(actor, case, lead_user_id, AllocationKind.LEAD, now)
    if is_restricted:  # last: whoever opens it for somebody else sees no more of it from here on
        db.session.flush()
        with beyond(Beyond.CLOSING):
            case.is_restricted = True
            _restrict_at_once(case, now)
        for allocation in db.session.scalars(select(Allocation).where(Allocation.case_id == case.id)):
            put_worker_on_list(case, allocation)
    db.session.flush()
    return case


def allocate(
    actor: Actor,
    case: Case,
    *,
    user_id: int,
    kind: AllocationKind = AllocationKind.ALLOCATED,
    at: datetime | None = None,
) -> Allocation:
    """Make somebody the lead worker of a case, or one of those allocated to it, and return the allocation.

    A new lead takes the place of the one before. The person stands in LEAD_WORKER or ALLOCATED to the case and its
    person until the allocation ends. Raises ForbiddenError, and RuleError when the person's role does not work cases
    or they are allocated so already.
    """
    _need(actor, Permission.CASE_ALLOCATE, case, "Only the lead worker or the hub decides who works this case.")
    _hold_worker(user_id)
    locked = lock_case(case.id)
    allocation = _allocate(actor, locked, user_id, kind, at or clock.now())
    locked.version += 1
    db.session.flush()
    return allocation


def end_allocation(actor: Actor, case: Case, *, allocation_id: int, at: datetime | None = None) -> None:
    """End somebody's part in a case: from that instant they no longer see it by this allocation.

    Raises ForbiddenError, and RuleError when it has ended or would leave a live case without a lead worker.
    """
    _need(actor, Permission.CASE_ALLOCATE, case, "Only the lead worker or the hub decides who works this case.")
    locked = lock_case(case.id)
    allocation = db.session.scalars(
        select(Allocation).where(
            Allocation.id == allocation_id, Allocation.case_id == locked.id, Allocation.valid_to.is_(None)
        )
    ).one_or_none()
    if allocation is None:
        raise RuleError("This allocation has ended already.")
    if allocation.kind is AllocationKind.LEAD and locked.state in LIVE:
        raise RuleError("A live case has a lead worker. Choose the next lead worker first.")
    _end(actor, locked, allocation, at or clock.now())
    locked.version += 1
    db.session.flush()


@beyond(Beyond.LEAVING)
def end_unborne(actor: Actor, user_id: int) -> None:
    """End the allocations of a person, and their places on lists of restricted cases, that no membership of theirs bears
    out any more, for whoever ended that.

    Nobody is put in their place: a live case then says that nobody leads it. Raises ForbiddenError.
    """
    if not (actor.may(Permission.ADMIN_USERS) or actor.may(Permission.MEMBERS_CONFIRM)):
        raise ForbiddenError
    now = clock.now()
    held = select(Allocation.case_id).where(Allocation.user_id == user_id, Allocation.valid_to.is_(None))
    listed = select(CaseListing.case_id).where(CaseListing.user_id == user_id, CaseListing.valid_to > now)
    case_ids = sorted(set(db.session.scalars(held.union(listed))))
    memberships = _memberships_in(user_id, WORKERS) if case_ids else []
    reading = _memberships_in(user_id, FIELD) if case_ids else []
    for case_id in case_ids:  # held in one order, so that two administrators never wait for one another in a circle
        case = lock_case(case_id)
        for allocation in _live_parts(case_id, user_id):
            if not is_borne_out(memberships, allocation.valid_from, now):
                _end(actor, case, allocation, now, because="membership")
                case.version += 1
        for listing in db.session.scalars(_live_listings(case_id, user_id, now)):
            if not is_borne_out(reading, listing.valid_from, now):
                _end_listing(actor, case, listing, now)
    db.session.flush()


def revise_case(
    actor: Actor,
    case: Case,
    *,
    going_on: str,
    keeps_safe: str | None,
    social_care_status: SocialCareStatus,
    next_review_on: date | None,
    read_version: int,
) -> None:
    """Rewrite what is going on, what keeps the subject safe, and when the case is looked at next.

    Raises ForbiddenError, StaleError, RuleError.
    """
    _need(actor, Permission.CASE_UPDATE, case)
    locked = _lock_at(case.id, read_version)
    if next_review_on != locked.next_review_on and next_review_on is not None and next_review_on < clock.today():
        raise RuleError("The next review must be today or later.", "next_review_on")
    refuse_copies(actor, locked.person_id, (going_on, keeps_safe))
    locked.going_on, locked.keeps_safe = going_on, keeps_safe
    locked.social_care_status, locked.next_review_on = social_care_status, next_review_on
    locked.version += 1
    _touch(locked, clock.now())
    db.session.flush()
    audit.record("cases:case:revised", actor, locked.ref)


def move_case(actor: Actor, case: Case, *, state: CaseState, reason: str, read_version: int) -> None:
    """Move a case to another state; the reason stands among its updates. Raises ForbiddenError, StaleError, RuleError."""
    _need(actor, Permission.CASE_UPDATE, case)
    locked = _lock_at(case.id, read_version)
    require(CASE, locked.state, state)
    if not reason.strip():
        raise RuleError("Say why.", "reason")
    refuse_copies(actor, locked.person_id, (reason,))
    now = clock.now()
    words = f"The case moved from {_words(locked.state)} to {_words(state)}. {reason}"
    before, locked.state = locked.state, state
    locked.closed_on = clock.london(now).date() if state is CaseState.CLOSED else None
    locked.version += 1
    note = UpdateText(
        kind=UpdateKind.OTHER,
        happened_at=now,
        what_happened=words,
        seen_alone=SeenAlone.NOT_SEEN,
        risk=locked.risk,
        own_words_absent_reason="A note about the case itself",
    )
    _write_update(actor, locked, note, now, corrects_id=None)
    audit.record("cases:case:moved", actor, locked.ref, before=before, after=state)


def log_update(
    actor: Actor, case: Case, *, update: UpdateText, author_agency_id: int | None = None, at: datetime | None = None
) -> CaseUpdate:
    """Log what happened in a case, and return the update. The case's risk follows the update's.

    `author_agency_id` chooses among the actor's agencies (otherwise the case's lead agency, or the first of them); `at`
    is when it was recorded, for records brought in from elsewhere. Raises ForbiddenError and RuleError.
    """
    _need(actor, Permission.CASE_UPDATE, case)
    locked = lock_case(case.id)
    _need_live(locked)
    return _log(actor, locked, update, at or clock.now(), None, author_agency_id)


def correct_update(actor: Actor, case: Case, *, corrects: CaseUpdate, update: UpdateText) -> CaseUpdate:
    """Correct an update by another, and return that; the one corrected stays as it was, readable and marked.

    Raises ForbiddenError, and RuleError when it was corrected before: the later one is corrected then.
    """
    _need(actor, Permission.CASE_UPDATE, case)
    locked = lock_case(case.id)
    if corrects.case_id != locked.id:
        raise RuleError("This update belongs to another case.")
    if db.session.scalar(select(CaseUpdate.id).where(CaseUpdate.corrects_id == corrects.id)) is not None:
        raise RuleError("This update was corrected already. Correct the correction.")
    return _log(actor, locked, update, clock.now(), corrects.id, None)


def set_risk(
    actor: Actor,
    case: Case,
    *,
    risk: Risk,
    reason: str,
    source: RiskSource,
    permission: Permission,
    held: Collection[Relation],
    at: datetime | None = None,
) -> None:
    """Set a case's risk for a later package's command (a panel's decision), which says what permits it.

    `held` are the actor's relations to the subject of that command, which holds the case (`lock_case`) and moves it to the
    head of the lists. A risk that does not change writes nothing. Raises ForbiddenError and RuleError.
    """
    if actor.user_id is None or not actor.may(permission, held):
        raise ForbiddenError
    if not reason.strip():
        raise RuleError("Say why the risk changes.", "risk_reason")
    if case.risk is risk:
        return
    now = at or clock.now()
    case.risk = risk
    case.last_activity_at = now
    _add_risk(actor.user_id, case, reason, source, now)
    audit.record("cases:risk:set", actor, case.ref, risk=risk, source=source)


def closed_by(case: Case) -> list[tuple[str, int]]:
    """Return what the restriction of a case closes, besides all that is about it: the case and whom it is about."""
    return _subjects(case)


def lock_case(case_id: int) -> Case:
    """Return the case as it stands now, locked until the transaction ends (SQLite: the write lock does that)."""
    held: Case = db.session.scalars(*_held_case(None, case_id)).one()
    return held


@built
def _held_case(_asker: Asker, case_id: int) -> Any:
    return select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)


def _restrict_at_once(case: Case, now: datetime) -> None:
    """Restrict a case as it is opened; a second person agrees afterwards, as to any restriction."""
    db.session.add(
        CaseRestriction(
            ref=new_reference("RT"),
            case_id=case.id,
            state=RestrictionState.IN_FORCE,
            reason="Restricted as it was opened.",
            review_on=clock.london(now).date() + FIRST_REVIEW,
            set_by_id=case.opened_by_id,
            set_at=now,
        )
    )
    db.session.flush()
    closing.close(("case", case.id), _subjects(case))


def _lock_at(case_id: int, read_version: int) -> Case:
    locked = lock_case(case_id)
    if locked.version != read_version:
        raise StaleError
    return locked


def _need(actor: Actor, permission: Permission, case: Case, reason: str | None = None) -> None:
    if not actor.may(permission, relations_to(actor, "case", case.id)):
        raise ForbiddenError(reason or "Only those who work this case change it.")


def _need_live(case: Case) -> None:
    if case.state not in LIVE:
        raise RuleError(f"This case is {_words(case.state)}. Open it again before you log an update.")


def _subjects(case: Case) -> list[tuple[str, int]]:
    return [("case", case.id)] + ([("person", case.person_id)] if case.person_id is not None else [])


def _touch(case: Case, at: datetime) -> None:
    case.last_activity_at = at
    relations.touch(_subjects(case), at)


def _words(state: CaseState) -> str:
    return state.value.replace("_", " ")


def _relations_to_subject(actor: Actor, subject: tuple[SubjectKind, int]) -> frozenset[Relation]:
    """Return the relations to a person; to a place or a group nobody has one but the hub, which has it to all."""
    kind, subject_id = subject
    if kind in PERSON_KINDS:
        return relations_to(actor, "person", subject_id)
    return frozenset({Relation.HUB}) if HUB_PRINCIPAL in actor.principals else frozenset()


def _lock_subject(subject: tuple[SubjectKind, int]) -> None:
    """Hold the subject, so that two people cannot each open its first case."""
    kind, subject_id = subject
    if kind in PERSON_KINDS:
        statement = select(Person.kind).where(Person.id == subject_id).with_for_update()
        if db.session.scalar(statement) != kind.value:
            raise RuleError("The case and the person are not of the same kind.")
        return
    model = PeerGroup if kind is SubjectKind.PEER_GROUP else Context
    if db.session.scalar(select(model.id).where(model.id == subject_id).with_for_update()) is None:
        raise RuleError("The subject of this case no longer exists.")


def _refuse_second(actor: Actor, subject: tuple[SubjectKind, int]) -> None:
    """Refuse a second live case, but only where the first may be seen: a refusal must not tell of a restricted one."""
    kind, subject_id = subject
    conditions = [_COLUMNS[kind] == subject_id, Case.state.in_(LIVE)]
    if not actor.is_system:
        conditions.append(related(actor, "case", Case.id, Permission.CASE_READ))
    known = db.session.scalar(select(Case.ref).where(*conditions).order_by(Case.id).limit(1))
    if known is not None:
        raise RuleError(f"There is a live case already: {known}. Log what you know there.")


def _allocate(actor: Actor, case: Case, user_id: int, kind: AllocationKind, now: datetime) -> Allocation:
    _refuse_other_roles(user_id)
    for earlier in db.session.scalars(
        select(Allocation).where(
            Allocation.case_id == case.id,
            Allocation.valid_to.is_(None),
            or_(Allocation.user_id == user_id, Allocation.kind == AllocationKind.LEAD),
        )
    ):
        if earlier.user_id == user_id and earlier.kind is kind:
            raise RuleError("This person has this part in the case already.", "user_id")
        if earlier.kind is AllocationKind.LEAD and kind is not AllocationKind.LEAD:
            if earlier.user_id == user_id:
                raise RuleError("This person leads the case. Choose the next lead worker first.", "user_id")
            continue
        _end(actor, case, earlier, now)
    allocation = Allocation(case_id=case.id, user_id=user_id, kind=kind, valid_from=now)
    db.session.add(allocation)
    db.session.flush()
    relations.grant(
        user_principal(user_id),
        _subjects(case),
        _RELATIONS[kind],
        ("allocation", allocation.id),
        valid_from=now,
        active_at=case.last_activity_at,
    )
    if case.is_restricted:
        put_worker_on_list(case, allocation)
    if kind is AllocationKind.LEAD:
        case.unled_since = None
    audit.record("cases:allocation:made", actor, case.ref, user=user_id, kind=kind)
    return allocation


def put_worker_on_list(case: Case, allocation: Allocation) -> None:
    """Put somebody who works a restricted case on its list, for as long as they do: all that it closes is theirs to see."""
    relations.grant(
        user_principal(allocation.user_id),
        closing.subjects_closed_by(("case", case.id)),
        Relation.LISTED,
        (TEAM_SOURCE, allocation.id),
        active_at=case.last_activity_at,
    )


def _end(actor: Actor, case: Case, allocation: Allocation, at: datetime, **detail: object) -> None:
    allocation.valid_to = max(at, allocation.valid_from)
    if allocation.kind is AllocationKind.LEAD:
        case.unled_since = allocation.valid_to
    db.session.flush()
    relations.end(("allocation", allocation.id), at=allocation.valid_to)
    relations.end((TEAM_SOURCE, allocation.id), at=allocation.valid_to)
    audit.record("cases:allocation:ended", actor, case.ref, user=allocation.user_id, kind=allocation.kind, **detail)


def _end_listing(actor: Actor, case: Case, listing: CaseListing, at: datetime) -> None:
    listing.valid_to = max(at, listing.valid_from)
    relations.end(("listing", listing.id), at=listing.valid_to)
    db.session.flush()
    audit.record("cases:list:left", actor, case.ref, user=listing.user_id, because="membership")


def _live_listings(case_id: int, user_id: int, now: datetime) -> Any:
    return (
        select(CaseListing)
        .where(CaseListing.case_id == case_id, CaseListing.user_id == user_id, CaseListing.valid_to > now)
        .order_by(CaseListing.id)
        .execution_options(populate_existing=True)
    )


def _memberships_in(user_id: int, roles: frozenset[Role]) -> list[Any]:
    statement = select(Membership.agency_id, Membership.valid_from, Membership.valid_to).where(
        Membership.user_id == user_id, Membership.role.in_(sorted(roles))
    )
    return list(db.session.execute(statement))


def _live_parts(case_id: int, user_id: int) -> list[Allocation]:
    statement = (
        select(Allocation)
        .where(Allocation.case_id == case_id, Allocation.user_id == user_id, Allocation.valid_to.is_(None))
        .order_by(Allocation.id)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(statement))


def _hold_worker(user_id: int) -> None:
    """Hold the account before the case, as ending a membership does: nobody is allocated who is leaving just now."""
    db.session.scalar(select(User.id).where(User.id == user_id).with_for_update(read=True))


def _refuse_other_roles(user_id: int) -> None:
    now = clock.now()
    working = db.session.scalar(
        select(Membership.id)
        .where(
            Membership.user_id == user_id,
            Membership.role.in_(sorted(WORKERS)),
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
        )
        .limit(1)
    )
    if working is None:
        raise RuleError("Choose a practitioner, a social worker or a safeguarding lead.", "user_id")


def _log(
    actor: Actor, case: Case, update: UpdateText, now: datetime, corrects_id: int | None, agency_id: int | None
) -> CaseUpdate:
    _check(case, update, now)
    refuse_copies(actor, case.person_id, (update.what_happened, update.own_words, update.opinion, update.next_step))
    written = _write_update(actor, case, update, now, corrects_id, agency_id)
    event = "cases:update:logged" if corrects_id is None else "cases:update:corrected"
    detail = {"kind": update.kind, "risk": update.risk, "shared_with": update.shared_with, "changed": False}
    if update.risk is not case.risk:
        detail["changed"] = True
        case.risk = update.risk
        _add_risk(written.author_id, case, update.risk_reason or "", RiskSource.UPDATE, now)
    db.session.flush()
    audit.record(event, actor, case.ref, update=written.ref, **detail)
    return written


def _check(case: Case, update: UpdateText, now: datetime) -> None:
    if update.happened_at > now:
        raise RuleError("What happened must be in the past.", "happened_on")
    if not update.what_happened.strip():
        raise RuleError("Say what happened.", "what_happened")
    if case.subject_kind is SubjectKind.YOUNG_PERSON and not (update.own_words or update.own_words_absent_reason):
        raise RuleError("Give the young person's own words, or why there are none.", "own_words")
    if update.own_words and update.own_words_absent_reason:
        raise RuleError("Give either their own words or why there are none.", "own_words_absent_reason")
    if update.risk is not case.risk and not update.risk_reason:
        raise RuleError("Say why the risk changed.", "risk_reason")
    if update.next_step_on is not None and not update.next_step:
        raise RuleError("Say what the next step is, or leave its date empty.", "next_step")


def _write_update(
    actor: Actor,
    case: Case,
    update: UpdateText,
    now: datetime,
    corrects_id: int | None,
    agency_id: int | None = None,
) -> CaseUpdate:
    if actor.user_id is None:
        raise ForbiddenError("An update is logged by somebody who is signed in.")
    written = CaseUpdate(
        ref=new_reference("UP"),
        case_id=case.id,
        recorded_at=now,
        author_id=actor.user_id,
        author_agency_id=_agency_of(actor, case, agency_id),
        corrects_id=corrects_id,
        **vars(update),
    )
    db.session.add(written)
    _touch(case, max(now, case.last_activity_at))
    db.session.flush()
    return written


def _agency_of(actor: Actor, case: Case, chosen: int | None) -> int:
    if not actor.agency_ids or (chosen is not None and chosen not in actor.agency_ids):
        raise ForbiddenError("You write for an agency of yours only.")
    if chosen is not None:
        return chosen
    return case.lead_agency_id if case.lead_agency_id in actor.agency_ids else min(actor.agency_ids)


def _add_risk(user_id: int, case: Case, reason: str, source: RiskSource, now: datetime) -> None:
    if not reason.strip():
        raise RuleError("Say why the risk is what it is.", "risk_reason")
    case.risk_set_on = clock.london(now).date()
    db.session.add(
        CaseRisk(case_id=case.id, risk=case.risk, set_at=now, set_by_id=user_id, reason=reason, source=source)
    )
