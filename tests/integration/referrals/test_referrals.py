"""Rules of referrals: what may be sent, who sees it, what screening does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding.access.permissions import Permission as P
from safeguarding.access.roles import Relation
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.people.models import Person, PersonKind
from safeguarding.people.queries import access_person
from safeguarding.people.service import Details, add_person
from safeguarding.referrals import queries, service
from safeguarding.referrals.models import Referral, ReferralState, ScreeningOutcome
from safeguarding.relations.check import check
from safeguarding.relations.queries import relations_to
from tests.factories.cases import make_case, put_on_list, restrict
from tests.factories.panels import Round, make_accepted, make_referral, make_round, make_young_person, whole_answers
from tests.factories.people import Somebody, unit_of_work

pytestmark = pytest.mark.usefixtures("in_app")


@pytest.fixture
def around(in_app: Flask) -> Round:
    with unit_of_work():
        return make_round()


def sees(who: Somebody, ref: str) -> bool:
    try:
        queries.access_referral(who.actor, ref, P.REFERRAL_READ)
    except NotFoundError:
        return False
    return True


def sees_person(who: Somebody, ref: str) -> bool:
    try:
        access_person(who.actor, ref)
    except NotFoundError:
        return False
    return True


def test_a_draft_is_seen_by_its_author_alone(around: Round) -> None:
    with unit_of_work():
        person = make_young_person(around.practitioner)
        draft = service.start_referral(around.practitioner.actor, person=person)
    assert sees(around.practitioner, draft.ref)
    for other in (around.coordinator, around.chair, around.lead, around.social_care, around.outsider):
        assert not sees(other, draft.ref)


def test_a_sent_referral_is_seen_by_referrer_officers_and_hub_and_nobody_else(around: Round) -> None:
    with unit_of_work():
        referral = make_referral(around)
        person = db.session.get_one(Person, referral.person_id)
    for who in (around.practitioner, around.coordinator, around.chair, around.vice_chair, around.lead):
        assert sees(who, referral.ref)
        assert sees_person(who, person.ref)
    for who in (around.outsider, around.police, around.social_care, around.analyst):
        assert not sees(who, referral.ref)
    for who in (around.outsider, around.police):
        assert not sees_person(who, person.ref)


def test_somebody_hidden_cannot_be_referred(around: Round) -> None:
    with unit_of_work():
        person = make_young_person(around.practitioner)
    with pytest.raises(NotFoundError), unit_of_work():
        service.start_referral(around.outsider.actor, person=person)


def test_an_adult_who_may_pose_a_risk_must_be_an_adult(around: Round) -> None:
    with unit_of_work():
        young = add_person(
            around.practitioner.actor,
            given_name="Dean",
            family_name="Fowler",
            kind=PersonKind.POSSIBLE_PERPETRATOR,
            details=Details(born_on=clock.today() - timedelta(days=365 * 17)),
        )
    with pytest.raises(RuleError, match="under 18"), unit_of_work():
        service.start_referral(around.practitioner.actor, person=young)


LACKING: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("reasons", lambda a: a.update(happening=replace(a["happening"], reasons="")), "reasons"),
    ("harm", lambda a: a.update(happening=replace(a["happening"], harms=())), "harms"),
    ("risk", lambda a: a.update(happening=replace(a["happening"], risk=None)), "risk"),
    ("own words", lambda a: a.update(own_view=service.OwnView()), "own_view"),
    (
        "front door",
        lambda a: a.update(sharing=replace(a["sharing"], front_door_ref=None, front_door_on=None)),
        "front_door_ref",
    ),
    ("ground", lambda a: a.update(sharing=replace(a["sharing"], lawful_basis_code=None)), "lawful_basis"),
    ("why share", lambda a: a.update(sharing=replace(a["sharing"], sharing_reason=None)), "sharing_reason"),
    ("told", lambda a: a.update(sharing=replace(a["sharing"], told_young_person=None)), "told_young_person"),
    (
        "why not told",
        lambda a: a.update(sharing=replace(a["sharing"], told_young_person="no", told_young_person_note=None)),
        "told_young_person_note",
    ),
    ("parents", lambda a: a.update(sharing=replace(a["sharing"], told_parents=None)), "told_parents"),
    ("question", lambda a: a.update(asked=replace(a["asked"], panel_question=None)), "panel_question"),
]


@pytest.mark.parametrize(("take_away", "field"), [(case[1], case[2]) for case in LACKING], ids=[c[0] for c in LACKING])
def test_a_referral_that_lacks_something_is_not_sent(
    around: Round, take_away: Callable[[dict[str, Any]], None], field: str
) -> None:
    answers: dict[str, Any] = whole_answers(around.slug)
    take_away(answers)
    if field == "told_young_person_note":
        answers["sharing"] = replace(answers["sharing"], told_young_person=service.ToldYoungPerson.NO)
    with pytest.raises(service.IncompleteError) as refused, unit_of_work():
        person = make_young_person(around.practitioner)
        service.refer(around.practitioner.actor, person=person, **answers)
    assert [each.field for each in refused.value.missing] == [field]


def test_why_nobody_asked_yet_stands_in_for_own_words(around: Round) -> None:
    answers: dict[str, Any] = whole_answers(around.slug)
    answers["own_view"] = service.OwnView(own_view_absent_reason="Not in school since Thursday; on Monday.")
    answers["sharing"] = replace(
        answers["sharing"], front_door_ref=None, front_door_on=None, front_door_override="They asked us to."
    )
    with unit_of_work():
        person = make_young_person(around.practitioner)
        referral = service.refer(around.practitioner.actor, person=person, **answers)
    assert referral.state is ReferralState.SUBMITTED


def test_law_that_is_not_confirmed_to_be_in_force_is_no_basis(around: Round) -> None:
    assert "ca2004_s16la" not in [row.code for row in queries.codes_on(clock.today()).bases]
    answers: dict[str, Any] = whole_answers(around.slug)
    answers["sharing"] = replace(answers["sharing"], lawful_basis_code="ca2004_s16la")
    with pytest.raises(RuleError, match="lawful basis"), unit_of_work():
        person = make_young_person(around.practitioner)
        service.refer(around.practitioner.actor, person=person, **answers)


def test_health_does_not_share_under_the_serious_violence_duty(around: Round) -> None:
    answers: dict[str, Any] = whole_answers(around.slug)
    answers["sharing"] = replace(answers["sharing"], lawful_basis_code="pcsc2022_s16")
    with unit_of_work():
        person = make_young_person(around.police)
        assert service.refer(around.police.actor, person=person, **answers).lawful_basis_code == "pcsc2022_s16"
    with pytest.raises(RuleError, match="lawful basis"), unit_of_work():
        person = make_young_person(around.health)
        service.refer(around.health.actor, person=person, **answers)


def test_acceptance_opens_a_case_and_links_it(around: Round) -> None:
    with unit_of_work():
        referral = make_accepted(around)
    case = db.session.get_one(Case, referral.case_id)
    assert referral.state is ReferralState.ACCEPTED
    assert (case.person_id, case.risk, case.opened_by_id) == (
        referral.person_id,
        referral.risk,
        around.coordinator.id,
    )


def test_acceptance_links_the_live_case_that_there_is(around: Round) -> None:
    with unit_of_work():
        first = make_accepted(around)
        person = db.session.get_one(Person, first.person_id)
        second = make_accepted(around, person=person)
    assert second.case_id == first.case_id
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1


def test_a_screener_does_not_screen_their_own_referral(around: Round) -> None:
    with unit_of_work():
        person = make_young_person(around.coordinator)
        referral = make_referral(around, by=around.coordinator, person=person)
    options: dict[str, Any] = {
        "outcome": ScreeningOutcome.NO_FURTHER_ACTION,
        "reason": "Not met.",
        "read_version": referral.version,
    }
    with pytest.raises(ForbiddenError), unit_of_work():
        service.screen_referral(around.coordinator.actor, referral, **options)
    with unit_of_work():
        service.screen_referral(around.chair.actor, referral, **options)
    assert referral.state is ReferralState.NO_FURTHER_ACTION


@pytest.mark.parametrize("who", ["practitioner", "police", "outsider"])
def test_only_officers_and_the_hub_screen(around: Round, who: str) -> None:
    with unit_of_work():
        referral = make_referral(around, by=around.social_care)
    with pytest.raises(ForbiddenError), unit_of_work():
        service.screen_referral(
            getattr(around, who).actor,
            referral,
            outcome=ScreeningOutcome.ACCEPT,
            reason="Yes.",
            read_version=referral.version,
        )


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (ScreeningOutcome.ACCEPT, ReferralState.ACCEPTED),
        (ScreeningOutcome.ACCEPT_URGENT, ReferralState.ACCEPTED),
        (ScreeningOutcome.MORE_INFORMATION, ReferralState.MORE_INFORMATION),
        (ScreeningOutcome.REDIRECT_FRONT_DOOR, ReferralState.REDIRECTED),
        (ScreeningOutcome.REDIRECT_EARLY_HELP, ReferralState.REDIRECTED),
        (ScreeningOutcome.SINGLE_AGENCY, ReferralState.SINGLE_AGENCY),
        (ScreeningOutcome.NO_FURTHER_ACTION, ReferralState.NO_FURTHER_ACTION),
    ],
)
def test_each_outcome_leads_to_its_state_and_needs_a_reason(
    around: Round, outcome: ScreeningOutcome, state: ReferralState
) -> None:
    with unit_of_work():
        referral = make_referral(around)
    with pytest.raises(RuleError, match="why"), unit_of_work():
        service.screen_referral(
            around.chair.actor, referral, outcome=outcome, reason=None, question="What?", read_version=referral.version
        )
    with unit_of_work():
        service.screen_referral(
            around.chair.actor,
            referral,
            outcome=outcome,
            reason="As the threshold says.",
            question="Who saw it?",
            read_version=referral.version,
        )
    assert referral.state is state
    assert referral.urgent is (outcome is ScreeningOutcome.ACCEPT_URGENT)


def test_a_question_goes_to_the_referrer_and_the_answer_brings_it_back(around: Round) -> None:
    with unit_of_work():
        referral = make_referral(around)
        service.screen_referral(
            around.coordinator.actor,
            referral,
            outcome=ScreeningOutcome.MORE_INFORMATION,
            reason="Own words are missing.",
            question="What has Kayden said himself?",
            read_version=referral.version,
        )
    with pytest.raises(ForbiddenError), unit_of_work():
        service.answer_question(around.lead.actor, referral, text="No.", read_version=referral.version)
    with unit_of_work():
        service.answer_question(
            around.practitioner.actor, referral, text="That he is afraid.", read_version=referral.version
        )
    assert (referral.state, referral.screening_outcome) == (ReferralState.SUBMITTED, None)
    parts = queries.parts_of(around.coordinator.actor, referral.id, None, None)
    assert [row.text for row in parts.messages] == ["What has Kayden said himself?", "That he is afraid."]


def test_a_referral_is_withdrawn_by_its_referrer_until_it_is_accepted(around: Round) -> None:
    with unit_of_work():
        waiting, accepted = make_referral(around), make_accepted(around)
    for referral, who, error in (
        (waiting, around.coordinator, ForbiddenError),
        (accepted, around.practitioner, RuleError),
    ):
        with pytest.raises(error), unit_of_work():
            service.withdraw_referral(who.actor, referral, reason="No.", read_version=referral.version)
    with pytest.raises(RuleError, match="why"), unit_of_work():
        service.withdraw_referral(around.practitioner.actor, waiting, reason=None, read_version=waiting.version)
    with unit_of_work():
        service.withdraw_referral(
            around.practitioner.actor, waiting, reason="Moved away.", read_version=waiting.version
        )
    assert waiting.state is ReferralState.WITHDRAWN


def test_a_referral_that_was_withdrawn_opens_nobody_whom_it_was_about(around: Round) -> None:
    with unit_of_work():
        person = make_young_person(around.practitioner)
        case = make_case(around.lead, person)
        referral = make_referral(around, person=person)
    who = (around.practitioner.actor, around.coordinator.actor)
    for actor in who:
        assert actor.may(P.CASE_READ, relations_to(actor, "case", case.id))
    with unit_of_work():
        read = referral.version
        service.withdraw_referral(around.practitioner.actor, referral, reason="Mistaken.", read_version=read)
    for actor in who:
        assert not relations_to(actor, "case", case.id)
        assert actor.may(P.REFERRAL_READ, relations_to(actor, "referral", referral.id))
    assert relations_to(around.practitioner.actor, "person", person.id) == {Relation.ADDED}
    assert not relations_to(around.coordinator.actor, "person", person.id)
    assert relations_to(around.lead.actor, "case", case.id) >= {Relation.HUB}
    assert check().differences == []


def test_two_screeners_at_once_do_not_overwrite_each_other(around: Round) -> None:
    with unit_of_work():
        referral = make_referral(around)
    read = referral.version
    with unit_of_work():
        service.screen_referral(
            around.chair.actor, referral, outcome=ScreeningOutcome.ACCEPT, reason="Yes.", read_version=read
        )
    with pytest.raises(StaleError), unit_of_work():
        service.screen_referral(
            around.coordinator.actor,
            referral,
            outcome=ScreeningOutcome.NO_FURTHER_ACTION,
            reason="No.",
            read_version=read,
        )


def test_the_inbox_has_urgent_ones_first_then_the_oldest(around: Round) -> None:
    with unit_of_work():
        refs = [make_referral(around).ref, make_referral(around).ref, make_referral(around, urgent=True).ref]
        for number, ref in enumerate(refs):
            referral = db.session.scalars(select(Referral).where(Referral.ref == ref)).one()
            referral.submitted_at = clock.now() - timedelta(hours=5 - number)
        make_accepted(around)
    listed = [row.ref for row in queries.list_to_screen(around.coordinator.actor)]
    assert listed == [refs[2], refs[0], refs[1]]
    second = queries.place_of(around.coordinator.actor, refs[2])
    assert [row.ref for row in queries.list_to_screen(around.coordinator.actor, after=second)] == refs[:2]
    assert queries.list_to_screen(around.practitioner.actor) == []


def test_a_repeat_within_a_year_is_told_and_named_only_to_those_who_may_see_it(around: Round) -> None:
    with unit_of_work():
        first = make_referral(around)
        person = db.session.get_one(Person, first.person_id)
        second = make_referral(around, person=person)
        first.submitted_at = clock.now() - timedelta(days=300)
    told = queries.parts_of(around.coordinator.actor, second.id, person.id, second.submitted_at).earlier
    assert [row.ref for row in told] == [first.ref]
    hidden = queries.parts_of(around.outsider.actor, second.id, person.id, clock.now()).earlier
    assert [row.ref for row in hidden] == [None]
    with unit_of_work():
        db.session.get_one(Referral, first.id).submitted_at = clock.now() - timedelta(days=400)
    assert queries.parts_of(around.coordinator.actor, second.id, person.id, second.submitted_at).earlier == []


def test_a_restricted_case_is_not_opened_to_the_panel_by_a_referral(around: Round) -> None:
    with unit_of_work():
        first = make_accepted(around)
        case = db.session.get_one(Case, first.case_id)
        person = db.session.get_one(Person, first.person_id)
        other = make_round()
        lead = restrict(case)
    elsewhere = replace(around, slug=other.slug)
    with pytest.raises(RuleError, match="Put an officer of the panel on its list"), unit_of_work():
        make_referral(elsewhere, person=db.session.get_one(Person, person.id), by=around.practitioner)
    assert not sees(around.coordinator, first.ref)
    with unit_of_work():
        put_on_list(case, lead, other.coordinator)
        referral = make_referral(elsewhere, person=db.session.get_one(Person, person.id), by=around.practitioner)
    assert sees(other.coordinator, referral.ref)
    assert sees_person(other.coordinator, person.ref)
    assert not sees(other.chair, referral.ref)
    assert not sees(around.coordinator, referral.ref)


def test_every_change_is_audited_without_text(around: Round) -> None:
    with unit_of_work():
        referral = make_accepted(around)
    events = db.session.execute(
        select(AuditEvent.event, AuditEvent.detail).where(AuditEvent.subject == referral.ref).order_by(AuditEvent.seq)
    ).all()
    assert [row.event for row in events] == [
        "referrals:referral:started",
        *["referrals:draft:saved"] * 4,
        "referrals:referral:submitted",
        "referrals:referral:screened",
    ]
    assert not any("Mill Road" in row.detail or "threshold" in row.detail for row in events)
