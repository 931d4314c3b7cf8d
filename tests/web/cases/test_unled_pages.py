"""A case that nobody leads says so, on its page and in the work of those who can do something about it."""

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import Case
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.panels import Round, make_accepted, make_round


@pytest.fixture
def around(app: Flask) -> Round:
    with app.app_context(), unit_of_work():
        return make_round()


@pytest.fixture
def case_ref(app: Flask, around: Round, sign_in: SignIn) -> str:
    """A case that was referred to the panel, whose lead worker has left: an administrator ended the role."""
    who = around.practitioner
    with app.app_context(), unit_of_work():
        referral = make_accepted(around)
        ref = db.session.get_one(Case, referral.case_id).ref
        agency = db.session.get_one(Agency, who.agency_id).ref
    admin = sign_in(Role.ADMIN)
    path = f"/admin/people/{who.ref}"
    end = f"{path}/roles/{agency}/practitioner/end"
    assert admin.post(end, admin.get(path).form(action=end)).location == path
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
