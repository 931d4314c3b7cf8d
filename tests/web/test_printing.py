"""Printing a record is asked for, recorded before the page is sent, and marked with who and when."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.web.filters import day
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import Somebody, make_somebody
from tests.support.statements import counted


class Paper:
    """A case and whoever leads it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context(), unit_of_work():
            self.lead: Somebody = make_somebody(Role.SOCIAL_WORKER)
            case = make_case(self.lead)
            self.case_ref = case.ref
            self.person_ref = db.session.scalars(select(Person.ref).where(Person.id == case.person_id)).one()

    def events(self, request_id: str) -> list[str]:
        with self.app.app_context():
            return list(db.session.scalars(select(AuditEvent.event).where(AuditEvent.request_id == request_id)))


@pytest.fixture
def paper(app: Flask) -> Paper:
    return Paper(app)


def test_a_record_is_printed_by_a_button_and_that_is_what_is_recorded(paper: Paper, sign_in: SignIn) -> None:
    browser = sign_in(paper.lead)
    pages = {
        f"/cases/{paper.case_ref}": "cases:case:printed",
        f"/people/{paper.person_ref}": "people:person:printed",
        f"/access/{paper.case_ref}": "oversight:audience:printed",
        f"/cases/{paper.case_ref}/revise": "cases:revise:printed",  # recorded by the edge alone
    }
    for path, event in pages.items():
        read = browser.get(path)
        assert read.html is not None
        assert read.html.select_one('.app-footer form input[name="print"]') is not None, path
        assert "Recorded as printed" not in read.words
        with counted(paper.app) as reading:
            browser.get(path)
        with counted(paper.app) as printing:
            printed = browser.get(f"{path}?print=1")
        assert printed.status == 200
        assert "Recorded as printed by you" in printed.words
        assert paper.events(printed.response.headers["X-Request-ID"]) == [event]
        assert len(printing) == len(reading)


def test_every_sheet_says_who_had_it_and_when_and_an_error_says_nothing(paper: Paper, sign_in: SignIn) -> None:
    browser = sign_in(paper.lead)
    for path, verb in ((f"/cases/{paper.case_ref}?print=1", "Printed"), ("/my-work", "Opened")):
        page = browser.get(path)
        assert page.html is not None
        mark = page.html.select_one(".app-print-mark")
        assert mark is not None
        assert f"{verb} by {paper.lead.name}, Agency" in mark.get_text()
        assert day(clock.now()) in mark.get_text()
    missing = browser.get("/cases/CA-0000-0000?print=1")
    assert missing.status == 404
    assert missing.html is not None
    assert missing.html.select_one(".app-print-mark, [data-print], .app-footer form") is None


def test_a_sealed_value_is_left_out_on_paper(paper: Paper) -> None:
    with paper.app.test_request_context("/"):
        field = {"label": "Safe address"}
        page = render_template("sealed/shown.html", field=field, name="Kieran", back="/", value="1 Mill Road")
    shown = BeautifulSoup(page, "html.parser").select_one(".app-sealed__value")
    assert shown is not None
    assert "1 Mill Road" in shown.get_text()
    css = (Path(paper.app.static_folder or "") / "css" / "print.css").read_text()
    assert re.search(r"@media print \{.*\.app-sealed__value \{ display: none; \}", css, re.DOTALL)
