"""The page of counts: protected numbers, and nothing by which anybody could be found."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import CaseState, Risk
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.counted import add_cases
from tests.factories.people import make_somebody
from tests.support.pages import Page


def cases(app: Flask, number: int, state: CaseState = CaseState.OPEN, risk: Risk = Risk.MODERATE) -> None:
    with app.app_context(), unit_of_work():
        add_cases(make_somebody(Role.PRACTITIONER), number, state, risk)


def rows(page: Page, caption: str) -> dict[str, str]:
    assert page.html is not None
    for table in page.html.find_all("table"):
        assert table.caption is not None
        if table.caption.get_text(strip=True) == caption:
            return {row.th.get_text(strip=True): row.td.get_text(strip=True) for row in table.select("tbody tr")}  # type: ignore[union-attr]
    return {}


@pytest.mark.parametrize("role", [Role.ANALYST, Role.LEAD])
def test_counts_are_shown_rounded_and_small_ones_are_not_told(app: Flask, sign_in: SignIn, role: Role) -> None:
    cases(app, 23)
    cases(app, 3, CaseState.CLOSED)
    page = sign_in(role).get("/reports")
    assert rows(page, "Cases by state") == {
        "Open or under review": "25",
        "Stepped down": "0",
        "Closed": "Fewer than 5",
        "Transferred": "0",
        "All": "25",
    }
    assert page.html is not None
    assert {each["value"] for each in page.html.find_all("progress")} == {"25"}


def test_a_table_about_fewer_than_ten_is_not_told(app: Flask, sign_in: SignIn) -> None:
    cases(app, 9)
    page = sign_in(Role.ANALYST).get("/reports")
    assert rows(page, "Cases by state") == {}
    assert "Fewer than 10 in all, so nothing is shown." in page.words


def test_no_name_and_no_reference_is_on_the_page(app: Flask, sign_in: SignIn) -> None:
    cases(app, 23)
    page = sign_in(Role.ANALYST).get("/reports")
    assert page.html is not None
    main = page.html.find("main")
    assert main is not None
    assert "Canary" not in page.text
    assert not re.search(r"[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}", main.get_text())


def test_reading_the_counts_is_recorded_and_others_are_refused(app: Flask, sign_in: SignIn) -> None:
    sign_in(Role.ANALYST).get("/reports")
    with app.app_context():
        assert db.session.scalar(select(AuditEvent.event).order_by(AuditEvent.seq.desc()).limit(1)) == (
            "reports:counts:shown"
        )
    for role in (Role.ADMIN, Role.AUDITOR, Role.PRACTITIONER, Role.CHAIR):
        assert sign_in(role).get("/reports").status == 403, role
