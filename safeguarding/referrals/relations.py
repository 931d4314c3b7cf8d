"""The relations that follow from referrals: the referrer's, the officers' of the panel, the hub's."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select

from safeguarding.access.actor import HUB_PRINCIPAL, office_principal, user_principal
from safeguarding.access.roles import Relation
from safeguarding.extensions import db
from safeguarding.referrals.desks import desks
from safeguarding.referrals.models import Referral, ReferralState
from safeguarding.relations.registry import Expected, Facts


def expected() -> Iterator[Expected]:
    """Return the rows that there should be."""
    panels = {desk.slug: desk.panel_id for desk in desks()}
    referred = select(
        Referral.id,
        Referral.referrer_id,
        Referral.created_at,
        Referral.submitted_at,
        Referral.person_id,
        Referral.panel_slug,
        Referral.case_id,
        Referral.state,
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
    if row.state is ReferralState.WITHDRAWN:
        return  # it opens whom and what it was about to nobody any more
    if row.person_id is not None:
        for principal, kind in ((user_principal(row.referrer_id), Relation.REFERRER), *others):
            yield Expected(principal, "person", row.person_id, kind, *own, row.submitted_at)
    if row.case_id is not None:
        # Linked when it was sent, accepted or adopted. The officers see an adopted case by its item, the hub by the case.
        yield Expected(user_principal(row.referrer_id), "case", row.case_id, Relation.REFERRER, *own, None)
        for principal, kind in others:
            yield Expected(principal, "case", row.case_id, kind, *own, None, optional=True)


def follow(subjects: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Return the referrals of people, and about cases, that are closed."""
    people, cases = ([key for kind, key in subjects if kind == wanted] for wanted in ("person", "case"))
    about = or_(Referral.person_id.in_(people), Referral.case_id.in_(cases))
    for referral_id in db.session.scalars(select(Referral.id).where(about)) if people or cases else ():
        yield ("referral", referral_id)


FACTS = Facts("referrals", expected)
