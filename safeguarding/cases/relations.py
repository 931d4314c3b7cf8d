"""The relations that follow from cases: the hub's, those of the workers, those of the owners of a case's actions."""

from collections.abc import Iterator, Sequence
from itertools import chain

from sqlalchemy import and_, select

from safeguarding.access.actor import HUB_PRINCIPAL, user_principal
from safeguarding.access.roles import Relation
from safeguarding.actions.models import Action, ActionOrigin
from safeguarding.actions.relations import expected_of
from safeguarding.cases.models import (
    Allocation,
    AllocationKind,
    Case,
    CaseConflict,
    CaseListing,
    CaseRisk,
    RiskSource,
)
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.relations.closing import CONFLICT, with_followers
from safeguarding.relations.models import ClosedSubject
from safeguarding.relations.registry import Expected, Facts

_RELATIONS = {AllocationKind.LEAD: Relation.LEAD_WORKER, AllocationKind.ALLOCATED: Relation.ALLOCATED}


def subjects_of(case_id: int, person_id: int | None) -> list[tuple[str, int]]:
    """Return the case and whom it is about."""
    return [("case", case_id)] + ([("person", person_id)] if person_id is not None else [])


def expected() -> Iterator[Expected]:
    """Return the rows that there should be."""
    return chain(_hub(), _workers(), _actions(), _listed(), _barred())


def closed() -> Iterator[tuple[str, int]]:
    """Return what restriction closes: each restricted case, and whom it is about."""
    for row in db.session.execute(select(Case.id, Case.person_id).where(Case.is_restricted)):
        yield from subjects_of(row.id, row.person_id)


def follow(subjects: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Return the cases about people that are closed."""
    people = [key for kind, key in subjects if kind == "person"]
    for case_id in db.session.scalars(select(Case.id).where(Case.person_id.in_(people))) if people else ():
        yield ("case", case_id)


def _hub() -> Iterator[Expected]:
    opened = (
        select(Case.id, Case.person_id, CaseRisk.set_at)
        .join(CaseRisk, CaseRisk.case_id == Case.id)
        .where(CaseRisk.source == RiskSource.OPENING)
    )
    for key, person_id, at in db.session.execute(opened):
        for subject in subjects_of(key, person_id):
            yield Expected(HUB_PRINCIPAL, *subject, Relation.HUB, "case", key, at)


def _workers() -> Iterator[Expected]:
    columns = (Allocation.id, Allocation.user_id, Allocation.kind, Allocation.valid_from, Allocation.valid_to)
    allocated = select(*columns, Case.id.label("case_id"), Case.person_id).join(Case, Case.id == Allocation.case_id)
    for row in db.session.execute(allocated):
        for subject in subjects_of(row.case_id, row.person_id):
            source = ("allocation", row.id)
            principal, kind = user_principal(row.user_id), _RELATIONS[row.kind]
            yield Expected(principal, *subject, kind, *source, row.valid_from, row.valid_to)


def _actions() -> Iterator[Expected]:
    columns = (Action.id, Action.owner_agency_id, Action.owner_user_id, Action.state, Action.created_at)
    made = (
        select(*columns, Case.id.label("case_id"), Case.person_id)
        .join(Case, Case.id == Action.origin_id)
        .where(Action.origin_kind == ActionOrigin.CASE)
    )
    for row in db.session.execute(made):
        subjects = subjects_of(row.case_id, row.person_id)
        yield from expected_of(*row[:5], subjects)


def _listed() -> Iterator[Expected]:
    """Return what being on a list opens: everything that its case closes."""
    on_list = (
        select(
            CaseListing.id,
            CaseListing.user_id,
            CaseListing.valid_to,
            ClosedSubject.subject_kind,
            ClosedSubject.subject_id,
        )
        .join(ClosedSubject, and_(ClosedSubject.source_kind == "case", ClosedSubject.source_id == CaseListing.case_id))
        .where(CaseListing.valid_to > clock.now())
    )
    team = (
        select(Allocation.id, Allocation.user_id, ClosedSubject.subject_kind, ClosedSubject.subject_id)
        .join(ClosedSubject, and_(ClosedSubject.source_kind == "case", ClosedSubject.source_id == Allocation.case_id))
        .where(Allocation.valid_to.is_(None))
    )
    for row in db.session.execute(on_list):
        subject, source = (row.subject_kind, row.subject_id), ("listing", row.id)
        yield Expected(user_principal(row.user_id), *subject, Relation.LISTED, *source, None, row.valid_to)
    for worker in db.session.execute(team):
        subject, source = (worker.subject_kind, worker.subject_id), ("team", worker.id)
        yield Expected(user_principal(worker.user_id), *subject, Relation.LISTED, *source, None)


def _barred() -> Iterator[Expected]:
    """Return what a conflict on a case closes: all that is about it and whom it is about, whenever it was made."""
    declared = (
        select(CaseConflict.id, CaseConflict.user_id, Case.id.label("case_id"), Case.person_id)
        .join(Case, Case.id == CaseConflict.case_id)
        .where(CaseConflict.withdrawn_at.is_(None))
    )
    for row in db.session.execute(declared).all():
        for subject in with_followers(subjects_of(row.case_id, row.person_id)):
            yield Expected(user_principal(row.user_id), *subject, Relation.BARRED, CONFLICT, row.id, None)


FACTS = Facts("cases", expected, closed=closed, with_history=frozenset({"allocation"}))
