"""Every page that a role can reach by links answers, shows the role nothing that is not its own, and is recorded."""

import re

import pytest

from safeguarding.oversight.events import AREAS
from tests.demonstration.survey import Survey
from tests.demonstration.walk import ACCOUNTS

NO_CASE_CONTENT = ("admin", "analyst", "auditor", "information-governance")
_REFERENCE = re.compile(r"/[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}")
both_stages = pytest.mark.parametrize(
    "in_the_meeting", [False, True], ids=["before the meeting", "in the meeting"], indirect=True
)
_SUBJECT = re.compile(r"\b(?:YP|CA|RF|NR)-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@both_stages
@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_page_that_a_role_reaches_answers(survey: Survey, account: str) -> None:
    assert len(survey.names) == 60
    pages = survey.pages[account]
    assert {page.path: page.status for page in pages if page.status not in (200, 303)} == {}
    assert len(pages) >= (5 if account in NO_CASE_CONTENT else 10)
    about_a_record = {
        page.request_id: page.path for page in pages if page.status == 200 and _REFERENCE.search(page.path)
    }
    assert {path for number, path in about_a_record.items() if number not in survey.recorded} == set()
    # Each look says what allowed it.
    assert {path for number, path in about_a_record.items() if number in survey.unexplained} == set()


@both_stages
@pytest.mark.parametrize("account", NO_CASE_CONTENT)
def test_a_role_without_case_content_meets_nobody(survey: Survey, account: str) -> None:
    for page in survey.pages[account]:
        shown = {name for name in survey.names if name in page.words}
        assert not shown, f"{page.path} shows {account} the name of {len(shown)} young people"
        if account in ("admin", "analyst"):
            assert not _SUBJECT.search(page.words), f"{page.path} shows {account} a reference of a case"


@both_stages
def test_reading_everything_changes_nothing(survey: Survey) -> None:
    pages = sum(map(len, survey.pages.values()))
    assert pages > 150
    assert survey.changed == ()
    assert survey.read > pages / 2  # and it was recorded that they read
    assert {event.partition(":")[0] for event in survey.events} <= set(AREAS)  # by parts the audit is searched
