"""Step-up: what weighs asks for a second factor shown a moment ago, before anything of it is done."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, url_for
from sqlalchemy import func, select

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import GRANTS, Role
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.oversight.models import EmergencyAccess
from safeguarding.web.guard import asks_fresh_factor, needs_of
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import make_somebody

LATER = timedelta(minutes=6)
ADMINISTERS = frozenset({Permission.ADMIN_USERS, Permission.ADMIN_APPROVE, Permission.ADMIN_AGREEMENTS})
FREE = frozenset({"admin.find", "approvals.withdraw"})  # a search, and taking back what one asked for oneself
FILLED = {"ref": "US-0000-0000", "agency_ref": "AG-0000-0000", "role": "chair", "number": 1, "key": "x"}


def _changes(rule: Any) -> bool:
    return bool(rule.methods & {"POST", "PUT", "PATCH", "DELETE"})


def test_what_changes_people_roles_and_agreements_asks(app: Flask) -> None:
    open_to = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if _changes(rule)
        and needs_of(app.view_functions[rule.endpoint]) in ADMINISTERS
        and not asks_fresh_factor(app.view_functions[rule.endpoint])
    }
    assert open_to == FREE


def test_so_does_what_opens_a_restricted_record_or_something_sealed(app: Flask) -> None:
    for endpoint in ("sealed.grant", "cases.second", "cases.decide_restriction"):
        assert asks_fresh_factor(app.view_functions[endpoint]), endpoint


def test_every_view_that_asks_leads_to_the_confirmation_and_does_nothing(app: Flask, sign_in: SignIn) -> None:
    held = GRANTS[Role.ADMIN]
    asked = [
        rule
        for rule in app.url_map.iter_rules()
        if asks_fresh_factor(view := app.view_functions[rule.endpoint]) and needs_of(view) in held
    ]
    assert len(asked) > 12
    browser = sign_in(Role.ADMIN)
    token = browser.csrf_token()
    with time_machine.travel(clock.now() + LATER):
        for rule in asked:
            with app.test_request_context():
                path = url_for(rule.endpoint, **{name: FILLED.get(name, "x") for name in rule.arguments})
            page = browser.post(path, {"csrf_token": token}) if _changes(rule) else browser.get(path)
            assert page.status == 303 and page.location.startswith("/confirm"), rule


@pytest.mark.parametrize("minutes", [4, 6])
def test_emergency_access_asks(app: Flask, sign_in: SignIn, minutes: int) -> None:
    with app.app_context(), unit_of_work():
        ref = make_case(make_somebody(Role.PRACTITIONER)).ref
    police = sign_in(Role.SPOC)
    form = police.get("/emergency").form(having="record") | {
        "record": ref,
        "kind": "missing_now",
        "parts": ["risk"],
        "basis": "vital_interests",
        "reason": "Control room: two callers say he is being held at the retail park.",
    }
    with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
        page = police.post("/emergency", form)
    with app.app_context():
        opened = db.session.scalar(select(func.count(EmergencyAccess.id)))
    assert page.status == 303
    assert (page.location.startswith("/confirm"), opened) == ((True, 0) if minutes == 6 else (False, 1))
