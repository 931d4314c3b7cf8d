"""A demonstration is never served as a live service, nor a live one seeded."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, text
from sqlalchemy.exc import OperationalError

from config import Mode, Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.cli import prepare as preparing
from safeguarding.cli import seed as seeding
from safeguarding.cli import stamp as stamps
from safeguarding.cli.demo.partnership import PHRASE
from safeguarding.cli.stamp import StampError, check_stamp
from safeguarding.core import clock
from safeguarding.core.database import writing
from safeguarding.core.installation import Installation
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import make_somebody
from tests.support import loaded
from tests.support.databases import Databases, by_owner, dispose, settings_for
from tests.support.server import environment_of

LIVE = {
    "TRUSTED_HOSTS": "localhost",
    "PROXY_HOPS": "0",
    "SECOND_FACTOR": "required",
    "SECRET_KEY": "f3Jq8vW1zL0pXn5sTb7yKc2mRd9gHh4uEa6",  # not-a-secret: for tests
    "AUDIT_KEY": "a6EuHh4gRd9mKc2yTb7sXn5pzL0W1vq8Jf3",  # not-a-secret: for tests
    "SEALED_KEYS": "k1:mRd9gHh4uEa6f3Jq8vW1zL0pXn5sTb7yKc2",
}


def run(settings: Settings, *command: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m` with the settings in its environment."""
    return loaded.run(command, environment_of(settings) | (LIVE if settings.mode is Mode.LIVE else {}))


@pytest.mark.parametrize("other", [Mode.LIVE, Mode.DEMONSTRATION])
def test_a_database_of_another_mode_is_refused(app: Flask, settings: Settings, other: Mode) -> None:
    check_stamp(app, settings)
    with pytest.raises(StampError, match="can never be used as"):
        check_stamp(app, replace(settings, mode=other))


def test_an_empty_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    app = create_app(settings)
    with pytest.raises(StampError, match="flask prepare"):
        check_stamp(app, settings)
    dispose(app)


def test_a_database_of_another_version_is_refused_with_what_to_do(app: Flask, settings: Settings) -> None:
    with by_owner(app) as engine, writing(), engine.begin() as connection:
        was = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    runner = app.test_cli_runner()
    try:
        refused = runner.invoke(args=["worker", "--once"])
        assert (refused.exit_code, "flask prepare" in refused.stderr) == (2, True)
        for command in (["audit", "verify"], ["backup", str(settings.data / "before.backup")]):
            done = runner.invoke(args=command)  # what is wanted before an upgrade
            assert done.exit_code == 0, done.output
    finally:
        with by_owner(app) as engine, writing(), engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :was"), {"was": was})


@pytest.fixture
def made_as(sqlite_databases: Databases, tmp_path: Path) -> Iterator[Callable[[Mode], Settings]]:
    """Return what makes an installation on SQLite for a mode."""
    with sqlite_databases.copy(tmp_path) as copied:

        def make(mode: Mode) -> Settings:
            settings = replace(copied, mode=mode)
            app = create_app(settings)
            with app.app_context(), unit_of_work():
                db.session.execute(delete(Installation))
                stamps.stamp(settings)
            dispose(app)
            return settings

        yield make


def test_the_service_does_not_start_on_a_demonstration_as_live(made_as: Callable[[Mode], Settings]) -> None:
    made = made_as(Mode.DEMONSTRATION)
    assert run(made, "wsgi").returncode == 0
    started = run(replace(made, mode=Mode.LIVE), "wsgi")
    assert started.returncode == 4
    assert "SAFEGUARDING_MODE" in started.stderr
    served = run(replace(made, mode=Mode.LIVE), "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0")
    assert served.returncode == 4  # and does not try again and again
    assert "SAFEGUARDING_MODE" in served.stderr


def test_a_live_database_is_neither_seeded_nor_are_its_accounts_printed(made_as: Callable[[Mode], Settings]) -> None:
    made = made_as(Mode.LIVE)
    for command in (("seed",), ("demo", "accounts", "--json")):
        refused = run(made, "flask", *command)
        assert refused.returncode != 0, command
        assert "SAFEGUARDING_MODE" in refused.stderr
        assert refused.stdout == ""


@pytest.mark.parametrize("mode", Mode)
def test_preparing_seeds_an_empty_demonstration_once_and_nothing_else(
    made_as: Callable[[Mode], Settings], mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seed(as_of: date) -> None:
        assert as_of == clock.today()
        with unit_of_work():
            seeded.append(make_somebody(Role.CHAIR).email)

    seeded: list[str] = []
    monkeypatch.setattr(preparing, "seed_demonstration", seed)
    monkeypatch.setattr(
        seeding, "STAFF", [(f"chair-{number}", "", "", "") for number in range(10_000)]
    )  # whichever theirs is
    app = create_app(made_as(mode))
    told = []
    for _twice in range(2):
        done = app.test_cli_runner().invoke(args=["prepare", "--json"])
        assert done.exit_code == 0, done.output
        told.append(json.loads(done.stdout))
    dispose(app)
    is_demonstration = mode is Mode.DEMONSTRATION
    assert [each["seeded"] for each in told] == [is_demonstration, False]
    assert len(seeded) == is_demonstration
    for each in told:
        assert [account["email"] for account in each["accounts"]] == seeded
        assert each["password"] == (PHRASE if is_demonstration else None)


def test_prepare_may_be_repeated(tmp_path: Path) -> None:
    made = settings_for(tmp_path)
    for _ in range(2):
        done = run(made, "flask", "prepare", "--json")
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == '{"seeded":false,"password":null,"accounts":[]}'


def test_sqlite_over_a_network_is_refused_with_what_to_do(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "network_kind", lambda _folder: "nfs4")
    if settings.is_sqlite:
        with pytest.raises(StampError, match=r"network disk \(nfs4\).*PostgreSQL by DATABASE_URL"):
            check_stamp(app, settings)
    else:
        check_stamp(app, settings)


@pytest.mark.postgresql
@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_a_migration_does_not_wait_for_a_table_while_everybody_waits_behind_it(app: Flask) -> None:
    with by_owner(app) as engine, engine.begin() as connection, app.app_context():
        connection.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade()
