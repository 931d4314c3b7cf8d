"""Commands of a panel's officers about returns that are missing: remind those who are late, ask one more agency.

A reminder stands on the request, tells the agency's contacts that there is one, and changes nothing of what they type.
"""

from datetime import datetime, time

from sqlalchemy import or_, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.extensions import db
from safeguarding.notices.service import queue
from safeguarding.panels.models.items import AgendaItem, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service.holding import hold_meeting, need_on_panel, need_unfinished
from safeguarding.panels.service.returns import ANSWERABLE

REMINDED = "panels.return_reminded"
ONLY_OFFICERS = "Agencies are reminded by the coordinator, the chair and the vice-chair of the panel."


def chase_returns(actor: Actor, meeting: Meeting, *, request_ref: str | None = None) -> list[ReturnRequest]:
    """Remind the agencies whose answers are late and missing (or of one request alone), and return the requests.

    An agency is reminded of a request once a day. Raises ForbiddenError, RuleError when there is nobody to remind.
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.AGENDA_BUILD, ONLY_OFFICERS)
    need_unfinished(held)
    if actor.user_id is None:
        raise ForbiddenError(ONLY_OFFICERS)
    now = clock.now()
    late = _late(held, now, request_ref)
    if not late:
        raise RuleError("No answer is late, or each agency was reminded today.")
    for request in late:
        request.chased_at, request.chased_by_id = now, actor.user_id
    db.session.flush()
    for user_id in _contacts({request.agency_id for request in late}, now):
        queue(REMINDED, user_id)
    for request in late:
        audit.record("panels:return:chased", actor, request.ref, meeting=held.ref, agency=request.agency_id)
    return late


def _late(meeting: Meeting, now: datetime, request_ref: str | None) -> list[ReturnRequest]:
    today = clock.at_london(clock.london(now).date(), time())
    statement = (
        select(ReturnRequest)
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .where(
            AgendaItem.meeting_id == meeting.id,
            AgendaItem.state.in_(sorted(ANSWERABLE)),
            ReturnRequest.state == ReturnState.WAITING,
            ReturnRequest.due_at < now,
            or_(ReturnRequest.chased_at.is_(None), ReturnRequest.chased_at < today),
        )
        .order_by(ReturnRequest.id)
        .with_for_update(of=ReturnRequest)
        .execution_options(populate_existing=True)
    )
    if request_ref is not None:
        statement = statement.where(ReturnRequest.ref == request_ref)
    return list(db.session.scalars(statement))


def _contacts(agency_ids: set[int], now: datetime) -> list[int]:
    """Return the active contacts of agencies, and safeguarding leads of them, who answer for them."""
    statement = (
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            User.status == AccountStatus.ACTIVE,
            Membership.agency_id.in_(sorted(agency_ids)),
            Membership.role.in_((Role.SPOC, Role.LEAD)),
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
        )
        .distinct()
        .order_by(User.id)
    )
    return list(db.session.scalars(statement))
