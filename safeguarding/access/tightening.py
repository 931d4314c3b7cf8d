"""Which rights of the starting matrix the partnership may take away from a role. Pure.

Nothing can be added here: a right that the matrix does not give is refused. What everybody needs for themselves and what
administration stands on stays, since without it nobody could give a right back.
"""

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import GRANTS, Role

Tightened = frozenset[tuple[Role, Permission]]
NOTHING: Tightened = frozenset()
_KEPT = frozenset({Permission.WORK_OWN, Permission.AUDIT_READ})


def may_be_taken(role: Role, permission: Permission) -> bool:
    """Return whether a role holds a permission that can be taken away from it."""
    return permission in GRANTS[role] and permission not in _KEPT and not permission.value.startswith("admin:")


def choices() -> list[tuple[Role, Permission]]:
    """Return every right that can be taken away, by role and in the order of the vocabulary."""
    return [(role, permission) for role in Role for permission in Permission if may_be_taken(role, permission)]


def written(role: Role, permission: Permission) -> str:
    """Return a right as one word, for a form and for what is loaded with an actor."""
    return f"{role.value} {permission.value}"


def read(text: str | None) -> Tightened:
    """Return the rights of a list of such words with commas. A word that is no right any more says nothing."""
    return frozenset(_RIGHTS[each] for each in (text or "").split(",") if each in _RIGHTS)


_RIGHTS = {written(role, permission): (role, permission) for role in Role for permission in Permission}
