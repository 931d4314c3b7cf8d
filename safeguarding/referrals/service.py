"""Commands of the front door: a draft and its answers, sending it, questions, screening, withdrawing.

It owns the relations that follow from a referral: its author's, and once sent the panel's officers' and the hub's, to
the referral, the young person and the case. Acceptance opens a case by the command of cases where there is none.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import aliased

from safeguarding.access.actor import HUB_PRINCIPAL, Actor, office_principal, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import Membership
from safeguarding.agencies.held_back import refuse_copies
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.cases.models import Case, Risk, SubjectKind
from safeguarding.cases.service import WORKERS, open_case
from safeguarding.cases.workflow import LIVE
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.codes import Code
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.people.models import Person, PersonKind
from safeguarding.people.possible import look_beyond
from safeguarding.referrals import desks, told
from safeguarding.referrals.models import (
    MessageKind,
    Referral,
    ReferralContext,
    ReferralHarm,
    ReferralMessage,
    ReferralState,
    ReferralSubject,
    ScreeningOutcome,
    ToldParents,
    ToldYoungPerson,
)
from safeguarding.referrals.policy import NOT_A_CHOICE, Missing, may_rely_on, missing
from safeguarding.referrals.workflow import LEADS_TO, REFERRAL
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import relations_to
from safeguarding.relations.service import Subject

ADULT = 18
_CASE_OF = {
    ReferralSubject.INDIVIDUAL: SubjectKind.YOUNG_PERSON,
    ReferralSubject.POSSIBLE_PERPETRATOR: SubjectKind.POSSIBLE_PERPETRATOR,
}


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What has happened: reasons, codes of harm, how high the risk is, strengths, ids of the places involved."""

    reasons: str = ""
    risk: Risk | None = None
    strengths: str | None = None
    harms: Collection[str] = ()
    context_ids: Collection[int] = ()


@dataclass(frozen=True, kw_only=True)
class OwnView:
    """What the young person says about it in their own words, or why nobody has asked yet; never both."""

    own_view: str | None = None
    own_view_absent_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """What the front door was told, on which ground this is shared and why, and who knows of it."""

    front_door_ref: str | None = None
    front_door_on: date | None = None
    front_door_override: str | None = None
    lawful_basis_code: str | None = None
    sharing_reason: str | None = None
    told_young_person: ToldYoungPerson | None = None
    told_young_person_note: str | None = None
    told_parents: ToldParents | None = None
    told_parents_note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which panel is asked for what, and whether it is urgent."""

    panel_slug: str
    panel_question: str | None = None
    urgent: bool = False


Answers = Happening | OwnView | Sharing | Asked


class IncompleteError(RuleError):
    """A referral that lacks something cannot be sent; `missing` says what."""

    def __init__(self, lacking: list[Missing]) -> None:
        super().__init__(lacking[0].message)
        self.missing = lacking


def start_referral(
    actor: Actor,
    *,
    person: Person | None = None,
    context: Context | None = None,
    group_case: Case | None = None,
    panel_slug: str | None = None,
    at: datetime | None = None,
) -> Referral:
    """Begin a draft about somebody the actor may see, or about a place. Its author alone sees it.

    A peer group is referred by `group_case`, the case about it, by those who work that.

    Somebody who may pose a risk is referred as such and must be 18 or over: a young person who may harm others is
    referred as a young person. Raises ForbiddenError, NotFoundError for somebody hidden, RuleError.
    """
    if actor.user_id is None or not actor.agency_ids or not actor.may(Permission.REFERRAL_MAKE):
        raise ForbiddenError("You cannot make a referral.")
    now = at or clock.now()
    referral = Referral(
        ref=new_reference("RF"),
        subject_kind=_subject_kind(actor, person, context, group_case),
        person_id=person.id if person else None,
        context_id=context.id if context else None,
        peer_group_id=group_case.peer_group_id if group_case else None,
        case_id=group_case.id if group_case else None,
        panel_slug=panel_slug or _first_desk(),
        state=ReferralState.DRAFT,
        urgent=False,
        reasons="",
        referrer_id=actor.user_id,
        agency_id=min(actor.agency_ids),
        created_at=now,
        version=1,
    )
    db.session.add(referral)
    db.session.flush()
    source = ("referral", referral.id)
    closing.close_with(source, _subjects(referral)[1:])
    relations.grant(user_principal(actor.user_id), [source], Relation.REFERRER, source, valid_from=now)
    audit.record("referrals:referral:started", actor, referral.ref, kind=referral.subject_kind)
    return referral


def save_answers(actor: Actor, referral: Referral, answers: Answers, *, read_version: int) -> Referral:
    """Keep the answers of one page of a draft, complete or not. Raises RuleError for what is no answer, StaleError."""
    taken = _own_draft(actor, referral.id, read_version)
    refuse_copies(actor, taken.person_id, (each for each in vars(answers).values() if isinstance(each, str)))
    _keep(taken, answers)
    taken.version += 1
    db.session.flush()
    audit.record("referrals:draft:saved", actor, taken.ref, part=type(answers).__name__)
    return taken


def submit_referral(actor: Actor, referral: Referral, *, read_version: int, at: datetime | None = None) -> Referral:
    """Send a draft to its panel. Raises IncompleteError naming everything that is missing.

    From then on the panel's officers and the hub see it, and with it the young person and an open case that is not
    restricted; the referrer sees these too. Of an urgent one the officers are told at once; `at` is for records brought
    in from elsewhere, of which nobody is told. Whoever might be the same young person and is hidden from the referrer goes to
    a queue, of which they learn nothing.
    """
    taken = _own_draft(actor, referral.id, read_version)
    require(REFERRAL, taken.state, ReferralState.SUBMITTED)
    lacking = missing(taken, harms_of(taken))
    if lacking:
        raise IncompleteError(lacking)
    now = at or clock.now()
    _check_basis(taken.lawful_basis_code or "", taken.agency_id, clock.london(now).date())
    panel = desks.desk(taken.panel_slug)
    taken.state, taken.submitted_at = ReferralState.SUBMITTED, now
    if taken.subject_kind is not ReferralSubject.GROUP:  # that one was begun from its case
        case = _live_case(taken.person_id)
        taken.case_id = case.id if case else None
    taken.version += 1
    db.session.flush()
    _open_to_others(taken, panel.panel_id, now)
    if taken.person_id is not None:
        look_beyond(actor, db.session.get_one(Person, taken.person_id))
    audit.record("referrals:referral:submitted", actor, taken.ref, panel=taken.panel_slug, urgent=taken.urgent)
    if taken.urgent and at is None:
        told.tell_officers(actor, taken.id, taken.ref, panel.panel_id)
    return taken


def refer(
    actor: Actor,
    *,
    happening: Happening,
    own_view: OwnView,
    sharing: Sharing,
    asked: Asked,
    person: Person | None = None,
    context: Context | None = None,
    at: datetime | None = None,
) -> Referral:
    """Make a whole referral at once and send it: for records brought in from elsewhere. Raises what its parts raise."""
    referral = start_referral(actor, person=person, context=context, panel_slug=asked.panel_slug, at=at)
    for answers in (happening, own_view, sharing, asked):
        save_answers(actor, referral, answers, read_version=referral.version)
    return submit_referral(actor, referral, read_version=referral.version, at=at)


def screen_referral(
    actor: Actor,
    referral: Referral,
    *,
    outcome: ScreeningOutcome,
    reason: str | None,
    question: str | None = None,
    read_version: int,
    at: datetime | None = None,
) -> Referral:
    """Record what screening came to. Every outcome has its reason; `more_information` asks the referrer a question.

    Acceptance links the young person's live case, or opens one. Raises ForbiddenError for one's own referral.
    """
    taken = _take(actor, referral.id, Permission.REFERRAL_SCREEN, read_version)
    if actor.user_id is None or taken.referrer_id == actor.user_id:
        raise ForbiddenError("Somebody else screens a referral that you made.")
    require(REFERRAL, taken.state, LEADS_TO[outcome])
    if not reason:
        raise RuleError("Enter why. It goes on the record.", "reason")
    refuse_copies(actor, taken.person_id, (reason, question))
    if outcome is ScreeningOutcome.MORE_INFORMATION:
        if not question:
            raise RuleError("Enter what you need to know.", "question")
        _say(taken, MessageKind.QUESTION, question, actor.user_id, at)
    now = at or clock.now()
    taken.state, taken.screening_outcome, taken.screening_reason = LEADS_TO[outcome], outcome, reason
    taken.screened_at, taken.screened_by_id = now, actor.user_id
    taken.urgent = taken.urgent or outcome is ScreeningOutcome.ACCEPT_URGENT
    if taken.state is ReferralState.ACCEPTED:
        _link_case(actor, taken, now)
    taken.version += 1
    db.session.flush()
    relations.touch(_subjects(taken), now)
    audit.record("referrals:referral:screened", actor, taken.ref, outcome=outcome, state=taken.state)
    return taken


def answer_question(
    actor: Actor, referral: Referral, *, text: str, read_version: int, at: datetime | None = None
) -> Referral:
    """Answer the screener's question: the referral goes back to be screened. Only the referrer answers."""
    taken = _own(actor, referral.id, read_version)
    if taken.state is not ReferralState.MORE_INFORMATION:
        raise RuleError("No question is open on this referral.")
    if not text:
        raise RuleError("Enter your answer.", "text")
    refuse_copies(actor, taken.person_id, (text,))
    _say(taken, MessageKind.ANSWER, text, taken.referrer_id, at)
    taken.state = ReferralState.SUBMITTED
    taken.screening_outcome = taken.screening_reason = taken.screened_at = taken.screened_by_id = None
    taken.version += 1
    db.session.flush()
    relations.touch([("referral", taken.id)], at)
    audit.record("referrals:question:answered", actor, taken.ref)
    return taken


def withdraw_referral(
    actor: Actor, referral: Referral, *, reason: str | None, read_version: int, at: datetime | None = None
) -> Referral:
    """Take a referral back before it is accepted or answered. A sent one needs a reason, which stays on it.

    The referral itself stays to be read; whom and what it was about is opened to nobody by it any more.
    """
    taken = _own(actor, referral.id, read_version)
    require(REFERRAL, taken.state, ReferralState.WITHDRAWN)
    if taken.submitted_at is not None:
        if not reason:
            raise RuleError("Enter why you withdraw this referral.", "reason")
        refuse_copies(actor, taken.person_id, (reason,))
        _say(taken, MessageKind.ANSWER, f"Withdrawn: {reason}", taken.referrer_id, at)
    taken.state = ReferralState.WITHDRAWN
    taken.version += 1
    db.session.flush()
    for about in _subjects(taken)[1:]:
        relations.end_on(("referral", taken.id), about)
    relations.touch([("referral", taken.id)], at)
    audit.record("referrals:referral:withdrawn", actor, taken.ref)
    return taken


def _subject_kind(
    actor: Actor, person: Person | None, context: Context | None, group_case: Case | None
) -> ReferralSubject:
    if group_case is not None:
        if not actor.may(Permission.CASE_UPDATE, relations_to(actor, "case", group_case.id)):
            raise ForbiddenError("Those who work a group's case refer it.")
        if group_case.peer_group_id is None:
            raise RuleError("This case is not about a peer group.")
        return ReferralSubject.GROUP
    if person is not None:
        if not actor.may(Permission.PERSON_LINK, relations_to(actor, "person", person.id)):
            raise NotFoundError()
        if person.kind is PersonKind.YOUNG_PERSON:
            return ReferralSubject.INDIVIDUAL
        if person.born_on is not None and _age(person.born_on) < ADULT:
            raise RuleError("Somebody under 18 is referred as a young person.")
        return ReferralSubject.POSSIBLE_PERPETRATOR
    if context is None or context.is_restricted:
        raise NotFoundError()
    if not actor.may(Permission.CONTEXT_READ):
        raise ForbiddenError()
    return ReferralSubject.LOCATION


def _age(born_on: date) -> int:
    today = clock.today()
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def _first_desk() -> str:
    listed = desks.desks()
    if not listed:
        raise RuleError("No panel takes referrals yet. Ask an administrator to set one up.")
    return listed[0].slug


def _take(actor: Actor, referral_id: int, permission: Permission, read_version: int) -> Referral:
    referral = db.session.scalars(
        select(Referral).where(Referral.id == referral_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not actor.may(permission, relations_to(actor, "referral", referral_id)):
        raise ForbiddenError()
    if referral.version != read_version:
        raise StaleError()
    return referral


def _own(actor: Actor, referral_id: int, read_version: int) -> Referral:
    referral = _take(actor, referral_id, Permission.REFERRAL_READ, read_version)
    if referral.referrer_id != actor.user_id:
        raise ForbiddenError("Only the person who made this referral does this.")
    return referral


def _own_draft(actor: Actor, referral_id: int, read_version: int) -> Referral:
    referral = _own(actor, referral_id, read_version)
    if referral.state is not ReferralState.DRAFT:
        raise RuleError("This referral was sent already. Answer a question about it, or withdraw it.")
    return referral


def _keep(referral: Referral, answers: Answers) -> None:
    match answers:
        case Happening():
            referral.reasons, referral.risk = answers.reasons, answers.risk
            referral.strengths = answers.strengths
            _keep_harms(referral, answers.harms)
            _keep_contexts(referral, answers.context_ids)
        case OwnView():
            if answers.own_view and answers.own_view_absent_reason:
                message = "Give either what was said or why nobody has asked, not both."
                raise RuleError(message, "own_view_absent_reason")
            _set(referral, answers)
        case Sharing():
            if (answers.front_door_ref is None) != (answers.front_door_on is None):
                raise RuleError("Give the front door's reference together with its date.", "front_door_ref")
            if answers.front_door_on is not None and answers.front_door_on > clock.today():
                raise RuleError("The front door's date must be today or in the past.", "front_door_on")
            if answers.lawful_basis_code is not None:
                _check_basis(answers.lawful_basis_code, referral.agency_id, clock.today())
            _set(referral, answers)
        case Asked():
            referral.panel_slug = desks.desk(answers.panel_slug).slug
            referral.panel_question, referral.urgent = answers.panel_question, answers.urgent


def _set(referral: Referral, answers: Any) -> None:
    for name, value in vars(answers).items():
        setattr(referral, name, value)


def _keep_harms(referral: Referral, codes: Collection[str]) -> None:
    wanted = sorted(set(codes))
    known = set(db.session.scalars(select(Code.code).where(Code.list == "harm_type", *_holds_on(clock.today()))))
    if not known.issuperset(wanted):
        raise RuleError("Choose kinds of harm of the list.", "harms")
    db.session.execute(delete(ReferralHarm).where(ReferralHarm.referral_id == referral.id))
    if wanted:
        db.session.execute(insert(ReferralHarm), [{"referral_id": referral.id, "code": each} for each in wanted])


def _keep_contexts(referral: Referral, context_ids: Collection[int]) -> None:
    wanted = sorted(set(context_ids) - {referral.context_id})
    known = set(db.session.scalars(select(Context.id).where(Context.id.in_(wanted), Context.is_restricted.is_(False))))
    if known != set(wanted):
        raise RuleError("Choose places of the list.", "contexts")
    db.session.execute(delete(ReferralContext).where(ReferralContext.referral_id == referral.id))
    if wanted:
        rows = [{"referral_id": referral.id, "context_id": each} for each in wanted]
        db.session.execute(insert(ReferralContext), rows)


def harms_of(referral: Referral) -> list[str]:
    """Return the codes of harm that a referral names, within the transaction that changes it."""
    return list(db.session.scalars(select(ReferralHarm.code).where(ReferralHarm.referral_id == referral.id)))


def _holds_on(day: date) -> tuple[Any, Any]:
    return (Code.valid_from <= day, or_(Code.valid_to.is_(None), Code.valid_to > day))


def _check_basis(code: str, agency_id: int, day: date) -> None:
    """Refuse a ground that does not hold on the day, whose start is not confirmed, or that the agency may not use."""
    kinds = db.session.scalars(
        select(Code.kind).where(Code.list == "lawful_basis", Code.code == code, *_holds_on(day))
    ).all()
    agency = db.session.scalar(select(Agency.kind).where(Agency.id == agency_id))
    if not kinds or NOT_A_CHOICE in kinds or not may_rely_on(code, agency):
        raise RuleError("Choose a lawful basis of the list.", "lawful_basis")


def _live_case(person_id: int | None) -> Case | None:
    if person_id is None:
        return None
    return db.session.scalars(
        select(Case)
        .where(Case.person_id == person_id, Case.state.in_(LIVE))
        .order_by(Case.is_restricted.desc(), Case.id)
        .limit(1)
    ).one_or_none()


def _subjects(referral: Referral) -> list[Subject]:
    found: list[Subject] = [("referral", referral.id)]
    if referral.person_id is not None:
        found.append(("person", referral.person_id))
    if referral.case_id is not None:
        found.append(("case", referral.case_id))
    return found


def _open_to_others(referral: Referral, panel_id: int, now: datetime) -> None:
    """Write who sees a referral that was sent. Of a restricted record, these count for nobody: it stays with its list."""
    source = ("referral", referral.id)
    about = [each for each in _subjects(referral) if each != source]
    closing.close_with(source, about)
    _need_screener(panel_id, source)
    relations.grant(user_principal(referral.referrer_id), about, Relation.REFERRER, source, valid_from=now)
    for principal, kind in (
        (office_principal(panel_id), Relation.PANEL_OFFICE),
        (HUB_PRINCIPAL, Relation.HUB),
    ):
        relations.grant(principal, [source, *about], kind, source, valid_from=now)
    relations.touch([source, *about], now)


def _need_screener(panel_id: int, source: Subject) -> None:
    """Refuse to send what nobody would find: a restricted record's referral is screened by an officer on its list."""
    if not closing.closed_among([source]):
        return
    listed, officer = aliased(RelationRow), aliased(RelationRow)
    now = clock.now()
    found = select(listed.id).where(
        listed.subject_kind == source[0],
        listed.subject_id == source[1],
        listed.kind == Relation.LISTED,
        or_(listed.valid_to.is_(None), listed.valid_to > now),
        officer.principal == listed.principal,
        officer.subject_kind == "panel",
        officer.subject_id == panel_id,
        officer.kind.in_((Relation.CHAIR, Relation.VICE_CHAIR, Relation.COORDINATOR)),
        or_(officer.valid_to.is_(None), officer.valid_to > now),
    )
    if db.session.scalar(found.limit(1)) is None:
        raise RuleError("This record is restricted. Put an officer of the panel on its list first.", "panel")


def _say(referral: Referral, kind: MessageKind, text: str, author_id: int, at: datetime | None) -> None:
    db.session.add(
        ReferralMessage(referral_id=referral.id, kind=kind, text=text, author_id=author_id, sent_at=at or clock.now())
    )


def _link_case(actor: Actor, referral: Referral, now: datetime) -> None:
    """Link the live case of whom an accepted referral is about, opening one where there is none."""
    if referral.person_id is None:
        return
    case = _live_case(referral.person_id)
    if case is None:
        case = _open_case(actor, referral, now)
    if referral.case_id == case.id:
        return
    before, referral.case_id = referral.case_id, case.id
    source, subject = ("referral", referral.id), [("case", case.id)]
    if before is not None:  # the case it was sent about is closed meanwhile: this referral opens it to nobody any more
        relations.end_on(source, ("case", before))
    closing.close_with(source, subject)
    panel = desks.desk(referral.panel_slug)
    relations.grant(user_principal(referral.referrer_id), subject, Relation.REFERRER, source, valid_from=now)
    relations.grant(office_principal(panel.panel_id), subject, Relation.PANEL_OFFICE, source, valid_from=now)


def _open_case(actor: Actor, referral: Referral, now: datetime) -> Case:
    # Screeners open no cases of their own accord: what opens this one is the acceptance, whose permission was checked.
    accepting = replace(actor, system_permissions=frozenset({Permission.CASE_OPEN}))
    return open_case(
        accepting,
        subject=(_CASE_OF[referral.subject_kind], referral.person_id or 0),
        going_on=referral.reasons,
        keeps_safe=referral.strengths,
        risk=referral.risk or Risk.NONE_KNOWN,
        risk_reason=f"As referred in {referral.ref}.",
        lead_agency_id=referral.agency_id,
        lead_user_id=referral.referrer_id if _works_cases(referral.referrer_id) else None,
        at=now,
    )


def _works_cases(user_id: int) -> bool:
    now = clock.now()
    found = db.session.scalar(
        select(Membership.id)
        .where(
            Membership.user_id == user_id,
            Membership.role.in_(sorted(WORKERS)),
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
        )
        .limit(1)
    )
    return found is not None
