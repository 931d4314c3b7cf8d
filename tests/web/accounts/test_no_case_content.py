"""Who administers, audits or governs information sees no case content, on any page there is (AC-7)."""

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from safeguarding.access.roles import Role
from safeguarding.extensions import db
from safeguarding.panels.service.decisions import record_decision
from safeguarding.people.models import Person
from safeguarding.referrals.models import Referral
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.meetings import decision_text, make_day

# What stands in the texts of the day that the factories make: a name, reasons, a view of one's own, a decision.
CANARIES = (
    "Kayden",
    "Reeve",
    "two phones",
    "boxing",
    "nan lives",
    "Work with one agency alone",
    "Safety plan for the flat",
)


def held_day(app: Flask) -> dict[str, str]:
    """Make a meeting with a decision on a young person; return each address's beginning with the reference it takes."""
    with app.app_context(), unit_of_work():
        day = make_day(1)
        record_decision(
            day.people["chair"].actor, day.meeting, day.item, decision_text(day), read_version=day.item.version
        )
        person = db.session.get_one(Person, day.item.person_id)
        referral = db.session.get_one(Referral, day.item.referral_id)
        case = str(db.session.scalar(db.text("SELECT ref FROM safeguarding_case")))
        action = str(db.session.scalar(db.text("SELECT ref FROM action")))
        return {
            "/panels/": day.meeting.ref,
            "/people/": person.ref,
            "/audit/subjects/": person.ref,
            "/referrals/": referral.ref,
            "/cases/": case,
            "/nrm/record/": case,
            "/actions/": action,
            "slug": day.panel.slug,
            "item_ref": day.item.ref,
        }


def address(rule: Rule, known: dict[str, str]) -> str:
    """Return the address of a page about the day that was made."""
    start = max((each for each in known if rule.rule.startswith(each)), key=len, default="")
    values = {"slug": known["slug"], "item_ref": known["item_ref"]}

    def filled(found: re.Match[str]) -> str:
        choice = re.search(r"any\('?([a-z-]+)", found[0])
        return choice[1] if choice else values.get(found["name"], known.get(start, "1"))

    return re.sub(r"<(?:[a-z]+(?:\(.*?\))?:)?(?P<name>[a-z_]+)>", filled, rule.rule)


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR, Role.INFORMATION_GOVERNANCE, Role.ANALYST])
def test_no_page_shows_them_anything_of_a_case(app: Flask, sign_in: SignIn, role: Role) -> None:
    known = held_day(app)
    client = sign_in(role)
    opened = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()):
            continue
        page = client.get(address(rule, known))
        opened += page.status == 200
        for canary in CANARIES:
            assert canary not in page.text, (rule.rule, canary)
    assert opened > 5


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_the_chair_would_have_seen_it(app: Flask, sign_in: SignIn) -> None:
    # The same addresses opened by somebody who may: what is looked for above does stand on them.
    with app.app_context(), unit_of_work():
        day = make_day(1)
        chair = day.people["chair"]
        path = f"{day.path}/items/{day.item.ref}"
    client = sign_in(chair)
    shown = " ".join(client.get(each).text for each in (day.path, path, "/referrals", "/my-work"))
    assert "Kayden" in shown
