"""A seeded database of each kind, made once a run and copied for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from safeguarding import create_app
from safeguarding.cli.demo.partnership import PHRASE
from tests.demonstration.forms import FoundForm, forms_reached, renewed
from tests.demonstration.on_the_day import begin
from tests.support.databases import dispose
from tests.support.demonstrations import SEEDED, Demonstrations
from tests.support.pages import PageClient
from tests.support.postgres import Cluster

BEGUN = {**SEEDED, "begun": begin}


@pytest.fixture(scope="session")
def sqlite_demonstrations(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Demonstrations:
    """Copies of a seeded SQLite database."""
    return Demonstrations(tmp_path_factory.mktemp("demo-sqlite"), None, shared, SEEDED)


@pytest.fixture(scope="session")
def sqlite_begun(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Demonstrations:
    """Copies of one whose next meeting has begun."""
    return Demonstrations(tmp_path_factory.mktemp("begun-sqlite"), None, shared, BEGUN)


@pytest.fixture(scope="session")
def postgresql_demonstrations(
    tmp_path_factory: pytest.TempPathFactory, shared: Path, cluster: Cluster
) -> Demonstrations:
    """Copies of a seeded PostgreSQL database."""
    return Demonstrations(tmp_path_factory.mktemp("demo-postgresql"), cluster, shared, SEEDED)


@pytest.fixture(scope="session")
def postgresql_begun(tmp_path_factory: pytest.TempPathFactory, shared: Path, cluster: Cluster) -> Demonstrations:
    """Copies of one whose next meeting has begun."""
    return Demonstrations(tmp_path_factory.mktemp("begun-postgresql"), cluster, shared, BEGUN)


@pytest.fixture(name="in_the_meeting")
def has_begun(request: pytest.FixtureRequest) -> bool:
    """Whether the next meeting has begun when this test starts."""
    return bool(getattr(request, "param", False))


in_the_meeting = pytest.mark.parametrize("in_the_meeting", [pytest.param(True, id="begun")], indirect=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def demonstration(request: pytest.FixtureRequest, in_the_meeting: bool, tmp_path: Path) -> Iterator[Flask]:
    """An application on a demonstration of its own, once for each database."""
    databases: Demonstrations = request.getfixturevalue(
        f"{request.param}_{'begun' if in_the_meeting else 'demonstrations'}"
    )
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


Forms = Callable[[str, PageClient], list[FoundForm]]
_reached: dict[tuple[str, bool, str], list[FoundForm]] = {}


@pytest.fixture
def forms(demonstration: Flask, in_the_meeting: bool) -> Forms:
    """Return what finds the forms that an account reaches in a demonstration as it was made.

    All copies hold the same, so one walk serves every test of this process; token and once-only keys are made anew.
    """
    kind = make_url(demonstration.extensions["settings"].database_url).get_backend_name()

    def reached(account: str, client: PageClient) -> list[FoundForm]:
        key = kind, in_the_meeting, account
        if key not in _reached:
            _reached[key] = forms_reached(demonstration, client)
        token = client.csrf_token()
        return [renewed(form, token) for form in _reached[key]]

    return reached
