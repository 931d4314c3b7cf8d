"""What people are told about accounts: the kinds of notice, and the queueing of one. What a kind says stands in `doors`."""

from safeguarding.access.actor import Actor
from safeguarding.notices.service import queue

INVITED = "accounts.invited"
RESET = "accounts.reset"
FACTORS_RESET = "accounts.factors_reset"
PHRASE_CHANGED = "accounts.phrase_changed"
FACTORS_CHANGED = "accounts.factors_changed"
RIGHTS_CHANGED = "accounts.rights_changed"
SUSPENDED = "accounts.suspended"
UNUSED = "accounts.unused"
SUSPENDED_UNUSED = "accounts.suspended_unused"
CONFIRM_MEMBERS = "accounts.confirm_members"
REINSTATED = "accounts.reinstated"
REQUEST_WAITING = "accounts.request_waiting"
REQUEST_DECIDED = "accounts.request_decided"


def tell(kind: str, user_id: int, by: Actor | None = None) -> None:
    """Queue a notice about somebody's account; the command line, which seeds and sets up, tells nobody."""
    if by is None or not by.is_system:
        queue(kind, user_id)
