"""Pages of referrals, as a practitioner and a screener use them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.referrals import service
from safeguarding.referrals.models import Referral, ReferralState
from tests.factories.panels import Round, make_referral, make_round, make_young_person
from tests.factories.people import unit_of_work
from tests.factories.places import make_context
from tests.support.pages import Page, PageClient

SignIn = Callable[..., PageClient]


@pytest.fixture
def around(app: Flask) -> Round:
    with app.app_context(), unit_of_work():
        return make_round()


@pytest.fixture
def person_ref(app: Flask, around: Round) -> str:
    with app.app_context(), unit_of_work():
        return make_young_person(around.practitioner).ref


def stored(app: Flask, ref: str) -> Referral:
    with app.app_context():
        found = db.session.query(Referral).filter_by(ref=ref).one()
        db.session.expunge(found)
        return found


def first_page(page: Page, **changes: Any) -> dict[str, Any]:
    return {
        **page.form(having="reasons"),
        "reasons": "Missing each afternoon.",
        "harms": ["cce", "missing"],
        "risk": "moderate",
        "strengths": "His aunt.",
        **changes,
    }


def sharing_page(page: Page) -> dict[str, Any]:
    yesterday = clock.today().replace(day=1)
    return {
        **page.form(having="lawful_basis"),
        "front_door_ref": "MASH-26-4471",
        "front_door_on-day": "1",
        "front_door_on-month": str(yesterday.month),
        "front_door_on-year": str(yesterday.year),
        "lawful_basis": "ca2004_s10_s11",
        "sharing_reason": "No one agency sees it all.",
        "told_young_person": "yes",
        "told_parents": "no",
        "told_parents_note": "He asked us to wait until Monday.",
    }


def test_a_practitioner_refers_page_by_page_and_a_coordinator_accepts(
    app: Flask, around: Round, person_ref: str, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        park = make_context(name="Tanner's Yard park").ref
    practitioner = sign_in(around.practitioner)
    page = practitioner.get(f"/people/{person_ref}/refer")
    assert page.status == 200
    found = practitioner.post(f"/people/{person_ref}/refer", first_page(page, place="tanner", find="1"))
    assert found.status == 200
    assert "Tanner's Yard park" in found.words
    form = found.form(having="reasons")
    assert (form["reasons"], form["harms"], form["risk"]) == ("Missing each afternoon.", ["cce", "missing"], "moderate")
    answer = practitioner.post(f"/people/{person_ref}/refer", {**form, "contexts": [park]})
    page = practitioner.follow(answer)
    ref = answer.location.split("/")[2]
    assert answer.location == f"/referrals/{ref}/their-view"
    answer = practitioner.post(
        answer.location, {**page.form(having="asked"), "asked": "asked", "own_view": "I can't just stop."}
    )
    page = practitioner.follow(answer)
    answer = practitioner.post(answer.location, sharing_page(page))
    page = practitioner.follow(answer)
    asked = {**page.form(having="panel"), "panel_question": "Help with the adults."}
    answer = practitioner.post(answer.location, asked)
    page = practitioner.follow(answer)
    for words in ("I can't just stop.", "Missing each afternoon.", "Tanner's Yard park", "MASH-26-4471"):
        assert words in page.words
    answer = practitioner.post(answer.location, page.form())
    page = practitioner.follow(answer)
    assert "Referral sent" in page.words
    assert stored(app, ref).state is ReferralState.SUBMITTED

    coordinator = sign_in(around.coordinator)
    assert ref in coordinator.get("/referrals").words
    page = coordinator.get(f"/referrals/{ref}")
    assert "The front door was told first." in page.words
    answer = coordinator.post(
        f"/referrals/{ref}/screening",
        {**page.form(having="outcome"), "outcome": "accept", "reason": "Meets the threshold."},
    )
    assert answer.status == 303
    referral = stored(app, ref)
    assert referral.state is ReferralState.ACCEPTED
    assert referral.case_id is not None
    assert "Meets the threshold." in practitioner.get(f"/referrals/{ref}").words


def test_going_on_without_an_answer_says_what_is_missing_and_keeps_the_rest(
    app: Flask, around: Round, person_ref: str, sign_in: SignIn
) -> None:
    client = sign_in(around.practitioner)
    page = client.get(f"/people/{person_ref}/refer")
    answer = client.post(f"/people/{person_ref}/refer", first_page(page, risk="", reasons="", strengths="<b>Aunt</b>"))
    assert answer.status == 422
    assert len(answer.errors) == 2
    assert answer.form(having="reasons")["strengths"] == "<b>Aunt</b>"
    with app.app_context():
        assert db.session.query(Referral).count() == 0


def test_an_unfinished_page_is_kept_when_asked_to(app: Flask, around: Round, person_ref: str, sign_in: SignIn) -> None:
    client = sign_in(around.practitioner)
    page = client.get(f"/people/{person_ref}/refer")
    answer = client.post(f"/people/{person_ref}/refer", first_page(page, risk="", harms=[], later="1"))
    listed = client.follow(answer)
    assert "Draft kept" in listed.words
    with app.app_context():
        draft = db.session.query(Referral).one()
        assert (draft.state, draft.reasons) == (ReferralState.DRAFT, "Missing each afternoon.")
        ref = draft.ref
    page = client.get(f"/referrals/{ref}/check")
    assert "Still missing" in page.words
    refused = client.post(f"/referrals/{ref}/check", page.form())
    assert refused.status == 422
    assert stored(app, ref).state is ReferralState.DRAFT
    assert ref in client.get(f"/people/{person_ref}/refer").text


def test_a_double_submit_makes_one_draft(app: Flask, around: Round, person_ref: str, sign_in: SignIn) -> None:
    client = sign_in(around.practitioner)
    sent = first_page(client.get(f"/people/{person_ref}/refer"))
    first = client.post(f"/people/{person_ref}/refer", sent)
    second = client.post(f"/people/{person_ref}/refer", sent)
    assert first.location == second.location
    with app.app_context():
        assert db.session.query(Referral).count() == 1


def test_a_stale_page_of_a_draft_shows_both_texts(app: Flask, around: Round, person_ref: str, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        person = db.session.query(Person).filter_by(ref=person_ref).one()
        ref = service.start_referral(around.practitioner.actor, person=person).ref
    client = sign_in(around.practitioner)
    page = client.get(f"/referrals/{ref}/what-is-happening")
    assert client.post(f"/referrals/{ref}/what-is-happening", first_page(page)).status == 303
    stale = client.post(f"/referrals/{ref}/what-is-happening", first_page(page, reasons="Something else."))
    assert stale.status == 409
    assert "Missing each afternoon." in stale.words
    assert "Something else." in stale.words


def test_a_place_is_referred_without_questions_about_a_young_person(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        place = make_context(name="Ferry Lane steps").ref
    client = sign_in(around.practitioner)
    answer = client.post(f"/contexts/{place}/refer", first_page(client.get(f"/contexts/{place}/refer")))
    ref = answer.location.split("/")[2]
    page = client.get(f"/referrals/{ref}/sharing")
    assert "front_door_ref" not in page.form(having="sharing_reason")
    with app.app_context():
        referral = db.session.query(Referral).one()
        assert db.session.get_one(Context, referral.context_id).ref == place


@pytest.mark.parametrize("page", ["check", "what-is-happening", "their-view", "sharing", "what-you-ask"])
def test_a_hidden_draft_is_not_found(app: Flask, around: Round, person_ref: str, sign_in: SignIn, page: str) -> None:
    with app.app_context(), unit_of_work():
        person = db.session.query(Person).filter_by(ref=person_ref).one()
        ref = service.start_referral(around.practitioner.actor, person=person).ref
    assert sign_in(around.practitioner).get(f"/referrals/{ref}/{page}").status == 200
    assert sign_in(around.coordinator).get(f"/referrals/{ref}/{page}").status == 404
    assert sign_in(around.outsider).get(f"/referrals/{ref}/{page}").status == 404


def test_the_screener_asks_and_the_referrer_answers_on_the_page(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        ref = make_referral(around).ref
    chair, practitioner = sign_in(around.chair), sign_in(around.practitioner)
    form = chair.get(f"/referrals/{ref}").form(having="outcome")
    without = chair.post(
        f"/referrals/{ref}/screening", {**form, "outcome": "more_information", "reason": "Words missing."}
    )
    assert without.status == 422
    chair.post(
        f"/referrals/{ref}/screening",
        {**form, "outcome": "more_information", "reason": "Words missing.", "question": "Who saw the grey car?"},
    )
    page = practitioner.get(f"/referrals/{ref}")
    assert "Who saw the grey car?" in page.words
    assert practitioner.get("/my-work").words.count("More information asked") == 1
    answer = practitioner.post(f"/referrals/{ref}/answer", {**page.form(having="text"), "text": "A teacher."})
    assert answer.status == 303
    assert "A teacher." in chair.get(f"/referrals/{ref}").words


def test_a_referrer_withdraws_with_a_reason(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        ref = make_referral(around).ref
    client = sign_in(around.practitioner)
    page = client.get(f"/referrals/{ref}/withdraw")
    assert client.post(f"/referrals/{ref}/withdraw", page.form(having="reason")).status == 422
    assert client.post(f"/referrals/{ref}/withdraw", {**page.form(), "reason": "Moved away."}).status == 303
    assert stored(app, ref).state is ReferralState.WITHDRAWN


HOSTILE = [
    "x" * 1_000_000,
    "<script>alert(1)</script>",
    "'; DROP TABLE referral; --",
    "\x00\x01",
    "\u202eabc",
    "😀" * 50,
]


@pytest.mark.parametrize("find", ["", "1"], ids=["send", "find"])
@pytest.mark.parametrize("text", HOSTILE, ids=["long", "html", "sql", "control", "rtl", "emoji"])
def test_hostile_text_never_breaks_a_page(
    around: Round, person_ref: str, sign_in: SignIn, text: str, find: str
) -> None:
    client = sign_in(around.practitioner)
    path = f"/people/{person_ref}/refer"
    sent = first_page(client.get(path), reasons=text, harms=[text], risk=text, place=text, contexts=[text])
    answer = client.client.post(path, base_url=client.BASE, data={**sent, **({"find": find} if find else {})})
    assert answer.status_code == 422
    assert "<script>alert(1)" not in answer.get_data(as_text=True)


def test_the_inbox_is_for_screeners_and_others_see_their_own(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        ref = make_referral(around).ref
    assert ref in sign_in(around.practitioner).get("/referrals?show=to-screen").words
    assert ref not in sign_in(around.outsider).get("/referrals?show=to-screen").words
    assert ref in sign_in(around.chair).get("/my-work").text
    assert sign_in(around.analyst).get("/referrals").status == 403
