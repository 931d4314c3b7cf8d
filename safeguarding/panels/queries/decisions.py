"""Reads of decisions: the page of one, and what was decided about a case or a young person.

A decision opens to those who may read its item, its case or its referral; a declared conflict on any of them closes it.
Papers and returns are for those who may read the item. It writes nothing.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.actions.models import Action, ActionOrigin
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import Case
from safeguarding.contexts.models import Context
from safeguarding.core.errors import NotFoundError
from safeguarding.extensions import db
from safeguarding.nrm.models import NrmReferral
from safeguarding.nrm.queries import WAITING
from safeguarding.panels.models.decisions import Decision, DecisionKind
from safeguarding.panels.models.items import AgendaItem
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.models.panels import Panel
from safeguarding.panels.policy import Standing
from safeguarding.panels.queries.live import related_rows
from safeguarding.panels.queries.parts import ItemParts, decision_parts
from safeguarding.relations import queries as relations
from safeguarding.relations.built import Asker, among, built
from safeguarding.relations.queries import Asks

MOST_SHOWN = 10


@dataclass(frozen=True)
class DecisionPage:
    """A decision as the actor may see it. `row` has the columns of the meeting and the item (see `queries.live`).

    `reads_item`: whether the papers, and not the decision alone, are open to the actor.
    """

    row: Any
    standing: Standing
    reads_item: bool
    may_add_dissent: bool
    quorum: dict[str, Any]
    parts: ItemParts
    papers_changed: bool | None
    awaits_nrm: bool = False  # to be referred to the NRM, and no record of that yet
    may_record_nrm: bool = False


def decision_page(actor: Actor, slug: str, ref: str, item_ref: str) -> DecisionPage:
    """Return the decision on an item. Raises NotFoundError when there is none, or it is hidden from the actor."""
    rows, held = related_rows(actor, slug, ref, item_ref)
    if not rows or rows[0].decision_id is None or any(Relation.BARRED in kinds for kinds in held.values()):
        raise NotFoundError
    to_item = held.get("item", frozenset())
    standing = Standing(actor, held.get("panel", frozenset()) | held.get("meeting", frozenset()))
    reads_item = actor.may(Permission.ITEM_READ, to_item)
    by_case = actor.may(Permission.CASE_READ, held.get("case", frozenset()))
    by_referral = actor.may(Permission.REFERRAL_READ, held.get("referral", frozenset()))
    if not (reads_item or by_case or by_referral):
        raise NotFoundError
    row = rows[0]
    parts, mark = decision_parts(row.decision_id, row.item_id, row.referral_id, row.linked_context_id)
    return DecisionPage(
        row,
        standing,
        reads_item,
        reads_item and actor.may(Permission.DISSENT_RECORD, to_item | standing.relations),
        json.loads(row.decision_quorum),
        parts,
        mark != row.papers_digest if reads_item else None,
        row.decision_kind is DecisionKind.REFER_NRM and _waits_for_nrm(row.decision_id),
        row.case_id is not None and actor.may(Permission.NRM_RECORD, held.get("case", frozenset())),
    )


def load_decision(item: AgendaItem) -> Decision:
    """Return the decision on an item that the actor has opened. Raises NotFoundError when there is none."""
    decision = db.session.scalars(select(Decision).where(Decision.item_id == item.id)).one_or_none()
    if decision is None:
        raise NotFoundError
    return decision


@dataclass(frozen=True)
class Decided:
    """One decision about a case or a young person, with its actions."""

    row: Any
    actions: list[Any] = field(default_factory=list)


def decided_about(actor: Actor, *, case_id: int | None = None, person_id: int | None = None) -> list[Decided]:
    """Return the newest decisions about a case or a young person that the actor may see, with their actions.

    To stand in some relation to the young person is not enough: an agency that was only asked sees no decision.
    """
    rows = _about_case.rows(actor, case_id) if case_id is not None else _about_person.rows(actor, person_id)
    found: dict[int, Decided] = {}
    for row in rows:
        decided = found.setdefault(row.id, Decided(row))
        if row.action_ref is not None:
            decided.actions.append(row)
    return list(found.values())


@built
def _about_case(asker: Asker, case_id: int) -> Any:
    return _decided(asker, AgendaItem.case_id == case_id)


@built
def _about_person(asker: Asker, person_id: int | None) -> Any:
    return _decided(asker, AgendaItem.person_id == person_id)


def _decided(actor: Asks, about: ColumnElement[bool]) -> Any:
    open_to_actor = or_(
        relations.related(actor, "item", AgendaItem.id, Permission.ITEM_READ),
        relations.related(actor, "case", AgendaItem.case_id, Permission.CASE_READ),
    )
    newest = (
        select(
            Decision.id,
            Decision.ref,
            Decision.kind,
            Decision.rationale,
            Decision.risk_before,
            Decision.risk_after,
            Decision.next_review_on,
            Decision.deferred_to_on,
            Decision.told_how,
            Decision.recorded_at,
            _awaits_nrm().label("awaits_nrm"),
            Case.ref.label("case_ref"),
            AgendaItem.ref.label("item_ref"),
            Meeting.ref.label("meeting_ref"),
            Panel.slug,
            Panel.name.label("panel_name"),
            Context.name.label("context_name"),
        )
        .join(AgendaItem, AgendaItem.id == Decision.item_id)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .outerjoin(Case, Case.id == AgendaItem.case_id)
        .outerjoin(Context, Context.id == Decision.linked_context_id)
        .where(
            about,
            open_to_actor,
            relations.not_barred(actor, "item", AgendaItem.id),
            relations.not_barred(actor, "case", AgendaItem.case_id),
        )
        .order_by(Decision.recorded_at.desc(), Decision.id.desc())
        .limit(MOST_SHOWN)
        .subquery()
    )
    return (
        select(
            newest,
            Action.ref.label("action_ref"),
            Action.title,
            Action.state.label("action_state"),
            Action.due_on,
            Action.completed_on,
            (Action.completed_on > Action.first_due_on).label("done_late"),
            Agency.short_name.label("agency_name"),
            User.name.label("owner_name"),
        )
        .outerjoin(Action, and_(Action.origin_kind == ActionOrigin.DECISION, Action.origin_id == newest.c.id))
        .outerjoin(Agency, Agency.id == Action.owner_agency_id)
        .outerjoin(User, User.id == Action.owner_user_id)
        .order_by(newest.c.recorded_at.desc(), newest.c.id.desc(), Action.id)
    )


def _awaits_nrm() -> ColumnElement[bool]:
    """Return the condition that it was decided to refer to the NRM, and no referral is recorded on the case yet."""
    recorded = (
        select(literal(1))
        .where(
            NrmReferral.case_id == AgendaItem.case_id,
            or_(NrmReferral.created_at >= Decision.recorded_at, among(NrmReferral.state, WAITING)),
        )
        .exists()
    )
    return and_(Decision.kind == DecisionKind.REFER_NRM, ~recorded)


def _waits_for_nrm(decision_id: int) -> bool:
    statement = select(_awaits_nrm()).join(AgendaItem, AgendaItem.id == Decision.item_id)
    return bool(db.session.scalar(statement.where(Decision.id == decision_id)))
