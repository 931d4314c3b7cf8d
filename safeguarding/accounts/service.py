"""Commands about accounts: sign in, sign out, add a person, give a membership."""

from datetime import datetime

from sqlalchemy import select, update

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.models import AccountStatus, Membership, User, UserSession
from safeguarding.accounts.sessions import LONGEST, token_digest
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db


def start_session(user_id: int, user_ref: str, token: str) -> None:
    """Begin a session for someone whose pass phrase was right."""
    now = clock.now()
    db.session.add(
        UserSession(
            token_digest=token_digest(token),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LONGEST,
        )
    )
    audit.record("accounts:session:started", Actor(key=f"user:{user_ref}", display_name=""), f"{user_ref}")


def touch_session(session_id: int) -> None:
    """Note that a session is in use; called at most once a minute."""
    db.session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=clock.now()))


def end_session(actor: Actor, token: str) -> None:
    """End the session that holds this token."""
    db.session.execute(
        update(UserSession).where(UserSession.token_digest == token_digest(token)).values(ended_at=clock.now())
    )
    audit.record("accounts:session:ended", actor)


def add_user(
    actor: Actor,
    *,
    email: str,
    name: str,
    phrase_hash: str,
    job_title: str | None = None,
    created_at: datetime | None = None,
) -> User:
    """Add a person who may sign in. Raises RuleError when the address is taken."""
    _need(actor, Permission.ADMIN_USERS)
    address = email.strip().lower()
    if db.session.scalar(select(User.id).where(User.email == address)) is not None:
        raise RuleError("Someone already has this e-mail address.", "email")
    user = User(
        ref=new_reference("US"),
        email=address,
        name=name,
        job_title=job_title,
        password_hash=phrase_hash,
        status=AccountStatus.ACTIVE,
        created_at=created_at or clock.now(),
        version=1,
    )
    db.session.add(user)
    db.session.flush()
    audit.record("accounts:user:added", actor, user.ref)
    return user


def give_membership(
    actor: Actor, user: User, agency: Agency, role: Role, *, since: datetime | None = None
) -> Membership:
    """Make a person a member of an agency in a role. Nobody gives themselves anything."""
    _need(actor, Permission.ADMIN_USERS)
    if actor.user_id == user.id:
        raise ForbiddenError("Nobody changes their own rights. Ask another administrator.")
    membership = Membership(user_id=user.id, agency_id=agency.id, role=role, valid_from=since or clock.now())
    db.session.add(membership)
    db.session.flush()
    audit.record("accounts:membership:given", actor, user.ref, role=role, agency=agency.ref)
    return membership


def suspend_user(actor: Actor, user: User) -> None:
    """Suspend a person: at the next request nothing of theirs works."""
    _need(actor, Permission.ADMIN_USERS)
    if actor.user_id == user.id:
        raise ForbiddenError("Nobody changes their own rights. Ask another administrator.")
    user.status = AccountStatus.SUSPENDED
    user.version += 1
    now = clock.now()
    db.session.execute(
        update(UserSession).where(UserSession.user_id == user.id, UserSession.ended_at.is_(None)).values(ended_at=now)
    )
    audit.record("accounts:user:suspended", actor, user.ref)


def reinstate_user(actor: Actor, user: User) -> None:
    """Let a suspended person sign in again."""
    _need(actor, Permission.ADMIN_USERS)
    if actor.user_id == user.id:
        raise ForbiddenError("Nobody changes their own rights. Ask another administrator.")
    user.status = AccountStatus.ACTIVE
    user.version += 1
    audit.record("accounts:user:reinstated", actor, user.ref)


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise ForbiddenError()
