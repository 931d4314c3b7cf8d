"""Commands about what is said to an item: one block for each speaker, noted by the officers of the panel.

Blocks are saved while they are typed, many times a minute; the audit has one event when a block is begun, when it is
left, and now and then while somebody goes on typing; who may read a block is in the audit whenever it changes. It decides
nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.canonical import digest
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.panels.copying import refuse_about_item
from safeguarding.panels.models.items import AgendaItem, DiscussionNote, NoteReader, PanelHandling
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.policy import Standing, may_read_note
from safeguarding.panels.service.holding import hold_item, hold_meeting, need_item, need_on_panel, need_unfinished
from safeguarding.panels.service.returns import check_readers

ONLY_OFFICERS = "Notes are typed by the coordinator, the chair and the vice-chair of the panel."
SAVES_BETWEEN_EVENTS = 25  # at one save in a few seconds, well within five minutes of typing


@dataclass(frozen=True)
class Readers:
    """Who may read a note, as for an agency's answer: `agency_ids` are those named, `conditions` those of handling code C."""

    handling: PanelHandling = PanelHandling.ALL_MEMBERS
    agency_ids: frozenset[int] = frozenset()
    conditions: str | None = None


EVERYBODY = Readers()


def add_note(
    actor: Actor,
    meeting: Meeting,
    item: AgendaItem,
    *,
    speaker_name: str,
    text: str,
    speaker_agency_id: int | None = None,
    readers: Readers = EVERYBODY,
    at: datetime | None = None,
) -> DiscussionNote:
    """Note what somebody said to an item; from the opening of the meeting until it closes.

    Raises NotFoundError when the item is closed to the actor, ForbiddenError, RuleError (fields speaker, text,
    named_agencies).
    """
    held, taken, _standing = _take(actor, meeting, item)
    _need_words(speaker_name, text)
    check_readers(readers.handling, readers.agency_ids)
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
        handling=readers.handling,
        conditions=readers.conditions,
        author_id=actor.user_id,
        recorded_at=at or clock.now(),
        version=1,
    )
    db.session.add(note)
    db.session.flush()
    _name_readers(note, frozenset(), _named(readers))
    _record("panels:note:added", actor, held, taken, note, _named(readers))
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
    readers: Readers = EVERYBODY,
    read_version: int,
    is_left: bool = True,
) -> DiscussionNote:
    """Write a note anew, and who may read it. `is_left` is False while it is still being typed.

    Raises StaleError when it changed since it was read, NotFoundError also for a note that the actor may not read,
    ForbiddenError, RuleError (fields speaker, text, named_agencies).
    """
    held, taken, standing = _take(actor, meeting, item)
    _need_words(speaker_name, text)
    check_readers(readers.handling, readers.agency_ids)
    refuse_about_item(actor, taken, [text], "text", but=note)
    fresh = db.session.scalars(
        select(DiscussionNote)
        .where(DiscussionNote.id == note.id, DiscussionNote.item_id == taken.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    named = frozenset(db.session.scalars(select(NoteReader.agency_id).where(NoteReader.note_id == fresh.id)))
    if not may_read_note(
        standing,
        fresh.handling,
        author_id=fresh.author_id,
        agency_id=fresh.speaker_agency_id,
        named_agency_ids=named,
    ):
        raise NotFoundError
    if fresh.version != read_version:
        raise StaleError
    before = (fresh.handling, fresh.conditions, named, fresh.speaker_agency_id)
    fresh.handling, fresh.conditions = readers.handling, readers.conditions
    _name_readers(fresh, named, _named(readers))
    fresh.speaker_name, fresh.speaker_agency_id, fresh.text = speaker_name, speaker_agency_id, text
    fresh.version += 1
    db.session.flush()
    handled = (fresh.handling, fresh.conditions, _named(readers), fresh.speaker_agency_id)
    if is_left or handled != before or fresh.version % SAVES_BETWEEN_EVENTS == 0:
        _record("panels:note:edited", actor, held, taken, fresh, _named(readers))
    return fresh


def _record(
    event: str, actor: Actor, meeting: Meeting, item: AgendaItem, note: DiscussionNote, named: frozenset[int]
) -> None:
    """Record who may read the note from now on as well: the rows of those named before are gone."""
    audit.record(
        event,
        actor,
        item.ref,
        meeting=meeting.ref,
        note=note.id,
        version=note.version,
        handling=note.handling,
        said_for=note.speaker_agency_id,
        readers=sorted(named),
        conditions=note.conditions is not None,
        digest=_digest(note),
    )


def _named(readers: Readers) -> frozenset[int]:
    return readers.agency_ids if readers.handling is PanelHandling.NAMED_AGENCIES else frozenset()


def _name_readers(note: DiscussionNote, before: frozenset[int], now: frozenset[int]) -> None:
    if before - now:
        gone = sorted(before - now)
        db.session.execute(delete(NoteReader).where(NoteReader.note_id == note.id, NoteReader.agency_id.in_(gone)))
    if now - before:
        rows = [{"note_id": note.id, "agency_id": each} for each in sorted(now - before)]
        db.session.execute(insert(NoteReader), rows)


def _take(actor: Actor, meeting: Meeting, item: AgendaItem) -> tuple[Meeting, AgendaItem, Standing]:
    held = hold_meeting(meeting)
    standing = Standing(actor, need_on_panel(actor, held, Permission.NOTES_TYPE, ONLY_OFFICERS))
    need_unfinished(held)
    if held.state is MeetingState.PLANNED:
        raise RuleError("The meeting has not been opened yet.")
    need_item(actor, item)
    return held, hold_item(held, item), standing


def _need_words(speaker_name: str, text: str) -> None:
    if not speaker_name.strip():
        raise RuleError("Say who spoke.", "speaker")
    if not text.strip():
        raise RuleError("Enter what was said.", "text")


def _digest(note: DiscussionNote) -> str:
    return digest({"speaker": note.speaker_name, "text": note.text, "conditions": note.conditions})
