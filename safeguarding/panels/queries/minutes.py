"""Reads of minutes: what they are made from, and the copy that one reader may have.

A copy leaves out what its reader may not read and says so where it falls: an item with a declared conflict, an item to
which access has ended, an answer meant for others. It writes nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, null, or_, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.actions.models import Action, ActionOrigin
from safeguarding.agencies.models import Agency
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.panels.copying import agreed_version
from safeguarding.panels.models.decisions import AgencyView, Decision, DecisionAddendum
from safeguarding.panels.models.items import (
    AgendaItem,
    Conflict,
    DiscussionNote,
    ItemState,
    NoteReader,
    PanelHandling,
    ReturnReader,
    ReturnRequest,
)
from safeguarding.panels.models.meetings import Attendance, Meeting, MeetingState
from safeguarding.panels.models.minutes import Minutes, MinutesAddendum, MinutesState
from safeguarding.panels.models.panels import Panel
from safeguarding.panels.policy import Standing, may_read_note, may_read_return
from safeguarding.panels.queries.live import age_on
from safeguarding.people.models import Person
from safeguarding.referrals.models import Referral
from safeguarding.relations import queries as relations
from safeguarding.relations.built import Asker, among, built

Plain = dict[str, Any]


# --- what they are made from --------------------------------------------------------------------------------------


def gather(meeting: Meeting) -> Plain:
    """Return what was recorded in a meeting, as plain values: the meeting, who was there, conflicts, every item.

    All of it, whoever prepares it and from whatever item a conflict keeps them; each reader is shown their own part.
    """
    with beyond(Beyond.MINUTES):
        return _gathered(meeting)


def _gathered(meeting: Meeting) -> Plain:
    items = _items(meeting)
    item_ids = [item["id"] for item in items]
    decisions = _decisions(item_ids)
    _spread(items, "notes", _notes(item_ids))
    _spread(items, "returns", _returns(item_ids))
    for item in items:
        item["decision"] = decisions.get(item["id"])
        item.pop("id")
    return {
        "meeting": _about(meeting),
        "attendance": _attendance(meeting),
        "conflicts": _conflicts(meeting),
        "items": items,
    }


def _about(meeting: Meeting) -> Plain:
    panel = db.session.get_one(Panel, meeting.panel_id)
    chair = db.session.scalar(select(User.name).where(User.id == meeting.chaired_by_id))
    return {
        "ref": meeting.ref,
        "panel": panel.name,
        "place": meeting.place,
        "opened_at": meeting.opened_at,
        "closed_at": meeting.closed_at,
        "statement_read_at": meeting.confidentiality_read_at,
        "chair": chair,
    }


def _attendance(meeting: Meeting) -> list[Plain]:
    rows = db.session.execute(
        select(Attendance, Agency.short_name, User.name.label("user_name"))
        .join(Agency, Agency.id == Attendance.agency_id)
        .outerjoin(User, User.id == Attendance.user_id)
        .where(Attendance.meeting_id == meeting.id)
        .order_by(Agency.short_name, Attendance.id)
    )
    return [
        {
            "agency": agency,
            "status": line.status.value,
            "name": user_name or line.name,
            "deputy_for": line.deputy_for,
            "information_sent": line.information_sent,
            "arrived_at": line.arrived_at,
            "left_at": line.left_at,
        }
        for line, agency, user_name in rows
    ]


def _conflicts(meeting: Meeting) -> list[Plain]:
    rows = db.session.execute(
        select(AgendaItem.position, AgendaItem.ref, User.name, Agency.short_name, Conflict.declared_at)
        .select_from(Conflict)
        .join(AgendaItem, AgendaItem.id == Conflict.item_id)
        .join(User, User.id == Conflict.user_id)
        .outerjoin(Agency, Agency.id == Conflict.agency_id)
        .where(Conflict.meeting_id == meeting.id, Conflict.withdrawn_at.is_(None))
        .order_by(AgendaItem.position, Conflict.id)
    )
    return [
        {
            "position": row.position,
            "item": row.ref,
            "name": row.name,
            "agency": row.short_name,
            "declared_at": row.declared_at,
        }
        for row in rows
    ]


def _items(meeting: Meeting) -> list[Plain]:
    rows = db.session.execute(
        select(AgendaItem, Person.born_on, Referral.own_view, Referral.own_view_absent_reason)
        .outerjoin(Person, Person.id == AgendaItem.person_id)
        .outerjoin(Referral, Referral.id == AgendaItem.referral_id)
        .where(AgendaItem.meeting_id == meeting.id, AgendaItem.state != ItemState.WITHDRAWN)
        .order_by(AgendaItem.position, AgendaItem.id)
    )
    day = clock.london(meeting.opened_at or meeting.starts_at).date()
    return [
        {
            "id": item.id,
            "ref": item.ref,
            "position": item.position,
            "kind": item.kind.value,
            "title": item.title,
            "age": age_on(born_on, day),
            "asked": item.question,
            "state": item.state.value,
            "heard_at": item.opened_at,
            "own_words": own_view,
            "own_words_absent_reason": absent,
        }
        for item, born_on, own_view, absent in rows
    ]


def _readers(named: Select[*tuple[Any, ...]]) -> dict[int, list[int]]:
    """Return the agencies named (ids), by the note or the return for which they are."""
    found: dict[int, list[int]] = {}
    for about, agency_id in db.session.execute(named):
        found.setdefault(about, []).append(agency_id)
    return found


def _notes(item_ids: list[int]) -> list[tuple[int, Plain]]:
    readers = _readers(
        select(NoteReader.note_id, NoteReader.agency_id)
        .join(DiscussionNote, DiscussionNote.id == NoteReader.note_id)
        .where(DiscussionNote.item_id.in_(item_ids))
        .order_by(NoteReader.id)
    )
    rows = db.session.execute(
        select(DiscussionNote, Agency.short_name)
        .outerjoin(Agency, Agency.id == DiscussionNote.speaker_agency_id)
        .where(DiscussionNote.item_id.in_(item_ids))
        .order_by(DiscussionNote.item_id, DiscussionNote.position, DiscussionNote.id)
    )
    return [
        (
            note.item_id,
            {
                "speaker": note.speaker_name,
                "agency": agency,
                "agency_id": note.speaker_agency_id,
                "author_id": note.author_id,
                "text": note.text,
                "handling": note.handling.value,
                "reader_ids": readers.get(note.id, []),
                "conditions": note.conditions,
            },
        )
        for note, agency in rows
    ]


def _returns(item_ids: list[int]) -> list[tuple[int, Plain]]:
    readers = _readers(
        select(ReturnReader.request_id, ReturnReader.agency_id)
        .join(ReturnRequest, ReturnRequest.id == ReturnReader.request_id)
        .where(ReturnRequest.item_id.in_(item_ids))
        .order_by(ReturnReader.id)
    )
    rows = db.session.execute(
        select(ReturnRequest, Agency.short_name, User.name, agreed_version())
        .join(Agency, Agency.id == ReturnRequest.agency_id)
        .outerjoin(User, User.id == ReturnRequest.answered_by_id)
        .where(ReturnRequest.item_id.in_(item_ids))
        .order_by(ReturnRequest.item_id, Agency.short_name, ReturnRequest.id)
    )
    return [
        (
            request.item_id,
            {
                "agency": agency,
                "agency_id": request.agency_id,
                "by": by,
                "state": request.state.value,
                "text": request.text or request.reason_not_shared,
                "handling": request.handling.value,
                "reader_ids": readers.get(request.id, []),
                "conditions": request.conditions,
                "shared": shared,
            },
        )
        for request, agency, by, shared in rows
    ]


def _decisions(item_ids: list[int]) -> dict[int, Plain]:
    rows = db.session.execute(
        select(Decision, User.name).join(User, User.id == Decision.chaired_by_id).where(Decision.item_id.in_(item_ids))
    ).all()
    ids = [decision.id for decision, _name in rows]
    views, actions, addenda = _by_decision(_view_rows(ids)), _by_decision(_action_rows(ids)), _by_decision(_added(ids))
    return {
        decision.item_id: {
            "ref": decision.ref,
            "kind": decision.kind.value,
            "rationale": decision.rationale,
            "options": decision.options_considered,
            "risk_before": decision.risk_before,
            "risk_after": decision.risk_after,
            "next_review_on": decision.next_review_on,
            "deferred_to_on": decision.deferred_to_on,
            "told_how": decision.told_how,
            "recorded_at": decision.recorded_at,
            **_waived(decision.quorum),
            "chair": chair,
            "views": views.get(decision.id, []),
            "actions": actions.get(decision.id, []),
            "addenda": addenda.get(decision.id, []),
        }
        for decision, chair in rows
    }


def _waived(kept: str) -> dict[str, Any]:
    """Return that the quorum was waived, and why, of a decision's quorum as it was kept."""
    waived = json.loads(kept).get("waived")
    return {} if waived is None else {"waived": {"by": waived["by"], "reason": waived["reason"]}}


def _view_rows(ids: list[int]) -> Iterable[tuple[int, Plain]]:
    rows = db.session.execute(
        select(AgencyView, Agency.short_name)
        .join(Agency, Agency.id == AgencyView.agency_id)
        .where(AgencyView.decision_id.in_(ids))
        .order_by(Agency.short_name, AgencyView.id)
    )
    for view, agency in rows:
        yield (
            view.decision_id,
            {"agency": agency, "view": view.view.value, "reason": view.reason, "answer": view.chair_answer},
        )


def _action_rows(ids: list[int]) -> Iterable[tuple[int, Plain]]:
    rows = db.session.execute(
        select(Action, Agency.short_name, User.name)
        .join(Agency, Agency.id == Action.owner_agency_id)
        .outerjoin(User, User.id == Action.owner_user_id)
        .where(Action.origin_kind == ActionOrigin.DECISION, Action.origin_id.in_(ids))
        .order_by(Action.id)
    )
    for action, agency, person in rows:
        yield (
            action.origin_id or 0,
            {
                "ref": action.ref,
                "title": action.title,
                "agency": agency,
                "agency_id": action.owner_agency_id,
                "person": person,
                "due_on": action.first_due_on,
                "priority": action.priority.value,
            },
        )


def _added(ids: list[int]) -> Iterable[tuple[int, Plain]]:
    rows = db.session.execute(
        select(DecisionAddendum, User.name)
        .join(User, User.id == DecisionAddendum.added_by_id)
        .where(DecisionAddendum.decision_id.in_(ids))
        .order_by(DecisionAddendum.id)
    )
    for addendum, by in rows:
        yield addendum.decision_id, {"text": addendum.text, "by": by, "added_at": addendum.added_at}


def _by_decision(pairs: Iterable[tuple[int, Plain]]) -> dict[int, list[Plain]]:
    found: dict[int, list[Plain]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _spread(items: list[Plain], name: str, pairs: Iterable[tuple[int, Plain]]) -> None:
    by_item = _by_decision(pairs)
    for item in items:
        item[name] = by_item.get(item["id"], [])


# --- the copy of one reader ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MinutesPage:
    """The minutes of a meeting as one reader may have them; without `minutes` none were made yet.

    `content` is that of `gather` with instants and days as such, what the reader may not read left out: an item then has
    only `position` and `held_back` ("conflict" or "ended"), a return or a note only its agency and `held_back`. An addendum
    is to the whole: where an item is held back, so is the `text` of each (None), since it may be about that one.
    """

    row: Any
    standing: Standing
    content: Plain | None
    gaps: int
    addenda: list[Any]


def minutes_page(actor: Actor, slug: str, ref: str) -> MinutesPage:
    """Return the minutes of a meeting, or, for those who prepare them, that there are none yet.

    Raises NotFoundError when the meeting is hidden or absent, and to other members until the minutes are sent round.
    """
    signer = User.__table__.alias("signer")
    statement = (
        select(
            Meeting.id,
            Meeting.ref,
            Meeting.state,
            Meeting.starts_at,
            Meeting.ends_at,
            Panel.slug,
            Panel.name.label("panel_name"),
            Panel.minutes_days,
            Panel.access_days_after_signing,
            Minutes.id.label("minutes_id"),
            Minutes.ref.label("minutes_ref"),
            Minutes.state.label("minutes_state"),
            Minutes.content,
            Minutes.content_digest,
            Minutes.generated_at,
            Minutes.circulated_at,
            Minutes.signed_at,
            Minutes.version,
            signer.c.name.label("signer_name"),
        )
        .join(Panel, Panel.id == Meeting.panel_id)
        .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
        .outerjoin(signer, signer.c.id == Minutes.signed_by_id)
        .where(Panel.slug == slug, Meeting.ref == ref)
    )
    row, held = relations.load_one(
        actor, statement, [("panel", Panel.id), ("meeting", Meeting.id)], Permission.MINUTES_READ
    )
    standing = Standing(actor, held)
    prepares = standing.may(Permission.MINUTES_PREPARE)
    if not prepares and row.minutes_state in (None, MinutesState.DRAFT):
        raise NotFoundError
    if row.minutes_id is None:
        return MinutesPage(row, standing, None, 0, [])
    copy, gaps = _copy(standing, row.id, parse(row.content))
    is_whole = not any("held_back" in item for item in copy["items"])
    addenda = _addenda(row.minutes_id, is_whole=is_whole) if row.signed_at else []
    return MinutesPage(row, standing, copy, gaps + (0 if is_whole else len(addenda)), addenda)


def load_minutes(meeting: Meeting) -> Minutes:
    """Return the minutes of a meeting that the actor has opened, as an entity. Raises NotFoundError when there are none."""
    minutes = db.session.scalars(select(Minutes).where(Minutes.meeting_id == meeting.id)).one_or_none()
    if minutes is None:
        raise NotFoundError
    return minutes


def parse(content: str) -> Plain:
    """Return stored content with `..._at` as instants and `..._on` as days."""
    parsed: Plain = json.loads(content)
    return {key: _revive(key, value) for key, value in parsed.items()}


def _revive(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _revive(inner, each) for inner, each in value.items()}
    if isinstance(value, list):
        return [_revive(key, each) for each in value]
    if isinstance(value, str) and key.endswith("_at"):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and key.endswith("_on"):
        return date.fromisoformat(value)
    return value


def _copy(standing: Standing, meeting_id: int, content: Plain) -> tuple[Plain, int]:
    readable, barred = _readable(standing.actor, meeting_id)
    items, gaps = [], 0
    for item in content["items"]:
        if item["ref"] not in readable:
            held_back = "conflict" if item["ref"] in barred else "ended"
            items.append({"position": item["position"], "held_back": held_back})
            gaps += 1
            continue
        answers = [_answer(standing, answer) for answer in item["returns"]]
        notes = [_said(standing, note) for note in item["notes"]]
        gaps += sum("held_back" in each for each in (*answers, *notes))
        items.append({**item, "returns": answers, "notes": notes})
    return {**content, "items": items}, gaps


def _answer(standing: Standing, answer: Plain) -> Plain:
    handling = PanelHandling(answer["handling"])
    if not answer["text"] or may_read_return(standing, handling, answer["agency_id"], answer["reader_ids"]):
        return answer
    shared = answer.get("shared")  # minutes made before there were such versions have none
    return {"agency": answer["agency"], "by": answer["by"], "held_back": handling.value, "shared": shared}


def _said(standing: Standing, note: Plain) -> Plain:
    if "handling" not in note:  # minutes made before notes had any
        return note
    handling = PanelHandling(note["handling"])
    if may_read_note(
        standing,
        handling,
        author_id=note["author_id"],
        agency_id=note["agency_id"],
        named_agency_ids=note["reader_ids"],
    ):
        return note
    return {"agency": note["agency"], "held_back": handling.value}


def _readable(actor: Actor, meeting_id: int) -> tuple[set[str], set[str]]:
    """Return the references of the items that the actor may read, and of those closed by a conflict."""
    may_read = relations.related(actor, "item", AgendaItem.id, Permission.ITEM_READ)
    barred = ~relations.not_barred(actor, "item", AgendaItem.id)
    rows = db.session.execute(
        select(AgendaItem.ref, barred.label("is_barred")).where(
            AgendaItem.meeting_id == meeting_id, or_(may_read, barred)
        )
    ).all()
    return {row.ref for row in rows if not row.is_barred}, {row.ref for row in rows if row.is_barred}


def _addenda(minutes_id: int, *, is_whole: bool) -> list[Any]:
    words = MinutesAddendum.text if is_whole else null()
    return list(
        db.session.execute(
            select(words.label("text"), MinutesAddendum.added_at, User.name.label("by"))
            .join(User, User.id == MinutesAddendum.added_by_id)
            .where(MinutesAddendum.minutes_id == minutes_id)
            .order_by(MinutesAddendum.id)
        )
    )


def list_waiting(actor: Actor) -> list[Any]:
    """Return the meetings of the actor's panels that are open now, or closed and without signed minutes: the newest 20.

    `may_prepare` and `may_sign` say what the actor may do about the minutes.
    """
    return _waiting.rows(actor)


@built
def _waiting(asker: Asker) -> Any:
    mine = relations.subjects(asker, "panel", Permission.MEETING_READ)
    unsigned = or_(Minutes.id.is_(None), Minutes.state != MinutesState.SIGNED)
    return (
        select(
            Meeting.ref,
            Meeting.state,
            Meeting.starts_at,
            Meeting.opened_at,
            Meeting.closed_at,
            Panel.slug,
            Panel.name.label("panel_name"),
            Panel.minutes_days,
            Minutes.state.label("minutes_state"),
            relations.related(asker, "panel", Panel.id, Permission.MINUTES_PREPARE).label("may_prepare"),
            relations.related(asker, "panel", Panel.id, Permission.MINUTES_SIGN).label("may_sign"),
        )
        .join(Panel, Panel.id == Meeting.panel_id)
        .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
        .where(
            Meeting.panel_id.in_(mine),
            or_(
                among(Meeting.state, (MeetingState.OPEN, MeetingState.ADJOURNED)),
                (Meeting.state == MeetingState.CLOSED) & unsigned,
            ),
        )
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
        .limit(20)
    )
