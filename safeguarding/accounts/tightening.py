"""Commands about the matrix: take a right away from a role, or give it back; one person asks, another agrees.

An administrator asks; a safeguarding lead or information governance decides. Nobody touches a role that they hold
themselves, and nothing is ever added to the starting matrix. It holds from the next request on, for it is read with
whoever asks.
"""

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.access.tightening import may_be_taken
from safeguarding.accounts import policy, told
from safeguarding.accounts.holders import holders
from safeguarding.accounts.tightening_models import Tightening, TighteningState
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db

_LEAST_REASON = 10  # characters
_STANDING = (TighteningState.ASKED, TighteningState.IN_FORCE, TighteningState.BACK_ASKED)


def ask_to_tighten(actor: Actor, *, role: Role, permission: Permission, reason: str | None) -> Tightening:
    """Ask that a role lose a right. Raises ForbiddenError, and RuleError (field right) for one that cannot be taken."""
    user_id = _asking(actor, role, reason)
    if not may_be_taken(role, permission):
        raise RuleError("Choose one of the rights listed.", "right")
    standing = select(Tightening.id).where(
        Tightening.role == role, Tightening.permission == permission.value, Tightening.state.in_(_STANDING)
    )
    if db.session.scalar(standing.limit(1)) is not None:
        raise RuleError("This right is taken away already, or waits to be.", "right")
    made = Tightening(
        ref=new_reference("TG"),
        role=role,
        permission=permission.value,
        state=TighteningState.ASKED,
        reason=(reason or "").strip(),
        asked_by_id=user_id,
        asked_at=clock.now(),
        version=1,
    )
    db.session.add(made)
    db.session.flush()
    _tell(actor)
    audit.record("accounts:matrix:questioned", actor, made.ref, role=role, permission=permission)
    return made


def ask_to_give_back(actor: Actor, ref: str, *, reason: str | None, read_version: int) -> None:
    """Ask that a right which was taken away be given back. Raises ForbiddenError, NotFoundError, StaleError, RuleError."""
    held = _locked(ref, read_version)
    user_id = _asking(actor, held.role, reason)
    if held.state is not TighteningState.IN_FORCE:
        raise RuleError("This is not in force, or waits for a second person already.")
    held.state, held.back_asked_by_id, held.back_reason = TighteningState.BACK_ASKED, user_id, (reason or "").strip()
    held.back_decided_by_id = None
    _changed(actor, held, "back_questioned")
    _tell(actor)


def decide(actor: Actor, ref: str, *, agree: bool, read_version: int) -> Tightening:
    """Agree to what was asked, or decline it. Raises ForbiddenError, NotFoundError, StaleError, RuleError."""
    held = _locked(ref, read_version)
    if actor.user_id is None or not actor.may(Permission.ADMIN_APPROVE) or not actor.roles & policy.APPROVERS:
        raise ForbiddenError("A safeguarding lead or information governance decides this.")
    if held.role in actor.roles:
        raise ForbiddenError("Nobody changes their own rights. Somebody in another role decides this one.")
    asked_by = held.asked_by_id if held.state is TighteningState.ASKED else held.back_asked_by_id
    if actor.user_id == asked_by:
        raise ForbiddenError("Nobody decides their own request. A second person has to.")
    if agree and asked_by not in holders((Role.ADMIN,)):
        raise RuleError("Who asked is no longer an administrator. It has to be asked again by one.")
    if held.state is TighteningState.ASKED:
        held.decided_by_id, held.decided_at = actor.user_id, clock.now()
        held.state = TighteningState.IN_FORCE if agree else TighteningState.DECLINED
    elif held.state is TighteningState.BACK_ASKED:
        held.back_decided_by_id = actor.user_id
        held.state = TighteningState.GIVEN_BACK if agree else TighteningState.IN_FORCE
    else:
        raise RuleError("This was decided already.")
    _changed(actor, held, "agreed" if agree else "declined")
    return held


def _asking(actor: Actor, role: Role, reason: str | None) -> int:
    if actor.user_id is None or not actor.may(Permission.ADMIN_SETTINGS):
        raise ForbiddenError("An administrator asks for this.")
    if role in actor.roles:
        raise ForbiddenError("Nobody changes their own rights. Ask somebody in another role.")
    if len((reason or "").strip()) < _LEAST_REASON:
        raise RuleError(f"Say why, in {_LEAST_REASON} characters or more.", "reason")
    return actor.user_id


def _tell(actor: Actor) -> None:
    for user_id in holders(policy.APPROVERS):
        if user_id != actor.user_id:
            told.tell(told.REQUEST_WAITING, user_id, actor)


def _locked(ref: str, read_version: int) -> Tightening:
    held = db.session.scalar(select(Tightening).where(Tightening.ref == ref).with_for_update())
    if held is None:
        raise NotFoundError
    if held.version != read_version:
        raise StaleError
    return held


def _changed(actor: Actor, held: Tightening, what: str) -> None:
    held.version += 1
    db.session.flush()
    audit.record(
        f"accounts:matrix:{what}", actor, held.ref, role=held.role, permission=held.permission, state=held.state
    )
