"""The relations that follow from cases: the hub's, those of the workers, those of the owners of a case's actions."""

from collections.abc import Iterator
from itertools import chain

from sqlalchemy import select

from safeguarding.access.actor import HUB_PRINCIPAL, user_principal
from safeguarding.access.roles import Relation
from safeguarding.actions.models import Action, ActionOrigin
from safeguarding.actions.relations import expected_of
from safeguarding.cases.models import Allocation, AllocationKind, Case, CaseRisk, RiskSource
from safeguarding.extensions import db
from safeguarding.relations.registry import Ended, Expected, Facts

_RELATIONS = {AllocationKind.LEAD: Relation.LEAD_WORKER, AllocationKind.ALLOCATED: Relation.ALLOCATED}


def subjects_of(case_id: int, person_id: int | None) -> list[tuple[str, int]]:
    """Return the case and whom it is about."""
    return [("case", case_id)] + ([("person", person_id)] if person_id is not None else [])


def expected() -> Iterator[Expected]:
    """Return the rows that there should be."""
    return chain(_hub(), _workers(), _actions())


def ended() -> Iterator[Ended]:
    """A restricted case ends what the hub saw of whom it is about from the day they were added."""
    restricted = select(Case.person_id).where(Case.is_restricted, Case.person_id.is_not(None))
    return (Ended("person", person_id, Relation.HUB) for person_id in db.session.scalars(restricted) if person_id)


def _hub() -> Iterator[Expected]:
    opened = (
        select(Case.id, Case.person_id, CaseRisk.set_at)
        .join(CaseRisk, CaseRisk.case_id == Case.id)
        .where(Case.is_restricted.is_(False), CaseRisk.source == RiskSource.OPENING)
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
        select(*columns, Case.id.label("case_id"), Case.person_id, Case.is_restricted)
        .join(Case, Case.id == Action.origin_id)
        .where(Action.origin_kind == ActionOrigin.CASE)
    )
    for row in db.session.execute(made):
        subjects = subjects_of(row.case_id, row.person_id)
        yield from expected_of(*row[:5], subjects, is_restricted=row.is_restricted)


FACTS = Facts("cases", expected, ended, with_history=frozenset({"allocation"}))
