"""Commands about what is said to an item: one block for each speaker, noted by the officers of the panel.

Blocks are saved while they are typed, many times a minute; the audit has one event when a block is begun, when it is
left, and now and then while somebody goes on typing. It decides nothing.
"""

from datetime import datetime

from sqlalchemy import func, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.canonical import digest
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.panels.copying import refuse_about_item
from safeguarding.panels.models.items import AgendaItem, DiscussionNote
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.service.holding import hold_item, hold_meeting, need_item, need_on_panel, need_unfinished

ONLY_OFFICERS = "Notes are typed by the coordinator, the chair and the vice-chair of the panel."
SAVES_BETWEEN_EVENTS = 25  # at one save in a few seconds, well within five minutes of typing


def add_note(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    *,
    speaker_name: str,
    text: str,
    speaker_agency_id: int | None = None,
    at: datetime | None = None,
) -> DiscussionNote:
    """Note what somebody said to an item; from the opening of the meeting until it closes.

    Raises NotFoundError when the item is closed to the actor, ForbiddenError, RuleError (fields speaker, text).
    """
    held, taken = _take(actor, meeting, item)
    _need_words(speaker_name, text)
    refuse_about_item(actor, taken, [text], "text")
    if actor.user_id is None:
        raise ForbiddenError("A note is written by somebody who is signed in.")
    last = db.session.scalar(select(func.max(DiscussionNote.position)).where(DiscussionNote.item_id == taken.id))
    note = DiscussionNote(
        item_id=taken.id,
        position=(last or 0) + 1,
        speaker_name=speaker_name,
        speaker_agency_id=speaker_agency_id,
        text=text,
        author_id=actor.user_id,
        recorded_at=at or clock.now(),
        version=1,
    )
    db.session.add(note)
    db.session.flush()
    audit.record("panels:note:added", actor, taken.ref, meeting=held.ref, note=note.id, digest=_digest(note))
    return note


def edit_note(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    note: DiscussionNote,
    *,
    speaker_name: str,
    text: str,
    speaker_agency_id: int | None,
    read_version: int,
    is_left: bool = True,
) -> DiscussionNote:
    """Write a note anew. `is_left` is False while it is still being typed.

    Raises StaleError when it changed since it was read, NotFoundError, ForbiddenError, RuleError (fields speaker, text).
    """
    held, taken = _take(actor, meeting, item)
    _need_words(speaker_name, text)
    refuse_about_item(actor, taken, [text], "text")
    fresh = db.session.scalars(
        select(DiscussionNote)
        .where(DiscussionNote.id == note.id, DiscussionNote.item_id == taken.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if fresh.version != read_version:
        raise StaleError
    fresh.speaker_name, fresh.speaker_agency_id, fresh.text = speaker_name, speaker_agency_id, text
    fresh.version += 1
    db.session.flush()
    if is_left or fresh.version % SAVES_BETWEEN_EVENTS == 0:
        audit.record(
            "panels:note:edited",
            actor,
            taken.ref,
            meeting=held.ref,
            note=fresh.id,
            version=fresh.version,
            digest=_digest(fresh),
        )
    return fresh


def _take(actor: Actor, meeting: Meeting, item: AgendaItem) -> tuple[Meeting, AgendaItem]:
    held = hold_meeting(meeting)
    need_on_panel(actor, held, Permission.NOTES_TYPE, ONLY_OFFICERS)
    need_unfinished(held)
    if held.state is MeetingState.PLANNED:
        raise RuleError("The meeting has not been opened yet.")
    need_item(actor, item)
    return held, hold_item(held, item)


def _need_words(speaker_name: str, text: str) -> None:
    if not speaker_name.strip():
        raise RuleError("Say who spoke.", "speaker")
    if not text.strip():
        raise RuleError("Enter what was said.", "text")


def _digest(note: DiscussionNote) -> str:
    return digest({"speaker": note.speaker_name, "text": note.text})
