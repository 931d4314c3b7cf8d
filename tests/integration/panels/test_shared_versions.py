"""What an agency told for fewer readers, or under conditions, goes no further but by a version it agreed to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.actions.service import change_due_date, complete_action, mark_not_done, mark_not_possible
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case, CaseState
from safeguarding.cases.service import log_update, move_case, revise_case
from safeguarding.contexts.models import IncidentPart
from safeguarding.contexts.service import correct_incident
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.nrm.service import ReferralText, record_referral
from safeguarding.panels.models.decisions import Decision, View
from safeguarding.panels.models.items import PanelHandling, ReturnRequest, ReturnState
from safeguarding.panels.queries.returns import access_request, versions_of
from safeguarding.panels.rules import AgencyOpinion
from safeguarding.panels.service.agenda import add_review, edit_item, plan_meeting
from safeguarding.panels.service.attendance import mark_left
from safeguarding.panels.service.decisions import add_dissent, record_decision
from safeguarding.panels.service.meetings import defer_item
from safeguarding.panels.service.notes import add_note, edit_note
from safeguarding.panels.service.returns import answer_return
from safeguarding.panels.service.shared import agree_shared_version, write_shared_version
from safeguarding.panels.service.waiving import waive_quorum
from safeguarding.people.models import Person
from safeguarding.referrals.models import ScreeningOutcome
from safeguarding.referrals.service import (
    Happening,
    save_answers,
    screen_referral,
    start_referral,
    withdraw_referral,
)
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_action, update_text
from tests.factories.meetings import Day, decision_text, make_day, make_referral
from tests.factories.people import SYSTEM, Somebody
from tests.factories.places import make_incident, make_lead
from tests.integration.panels.test_decisions import line_of

TOLD = "A source says that he holds a knife for Dean behind the shutters of the closed bakery."
SHARED = "Police hold information that he may carry a weapon."


class Told:
    """A meeting that has begun, in which police answered for the chair alone and under conditions."""

    def __init__(self, handling: PanelHandling = PanelHandling.CHAIR_ONLY, conditions: str | None = None) -> None:
        with unit_of_work():
            self.day: Day = make_day(items=1)
            self.item = self.day.items[0]
            self.police, self.chair = self.day.people["police"], self.day.people["chair"]
            self.coordinator, self.worker = self.day.people["coordinator"], self.day.people["practitioner"]
            self.education = self.day.people["education"]
            self.case = db.session.get_one(Case, self.item.case_id)
            self.request = db.session.scalars(
                select(ReturnRequest).where(
                    ReturnRequest.item_id == self.item.id, ReturnRequest.agency_id == self.police.agency_id
                )
            ).one()
            answer_return(
                self.police.actor,
                self.request,
                state=ReturnState.ANSWERED,
                text=TOLD,
                handling=handling,
                conditions=conditions,
                read_version=self.request.version,
            )

    def note(self, text: str, by: Somebody | None = None) -> Any:
        with unit_of_work():
            return add_note(
                (by or self.coordinator).actor, self.day.meeting, self.item, speaker_name="Police", text=text
            )

    def write(self, by: Somebody, text: str = SHARED) -> Any:
        with unit_of_work():
            return write_shared_version(by.actor, self.request, text=text)

    def shared_with(self, who: Somebody) -> list[str]:
        return [row.text for row in versions_of(access_request(who.actor, self.request.ref)) if row.agreed_at]


@pytest.fixture
def told(in_app: Flask) -> Told:
    return Told()


def test_it_is_not_copied_into_notes(told: Told) -> None:
    with pytest.raises(RuleError, match="fewer readers"):
        told.note(f"Police: {TOLD}")
    note = told.note("Police added nothing.")
    with pytest.raises(RuleError), unit_of_work():
        edit_note(
            told.coordinator.actor,
            told.day.meeting,
            told.item,
            note,
            speaker_name="Police",
            text=TOLD,
            speaker_agency_id=None,
            read_version=note.version,
        )


@pytest.mark.parametrize("field", ["rationale", "options_considered", "told_how"])
def test_it_is_not_copied_into_a_decision(told: Told, field: str) -> None:
    text = decision_text(told.day, **{field: f"Because {TOLD.lower()}"})
    with pytest.raises(RuleError) as refusal, unit_of_work():
        record_decision(told.chair.actor, told.day.meeting, told.item, text, read_version=told.item.version)
    assert refusal.value.field == field


def test_it_is_not_copied_into_what_agencies_are_said_to_think_nor_a_question_nor_a_waiver(told: Told) -> None:
    day, chair = told.day, told.chair.actor
    police = AgencyOpinion(agency_id=told.police.agency_id, view=View.DISAGREES, reason=TOLD, chair_answer="Noted.")
    for opinion in (police, replace(police, reason="Too early.", chair_answer=TOLD)):
        others = tuple(each for each in decision_text(day).views if each.agency_id != opinion.agency_id)
        with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
            text = decision_text(day, views=(*others, opinion))
            record_decision(chair, day.meeting, told.item, text, read_version=told.item.version)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        defer_item(chair, day.meeting, told.item, to_on=clock.today() + timedelta(days=14), reason=TOLD)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        mark_left(told.coordinator.actor, day.meeting, line_of(day, "health"))
        waive_quorum(chair, day.meeting, told.item, reason=TOLD)
    with unit_of_work():
        record_decision(chair, day.meeting, told.item, decision_text(day), read_version=told.item.version)
    decision = db.session.scalars(select(Decision)).one()
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        theirs = {"agency_id": told.education.agency_id, "reason": TOLD}
        add_dissent(told.education.actor, day.meeting, told.item, decision, **theirs)
    with unit_of_work():
        later = plan_meeting(SYSTEM, day.panel, starts_at=clock.now() + timedelta(days=14))
        item = add_review(told.coordinator.actor, later, told.case.id, read_version=later.version)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        edited = {"minutes": 15, "presenter_id": None, "question": TOLD, "read_version": item.version}
        edit_item(told.coordinator.actor, later, item.ref, **edited)


def test_it_is_not_copied_into_screening_nor_an_incident(told: Told) -> None:
    person = db.session.get_one(Person, told.case.person_id)
    with unit_of_work():
        asked = make_referral(told.day, person)
    for texts in ({"reason": TOLD}, {"reason": "Too little is known.", "question": f"Is it true? {TOLD}"}):
        with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
            outcome, read = ScreeningOutcome.MORE_INFORMATION, asked.version
            screen_referral(told.coordinator.actor, asked, outcome=outcome, read_version=read, **texts)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        withdraw_referral(told.worker.actor, asked, reason=TOLD, read_version=asked.version)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        make_incident(told.worker.actor, description=TOLD, people=[(person.id, IncidentPart.WITNESS)])


def test_it_is_not_copied_into_a_corrected_incident(told: Told) -> None:
    person = db.session.get_one(Person, told.case.person_id)
    with unit_of_work():
        lead = make_lead()
        people = [(person.id, IncidentPart.WITNESS)]
        seen = make_incident(told.worker.actor, description="Two boys by the bakery.", people=people)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        correct_incident(lead.actor, seen, read_version=1, description=TOLD)
    with pytest.raises(RuleError, match="Take the name out"), unit_of_work():
        correct_incident(lead.actor, seen, read_version=1, description=f"{person.given_name} by the bakery.")
    with unit_of_work():
        again = correct_incident(lead.actor, seen, read_version=1, description="Three boys by the bakery.")
        assert (again.version_no, again.description) == (2, "Three boys by the bakery.")


def test_it_is_not_copied_into_a_case_nor_a_referral(told: Told) -> None:
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        log_update(told.worker.actor, told.case, update=update_text(opinion=TOLD, risk=told.case.risk))
    person = db.session.get_one(Person, told.case.person_id)
    with unit_of_work():
        draft = start_referral(told.worker.actor, person=person, panel_slug=told.day.panel.slug)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        save_answers(told.worker.actor, draft, Happening(reasons=TOLD), read_version=draft.version)


def test_it_is_not_copied_to_the_head_of_a_case(told: Told) -> None:
    case, actor = told.case, told.worker.actor
    head = {
        "social_care_status": case.social_care_status,
        "next_review_on": case.next_review_on,
        "read_version": case.version,
    }
    for going_on, keeps_safe in ((TOLD, None), ("He is at risk.", TOLD)):
        with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
            revise_case(actor, case, going_on=going_on, keeps_safe=keeps_safe, **head)
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        move_case(actor, case, state=CaseState.CLOSED, reason=TOLD, read_version=case.version)


def test_it_is_not_copied_into_an_action(told: Told) -> None:
    case, by = told.case, told.worker
    for texts in ({"title": TOLD}, {"title": "See him", "detail": TOLD}):
        with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
            make_action(by, case, by, **texts)
    with unit_of_work():
        action = make_action(by, case, by, title="See him")
    endings: list[Callable[..., None]] = [
        lambda: complete_action(by.actor, action, evidence=TOLD, read_version=action.version),
        lambda: mark_not_possible(by.actor, action, what_changed=TOLD, read_version=action.version),
        lambda: mark_not_done(by.actor, action, what_instead=TOLD, read_version=action.version),
        lambda: change_due_date(
            by.actor,
            action,
            due_on=action.due_on + timedelta(days=1),
            reason=TOLD,
            read_version=action.version,
        ),
    ]
    for end in endings:
        with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
            end()


def test_it_is_not_copied_into_a_referral_to_the_nrm(told: Told) -> None:
    referral = ReferralText(
        referred_on=clock.today(),
        first_responder_code="local_authority",
        exploitation_types=["criminal"],
        note=TOLD,
    )
    with pytest.raises(RuleError, match="fewer readers"), unit_of_work():
        record_referral(told.worker.actor, told.case, referral=referral)


def test_what_everybody_may_read_without_conditions_is_copied_freely(in_app: Flask) -> None:
    told = Told(PanelHandling.ALL_MEMBERS)
    assert told.note(TOLD).text == TOLD


def test_conditions_hold_even_where_everybody_may_read_it(in_app: Flask) -> None:
    told = Told(PanelHandling.ALL_MEMBERS, "It is not copied into other records")
    with pytest.raises(RuleError, match="under conditions"):
        told.note(TOLD)


def test_the_agency_shares_a_version_at_once_and_that_may_be_copied(told: Told) -> None:
    told.write(told.police)
    assert told.shared_with(told.education) == [SHARED]
    assert told.note(SHARED).text == SHARED
    with pytest.raises(RuleError):
        told.note(TOLD)


def test_what_an_officer_writes_waits_for_the_agencys_agreement_by_name(told: Told) -> None:
    version = told.write(told.chair)
    assert told.shared_with(told.education) == []
    for who in (told.education, told.chair):
        with pytest.raises(ForbiddenError), unit_of_work():
            agree_shared_version(who.actor, told.request, version_id=version.id)
    with unit_of_work():
        agree_shared_version(told.police.actor, told.request, version_id=version.id)
    assert told.shared_with(told.education) == [SHARED]
    (row,) = versions_of(access_request(told.education.actor, told.request.ref))
    assert (row.written_by, row.agreed_by) == (told.chair.name, told.police.name)
    with pytest.raises(RuleError, match="agreed already"), unit_of_work():
        agree_shared_version(told.police.actor, told.request, version_id=version.id)


def test_nobody_else_writes_a_version(told: Told) -> None:
    with pytest.raises(ForbiddenError):
        told.write(told.education)
    with pytest.raises((NotFoundError, ForbiddenError)):
        told.write(told.worker)


def test_a_version_of_another_answer_is_not_agreed_to_here(told: Told) -> None:
    with pytest.raises(NotFoundError), unit_of_work():
        agree_shared_version(told.police.actor, told.request, version_id=0)


def test_no_event_holds_a_word_of_it(told: Told) -> None:
    told.write(told.police)
    said = " ".join(row.detail for row in db.session.scalars(select(AuditEvent)))
    assert "knife" not in said
    assert "weapon" not in said
