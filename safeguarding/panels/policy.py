"""What somebody may do in a meeting and read of an item's papers. Pure: relations and facts in, yes or no out.

A declared conflict beats everything here, as it does everywhere. It looks nothing up and commits nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.panels.models.decisions import DecisionKind as Kind
from safeguarding.panels.models.items import ItemKind, PanelHandling

CHAIRS = frozenset({Relation.CHAIR, Relation.VICE_CHAIR})
OFFICERS = CHAIRS | {Relation.COORDINATOR}

_ALL = (
    Kind.ADOPT,
    Kind.ADOPT_AND_LINK_TO_CONTEXT,
    Kind.MAINTAIN,
    Kind.INCREASE_RISK,
    Kind.REDUCE_RISK,
    Kind.ESCALATE,
    Kind.REFER_NRM,
    Kind.OPEN_RECORD,
    Kind.CONTEXT_CONFERENCE,
    Kind.STEP_DOWN,
    Kind.CLOSE,
    Kind.DEFER,
)
_NOT_FOR: dict[ItemKind, frozenset[Kind]] = {
    ItemKind.YOUNG_PERSON: frozenset({Kind.CONTEXT_CONFERENCE}),
    ItemKind.PEER_GROUP: frozenset({Kind.REFER_NRM}),
    ItemKind.CONTEXT: frozenset(
        # The risk of a place is worked out by its rubric, not set here.
        {Kind.ADOPT_AND_LINK_TO_CONTEXT, Kind.INCREASE_RISK, Kind.REDUCE_RISK, Kind.REFER_NRM}
    ),
    ItemKind.POSSIBLE_PERPETRATOR: frozenset({Kind.ADOPT_AND_LINK_TO_CONTEXT, Kind.REFER_NRM, Kind.CONTEXT_CONFERENCE}),
    ItemKind.THEME: frozenset(
        {
            Kind.ADOPT,
            Kind.ADOPT_AND_LINK_TO_CONTEXT,
            Kind.INCREASE_RISK,
            Kind.REDUCE_RISK,
            Kind.REFER_NRM,
            Kind.STEP_DOWN,
        }
    ),
}

KIND_NAMES: dict[Kind, str] = {
    Kind.ADOPT: "Adopt",
    Kind.ADOPT_AND_LINK_TO_CONTEXT: "Adopt and link to a place",
    Kind.MAINTAIN: "Maintain",
    Kind.INCREASE_RISK: "Raise the risk level",
    Kind.REDUCE_RISK: "Lower the risk level",
    Kind.ESCALATE: "Escalate to a strategy discussion",
    Kind.REFER_NRM: "Refer to the National Referral Mechanism",
    Kind.OPEN_RECORD: "Open a place or group record",
    Kind.CONTEXT_CONFERENCE: "Hold a context conference",
    Kind.STEP_DOWN: "Step down",
    Kind.CLOSE: "Close",
    Kind.DEFER: "Put on a date",
}

# Decisions after which the panel keeps the matter, and so must say when it looks again.
KEEPS_IT = frozenset({Kind.ADOPT, Kind.ADOPT_AND_LINK_TO_CONTEXT, Kind.MAINTAIN, Kind.INCREASE_RISK, Kind.REDUCE_RISK})
# Decisions that judge the risk, and so must say what it is afterwards.
JUDGES_RISK = KEEPS_IT | {Kind.STEP_DOWN}
# Decisions about a case that must exist already.
NEEDS_CASE = frozenset({Kind.MAINTAIN, Kind.STEP_DOWN})
ADOPTS = frozenset({Kind.ADOPT, Kind.ADOPT_AND_LINK_TO_CONTEXT})


def kinds_for(item_kind: ItemKind) -> tuple[Kind, ...]:
    """Return what may be decided about this kind of item, in the order in which a chair reads it."""
    return tuple(kind for kind in _ALL if kind not in _NOT_FOR[item_kind])


@dataclass(frozen=True)
class Standing:
    """The actor in one meeting: the relations to its panel (and to the meeting, for somebody who presents an item)."""

    actor: Actor
    relations: frozenset[Relation]

    def may(self, permission: Permission) -> bool:
        """Return whether the actor holds a permission that hangs on the panel or the meeting."""
        return self.actor.may(permission, self.relations)

    @property
    def is_chair(self) -> bool:
        """Return whether the actor is chair or vice-chair, by office and by role."""
        return self.may(Permission.MEETING_RUN)

    @property
    def is_officer(self) -> bool:
        """Return whether the actor is chair, vice-chair or coordinator."""
        return self.may(Permission.NOTES_TYPE)


def is_in_the_chair(actor: Actor, chaired_by_id: int | None, conflicted: Collection[int]) -> bool:
    """Return whether the actor decides the item: the person who chairs the meeting, or, when that person has declared a
    conflict on it, another officer with the right to record. Nobody with a conflict of their own ever does.

    That the actor may record at all (chair or vice-chair of the panel) is asked separately, by permission.
    """
    if actor.user_id is None or actor.user_id in conflicted:
        return False
    return chaired_by_id is None or actor.user_id == chaired_by_id or chaired_by_id in conflicted


def may_read_return(
    standing: Standing, handling: PanelHandling, agency_id: int | None, named_agency_ids: Collection[int]
) -> bool:
    """Return whether somebody who may read the item may read this return: its agency always, the chairs always, the
    coordinator and the named agencies where agencies are named, and everyone in the item where all members may.
    """
    mine = standing.actor.agency_ids
    if agency_id in mine or standing.is_chair or handling is PanelHandling.ALL_MEMBERS:
        return True
    if handling is PanelHandling.NAMED_AGENCIES:
        return standing.is_officer or not mine.isdisjoint(named_agency_ids)
    return False


def may_read_note(
    standing: Standing,
    handling: PanelHandling,
    *,
    author_id: int,
    agency_id: int | None,
    named_agency_ids: Collection[int],
) -> bool:
    """Return whether somebody who may read the item may read this note: as a return of the agency for which it was said,
    and whoever typed it.
    """
    typed_it = standing.actor.user_id is not None and standing.actor.user_id == author_id
    return typed_it or may_read_return(standing, handling, agency_id, named_agency_ids)
