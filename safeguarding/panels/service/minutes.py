"""Commands about minutes: made from what was recorded, sent round, signed by the chair, added to.

Their content is a snapshot with a mark over it. Once signed they never change, and what members of the panel saw because
of the meeting's agenda ends some days later. Nothing here is typed anew: what is wrong is put right where it was recorded,
and the minutes are made again.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.canonical import canonical_json, digest
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.core.working_days import add_working_days
from safeguarding.extensions import db
from safeguarding.panels.copying import refuse_about_item
from safeguarding.panels.models.items import AgendaItem
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.models.minutes import Minutes, MinutesAddendum, MinutesState
from safeguarding.panels.models.panels import Panel
from safeguarding.panels.queries.minutes import gather
from safeguarding.panels.service import papers
from safeguarding.panels.service.holding import hold_meeting, need_on_panel
from safeguarding.panels.workflow import MINUTES

ONLY_OFFICERS = "Minutes are prepared by the coordinator, the chair and the vice-chair of the panel."
ONLY_CHAIRS = "Minutes are signed by the chair or vice-chair of the panel."


def generate_minutes(
    actor: Actor, meeting: Meeting, *, read_version: int | None = None, at: datetime | None = None
) -> Minutes:
    """Make the minutes of a closed meeting from what was recorded; again, as a draft, until they are signed.

    `read_version` is that of the minutes that stand, None for the first time. Raises ForbiddenError, StaleError, RuleError.
    """
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.MINUTES_PREPARE, ONLY_OFFICERS)
    if held.state is not MeetingState.CLOSED:
        raise RuleError("Close the meeting before its minutes are made.")
    known = _minutes_of(held)
    if (None if known is None else known.version) != read_version:
        raise StaleError
    content = canonical_json(gather(held))
    now = at or clock.now()
    minutes = known or Minutes(ref=new_reference("MN"), meeting_id=held.id, version=0)
    if known is not None:
        _need_unsigned(known)
    minutes.state = MinutesState.DRAFT
    minutes.content, minutes.content_digest, minutes.generated_at = content, digest(content), now
    minutes.circulated_at = None
    db.session.add(minutes)
    _changed(actor, minutes, "panels:minutes:generated", digest=minutes.content_digest)
    return minutes


def circulate_minutes(actor: Actor, minutes: Minutes, *, read_version: int, at: datetime | None = None) -> None:
    """Open draft minutes to the members of the panel. Raises ForbiddenError, StaleError, RuleError."""
    _meeting, held = _take(actor, minutes, read_version, Permission.MINUTES_PREPARE, ONLY_OFFICERS)
    require(MINUTES, held.state, MinutesState.CIRCULATED)
    held.state, held.circulated_at = MinutesState.CIRCULATED, at or clock.now()
    _changed(actor, held, "panels:minutes:circulated", digest=held.content_digest)


def sign_minutes(actor: Actor, minutes: Minutes, *, read_version: int, at: datetime | None = None) -> datetime:
    """Sign minutes, which approves them as the record; return the instant at which the members' access to the items ends.

    That is the end of the day so many working days later (a setting of the panel). Raises ForbiddenError, StaleError, and
    RuleError when they were not sent round or do not match their mark.
    """
    meeting, held = _take(actor, minutes, read_version, Permission.MINUTES_SIGN, ONLY_CHAIRS)
    require(MINUTES, held.state, MinutesState.SIGNED)
    if digest(held.content) != held.content_digest:
        raise RuleError("These minutes are not what was made: their mark does not match. Make them again.")
    now = at or clock.now()
    days = db.session.execute(select(Panel.access_days_after_signing).where(Panel.id == meeting.panel_id)).scalar_one()
    until = access_ends(now, days)
    items = db.session.scalars(select(AgendaItem.id).where(AgendaItem.meeting_id == meeting.id))
    papers.close_papers(list(items), until)
    # Last of all: the database refuses any later statement on signed minutes.
    held.state, held.signed_at, held.signed_by_id = MinutesState.SIGNED, now, actor.user_id
    _changed(actor, held, "panels:minutes:signed", digest=held.content_digest, access_until=until)
    return until


def add_minutes_addendum(actor: Actor, minutes: Minutes, *, text: str, at: datetime | None = None) -> MinutesAddendum:
    """Add a dated text to signed minutes. Raises ForbiddenError, RuleError (field text)."""
    _meeting, held = _take(actor, minutes, None, Permission.MINUTES_SIGN, ONLY_CHAIRS)
    if held.state is not MinutesState.SIGNED:
        raise RuleError("These minutes are not signed yet: put right what was recorded, and make them again.")
    if not text.strip():
        raise RuleError("Enter what should be read otherwise.", "text")
    for item in db.session.scalars(select(AgendaItem).where(AgendaItem.meeting_id == held.meeting_id)):
        refuse_about_item(actor, item, [text], "text")
    if actor.user_id is None:
        raise ForbiddenError("An addendum is written by somebody who is signed in.")
    addendum = MinutesAddendum(minutes_id=held.id, text=text, added_at=at or clock.now(), added_by_id=actor.user_id)
    db.session.add(addendum)
    db.session.flush()
    audit.record("panels:minutes:added_to", actor, held.ref, digest=digest(text))
    return addendum


def access_ends(signed_at: datetime, days: int) -> datetime:
    """Return the instant at which a day in London ends: `days` working days after the day of signing."""
    last = add_working_days(clock.london(signed_at).date(), days)
    return clock.at_london(last + timedelta(days=1), time(0, 0))


def _take(
    actor: Actor, minutes: Minutes, read_version: int | None, permission: Permission, reason: str
) -> tuple[Meeting, Minutes]:
    meeting = hold_meeting(db.session.get_one(Meeting, minutes.meeting_id))
    need_on_panel(actor, meeting, permission, reason)
    held = db.session.scalars(
        select(Minutes).where(Minutes.id == minutes.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if read_version is not None and held.version != read_version:
        raise StaleError
    return meeting, held


def _minutes_of(meeting: Meeting) -> Minutes | None:
    return db.session.scalars(
        select(Minutes)
        .where(Minutes.meeting_id == meeting.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _need_unsigned(minutes: Minutes) -> None:
    if minutes.state is MinutesState.SIGNED:
        raise RuleError("Signed minutes do not change. Add an addendum.")


def _changed(actor: Actor, minutes: Minutes, event: str, **detail: object) -> None:
    minutes.version += 1
    db.session.flush()
    audit.record(event, actor, minutes.ref, **detail)
