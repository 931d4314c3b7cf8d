"""Who works cases, and who reads what within a case that they may read. Pure."""

from collections.abc import Iterable

from safeguarding.access.roles import Relation, Role
from safeguarding.cases.models import SharedWith

WORKERS = frozenset({Role.PRACTITIONER, Role.SOCIAL_WORKER, Role.LEAD})
TEAM = frozenset({Relation.LEAD_WORKER, Relation.ALLOCATED, Relation.HUB})
_READS_ALL = TEAM | {Relation.EMERGENCY}  # whoever opened it in an emergency needs what was written yesterday


def is_of_the_team(relations: Iterable[Relation]) -> bool:
    """Return whether these relations make somebody one of those who work the case."""
    return not TEAM.isdisjoint(relations)


def readable(relations: Iterable[Relation]) -> frozenset[SharedWith]:
    """Return the kinds of updates that these relations open: a panel's members read what was shared with the panel."""
    return frozenset({SharedWith.PANEL}) if _READS_ALL.isdisjoint(relations) else frozenset(SharedWith)
