"""What every test may ask for: an application on each database, a page client, a Chromium."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine, event

from config import Settings
from safeguarding.access.roles import Role
from safeguarding.accounts import passwords
from safeguarding.core.second_wall import Sight, looking
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import PHRASE, Somebody, make_somebody
from tests.support import routes, templates
from tests.support.databases import Databases
from tests.support.migrated import Migrated, data_of_a_run
from tests.support.pages import PageClient
from tests.support.postgres import Cluster, Unavailable
from tests.support.standing import Standing

templates.compile_once()
routes.compile_once()
_AT_FULL_COST = passwords._hasher
# Thousands of tests sign somebody in; what a pass phrase costs is asked for by those it is about.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@event.listens_for(Engine, "connect")
def in_no_order_of_its_own(connection: Any, _record: Any) -> None:
    """Return rows backwards where nobody asked for an order, so that no test and no page leans on the one it got.

    PostgreSQL gives another order once in a while; SQLite does when told to.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects=ON")


# Files that take long are begun first, so that all workers of a run end together; first of all those that need little of
# what is made once a run, for whoever makes it keeps the others waiting.
BEGUN_FIRST = ("browser", "demonstration", "oracles", "faults")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by how long a folder's files take; among their like, the order stays random."""
    place = {name: number for number, name in enumerate(BEGUN_FIRST)}
    home = Path(__file__).parent
    items.sort(key=lambda item: place.get(item.path.relative_to(home).parts[0], len(place)))


@pytest.fixture
def at_full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pass phrases worked out as the service does it."""
    monkeypatch.setattr(passwords, "_hasher", _AT_FULL_COST)


@pytest.fixture(autouse=True)
def what_a_test_itself_reads() -> Iterator[None]:
    """A test looks as a command does, past PostgreSQL's second wall; its requests begin with nobody looking."""
    with looking(Sight(system="test")):
        yield


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every process of this run sees."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def migrated_data(run_folder: Path) -> Path:
    """The data of a PostgreSQL with a migrated database, with which the clusters of this run begin."""
    try:
        return data_of_a_run(run_folder)
    except Unavailable as reason:
        pytest.skip(f"PostgreSQL: {reason}")


@pytest.fixture(scope="session")
def cluster(migrated_data: Path) -> Iterator[Cluster]:
    """A PostgreSQL of this process's own, on a private socket."""
    with Cluster(data=migrated_data) as running:
        yield running


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Copies of a migrated SQLite database."""
    return Databases(tmp_path_factory.mktemp("template-sqlite"), None)


@pytest.fixture(scope="session")
def postgresql_databases(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Databases:
    """Copies of a migrated PostgreSQL database."""
    return Migrated(tmp_path_factory.mktemp("template-postgresql"), cluster)


@pytest.fixture(scope="session")
def sqlite_standing(tmp_path_factory: pytest.TempPathFactory, sqlite_databases: Databases) -> Iterator[Standing]:
    """The installation on SQLite that tests take turns on."""
    standing = Standing(sqlite_databases, tmp_path_factory.mktemp("sqlite"), None)
    yield standing
    standing.close()


@pytest.fixture(scope="session")
def postgresql_standing(
    tmp_path_factory: pytest.TempPathFactory, postgresql_databases: Databases, cluster: Cluster
) -> Iterator[Standing]:
    """The installation on PostgreSQL that tests take turns on."""
    standing = Standing(postgresql_databases, tmp_path_factory.mktemp("postgresql"), cluster)
    yield standing
    standing.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def standing(request: pytest.FixtureRequest) -> Standing:
    """The installation of this test, once for each database."""
    chosen: Standing = request.getfixturevalue(f"{request.param}_standing")
    return chosen


@pytest.fixture
def settings(standing: Standing) -> Iterator[Settings]:
    """The settings of an installation that nobody has used yet."""
    with standing.fresh() as fresh:
        yield fresh


@pytest.fixture
def app(standing: Standing, settings: Settings) -> Iterator[Flask]:
    """An application on that installation."""
    with standing.application() as made:
        yield made


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context pushed, for tests of commands and queries (not for tests of pages)."""
    with app.app_context():
        yield app


SignIn = Callable[..., PageClient]


@pytest.fixture
def anonymous(app: Flask) -> PageClient:
    """A browser in which nobody is signed in."""
    return PageClient(app.test_client())


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """Return a maker of signed-in browsers: of somebody, or of a new person in a role."""

    def browser(who: Somebody | Role, **options: Any) -> PageClient:
        if isinstance(who, Role):
            with app.app_context(), unit_of_work():
                somebody = make_somebody(who, **options)
        else:
            somebody = who
        client = PageClient(app.test_client())
        answer = client.sign_in(somebody.email, PHRASE)
        assert answer.status == 303, answer.errors
        return client

    return browser
