"""Twin worlds: two databases that differ in what the asker may not see alone answer every request with the same bytes.

Compared are lists, counts, search, the check for duplicates, places, badges, and the pages of records that are hidden in one
world and absent in the other; masked are only tokens, keys of forms and the number to quote.
"""

import random
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.cases.models import Case
from safeguarding.contexts.models import Context, ContextRole
from safeguarding.contexts.service import link_person_context
from safeguarding.core import clock
from safeguarding.core.references import repeatable
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.web.guard import public
from safeguarding.web.transaction import unit_of_work
from tests.factories import cases as cases_factory
from tests.factories import people as people_factory
from tests.factories.cases import make_case, make_person, make_update, restrict
from tests.factories.people import PHRASE, Somebody, make_agency, make_somebody
from tests.factories.places import make_context
from tests.support.databases import Databases, dispose
from tests.support.pages import PageClient

NAMES = {"given_name": "Kieran", "family_name": "Marsh"}
NHS = "9434765919"
ROLES = (Role.PRACTITIONER, Role.SOCIAL_WORKER, Role.SPOC, Role.COORDINATOR, Role.CHAIR, Role.ANALYST, Role.ADMIN)
_MASKED = re.compile(rb'(name="(?:csrf_token|once)" value|data-token)="[^"]*"')


@dataclass
class Twin:
    """One world: its application, who asks, and the references of what is hidden (made up where nothing is)."""

    app: Flask
    askers: dict[Role, Somebody]
    lead: Somebody
    place: str
    own_case: str
    hidden: list[str]


def _visible() -> tuple[dict[Role, Somebody], Somebody, Somebody, Context, Case]:
    """Make what the askers may see: a place, a case of the practitioner's, and everybody who signs in."""
    for module in (people_factory, cases_factory):
        module._numbers = count(1_000)  # both worlds name theirs alike
    home = make_agency("Marlbridge Council")
    askers = {role: make_somebody(role, agency=home, name=f"Asker {role}") for role in ROLES}
    lead = make_somebody(Role.LEAD, name="Asking Lead")
    place = make_context(name="Mill Road Park")
    own = make_case(askers[Role.PRACTITIONER])
    make_update(askers[Role.PRACTITIONER], own)
    return askers, lead, make_somebody(Role.SOCIAL_WORKER), place, own


def _hidden(other: Somebody, lead: Somebody, place: Context) -> list[str]:
    """Make what nobody of them may see: the same name, day of birth and NHS number, in another agency's case."""
    person = make_person(other, **NAMES, born_on=clock.today() - timedelta(days=15 * 365), nhs_number=NHS)
    case = make_case(other, person)
    make_update(other, case)
    link_person_context(
        other.actor, person_id=person.id, context_id=place.id, role=ContextRole.AT_RISK_HERE, source="A walk"
    )
    restrict(case, lead=lead)
    return [person.ref, case.ref]


@contextmanager
def _twin(databases: Databases, folder: Path, with_hidden: bool) -> Iterator[Twin]:
    with ExitStack() as stack:
        settings: Settings = stack.enter_context(databases.copy(folder))
        app = create_app(settings)
        stack.callback(dispose, app)
        with app.app_context(), repeatable(random.Random(7)), unit_of_work():
            askers, lead, other, place, own = _visible()
            restricting = make_somebody(Role.LEAD, name="Restricting Lead")
        hidden = ["YP-0000-0000", "CA-0000-0000"]
        if with_hidden:
            with app.app_context(), unit_of_work():
                hidden = _hidden(other, restricting, db.session.get_one(Context, place.id))
        yield Twin(app, askers, lead, place.ref, own.ref, hidden)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Twin, Twin]]:
    """The world without and the world with what is hidden, at one instant that stands still."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    folders = [tmp_path / "without", tmp_path / "with"]
    for folder in folders:
        folder.mkdir()
    with time_machine.travel(clock.now(), tick=False), ExitStack() as stack:
        yield (
            stack.enter_context(_twin(databases, folders[0], with_hidden=False)),
            stack.enter_context(_twin(databases, folders[1], with_hidden=True)),
        )


def answers(twin: Twin, who: Somebody) -> dict[str, tuple[int, bytes]]:
    """Return what each page, search and check answers to somebody, masked."""
    client = PageClient(twin.app.test_client())
    assert client.sign_in(who.email, PHRASE).status == 303
    token, found = client.csrf_token(), {}

    def ask(name: str, method: str, path: str, data: dict[str, Any] | None = None) -> None:
        sent = None if data is None else {"csrf_token": token, **data}
        answer = client.client.open(path, method=method, base_url=client.BASE, data=sent)
        body = _MASKED.sub(b"", answer.data).replace(answer.headers["X-Request-ID"].encode(), b"")
        for ref in twin.hidden:  # what was typed is shown again
            body = body.replace(ref.encode(), b"")
        found[name] = (answer.status_code, body)

    for rule in twin.app.url_map.iter_rules():
        if not rule.arguments and "GET" in (rule.methods or ()) and rule.endpoint not in NOT_ASKED:
            ask(rule.endpoint, "GET", rule.rule)
    for words in ("Kieran", "Marsh", "Kieran Marsh", "mar", "Person"):
        ask(f"search {words}", "POST", "/people", {"q": words})
    add = {**NAMES, "kind": "young_person", "born_on-day": "1", "born_on-month": "1", "born_on-year": "2011"}
    ask("duplicates", "POST", "/people/add", {**add, "nhs_number": NHS})
    for name, path in {
        "place": f"/contexts/{twin.place}",
        "people of the place": f"/contexts/{twin.place}/people",
        "own case": f"/cases/{twin.own_case}",
        "hidden person": f"/people/{twin.hidden[0]}",
        "hidden case": f"/cases/{twin.hidden[1]}",
        "who can see it": f"/access/{twin.hidden[1]}",
        "search by reference": f"/access/{twin.hidden[0]}",
    }.items():
        ask(name, "GET", path)
    ask("search for the reference", "POST", "/people", {"q": twin.hidden[0]})
    return found


# The counting of requests is the installation's own, and says nothing of a record.
NOT_ASKED = {"metrics.metrics", "static"}


def differing(twins: tuple[Twin, Twin], role: Role) -> list[str]:
    """Return the names of what the two worlds answer differently."""
    without, with_it = (answers(twin, twin.askers[role]) for twin in twins)
    assert without.keys() == with_it.keys()
    return [name for name in without if without[name] != with_it[name]]


@pytest.mark.parametrize("role", ROLES)
def test_what_is_hidden_changes_no_byte(twins: tuple[Twin, Twin], role: Role) -> None:
    assert differing(twins, role) == []


def test_a_restricted_record_changes_no_byte_for_the_hub(twins: tuple[Twin, Twin]) -> None:
    without, with_it = (answers(twin, twin.lead) for twin in twins)
    assert [name for name in without if without[name] != with_it[name]] == []


def test_a_planted_hole_is_found(twins: tuple[Twin, Twin], monkeypatch: pytest.MonkeyPatch) -> None:
    @public
    def leak() -> str:
        return str(db.session.query(Person).count())

    for twin in twins:
        monkeypatch.setitem(twin.app.view_functions, "web.cookies", leak)
    if not twins[0].app.extensions["settings"].is_sqlite:
        return  # behind the second wall there is nothing to count
    assert differing(twins, Role.ADMIN) == ["web.cookies"]
