"""`flask accounts bootstrap`: two administrators, once, each with a link that is printed this once."""

import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Mode, Settings
from safeguarding.access.roles import Role
from safeguarding.accounts.models import Membership, User
from safeguarding.audit.models import AuditEvent
from safeguarding.extensions import db
from tests.support.pages import PageClient

ARGUMENTS = [
    "accounts",
    "bootstrap",
    "--agency",
    "Marlbridge Council",
    "--administrator",
    "Ada Fern",
    "Ada.Fern@marlbridge.example",
    "--administrator",
    "Ben Oakes",
    "ben.oakes@marlbridge.example",
]
PHRASE = "lantern gravel otter window"


def people(app: Flask) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.count()).select_from(User)) or 0)


def test_the_first_two_administrators_come_in_by_their_links(app: Flask, settings: Settings) -> None:
    done = app.test_cli_runner().invoke(args=[*ARGUMENTS, "--json"])
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)["administrators"]
    assert [each["email"] for each in made] == ["ada.fern@marlbridge.example", "ben.oakes@marlbridge.example"]
    with app.app_context():
        assert set(db.session.scalars(select(Membership.role))) == {Role.ADMIN}
        kept = repr(db.session.execute(select(AuditEvent.event, AuditEvent.subject, AuditEvent.detail)).all())
    for each in made:
        assert each["link"].startswith(f"{settings.service_url}/account-link/")
        assert each["link"].rpartition("/")[2] not in kept
        client = PageClient(app.test_client())
        path = each["link"].removeprefix(settings.service_url)
        assert client.post(path, client.get(path).form() | {"phrase": PHRASE}).location == "/sign-in"
        assert client.sign_in(each["email"], PHRASE).status == 303


def test_it_works_once(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=ARGUMENTS).exit_code == 0
    again = app.test_cli_runner().invoke(args=[*ARGUMENTS[:-1], "other@marlbridge.example"])
    assert again.exit_code == 2
    assert "works once" in again.stderr and "account-link" not in again.output
    assert people(app) == 2


def links(app: Flask) -> list[str]:
    done = app.test_cli_runner().invoke(args=[*ARGUMENTS, "--json"])
    assert done.exit_code == 0, done.output
    settings: Settings = app.extensions["settings"]
    return [each["link"].removeprefix(settings.service_url or "") for each in json.loads(done.stdout)["administrators"]]


def test_whoever_came_too_late_gets_another_link_until_one_of_the_two_came_in(app: Flask) -> None:
    first, second = links(app), links(app)
    assert people(app) == 2
    client = PageClient(app.test_client())
    assert [client.get(path).status for path in (*first, *second)] == [404, 404, 200, 200]
    assert client.post(second[0], client.get(second[0]).form() | {"phrase": PHRASE}).location == "/sign-in"
    again = app.test_cli_runner().invoke(args=ARGUMENTS)
    assert again.exit_code == 2
    assert "came in already" in again.stderr and "account-link" not in again.output
    assert client.get(second[1]).status == 200, "nothing was done"


@pytest.mark.parametrize(
    "arguments",
    [
        ARGUMENTS[:7],
        [*ARGUMENTS[:-1], "ada.fern@marlbridge.example"],
        [*ARGUMENTS[:-1], "not an address"],
        [*ARGUMENTS[:3], " ", *ARGUMENTS[4:]],
    ],
)
def test_two_different_people_are_needed(app: Flask, arguments: list[str]) -> None:
    done = app.test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 2, done.output
    assert people(app) == 0


def test_a_demonstration_is_refused(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safeguarding.cli.stamp.require_mode", lambda stamped, mode: None)
    app.extensions["settings"] = replace(settings, mode=Mode.DEMONSTRATION)
    done = app.test_cli_runner().invoke(args=ARGUMENTS)
    assert done.exit_code == 2 and "demonstration" in done.stderr
    assert people(app) == 0
