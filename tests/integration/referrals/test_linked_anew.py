"""A referral whose case was closed before it was accepted: accepted, it is about the case that lives then."""

import pytest
from sqlalchemy import select

from safeguarding.access.actor import office_principal, user_principal
from safeguarding.access.roles import Role
from safeguarding.cases.models import Case, CaseState
from safeguarding.cases.service import move_case
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.referrals.models import ScreeningOutcome
from safeguarding.referrals.service import screen_referral
from safeguarding.relations.check import check
from safeguarding.relations.models import RelationRow
from tests.factories.cases import make_case
from tests.factories.panels import make_referral, make_round, make_young_person
from tests.factories.people import make_somebody, unit_of_work

pytestmark = pytest.mark.usefixtures("in_app")


def by_the_referral(case_id: int, referral_id: int) -> set[str]:
    """Return to whom the referral opens the case now."""
    rows = select(RelationRow.principal).where(
        RelationRow.subject_kind == "case",
        RelationRow.subject_id == case_id,
        RelationRow.source_kind == "referral",
        RelationRow.source_id == referral_id,
        (RelationRow.valid_to.is_(None)) | (RelationRow.valid_to > clock.now()),
    )
    return set(db.session.scalars(rows))


def test_a_referral_accepted_about_another_case_no_longer_opens_the_one_it_was_sent_about() -> None:
    with unit_of_work():
        around = make_round()
        worker = make_somebody(Role.LEAD)
        person = make_young_person(around.practitioner)
        first = make_case(worker, person)
        referral = make_referral(around, person=person)
    mine, office = user_principal(around.practitioner.id), office_principal(around.panel_id)
    assert by_the_referral(first.id, referral.id) == {mine, office, "hub"}
    with unit_of_work():
        move_case(worker.actor, first, state=CaseState.CLOSED, reason="Safe now", read_version=first.version)
        second = make_case(worker, db.session.get_one(Person, person.id))
        screen_referral(
            around.coordinator.actor,
            referral,
            outcome=ScreeningOutcome.ACCEPT,
            reason="Meets the threshold.",
            read_version=referral.version,
        )
    assert referral.case_id == second.id
    assert by_the_referral(first.id, referral.id) == set()
    assert by_the_referral(second.id, referral.id) == {mine, office}
    assert check().differences == []
    assert db.session.get_one(Case, first.id).state is CaseState.CLOSED
