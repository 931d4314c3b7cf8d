"""Rows to be counted: many alike, written straight into their tables, since no rule is at stake but that of counting."""

from datetime import date, datetime, time
from itertools import count
from typing import Any

from safeguarding.actions.models import Action, ActionOrigin, ActionState, ActionSubject
from safeguarding.cases.models import Case, CaseState, Risk, SocialCareStatus, SubjectKind
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.people.models import Person, PersonKind, Sex
from safeguarding.referrals.models import (
    Referral,
    ReferralHarm,
    ReferralState,
    ReferralSubject,
    ScreeningOutcome,
    ToldParents,
    ToldYoungPerson,
)
from tests.factories.people import Somebody

_numbers = count(1)


def _instant(day: date) -> datetime:
    return clock.at_london(day, time(0, 0))


def make_counted_person(by: Somebody) -> Person:
    """Make a young person. Call it inside a unit of work."""
    number = next(_numbers)
    person = Person(
        ref=new_reference("YP"),
        kind=PersonKind.YOUNG_PERSON,
        given_name="Canary",
        family_name=f"Person{number}",
        sort_key=f"person{number} canary",
        sex=Sex.UNKNOWN,
        born_estimated=False,
        created_at=clock.now(),
        created_by_id=by.id,
        version=1,
    )
    db.session.add(person)
    db.session.flush()
    return person


def add_referrals(by: Somebody, number: int, submitted: date, outcome: ScreeningOutcome | None, harm: str) -> None:
    """Add so many referrals submitted at the first instant of a day in London."""
    person = make_counted_person(by)
    for _ in range(number):
        screened: dict[str, Any] = {}
        if outcome:
            screened = {"screened_at": clock.now(), "screened_by_id": by.id, "screening_reason": "A reason"}
        referral = Referral(
            ref=new_reference("RF"),
            subject_kind=ReferralSubject.INDIVIDUAL,
            person_id=person.id,
            panel_slug="mave",
            state=ReferralState.REDIRECTED if outcome else ReferralState.SUBMITTED,
            reasons="Reasons",
            lawful_basis_code="ca2004_s10_s11",
            told_young_person=ToldYoungPerson.YES,
            told_parents=ToldParents.YES,
            risk=Risk.MODERATE,
            referrer_id=by.id,
            agency_id=by.agency_id,
            submitted_at=_instant(submitted),
            created_at=_instant(submitted),
            screening_outcome=outcome,
            version=1,
            **screened,
        )
        db.session.add(referral)
        db.session.flush()
        db.session.add(ReferralHarm(referral_id=referral.id, code=harm))


def add_cases(by: Somebody, number: int, state: CaseState, risk: Risk) -> None:
    """Add so many cases in a state and at a risk."""
    person, today = make_counted_person(by), clock.today()
    for _ in range(number):
        db.session.add(
            Case(
                ref=new_reference("CA"),
                subject_kind=SubjectKind.YOUNG_PERSON,
                person_id=person.id,
                state=state,
                going_on="What is going on",
                social_care_status=SocialCareStatus.NONE,
                risk=risk,
                risk_set_on=today,
                is_restricted=False,
                lead_agency_id=by.agency_id,
                opened_on=today,
                opened_by_id=by.id,
                closed_on=today if state is CaseState.CLOSED else None,
                last_activity_at=clock.now(),
                version=1,
            )
        )


def add_actions(by: Somebody, number: int, due: date, state: ActionState, done: date | None = None) -> None:
    """Add so many actions first due on a day, moved a year on, in a state."""
    person = make_counted_person(by)
    ended: dict[str, Any] = {"outcome_note": "A note"} if state is ActionState.NOT_DONE else {}
    if done:
        ended = {"evidence": "Evidence", "completed_on": done, "completed_by_id": by.id}
    for _ in range(number):
        db.session.add(
            Action(
                ref=new_reference("AC"),
                subject_kind=ActionSubject.PERSON,
                subject_id=person.id,
                title="An action",
                owner_agency_id=by.agency_id,
                first_due_on=due,
                due_on=due.replace(year=due.year + 1),
                state=state,
                origin_kind=ActionOrigin.CASE,
                created_at=clock.now(),
                created_by_id=by.id,
                version=1,
                **ended,
            )
        )
