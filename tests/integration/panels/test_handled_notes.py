"""A note that is for fewer readers, or under conditions, is read by them alone and goes no further."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case
from safeguarding.cases.service import log_update
from safeguarding.core.errors import NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import DiscussionNote, NoteReader, PanelHandling
from safeguarding.panels.queries.live import meeting_page
from safeguarding.panels.queries.minutes import minutes_page
from safeguarding.panels.queries.parts import item_parts
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.meetings import close_meeting, move_on
from safeguarding.panels.service.minutes import circulate_minutes, generate_minutes
from safeguarding.panels.service.notes import EVERYBODY, Readers, add_note, edit_note
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import update_text
from tests.factories.meetings import Day, decision_text, make_day

SAID = "An officer saw him carry a bag into the boxing club at night."
CHAIRS = {"chair", "vice_chair"}


@pytest.fixture
def day(in_app: Flask) -> Day:
    with unit_of_work():
        return make_day()


def note(day: Day, readers: Readers, text: str = SAID, by: str = "coordinator") -> DiscussionNote:
    """Note what police said, and for whom."""
    with unit_of_work():
        return add_note(
            day.people[by].actor,
            day.meeting,
            day.item,
            speaker_name="DI Farrow",
            speaker_agency_id=day.agencies["police"].id,
            text=text,
            readers=readers,
        )


def edit(day: Day, by: str, taken: DiscussionNote, text: str, readers: Readers, **more: Any) -> DiscussionNote:
    """Write it anew."""
    with unit_of_work():
        return edit_note(
            day.people[by].actor,
            day.meeting,
            day.item,
            taken,
            speaker_name="DI Farrow",
            speaker_agency_id=day.agencies["police"].id,
            text=text,
            readers=readers,
            read_version=taken.version,
            **more,
        )


def named(day: Day, *agencies: str) -> Readers:
    return Readers(PanelHandling.NAMED_AGENCIES, frozenset(day.agencies[each].id for each in agencies))


def readers_of(day: Day) -> set[str]:
    """Return who of the day reads the text of its only note; to all others nothing of it is given."""
    found = set()
    for key, somebody in day.people.items():
        page = meeting_page(somebody.actor, day.panel.slug, day.meeting.ref, day.item.ref)
        (shown,) = item_parts(page).notes
        parts = (shown.speaker, shown.text)
        assert parts in (("DI Farrow", SAID), (None, None))
        assert shown.is_held_back == (shown.text is None)
        if shown.is_held_back:
            assert (shown.conditions, shown.readers) == (None, [])
        else:
            found.add(key)
    return found


@pytest.mark.parametrize(
    ("handling", "expected"),
    [
        (PanelHandling.ALL_MEMBERS, None),
        (PanelHandling.NAMED_AGENCIES, {*CHAIRS, "coordinator", "police", "health"}),
        (PanelHandling.CHAIR_ONLY, {*CHAIRS, "coordinator", "police"}),  # the coordinator typed it
    ],
)
def test_a_note_is_read_by_those_for_whom_it_was_said(
    day: Day, handling: PanelHandling, expected: set[str] | None
) -> None:
    note(day, named(day, "health") if handling is PanelHandling.NAMED_AGENCIES else Readers(handling))
    assert readers_of(day) == (set(day.people) if expected is None else expected)


def test_what_the_chair_types_for_the_chairs_is_closed_to_the_coordinator(day: Day) -> None:
    typed = note(day, Readers(PanelHandling.CHAIR_ONLY), by="chair")
    assert readers_of(day) == {*CHAIRS, "police"}
    with pytest.raises(NotFoundError):
        edit(day, "coordinator", typed, "Anything else.", EVERYBODY)
    assert edit(day, "vice_chair", typed, SAID, named(day, "health")).version == 2
    assert readers_of(day) == {*CHAIRS, "coordinator", "police", "health"}


def test_readers_are_named_anew_and_each_change_is_in_the_audit(day: Day) -> None:
    typed = note(day, named(day, "health", "education"))
    edit(day, "coordinator", typed, SAID, named(day, "education"), is_left=False)
    assert db.session.scalars(select(NoteReader.agency_id)).all() == [day.agencies["education"].id]
    edit(day, "coordinator", typed, SAID, EVERYBODY, is_left=False)
    assert db.session.scalars(select(NoteReader.agency_id)).all() == []
    edit(day, "coordinator", typed, SAID, EVERYBODY, is_left=False)  # nothing changed but the version
    detail = select(AuditEvent.detail).where(AuditEvent.event == "panels:note:edited").order_by(AuditEvent.seq)
    edited = db.session.scalars(detail).all()
    assert ["named_agencies" in each for each in edited] == [True, False]
    assert [json.loads(each)["readers"] for each in edited] == [[day.agencies["education"].id], []]
    assert SAID not in "".join(edited)


@pytest.mark.parametrize("readers", [Readers(PanelHandling.NAMED_AGENCIES), named])
def test_agencies_that_are_to_be_named_are_named(day: Day, readers: Any) -> None:
    wrong = readers if isinstance(readers, Readers) else Readers(PanelHandling.NAMED_AGENCIES, frozenset({999_999}))
    with pytest.raises(RuleError) as refusal:
        note(day, wrong)
    assert refusal.value.field == "named_agencies"


@pytest.mark.parametrize("readers", [Readers(PanelHandling.CHAIR_ONLY), Readers(conditions="Ask first")])
def test_it_is_not_copied_into_another_note_a_decision_or_a_case(day: Day, readers: Readers) -> None:
    typed = note(day, readers)
    with pytest.raises(RuleError, match="other words"):
        note(day, EVERYBODY, f"Police: {SAID.lower()}")
    text = decision_text(day, rationale=f"Because {SAID}")
    with pytest.raises(RuleError, match="other words") as refusal, unit_of_work():
        record_decision(day.people["chair"].actor, day.meeting, day.item, text, read_version=day.item.version)
    assert refusal.value.field == "rationale"
    case = db.session.get_one(Case, day.item.case_id)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        log_update(day.people["practitioner"].actor, case, update=update_text(opinion=SAID, risk=case.risk))
    edit(day, "coordinator", typed, f"{SAID} And out again.", readers)  # itself it may repeat


def test_what_everybody_may_read_is_repeated_freely(day: Day) -> None:
    note(day, EVERYBODY)
    text = decision_text(day, rationale=f"Because {SAID}")
    with unit_of_work():
        record_decision(day.people["chair"].actor, day.meeting, day.item, text, read_version=day.item.version)


def test_the_minutes_of_each_reader_have_a_gap_where_a_note_is_not_theirs(day: Day) -> None:
    note(day, Readers(PanelHandling.NAMED_AGENCIES, frozenset({day.agencies["health"].id}), "Ask first"))
    chair, coordinator = day.people["chair"].actor, day.people["coordinator"].actor
    with unit_of_work():
        record_decision(chair, day.meeting, day.item, decision_text(day), read_version=day.item.version)
        move_on(chair, day.meeting)
        close_meeting(chair, day.meeting)
        minutes = generate_minutes(coordinator, day.meeting)
        circulate_minutes(coordinator, minutes, read_version=minutes.version)
    gaps = {}
    members = {key: each for key, each in day.people.items() if key != "practitioner"}
    for key, somebody in members.items():
        page = minutes_page(somebody.actor, day.panel.slug, day.meeting.ref)
        assert page.content is not None
        (item,) = page.content["items"]
        (said,) = item["notes"]
        gaps[key] = page.gaps
        if page.gaps:
            assert said == {"agency": day.agencies["police"].short_name, "held_back": "named_agencies"}
            assert SAID not in str(page.content)
        else:
            assert (said["text"], said["conditions"]) == (SAID, "Ask first")
    assert {key for key, number in gaps.items() if not number} == {*CHAIRS, "coordinator", "police", "health"}
