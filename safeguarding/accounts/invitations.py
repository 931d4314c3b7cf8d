"""Commands about one-time links: invite a person, let somebody choose another pass phrase, or take away lost factors.

A link's token is made when its mail is sent, and kept as a digest alone. It dies with its use, with its time, with the
next one of its purpose and with any change of the account's address or pass phrase. An administrator starts these
and never sees a link: it goes to the person's own mailbox. Only the two links of `flask accounts bootstrap` are shown.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts import approvals, service, told
from safeguarding.accounts.link_models import AccountInvitation, AccountLink, Purpose
from safeguarding.accounts.models import AccountStatus, User
from safeguarding.accounts.request_models import RoleRequest
from safeguarding.accounts.sessions import new_token, token_digest
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.notices.service import queue

LIFE = timedelta(minutes=60)  # whoever comes later asks for another link by their address, invited or not
KINDS = {
    Purpose.INVITATION: told.INVITED,
    Purpose.RESET: told.RESET,
    Purpose.FACTORS: told.FACTORS_RESET,
}
PAUSE = timedelta(minutes=5)  # between two links for the same thing, so that nobody's mailbox is filled
STRANGER = Actor(audit.ANONYMOUS, "")


def invite_person(
    actor: Actor,
    *,
    email: str,
    name: str,
    job_title: str | None,
    agency_ref: str,
    role: Role,
    reason: str | None,
    no_phrase: str,
) -> tuple[User, bool]:
    """Add a person who may sign in, in a first role, and invite them: they choose their pass phrase by a link.

    `no_phrase` is the hash of a phrase that nobody knows (`passwords.unknown_phrase`), which is theirs until then.
    Returns the person, and whether their role waits for a second person. Raises RuleError for an address that is taken,
    or as `approvals.give_or_ask` does.
    """
    user = service.add_user(actor, email=email, name=name, phrase_hash=no_phrase, job_title=job_title)
    given = approvals.give_or_ask(actor, user.ref, agency_ref=agency_ref, role=role, reason=reason)
    note_invitation(actor, user)
    queue(told.INVITED, user.id)
    return user, isinstance(given, RoleRequest)


def note_invitation(actor: Actor, user: User) -> None:
    """Note that a new person was invited; the caller sends or shows the link."""
    _need(actor, Permission.ADMIN_USERS)
    db.session.add(AccountInvitation(user_id=user.id, invited_at=clock.now()))
    db.session.flush()
    audit.record("accounts:invitation:made", actor, user.ref)


def repeat_invitation(actor: Actor, user: User) -> bool:
    """Note that somebody was invited again; False, and nothing is done, when they took an invitation up."""
    _need(actor, Permission.ADMIN_USERS)
    waiting = _waiting(user)
    if waiting is None:
        return False
    waiting.invited_at = clock.now()
    audit.record("accounts:invitation:repeated", actor, user.ref)
    return True


def start_reset(actor: Actor, ref: str, *, read_version: int) -> Purpose:
    """Send somebody else a link by which they choose a pass phrase: the invitation again until it was taken up.

    Returns which of the two it was. Nothing of theirs changes before the link is used. Raises RuleError for a suspended
    person, StaleError when they changed since they were read.
    """
    user = service.need_over(actor, ref, read_version)
    _need_active(user)
    waiting = _waiting(user)
    purpose = Purpose.INVITATION if waiting else Purpose.RESET
    if waiting:
        waiting.invited_at = clock.now()
    queue(KINDS[purpose], user.id)
    audit.record("accounts:reset:started", actor, user.ref, purpose=purpose)
    return purpose


def start_factors_reset(actor: Actor, ref: str, *, read_version: int) -> None:
    """Send somebody else a link by which they take away second factors that they lost. Raises as `start_reset` does."""
    user = service.need_over(actor, ref, read_version)
    _need_active(user)
    queue(told.FACTORS_RESET, user.id)
    audit.record("accounts:factors_reset:started", actor, user.ref)


def ask_reset(email: str) -> None:
    """Leave a link for whoever has this address, if anybody has; the caller cannot tell, and is told nothing."""
    user = db.session.execute(
        select(User.id, User.ref).where(User.email == email.strip().lower(), User.status == AccountStatus.ACTIVE)
    ).one_or_none()
    asked_already = db.session.scalar(
        select(Notice.id).where(
            Notice.recipient_id == (user.id if user else 0),
            Notice.kind == told.RESET,
            Notice.queued_at > clock.now() - PAUSE,
        )
    )
    if user is not None and asked_already is None:
        queue(told.RESET, user.id)
    audit.record("accounts:reset:asked", STRANGER, user.ref if user else None)


def make_link(user_id: int, purpose: Purpose) -> str:
    """Make a link for an account, in place of earlier ones for the same, and return its path. The token is not kept."""
    user = db.session.get_one(User, user_id)
    now = clock.now()
    db.session.execute(
        update(AccountLink)
        .where(AccountLink.user_id == user_id, AccountLink.purpose == purpose, AccountLink.used_at.is_(None))
        .values(used_at=now),
        execution_options={"synchronize_session": False},
    )
    token = new_token()
    db.session.add(
        AccountLink(
            user_id=user_id,
            purpose=purpose,
            token_digest=token_digest(token),
            bound_to=_bond(user.email, user.password_hash, purpose),
            made_at=now,
            expires_at=now + LIFE,
        )
    )
    db.session.flush()
    return f"/account-link/{token}"


def find_link(token: str) -> Row[Any] | None:
    """Return a live link (purpose) with its account (user_id, email, name, password_hash), or None when it is dead."""
    statement: Any = (
        select(
            AccountLink.purpose,
            AccountLink.bound_to,
            User.id.label("user_id"),
            User.email,
            User.name,
            User.password_hash,
        )
        .join(User, User.id == AccountLink.user_id)
        .where(
            AccountLink.token_digest == token_digest(token),
            AccountLink.used_at.is_(None),
            AccountLink.expires_at > clock.now(),
            User.status == AccountStatus.ACTIVE,
        )
    )
    row: Row[Any] | None = db.session.execute(statement).one_or_none()
    return row if row and row.bound_to == _bond(row.email, row.password_hash, row.purpose) else None


def waiting_since(user_id: int) -> datetime | None:
    """Return when a person was last invited, while they have not taken it up."""
    return db.session.scalar(
        select(AccountInvitation.invited_at).where(
            AccountInvitation.user_id == user_id, AccountInvitation.taken_up_at.is_(None)
        )
    )


def use_phrase_link(token: str, phrase_hash: str) -> None:
    """Give the account of an invitation or reset its new pass phrase; every session of it ends, and the link is dead.

    Raises NotFoundError when the link is dead, as it is for the second of two who use it at once.
    """
    link, user = _locked(token, (Purpose.INVITATION, Purpose.RESET))
    link.used_at = clock.now()
    service.set_phrase(user, phrase_hash)
    db.session.execute(
        update(AccountInvitation)
        .where(AccountInvitation.user_id == user.id, AccountInvitation.taken_up_at.is_(None))
        .values(taken_up_at=clock.now())
    )
    told.tell(told.PHRASE_CHANGED, user.id)
    themselves = Actor(f"user:{user.ref}", "", user.id)
    audit.record("accounts:phrase:chosen", themselves, user.ref, purpose=link.purpose)


def use_factors_link(token: str) -> User:
    """Use up a link that takes lost factors away, and return whose they are; the caller takes them away with it.

    Raises NotFoundError when the link is dead.
    """
    link, user = _locked(token, (Purpose.FACTORS,))
    link.used_at = clock.now()
    db.session.flush()
    return user


def _waiting(user: User) -> AccountInvitation | None:
    """Return the invitation that somebody has not taken up, locked."""
    found: AccountInvitation | None = db.session.scalar(
        select(AccountInvitation)
        .where(AccountInvitation.user_id == user.id, AccountInvitation.taken_up_at.is_(None))
        .with_for_update()
    )
    return found


def _locked(token: str, purposes: tuple[Purpose, ...]) -> tuple[AccountLink, User]:
    link = db.session.scalar(
        select(AccountLink).where(AccountLink.token_digest == token_digest(token)).with_for_update()
    )
    if link is None or link.purpose not in purposes or link.used_at is not None or link.expires_at <= clock.now():
        raise NotFoundError
    user = db.session.scalar(select(User).where(User.id == link.user_id).with_for_update())
    if user is None or user.status is not AccountStatus.ACTIVE:
        raise NotFoundError
    if link.bound_to != _bond(user.email, user.password_hash, link.purpose):
        raise NotFoundError
    return link, user


def _bond(email: str, password_hash: str, purpose: Purpose) -> str:
    return hashlib.sha256(f"{purpose}\n{email}\n{password_hash}".encode()).hexdigest()


def _need_active(user: User) -> None:
    if user.status is not AccountStatus.ACTIVE:
        raise RuleError("They are suspended. Reinstate them first.")


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise ForbiddenError
