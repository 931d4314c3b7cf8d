"""Whom notices reach: the people with an active account. It sends nothing."""

from safeguarding.accounts.models import AccountStatus, User
from safeguarding.accounts.queries import actor_for_user
from safeguarding.extensions import db
from safeguarding.notices.kinds import Recipient


def find_recipient(user_id: int) -> Recipient | None:
    """Return the address of an active account and the actor it is now, or None."""
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None or user.status is not AccountStatus.ACTIVE:
        return None
    return Recipient(user.id, user.email, actor_for_user(user.id))
