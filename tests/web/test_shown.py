"""What a form shows of a record is recorded as seen, though its view records nothing: the door does."""

import json
from typing import Any

import pytest
from flask import Flask, Response, g
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.audit import service
from safeguarding.audit.models import AuditEvent
from safeguarding.extensions import db
from safeguarding.oversight.events import AREAS
from safeguarding.people.models import Person
from safeguarding.web.transaction import pending_events, unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import Somebody, make_somebody


class Shown:
    """A case, whoever leads it, and what the audit holds of their looks."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context(), unit_of_work():
            self.lead: Somebody = make_somebody(Role.SOCIAL_WORKER)
            case = make_case(self.lead)
            self.case_ref = case.ref
            self.person_ref = db.session.scalars(select(Person.ref).where(Person.id == case.person_id)).one()

    def of(self, request_id: str) -> list[tuple[str, str | None]]:
        """Return the events (name, subject) of one request."""
        with self.app.app_context():
            rows = db.session.execute(
                select(AuditEvent.event, AuditEvent.subject).where(AuditEvent.request_id == request_id)
            )
            return [(row.event, row.subject) for row in rows]


@pytest.fixture
def shown(app: Flask) -> Shown:
    return Shown(app)


def test_a_form_with_what_stands_now_is_a_look(shown: Shown, sign_in: SignIn) -> None:
    browser = sign_in(shown.lead)
    person, case = f"/people/{shown.person_ref}", f"/cases/{shown.case_ref}"
    forms = {
        f"{person}/names": "people:names:shown",
        f"{person}/details": "people:details:shown",
        f"{person}/other-names": "people:aliases:shown",
        f"{case}/revise": "cases:revise:shown",
        f"{case}/updates/add": "cases:update:shown",
    }
    for path, event in forms.items():
        page = browser.get(path)
        assert page.status == 200, path
        assert shown.of(page.response.headers["X-Request-ID"]) == [(event, path.split("/")[2])]


def test_a_refused_and_a_stale_form_are_looks_too_and_a_page_that_says_more_is_one_event(
    shown: Shown, sign_in: SignIn
) -> None:
    browser = sign_in(shown.lead)
    path = f"/people/{shown.person_ref}/names"
    form = browser.get(path).form(having="family_name")
    empty = browser.post(path, form | {"family_name": ""})
    assert empty.status == 422
    assert shown.of(empty.response.headers["X-Request-ID"]) == [("people:names:shown", shown.person_ref)]
    assert browser.post(path, form | {"family_name": "Changed"}).status == 303
    stale = browser.post(path, form | {"family_name": "Another"})
    assert stale.status == 409
    assert ("people:names:shown", shown.person_ref) in shown.of(stale.response.headers["X-Request-ID"])
    page = browser.get(f"/cases/{shown.case_ref}")
    assert shown.of(page.response.headers["X-Request-ID"]) == [("cases:case:shown", shown.case_ref)]


def test_its_part_of_the_service_is_one_that_the_audit_is_searched_by(app: Flask) -> None:
    def shows(rule: Any) -> bool:
        return any(name == "ref" or name.endswith("_ref") for name in rule.arguments)

    views = [app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules() if shows(rule)]
    assert {view.__module__.split(".")[1] for view in views} <= set(AREAS)
    assert len(views) > 90


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/admin/people/US-0000-0000", "accounts:person:shown"),
        ("/emergency/EA-0000-0000", "oversight:use:shown"),
        ("/access/CA-0000-0000", "oversight:record:shown"),
    ],
)
def test_a_look_is_named_after_the_part_and_not_after_the_address(app: Flask, path: str, event: str) -> None:
    with app.test_request_context(path):
        g.actor = Actor("user:US-0000-0000", "Somebody")
        service._note_shown(Response(status=200))
        [noted] = pending_events()
        assert noted.payload["event"] == event
        pending_events().clear()


def test_what_was_not_shown_is_a_refusal_and_no_look(shown: Shown, sign_in: SignIn) -> None:
    page = sign_in(Role.PRACTITIONER).get(f"/people/{shown.person_ref}/names")
    assert page.status == 404
    assert shown.of(page.response.headers["X-Request-ID"]) == [("access:request:refused", shown.person_ref)]


def test_a_look_says_what_allowed_it_and_goes_on_saying_so(shown: Shown, sign_in: SignIn) -> None:
    with shown.app.app_context(), unit_of_work():
        hub = make_somebody(Role.LEAD)
    for who, path, why, permission in (
        (shown.lead, f"/cases/{shown.case_ref}", ["lead_worker"], "cases:case:read"),
        (shown.lead, f"/cases/{shown.case_ref}/revise", ["lead_worker"], "cases:case:update"),
        (hub, f"/people/{shown.person_ref}", ["hub"], "people:person:read"),
        (hub, f"/access/{shown.case_ref}", ["hub"], "cases:case:read"),  # the door's, not the page's
        (hub, f"/access/{shown.case_ref}/looks", ["hub"], "oversight:looks:read"),
    ):
        page = sign_in(who).get(path)
        with shown.app.app_context():
            detail = select(AuditEvent.detail).where(
                AuditEvent.request_id == page.response.headers["X-Request-ID"], AuditEvent.subject.is_not(None)
            )
            said = json.loads(db.session.scalars(detail).one())
        role = "lead" if who is hub else "social_worker"
        assert (said["why"], said["permission"], said["roles"]) == (why, permission, [role]), path
