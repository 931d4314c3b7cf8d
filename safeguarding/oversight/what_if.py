"""What would change for whom if something about a record changed: the same function, asked before and after.

Nothing is changed here. The relations to the record are read, changed in memory as the real change would, and everybody
who may sign in is put through `Actor.decide` with both.
"""

from dataclasses import dataclass
from enum import StrEnum

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.roles import Relation
from safeguarding.accounts.queries import everybody
from safeguarding.oversight.explaining import Held, Record, relations_of, viewer_of
from safeguarding.relations.closing import opened


class Change(StrEnum):
    """What might change."""

    ALLOCATED = "allocated"  # somebody is allocated
    LISTED = "listed"  # somebody is put on the list of a restricted record
    ENDED = "ended"  # somebody's own part ends
    CONFLICT = "conflict"  # somebody declares a conflict of interest
    OPENED = "opened"  # the restriction is lifted


ABOUT_NOBODY = frozenset({Change.OPENED})
_WORKED = frozenset({"YP", "CA", "NR"})  # what people are allocated to
_WITHOUT_PARTS = frozenset({"CX", "MT"})  # a role opens a place, a seat a meeting: nobody is given a part in them
_GAINED = {
    Change.ALLOCATED: Relation.ALLOCATED,
    Change.LISTED: Relation.LISTED,
    Change.CONFLICT: Relation.BARRED,
}


@dataclass(frozen=True)
class Difference:
    """What one person would gain and lose, as the names of a record's parts."""

    actor: Actor
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """Who would gain or lose something, whoever the change is about first; all others would not."""

    change: Change
    about: Actor | None
    differences: tuple[Difference, ...]

    @property
    def for_whom(self) -> Difference | None:
        """Return what would change for the person whom the change is about, or None when nothing would."""
        return next((each for each in self.differences if each.actor is self.about), None)

    @property
    def for_others(self) -> list[Difference]:
        """Return what would change for anybody else."""
        return [each for each in self.differences if each.actor is not self.about]


def changes_of(record: Record) -> list[Change]:
    """Return what might change about a record."""
    if record.ref[:2] in _WITHOUT_PARTS:
        return []
    if record.is_restricted:
        return [Change.LISTED, Change.ENDED, Change.CONFLICT, Change.OPENED]
    can_be_allocated = record.ref[:2] in _WORKED
    return [*([Change.ALLOCATED] if can_be_allocated else []), Change.ENDED, Change.CONFLICT]


def work_out(record: Record, change: Change, who: int | None) -> Outcome | None:
    """Return what a change would do; `who` is the id of the person it is about. None when there is no such person."""
    people = everybody()
    about = next((actor for actor in people if who is not None and actor.user_id == who), None)
    if about is None and change not in ABOUT_NOBODY:
        return None
    held = relations_of(record)
    after = _after(held, change, about)
    found = [_difference(record, actor, held, after) for actor in people]
    changed = [each for each in found if each.gains or each.loses]
    return Outcome(change, about, tuple(sorted(changed, key=lambda each: each.actor is not about)))


def _after(held: list[Held], change: Change, about: Actor | None) -> list[Held]:
    if change is Change.OPENED:
        return [(opened(principal), kind, until) for principal, kind, until in held if kind is not Relation.LISTED]
    if about is None or about.user_id is None:
        raise ValueError(f"{change} is about somebody who may sign in")
    own = user_principal(about.user_id)
    if change is Change.ENDED:
        return [each for each in held if each[0] != own or each[1] is Relation.BARRED]
    return [*held, (own, _GAINED[change], None)]


def _difference(record: Record, actor: Actor, held: list[Held], after: list[Held]) -> Difference:
    was = [part.decision.allowed for part in viewer_of(record, actor, held).parts]
    parts = viewer_of(record, actor, after).parts
    gains = tuple(part.label for part, before in zip(parts, was, strict=True) if part.decision.allowed and not before)
    loses = tuple(part.label for part, before in zip(parts, was, strict=True) if before and not part.decision.allowed)
    return Difference(actor, gains, loses)
