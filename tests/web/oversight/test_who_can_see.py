"""What stands beside the answer to "Who can see this?": told to those whom it is for, at a cost that does not grow."""

from datetime import timedelta

from flask import Flask

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.people.sealed.models import GrantState, SealedGrant, SealedOn
from safeguarding.relations.service import grant
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case, restrict
from tests.factories.people import make_somebody
from tests.support.pages import Page
from tests.support.statements import counted

REASON = "A relative of theirs works for a partner."


def rows(page: Page) -> list[str]:
    assert page.html is not None
    return [" ".join(row.get_text(" ").split()) for row in page.html.select("tbody tr")]


def test_all_some_or_nothing_is_said_in_words_for_each_person_and_column(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        lead, reader = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.SPOC)
        case = make_case(lead)
        grant(user_principal(reader.id), [("case", case.id)], Relation.AGENDA, ("test", 1))
        ref = case.ref
    page = sign_in(lead).get(f"/access/{ref}")
    mine, theirs, everyone = rows(page)
    assert "You, " in mine and "● read, write, allocate" in mine and "● yes" in mine
    assert reader.name in theirs and "◐ read" in theirs and "Sits on the panel whose agenda has it" in theirs
    assert "Everyone else" in everyone and "●" not in everyone
    assert "2 people in 2 agencies" in page.words
    assert page.words.count("Information-sharing agreement") == 1  # both signed alike: said once
    assert "0 looks in 30 days, 0 in an emergency" in page.words
    assert page.html is not None
    asks = {link.get_text() for link in page.html.select(".app-card a")}
    assert asks == {"Say who works the case", "Declare a conflict of interest", "See who looked"}
    page = sign_in(reader).get(f"/access/{ref}")
    assert "looks in 30 days" not in page.words
    assert "Say who works the case" not in page.words


def test_why_it_is_restricted_is_told_to_its_list_and_not_in_an_emergency(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        lead, listed, night = (make_somebody(role) for role in (Role.SOCIAL_WORKER, Role.PRACTITIONER, Role.SPOC))
        case = make_case(lead)
        setter = restrict(case, listed)
        subjects = [("case", case.id), ("person", case.person_id or 0)]
        grant(user_principal(night.id), subjects, Relation.EMERGENCY, ("test", 1))
        ref, person_ref = case.ref, db.session.get_one(Person, case.person_id).ref
    for who, told in ((lead, True), (listed, True), (night, False)):
        browser = sign_in(who)
        for path in (f"/access/{ref}", f"/access/{person_ref}"):
            page = browser.get(path)
            assert page.status == (200 if told else 404)
            assert (REASON in page.words) is told, (who.name, path)
            assert (f"Set by {setter.name}" in page.words) is told
    words = sign_in(listed).get(f"/access/{ref}").words
    assert "Take yourself off the list" in words
    assert "Add somebody to the list" not in words
    assert "Add somebody to the list" in sign_in(lead).get(f"/access/{ref}").words


def test_who_holds_what_is_sealed(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        lead, holder = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.PRACTITIONER)
        case = make_case(lead)
        person = db.session.get_one(Person, case.person_id)
        grant(user_principal(holder.id), [("person", person.id)], Relation.ALLOCATED, ("test", 1))
        ref = person.ref
    browser = sign_in(lead)
    assert "holds it" not in browser.get(f"/access/{ref}").words  # nothing is sealed: no column
    with app.app_context(), unit_of_work():
        db.session.get_one(Person, person.id).safe_address = "a cipher text"
        decider = make_somebody(Role.INFORMATION_GOVERNANCE)
        given = {"state": GrantState.GRANTED, "decided_by_id": decider.id, "decided_at": clock.now()}
        db.session.add(
            SealedGrant(
                ref="SR-0000-0001",
                subject_kind=SealedOn.PERSON,
                subject_id=person.id,
                subject_ref=ref,
                fields="safe_address",
                user_id=holder.id,
                reason="To visit",
                asked_at=clock.now(),
                until_on=clock.today() + timedelta(days=3),
                **given,
            )
        )
    page = browser.get(f"/access/{ref}")
    mine, theirs, everyone = rows(page)
    assert "○ sealed" in mine and "● holds it" in theirs and "holds it" not in everyone
    assert "Ask to see what is sealed" in page.words


def test_it_costs_no_more_for_more_people_and_more_looks(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        lead = make_somebody(Role.SOCIAL_WORKER)
        case = make_case(lead)
        case_id, ref = case.id, case.ref
    browser, costs = sign_in(lead), []
    for number in (2, 9):
        with app.app_context(), unit_of_work():
            for _ in range(number):
                other = make_somebody(Role.PRACTITIONER)
                grant(user_principal(other.id), [("case", case_id)], Relation.ALLOCATED, ("test", other.id))
                audit.record("cases:case:shown", other.actor, ref)
        with counted(app) as sent:
            page = browser.get(f"/access/{ref}")
        costs.append(len(sent))
    assert "looks in 30 days" in page.words
    assert costs[0] == costs[1] <= 13
