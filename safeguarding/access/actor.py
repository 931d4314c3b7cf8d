"""The actor: who asks, worked out once a request from live memberships, agreements and suspensions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from safeguarding.access.decisions import Decision, decide
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ANY, GRANTS, ROLE_NAMES, Relation, Role
from safeguarding.access.tightening import NOTHING, Tightened


@dataclass(frozen=True)
class Actor:
    """A signed-in person, or the command line (`system`), with the principals under which relations are looked up."""

    key: str  # what the audit records: `user:US-...` or `system:seed`
    display_name: str
    user_id: int | None = None
    roles: frozenset[Role] = frozenset()
    agency_ids: frozenset[int] = frozenset()
    agency_names: tuple[str, ...] = ()
    principals: frozenset[str] = frozenset()
    withheld: frozenset[int] = frozenset()  # agencies of theirs that give nothing now: no agreement is in force
    tightened: Tightened = NOTHING  # rights that the partnership took away from roles
    # Held without a role: by a command those that it needs, by whoever is signed in what concerns themselves alone.
    system_permissions: frozenset[Permission] = field(default=frozenset())

    @property
    def is_system(self) -> bool:
        """Whether the command line acts, with the permissions of that command only."""
        return self.user_id is None

    @property
    def role_names(self) -> list[str]:
        """Return the roles as people call them, in a fixed order."""
        return [ROLE_NAMES[role] for role in Role if role in self.roles]

    @cached_property
    def grants(self) -> dict[Permission, frozenset[Relation] | None]:
        """Return, for each permission held, the relations through which it holds; None means no relation is needed."""
        merged: dict[Permission, frozenset[Relation] | None] = dict.fromkeys(self.system_permissions)
        for role in self.roles:
            for permission, kinds in GRANTS[role].items():
                if (role, permission) in self.tightened:
                    continue
                known = merged.get(permission, frozenset())
                merged[permission] = None if known is None or kinds == ANY else known | kinds
        return merged

    @cached_property
    def allowed_by(self) -> dict[Permission, Decision]:
        """What the actor was allowed so far in this request, by the first time of asking: a look's event says it."""
        return {}

    def holds(self, permission: Permission) -> bool:
        """Return whether the actor holds the permission for any subject at all."""
        return permission in self.grants

    def may(self, permission: Permission, relations: Iterable[Relation] = ()) -> bool:
        """Return whether the actor may do this to a subject to which it stands in these relations."""
        return self.decide(permission, relations).allowed

    def decide(self, permission: Permission, relations: Iterable[Relation] = ()) -> Decision:
        """Return the same with its reason."""
        decision = decide(self.grants, permission, relations)
        if decision.allowed:
            self.allowed_by.setdefault(permission, decision)
        return decision

    def kinds_for(self, permission: Permission) -> frozenset[Relation] | None:
        """Return the relations through which the permission holds (empty: not held; None: no relation needed)."""
        return self.grants.get(permission, frozenset())


def user_principal(user_id: int) -> str:
    """Return the principal of a user."""
    return f"user:{user_id}"


def agency_principal(agency_id: int) -> str:
    """Return the principal of an agency."""
    return f"agency:{agency_id}"


def seat_principal(panel_id: int) -> str:
    """Return the principal of those whose agency has a seat on the panel."""
    return f"seat:{panel_id}"


def office_principal(panel_id: int) -> str:
    """Return the principal of the panel's officers: chair, vice-chair, coordinator."""
    return f"office:{panel_id}"


HUB_PRINCIPAL = "hub"
