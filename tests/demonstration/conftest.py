"""A seeded database of each kind, made once a run and copied for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from safeguarding import create_app
from safeguarding.cli.demo.partnership import PHRASE
from tests.support.databases import dispose
from tests.support.demonstrations import Demonstrations
from tests.support.pages import PageClient
from tests.support.postgres import Cluster


@pytest.fixture(scope="session")
def sqlite_demonstrations(tmp_path_factory: pytest.TempPathFactory) -> Demonstrations:
    """Copies of a seeded SQLite database."""
    return Demonstrations(tmp_path_factory.mktemp("demo-sqlite"), None)


@pytest.fixture(scope="session")
def postgresql_demonstrations(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Demonstrations:
    """Copies of a seeded PostgreSQL database."""
    return Demonstrations(tmp_path_factory.mktemp("demo-postgresql"), cluster)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def demonstration(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on a demonstration of its own, once for each database."""
    databases: Demonstrations = request.getfixturevalue(f"{request.param}_demonstrations")
    with databases.copy(tmp_path) as fresh:
        app = create_app(fresh)
        yield app
        dispose(app)


AsAccount = Callable[[str], PageClient]


@pytest.fixture
def as_account(demonstration: Flask) -> AsAccount:
    """Return a maker of browsers signed in with a demonstration account, named without its address."""

    def browser(account: str) -> PageClient:
        client = PageClient(demonstration.test_client())
        answer = client.sign_in(f"{account}@marlbridge.example", PHRASE)
        assert answer.status == 303, answer.errors
        return client

    return browser
