"""A peer group is referred from the case about it, screened, and put on an agenda like anything else."""

from datetime import timedelta

import pytest
from flask import Flask

from safeguarding.access.permissions import Permission as P
from safeguarding.cases.models import Case, SubjectKind
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import ItemKind
from safeguarding.panels.service.agenda import add_referral, plan_meeting, publish_agenda
from safeguarding.people.groups import form_group
from safeguarding.referrals.models import Referral, ReferralState, ScreeningOutcome
from safeguarding.referrals.queries import access_referral
from safeguarding.referrals.service import save_answers, screen_referral, start_referral, submit_referral
from safeguarding.relations.check import check
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.panels import Round, make_round, make_young_person, whole_answers


@pytest.fixture
def around(app: Flask) -> Round:
    with app.app_context(), unit_of_work():
        return make_round()


@pytest.fixture
def case_ref(app: Flask, around: Round) -> str:
    """A case about a peer group, which the safeguarding lead leads."""
    with app.app_context(), unit_of_work():
        group = form_group(around.lead.actor, name="The bandstand group", description="Meet after school.")
        # The factory takes somebody, whom the given subject then replaces.
        person = make_young_person(around.lead)
        return make_case(around.lead, person, subject=(SubjectKind.PEER_GROUP, group.id)).ref


def load(ref: str) -> Case:
    return db.session.query(Case).filter_by(ref=ref).one()


def test_whoever_works_the_case_begins_it_from_the_case(
    app: Flask, around: Round, case_ref: str, sign_in: SignIn
) -> None:
    lead = sign_in(around.lead)
    link = f"/cases/{case_ref}/refer"
    assert f'href="{link}"' in lead.get(f"/cases/{case_ref}").text
    page = lead.get(link)
    assert "A referral of The bandstand group" in page.words
    sent = {"reasons": "Older boys wait for them.", "harms": ["cce"], "risk": "moderate"}
    answer = lead.post(link, page.form(having="reasons") | sent)
    assert answer.status == 303, answer.errors
    assert "The bandstand group" in lead.follow(answer).words
    with app.app_context():
        draft = db.session.query(Referral).one()
        assert (draft.case_id, draft.person_id) == (load(case_ref).id, None)
        db.session.rollback()


def test_it_goes_all_the_way_to_an_agenda(app: Flask, around: Round, case_ref: str) -> None:
    with app.app_context():
        with unit_of_work():
            referral = start_referral(around.lead.actor, group_case=load(case_ref))
            for answers in whole_answers(around.slug).values():
                save_answers(around.lead.actor, referral, answers, read_version=referral.version)
            submit_referral(around.lead.actor, referral, read_version=referral.version)
        assert not check().differences
        officer = around.coordinator.actor
        assert access_referral(officer, referral.ref, P.REFERRAL_SCREEN).referral.id == referral.id
        with unit_of_work():
            screen_referral(
                officer,
                referral,
                outcome=ScreeningOutcome.ACCEPT,
                reason="Meets the threshold.",
                read_version=referral.version,
            )
            meeting = plan_meeting(officer, around.panel, starts_at=clock.now() + timedelta(days=14))
            item = add_referral(officer, meeting, referral.id, read_version=meeting.version)
            publish_agenda(officer, meeting, read_version=meeting.version)
        assert referral.state is ReferralState.ACCEPTED
        assert (item.kind, item.case_id, item.title) == (ItemKind.PEER_GROUP, load(case_ref).id, "The bandstand group")
        assert not check().differences
        db.session.rollback()


def test_only_those_who_work_the_case_and_only_a_group(
    app: Flask, around: Round, case_ref: str, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        other = make_case(around.lead).ref
    assert sign_in(around.practitioner).get(f"/cases/{case_ref}/refer").status == 404
    assert sign_in(around.lead).get(f"/cases/{other}/refer").status == 404
    with app.app_context():
        with pytest.raises(ForbiddenError), unit_of_work():
            start_referral(around.practitioner.actor, group_case=load(case_ref))
        with pytest.raises(RuleError, match="not about a peer group"), unit_of_work():
            start_referral(around.lead.actor, group_case=load(other))
