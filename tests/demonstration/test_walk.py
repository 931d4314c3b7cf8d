"""Every page that a role can reach by links answers, shows the role nothing that is not its own, and is recorded."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding.audit.models import AuditEvent
from safeguarding.extensions import db
from safeguarding.oversight.events import AREAS
from safeguarding.people.models import Person
from tests.demonstration.conftest import AsAccount
from tests.demonstration.walk import ACCOUNTS, walk

NO_CASE_CONTENT = ("admin", "analyst", "auditor", "information-governance")
RECORDS = ("YP", "CA", "RF", "AC", "NR", "CX", "MT", "IT")
_REFERENCE = re.compile(r"/[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}")
_SUBJECT = re.compile(r"\b(?:YP|CA|RF|NR)-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def full_names(app: Flask) -> set[str]:
    """Return the names of all young people, as pages write them."""
    with app.app_context():
        return {
            f"{given} {family}" for given, family in db.session.execute(select(Person.given_name, Person.family_name))
        }


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_page_that_a_role_reaches_answers(demonstration: Flask, as_account: AsAccount, account: str) -> None:
    names = full_names(demonstration)
    assert len(names) == 60
    pages, about_a_record = 0, {}
    for path, page in walk(demonstration, as_account(account)):
        assert page.status in (200, 303), f"{path} answered {page.status}"
        pages += 1
        if page.status == 200 and _REFERENCE.search(path):
            about_a_record[page.response.headers["X-Request-ID"]] = path
        if account in NO_CASE_CONTENT and page.html is not None:
            shown = {name for name in names if name in page.words}
            assert not shown, f"{path} shows {account} the name of {len(shown)} young people"
            if account in ("admin", "analyst"):
                assert not _SUBJECT.search(page.words), f"{path} shows {account} a reference of a case"
    with demonstration.app_context():
        recorded = set(db.session.scalars(select(AuditEvent.request_id)))
        looks = select(AuditEvent.request_id).where(
            AuditEvent.event.endswith(":shown"),
            func.substr(AuditEvent.subject, 1, 2).in_(RECORDS),
            ~AuditEvent.detail.contains('"why":'),
        )
        unexplained = about_a_record.keys() & set(db.session.scalars(looks))
        parts = {event.partition(":")[0] for event in db.session.scalars(select(AuditEvent.event).distinct())}
    assert parts <= set(AREAS)  # by parts the audit is searched
    assert {path for number, path in about_a_record.items() if number not in recorded} == set()
    assert {about_a_record[number] for number in unexplained} == set()  # each look says what allowed it
    assert pages >= (5 if account in NO_CASE_CONTENT else 10)
