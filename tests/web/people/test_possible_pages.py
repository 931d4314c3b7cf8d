"""The queue of possible duplicates: from my work to the answer, and nothing of it for whoever added the record."""

import re

from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case, make_person
from tests.factories.people import make_somebody

NAMES = {"given_name": "Kieran", "family_name": "Marsh"}


def test_a_lead_finds_compares_and_answers_and_the_adder_is_told_nothing(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        worker, adder, lead = (make_somebody(role) for role in (Role.SOCIAL_WORKER, Role.PRACTITIONER, Role.LEAD))
        known = make_person(worker, **NAMES)
        make_case(worker, known)
        make_person(adder, **NAMES, born_on=known.born_on)
    assert "Possible duplicates" not in sign_in(adder).get("/my-work").text
    browser = sign_in(lead)
    work = browser.get("/my-work")
    assert "Kieran Marsh and Kieran Marsh" in work.text
    listed = browser.get("/people/possible-duplicates")
    path = re.findall(r'href="(/people/possible-duplicates/PD-[^"]+)"', listed.text)[0]
    assert path in work.text
    page = browser.get(path)
    assert page.status == 200
    unanswered = browser.post(path, {**page.form(having="answer"), "reason": "", "answer": ""})
    assert unanswered.status == 422
    said = {**page.form(having="answer"), "answer": "same", "reason": "The same mother, on the telephone."}
    assert browser.post(path, said).location == "/people/possible-duplicates"
    assert browser.post(path, said).status == 409  # from another tab, with what stood before
    answered = browser.get("/people/possible-duplicates")
    assert "No pair waits for your answer." in answered.text
    assert "The same young person" in answered.text
    assert "Possible duplicates" not in browser.get("/my-work").text
    assert sign_in(adder).get(path).status == 404
    assert "found to be about the same young person" in sign_in(worker).get("/notices").text
