"""Pages of referrals to the National Referral Mechanism."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.nrm.models import NrmReferral, NrmState
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case, make_person
from tests.factories.people import Somebody, make_somebody
from tests.support.pages import PageClient


@pytest.fixture
def worker(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.SOCIAL_WORKER)


@pytest.fixture
def browser(worker: Somebody, sign_in: SignIn) -> PageClient:
    return sign_in(worker)


@pytest.fixture
def case_ref(app: Flask, worker: Somebody) -> str:
    with app.app_context(), unit_of_work():
        return make_case(worker, make_person(worker, given_name="Kieran", family_name="Marsh")).ref


def parts(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def days_ago(days: int) -> date:
    return clock.today() - timedelta(days=days)


def record(browser: PageClient, case_ref: str, **changed: Any) -> Any:
    path = f"/nrm/record/{case_ref}"
    sent = {
        **browser.get(path).form(having="first_responder_code"),
        **parts("referred_on", days_ago(20)),
        "first_responder_code": "police",
        "exploitation_types": ["criminal", "labour"],
        "county_lines": "y",
        "route": "sca",
        **changed,
    }
    return browser.post(path, sent)


def states(app: Flask) -> list[NrmState]:
    with app.app_context():
        found = list(db.session.scalars(select(NrmReferral.state)))
        db.session.rollback()
    return found


def test_a_referral_is_recorded_from_the_case_and_its_clock_shown_with_its_arithmetic(
    app: Flask, browser: PageClient, case_ref: str
) -> None:
    case = browser.get(f"/cases/{case_ref}")
    assert case.html is not None
    assert case.html.find("a", href=f"/nrm/record/{case_ref}")
    page = browser.follow(record(browser, case_ref))
    assert "Kieran Marsh" in page.words
    assert "Criminal, Labour exploitation, county lines" in page.words
    assert "+ 5 working days" in page.words
    assert "Record the reasonable grounds decision" in page.words
    assert browser.get(f"/cases/{case_ref}").words.count("Reasonable grounds: waiting") == 1
    for path in ("/my-work", "/nrm"):
        assert "Kieran Marsh" in browser.get(path).words
    assert "easonable grounds decision, target" in browser.get("/my-work").words


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"first_responder_code": "school"},
            "School or college: not a first responder. It asks the local authority or the police to refer.",
        ),
        ({"exploitation_types": []}, "Choose at least one kind of exploitation."),
        ({"exploitation_types": ["county_lines"]}, "Choose from the answers listed for “Kinds of exploitation”."),
        ({"referred_on-year": "2199"}, "Day of referral must be today or in the past."),
        ({"route": "court"}, "Choose one of the answers listed for “Who decides?”."),
        ({"nrm_number": "x" * 41}, "The Home Office's reference must be 40 characters or fewer. It has 41."),
    ],
)
def test_what_is_wrong_is_said(app: Flask, browser: PageClient, case_ref: str, changed: dict, message: str) -> None:
    page = record(browser, case_ref, note="Kept as typed", **changed)
    assert page.status == 422
    assert page.errors == [message]
    assert page.form(having="note")["note"] == "Kept as typed"
    assert states(app) == []


def test_both_decisions_are_recorded_in_turn(app: Flask, browser: PageClient, case_ref: str) -> None:
    path = record(browser, case_ref).location
    form = browser.get(f"{path}/decision").form(having="outcome")
    assert form["decision_maker"] == "Single Competent Authority"
    early = browser.post(f"{path}/decision", {**form, "outcome": "positive", **parts("decided_on", days_ago(21))})
    assert early.status == 422
    assert "The decision cannot be before" in early.errors[0]
    page = browser.follow(
        browser.post(f"{path}/decision", {**form, "outcome": "positive", **parts("decided_on", days_ago(15))})
    )
    assert states(app) == [NrmState.CG_PENDING]
    assert "Record the conclusive grounds decision" in page.words
    stale = browser.post(f"{path}/decision", {**form, "outcome": "positive", **parts("decided_on", days_ago(2))})
    assert stale.status == 409
    form = browser.get(f"{path}/decision").form(having="outcome")
    page = browser.follow(
        browser.post(f"{path}/decision", {**form, "outcome": "positive", **parts("decided_on", days_ago(1))})
    )
    assert states(app) == [NrmState.CG_POSITIVE]
    assert "Decided before the recovery period was over" in page.words
    assert browser.get(f"{path}/decision").status == 303  # nothing more is waited for


def test_a_day_is_corrected_and_the_first_stays_readable(browser: PageClient, case_ref: str) -> None:
    path = record(browser, case_ref).location
    page = browser.get(path)
    assert page.html is not None
    link = str(next(each["href"] for each in page.html.select("main a") if "/entries/" in str(each.get("href"))))
    form = browser.get(link).form(having="note")
    page = browser.follow(
        browser.post(link, {**form, **parts("happened_on", days_ago(22)), "note": "The form was sent that day"})
    )
    assert page.html is not None
    assert page.html.find("del") is not None
    assert "The form was sent that day" in page.words


def test_the_home_offices_reference_is_added(browser: PageClient, case_ref: str) -> None:
    path = record(browser, case_ref).location
    form = browser.get(f"{path}/number").form(having="nrm_number")
    page = browser.follow(browser.post(f"{path}/number", {**form, "nrm_number": "NRM-4415-220"}))
    assert "NRM-4415-220" in page.words


def test_a_stranger_finds_nothing(browser: PageClient, case_ref: str, sign_in: SignIn) -> None:
    path = record(browser, case_ref).location
    stranger = sign_in(Role.SOCIAL_WORKER)
    for hidden in (path, f"{path}/decision", f"{path}/number", f"/nrm/record/{case_ref}", "/nrm/NR-0000-0000"):
        assert stranger.get(hidden).status == 404, hidden
    assert "Kieran Marsh" not in stranger.get("/nrm").words
    assert sign_in(Role.ADMIN).get("/nrm").status == 403
