"""Waiving the quorum of an item: who may, for what it holds, and where it stands afterwards."""

import json

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.audit.models import AuditEvent
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import Decision
from safeguarding.panels.models.items import QuorumWaiver
from safeguarding.panels.models.meetings import Attendance, AttendanceStatus
from safeguarding.panels.queries.minutes import gather
from safeguarding.panels.service.attendance import declare_conflict, mark_left, record_attendance
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.meetings import close_meeting, take_chair
from safeguarding.panels.service.waiving import waive_quorum
from tests.factories.meetings import Day, decision_text, make_day
from tests.factories.people import unit_of_work

pytestmark = pytest.mark.usefixtures("in_app")
REASON = "Health sent its view and cannot come before Friday."


def without(key: str) -> Day:
    """Make a day whose first item is heard, and somebody has left the room."""
    day = make_day()
    leave(day, key)
    return day


def leave(day: Day, key: str) -> None:
    line = db.session.scalars(select(Attendance).where(Attendance.user_id == day.people[key].id)).one()
    mark_left(day.people["coordinator"].actor, day.meeting, line)


def waive(day: Day, key: str = "chair", reason: str = REASON) -> None:
    waive_quorum(day.people[key].actor, day.meeting, day.item, reason=reason)


def record(day: Day, key: str = "chair") -> Decision:
    views = tuple(each for each in decision_text(day).views if each.agency_id != day.agencies["health"].id)
    text = decision_text(day, views=views)
    return record_decision(day.people[key].actor, day.meeting, day.item, text, read_version=day.item.version)


def test_the_chair_waives_it_with_a_reason_that_stands_in_decision_minutes_and_audit() -> None:
    with unit_of_work():
        day = without("health")
        with pytest.raises(RuleError, match="must be here"):
            record(day)
        waive(day)
        decision = record(day)
        kept = json.loads(decision.quorum)
        assert kept["quorate"] is False
        assert (kept["waived"]["reason"], kept["waived"]["missing"]) == (REASON, ["health"])
        assert kept["waived"]["by"] == day.people["chair"].name
        close_meeting(day.people["chair"].actor, day.meeting)
        item = json.loads(json.dumps(gather(day.meeting), default=str))["items"][0]
        assert item["decision"]["waived"] == {"by": day.people["chair"].name, "reason": REASON}
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "panels:quorum:waived")).one()
    assert event.subject == day.item.ref
    assert REASON not in event.detail


def test_it_holds_for_the_groups_that_lacked_and_for_this_item_alone() -> None:
    with unit_of_work():
        day = without("health")
        waive(day)
        leave(day, "police")
        with pytest.raises(RuleError, match="must be here"):
            record(day)
        with pytest.raises(RuleError, match="waived once"):
            waive(day)


@pytest.mark.parametrize("key", ["coordinator", "police", "health", "practitioner"])
def test_nobody_but_a_chair_waives_it(key: str) -> None:
    with unit_of_work():
        day = without("health")
        with pytest.raises(ForbiddenError):
            waive(day, key)


def test_the_vice_chair_waives_it_only_when_the_chair_is_not_there_or_has_a_conflict() -> None:
    with unit_of_work():
        day = without("health")
        record_attendance(
            day.people["coordinator"].actor,
            day.meeting,
            agency_id=day.people["vice_chair"].agency_id,
            status=AttendanceStatus.PRESENT,
            user_id=day.people["vice_chair"].id,
        )
        with pytest.raises(ForbiddenError):
            waive(day, "vice_chair")
        leave(day, "chair")
        take_chair(day.people["vice_chair"].actor, day.meeting)
        waive(day, "vice_chair")
    with unit_of_work():
        other = without("health")
        declare_conflict(other.people["chair"].actor, other.meeting, other.item, reason="Knows the family")
        waive(other, "vice_chair")


def test_a_vice_chair_in_the_chair_leaves_it_to_a_chair_who_has_come(in_app: Flask) -> None:
    with unit_of_work():
        day = without("health")
        leave(day, "chair")
        take_chair(day.people["vice_chair"].actor, day.meeting)
        line = db.session.scalars(select(Attendance).where(Attendance.user_id == day.people["chair"].id)).one()
        line.left_at = None
        with pytest.raises(ForbiddenError, match="Only the chair waives"):
            waive(day, "vice_chair")


def test_a_quorate_item_and_a_reason_that_is_none_are_refused() -> None:
    with unit_of_work():
        day = make_day()
        with pytest.raises(RuleError, match="nothing to waive"):
            waive(day)
        leave(day, "health")
        with pytest.raises(RuleError, match="10 characters"):
            waive(day, reason="  x  ")
        assert db.session.scalars(select(QuorumWaiver)).all() == []
