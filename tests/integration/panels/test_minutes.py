"""Minutes: made from what was recorded, sent round, signed, and each reader's own copy of them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.working_days import add_working_days
from safeguarding.extensions import db
from safeguarding.panels.models.items import PanelHandling, ReturnRequest, ReturnState
from safeguarding.panels.models.minutes import Minutes, MinutesAddendum, MinutesState
from safeguarding.panels.queries.minutes import minutes_page, parse
from safeguarding.panels.service.attendance import declare_conflict
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.meetings import close_meeting, move_on
from safeguarding.panels.service.minutes import (
    access_ends,
    add_minutes_addendum,
    circulate_minutes,
    generate_minutes,
    sign_minutes,
)
from safeguarding.panels.service.notes import add_note
from safeguarding.panels.service.returns import answer_return
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import relations_to
from tests.factories.meetings import Day, decision_text, make_day
from tests.factories.people import unit_of_work

pytestmark = pytest.mark.usefixtures("in_app")


def closed_day(items: int = 1) -> Day:
    """Make a day on which the first item was noted, answered, decided, and the meeting closed."""
    day = make_day(items)
    chair, police = day.people["chair"].actor, day.people["police"].actor
    request = db.session.scalars(
        select(ReturnRequest).where(
            ReturnRequest.item_id == day.item.id, ReturnRequest.agency_id == day.agencies["police"].id
        )
    ).one()
    answer_return(
        police,
        request,
        state=ReturnState.ANSWERED,
        text="Named in two enquiries.",
        handling=PanelHandling.NAMED_AGENCIES,
        named_agency_ids=[day.agencies["health"].id],
        read_version=request.version,
    )
    add_note(day.people["coordinator"].actor, day.meeting, day.item, speaker_name="Dan", text="He wants boxing.")
    record_decision(chair, day.meeting, day.item, decision_text(day), read_version=day.item.version)
    if items > 1:
        declare_conflict(day.people["health"].actor, day.meeting, day.items[1], reason="Her nephew")
    move_on(chair, day.meeting)
    move_on(chair, day.meeting)
    close_meeting(chair, day.meeting)
    return day


def made(day: Day) -> Minutes:
    """Make the minutes of a day, by the coordinator."""
    return generate_minutes(day.people["coordinator"].actor, day.meeting)


def circulated(day: Day) -> Minutes:
    """Make the minutes and send them round."""
    minutes = made(day)
    circulate_minutes(day.people["coordinator"].actor, minutes, read_version=minutes.version)
    return minutes


def test_minutes_hold_what_was_recorded() -> None:
    with unit_of_work():
        day = closed_day(2)
        content = parse(made(day).content)
        assert content["meeting"]["chair"] == day.people["chair"].name
        assert {line["agency"] for line in content["attendance"]} == {
            day.agencies[key].short_name for key in ("social_care", "police", "health")
        }
        first, second = content["items"]
        (said,) = first["notes"]
        assert (said["speaker"], said["agency"], said["text"]) == ("Dan", None, "He wants boxing.")
        decision = first["decision"]
        assert (decision["kind"], decision["risk_after"]) == ("adopt", "significant")
        assert decision["next_review_on"] == clock.today() + timedelta(days=28)
        assert [action["title"] for action in decision["actions"]] == ["Safety plan for the flat"]
        assert {view["view"] for view in decision["views"]} == {"agrees"}
        assert (second["state"], second["decision"]) == ("deferred", None)
        assert [each["name"] for each in content["conflicts"]] == [day.people["health"].name]
        assert "Her nephew" not in str(content)


def test_minutes_are_made_by_officers_once_the_meeting_is_closed() -> None:
    with unit_of_work():
        day = make_day()
        with pytest.raises(RuleError, match="Close the meeting"):
            made(day)
        move_on(day.people["chair"].actor, day.meeting)
        close_meeting(day.people["chair"].actor, day.meeting)
        with pytest.raises(ForbiddenError):
            generate_minutes(day.people["health"].actor, day.meeting)
        assert made(day).state is MinutesState.DRAFT


def test_minutes_made_again_are_a_draft_again_and_a_stale_step_is_refused() -> None:
    with unit_of_work():
        day = closed_day()
        coordinator = day.people["coordinator"].actor
        minutes = circulated(day)
        with pytest.raises(StaleError):
            generate_minutes(coordinator, day.meeting)
        with pytest.raises(StaleError):
            generate_minutes(coordinator, day.meeting, read_version=1)
        again = generate_minutes(coordinator, day.meeting, read_version=minutes.version)
        assert (again.id, again.state, again.circulated_at) == (minutes.id, MinutesState.DRAFT, None)
        with pytest.raises(StaleError):
            circulate_minutes(coordinator, again, read_version=1)


def test_only_a_chair_signs_and_only_what_was_sent_round() -> None:
    with unit_of_work():
        day = closed_day()
        chair = day.people["chair"].actor
        minutes = made(day)
        with pytest.raises(RuleError):
            sign_minutes(chair, minutes, read_version=minutes.version)
        circulate_minutes(chair, minutes, read_version=minutes.version)
        for key in ("coordinator", "health"):
            with pytest.raises(ForbiddenError):
                sign_minutes(day.people[key].actor, minutes, read_version=minutes.version)
        with pytest.raises(StaleError):
            sign_minutes(chair, minutes, read_version=1)
        sign_minutes(chair, minutes, read_version=minutes.version)
        assert (minutes.state, minutes.signed_by_id) == (MinutesState.SIGNED, day.people["chair"].id)


def test_minutes_that_do_not_match_their_mark_are_not_signed() -> None:
    with unit_of_work():
        day = closed_day()
        minutes = circulated(day)
        minutes.content = minutes.content.replace("He wants boxing.", "He wants nothing.")
        db.session.flush()
        with pytest.raises(RuleError, match="mark does not match"):
            sign_minutes(day.people["chair"].actor, minutes, read_version=minutes.version)


def test_signed_minutes_never_change_and_are_added_to_by_a_dated_text() -> None:
    with unit_of_work():
        day = closed_day()
        chair = day.people["chair"].actor
        minutes = circulated(day)
        with pytest.raises(RuleError, match="not signed yet"):
            add_minutes_addendum(chair, minutes, text="Too early")
        sign_minutes(chair, minutes, read_version=minutes.version)
        with pytest.raises(RuleError, match="do not change"):
            generate_minutes(chair, day.meeting, read_version=minutes.version)
        with pytest.raises(ForbiddenError):
            add_minutes_addendum(day.people["coordinator"].actor, minutes, text="And this")
        with pytest.raises(RuleError) as refused:
            add_minutes_addendum(chair, minutes, text=" ")
        assert refused.value.field == "text"
        add_minutes_addendum(chair, minutes, text="The bus stop moved on 3 May.")
        key = minutes.id
    for statement in (
        update(Minutes).where(Minutes.id == key).values(content="{}"),
        delete(Minutes).where(Minutes.id == key),
        update(MinutesAddendum).values(text="Else"),
        delete(MinutesAddendum),
    ):
        with pytest.raises(DBAPIError), unit_of_work():
            db.session.execute(statement)


def test_signing_ends_the_members_access_some_working_days_later() -> None:
    with unit_of_work():
        day = closed_day()
        health = day.people["health"].actor
        minutes = circulated(day)
        until = sign_minutes(day.people["chair"].actor, minutes, read_version=minutes.version)
        ends = db.session.scalars(
            select(RelationRow.valid_to).where(
                RelationRow.kind == Relation.AGENDA,
                RelationRow.subject_kind == "item",
                RelationRow.subject_id == day.item.id,
            )
        ).all()
        assert ends == [until]
        # Until then nothing changes, and the officers keep the items of their panel.
        assert health.may(Permission.ITEM_READ, relations_to(health, "item", day.item.id))
        kept = db.session.scalars(
            select(RelationRow.valid_to).where(
                RelationRow.kind == Relation.PANEL_OFFICE, RelationRow.subject_id == day.item.id
            )
        ).all()
        assert set(kept) == {None}


def test_access_ends_with_the_day_so_many_working_days_after_signing() -> None:
    # Friday 20 November 2026: ten working days later is Friday 4 December, whose end is Saturday's beginning.
    signed = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert add_working_days(date(2026, 11, 20), 10) == date(2026, 12, 4)
    assert access_ends(signed, 10) == clock.at_london(date(2026, 12, 5), time(0, 0))
    assert access_ends(signed, 0) == clock.at_london(date(2026, 11, 21), time(0, 0))


def test_members_read_minutes_only_once_they_were_sent_round() -> None:
    with unit_of_work():
        day = closed_day()
        other = make_day(opened=False)
        minutes = made(day)
        where = (day.panel.slug, day.meeting.ref)
        with pytest.raises(NotFoundError):
            minutes_page(day.people["education"].actor, *where)
        assert minutes_page(day.people["coordinator"].actor, *where).content is not None
        circulate_minutes(day.people["coordinator"].actor, minutes, read_version=minutes.version)
        assert minutes_page(day.people["education"].actor, *where).content is not None
        for stranger in (other.people["chair"], day.people["practitioner"]):
            with pytest.raises(NotFoundError):
                minutes_page(stranger.actor, *where)


def test_a_copy_leaves_out_what_its_reader_may_not_read_and_says_so() -> None:
    with unit_of_work():
        day = closed_day(2)
        circulated(day)
        where = (day.panel.slug, day.meeting.ref)

        def returns(key: str) -> str:
            content = minutes_page(day.people[key].actor, *where).content
            assert content is not None
            return str(content["items"][0]["returns"])

        assert "Named in two enquiries." in returns("health")
        assert "Named in two enquiries." in returns("police")
        assert "Named in two enquiries." not in returns("education")
        page = minutes_page(day.people["health"].actor, *where)
        assert page.content is not None
        assert page.content["items"][1] == {"position": 2, "held_back": "conflict"}
        assert page.gaps == 1
        assert minutes_page(day.people["education"].actor, *where).gaps == 1
        assert minutes_page(day.people["chair"].actor, *where).gaps == 0


def test_an_item_to_which_access_has_ended_is_held_back() -> None:
    with unit_of_work():
        day = closed_day()
        minutes = circulated(day)
        sign_minutes(day.people["chair"].actor, minutes, read_version=minutes.version)
        db.session.execute(
            update(RelationRow)
            .where(RelationRow.kind == Relation.AGENDA)
            .values(valid_from=clock.now() - timedelta(days=30), valid_to=clock.now() - timedelta(days=1))
        )
        page = minutes_page(day.people["education"].actor, day.panel.slug, day.meeting.ref)
        assert page.content is not None
        assert page.content["items"] == [{"position": 1, "held_back": "ended"}]
        officer = minutes_page(day.people["coordinator"].actor, day.panel.slug, day.meeting.ref)
        assert officer.gaps == 0


def test_an_addendum_is_held_back_where_an_item_is_that_it_may_be_about() -> None:
    with unit_of_work():
        day = closed_day(2)  # on the second item health declared a conflict
        minutes, chair = circulated(day), day.people["chair"].actor
        sign_minutes(chair, minutes, read_version=minutes.version)
        add_minutes_addendum(chair, minutes, text="Item 2: his aunt lives in Mill Road.")
        pages = {
            key: minutes_page(day.people[key].actor, day.panel.slug, day.meeting.ref)
            for key in ("health", "police", "chair")
        }
        assert {key: page.addenda[0].text is None for key, page in pages.items()} == {
            "health": True,
            "police": False,
            "chair": False,
        }
        assert (pages["health"].gaps, pages["chair"].gaps) == (2, 0)
