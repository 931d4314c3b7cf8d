"""Rules about who may give what to whom. Pure: they read nothing."""

from datetime import timedelta

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role

# Roles that open much, or open doors to others. Information governance is among them because it approves the rest: an
# administrator who could make one alone could make an approver of their own.
NEED_SECOND_PERSON = frozenset({Role.CHAIR, Role.VICE_CHAIR, Role.LEAD, Role.ADMIN, Role.INFORMATION_GOVERNANCE})
APPROVERS = frozenset({Role.LEAD, Role.INFORMATION_GOVERNANCE})
REQUEST_LIVES = timedelta(days=14)
LONGEST_SUBSTITUTE = timedelta(days=90)


def approvers_of(role: Role) -> frozenset[Role]:
    """Return the roles whose holders may approve that somebody is given this role."""
    if role is Role.SPOC:  # a substitute that an agency's contact nominated: an administrator gives the role
        return frozenset({Role.ADMIN})
    # The first of information governance is approved by the second administrator: a new installation has nobody else.
    return APPROVERS | {Role.ADMIN} if role is Role.INFORMATION_GOVERNANCE else APPROVERS


def why_not_decide(actor: Actor, *, role: Role, about_id: int, requested_by_id: int) -> str | None:
    """Return why this actor may not decide a request, or None when they may."""
    if not actor.may(Permission.ADMIN_APPROVE):
        return "Your role does not include this."
    if actor.user_id == about_id:
        return "Nobody decides a request about themselves. Another person has to."
    if actor.user_id == requested_by_id:
        return "Nobody decides their own request. A second person has to."
    if not actor.roles & approvers_of(role):
        deciders = "An administrator" if role is Role.SPOC else "A safeguarding lead or information governance"
        return f"{deciders} decides this one."
    return None
