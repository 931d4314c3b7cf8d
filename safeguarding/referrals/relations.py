"""The relations that follow from referrals: the referrer's, the officers' of the panel, the hub's."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, select

from safeguarding.access.actor import HUB_PRINCIPAL, office_principal, user_principal
from safeguarding.access.roles import Relation
from safeguarding.cases.models import Case, CaseRisk, RiskSource
from safeguarding.extensions import db
from safeguarding.referrals.desks import desks
from safeguarding.referrals.models import Referral
from safeguarding.relations.registry import Expected, Facts


def expected() -> Iterator[Expected]:
    """Return the rows that there should be."""
    panels = {desk.slug: desk.panel_id for desk in desks()}
    opening = and_(CaseRisk.case_id == Case.id, CaseRisk.source == RiskSource.OPENING)
    referred = (
        select(
            Referral.id,
            Referral.referrer_id,
            Referral.created_at,
            Referral.submitted_at,
            Referral.person_id,
            Referral.panel_slug,
            Referral.case_id,
            Case.is_restricted,
            CaseRisk.set_at.label("opened_at"),
        )
        .outerjoin(Case, Case.id == Referral.case_id)
        .outerjoin(CaseRisk, opening)
    )
    for row in db.session.execute(referred):
        own = ("referral", row.id)
        yield Expected(user_principal(row.referrer_id), *own, Relation.REFERRER, *own, row.created_at)
        if row.submitted_at is not None:
            yield from _sent(row, panels[row.panel_slug])


def _sent(row: Any, panel_id: int) -> Iterator[Expected]:
    own = ("referral", row.id)
    others = ((office_principal(panel_id), Relation.PANEL_OFFICE), (HUB_PRINCIPAL, Relation.HUB))
    for principal, kind in others:
        yield Expected(principal, *own, kind, *own, row.submitted_at)
    # A restricted case that stood when the referral was sent keeps whom it is about to those on its list.
    was_restricted = bool(row.is_restricted) and row.opened_at <= row.submitted_at
    if row.person_id is not None and not was_restricted:
        for principal, kind in ((user_principal(row.referrer_id), Relation.REFERRER), *others):
            yield Expected(principal, "person", row.person_id, kind, *own, row.submitted_at)
    if row.case_id is not None and not row.is_restricted:
        # Linked when it was sent, accepted or adopted. The officers see an adopted case by its item, the hub by the case.
        yield Expected(user_principal(row.referrer_id), "case", row.case_id, Relation.REFERRER, *own, None)
        for principal, kind in others:
            yield Expected(principal, "case", row.case_id, kind, *own, None, optional=True)


FACTS = Facts("referrals", expected)
