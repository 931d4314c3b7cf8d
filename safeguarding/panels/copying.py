"""Whether a text repeats what the panel was told for fewer readers, or under conditions: in an answer or in a note.

A passage counts as repeated when it has a run of words of them that does not come about by chance. What an agency itself
shares further, and the version that it agreed to share, may be repeated. It finds and refuses; it stores nothing.
"""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import String, Text, cast, false, null, or_, select, union_all

from safeguarding.access.actor import Actor
from safeguarding.agencies.models import Agency
from safeguarding.audit import service as audit
from safeguarding.core.base import BigKey
from safeguarding.core.errors import RuleError
from safeguarding.panels.models.items import (
    AgendaItem,
    DiscussionNote,
    PanelHandling,
    ReturnRequest,
    ReturnState,
    SharedVersion,
)
from safeguarding.relations.built import Asker, built

RUN = 6  # words in a row: shorter ones are said by everybody ("seen in the park with friends")
_WORD = re.compile(r"[^\W_]+")


def refuse_about_person(actor: Actor, person_id: int, texts: Iterable[str | None]) -> None:
    """Raise RuleError when a text repeats what was told about a young person on any agenda (see the module)."""
    given = [each for each in texts if each]
    _refuse(actor, _held_back.rows(None, None, person_id) if given else [], given, None)


def refuse_about_item(
    actor: Actor,
    item: AgendaItem,
    texts: Iterable[str | None],
    field: str | None = None,
    *,
    but: DiscussionNote | None = None,
) -> None:
    """Raise RuleError, naming the field, when a text repeats what was told about an item, or whom it is about.

    `but` is a note that is written anew, and may of course repeat itself.
    """
    refuse_fields_about_item(actor, item, [(field, texts)], but=but)


def refuse_fields_about_item(
    actor: Actor,
    item: AgendaItem,
    fields: Iterable[tuple[str | None, Iterable[str | None]]],
    *,
    but: DiscussionNote | None = None,
) -> None:
    """Do the same for the texts of several fields, in their order; what was told is read once."""
    given = [(field, [each for each in texts if each]) for field, texts in fields]
    if not any(texts for _field, texts in given):
        return
    told = _held_back.rows(None, item.id, item.person_id)
    if but is not None:
        told = [row for row in told if row.note_id != but.id]
    for field, texts in given:
        _refuse(actor, told, texts, field)


def runs_of(text: str) -> set[tuple[str, ...]]:
    """Return every run of words of a text; all of it where it is shorter than one run, unless that is two words or less."""
    words = [word.casefold() for word in _WORD.findall(text)]
    if len(words) < RUN:
        return {tuple(words)} if len(words) > 2 else set()
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def repeats(text: str, source: str, but: Iterable[str] = ()) -> bool:
    """Return whether a text has a run of words of a source that is in none of the texts that may be repeated."""
    free: set[tuple[str, ...]] = set().union(*(runs_of(each) for each in but))
    told = runs_of(source) - free
    short = {run for run in told if len(run) < RUN}
    if told & runs_of(text):
        return True
    words = tuple(word.casefold() for word in _WORD.findall(text))
    return any(words[start : start + len(run)] == run for run in short for start in range(len(words)))


def _refuse(actor: Actor, told: Iterable[Any], given: list[str], field: str | None) -> None:
    for row in told:
        if row.agency_id in actor.agency_ids:
            continue  # what an agency told is its own to tell further
        shared = [row.shared] if row.shared else []
        if any(repeats(each, row.text, shared) for each in given):
            source = row.item_ref if row.ref is None else row.ref
            audit.record_refusal("panels:copy:refused", actor.key, source, item=row.item_ref, note=row.note_id)
            raise RuleError(_repeated(row), field)


def _repeated(row: Any) -> str:
    told = f"This repeats what {row.agency or 'somebody'} told for fewer readers or under conditions."
    if row.ref is None:
        return f"{told} Leave it out, or say it in other words that give nothing of it away."
    return f"{told} Leave it out, or ask {row.agency} for a version that may be shared ({row.ref})."


@built
def _held_back(_asker: Asker, item_id: int | None, person_id: int | None) -> Any:
    """What was told for fewer readers or under conditions about an item, or about a young person on any agenda: the
    newest answers and the newest notes. A note has no `ref`, an answer no `note_id`.
    """
    about = [AgendaItem.id == item_id] if item_id is not None else []
    about += [AgendaItem.person_id == person_id] if person_id is not None else []
    both = [_answers_held_back(about).subquery("answer"), _notes_held_back(about).subquery("said")]
    return union_all(*(select(each) for each in both))


def _notes_held_back(about: list[Any]) -> Any:
    return (
        select(
            cast(null(), String).label("ref"),
            DiscussionNote.text,
            DiscussionNote.speaker_agency_id,
            AgendaItem.ref.label("item_ref"),
            Agency.short_name.label("agency"),
            cast(null(), Text).label("shared"),
            DiscussionNote.id.label("note_id"),
        )
        .join(AgendaItem, AgendaItem.id == DiscussionNote.item_id)
        .outerjoin(Agency, Agency.id == DiscussionNote.speaker_agency_id)
        .where(
            or_(false(), *about),
            or_(DiscussionNote.handling != PanelHandling.ALL_MEMBERS, DiscussionNote.conditions.is_not(None)),
        )
        .order_by(DiscussionNote.id.desc())
        .limit(200)
    )


def _answers_held_back(about: list[Any]) -> Any:
    return (
        select(
            ReturnRequest.ref,
            ReturnRequest.text,
            ReturnRequest.agency_id,
            AgendaItem.ref.label("item_ref"),
            Agency.short_name.label("agency"),
            agreed_version().label("shared"),
            cast(null(), BigKey).label("note_id"),
        )
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .join(Agency, Agency.id == ReturnRequest.agency_id)
        .where(
            or_(false(), *about),
            ReturnRequest.state == ReturnState.ANSWERED,
            or_(ReturnRequest.handling != PanelHandling.ALL_MEMBERS, ReturnRequest.conditions.is_not(None)),
        )
        .order_by(ReturnRequest.id.desc())
        .limit(200)
    )


def agreed_version() -> Any:
    """Return the newest version of an answer that its agency agreed to share, as a column beside the request's."""
    return (
        select(SharedVersion.text)
        .where(SharedVersion.request_id == ReturnRequest.id, SharedVersion.agreed_at.is_not(None))
        .order_by(SharedVersion.agreed_at.desc(), SharedVersion.id.desc())
        .limit(1)
        .correlate(ReturnRequest)
        .scalar_subquery()
    )
