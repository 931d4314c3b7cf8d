"""Pages of people: search, adding by way of a search, the record, what a return request shows."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.relations import service as relations
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_person
from tests.factories.people import Somebody, make_somebody
from tests.support.pages import PageClient

HOSTILE = "<script>alert(1)</script> '; DROP TABLE person; -- \u202e 🎈"


@pytest.fixture
def worker(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.PRACTITIONER)


@pytest.fixture
def browser(worker: Somebody, sign_in: SignIn) -> PageClient:
    return sign_in(worker)


def add(app: Flask, by: Somebody, **options: Any) -> str:
    with app.app_context(), unit_of_work():
        return make_person(by, **options).ref


def events(app: Flask, name: str) -> list[dict[str, Any]]:
    with app.app_context():
        rows = db.session.execute(
            select(AuditEvent.subject, AuditEvent.detail).where(AuditEvent.event == name).order_by(AuditEvent.seq)
        ).all()
        db.session.rollback()
    return [{"subject": row.subject, **json.loads(row.detail)} for row in rows]


def count(app: Flask) -> int:
    with app.app_context():
        found = len(db.session.scalars(select(Person.id)).all())
        db.session.rollback()
    return found


def look(browser: PageClient, **typed: Any) -> Any:
    return browser.post("/people/add", {"given_name": "Kieran", "family_name": "Marsh", **typed})


def test_a_search_shows_whom_it_found_and_records_that_and_not_what_was_typed(
    app: Flask, worker: Somebody, browser: PageClient
) -> None:
    ref = add(app, worker, given_name="Kieran", family_name="Marsh")
    page = browser.post("/people", {"q": "kier mar"})
    assert page.status == 200
    assert page.html is not None
    assert page.html.find("a", href=f"/people/{ref}", string="Kieran Marsh")
    (event,) = events(app, "people:search:shown")
    assert event["people"] == [ref]
    assert "kier" not in json.dumps(event)


def test_a_search_is_a_post_and_its_address_holds_no_name(browser: PageClient) -> None:
    page = browser.get("/people")
    assert page.status == 200
    assert page.html is not None
    form = page.html.select_one("main form")
    assert form is not None
    assert form["method"] == "post"
    assert browser.get("/people?q=Kieran").form()["q"] == ""


def test_the_search_says_the_same_of_somebody_hidden_and_of_nobody(
    app: Flask, worker: Somebody, browser: PageClient
) -> None:
    with app.app_context(), unit_of_work():
        other = make_somebody(Role.PRACTITIONER)
    add(app, other, given_name="Kieran", family_name="Marsh")
    hidden = browser.post("/people", {"q": "Kieran Marsh"}).words
    nobody = browser.post("/people", {"q": "Quentin Zyx"}).words
    assert "Nobody like this that you may open." in hidden
    assert hidden.replace("Kieran Marsh", "") == nobody.replace("Quentin Zyx", "")


@pytest.mark.parametrize("typed", ["", "a", HOSTILE, "x" * 5_000, "%%", "\x00\x01"])
def test_whatever_is_typed_the_search_answers(browser: PageClient, typed: str) -> None:
    assert browser.post("/people", {"q": typed}).status in (200, 422)


def test_a_reference_of_a_case_leads_to_its_page(browser: PageClient) -> None:
    page = browser.post("/people", {"q": "ca 0000 0000"})
    assert page.status == 303
    assert page.location == "/cases/CA-0000-0000"


def test_nobody_is_added_without_a_search_that_shows_who_might_be_the_same(
    app: Flask, worker: Somebody, browser: PageClient
) -> None:
    page = look(browser)
    assert "Nobody like this that you may open" in page.words
    fields = page.form(action="/people/add/details")
    assert (fields["given_name"], fields["family_name"]) == ("Kieran", "Marsh")
    without = browser.post("/people/add/details", {**fields, "sex": "male", "looked_for": ""})
    assert (without.status, count(app)) == (200, 0)
    other_name = browser.post("/people/add/details", {**fields, "sex": "male", "family_name": "March"})
    assert (other_name.status, count(app)) == (200, 0)  # the search was for another name
    added = browser.post("/people/add/details", {**fields, "sex": "male"})
    assert (added.status, count(app)) == (303, 1)
    assert "Kieran Marsh" in browser.follow(added).words


def test_somebody_who_turned_up_meanwhile_is_shown_first(app: Flask, worker: Somebody, browser: PageClient) -> None:
    fields = look(browser).form(action="/people/add/details")
    ref = add(app, worker, given_name="Kieran", family_name="Marsh")
    again = browser.post("/people/add/details", {**fields, "sex": "male"})
    assert (again.status, count(app)) == (200, 1)
    assert ref in again.words
    fields = again.form(action="/people/add/details")
    added = browser.post("/people/add/details", {**fields, "sex": "male"})
    assert (added.status, count(app)) == (303, 2)  # shown, and said to be somebody else


def test_a_possible_duplicate_can_be_opened_and_its_address_is_not_shown(
    app: Flask, worker: Somebody, browser: PageClient
) -> None:
    ref = add(app, worker, given_name="Kieran", family_name="Marsh", address="14 Weir Court", nhs_number="9434765870")
    page = look(browser, given_name="Kieron", nhs_number="943 476 5870")
    assert "Very likely the same" in page.words
    assert page.html is not None
    assert page.html.find("a", href=f"/people/{ref}")
    assert "Weir Court" not in page.text
    assert "held, not shown here" in page.words


def test_a_double_submit_adds_one(app: Flask, browser: PageClient) -> None:
    fields = {**look(browser).form(action="/people/add/details"), "sex": "female"}
    first = browser.post("/people/add/details", fields)
    second = browser.post("/people/add/details", fields)
    assert first.status == 303
    assert count(app) == 1
    # The second answer either leads to what the first one made, or shows that person as very likely the same.
    assert second.location == first.location or "Very likely" in second.words or first.location[-12:] in second.text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"given_name": ""}, "Enter the first name."),
        ({"given_name": "x" * 101}, "First name must be 100 characters or fewer. It has 101."),
        ({"family_name": "🎈"}, "Enter a name that has a letter in it."),
        ({"nhs_number": "943 476 5871"}, "This is not an NHS number: it has 10 digits, like 943 476 5870."),
        ({"upn": "R247962919251"}, "This is not a UPN: it has a letter, 11 digits and a digit or letter."),
        (
            {"born_on-day": "31", "born_on-month": "2", "born_on-year": "2010"},
            "Date of birth must be a real date, like 27 3 2026.",
        ),
        (
            {"born_on-day": "1", "born_on-month": "1", "born_on-year": "2199"},
            "Date of birth must be today or in the past.",
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(browser: PageClient, changed: dict, message: str) -> None:
    page = look(browser, known_as=HOSTILE, **changed)
    assert page.status == 422
    assert page.errors == [message]
    kept = page.form(having="given_name")
    assert kept["known_as"] == HOSTILE
    for name, typed in changed.items():
        assert kept[name] == typed


def test_the_record_answers_its_four_questions_and_is_recorded(
    app: Flask, worker: Somebody, browser: PageClient
) -> None:
    ref = add(app, worker, given_name="Kieran", family_name="Marsh", nhs_number="9434765870", address="14 Weir Court")
    page = browser.get(f"/people/{ref}")
    for heading in ("Who is helping", "What is going on", "Due next", "Who may see it"):
        assert heading in page.words
    assert "14 Weir Court" in page.words
    assert "9434765870" not in page.text
    assert "943 476 5870" not in page.text
    assert "•••••••• 70" in page.words
    assert [event["subject"] for event in events(app, "people:person:shown")] == [ref]


def test_identifiers_are_shown_in_full_on_a_page_that_is_recorded_by_itself(
    app: Flask, worker: Somebody, browser: PageClient
) -> None:
    ref = add(app, worker, nhs_number="9434765870", upn="B801200005001")
    page = browser.get(f"/people/{ref}/identifiers")
    assert "943 476 5870" in page.words
    assert "B801200005001" in page.words
    assert [event["subject"] for event in events(app, "people:identifiers:shown")] == [ref]


def test_a_sealed_address_is_on_no_page(app: Flask, worker: Somebody, browser: PageClient) -> None:
    ref = add(app, worker)
    with app.app_context(), unit_of_work():
        person = db.session.scalars(select(Person)).one()
        person.safe_address = "The Refuge, 9 Hidden Lane"
    for path in ("", "/details", "/identifiers", "/names", "/other-names"):
        page = browser.get(f"/people/{ref}{path}")
        assert page.status == 200
        assert "Hidden Lane" not in page.text


def test_who_is_asked_for_a_return_sees_name_date_of_birth_and_address_and_nothing_else(
    app: Flask, worker: Somebody, sign_in: SignIn
) -> None:
    ref = add(
        app,
        worker,
        given_name="Kieran",
        family_name="Marsh",
        address="14 Weir Court",
        school_name="Marlbridge College",
        nhs_number="9434765870",
        pronouns="he, him",
    )
    with app.app_context(), unit_of_work():
        police = make_somebody(Role.SPOC)
        person_id = db.session.scalar(select(Person.id).where(Person.ref == ref)) or 0
        relations.grant(
            user_principal(police.id),
            [("person", person_id)],
            Relation.RETURN_REQUEST,
            ("item", 1),
            valid_to=clock.now() + timedelta(days=2),
        )
    browser = sign_in(police)
    page = browser.get(f"/people/{ref}")
    assert page.html is not None
    main = page.html.main.get_text(" ")
    for shown in ("Kieran Marsh", "14 Weir Court", "Date of birth"):
        assert shown in main
    for hidden in ("Marlbridge College", "•••", "he, him", "YP-", "Cases", "Actions", "Referrals"):
        assert hidden not in main
    assert browser.get(f"/people/{ref}/identifiers").status == 403


def test_hidden_and_absent_are_the_same_page(app: Flask, worker: Somebody, browser: PageClient) -> None:
    with app.app_context(), unit_of_work():
        other = make_somebody(Role.PRACTITIONER)
    ref = add(app, other)
    for path in ("", "/details", "/identifiers", "/names", "/other-names"):
        assert browser.get(f"/people/{ref}{path}").status == browser.get(f"/people/YP-0000-0000{path}").status == 404


def test_a_role_without_young_people_sees_no_such_page(sign_in: SignIn) -> None:
    browser = sign_in(Role.ANALYST)
    for path in ("/people", "/people/add", "/people/YP-0000-0000"):
        assert browser.get(path).status == 403


def test_details_are_changed_and_a_stale_form_shows_both_texts(
    app: Flask, worker: Somebody, browser: PageClient
) -> None:
    ref = add(app, worker, address="14 Weir Court")
    form = browser.get(f"/people/{ref}/details").form(having="address")
    assert form["address"] == "14 Weir Court"
    saved = browser.post(f"/people/{ref}/details", {**form, "address": "2 Mill Lane", "sex": "male"})
    assert "2 Mill Lane" in browser.follow(saved).words
    stale = browser.post(f"/people/{ref}/details", {**form, "address": "3 Castle Road", "sex": "male"})
    assert stale.status == 409
    assert "2 Mill Lane" in stale.words
    assert "3 Castle Road" in stale.words


def test_names_and_other_names_are_changed(app: Flask, worker: Somebody, browser: PageClient) -> None:
    ref = add(app, worker, given_name="Kieran", family_name="Marsh")
    form = browser.get(f"/people/{ref}/names").form(having="given_name")
    renamed = browser.post(f"/people/{ref}/names", {**form, "family_name": "Bright"})
    page = browser.follow(renamed)
    assert "Kieran Bright" in page.words
    assert "Kieran Marsh" in page.words  # kept as a previous name
    form = browser.get(f"/people/{ref}/other-names").form(having="kind")
    added = browser.post(f"/people/{ref}/other-names", {**form, "name": HOSTILE, "kind": "nickname"})
    assert added.status == 303
    page = browser.follow(added)
    assert HOSTILE in page.words
    assert page.html is not None
    remove = [str(each["action"]) for each in page.html.select("main form") if "remove" in str(each.get("action"))]
    assert len(remove) == 2
    version = page.form(action=remove[1])["version"]
    assert browser.post(remove[1], {"version": version}).status == 303
    assert HOSTILE not in browser.get(f"/people/{ref}").words
