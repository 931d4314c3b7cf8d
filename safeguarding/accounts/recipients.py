"""Whom notices reach: people with an account, and what one who may not sign in is told. It sends nothing."""

from safeguarding.access.actor import Actor
from safeguarding.accounts.models import AccountStatus, User
from safeguarding.accounts.queries import actor_for_user
from safeguarding.extensions import db
from safeguarding.notices.kinds import Recipient


def find_recipient(user_id: int) -> Recipient | None:
    """Return the address of an account and the actor it is now (one without rights, while it is suspended), or None."""
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None:
        return None
    if user.status is AccountStatus.ACTIVE:
        return Recipient(user.id, user.email, actor_for_user(user.id))
    return Recipient(user.id, user.email, Actor(f"user:{user.ref}", user.name, user.id), may_sign_in=False)
