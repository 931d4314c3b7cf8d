"""Commands about accounts: add a person, give and end memberships, suspend, set a pass phrase.

Nobody changes their own rights, somebody who administers or audits holds no other role, and one administrator always
remains. Roles, memberships and suspensions are read at every request, so that a change holds from the next one on.
"""

from datetime import datetime

from sqlalchemy import or_, select, update

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts import told
from safeguarding.accounts.leaving import take_back
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.accounts.policy import NEED_SECOND_PERSON
from safeguarding.accounts.signing_in import end_all
from safeguarding.accounts.workflow import ACCOUNT
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db

# Who administers or audits sees no case content, so these roles stand alone.
SOLE_ROLES = frozenset({Role.ADMIN, Role.AUDITOR})


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
    actor: Actor,
    user: User,
    agency: Agency,
    role: Role,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    approval: str | None = None,
) -> Membership:
    """Make a person a member of an agency in a role. Nobody gives themselves anything. Their sessions end.

    `approval` is the reference of the request by which a second person approved it; without one a role that needs it is
    refused to everybody but the command line. Raises RuleError as `need_fitting` does.
    """
    _need_over(actor, user.id)
    if role in NEED_SECOND_PERSON and approval is None and not actor.is_system:
        raise ForbiddenError("This role needs a second person's approval.")
    need_fitting(user, agency, role)
    take_back(actor, user.id)  # what rested on a membership that ran out does not come back by this one
    membership = Membership(
        user_id=user.id, agency_id=agency.id, role=role, valid_from=since or clock.now(), valid_to=until
    )
    db.session.add(membership)
    db.session.flush()
    approved = {"approval": approval} if approval else {}
    end_all(user.id)
    audit.record("accounts:membership:given", actor, user.ref, role=role, agency=agency.ref, **approved)
    told.tell(told.RIGHTS_CHANGED, user.id, actor)
    return membership


def need_fitting(user: User, agency: Agency, role: Role) -> None:
    """Raise RuleError when a person holds the role there already, or when it does not go with what they hold."""
    held = _live_memberships(user.id)
    if (agency.id, role) in held:
        raise RuleError("They hold this role in this agency already.", "role")
    if held and SOLE_ROLES & ({role} | {each for _, each in held}):
        raise RuleError(
            "An administrator or auditor holds no other role, because they see no case content. "
            "End the other role first, or use a second account.",
            "role",
        )


def need_agency(ref: str) -> Agency:
    """Return an agency by reference; raise RuleError when there is none."""
    agency = db.session.scalar(select(Agency).where(Agency.ref == ref))
    if agency is None:
        raise RuleError("Choose one of the agencies listed.", "agency")
    return agency


def need_over(actor: Actor, ref: str, read_version: int | None) -> User:
    """Return somebody else, locked, for an administrator to change; None for the version where no form was read.

    Raises ForbiddenError, NotFoundError, or StaleError when they changed since they were read.
    """
    _need(actor, Permission.ADMIN_USERS)
    user = _locked(ref) if read_version is None else _read_at(ref, read_version)
    _need_over(actor, user.id)
    return user


def give_role(actor: Actor, ref: str, *, agency_ref: str, role: Role) -> Membership:
    """Make a person, named by reference, a member of an agency in a role; see `give_membership`."""
    _need(actor, Permission.ADMIN_USERS)
    agency = need_agency(agency_ref)
    user = _locked(ref)
    membership = give_membership(actor, user, agency, role)
    user.version += 1
    return membership


def end_role(actor: Actor, ref: str, *, agency_ref: str, role: Role, read_version: int) -> None:
    """End a person's role in an agency, now; their sessions end with it.

    Raises NotFoundError when they do not hold it, StaleError when the person changed since they were read, RuleError
    when no administrator would remain.
    """
    _need(actor, Permission.ADMIN_USERS)
    administrators = lock_administrators() if role is Role.ADMIN else frozenset()
    user = _read_at(ref, read_version)
    _need_over(actor, user.id)
    _end(actor, user, agency_ref, role, administrators)


def end_membership(actor: Actor, ref: str, *, agency_ref: str, role: Role) -> None:
    """End a membership that its agency's contact, or an administrator, does not confirm; `members` says whose it is to do.

    Raises as `end_role` does.
    """
    _need(actor, Permission.MEMBERS_CONFIRM)
    administrators = lock_administrators() if role is Role.ADMIN else frozenset()
    user = _locked(ref)
    if actor.user_id == user.id:
        raise ForbiddenError("Nobody changes their own rights. Ask another administrator.")
    _end(actor, user, agency_ref, role, administrators)


def _end(actor: Actor, user: User, agency_ref: str, role: Role, administrators: frozenset[int]) -> None:
    agency_id = db.session.scalar(select(Agency.id).where(Agency.ref == agency_ref))
    if (agency_id, role) not in _live_memberships(user.id):
        raise NotFoundError
    if role is Role.ADMIN:
        _need_another(administrators, user)
    now = clock.now()
    db.session.execute(
        update(Membership)
        .where(
            Membership.user_id == user.id,
            Membership.agency_id == agency_id,
            Membership.role == role,
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
        )
        .values(valid_to=now)
    )
    user.version += 1
    end_all(user.id)
    audit.record("accounts:membership:ended", actor, user.ref, role=role, agency=agency_ref)
    take_back(actor, user.id)
    told.tell(told.RIGHTS_CHANGED, user.id, actor)


def suspend_user(actor: Actor, ref: str, *, read_version: int) -> None:
    """Suspend a person: at the next request nothing of theirs works.

    Raises StaleError when they changed since they were read, RuleError when they are suspended already or no
    administrator would remain.
    """
    _need(actor, Permission.ADMIN_USERS)
    administrators = lock_administrators()
    user = _read_at(ref, read_version)
    _need_over(actor, user.id)
    require(ACCOUNT, user.status, AccountStatus.SUSPENDED)
    _need_another(administrators, user)
    user.status = AccountStatus.SUSPENDED
    user.version += 1
    end_all(user.id)
    audit.record("accounts:user:suspended", actor, user.ref)
    told.tell(told.SUSPENDED, user.id, actor)


def reinstate_user(actor: Actor, ref: str, *, read_version: int) -> None:
    """Let a suspended person sign in again. Raises as `suspend_user` does."""
    _need(actor, Permission.ADMIN_USERS)
    user = _read_at(ref, read_version)
    _need_over(actor, user.id)
    require(ACCOUNT, user.status, AccountStatus.ACTIVE)
    user.status = AccountStatus.ACTIVE
    user.version += 1
    db.session.flush()
    audit.record("accounts:user:reinstated", actor, user.ref)
    told.tell(told.REINSTATED, user.id, actor)


def set_phrase(user: User, phrase_hash: str) -> None:
    """Give a locked account another pass phrase; every session of theirs ends. The caller records who did it and how."""
    user.password_hash = phrase_hash
    user.version += 1
    end_all(user.id)


def _locked(ref: str) -> User:
    # Its key stays as it is: whoever writes a row that names this person need not wait.
    user = db.session.scalar(select(User).where(User.ref == ref).with_for_update(key_share=True))
    if user is None:
        raise NotFoundError
    return user


def _read_at(ref: str, read_version: int) -> User:
    user = _locked(ref)
    if user.version != read_version:
        raise StaleError
    return user


def _live_memberships(user_id: int) -> set[tuple[int, Role]]:
    rows = db.session.execute(
        select(Membership.agency_id, Membership.role).where(
            Membership.user_id == user_id, or_(Membership.valid_to.is_(None), Membership.valid_to > clock.now())
        )
    )
    return {(row.agency_id, row.role) for row in rows}


def lock_administrators() -> frozenset[int]:
    """Return the active administrators, locked until the transaction ends."""
    # Locked before anything else, in one order: two administrators who end each other's role at once neither wait for
    # one another nor both pass.
    now = clock.now()
    return frozenset(
        db.session.scalars(
            select(User.id)
            .join(Membership, Membership.user_id == User.id)
            .where(
                User.status == AccountStatus.ACTIVE,
                Membership.role == Role.ADMIN,
                Membership.valid_from <= now,
                or_(Membership.valid_to.is_(None), Membership.valid_to > now),
            )
            .order_by(User.id, Membership.id)
            .with_for_update()
        )
    )


def _need_another(administrators: frozenset[int], user: User) -> None:
    if administrators == {user.id}:
        raise RuleError("They are the only administrator. Make somebody else one first.")


def _need_over(actor: Actor, user_id: int) -> None:
    _need(actor, Permission.ADMIN_USERS)
    if actor.user_id == user_id:
        raise ForbiddenError("Nobody changes their own rights. Ask another administrator.")


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise ForbiddenError()
