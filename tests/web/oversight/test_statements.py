"""The auditor's, the administrator's and the analyst's pages keep to eight statements, however many rows they show."""

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.audit import service as audit
from safeguarding.cases.models import CaseState, Risk
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.counted import add_cases
from tests.factories.people import SYSTEM, make_agency, make_somebody
from tests.support.statements import counted

BUDGET = 8
CHILD = "YP-0000-0000"
PAGES = [
    (Role.AUDITOR, "/audit", 0),
    (Role.AUDITOR, f"/audit?subject={CHILD}", 0),
    (Role.AUDITOR, f"/audit/subjects/{CHILD}?lists=yes", 9),  # the questions of a week are worked out on it
    (Role.ADMIN, "/admin/people", 0),
    (Role.ADMIN, "/admin/agencies", 0),
    (Role.ADMIN, "/admin/agencies/{agency}", 1),  # the people of the agency, which accounts registers
    (Role.ADMIN, "/admin/people/{person}", 0),
    (Role.ADMIN, "/admin/settings", 0),
    (Role.ANALYST, "/reports", 0),
]


def fill(number: int) -> dict[str, str]:
    """Make an agency with so many people and so many looks at one child; return the references in the addresses."""
    agency = make_agency()
    people = [make_somebody(Role.PRACTITIONER, agency=agency) for _ in range(number)]
    for _each in people:
        audit.record("people:person:shown", SYSTEM, CHILD, shown=[CHILD])
    add_cases(people[0], number, CaseState.OPEN, Risk.MODERATE)
    return {"agency": agency.ref, "person": people[0].ref}


@pytest.mark.parametrize(("role", "path", "sections"), PAGES, ids=lambda each: str(each))
def test_a_page_costs_at_most_eight_statements_and_no_more_for_more_rows(
    app: Flask, sign_in: SignIn, role: Role, path: str, sections: int
) -> None:
    client = sign_in(role)
    costs = []
    for number in (2, 12):
        with app.app_context(), unit_of_work():
            known = fill(number)
        with counted(app) as sent:
            assert client.get(path.format(**known)).status == 200
        costs.append(len(sent))
    assert costs[0] == costs[1]
    assert costs[1] <= BUDGET + sections
