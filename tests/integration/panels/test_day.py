"""Opening, hearing and closing a meeting."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.permissions import Permission
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, DiscussionNote, ItemState
from safeguarding.panels.models.meetings import AgendaState, Attendance, AttendanceStatus, MeetingState
from safeguarding.panels.queries.live import load_item, load_meeting
from safeguarding.panels.service.attendance import declare_conflict, mark_arrived, mark_left, record_attendance
from safeguarding.panels.service.meetings import (
    adjourn_meeting,
    close_meeting,
    come_back_later,
    defer_item,
    move_on,
    open_item,
    open_meeting,
    resume_meeting,
    take_chair,
)
from safeguarding.panels.service.notes import add_note
from tests.factories.meetings import Day, attend, make_day
from tests.factories.people import unit_of_work

pytestmark = pytest.mark.usefixtures("in_app")


def states(day: Day) -> list[ItemState]:
    """Return the states of a day's items, in order."""
    statement = select(AgendaItem.state).where(AgendaItem.meeting_id == day.meeting.id).order_by(AgendaItem.position)
    return list(db.session.scalars(statement))


def test_only_a_chair_of_the_panel_opens_a_meeting() -> None:
    with unit_of_work():
        day = make_day(opened=False)
        other = make_day(opened=False)
        for key in ("coordinator", "health", "practitioner"):
            with pytest.raises(ForbiddenError):
                open_meeting(day.people[key].actor, day.meeting, statement_read=True)
        with pytest.raises(ForbiddenError):
            open_meeting(other.people["chair"].actor, day.meeting, statement_read=True)
        open_meeting(day.people["chair"].actor, day.meeting, statement_read=True)
        assert day.meeting.state is MeetingState.OPEN
        assert day.meeting.chaired_by_id == day.people["chair"].id


def test_a_meeting_opens_only_after_the_statement_was_read_and_the_agenda_published() -> None:
    with unit_of_work():
        day = make_day(opened=False)
        chair = day.people["chair"].actor
        with pytest.raises(RuleError) as refused:
            open_meeting(chair, day.meeting, statement_read=False)
        assert refused.value.field == "statement_read"
        day.meeting.agenda_state = AgendaState.DRAFT
        db.session.flush()
        with pytest.raises(RuleError, match="Publish the agenda"):
            open_meeting(chair, day.meeting, statement_read=True)


def test_opening_locks_the_agenda_and_records_the_chairs_presence() -> None:
    with unit_of_work():
        day = make_day(opened=False)
        open_meeting(day.people["chair"].actor, day.meeting, statement_read=True)
        assert day.meeting.agenda_state is AgendaState.LOCKED
        assert day.meeting.confidentiality_read_at is not None
        line = db.session.scalars(select(Attendance).where(Attendance.meeting_id == day.meeting.id)).one()
        assert (line.user_id, line.agency_id) == (day.people["chair"].id, day.agencies["social_care"].id)
        with pytest.raises(RuleError, match="already"):
            open_meeting(day.people["chair"].actor, day.meeting, statement_read=True)


def test_at_most_one_item_is_open_and_the_one_left_is_come_back_to() -> None:
    with unit_of_work():
        day = make_day(3)
        chair = day.people["chair"].actor
        opened, position = move_on(chair, day.meeting)
        assert opened is not None
        assert position == 2
        assert states(day) == [ItemState.WAITING, ItemState.OPEN, ItemState.WAITING]
        open_item(chair, day.meeting, day.items[2])
        assert states(day) == [ItemState.WAITING, ItemState.WAITING, ItemState.OPEN]
        # Every item was opened once: nothing is next, and all that is left waits.
        assert move_on(chair, day.meeting) == (None, None)
        assert states(day) == [ItemState.WAITING] * 3
        assert day.meeting.current_item_id is None


def test_an_item_left_for_later_waits_and_may_be_opened_again() -> None:
    with unit_of_work():
        day = make_day()
        chair = day.people["chair"].actor
        come_back_later(chair, day.meeting, day.item)
        assert (day.item.state, day.item.opened_at is not None) == (ItemState.WAITING, True)
        with pytest.raises(RuleError, match="not open"):
            come_back_later(chair, day.meeting, day.item)
        open_item(chair, day.meeting, day.item)
        assert day.item.state is ItemState.OPEN


def test_moving_on_stops_before_an_item_closed_to_the_chair_and_the_vice_chair_opens_it() -> None:
    with unit_of_work():
        day = make_day(2)
        chair, vice = day.people["chair"].actor, day.people["vice_chair"].actor
        declare_conflict(chair, day.meeting, day.items[1], reason="A relative")
        assert move_on(chair, day.meeting) == (None, 2)
        with pytest.raises(NotFoundError):
            open_item(chair, day.meeting, day.items[1])
        open_item(vice, day.meeting, day.items[1])
        assert day.items[1].state is ItemState.OPEN


def test_an_item_put_on_a_date_needs_no_quorum_and_says_why() -> None:
    with unit_of_work():
        day = make_day(quorate=False)
        chair = day.people["chair"].actor
        later = clock.today() + timedelta(days=14)
        with pytest.raises(RuleError) as refused:
            defer_item(chair, day.meeting, day.item, to_on=clock.today(), reason="No health member")
        assert refused.value.field == "to_on"
        with pytest.raises(RuleError) as refused:
            defer_item(chair, day.meeting, day.item, to_on=later, reason=" ")
        assert refused.value.field == "reason"
        defer_item(chair, day.meeting, day.item, to_on=later, reason="No health member")
        assert day.item.state is ItemState.DEFERRED
        assert day.meeting.current_item_id is None
        note = db.session.scalars(select(DiscussionNote).where(DiscussionNote.item_id == day.item.id)).one()
        assert note.text.endswith("No health member")


def test_an_adjourned_meeting_hears_nothing_until_it_is_resumed() -> None:
    with unit_of_work():
        day = make_day(2)
        chair = day.people["chair"].actor
        adjourn_meeting(chair, day.meeting)
        with pytest.raises(RuleError, match="Resume it first"):
            open_item(chair, day.meeting, day.items[1])
        resume_meeting(chair, day.meeting)
        open_item(chair, day.meeting, day.items[1])
        with pytest.raises(RuleError, match="Only an adjourned"):
            resume_meeting(chair, day.meeting)


def test_a_meeting_with_an_open_item_does_not_close_and_what_waits_is_put_off() -> None:
    with unit_of_work():
        day = make_day(2)
        chair = day.people["chair"].actor
        with pytest.raises(RuleError, match="Item 1 is open"):
            close_meeting(chair, day.meeting)
        come_back_later(chair, day.meeting, day.item)
        assert close_meeting(chair, day.meeting) == [item.ref for item in day.items]
        assert states(day) == [ItemState.DEFERRED] * 2
        assert (day.meeting.state, day.meeting.current_item_id) == (MeetingState.CLOSED, None)


def test_a_closed_meeting_takes_no_changes() -> None:
    with unit_of_work():
        day = make_day()
        chair, meeting, item = day.people["chair"].actor, day.meeting, day.item
        come_back_later(chair, meeting, item)
        close_meeting(chair, meeting)
        line = db.session.scalars(select(Attendance).where(Attendance.meeting_id == meeting.id)).first()
        assert line is not None
        acts = (
            lambda: open_meeting(chair, meeting, statement_read=True),
            lambda: open_item(chair, meeting, item),
            lambda: move_on(chair, meeting),
            lambda: come_back_later(chair, meeting, item),
            lambda: defer_item(chair, meeting, item, to_on=clock.today() + timedelta(days=9), reason="x"),
            lambda: adjourn_meeting(chair, meeting),
            lambda: resume_meeting(chair, meeting),
            lambda: close_meeting(chair, meeting),
            lambda: take_chair(day.people["vice_chair"].actor, meeting),
            lambda: add_note(chair, meeting, item, speaker_name="A", text="b"),
            lambda: declare_conflict(chair, meeting, item, reason="x"),
            lambda: mark_left(chair, meeting, line),
            lambda: mark_arrived(chair, meeting, line),
            lambda: record_attendance(
                chair, meeting, agency_id=line.agency_id, status=AttendanceStatus.ABSENT, attendance=line
            ),
        )
        for index, act in enumerate(acts):
            with pytest.raises(RuleError):
                act()
                raise AssertionError(f"command {index} changed a closed meeting")


def test_the_vice_chair_takes_the_chair_only_once_the_chair_has_left() -> None:
    with unit_of_work():
        day = make_day()
        vice, coordinator = day.people["vice_chair"].actor, day.people["coordinator"].actor
        with pytest.raises(RuleError, match="recorded as present"):
            take_chair(vice, day.meeting)
        line = db.session.scalars(select(Attendance).where(Attendance.user_id == day.people["chair"].id)).one()
        mark_left(coordinator, day.meeting, line)
        take_chair(vice, day.meeting)
        assert day.meeting.chaired_by_id == day.people["vice_chair"].id
        take_chair(day.people["chair"].actor, day.meeting)  # the chair takes it back at any time
        assert day.meeting.chaired_by_id == day.people["chair"].id
        with pytest.raises(ForbiddenError):
            take_chair(coordinator, day.meeting)


def test_attendance_is_recorded_by_officers_for_seated_agencies_and_their_own_people() -> None:
    with unit_of_work():
        day = make_day(quorate=False)
        other = make_day(opened=False)
        coordinator = day.people["coordinator"].actor
        health = day.agencies["health"].id
        with pytest.raises(ForbiddenError):
            record_attendance(day.people["health"].actor, day.meeting, agency_id=health, status=AttendanceStatus.ABSENT)
        with pytest.raises(RuleError, match="no seat"):
            record_attendance(
                coordinator, day.meeting, agency_id=other.agencies["health"].id, status=AttendanceStatus.ABSENT
            )
        with pytest.raises(RuleError) as refused:
            record_attendance(coordinator, day.meeting, agency_id=health, status=AttendanceStatus.PRESENT)
        assert refused.value.field == "who"
        with pytest.raises(RuleError, match="does not belong"):
            record_attendance(
                coordinator,
                day.meeting,
                agency_id=health,
                status=AttendanceStatus.PRESENT,
                user_id=day.people["police"].id,
            )


def test_apologies_become_presence_on_the_same_line_and_nobody_is_listed_twice() -> None:
    with unit_of_work():
        day = make_day(quorate=False)
        coordinator, health = day.people["coordinator"].actor, day.agencies["health"].id
        sent = record_attendance(
            coordinator, day.meeting, agency_id=health, status=AttendanceStatus.APOLOGIES, information_sent=True
        )
        attend(day, "health")
        assert (sent.status, sent.user_id) == (AttendanceStatus.PRESENT, day.people["health"].id)
        with pytest.raises(RuleError, match="on the list already"):
            attend(day, "health")
        deputy = record_attendance(
            coordinator,
            day.meeting,
            agency_id=health,
            status=AttendanceStatus.PRESENT,
            name="Fatima Noor",
            deputy_for="Helen Osei",
        )
        assert deputy.id != sent.id


def test_only_those_who_see_a_meeting_load_it_and_its_items(in_app: Flask) -> None:
    with unit_of_work():
        day = make_day()
        other = make_day()
        for key in ("chair", "coordinator", "health", "education"):
            actor = day.people[key].actor
            loaded = load_meeting(actor, day.panel.slug, day.meeting.ref)
            assert loaded.standing.may(Permission.MEETING_READ)
            assert load_item(actor, loaded.meeting, day.item.ref).id == day.item.id
        for stranger in ("chair", "coordinator", "health", "practitioner"):
            with pytest.raises(NotFoundError):
                load_meeting(other.people[stranger].actor, day.panel.slug, day.meeting.ref)
        with pytest.raises(NotFoundError):
            load_item(day.people["chair"].actor, day.meeting, other.item.ref)
