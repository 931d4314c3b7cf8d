"""Commands about the roles that need a second person: ask, decide, withdraw.

An administrator asks; a safeguarding lead or information governance decides. Nobody decides their own request, or one
about themselves. A request that nobody decided within two weeks has run out.
"""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts import policy, service, told
from safeguarding.accounts.holders import holders, is_contact, list_colleagues
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.accounts.queries import actor_for_user
from safeguarding.accounts.request_models import RequestState, RoleRequest
from safeguarding.accounts.workflow import REQUEST
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db

SHORTEST_REASON = 10  # characters


def give_or_ask(actor: Actor, ref: str, *, agency_ref: str, role: Role, reason: str | None) -> Membership | RoleRequest:
    """Give a person a role, or ask a second person to where the role needs one.

    Raises RuleError when they hold it already, it does not go with what they hold, it waits to be decided, or the reason
    is missing where a second person has to read it.
    """
    if role in policy.NEED_SECOND_PERSON:
        return ask_role(actor, ref, agency_ref=agency_ref, role=role, reason=reason)
    return service.give_role(actor, ref, agency_ref=agency_ref, role=role)


def ask_role(
    actor: Actor, ref: str, *, agency_ref: str, role: Role, reason: str | None, until: datetime | None = None
) -> RoleRequest:
    """Ask that a person be given a role, and tell those who may decide it. Raises as `give_or_ask` does."""
    user = service.need_over(actor, ref, None)
    agency = service.need_agency(agency_ref)
    service.need_fitting(user, agency, role)
    return _asked(actor, user, agency, role, reason, until)


def nominate_substitute(actor: Actor, ref: str, *, agency_ref: str, last_day: date, reason: str | None) -> RoleRequest:
    """Ask that a colleague be their agency's contact as well until a day, while the actor, who is it, is away.

    An administrator decides. Raises RuleError for somebody who is no colleague or is the contact already, a day that is
    past or more than 90 days ahead, or a missing reason.
    """
    if not actor.may(Permission.SUBSTITUTE_NOMINATE):
        raise ForbiddenError
    agency = service.need_agency(agency_ref)
    if actor.user_id is None or not is_contact(actor.user_id, agency.id):
        raise ForbiddenError("You nominate a substitute for your own agency alone.")
    if ref not in {row.ref for row in list_colleagues(actor.user_id)}:
        raise RuleError("Choose one of your colleagues listed.", "person")
    today = clock.today()
    if not today <= last_day <= today + policy.LONGEST_SUBSTITUTE:
        raise RuleError("The last day must be within the next 90 days.", "last_day")
    user = db.session.scalars(select(User).where(User.ref == ref).with_for_update()).one()
    service.need_fitting(user, agency, Role.SPOC)
    until = clock.at_london(last_day + timedelta(days=1), time(0, 0))
    return _asked(actor, user, agency, Role.SPOC, reason, until)


def _asked(
    actor: Actor, user: User, agency: Agency, role: Role, reason: str | None, until: datetime | None
) -> RoleRequest:
    if len(reason or "") < SHORTEST_REASON:
        raise RuleError("Say why they need this role, for the person who decides.", "reason")
    now = clock.now()
    _need_none_waiting(user, agency, role, now)
    assert actor.user_id is not None  # noqa: S101 - the command line gives roles without asking
    request = RoleRequest(
        ref=new_reference("RR"),
        user_id=user.id,
        agency_id=agency.id,
        role=role,
        until=until,
        reason=reason,
        requested_by_id=actor.user_id,
        requested_at=now,
        expires_at=now + policy.REQUEST_LIVES,
        state=RequestState.WAITING,
        version=1,
    )
    db.session.add(request)
    db.session.flush()
    for approver in holders(policy.approvers_of(role)):
        if approver not in (user.id, actor.user_id):
            told.tell(told.REQUEST_WAITING, approver, actor)
    audit.record("accounts:request:made", actor, user.ref, request=request.ref, role=role, agency=agency.ref)
    return request


def decide_request(actor: Actor, ref: str, *, approve: bool, reason: str | None, read_version: int) -> RoleRequest:
    """Approve a request, which gives the role at once, or decline it.

    Raises ForbiddenError when the actor may not decide it, RuleError when it was decided, ran out or no longer fits,
    StaleError when it changed since it was read.
    """
    request = _locked(ref)
    why_not = policy.why_not_decide(
        actor, role=request.role, about_id=request.user_id, requested_by_id=request.requested_by_id
    )
    if why_not is not None:
        raise ForbiddenError(why_not)
    if request.version != read_version:
        raise StaleError
    if len(reason or "") < SHORTEST_REASON:
        raise RuleError("Give your reason.", "reason")
    if request.expires_at <= clock.now():
        raise RuleError("This request has run out. It has to be made again.")
    _close(actor, request, RequestState.APPROVED if approve else RequestState.DECLINED, reason)
    # Held, as by every other way to a role: what goes with what they hold is looked up, and two may be decided at once.
    held = select(User).where(User.id == request.user_id).with_for_update(key_share=True)
    user = db.session.scalars(held, execution_options={"populate_existing": True}).one()
    if approve:
        _give(actor, request, user)
    told.tell(told.REQUEST_DECIDED, request.requested_by_id, actor)
    audit.record(f"accounts:request:{request.state}", actor, user.ref, request=request.ref, role=request.role)
    return request


def withdraw_request(actor: Actor, ref: str, *, read_version: int) -> None:
    """Withdraw one's own request that waits. Raises ForbiddenError for another's, StaleError, RuleError when decided."""
    if not actor.may(Permission.WORK_OWN):
        raise ForbiddenError
    request = _locked(ref)
    if request.requested_by_id != actor.user_id:
        raise ForbiddenError("Only who asked withdraws a request.")
    if request.version != read_version:
        raise StaleError
    _close(actor, request, RequestState.WITHDRAWN, None)
    user = db.session.get_one(User, request.user_id)
    audit.record("accounts:request:withdrawn", actor, user.ref, request=request.ref, role=request.role)


def _close(actor: Actor, request: RoleRequest, state: RequestState, reason: str | None) -> None:
    require(REQUEST, request.state, state)
    request.state, request.decision_reason = state, reason
    request.decided_by_id, request.decided_at = actor.user_id, clock.now()
    request.version += 1
    db.session.flush()


def _give(actor: Actor, request: RoleRequest, user: User) -> None:
    """Give what was asked, by whoever of the two administers; who asked must still be allowed to."""
    asked_by = db.session.get_one(User, request.requested_by_id)
    if asked_by.status is not AccountStatus.ACTIVE:
        raise RuleError("Who asked may no longer sign in. The request has to be made again by somebody else.")
    asker = actor_for_user(asked_by.id)
    if request.role is Role.SPOC and not is_contact(asked_by.id, request.agency_id):
        raise RuleError("Who nominated them is no longer the agency's contact. The contact has to nominate somebody.")
    if request.role is not Role.SPOC and not asker.may(Permission.ADMIN_USERS):
        raise RuleError("Who asked is no longer an administrator. The request has to be made again by one.")
    giver = actor if actor.may(Permission.ADMIN_USERS) else asker
    agency = db.session.get_one(Agency, request.agency_id)
    service.give_membership(giver, user, agency, request.role, until=request.until, approval=request.ref)
    user.version += 1


def _need_none_waiting(user: User, agency: Agency, role: Role, now: datetime) -> None:
    waiting = db.session.scalar(
        select(RoleRequest.id).where(
            RoleRequest.user_id == user.id,
            RoleRequest.agency_id == agency.id,
            RoleRequest.role == role,
            RoleRequest.state == RequestState.WAITING,
            RoleRequest.expires_at > now,
        )
    )
    if waiting is not None:
        raise RuleError("This waits to be decided by a second person already.", "role")


def _locked(ref: str) -> RoleRequest:
    request = db.session.scalar(select(RoleRequest).where(RoleRequest.ref == ref).with_for_update())
    if request is None:
        raise NotFoundError
    return request
