"""Twin worlds: two databases that differ in what the asker may not see alone answer every request with the same bytes.

What is hidden is a restricted record, and from whoever is not of the hub the ordinary work of another panel too: a
referral, an agenda, a decision, an action, a referral to the NRM, a place. Compared are lists, counts, search, the check
for duplicates, each step of adding and referring somebody with its number of statements, places, badges, and the pages of
records that are hidden in one world and absent in the other; masked are only tokens, keys of forms and the number to quote.
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
from sqlalchemy import func, select

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.agencies.models import Agency
from safeguarding.cases.models import Case
from safeguarding.contexts.models import Context, ContextRole
from safeguarding.contexts.service import link_person_context
from safeguarding.core import clock
from safeguarding.core.references import repeatable
from safeguarding.core.second_wall import Sight, looking
from safeguarding.extensions import db
from safeguarding.nrm.service import ReferralText, record_referral
from safeguarding.panels.models.panels import Panel
from safeguarding.panels.service.agenda import plan_meeting, publish_agenda
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.meetings import open_item, open_meeting
from safeguarding.people.models import Person
from safeguarding.people.possible_models import PossibleDuplicate
from safeguarding.web.guard import public
from safeguarding.web.transaction import unit_of_work
from tests.factories import cases as cases_factory
from tests.factories import meetings as meetings_factory
from tests.factories import people as people_factory
from tests.factories.cases import make_action, make_case, make_person, make_update, restrict
from tests.factories.meetings import Day, add_young_person, attend, decision_text, make_day, make_members, make_referral
from tests.factories.people import PHRASE, SYSTEM, Somebody, make_agency, make_somebody
from tests.factories.places import make_context, make_incident
from tests.support.databases import Databases, dispose
from tests.support.pages import PageClient
from tests.support.statements import counted

Hidden = list[tuple[str, str]]
Members = tuple[Panel, dict[str, Agency], dict[str, Somebody]]
NAMES = {"given_name": "Kieran", "family_name": "Marsh"}
NHS = "9434765919"
ROLES = (Role.PRACTITIONER, Role.SOCIAL_WORKER, Role.SPOC, Role.COORDINATOR, Role.CHAIR, Role.ANALYST, Role.ADMIN)
_MASKED = re.compile(rb'(name="(?:csrf_token|once)" value|data-token)="[^"]*"')


@dataclass
class Twin:
    """One world: its application, who asks, and the references of what is hidden (made up where nothing is)."""

    app: Flask
    askers: dict[str, Somebody]
    lead: Somebody
    place: str
    own_case: str
    meeting: str  # the path of one that a panel of the askers' holds
    hidden: Hidden  # where their pages are, and their references


def _visible() -> tuple[dict[str, Somebody], Somebody, Somebody, Context, Case, str]:
    """Make what the askers may see: a place, a case of the practitioner's, a panel's meeting, and who signs in."""
    for module in (people_factory, cases_factory, meetings_factory):
        module._numbers = count(1_000)  # both worlds name theirs alike
    home = make_agency("Marlbridge Council")
    askers = {str(role): make_somebody(role, agency=home, name=f"Asker {role}") for role in ROLES}
    lead = make_somebody(Role.LEAD, name="Asking Lead")
    place = make_context(name="Mill Road Park")
    own = make_case(askers[str(Role.PRACTITIONER)])
    make_update(askers[str(Role.PRACTITIONER)], own)
    day = make_day()  # of another panel than that whose work is hidden
    askers |= {f"{key} of a panel": day.people[key] for key in ("chair", "coordinator", "police", "practitioner")}
    return askers, lead, make_somebody(Role.SOCIAL_WORKER), place, own, day.path


def _restricted(other: Somebody, lead: Somebody, place: Context) -> Hidden:
    """Make what nobody of them may see: the same name, day of birth and NHS number, in another agency's case."""
    person = make_person(other, **NAMES, born_on=clock.today() - timedelta(days=15 * 365), nhs_number=NHS)
    case = make_case(other, person)
    make_update(other, case)
    link_person_context(
        other.actor, person_id=person.id, context_id=place.id, role=ContextRole.AT_RISK_HERE, source="A walk"
    )
    restrict(case, lead=lead)
    return [("people", person.ref), ("cases", case.ref)]


def _ordinary(members: Members, lead: Somebody, place: Context) -> Hidden:
    """Make the work of a panel on which none of them has a seat, about people with whom they have nothing to do."""
    panel, agencies, people = members
    worker, chair = people["practitioner"], people["chair"]
    meeting = plan_meeting(SYSTEM, panel, starts_at=clock.now() + timedelta(days=7), place="Bridge Room")
    day = Day(panel, meeting, agencies, people)
    day.items += [add_young_person(day), add_young_person(day)]
    publish_agenda(people["coordinator"].actor, meeting, read_version=meeting.version)
    open_meeting(chair.actor, meeting, statement_read=True)
    for key in ("police", "health"):
        attend(day, key)
    open_item(chair.actor, meeting, day.item)
    record_decision(chair.actor, meeting, day.item, decision_text(day), read_version=day.item.version)
    person = make_person(worker, **NAMES, born_on=clock.today() - timedelta(days=15 * 365), nhs_number=NHS)
    case = make_case(worker, person)
    make_update(worker, case)
    link_person_context(
        worker.actor, person_id=person.id, context_id=place.id, role=ContextRole.AT_RISK_HERE, source="A walk"
    )
    sent = ReferralText(
        referred_on=clock.today(), first_responder_code="local_authority", exploitation_types=["criminal"]
    )
    closed = make_context(name="A flat on Mill Row", is_restricted=True)
    make_incident(lead.actor, closed)
    return [
        ("people", person.ref),
        ("cases", case.ref),
        ("referrals", make_referral(day).ref),
        ("actions", make_action(worker, case, worker).ref),
        ("nrm", record_referral(worker.actor, case, referral=sent).ref),
        ("contexts", closed.ref),
        (f"panels/{panel.slug}/meetings", meeting.ref),
    ]


@contextmanager
def _twin(databases: Databases, folder: Path, *, also_ordinary: bool, with_hidden: bool) -> Iterator[Twin]:
    with ExitStack() as stack:
        settings: Settings = stack.enter_context(databases.copy(folder))
        app = create_app(settings)
        stack.callback(dispose, app)
        with app.app_context(), repeatable(random.Random(7)), unit_of_work():
            askers, lead, other, place, own, meeting = _visible()
            restricting = make_somebody(Role.LEAD, name="Restricting Lead")
            members = make_members()
        absent = ABSENT if also_ordinary else ABSENT[:2]
        hidden = [(page.format(members[0].slug), ref) for page, ref in absent]
        if with_hidden:
            with app.app_context(), unit_of_work():
                here = db.session.get_one(Context, place.id)
                hidden = _restricted(other, restricting, here)
                if also_ordinary:
                    hidden += _ordinary(members, restricting, here)
        yield Twin(app, askers, lead, place.ref, own.ref, meeting, hidden)


ABSENT = [
    ("people", "YP-0000-0000"),
    ("cases", "CA-0000-0000"),
    ("people", "YP-0000-0000"),
    ("cases", "CA-0000-0000"),
    ("referrals", "RF-0000-0000"),
    ("actions", "AC-0000-0000"),
    ("nrm", "NR-0000-0000"),
    ("contexts", "CX-0000-0000"),
    ("panels/{}/meetings", "MT-0000-0000"),
]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def on(request: pytest.FixtureRequest) -> Databases:
    """Copies of one kind of database."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    return databases


@pytest.fixture(params=[pytest.param(True, id="both kinds")])
def twins(request: pytest.FixtureRequest, on: Databases, tmp_path: Path) -> Iterator[tuple[Twin, Twin]]:
    """The world without and the world with what is hidden, at one instant that stands still."""
    folders = [tmp_path / "without", tmp_path / "with"]
    for folder in folders:
        folder.mkdir()
    with time_machine.travel(clock.now(), tick=False), ExitStack() as stack:
        yield (
            stack.enter_context(_twin(on, folders[0], also_ordinary=request.param, with_hidden=False)),
            stack.enter_context(_twin(on, folders[1], also_ordinary=request.param, with_hidden=True)),
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
        for _page, ref in twin.hidden:  # what was typed is shown again
            body = body.replace(ref.encode(), b"")
        found[name] = (answer.status_code, body)

    for rule in twin.app.url_map.iter_rules():
        if not rule.arguments and "GET" in (rule.methods or ()) and rule.endpoint not in NOT_ASKED:
            ask(rule.endpoint, "GET", rule.rule)
    for words in ("Kieran", "Marsh", "Kieran Marsh", "mar", "Person"):
        ask(f"search {words}", "POST", "/people", {"q": words})
    add = {**NAMES, "kind": "young_person", "born_on-day": "1", "born_on-month": "1", "born_on-year": "2011"}
    ask("duplicates", "POST", "/people/add", {**add, "nhs_number": NHS})
    typed = _adding(client, token, {**add, "nhs_number": NHS})
    with counted(twin.app) as sent:
        made = client.post("/people/add/details", {"csrf_token": token, **typed}).location or ""
    ref = made.rpartition("/")[2].encode() or b"none"
    for name in ("added", "home.my_work"):
        ask(name, "GET", (made if name == "added" else "/my-work") or "/people")
        found[name] = (found[name][0] + len(sent), found[name][1].replace(ref, b""))
    if made:
        found |= _referring(twin, client, made)
    for name, path in {
        "place": f"/contexts/{twin.place}",
        "people of the place": f"/contexts/{twin.place}/people",
        "own case": f"/cases/{twin.own_case}",
        "own meeting": twin.meeting,
    }.items():
        ask(name, "GET", path)
    for words in ("flat", "Mill"):
        ask(f"places {words}", "POST", "/contexts", {"q": words})
    for number, (page, ref) in enumerate(twin.hidden):
        ask(f"hidden {page} {number}", "GET", f"/{page}/{ref}")
        ask(f"who can see {page} {number}", "GET", f"/access/{ref}")
        ask(f"search for {page} {number}", "POST", "/people", {"q": ref})
    return found


def _referring(twin: Twin, client: PageClient, person: str) -> dict[str, tuple[int, bytes]]:
    """Return what each page says to somebody who refers whom they added, and how many statements each step took."""
    found, at, ref = {}, f"{person}/refer", ""
    for number, typed in enumerate([*REFERRED, None]):
        with counted(twin.app) as sent:
            page = client.get(at)
        body = _MASKED.sub(b"", page.response.data).replace(page.response.headers["X-Request-ID"].encode(), b"")
        for own in (person.rpartition("/")[2], ref):
            body = body.replace(own.encode() or b"none", b"")
        found[f"referring {number}"] = (page.status + len(sent), body)
        if page.status != 200 or typed is None:
            return found
        with counted(twin.app) as sent:
            answer = client.post(at, {**page.form(having=next(iter(typed), None)), **typed})
        found[f"sending {number}"] = (answer.status + len(sent), b"")
        at = answer.location
        assert at, answer.words
        ref = at.split("/")[2]
    return found


def _adding(client: PageClient, token: str, typed: dict[str, Any]) -> dict[str, Any]:
    """Return what is sent to add somebody, once the search has shown who might be the same."""
    path, sent = "/people/add", {"csrf_token": token, **typed}
    page = client.client.post(path, base_url=client.BASE, data=sent).text
    signed = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("looked_for", "once")}
    return {**typed, "sex": "unknown", **{name: found[1] for name, found in signed.items() if found}}


REFERRED: list[dict[str, Any]] = [
    {"reasons": "Missing each day.", "harms": ["cce"], "risk": "moderate", "strengths": "An aunt."},
    {"asked": "asked", "own_view": "I can't just stop."},
    {
        **{"front_door_ref": "MASH-26-4471", "front_door_on-day": "1", "front_door_on-month": "1"},
        **{"front_door_on-year": "2026", "lawful_basis": "ca2004_s10_s11", "sharing_reason": "No agency sees it all."},
        **{"told_young_person": "yes", "told_parents": "yes"},
    },
    {"panel_question": "Help with the adults."},
    {},
]
# The counting of requests is the installation's own, and says nothing of a record.
NOT_ASKED = {"metrics.metrics", "static"}


def differing(twins: tuple[Twin, Twin], asker: str) -> list[str]:
    """Return the names of what the two worlds answer somebody differently."""
    without, with_it = (answers(twin, twin.askers[asker]) for twin in twins)
    assert without.keys() == with_it.keys()
    return [name for name in without if without[name] != with_it[name]]


def test_what_is_hidden_changes_no_byte(twins: tuple[Twin, Twin]) -> None:
    assert {asker: found for asker in twins[0].askers if (found := differing(twins, asker))} == {}


@pytest.mark.parametrize("twins", [pytest.param(False, id="restricted")], indirect=True)
def test_a_restricted_record_changes_no_byte_for_the_hub(twins: tuple[Twin, Twin]) -> None:
    without, with_it = (answers(twin, twin.lead) for twin in twins)
    assert [name for name in without if without[name] != with_it[name]] == []
    queued = []
    for twin in twins:
        with twin.app.app_context(), looking(Sight(system="test")):
            queued.append(db.session.scalar(select(func.count()).select_from(PossibleDuplicate)))
    assert queued == [0, 1]  # so there was something to tell


@pytest.mark.parametrize("on", ["sqlite"], indirect=True)  # behind the second wall there is nothing to count
def test_a_planted_hole_is_found(twins: tuple[Twin, Twin], monkeypatch: pytest.MonkeyPatch) -> None:
    @public
    def leak() -> str:
        return str(db.session.query(Person).count())

    for twin in twins:
        monkeypatch.setitem(twin.app.view_functions, "web.cookies", leak)
    assert differing(twins, str(Role.ADMIN)) == ["web.cookies"]
