"""Commands about decisions: record one, add to it, and an agency's own dissent.

A decision is recorded once, complete: with its quorum and papers as they stood, what each agency thinks, the actions, and
what it does to the case, all in one transaction. It is never edited. One item has one decision.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, insert, or_, select, union_all

from safeguarding.access.actor import Actor, office_principal, seat_principal, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.actions.models import Action, ActionOrigin, ActionSubject
from safeguarding.actions.service import add_action
from safeguarding.actions.workflow import LIVE as LIVE_ACTIONS
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.cases.decided import carry_out, live_case_about, open_adopted
from safeguarding.cases.models import Case, CaseState, Risk, RiskSource, SubjectKind
from safeguarding.cases.service import lock_case, set_risk
from safeguarding.cases.workflow import LIVE as LIVE_CASES
from safeguarding.contexts.models import Context, ContextRole, PersonContext
from safeguarding.contexts.service import link_person_context
from safeguarding.core import clock
from safeguarding.core.canonical import canonical_json, digest
from safeguarding.core.codes import Code
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.panels.copying import refuse_about_item, refuse_fields_about_item
from safeguarding.panels.models.decisions import AgencyView, Decision, DecisionAddendum, DecisionKind, View
from safeguarding.panels.models.items import AgendaItem, ItemKind, ItemState
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.models.panels import Panel
from safeguarding.panels.policy import ADOPTS, JUDGES_RISK, KEEPS_IT, NEEDS_CASE, is_in_the_chair
from safeguarding.panels.queries.parts import papers_mark
from safeguarding.panels.queries.room import (
    RoomLine,
    Waiver,
    conflicted_users,
    quorum_of,
    room,
    seats_at,
    waiver_of,
    who_has_a_view,
)
from safeguarding.panels.quorum import missing_sentence
from safeguarding.panels.rules import (
    MOST_ACTIONS,
    AgencyOpinion,
    AgreedAction,
    DecisionText,
    problems,
    view_problems,
)
from safeguarding.panels.service import papers
from safeguarding.panels.service.holding import (
    hold_meeting,
    need_item,
    need_on_panel,
    need_open,
    need_unfinished,
)
from safeguarding.panels.service.meetings import record_heard
from safeguarding.people.models import Confidence
from safeguarding.referrals.models import Referral
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.built import Asker, built
from safeguarding.relations.queries import relations_to_each

_SUBJECT_OF = {
    ItemKind.YOUNG_PERSON: SubjectKind.YOUNG_PERSON,
    ItemKind.POSSIBLE_PERPETRATOR: SubjectKind.POSSIBLE_PERPETRATOR,
    ItemKind.PEER_GROUP: SubjectKind.PEER_GROUP,
    ItemKind.CONTEXT: SubjectKind.CONTEXT,
}
_STATE_AFTER = {
    DecisionKind.STEP_DOWN: CaseState.STEPPED_DOWN,
    DecisionKind.CLOSE: CaseState.CLOSED,
    **dict.fromkeys(KEEPS_IT, CaseState.OPEN),
}


def record_decision(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    text: DecisionText,
    *,
    read_version: int,
    at: datetime | None = None,
) -> Decision:
    """Record the decision on the item that is open, with everything that follows from it, and return it.

    The rules are those of the partnership's terms: only the person in the chair records, never somebody with a conflict on
    the item, and only while every required group is in the room, or was waived. `read_version` is the item's; two chairs at
    once: the second gets StaleError. `at` dates records brought in from elsewhere. Raises NotFoundError, ForbiddenError,
    StaleError, RuleError (its field names a member of `DecisionText`).
    """
    return decide(actor, meeting.id, item.id, text, read_version=read_version, at=at)


def decide(
    actor: Actor,
    meeting_id: int,
    item_id: int,
    text: DecisionText,
    *,
    read_version: int,
    at: datetime | None = None,
) -> Decision:
    """Do what `record_decision` does, for a page that has read the meeting and the item without their entities."""
    held, taken, quorum_groups = _hold(meeting_id, item_id)
    standing = relations_to_each(actor, (("panel", held.panel_id), ("item", taken.id)))
    office = standing["panel"]
    if not actor.may(Permission.DECISION_RECORD, office):
        raise ForbiddenError("Only the chair or vice-chair of this panel records its decisions.")
    if not actor.may(Permission.ITEM_READ, standing["item"]):
        raise NotFoundError  # to somebody with a conflict on it, the item is not there
    if taken.version != read_version:
        raise StaleError
    need_open(held)
    if taken.state is not ItemState.OPEN:
        raise RuleError("Open the item before you decide it.")
    conflicted = conflicted_users(taken.id)
    _need_chair(actor, held, conflicted)
    now = at or clock.now()
    lines = room(held.id, held.panel_id, taken.id, now)
    quorum = quorum_of(lines, quorum_groups, now)
    waiver = None if quorum.is_quorate else waiver_of(taken.id)
    if not quorum.is_quorate and not (waiver and waiver.covers(quorum)):
        raise RuleError(missing_sentence(quorum))
    case = _case_before(taken)
    facts = _facts.row(actor, text.lawful_basis_code, clock.london(now).date())
    if facts is None:
        raise ForbiddenError("A decision is recorded by somebody who is signed in.")
    _check(taken, text, case, facts, clock.london(now).date())
    _check_copies(actor, taken, text)
    _check_views(text, lines, now)
    _check_actions(text, conflicted)
    papers_digest = papers_mark(taken.id, taken.referral_id)
    after = _carry_out(actor, held, taken, text, case, office, now)
    decision = _write(actor, taken, text, {**quorum.as_record(), **_waived(waiver)}, facts.chair, papers_digest, now)
    # What changed on the item, the meeting and the case is written together with the decision.
    record_heard(held, taken, ItemState.DEFERRED if text.kind is DecisionKind.DEFER else ItemState.DECIDED)
    _write_views(decision, text)
    _link_place(actor, taken, text, decision)
    _add_actions(actor, held, taken, text, decision, after, office, now)
    relations.touch(papers.subjects_of(taken), now)
    audit.record(
        "panels:decision:recorded",
        actor,
        decision.ref,
        item=taken.ref,
        meeting=held.ref,
        kind=text.kind,
        quorum=digest(decision.quorum),
        papers=decision.papers_digest,
        actions=len(text.actions),
        dissent=sum(each.view is View.DISAGREES for each in text.views),
    )
    return decision


def add_addendum(
    actor: Actor, meeting: Meeting, item: AgendaItem, decision: Decision, *, text: str, at: datetime | None = None
) -> DecisionAddendum:
    """Add a dated text to a decision; also after the meeting closed. Raises NotFoundError, ForbiddenError, RuleError."""
    need_on_panel(actor, meeting, Permission.DECISION_RECORD, "Only the chair or vice-chair adds to a decision.")
    need_item(actor, item)
    if not text.strip():
        raise RuleError("Enter what is to be added.", "text")
    refuse_about_item(actor, item, [text], "text")
    return _addendum(actor, item, decision, text, at or clock.now())


def add_dissent(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    decision: Decision,
    *,
    agency_id: int,
    reason: str,
    at: datetime | None = None,
) -> None:
    """Record that the actor's own agency disagrees with a decision, until the meeting closes.

    Where the chair recorded another view for the agency, that stays as it was and the dissent follows as a dated addendum
    in the agency's name. Raises NotFoundError, ForbiddenError, RuleError (field reason).
    """
    held = hold_meeting(meeting)
    to_item = need_item(actor, item)
    to_panel = need_on_panel(actor, held, Permission.MEETING_READ, "Dissent is recorded by those who sit on the panel.")
    if not actor.may(Permission.DISSENT_RECORD, to_item | to_panel):
        raise ForbiddenError("Dissent is recorded by those who hold an agency's seat.")
    if agency_id not in actor.agency_ids:
        raise ForbiddenError("You record your own agency's dissent only.")
    need_unfinished(held)
    now = at or clock.now()
    if agency_id not in seats_at(held.panel_id, now):
        raise ForbiddenError("Your agency has no seat on this panel.")
    if not reason.strip():
        raise RuleError("Say why your agency disagrees.", "reason")
    refuse_about_item(actor, item, [reason], "reason")
    known = db.session.scalar(
        select(AgencyView.view).where(AgencyView.decision_id == decision.id, AgencyView.agency_id == agency_id)
    )
    name = db.session.execute(select(Agency.short_name).where(Agency.id == agency_id)).scalar_one()
    if known is View.DISAGREES:
        raise RuleError("Your agency's dissent is recorded already.", "reason")
    if known is None:
        view = AgencyView(decision_id=decision.id, agency_id=agency_id, view=View.DISAGREES, reason=reason)
        db.session.add(view)
        db.session.flush()
    else:
        _addendum(actor, item, decision, f"{name} disagrees. {reason}", now)
    audit.record("panels:dissent:recorded", actor, decision.ref, item=item.ref, agency=agency_id)


def _need_chair(actor: Actor, meeting: Meeting, conflicted: frozenset[int]) -> None:
    if not is_in_the_chair(actor, meeting.chaired_by_id, conflicted):
        raise ForbiddenError("Somebody else chairs this meeting. Take the chair before you record a decision.")


def _waived(waiver: Waiver | None) -> dict[str, Any]:
    return {} if waiver is None else {"waived": waiver.as_record()}


def _hold(meeting_id: int, item_id: int) -> tuple[Meeting, AgendaItem, str]:
    """Return the meeting, the item and the panel's quorum setting as they stand now, held: the meeting first."""
    found = db.session.execute(*_held(None, meeting_id, item_id)).one_or_none()
    if found is None:
        raise NotFoundError
    return found[0], found[1], found[2]


@built
def _held(_asker: Asker, meeting_id: int, item_id: int) -> Any:
    return (
        select(Meeting, AgendaItem, Panel.quorum_groups)
        .select_from(Meeting)
        .join(AgendaItem, AgendaItem.meeting_id == Meeting.id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(Meeting.id == meeting_id, AgendaItem.id == item_id)
        .with_for_update(of=[Meeting, AgendaItem])
        .execution_options(populate_existing=True)
    )


@built
def _facts(asker: Asker, basis: str, today: date) -> Any:
    """What the rules ask of other tables: who is in the chair, and whether the lawful basis may be relied on."""
    known = exists().where(
        Code.list == "lawful_basis",
        Code.code == basis,
        Code.kind != "enacted",
        Code.valid_from <= today,
        or_(Code.valid_to.is_(None), Code.valid_to > today),
    )
    return select(User.name.label("chair"), known.label("is_lawful")).where(User.id == asker.user_id)


def _case_before(item: AgendaItem) -> Case | None:
    """Return the item's case, or the live case about the same subject that the panel did not know of yet; held."""
    if item.case_id is not None:
        return lock_case(item.case_id)
    subject = _subject_of(item)
    return None if subject is None else live_case_about(*subject)


def _subject_of(item: AgendaItem) -> tuple[SubjectKind, int] | None:
    kind = _SUBJECT_OF.get(item.kind)
    subject_id = item.person_id or item.peer_group_id or item.context_id
    return None if kind is None or subject_id is None else (kind, subject_id)


def _check(item: AgendaItem, text: DecisionText, case: Case | None, facts: Any, today: date) -> None:
    for problem in problems(text, item.kind, today):
        raise RuleError(problem.message, problem.field)
    if text.kind in NEEDS_CASE and case is None:
        raise RuleError("There is no case yet: adopt it first, or close the referral.", "kind")
    if text.linked_context_id is not None:
        _check_context(text.linked_context_id)
    if not facts.is_lawful:
        raise RuleError("Choose the lawful basis on which agencies share about this.", "lawful_basis_code")
    if text.kind is DecisionKind.STEP_DOWN:
        _check_step_down(item, today)


def _check_copies(actor: Actor, item: AgendaItem, text: DecisionText) -> None:
    """Refuse to write into a decision what an agency told for fewer readers, or under conditions."""
    said: list[tuple[str | None, list[str | None]]] = [
        (field, [getattr(text, field)]) for field in ("rationale", "options_considered", "told_how")
    ]
    said += [(f"actions-{index}-title", [each.title, each.detail]) for index, each in enumerate(text.actions)]
    said += [("views", [each.reason, each.chair_answer]) for each in text.views]
    refuse_fields_about_item(actor, item, said)


def _check_context(context_id: int) -> None:
    known = select(Context.id).where(Context.id == context_id, Context.is_restricted.is_(False))
    if db.session.scalar(known) is None:
        raise RuleError("Choose the place to which the case is linked.", "linked_context")


def _check_step_down(item: AgendaItem, today: date) -> None:
    """An overdue action that nobody in particular owns would be lost with the panel's eye on it."""
    if item.person_id is None:
        return
    orphan = db.session.scalar(
        select(Action.ref)
        .where(
            Action.subject_kind == ActionSubject.PERSON,
            Action.subject_id == item.person_id,
            Action.state.in_(LIVE_ACTIONS),
            Action.due_on < today,
            Action.owner_user_id.is_(None),
        )
        .order_by(Action.id)
        .limit(1)
    )
    if orphan is not None:
        raise RuleError(
            f"Action {orphan} is overdue and nobody in person owns it. Settle it before stepping down.", "kind"
        )


def _check_views(text: DecisionText, lines: Iterable[RoomLine], now: datetime) -> None:
    """Each agency in the room has a view; one that is out with a conflict has none; dissent has its reason."""
    here, may_have_one = who_has_a_view(lines, now)
    for problem in view_problems(text.views, here, may_have_one):
        raise RuleError(problem.message, problem.field)


def _check_actions(text: DecisionText, conflicted: frozenset[int]) -> None:
    if len(text.actions) > MOST_ACTIONS:
        raise RuleError(f"A decision has at most {MOST_ACTIONS} actions.", "actions")
    if any(each.owner_user_id in conflicted for each in text.actions if each.owner_user_id is not None):
        raise RuleError("Somebody with a conflict on this item cannot own an action from it.", "actions")


def _write(
    actor: Actor,
    item: AgendaItem,
    text: DecisionText,
    quorum: dict[str, Any],
    chair: str,
    papers_digest: str,
    now: datetime,
) -> Decision:
    if actor.user_id is None:
        raise ForbiddenError("A decision is recorded by somebody who is signed in.")
    decision = Decision(
        ref=new_reference("DE"),
        item_id=item.id,
        kind=text.kind,
        rationale=text.rationale,
        options_considered=text.options_considered,
        risk_before=text.risk_before,
        risk_after=text.risk_after,
        next_review_on=text.next_review_on,
        deferred_to_on=text.deferred_to_on,
        lawful_basis_code=text.lawful_basis_code,
        told_how=text.told_how,
        linked_context_id=text.linked_context_id,
        quorum=canonical_json({**quorum, "chair": chair}),
        papers_digest=papers_digest,
        recorded_at=now,
        recorded_by_id=actor.user_id,
        chaired_by_id=actor.user_id,
    )
    db.session.add(decision)
    return decision


def _write_views(decision: Decision, text: DecisionText) -> None:
    """Write what the agencies think, in one statement."""
    if text.views:
        said = tuple((v.agency_id, v.view.value, v.reason or "", v.chair_answer or "") for v in text.views)
        _views_of.run(None, decision.id, said)


@built
def _views_of(_asker: Asker, of_decision: Any, said: tuple[tuple[Any, Any, Any, Any], ...]) -> Any:
    rows = [
        select(of_decision, agency, view, func.nullif(reason, ""), func.nullif(answer, ""))
        for agency, view, reason, answer in said
    ]
    table: Any = AgencyView.__table__
    columns = ["decision_id", "agency_id", "view", "reason", "chair_answer"]
    return insert(table).from_select(columns, union_all(*rows))


def _carry_out(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    text: DecisionText,
    case: Case | None,
    office: frozenset[Relation],
    now: datetime,
) -> Case | None:
    """Let the decision take effect on the case, which an adoption opens where there is none; return the case, if any."""
    allowed: dict[str, Any] = {"permission": Permission.DECISION_RECORD, "held": office, "at": now}
    subject = _subject_of(item)
    if case is None and text.kind in ADOPTS and subject is not None and text.risk_after is not None:
        case = _adopt(actor, item, text, subject, text.risk_after, allowed)
    if case is None:
        return None
    if item.case_id is None:
        _link_case(meeting, item, case)
    state = _STATE_AFTER.get(text.kind)
    if state is CaseState.OPEN and case.state in LIVE_CASES and case.state is not CaseState.UNDER_REVIEW:
        state = None
    carry_out(actor, case, state=state, next_review_on=text.next_review_on, **allowed)
    if text.risk_after is not None and text.kind in JUDGES_RISK:
        set_risk(actor, case, risk=text.risk_after, reason=text.rationale, source=RiskSource.DECISION, **allowed)
    return case


def _adopt(
    actor: Actor,
    item: AgendaItem,
    text: DecisionText,
    subject: tuple[SubjectKind, int],
    risk: Risk,
    allowed: dict[str, Any],
) -> Case:
    referral = db.session.get(Referral, item.referral_id) if item.referral_id is not None else None
    lead_agency = referral.agency_id if referral is not None else min(actor.agency_ids)
    return open_adopted(
        actor,
        subject=subject,
        going_on=referral.reasons if referral is not None and referral.reasons else text.rationale,
        risk=risk,
        reason=text.rationale,
        lead_agency_id=lead_agency,
        worker_id=referral.referrer_id if referral is not None else item.presenter_id,
        **allowed,
    )


def _link_case(meeting: Meeting, item: AgendaItem, case: Case) -> None:
    """Tie the item to its case, and open the case to those who see the item, closed to those with a conflict on it."""
    item.case_id = case.id
    subject = [("case", case.id)]
    closing.close_with(papers.source(item.id), subject)
    closing.close_with(subject[0], [papers.source(item.id)])
    relations.grant(office_principal(meeting.panel_id), subject, Relation.PANEL_OFFICE, papers.source(item.id))
    relations.grant(seat_principal(meeting.panel_id), subject, Relation.AGENDA, papers.source(item.id))
    if item.referral_id is None:
        return
    referral = db.session.get_one(Referral, item.referral_id)
    referral.case_id = case.id
    relations.grant(user_principal(referral.referrer_id), subject, Relation.REFERRER, ("referral", referral.id))


def _link_place(actor: Actor, item: AgendaItem, text: DecisionText, decision: Decision) -> None:
    """Record that the young person is at risk at the place to which the panel linked the case, unless that is known."""
    if text.linked_context_id is None or item.person_id is None:
        return
    known = select(PersonContext.id).where(
        PersonContext.person_id == item.person_id,
        PersonContext.context_id == text.linked_context_id,
        PersonContext.role == ContextRole.AT_RISK_HERE,
        PersonContext.until_on.is_(None),
    )
    if db.session.scalar(known.limit(1)) is None:
        link_person_context(
            actor,
            item.person_id,
            text.linked_context_id,
            role=ContextRole.AT_RISK_HERE,
            source=f"Decision {decision.ref}",
            confidence=Confidence.CONFIRMED,
        )


def _add_actions(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    text: DecisionText,
    decision: Decision,
    case: Case | None,
    office: frozenset[Relation],
    now: datetime,
) -> None:
    about = _action_subject(meeting, item)
    opened: list[tuple[str, int]] = [("person", item.person_id)] if item.person_id is not None else []
    opened += [("case", case.id)] if case is not None else []
    for index, each in enumerate(text.actions):
        try:
            action = add_action(
                actor,
                subject=about,
                title=each.title,
                detail=each.detail,
                owner_agency_id=each.owner_agency_id,
                owner_user_id=each.owner_user_id,
                due_on=each.due_on,
                priority=each.priority,
                origin=(ActionOrigin.DECISION, decision.id),
                relations_subjects=opened,
                held=office,
                at=now,
            )
        except RuleError as refusal:
            raise RuleError(refusal.message, f"actions-{index}-{refusal.field or 'title'}") from refusal
        closing.close_with(("action", action.id), [papers.source(item.id)])


def _action_subject(meeting: Meeting, item: AgendaItem) -> tuple[ActionSubject, int]:
    if item.person_id is not None:
        return ActionSubject.PERSON, item.person_id
    if item.context_id is not None:
        return ActionSubject.CONTEXT, item.context_id
    if item.peer_group_id is not None:
        return ActionSubject.PEER_GROUP, item.peer_group_id
    return ActionSubject.MEETING, meeting.id


def _addendum(actor: Actor, item: AgendaItem, decision: Decision, text: str, now: datetime) -> DecisionAddendum:
    if actor.user_id is None:
        raise ForbiddenError("An addendum is written by somebody who is signed in.")
    addendum = DecisionAddendum(decision_id=decision.id, text=text, added_at=now, added_by_id=actor.user_id)
    db.session.add(addendum)
    db.session.flush()
    audit.record("panels:decision:added_to", actor, decision.ref, item=item.ref, digest=digest(text))
    return addendum


__all__ = [
    "AgencyOpinion",
    "AgreedAction",
    "DecisionText",
    "add_addendum",
    "add_dissent",
    "record_decision",
]
