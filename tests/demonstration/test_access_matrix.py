"""The matrix of access, held against the application: what it lists, whom it lets in, and what it hides from whom."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from safeguarding import create_app
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import GRANTS, Relation, Role
from safeguarding.core.references import new_reference
from safeguarding.core.second_wall import Sight, looking
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, PanelHandling, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service.attendance import declare_conflict
from safeguarding.panels.service.returns import answer_return
from safeguarding.people.models import Person
from safeguarding.web.guard import needs_of
from tests.access_matrix import HOLDERS, OPENS, PUBLIC
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.panels import make_accepted, make_published, make_round, make_young_person
from tests.factories.people import PHRASE, make_agency, make_somebody, unit_of_work
from tests.factories.places import make_context, make_lead
from tests.factories.worlds import Values, World, make_world
from tests.support.databases import Databases, dispose
from tests.support.pages import PageClient
from tests.support.undoing import undone

CONTACTS = ("police", "health", "education")
# The hub's lead sees all that is not restricted, so no other partnership's is hidden from one.
STRANGERS = ("chair", "vice_chair", "coordinator", "practitioner", "social_worker", "police", "education")
NO_SUCH = {"item_ref": "IT", "update_ref": "UP", "incident_ref": "IN", "goal_ref": "GO"}

on_sqlite = pytest.mark.parametrize("standing", ["sqlite"], indirect=True)


def listed(app: Flask) -> dict[str, str]:
    """Return what the application says of itself: for each "METHOD endpoint" the permission it needs."""
    found = {}
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found[f"{method} {rule.endpoint}"] = str(needs_of(app.view_functions[rule.endpoint]))
    return found


def in_the_matrix() -> dict[str, str]:
    """Return the same from the table."""
    return {row: str(needed) for needed, rows in OPENS.items() for row in rows}


@on_sqlite
def test_the_matrix_lists_every_address_with_the_permission_it_needs(app: Flask) -> None:
    assert listed(app) == in_the_matrix()
    assert sum(map(len, OPENS.values())) == len(in_the_matrix()), "an address stands in the table twice"


@on_sqlite
def test_an_address_that_is_not_in_the_matrix_is_noticed(app: Flask) -> None:
    app._got_first_request = False
    view = app.view_functions["home.my_work"]
    app.add_url_rule("/planted", "planted", view)
    assert listed(app).keys() - in_the_matrix().keys() == {"GET planted"}


@pytest.mark.parametrize("needed", Permission)
def test_the_roles_hold_what_the_matrix_says(needed: Permission) -> None:
    assert {role for role in Role if needed in GRANTS[role]} == HOLDERS[needed]


def test_an_administrator_holds_nothing_about_a_case() -> None:
    areas = {str(needed).partition(":")[0] for needed in GRANTS[Role.ADMIN]}
    assert areas == {"home", "admin"}
    for role in (Role.AUDITOR, Role.ANALYST):
        assert not {str(needed).partition(":")[0] for needed in GRANTS[role]} & {"people", "cases", "panels", "nrm"}


def test_information_governance_reads_a_record_in_an_emergency_alone() -> None:
    content = {
        needed: kinds
        for needed, kinds in GRANTS[Role.INFORMATION_GOVERNANCE].items()
        if str(needed).partition(":")[0] in {"people", "cases", "panels", "nrm", "referrals", "actions"}
    }
    # It decides about requests by reference and reason, without a relation to whom they are about.
    decided = {content.pop(Permission.SEALED_GRANT), content.pop(Permission.RESTRICTION_AGREE)}
    assert decided == {frozenset()}
    assert content == {}
    assert GRANTS[Role.INFORMATION_GOVERNANCE][Permission.EMERGENCY_READ] == frozenset({Relation.EMERGENCY})


# --- a role without the permission ---------------------------------------------------------------------------------


@on_sqlite  # the application alone decides this
@pytest.mark.parametrize("role", Role)
def test_a_role_without_the_permission_is_refused(app: Flask, sign_in: SignIn, role: Role) -> None:
    client = sign_in(role)
    token = client.csrf_token()
    refused = 0
    with undone():
        for needed, rows in OPENS.items():
            if needed == PUBLIC or role in HOLDERS[Permission(needed)]:
                continue
            for row in sorted(rows):
                method, path = row.split()[0], address(app, row.split()[1])
                page = ask(client, token, method, path)
                assert page.status_code == 403, f"{role}: {row} answered {page.status_code}"
                refused += 1
    assert refused > 10


def address(app: Flask, endpoint: str, values: Values | None = None) -> str:
    """Return an address of an endpoint, with made-up parameters where none are given."""
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    given = {name: made_up(rule, name) for name in rule.arguments} | {
        name: value for name, value in (values or {}).items() if name in rule.arguments
    }
    with app.test_request_context("/", base_url=PageClient.BASE):
        return url_for(endpoint, **given)


def made_up(rule: Rule, name: str) -> Any:
    """Return a parameter that names nothing there is."""
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    fixed = {"kind": "person", "slug": "no-such-panel", "role": "spoc", "key": "none"}
    if name in fixed:
        return fixed[name]
    if name.endswith("_id"):
        return 999_999
    prefix = {"person_ref": "YP", "case_ref": "CA", "context_ref": "CX", "agency_ref": "AG", **NO_SUCH}.get(name)
    areas = {"people": "YP", "cases": "CA", "actions": "AC", "nrm": "NR", "referrals": "RF", "contexts": "CX",
             "panels": "MT", "admin": "US", "agencies": "AG", "oversight": "CA", "access": "CA", "emergency": "EA", "exports": "LX",
             "sealed": "SR", "approvals": "RR", "accounts": "SF", "drafts": "KF", "matrix": "TG"}  # fmt: skip
    own = {"cases.open_case": "YP", "panels.answer_return": "RR", "people.possible_duplicate": "PD"}
    return new_reference(prefix or own.get(rule.endpoint) or areas[rule.endpoint.partition(".")[0]])


# --- what is hidden ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """An application with two partnerships whose people have nothing to do with each other, for tests that undo all."""

    app: Flask
    worlds: tuple[World, World]

    def browsers(self, world: World, keys: tuple[str, ...] | None = None) -> dict[str, tuple[PageClient, str]]:
        """Return a signed-in browser and its token for people of a world."""
        found = {}
        for key, who in world.people.items():
            if keys is None or key in keys:
                client = PageClient(self.app.test_client())
                assert client.sign_in(who.email, PHRASE).status == 303
                found[key] = client, client.csrf_token()
        return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Two partnerships that the tests of this file share, once for each database."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    with databases.copy(tmp_path_factory.mktemp("worlds")) as fresh:
        app = create_app(fresh)
        with app.app_context(), looking(Sight(system="test")), unit_of_work():
            made = make_world(), make_world()
        yield Standing(app, made)
        dispose(app)


# What belongs to the partnership as a whole, and is nobody's own.
OF_THE_PARTNERSHIP = frozenset(
    {
        Permission.ADMIN_USERS,
        Permission.ADMIN_APPROVE,
        Permission.ADMIN_SETTINGS,
        Permission.ADMIN_AGREEMENTS,
        Permission.AUDIT_READ,
        Permission.EMERGENCY_REVIEW,
        Permission.SEALED_GRANT,
        Permission.RESTRICTION_AGREE,
    }
)
# What belongs to one account: its tests are those of sign-in.
OF_AN_ACCOUNT = frozenset({"accounts.remove_factor", "accounts.end_session", "drafts.kept", "drafts.discard"})


def parametrised(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield (method, endpoint) for what has a reference in its address and belongs to somebody."""
    rules = {rule.endpoint for rule in app.url_map.iter_rules() if rule.arguments}
    for needed, rows in OPENS.items():
        if needed == PUBLIC or needed in OF_THE_PARTNERSHIP:
            continue
        for row in sorted(rows):
            method, endpoint = row.split()
            if endpoint in rules - OF_AN_ACCOUNT:
                yield method, endpoint


def ask(client: PageClient, token: str, method: str, path: str, pairs: Iterable[tuple[str, str]] = ()) -> TestResponse:
    """Fetch an address, or send it a form with nothing in it but the pairs given."""
    if method == "GET":
        return client.client.get(path, base_url=client.BASE)
    return client.client.post(path, base_url=client.BASE, data=MultiDict([("csrf_token", token), *pairs]))


def masked(answer: TestResponse) -> bytes:
    """Return an answer without what differs at every request: the token and the number to quote."""
    plain = re.sub(rb'(name="csrf_token" value|data-token)="[^"]+"', b"", answer.data)
    return plain.replace(answer.headers["X-Request-ID"].encode(), b"")


def holds(role: Role, method: str, endpoint: str) -> bool:
    """Return whether a role holds what an address needs."""
    needed = next(needed for needed, rows in OPENS.items() if f"{method} {endpoint}" in rows)
    return role in HOLDERS[Permission(needed)]


def role_of(key: str) -> Role:
    """Return the role of somebody whom the factories name."""
    return Role.SPOC if key in CONTACTS else Role(key)


def test_hidden_absent_and_malformed_references_answer_alike(both: Standing) -> None:
    app, (here, there) = both.app, both.worlds
    strangers = both.browsers(here, STRANGERS)
    compared = 0
    with undone():
        for method, endpoint in parametrised(app):
            hidden, absent = address(app, endpoint, there.of(endpoint)), address(app, endpoint)
            malformed = address(app, endpoint, {"ref": "none-such", "slug": "none-such", "person_ref": "YP"})
            for key, (client, token) in strangers.items():
                if not holds(role_of(key), method, endpoint):
                    continue
                pages = [ask(client, token, method, path) for path in (hidden, absent, malformed)]
                where = f"{key}: {method} {hidden}"
                assert [page.status_code for page in pages] == [404, 404, 404], where
                assert len({masked(page) for page in pages}) == 1, f"{where}: the pages differ"
                assert len({frozenset(page.headers.keys()) for page in pages}) == 1, f"{where}: the headers differ"
                compared += 1
    assert compared > 200


# Nobody refers a restricted place: those who lead on it already know. A sealed value needs a grant that nobody here has.
NEVER_OPEN = {"referrals.make_for_place", "people.reveal_sealed", "contexts.reveal_informant"}
# Whoever removes what somebody else has just removed is told so; of another parent's they are told the same.
SAYS_IT_IS_GONE = {"people.remove_alias": [400, 400], "cases.end_allocation": [400, 400], "cases.take_off": [303, 303]}


def test_what_is_hidden_from_others_opens_to_its_own_people(both: Standing) -> None:
    # Without this the test above would pass on addresses that lead nowhere.
    app, world = both.app, both.worlds[0]
    own = both.browsers(world)
    with undone():
        for method, endpoint in parametrised(app):
            path = address(app, endpoint, world.of(endpoint))
            answers = {}
            for key, each in own.items():
                answers[key] = ask(*each, method, path).status_code
                if answers[key] not in (403, 404):
                    break
            opened = [status for status in answers.values() if status not in (403, 404)]
            assert bool(opened) is (endpoint not in NEVER_OPEN), f"{method} {path}: {answers}"


def ask_whatever_the_version(client: PageClient, token: str, method: str, path: str) -> TestResponse:
    """Ask; a form that carries a version is sent again until it carries the one that stands."""
    if method == "GET":
        return ask(client, token, method, path)
    for version in range(1, 20):
        data = {"csrf_token": token, "version": str(version)}
        answer = client.client.post(path, base_url=client.BASE, data=data)
        if answer.status_code != 409:
            break
    return answer


def test_what_hangs_on_another_parent_is_not_found(both: Standing) -> None:
    app, world = both.app, both.worlds[0]
    own = both.browsers(world)
    compared = 0
    with undone():
        for method, endpoint in parametrised(app):
            arguments = next(rule.arguments for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
            for child in arguments & (world.siblings.keys() - {"person_ref", "case_ref", "context_ref"}):
                right = address(app, endpoint, world.of(endpoint))
                other = world.siblings.get(endpoint, world.siblings)[child]
                wrong = address(app, endpoint, world.of(endpoint, **{child: other}))
                absent = address(app, endpoint, {k: v for k, v in world.of(endpoint).items() if k != child})
                for key, each in own.items():
                    if ask(*each, method, right).status_code in (403, 404):
                        continue
                    client = each[0].client
                    client.delete_cookie("__Host-said", domain="localhost")  # what the right address said would show
                    answers = [ask_whatever_the_version(*each, method, path) for path in (wrong, absent)]
                    statuses = [answer.status_code for answer in answers]
                    assert statuses in ([404, 404], SAYS_IT_IS_GONE.get(endpoint)), (
                        f"{key}: {method} {wrong} {statuses}"
                    )
                    assert masked(answers[0]) == masked(answers[1]), f"{key}: {method} {wrong}: the pages differ"
                    compared += 1
    assert compared > 20


def test_a_meeting_is_found_under_its_own_panel_alone(both: Standing) -> None:
    app, (here, there) = both.app, both.worlds
    client, token = both.browsers(here, ("chair",))["chair"]
    compared = 0
    with undone():
        for method, endpoint in parametrised(app):
            rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
            if {"slug", "ref"} <= rule.arguments and holds(Role.CHAIR, method, endpoint):
                path = address(app, endpoint, here.of(endpoint, slug=there.day.panel.slug))
                assert ask(client, token, method, path).status_code == 404, path
                compared += 1
    assert compared > 20


@pytest.mark.parametrize("number", [0, 999_999_999, 10**30])
def test_a_number_that_names_nothing_is_not_found(both: Standing, number: int) -> None:
    app, world = both.app, both.worlds[0]
    own = both.browsers(world, ("practitioner", "chair", "coordinator", "lead"))
    asked = 0
    with undone():
        for method, endpoint in parametrised(app):
            arguments = next(rule.arguments for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
            for child in (name for name in arguments if name.endswith("_id")):
                path = address(app, endpoint, world.of(endpoint, **{child: number}))
                for key, (client, token) in own.items():
                    status = ask_whatever_the_version(client, token, method, path).status_code
                    gone = SAYS_IT_IS_GONE.get(endpoint, [404])[0]
                    assert status in (403, 404, gone), f"{key}: {method} {path} answered {status}"
                    asked += status == 404
    assert asked > 5


# --- some that have gone wrong elsewhere ---------------------------------------------------------------------------


def answers_alike(client: PageClient, *paths: str) -> bool:
    """Return whether all these addresses are the same 404."""
    answers = [ask(client, "", "GET", path) for path in paths]
    return {answer.status_code for answer in answers} == {404} and len({masked(answer) for answer in answers}) == 1


def test_a_practitioner_opens_no_case_of_another(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        home = make_agency()
        mine, colleague = make_somebody(Role.PRACTITIONER, agency=home), make_somebody(Role.PRACTITIONER, agency=home)
        case = make_case(colleague)
        person = f"/people/{db.session.get_one(Person, case.person_id).ref}"
    path = f"/cases/{case.ref}"
    assert sign_in(colleague).get(path).status == 200
    client = sign_in(mine)
    assert answers_alike(client, path, f"/cases/{new_reference('CA')}", "/cases/anything")
    assert answers_alike(client, person, f"/people/{new_reference('YP')}", "/people/anybody")


def test_a_restricted_case_and_place_are_hidden_from_the_hub_and_from_workers(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        worker, lead = make_somebody(Role.SOCIAL_WORKER), make_lead()
        case = make_case(worker, is_restricted=True)
        home = make_context(name="12 Ferry Lane", is_restricted=True)
    assert sign_in(worker).get(f"/cases/{case.ref}").status == 200
    hub = sign_in(lead)
    assert answers_alike(hub, f"/cases/{case.ref}", f"/cases/{new_reference('CA')}")
    assert hub.get(f"/contexts/{home.ref}").status == 200
    for path in ("/contexts/{}", "/cases/open/context/{}", "/contexts/{}/refer", "/contexts/{}/incidents/record"):
        assert answers_alike(sign_in(worker), path.format(home.ref), path.format(new_reference("CX"))), path


def test_a_contact_opens_no_item_of_a_panel_without_a_seat(both: Standing) -> None:
    app, (here, there) = both.app, both.worlds
    health = both.browsers(here, ("health",))["health"][0]
    for endpoint in ("panels.live_item", "panels.decision", "panels.meeting", "panels.live"):
        assert health.get(address(app, endpoint, here.of(endpoint))).status == 200, endpoint
        assert answers_alike(health, address(app, endpoint, there.of(endpoint)), address(app, endpoint)), endpoint


def test_a_contact_neither_changes_nor_reads_what_another_agency_kept_for_the_chair(
    app: Flask, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        day = make_world().day
    with app.app_context(), unit_of_work():
        open_item = day.items[2]
        asked = db.session.scalars(
            select(ReturnRequest).where(
                ReturnRequest.item_id == open_item.id, ReturnRequest.agency_id == day.people["police"].agency_id
            )
        ).one()
        answer_return(
            day.people["police"].actor,
            asked,
            state=ReturnState.ANSWERED,
            text="Seen with a known adult on Mill Road.",
            handling=PanelHandling.CHAIR_ONLY,
            read_version=asked.version,
        )
    path = f"/panels/returns/{asked.ref}"
    paths = (path, day.item_path(open_item), day.path)
    clients = {key: sign_in(day.people[key]) for key in ("police", "chair", "health", "education")}
    for key, client in clients.items():
        shown = any("Mill Road" in client.get(each).text for each in paths)
        assert shown is (key in ("police", "chair")), key
    typed = clients["police"].get(path).form() | {"state": "nothing_known", "held": ""}
    for key in ("health", "education", "chair"):
        clients[key].post(path, typed)
        assert "Mill Road" in clients["police"].get(path).text, f"{key} changed it"


def test_a_declared_conflict_closes_the_item_and_all_that_it_is_about(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        around = make_round()
        person = make_young_person(around.practitioner)
        case = make_case(around.practitioner, person)
        referral = make_accepted(around, person=person)
        meeting = make_published(around, referral)
        item = db.session.scalars(select(AgendaItem).where(AgendaItem.meeting_id == meeting.id)).one()
    paths = {
        f"/panels/{around.slug}/meetings/{meeting.ref}/live/items/{item.ref}": "IT",
        f"/people/{person.ref}": "YP",
        f"/cases/{case.ref}": "CA",
        f"/referrals/{referral.ref}": "RF",
    }
    clients = {who.email: sign_in(who) for who in (around.police, around.chair, around.social_care)}
    for client in clients.values():
        assert [client.get(path).status for path in paths] == [200] * 4
    with app.app_context(), unit_of_work():
        for who in (around.police, around.chair):
            declare_conflict(who.actor, db.session.get_one(Meeting, meeting.id), item, reason="A cousin")
    for who in (around.police, around.chair):
        for path, prefix in paths.items():
            absent = path.rpartition("/")[0] + "/" + new_reference(prefix)
            assert answers_alike(clients[who.email], path, absent), f"{who.name}: {path}"
    assert [clients[around.social_care.email].get(path).status for path in paths] == [200] * 4
