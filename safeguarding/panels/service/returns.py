"""Commands of an agency about what it was asked: what it holds, that it knows nothing, or that it will not share.

An agency may answer, and answer again, until the item is decided. What comes after it was due is taken and stays
marked as late. Nothing here reads what another agency answered.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, insert, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.panels.models.items import (
    AgendaItem,
    ItemState,
    PanelHandling,
    ReturnReader,
    ReturnRequest,
    ReturnState,
)
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.service import papers
from safeguarding.panels.service.holding import hold_item, hold_meeting
from safeguarding.panels.timing import is_late
from safeguarding.panels.workflow import RETURN
from safeguarding.relations.queries import relations_to

ANSWERABLE = frozenset({ItemState.WAITING, ItemState.OPEN})


def answer_return(
    actor: Actor,
    request: ReturnRequest,
    *,
    state: ReturnState,
    text: str | None = None,
    reason_not_shared: str | None = None,
    handling: PanelHandling = PanelHandling.ALL_MEMBERS,
    named_agency_ids: Collection[int] = (),
    conditions: str | None = None,
    read_version: int,
) -> ReturnRequest:
    """Answer for the actor's agency.

    `answered` needs a text; `will_not_share` needs the reason (Children Act 2004, section 16LA: that sharing would harm
    the child more than not); `nothing_known` needs neither. `conditions` are those of handling code C of the
    3x5x2 system, shown wherever the answer is. Raises RuleError once the item is decided, StaleError when a
    colleague answered meanwhile, NotFoundError for another agency's request.
    """
    taken, item, meeting = _take(actor, request.id, read_version)
    if item.state not in ANSWERABLE or meeting.state in (MeetingState.CLOSED, MeetingState.CANCELLED):
        raise RuleError("This item is over, so it takes no more answers. Write to the coordinator instead.")
    require(RETURN, taken.state, state)
    _check_words(state, text, reason_not_shared)
    check_readers(handling, named_agency_ids)
    if taken.state is ReturnState.WAITING:
        papers.stop_searching(item, taken.agency_id)
    _name_readers(taken, named_agency_ids if handling is PanelHandling.NAMED_AGENCIES else ())
    taken.state, taken.handling = state, handling
    taken.conditions = (conditions or "").strip() or None if state is ReturnState.ANSWERED else None
    taken.text = text if state is ReturnState.ANSWERED else None
    taken.reason_not_shared = reason_not_shared if state is ReturnState.WILL_NOT_SHARE else None
    taken.answered_at, taken.answered_by_id = clock.now(), actor.user_id
    taken.version += 1
    db.session.flush()
    late = is_late(state, taken.due_at, taken.answered_at, taken.answered_at)
    audit.record(
        "panels:return:answered",
        actor,
        taken.ref,
        item=item.ref,
        state=state,
        handling=handling,
        readers=sorted(named_agency_ids) if handling is PanelHandling.NAMED_AGENCIES else [],
        late=late,
        conditions=taken.conditions is not None,
    )
    return taken


def _take(actor: Actor, request_id: int, read_version: int) -> tuple[ReturnRequest, AgendaItem, Meeting]:
    """Hold the meeting, the item and the request, in that order like every command, once it is known who asks."""
    about: Any = db.session.execute(
        select(ReturnRequest.agency_id, AgendaItem, Meeting)
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .where(ReturnRequest.id == request_id)
    ).one()
    agency_id, item, meeting = about
    if agency_id not in actor.agency_ids:
        raise NotFoundError()
    if not actor.may(Permission.RETURN_ANSWER, relations_to(actor, "item", item.id)):
        raise ForbiddenError("Your agency's contact answers this.")
    held = hold_meeting(meeting)
    taken = hold_item(held, item)
    request = db.session.scalars(
        select(ReturnRequest)
        .where(ReturnRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if request.version != read_version:
        raise StaleError()
    return request, taken, held


def _check_words(state: ReturnState, text: str | None, reason: str | None) -> None:
    if state is ReturnState.ANSWERED and not text:
        raise RuleError("Enter what your agency holds, or choose “Nothing known”.", "held")
    if state is ReturnState.WILL_NOT_SHARE and not reason:
        raise RuleError("Enter why sharing would be worse for the young person than not sharing.", "reason_not_shared")


def check_readers(handling: PanelHandling, agency_ids: Collection[int]) -> None:
    """Raise RuleError (field named_agencies) where agencies are to be named, and none is or one that there is not."""
    if handling is not PanelHandling.NAMED_AGENCIES:
        return
    if not agency_ids:
        raise RuleError("Choose the agencies that may read this.", "named_agencies")
    known = set(db.session.scalars(select(Agency.id).where(Agency.id.in_(agency_ids))))
    if known != set(agency_ids):
        raise RuleError("Choose agencies of the list.", "named_agencies")


def _name_readers(request: ReturnRequest, agency_ids: Collection[int]) -> None:
    """Name the readers anew; `request` still has the handling under which the earlier ones were named."""
    if request.handling is PanelHandling.NAMED_AGENCIES:
        db.session.execute(delete(ReturnReader).where(ReturnReader.request_id == request.id))
    if agency_ids:
        rows = [{"request_id": request.id, "agency_id": each} for each in sorted(agency_ids)]
        db.session.execute(insert(ReturnReader), rows)
