"""What every command on the day begins with: hold the meeting's row, then the item's, and check who asks.

The meeting is always held before the item, so that commands of one meeting follow each other and never wait for one
another in a circle; two chairs who decide at once are thereby one after the other. It changes nothing.
"""

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.relations.queries import relations_to


def hold_meeting(meeting: Meeting) -> Meeting:
    """Return the meeting as it stands now, its row held until the transaction ends."""
    return db.session.scalars(
        select(Meeting).where(Meeting.id == meeting.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def hold_item(meeting: Meeting, item: AgendaItem) -> AgendaItem:
    """Return the item as it stands now, held; the meeting must be held already. Raises NotFoundError for another's."""
    held = db.session.scalars(
        select(AgendaItem)
        .where(AgendaItem.id == item.id, AgendaItem.meeting_id == meeting.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if held is None:
        raise NotFoundError
    return held


def need_on_panel(actor: Actor, meeting: Meeting, permission: Permission, reason: str) -> frozenset[Relation]:
    """Return the actor's relations to the panel, or raise ForbiddenError with the reason."""
    held = relations_to(actor, "panel", meeting.panel_id)
    if not actor.may(permission, held):
        raise ForbiddenError(reason)
    return held


def need_item(actor: Actor, item: AgendaItem) -> frozenset[Relation]:
    """Return the actor's relations to an item that the actor may read.

    Raises NotFoundError otherwise: to somebody with a conflict on it, an item is not there.
    """
    held = relations_to(actor, "item", item.id)
    if not actor.may(Permission.ITEM_READ, held):
        raise NotFoundError
    return held


def need_open(meeting: Meeting) -> None:
    """Raise RuleError, saying what to do, unless the meeting is open now."""
    if meeting.state is MeetingState.PLANNED:
        raise RuleError("The meeting has not been opened yet.")
    if meeting.state is MeetingState.ADJOURNED:
        raise RuleError("The meeting is adjourned. Resume it first.")
    need_unfinished(meeting)


def need_unfinished(meeting: Meeting) -> None:
    """Raise RuleError when the meeting is closed or cancelled: it takes no changes."""
    if meeting.state is MeetingState.CLOSED:
        raise RuleError("The meeting is closed and takes no changes. Add an addendum to the decision or the minutes.")
    if meeting.state is MeetingState.CANCELLED:
        raise RuleError("The meeting was cancelled.")
