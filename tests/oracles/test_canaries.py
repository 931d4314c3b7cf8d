"""The canary crawl: whoever has nothing to do with a record meets no word of it, on any route, by any method."""

import logging
import threading
from collections import Counter
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.cases.models import Case
from safeguarding.cli.worker import send_due
from safeguarding.extensions import db
from safeguarding.notices.service import Outcome
from safeguarding.panels.models.items import DiscussionNote, PanelHandling, ReturnRequest
from safeguarding.people.models import Person
from safeguarding.web.guard import permission
from tests.conftest import SignIn
from tests.demonstration.test_access_matrix import ask
from tests.factories.people import Somebody, make_somebody, unit_of_work
from tests.factories.worlds import World, make_world
from tests.oracles.canaries import addresses, columns, plant, stuffed, tokens_in
from tests.support.pages import PageClient
from tests.support.undoing import undone

# Whoever reads what belongs to the partnership as a whole: a place that is not restricted, its incidents and goals.
WITHOUT_CONTENT = (Role.ADMIN, Role.AUDITOR, Role.ANALYST, Role.INFORMATION_GOVERNANCE)
STRANGERS = (Role.CHAIR, Role.VICE_CHAIR, Role.COORDINATOR, Role.PRACTITIONER, Role.SOCIAL_WORKER, Role.SPOC)
# Whoever agrees to a restriction as a second person reads why, beside the reference alone; whoever reviews an emergency
# reads who used it and why.
AGREED = {
    Role.INFORMATION_GOVERNANCE: {
        "case_restriction.reason": ("/cases/restrictions",),
        "emergency_access.reason": ("/emergency/",),
        "emergency_access.agency": ("/emergency/", "/my-work"),
    }
}


@pytest.fixture
def world(app: Flask) -> World:
    """A partnership's records, all of them somebody's, none of them of whoever crawls."""
    with app.app_context(), unit_of_work():
        return make_world()


# A role that an address refuses is refused before anybody looks which record it names.
OFTEN_ENOUGH = 2


def make_outsiders(app: Flask, roles: tuple[Role, ...]) -> dict[Role, Somebody]:
    with app.app_context(), unit_of_work():
        return {role: make_somebody(role) for role in roles}


def crawl(app: Flask, client: PageClient, world: World) -> dict[str, set[bytes]]:
    """Ask every address by every method, and search; return the tokens that came back, by address."""
    token, found = client.csrf_token(), {}
    sent_along = stuffed(app, world)
    session = client.client.get_cookie("__Host-session", domain="localhost")
    assert session is not None
    refused: Counter[tuple[str, str]] = Counter()
    with undone():
        for method, endpoint, path in addresses(app, world):
            if refused[method, endpoint] >= OFTEN_ENOUGH:
                continue
            # Signing out is one of the addresses: the browser would be nobody's from there on.
            client.client.set_cookie(
                "__Host-session", session.value, domain="localhost", secure=True, httponly=True, path="/"
            )
            came = [ask(client, token, method, path)]
            refused[method, endpoint] += came[0].status_code == 403
            # Where the role or the address is refused already, what is sent along is not looked at.
            if method == "POST" and came[0].status_code not in (403, 404, 405):
                came.append(ask(client, token, method, path, sent_along))
            sent = [part for each in came for part in (each.data, str(each.headers).encode())]
            if tokens := tokens_in(b"\n".join(sent)):
                found[f"{method} {path}"] = tokens
        for words in ("Young", "Person", "canary", world.values["people"]["ref"], world.values["case_ref"]):
            answer = client.client.post("/people", base_url=client.BASE, data={"q": words, "csrf_token": token})
            if tokens := tokens_in(answer.data):
                found[f"search {words}"] = tokens
    return found


def named(planted: dict[bytes, str], found: dict[str, set[bytes]]) -> dict[str, list[str]]:
    return {where: sorted(planted.get(token, "?") for token in tokens) for where, tokens in found.items()}


def test_every_text_about_somebody_carries_a_token(app: Flask, world: World) -> None:
    planted = set(plant(app).values())
    tables = {each.partition(".")[0] for each in planted}
    with app.app_context():
        assert len(columns()) > 20
    for table in ("person", "safeguarding_case", "case_update", "referral", "decision", "return_request", "action"):
        assert table in tables, table


@pytest.mark.timeout(600)
def test_nobody_meets_a_word_of_what_is_not_theirs(
    app: Flask, world: World, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outsiders = make_outsiders(app, (*STRANGERS, *WITHOUT_CONTENT))
    planted = plant(app)
    assert len(planted) > 100
    for role, outsider in outsiders.items():
        found = named(planted, crawl(app, sign_in(outsider), world))
        met = {(where.split()[1], each.partition("[")[0]) for where, held in found.items() for each in held}
        agreed = AGREED.get(role, {})
        strange = {(path, text) for path, text in met if not path.startswith(agreed.get(text, ("none",)))}
        assert not strange, role
        assert not tokens_in(caplog.text.encode()), f"{role}: a log holds a text about somebody"
        caplog.clear()


def test_nobody_signed_in_meets_nothing(app: Flask, world: World, anonymous: PageClient) -> None:
    planted = plant(app)
    with undone():
        found: dict[str, set[bytes]] = {}
        for method, _endpoint, path in addresses(app, world):
            answer = ask(anonymous, anonymous.csrf_token() if method == "POST" else "", method, path)
            if tokens := tokens_in(answer.data):
                found[f"{method} {path}"] = tokens
    assert named(planted, found) == {}


def test_the_crawl_finds_what_belongs_to_whoever_crawls(app: Flask, world: World, sign_in: SignIn) -> None:
    # Without this the test above would pass on a crawl that reaches nothing.
    planted = plant(app)
    found = named(planted, crawl(app, sign_in(world.people["practitioner"]), world))
    tables = {each.partition(".")[0] for held in found.values() for each in held}
    assert {"person", "safeguarding_case", "case_update", "action", "referral"} <= tables


def test_a_declared_conflict_and_handling_close_every_word_to_a_member(
    app: Flask, world: World, sign_in: SignIn
) -> None:
    barred = world.day.items[1]
    planted = plant(app)
    found = named(planted, crawl(app, sign_in(world.people["education"]), world))
    of_the_item = f"agenda_item.title[{barred.id}]"
    assert of_the_item in planted.values()
    assert of_the_item not in {each for held in found.values() for each in held}
    met = {each for held in found.values() for each in held}
    assert not {each for each in met if each.startswith("person.") and each.endswith(f"[{barred.person_id}]")}
    with app.app_context():
        notes = db.session.execute(select(DiscussionNote.id, DiscussionNote.handling).order_by(DiscussionNote.id)).all()
        answers = db.session.execute(select(ReturnRequest.id, ReturnRequest.handling, ReturnRequest.text)).all()
    for table, rows in (("discussion_note", notes), ("return_request", [each for each in answers if each.text])):
        assert {PanelHandling.CHAIR_ONLY} <= {row.handling for row in rows}
        for row in rows:
            is_for_all = row.handling is PanelHandling.ALL_MEMBERS
            assert f"{table}.text[{row.id}]" in planted.values()
            assert (f"{table}.text[{row.id}]" in met) == is_for_all, (table, row.handling)
    narrower = [row.id for row in notes if row.handling is not PanelHandling.ALL_MEMBERS]
    assert not {each for each in met for one in narrower if each.startswith("discussion_note.") and f"[{one}]" in each}


def test_no_mail_holds_a_word_of_anybody(app: Flask, world: World) -> None:
    # What the making of this world queued: referrals, actions, an emergency, a possible duplicate, answers.
    planted, sent = plant(app), []

    def keep(message: EmailMessage) -> Outcome:
        sent.append(message)
        return Outcome.SENT

    with app.app_context():
        known = {
            word for each in world.people.values() for word in each.name.split() if len(word) > 3 and word.isalpha()
        }
        known |= {row for row in db.session.scalars(select(Person.given_name)) if len(row) > 3}
        send_due(app.extensions["settings"], keep, threading.Event())
    assert len(sent) > 1
    for message in sent:
        whole = message.as_bytes()
        assert not tokens_in(whole), named(planted, {"mail": tokens_in(whole)})
        assert "," not in str(message["To"])
        assert not {word for word in known if word.encode() in whole}
    assert len({message["Subject"] for message in sent}) == 1


def test_a_planted_hole_is_found(app: Flask, world: World, sign_in: SignIn) -> None:
    @permission(Permission.WORK_OWN)
    def planted_view(ref: str) -> Any:
        found = db.session.scalar(select(Case.going_on).where(Case.ref == ref))
        return found or "nothing"

    app._got_first_request = False
    app.add_url_rule("/planted/<string:ref>", "planted", planted_view)
    outsider = make_outsiders(app, (Role.ADMIN,))[Role.ADMIN]
    planted = plant(app)
    found = named(planted, crawl(app, sign_in(outsider), world))
    if app.extensions["settings"].is_sqlite:
        assert found, "the oracle is blind"
        assert {where.split("/")[1] for where in found} == {"planted"}
    else:
        assert found == {}, "the second wall let it through"
