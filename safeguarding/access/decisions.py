"""Allow or deny, with the reason: the one function by which every read and every command decides. Pure.

`Actor.may` asks it and keeps the answer alone; the page that says who can see a record asks it and shows the reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation


class Reason(StrEnum):
    """Why a decision fell as it did."""

    BY_ROLE = "by_role"  # the role may do it to all; no relation is needed
    BY_RELATION = "by_relation"
    BARRED = "barred"  # a declared conflict beats every allow
    NO_PERMISSION = "no_permission"  # none of the actor's roles may do it to anything
    NO_RELATION = "no_relation"  # a role may, but not to this subject


@dataclass(frozen=True)
class Decision:
    """One answer. `through` are the relations that allow it (none where the role alone does)."""

    allowed: bool
    reason: Reason
    through: frozenset[Relation] = frozenset()


def decide(
    grants: Mapping[Permission, frozenset[Relation] | None], permission: Permission, relations: Iterable[Relation]
) -> Decision:
    """Decide whether whoever holds `grants` may do this to a subject to which they stand in `relations`.

    `grants` names, for each permission held, the relations through which it holds; None means that none is needed.
    """
    held = frozenset(relations)
    if Relation.BARRED in held:
        return Decision(False, Reason.BARRED)
    if permission not in grants:
        return Decision(False, Reason.NO_PERMISSION)
    kinds = grants[permission]
    if kinds is None:
        return Decision(True, Reason.BY_ROLE)
    through = kinds & held
    return Decision(True, Reason.BY_RELATION, through) if through else Decision(False, Reason.NO_RELATION)
