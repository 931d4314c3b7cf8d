"""Who counts towards quorum, and whether an item may be decided. Pure: people and groups in, an answer out.

A group counts when somebody of one of its agencies is in the room, the agency has a seat, and that person has not
declared a conflict on the item. It looks nothing up and decides nothing else.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from safeguarding.agencies.models import QuorumGroup
from safeguarding.panels.models.meetings import AttendanceStatus

GROUP_NAMES = {
    QuorumGroup.LOCAL_AUTHORITY: "Local authority",
    QuorumGroup.POLICE: "Police",
    QuorumGroup.HEALTH: "Health",
    QuorumGroup.EDUCATION: "Education",
    QuorumGroup.OTHER: "Other agencies",
}


@dataclass(frozen=True)
class Attendee:
    """One line of the attendance: an agency with a seat, and the person who came or did not."""

    agency_id: int
    agency: str
    group: QuorumGroup
    status: AttendanceStatus
    user_id: int | None = None
    name: str | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None

    def is_here(self, at: datetime) -> bool:
        """Return whether this person is in the room at an instant; no arrival means from the beginning."""
        arrived = self.arrived_at is None or self.arrived_at <= at
        return self.status is AttendanceStatus.PRESENT and arrived and (self.left_at is None or self.left_at > at)


@dataclass(frozen=True)
class Group:
    """One required group: the agencies that stand for it now."""

    group: QuorumGroup
    agencies: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the group as people call it."""
        return GROUP_NAMES[self.group]

    @property
    def is_here(self) -> bool:
        """Return whether at least one agency stands for it."""
        return bool(self.agencies)


@dataclass(frozen=True)
class Quorum:
    """How it stands at one instant: each required group, which agencies are here, who is out with a conflict."""

    at: datetime
    groups: tuple[Group, ...]
    agencies_here: tuple[str, ...]
    out_with_conflict: tuple[str, ...]

    @property
    def missing(self) -> tuple[Group, ...]:
        """Return the required groups for which nobody counts."""
        return tuple(group for group in self.groups if not group.is_here)

    @property
    def is_quorate(self) -> bool:
        """Return whether an item may be decided."""
        return not self.missing

    def as_record(self) -> dict[str, Any]:
        """Return what a decision keeps of it, in plain values."""
        return {
            "at": self.at,
            "quorate": self.is_quorate,
            "groups": [{"group": each.group.value, "agencies": list(each.agencies)} for each in self.groups],
            "here": list(self.agencies_here),
            "out_with_conflict": list(self.out_with_conflict),
        }


def required_groups(setting: str) -> tuple[QuorumGroup, ...]:
    """Return the groups named by a panel's setting, `local_authority,police,health`, in its order.

    Raises ValueError for a name that is no group: a misspelt rule must not pass for no rule.
    """
    return tuple(QuorumGroup(name.strip()) for name in setting.split(",") if name.strip())


def work_out(
    required: Sequence[QuorumGroup], attendees: Iterable[Attendee], conflicted: Collection[int], at: datetime
) -> Quorum:
    """Return the quorum at an instant; `conflicted` are the ids of users with a live conflict on the item."""
    here = [each for each in attendees if each.is_here(at)]
    counting = [each for each in here if each.user_id is None or each.user_id not in conflicted]
    out = [each for each in here if each not in counting]
    groups = tuple(Group(group, _names(each for each in counting if each.group is group)) for group in required)
    return Quorum(at, groups, _names(counting), _names(out))


def missing_sentence(quorum: Quorum) -> str:
    """Return which groups must come before a decision can be recorded, or an empty text."""
    names = [group.name for group in quorum.missing]
    if not names:
        return ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1][:1].lower()}{names[-1][1:]}"
    return f"{listed} must be here before this item can be decided."


def _names(attendees: Iterable[Attendee]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.agency for each in attendees))
