"""Who works cases, and who reads what within a case that they may read. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from safeguarding.access.roles import Relation, Role
from safeguarding.cases.models import SharedWith

WORKERS = frozenset({Role.PRACTITIONER, Role.SOCIAL_WORKER, Role.LEAD})
# Of a restricted record, whoever is on its list was put there by name to see it whole.
TEAM = frozenset({Relation.LEAD_WORKER, Relation.ALLOCATED, Relation.HUB, Relation.LISTED})


def is_of_the_team(relations: Iterable[Relation]) -> bool:
    """Return whether these relations make somebody one of those who work the case."""
    return not TEAM.isdisjoint(relations)


def readable(relations: Iterable[Relation]) -> frozenset[SharedWith]:
    """Return the kinds of updates that these relations open: a panel's members read what was shared with the panel."""
    return frozenset({SharedWith.PANEL}) if TEAM.isdisjoint(relations) else frozenset(SharedWith)


def is_borne_out(memberships: Collection[Any], allocated_at: datetime, now: datetime) -> bool:
    """Return whether memberships in which somebody works cases (agency_id, valid_from, valid_to) bear an allocation out.

    It rests on the agencies that had them for that when it was made, and holds while one of these still has. Where none
    is known from then, as for records brought in from elsewhere, any one of now will do.
    """
    then, present = _agencies(memberships, allocated_at), _agencies(memberships, now)
    return bool(present & then) if then else bool(present)


def _agencies(memberships: Iterable[Any], at: datetime) -> set[int]:
    return {
        each.agency_id
        for each in memberships
        if each.valid_from <= at and (each.valid_to is None or each.valid_to > at)
    }
