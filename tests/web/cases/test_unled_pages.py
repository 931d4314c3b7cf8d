"""A case that nobody leads says so, on its page and in the work of those who can do something about it."""

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.accounts import service as accounts
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import Case
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.panels import Round, make_accepted, make_round
from tests.factories.people import make_somebody


@pytest.fixture
def around(app: Flask) -> Round:
    with app.app_context(), unit_of_work():
        return make_round()


@pytest.fixture
def case_ref(app: Flask, around: Round) -> str:
    """A case that was referred to the panel, whose lead worker has left."""
    with app.app_context():
        with unit_of_work():
            admin = make_somebody(Role.ADMIN)
            referral = make_accepted(around)
            ref = db.session.get_one(Case, referral.case_id).ref
        who = around.practitioner
        with unit_of_work():
            agency = db.session.scalars(select(Agency.ref).where(Agency.id == who.agency_id)).one()
            version = db.session.get_one(User, who.id).version
            accounts.end_role(admin.actor, who.ref, agency_ref=agency, role=Role.PRACTITIONER, read_version=version)
    return ref


def test_the_safeguarding_lead_is_told_and_chooses_the_next(around: Round, case_ref: str, sign_in: SignIn) -> None:
    browser = sign_in(around.lead)
    work = browser.get("/my-work")
    assert "Nobody leads these cases" in work.words
    assert f"/cases/{case_ref}/team" in work.text
    case = browser.get(f"/cases/{case_ref}")
    assert "Nobody leads this case" in case.words
    form = browser.get(f"/cases/{case_ref}/team").form(having="user_id")
    answer = browser.post(f"/cases/{case_ref}/team", form | {"user_id": str(around.lead.id), "kind": "lead"})
    assert answer.status == 303, answer.errors
    assert "Nobody leads this case" not in browser.get(f"/cases/{case_ref}").words
    assert "Nobody leads these cases" not in browser.get("/my-work").words


def test_the_coordinator_is_told_and_does_not_choose(around: Round, case_ref: str, sign_in: SignIn) -> None:
    browser = sign_in(around.coordinator)
    work = browser.get("/my-work")
    assert "Nobody leads these cases" in work.words
    assert f"/cases/{case_ref}/team" not in work.text
    assert "Nobody leads this case" in browser.get(f"/cases/{case_ref}").words


def test_whoever_leads_nothing_and_looks_after_no_panel_is_told_nothing(
    around: Round, case_ref: str, sign_in: SignIn
) -> None:
    assert case_ref
    assert "Nobody leads" not in sign_in(around.outsider).get("/my-work").words
