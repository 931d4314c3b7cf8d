"""The command that waives the quorum of one item: by whoever is in the chair, with a reason, for the groups that lack.

A waiver stands beside the item for good and is never edited; a decision that rests on it keeps it with its quorum. It
decides nothing: the item is decided as any other, by everybody who is there.
"""

from datetime import datetime

from sqlalchemy import or_, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.copying import refuse_about_item
from safeguarding.panels.models.items import AgendaItem, ItemState, QuorumWaiver
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.models.panels import Office, Panel, PanelOfficer
from safeguarding.panels.policy import is_in_the_chair
from safeguarding.panels.queries.room import conflicted_users, quorum_of, room, waiver_of
from safeguarding.panels.service.holding import hold_item, hold_meeting, need_item, need_on_panel, need_open

SHORTEST_REASON = 10  # characters
ONLY_CHAIR = "Only the chair waives the quorum; the vice-chair does when the chair is not there or has a conflict."


def waive_quorum(
    actor: Actor, meeting: Meeting, item: AgendaItem, *, reason: str, at: datetime | None = None
) -> QuorumWaiver:
    """Let the open item be decided although required groups are not in the room, and return the waiver.

    It holds for the groups that lack now: should another one leave, the item is inquorate again and stays so. `at` dates
    records brought in from elsewhere. Raises NotFoundError, ForbiddenError, RuleError (field waive).
    """
    held = hold_meeting(meeting)
    office = need_on_panel(actor, held, Permission.MEETING_RUN, ONLY_CHAIR)
    need_open(held)
    need_item(actor, item)
    taken = hold_item(held, item)
    if taken.state is not ItemState.OPEN:
        raise RuleError("Open the item before you waive its quorum.")
    now = at or clock.now()
    conflicted = conflicted_users(taken.id)
    lines = room(held.id, held.panel_id, taken.id, now)
    here = {line.user_id for line in lines if line.is_here_at(now) and line.user_id is not None}
    if not is_in_the_chair(actor, held.chaired_by_id, conflicted):
        raise ForbiddenError(ONLY_CHAIR)
    if Relation.CHAIR not in office and (_chairs(held.panel_id, now) & here) - conflicted:
        raise ForbiddenError(ONLY_CHAIR)
    setting = db.session.execute(select(Panel.quorum_groups).where(Panel.id == held.panel_id)).scalar_one()
    quorum = quorum_of(lines, setting, now)
    if quorum.is_quorate:
        raise RuleError("The item is quorate: there is nothing to waive.")
    if waiver_of(taken.id) is not None:
        raise RuleError("The quorum of this item was waived once. Whoever has left since must come back.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise RuleError("Say why the panel decides without them, in 10 characters or more.", "waive")
    refuse_about_item(actor, taken, [reason], "waive")
    return _waived(actor, held, taken, reason.strip(), [each.group.value for each in quorum.missing], now)


def _waived(
    actor: Actor, meeting: Meeting, item: AgendaItem, reason: str, missing: list[str], now: datetime
) -> QuorumWaiver:
    if actor.user_id is None:
        raise ForbiddenError("The quorum is waived by somebody who is signed in.")
    waiver = QuorumWaiver(
        item_id=item.id, reason=reason, missing=",".join(missing), waived_at=now, waived_by_id=actor.user_id
    )
    db.session.add(waiver)
    meeting.version += 1  # so that the room sees it
    db.session.flush()
    audit.record("panels:quorum:waived", actor, item.ref, meeting=meeting.ref, missing=missing)
    return waiver


def _chairs(panel_id: int, now: datetime) -> set[int]:
    """Return the users who hold the chair's office now; the vice-chair takes their place only when none is there."""
    statement = select(PanelOfficer.user_id).where(
        PanelOfficer.panel_id == panel_id,
        PanelOfficer.office == Office.CHAIR,
        PanelOfficer.valid_from <= now,
        or_(PanelOfficer.valid_to.is_(None), PanelOfficer.valid_to > now),
    )
    return set(db.session.scalars(statement))
