"""Recording a decision: who may, when, what it must say, and everything that follows from it in the same instant."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from safeguarding.access.actor import user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.actions.models import Action, ActionOrigin, ActionSubject
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case, CaseRisk, CaseState, Risk, RiskSource
from safeguarding.contexts.models import PersonContext
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import AgencyView, Decision, DecisionAddendum, DecisionKind, View
from safeguarding.panels.models.items import AgendaItem, ItemState
from safeguarding.panels.models.meetings import Attendance
from safeguarding.panels.queries.decisions import decided_about, decision_page
from safeguarding.panels.queries.live import load_item, meeting_page, rail
from safeguarding.panels.queries.parts import papers_mark
from safeguarding.panels.rules import AgencyOpinion, AgreedAction, DecisionText
from safeguarding.panels.service.agenda import add_review, plan_meeting, publish_agenda
from safeguarding.panels.service.attendance import declare_conflict, mark_arrived, mark_left, withdraw_conflict
from safeguarding.panels.service.decisions import add_addendum, add_dissent, record_decision
from safeguarding.panels.service.meetings import (
    adjourn_meeting,
    close_meeting,
    come_back_later,
    open_item,
    open_meeting,
)
from safeguarding.panels.service.notes import add_note, edit_note
from safeguarding.relations.check import check
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import relations_to
from tests.factories.meetings import Day, add_deputy, attend, decision_text, make_day
from tests.factories.people import SYSTEM, unit_of_work
from tests.factories.places import make_context

pytestmark = pytest.mark.usefixtures("in_app")


def record(
    day: Day, text: DecisionText | None = None, *, by: str = "chair", item: AgendaItem | None = None
) -> Decision:
    """Record a decision on a day's first item as a page would, with the version as it stands."""
    about = item or day.item
    return record_decision(
        day.people[by].actor, day.meeting, about, text or decision_text(day), read_version=about.version
    )


def line_of(day: Day, key: str) -> Attendance:
    """Return the attendance line of somebody."""
    return db.session.scalars(
        select(Attendance).where(Attendance.meeting_id == day.meeting.id, Attendance.user_id == day.people[key].id)
    ).one()


def count(model: Any) -> int:
    """Return how many rows a table has."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# --- who, and when ------------------------------------------------------------------------------------------------


def test_only_the_person_in_the_chair_records() -> None:
    with unit_of_work():
        day = make_day()
        other = make_day()
        for key in ("coordinator", "health", "practitioner"):
            with pytest.raises(ForbiddenError, match="Only the chair or vice-chair"):
                record(day, by=key)
        with pytest.raises(ForbiddenError, match="Somebody else chairs"):
            record(day, by="vice_chair")
        with pytest.raises(ForbiddenError):
            record_decision(
                other.people["chair"].actor, day.meeting, day.item, decision_text(day), read_version=day.item.version
            )
        assert count(Decision) == 0
        record(day)
        assert count(Decision) == 1


@pytest.mark.parametrize("gone", ["police", "health"])
def test_no_decision_on_an_inquorate_item(gone: str) -> None:
    with unit_of_work():
        day = make_day()
        mark_left(day.people["coordinator"].actor, day.meeting, line_of(day, gone))
        with pytest.raises(RuleError, match="must be here"):
            record(day)
        assert (count(Decision), day.item.state) == (0, ItemState.OPEN)
        mark_arrived(day.people["coordinator"].actor, day.meeting, line_of(day, gone))
        record(day)


def test_a_conflict_of_the_only_health_member_makes_the_item_inquorate_until_a_deputy_comes() -> None:
    with unit_of_work():
        day = make_day()
        declare_conflict(day.people["health"].actor, day.meeting, day.item, reason="Her nephew")
        with pytest.raises(RuleError, match="Health must be here"):
            record(day)
        attend(day, add_deputy(day, "health"))
        record(day)


def test_nobody_with_a_conflict_records_and_the_vice_chair_then_may() -> None:
    with unit_of_work():
        day = make_day()
        declare_conflict(day.people["chair"].actor, day.meeting, day.item, reason="Knows the family")
        with pytest.raises(NotFoundError):
            record(day)
        attend(day, "coordinator")  # stands for the local authority, which the chair no longer does on this item
        recorded = record(day, by="vice_chair")
        assert recorded.recorded_by_id == day.people["vice_chair"].id


def test_the_vice_chairs_own_conflict_stops_the_vice_chair_too() -> None:
    with unit_of_work():
        day = make_day()
        attend(day, "coordinator")
        for key in ("chair", "vice_chair"):
            declare_conflict(day.people[key].actor, day.meeting, day.item, reason="Knows the family")
        for key in ("chair", "vice_chair"):
            with pytest.raises(NotFoundError):
                record(day, by=key)


def test_an_item_is_decided_only_while_it_is_open_in_an_open_meeting() -> None:
    with unit_of_work():
        day = make_day()
        chair = day.people["chair"].actor
        adjourn_meeting(chair, day.meeting)
        with pytest.raises(RuleError, match="adjourned"):
            record(day)
    with unit_of_work():
        day = make_day()
        come_back_later(day.people["chair"].actor, day.meeting, day.item)
        with pytest.raises(RuleError, match="Open the item"):
            record(day)
        close_meeting(day.people["chair"].actor, day.meeting)
        with pytest.raises(RuleError, match="closed"):
            record(day)


def test_the_second_of_two_is_told_that_the_item_changed_and_one_item_has_one_decision() -> None:
    with unit_of_work():
        day = make_day()
        read = day.item.version
        record(day)
        with pytest.raises(StaleError):
            record_decision(day.people["chair"].actor, day.meeting, day.item, decision_text(day), read_version=read)
        with pytest.raises(RuleError, match="Open the item"):
            record(day)
        assert count(Decision) == 1


# --- what it must say ---------------------------------------------------------------------------------------------


TODAY = clock.today()
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"rationale": "  "}, "rationale"),
    ({"next_review_on": None}, "next_review_on"),
    ({"next_review_on": TODAY}, "next_review_on"),
    ({"risk_after": None}, "risk_after"),
    ({"told_how": None}, "told_how"),
    ({"lawful_basis_code": "because"}, "lawful_basis_code"),
    ({"lawful_basis_code": "ca2004_s16la"}, "lawful_basis_code"),  # its start is not confirmed
    ({"deferred_to_on": TODAY + timedelta(days=9)}, "deferred_to_on"),
    ({"kind": DecisionKind.DEFER}, "deferred_to_on"),
    ({"kind": DecisionKind.DEFER, "deferred_to_on": TODAY}, "deferred_to_on"),
    ({"kind": DecisionKind.CONTEXT_CONFERENCE}, "kind"),
    ({"kind": DecisionKind.ADOPT_AND_LINK_TO_CONTEXT}, "linked_context"),
    ({"kind": DecisionKind.ADOPT_AND_LINK_TO_CONTEXT, "linked_context_id": 9_999}, "linked_context"),
    ({"kind": DecisionKind.INCREASE_RISK, "risk_before": None}, "risk_before"),
    ({"kind": DecisionKind.INCREASE_RISK, "risk_after": Risk.MODERATE}, "risk_after"),
    ({"kind": DecisionKind.INCREASE_RISK, "risk_after": Risk.EMERGING}, "risk_after"),
    ({"kind": DecisionKind.REDUCE_RISK}, "risk_after"),
    ({"kind": DecisionKind.MAINTAIN}, "risk_after"),
    ({"views": ()}, "views"),
]


def test_what_a_decision_lacks_is_named_by_its_field() -> None:
    with unit_of_work():
        day = make_day()
        for options, field in REFUSED:
            with pytest.raises(RuleError) as refused:
                record(day, decision_text(day, **options))
            assert refused.value.field == field, options
        assert count(Decision) == 0


def test_each_agency_in_the_room_has_one_view_and_dissent_its_reason() -> None:
    with unit_of_work():
        day = make_day()
        text = decision_text(day)
        police, education = day.agencies["police"].id, day.agencies["education"].id
        with pytest.raises(RuleError, match=f"Say what {day.agencies['health'].short_name} thinks"):
            record(day, replace(text, views=text.views[:2]))
        twice = AgencyOpinion(agency_id=police, view=View.NO_VIEW)
        with pytest.raises(RuleError, match="one view"):
            record(day, replace(text, views=(*text.views, twice)))
        silent = AgencyOpinion(agency_id=police, view=View.DISAGREES, reason=" ")
        with pytest.raises(RuleError, match="disagrees"):
            record(day, replace(text, views=(text.views[0], text.views[2], silent)))
        # An agency that is not there may have sent its view.
        absent = AgencyOpinion(agency_id=education, view=View.DISAGREES, reason="School comes first")
        record(day, replace(text, views=(*text.views, absent)))
        assert count(AgencyView) == 4


def test_an_agency_that_is_out_with_a_conflict_has_no_view() -> None:
    with unit_of_work():
        day = make_day()
        attend(day, "education")
        declare_conflict(day.people["education"].actor, day.meeting, day.item, reason="His school")
        with pytest.raises(RuleError, match="one view"):
            view = AgencyOpinion(agency_id=day.agencies["education"].id, view=View.AGREES)
            record(day, replace(decision_text(day), views=(*decision_text(day).views, view)))
        record(day)


# --- what follows from it -----------------------------------------------------------------------------------------


def test_a_decision_keeps_quorum_papers_views_and_what_was_said() -> None:
    with unit_of_work():
        day = make_day()
        add_note(day.people["coordinator"].actor, day.meeting, day.item, speaker_name="DI Farrow", text="Two adults.")
        expected = papers_mark(day.item.id, day.item.referral_id)
        decision = record(day, decision_text(day, options_considered="Mentoring alone"))
        kept = json.loads(decision.quorum)
        assert kept["quorate"] is True
        assert [group["group"] for group in kept["groups"]] == ["local_authority", "police", "health"]
        assert all(group["agencies"] for group in kept["groups"])
        assert kept["chair"] == day.people["chair"].name
        assert decision.papers_digest == expected
        assert day.item.state is ItemState.DECIDED
        assert (decision.risk_before, decision.risk_after) == (Risk.MODERATE, Risk.SIGNIFICANT)
        assert set(db.session.scalars(select(AgencyView.view))) == {View.AGREES}


def test_the_mark_over_the_papers_changes_with_every_paper() -> None:
    with unit_of_work():
        day = make_day()
        coordinator = day.people["coordinator"].actor
        before = papers_mark(day.item.id, day.item.referral_id)
        note = add_note(coordinator, day.meeting, day.item, speaker_name="A", text="One.")
        with_note = papers_mark(day.item.id, day.item.referral_id)
        edit_note(
            coordinator,
            day.meeting,
            day.item,
            note,
            speaker_name="A",
            text="Two.",
            speaker_agency_id=None,
            read_version=note.version,
        )
        assert len({before, with_note, papers_mark(day.item.id, day.item.referral_id)}) == 3


def test_the_case_takes_the_risk_the_review_date_and_the_state() -> None:
    with unit_of_work():
        day = make_day()
        assert day.item.case_id is not None
        case = db.session.get_one(Case, day.item.case_id)
        record(day)
        assert (case.risk, case.next_review_on) == (Risk.SIGNIFICANT, clock.today() + timedelta(days=28))
        assert case.state is CaseState.OPEN
        step = db.session.scalars(select(CaseRisk).where(CaseRisk.source == RiskSource.DECISION)).one()
        assert (step.case_id, step.set_by_id) == (case.id, day.people["chair"].id)


@pytest.mark.parametrize(
    ("kind", "state", "has_end"),
    [(DecisionKind.STEP_DOWN, CaseState.STEPPED_DOWN, False), (DecisionKind.CLOSE, CaseState.CLOSED, True)],
)
def test_stepping_down_and_closing_end_the_case(kind: DecisionKind, state: CaseState, has_end: bool) -> None:
    with unit_of_work():
        day = make_day()
        record(day, decision_text(day, kind=kind, next_review_on=None, risk_after=Risk.EMERGING))
        case = db.session.get_one(Case, day.item.case_id)
        assert (case.state, case.closed_on is not None, case.next_review_on) == (state, has_end, None)


def test_stepping_down_waits_for_an_overdue_action_that_nobody_in_person_owns() -> None:
    with unit_of_work():
        day = make_day(2)
        orphan = AgreedAction(title="Lighting check", owner_agency_id=day.agencies["police"].id, due_on=clock.today())
        record(day, decision_text(day, actions=(orphan,)))
        db.session.execute(update(Action).values(due_on=clock.today() - timedelta(days=2)))
        second = day.items[1]
        second.person_id, second.case_id = day.item.person_id, day.item.case_id
        open_item(day.people["chair"].actor, day.meeting, second)
        text = decision_text(day, kind=DecisionKind.STEP_DOWN, next_review_on=None)
        with pytest.raises(RuleError, match="overdue"):
            record(day, text, item=second)


def test_a_decision_to_put_it_off_defers_the_item_and_needs_no_telling() -> None:
    with unit_of_work():
        day = make_day()
        later = clock.today() + timedelta(days=14)
        decision = record(
            day,
            decision_text(day, kind=DecisionKind.DEFER, deferred_to_on=later, told_how=None, next_review_on=None),
        )
        assert (day.item.state, decision.deferred_to_on) == (ItemState.DEFERRED, later)


def test_an_adoption_without_a_case_opens_one_and_opens_it_to_the_item() -> None:
    with unit_of_work():
        day = make_day()
        attend(day, "education")
        declare_conflict(day.people["education"].actor, day.meeting, day.item, reason="His school")
        _forget_case(day.item)
        record(day)
        case = db.session.get_one(Case, day.item.case_id)
        assert (case.person_id, case.state) == (day.item.person_id, CaseState.OPEN)
        held = {key: relations_to(day.people[key].actor, "case", case.id) for key in day.people}
        assert Relation.AGENDA in held["health"]
        assert Relation.PANEL_OFFICE in held["coordinator"]
        assert Relation.LEAD_WORKER in held["practitioner"]
        assert Relation.BARRED in held["education"]


def test_an_adoption_takes_up_the_live_case_that_stands_already() -> None:
    with unit_of_work():
        day = make_day()
        case_id = day.item.case_id
        day.item.case_id = None
        db.session.flush()
        record(day)
        assert day.item.case_id == case_id
        assert count(Case) == 1


def _forget_case(item: AgendaItem) -> None:
    """Leave an item without a case, as one about somebody referred for the first time elsewhere would be."""
    case = db.session.get_one(Case, item.case_id)
    case.state, case.closed_on = CaseState.CLOSED, clock.today()
    item.case_id = None
    db.session.flush()


def test_an_adoption_linked_to_a_place_says_that_the_young_person_is_at_risk_there_once() -> None:
    with unit_of_work():
        day = make_day(2)
        place = make_context(name="Tanner's Yard")
        text = decision_text(day, kind=DecisionKind.ADOPT_AND_LINK_TO_CONTEXT, linked_context_id=place.id)
        decision = record(day, text)
        second = day.items[1]
        second.person_id, second.case_id = day.item.person_id, day.item.case_id
        open_item(day.people["chair"].actor, day.meeting, second)
        record(day, text, item=second)
        link = db.session.scalars(select(PersonContext)).one()
        assert (link.person_id, link.context_id) == (day.item.person_id, place.id)
        assert link.source == f"Decision {decision.ref}"


def test_decisions_about_somebody_are_for_those_who_read_their_item_or_case_alone() -> None:
    with unit_of_work():
        day = make_day()
        record(day)
        person = day.item.person_id or 0
        for key in ("chair", "health", "practitioner"):
            assert len(decided_about(day.people[key].actor, person_id=person)) == 1, key
        # An agency that is only asked whom to search for sees the young person, and no decision.
        db.session.execute(
            update(RelationRow)
            .where(RelationRow.kind == Relation.AGENDA)
            .values(valid_from=clock.now() - timedelta(days=9), valid_to=clock.now() - timedelta(days=1))
        )
        asked = day.people["education"].actor
        assert asked.may(Permission.PERSON_READ, relations_to(asked, "person", person))
        assert decided_about(asked, person_id=person) == []


def test_a_conflict_on_a_later_item_closes_the_earlier_decision_about_the_same_case() -> None:
    with unit_of_work():
        day = make_day(2)
        record(day)
        second = day.items[1]
        second.person_id, second.case_id = day.item.person_id, day.item.case_id
        db.session.flush()
        education = day.people["education"].actor
        where = (day.panel.slug, day.meeting.ref, day.item.ref)
        assert decision_page(education, *where).reads_item
        declare_conflict(education, day.meeting, second, reason="His school")
        with pytest.raises(NotFoundError):
            decision_page(education, *where)
        assert decided_about(education, case_id=day.item.case_id) == []


def test_actions_are_made_with_their_owners_and_seen_by_them() -> None:
    with unit_of_work():
        day = make_day()
        decision = record(day)
        action = db.session.scalars(select(Action)).one()
        assert (action.origin_kind, action.origin_id) == (ActionOrigin.DECISION, decision.id)
        assert (action.subject_kind, action.subject_id) == (ActionSubject.PERSON, day.item.person_id)
        assert Relation.ACTION_OWNER in relations_to(day.people["police"].actor, "action", action.id)
        assert Relation.ACTION_OWNER in relations_to(day.people["police"].actor, "person", day.item.person_id or 0)


def test_an_action_that_is_refused_takes_the_whole_decision_with_it() -> None:
    with pytest.raises(RuleError) as refused, unit_of_work():
        day = make_day()
        late = AgreedAction(
            title="Too late",
            owner_agency_id=day.agencies["police"].id,
            due_on=clock.today() - timedelta(days=1),
        )
        record(day, replace(decision_text(day), actions=(*decision_text(day).actions, late)))
    assert refused.value.field == "actions-1-due_on"
    assert (count(Decision), count(Action)) == (0, 0)


def test_somebody_with_a_conflict_owns_no_action_of_the_item_and_sees_none() -> None:
    with unit_of_work():
        day = make_day()
        attend(day, "education")
        declare_conflict(day.people["education"].actor, day.meeting, day.item, reason="His school")
        theirs = AgreedAction(
            title="Timetable",
            owner_agency_id=day.agencies["education"].id,
            owner_user_id=day.people["education"].id,
            due_on=clock.today(),
        )
        with pytest.raises(RuleError, match="cannot own"):
            record(day, decision_text(day, actions=(theirs,)))
        record(day, decision_text(day, actions=(replace(theirs, owner_user_id=None),)))
        action = db.session.scalars(select(Action)).one()
        held = relations_to(day.people["education"].actor, "action", action.id)
        assert not day.people["education"].actor.may(Permission.ACTION_READ, held)


def test_a_decision_leaves_one_event_without_a_word_of_it() -> None:
    with unit_of_work():
        day = make_day()
        decision = record(day)
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "panels:decision:recorded")).one()
    assert event.subject == decision.ref
    assert day.item.ref in event.detail
    assert decision.rationale not in event.detail


# --- afterwards ---------------------------------------------------------------------------------------------------


def test_a_decision_is_never_edited_and_only_added_to() -> None:
    with unit_of_work():
        day = make_day()
        decision = record(day)
        key, addendum_by = decision.id, day.people["chair"].actor
        add_addendum(addendum_by, day.meeting, day.item, decision, text="Mentoring was tried from August.")
        with pytest.raises(ForbiddenError):
            add_addendum(day.people["coordinator"].actor, day.meeting, day.item, decision, text="And this")
        with pytest.raises(RuleError):
            add_addendum(addendum_by, day.meeting, day.item, decision, text=" ")
    for statement in (
        update(Decision).where(Decision.id == key).values(rationale="Something else"),
        delete(Decision).where(Decision.id == key),
        update(AgencyView).values(view=View.NO_VIEW),
        update(DecisionAddendum).values(text="Something else"),
        delete(DecisionAddendum),
    ):
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work():
            db.session.execute(statement)


def test_a_seat_holder_adds_their_own_agencys_dissent_until_the_meeting_closes() -> None:
    with unit_of_work():
        day = make_day()
        decision = record(day)
        health, education = day.people["health"].actor, day.people["education"].actor
        with pytest.raises(ForbiddenError, match="own agency"):
            add_dissent(health, day.meeting, day.item, decision, agency_id=day.agencies["police"].id, reason="x")
        with pytest.raises(RuleError) as refused:
            add_dissent(health, day.meeting, day.item, decision, agency_id=day.agencies["health"].id, reason=" ")
        assert refused.value.field == "reason"
        add_dissent(
            education, day.meeting, day.item, decision, agency_id=day.agencies["education"].id, reason="School first"
        )
        view = db.session.scalars(select(AgencyView).where(AgencyView.view == View.DISAGREES)).one()
        assert (view.agency_id, view.reason) == (day.agencies["education"].id, "School first")
        with pytest.raises(RuleError, match="recorded already"):
            add_dissent(
                education, day.meeting, day.item, decision, agency_id=day.agencies["education"].id, reason="Again"
            )
        # The chair recorded that health agrees: that stays, and the dissent follows it.
        add_dissent(health, day.meeting, day.item, decision, agency_id=day.agencies["health"].id, reason="Too early")
        added = db.session.scalars(select(DecisionAddendum)).one()
        assert added.text == f"{day.agencies['health'].short_name} disagrees. Too early"
        close_meeting(day.people["chair"].actor, day.meeting)
        with pytest.raises(RuleError, match="closed"):
            add_dissent(health, day.meeting, day.item, decision, agency_id=day.agencies["health"].id, reason="Later")


# --- conflicts ----------------------------------------------------------------------------------------------------


def test_a_conflict_closes_the_item_and_all_behind_it_at_once_and_until_the_chair_lifts_it() -> None:
    with unit_of_work():
        day = make_day()
        health = day.people["health"].actor
        subjects = (
            ("item", day.item.id, Permission.ITEM_READ),
            ("person", day.item.person_id or 0, Permission.PERSON_READ),
            ("referral", day.item.referral_id or 0, Permission.REFERRAL_READ),
        )
        for kind, key, permission in subjects:
            assert health.may(permission, relations_to(health, kind, key)), kind
        conflict = declare_conflict(health, day.meeting, day.item, reason="Her nephew")
        for kind, key, permission in (*subjects, ("case", day.item.case_id or 0, Permission.CASE_READ)):
            assert not health.may(permission, relations_to(health, kind, key)), kind
        with pytest.raises(NotFoundError):
            load_item(health, day.meeting, day.item.ref)
        with pytest.raises(NotFoundError):
            meeting_page(health, day.panel.slug, day.meeting.ref, day.item.ref)
        with pytest.raises(ForbiddenError):
            withdraw_conflict(health, day.meeting, day.item, conflict)
        withdraw_conflict(day.people["chair"].actor, day.meeting, day.item, conflict)
        for kind, key, permission in subjects:
            assert health.may(permission, relations_to(health, kind, key)), kind
        with pytest.raises(RuleError, match="lifted already"):
            withdraw_conflict(day.people["chair"].actor, day.meeting, day.item, conflict)


def test_a_conflict_closes_the_item_of_the_next_meeting_too_and_the_vice_chair_decides_it() -> None:
    with unit_of_work():
        day = make_day()
        conflicts = {
            key: declare_conflict(day.people[key].actor, day.meeting, day.item, reason="Knows the family")
            for key in ("chair", "education")
        }
        attend(day, "coordinator")  # stands for the local authority, which the chair does not on this item
        record(day, by="vice_chair")
        close_meeting(day.people["chair"].actor, day.meeting)
        coordinator, vice_chair = day.people["coordinator"].actor, day.people["vice_chair"].actor
        day.meeting = plan_meeting(SYSTEM, day.panel, starts_at=clock.now() + timedelta(days=14))
        case_id, version = day.item.case_id or 0, day.meeting.version
        day.items = [add_review(coordinator, day.meeting, case_id, read_version=version)]
        publish_agenda(coordinator, day.meeting, read_version=day.meeting.version)
        for key in conflicts:
            assert [(line.ref, line.title) for line in rail(day.people[key].actor, day.meeting.id)] == [
                (None, "Closed to you")
            ]
            with pytest.raises(NotFoundError):
                load_item(day.people[key].actor, day.meeting, day.item.ref)
        open_meeting(day.people["chair"].actor, day.meeting, statement_read=True)
        for key in ("police", "health", "coordinator"):
            attend(day, key)
        open_item(vice_chair, day.meeting, day.item)
        kept = decision_text(day, kind=DecisionKind.MAINTAIN, risk_before=Risk.SIGNIFICANT, actions=())
        record(day, kept, by="vice_chair")
        assert not check().differences


def test_lifting_a_conflict_after_the_decision_opens_its_actions_too() -> None:
    with unit_of_work():
        day = make_day()
        attend(day, "education")
        education = day.people["education"].actor
        conflict = declare_conflict(education, day.meeting, day.item, reason="His school")
        action = AgreedAction(title="Timetable", owner_agency_id=day.agencies["education"].id, due_on=clock.today())
        record(day, decision_text(day, actions=(action,)))
        made = db.session.scalars(select(Action)).one()
        assert not education.may(Permission.ACTION_READ, relations_to(education, "action", made.id))
        withdraw_conflict(day.people["chair"].actor, day.meeting, day.item, conflict)
        assert education.may(Permission.ACTION_READ, relations_to(education, "action", made.id))
        assert not check().differences


def test_nobody_lifts_their_own_conflict_and_a_conflicted_officer_lifts_no_other() -> None:
    with unit_of_work():
        day = make_day()
        mine = declare_conflict(day.people["chair"].actor, day.meeting, day.item, reason="Knows the family")
        theirs = declare_conflict(day.people["health"].actor, day.meeting, day.item, reason="Her nephew")
        for conflict in (mine, theirs):
            with pytest.raises(NotFoundError):
                withdraw_conflict(day.people["chair"].actor, day.meeting, day.item, conflict)
        withdraw_conflict(day.people["vice_chair"].actor, day.meeting, day.item, mine)
        withdraw_conflict(day.people["chair"].actor, day.meeting, day.item, theirs)


def test_an_officer_records_a_conflict_that_somebody_told_and_a_member_only_their_own() -> None:
    with unit_of_work():
        day = make_day()
        other = make_day()
        police, health = day.people["police"], day.people["health"]
        with pytest.raises(ForbiddenError):
            declare_conflict(health.actor, day.meeting, day.item, reason="x", user_id=police.id)
        with pytest.raises(RuleError, match="at the meeting"):
            declare_conflict(
                day.people["coordinator"].actor,
                day.meeting,
                day.item,
                reason="x",
                user_id=other.people["police"].id,
            )
        declare_conflict(day.people["coordinator"].actor, day.meeting, day.item, reason="Told me", user_id=police.id)
        assert Relation.BARRED in relations_to(police.actor, "item", day.item.id)
        with pytest.raises(RuleError, match="declared already"):
            declare_conflict(day.people["coordinator"].actor, day.meeting, day.item, reason="x", user_id=police.id)


def test_a_conflict_comes_too_late_for_a_decided_item() -> None:
    with unit_of_work():
        day = make_day()
        record(day)
        with pytest.raises(RuleError, match="over"):
            declare_conflict(day.people["health"].actor, day.meeting, day.item, reason="Her nephew")


def test_notes_are_typed_by_officers_and_a_stale_one_is_refused() -> None:
    with unit_of_work():
        day = make_day()
        with pytest.raises(ForbiddenError):
            add_note(day.people["health"].actor, day.meeting, day.item, speaker_name="H", text="x")
        note = add_note(
            day.people["coordinator"].actor, day.meeting, day.item, speaker_name="DI Farrow", text="Two adults."
        )
        change: dict[str, Any] = {"speaker_name": "DI Farrow", "speaker_agency_id": None}
        edit_note(
            day.people["chair"].actor, day.meeting, day.item, note, text="Three adults.", read_version=1, **change
        )
        with pytest.raises(StaleError):
            edit_note(
                day.people["coordinator"].actor, day.meeting, day.item, note, text="Four.", read_version=1, **change
            )
        assert (note.text, note.version) == ("Three adults.", 2)


def test_typing_leaves_few_events_and_leaving_a_block_one() -> None:
    with unit_of_work():
        day = make_day()
        coordinator = day.people["coordinator"].actor
        note = add_note(coordinator, day.meeting, day.item, speaker_name="A", text="0")
        for save in range(1, 30):
            edit_note(
                coordinator,
                day.meeting,
                day.item,
                note,
                speaker_name="A",
                text=str(save),
                speaker_agency_id=None,
                read_version=note.version,
                is_left=save == 29,
            )
    edited = db.session.scalars(select(AuditEvent.detail).where(AuditEvent.event == "panels:note:edited")).all()
    assert len(edited) == 2  # the 25th version, and the block left
    assert '"29"' not in edited[-1]


def test_somebody_barred_elsewhere_is_not_barred_here() -> None:
    with unit_of_work():
        day = make_day(2)
        health = day.people["health"].actor
        declare_conflict(health, day.meeting, day.items[1], reason="Her nephew")
        assert load_item(health, day.meeting, day.item.ref).id == day.item.id
        assert user_principal(day.people["health"].id) in health.principals
