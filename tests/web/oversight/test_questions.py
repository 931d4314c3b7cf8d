"""The questions that the audit raises: a scripted snoop is found at once, answered by somebody else, and stays answered."""

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import PHRASE, Somebody, make_somebody, unit_of_work
from tests.support.pages import PageClient

ANSWER = "Their manager confirms that they cover for a colleague this week."


def make_snoop(app: Flask) -> tuple[Somebody, list[str]]:
    with app.app_context(), unit_of_work():
        worker = make_somebody(Role.SOCIAL_WORKER)
        cases = [make_case(worker) for _each in range(2)]
        return make_somebody(Role.LEAD, name="Robin Person"), [case.ref for case in cases]


@pytest.fixture
def snoop(app: Flask) -> tuple[Somebody, str]:
    lead, cases = make_snoop(app)
    client = PageClient(app.test_client())
    client.sign_in(lead.email, PHRASE)
    assert client.get(f"/cases/{cases[0]}").status == 200
    for _each in range(5):
        assert client.get("/audit").status == 403
    return lead, cases[0]


def test_a_snoop_is_found_answered_and_stays_answered(snoop: tuple[Somebody, str], sign_in: SignIn) -> None:
    lead, case = snoop
    reviewer = sign_in(Role.INFORMATION_GOVERNANCE)
    page = reviewer.get("/audit/questions")
    assert lead.name in page.words
    assert case in page.words
    assert "had nothing to do" in page.words
    assert "refused five times" in page.words
    assert page.html is not None
    path = page.html.select_one('a[href*="no_relation"]')
    assert path is not None
    address = str(path["href"])
    form = reviewer.get(address).form(having="answer")
    assert reviewer.post(address, form | {"answer": "ok"}).status == 422
    assert reviewer.post(address, form | {"answer": ANSWER}).status == 303
    assert ANSWER in reviewer.get("/audit/questions").words
    again = reviewer.get(address).form(having="answer")
    assert reviewer.post(address, again | {"answer": ANSWER}).status == 422


def test_an_auditor_reads_the_questions_and_answers_none(snoop: tuple[Somebody, str], sign_in: SignIn) -> None:
    auditor = sign_in(Role.AUDITOR)
    assert snoop[0].name in auditor.get("/audit/questions").words
    assert auditor.get("/audit/questions/fast:user:US-0000-0000:2026-11-23:").status == 403
    assert sign_in(Role.PRACTITIONER).get("/audit/questions").status == 403
    assert sign_in(Role.INFORMATION_GOVERNANCE).get("/audit/questions/none").status == 404


def test_whoever_works_the_case_raises_no_question(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        worker = make_somebody(Role.SOCIAL_WORKER)
        case = make_case(worker).ref
    client = PageClient(app.test_client())
    client.sign_in(worker.email, PHRASE)
    assert client.get(f"/cases/{case}").status == 200
    words = sign_in(Role.AUDITOR).get("/audit/questions").words
    assert case not in words


def test_nobody_is_offered_to_answer_a_question_about_themselves(sign_in: SignIn) -> None:
    reviewer = sign_in(Role.INFORMATION_GOVERNANCE)
    for _each in range(5):
        assert reviewer.get("/cases").status == 403
    page = reviewer.get("/audit/questions")
    assert "Somebody else answers" in page.words
    assert page.html is not None and page.html.select_one('a[href*="many_refusals"]') is None
