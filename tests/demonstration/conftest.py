"""A seeded database of each kind, made once a run and copied for each test."""

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from safeguarding import create_app
from safeguarding.cli.demo.partnership import PHRASE
from tests.demonstration.forms import FoundForm, renewed
from tests.demonstration.on_the_day import begin
from tests.demonstration.survey import Survey, taken
from tests.demonstration.walk import ACCOUNTS
from tests.support.databases import dispose
from tests.support.demonstrations import SEEDED, Demonstrations, alone
from tests.support.pages import PageClient
from tests.support.postgres import Cluster

BEGUN = {**SEEDED, "begun": begin}


@pytest.fixture(scope="session")
def sqlite_demonstrations(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Demonstrations:
    """Copies of a seeded SQLite database."""
    return Demonstrations(tmp_path_factory.mktemp("demo-sqlite"), None, run_folder, SEEDED)


@pytest.fixture(scope="session")
def sqlite_begun(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Demonstrations:
    """Copies of one whose next meeting has begun."""
    return Demonstrations(tmp_path_factory.mktemp("begun-sqlite"), None, run_folder, BEGUN)


@pytest.fixture(scope="session")
def postgresql_demonstrations(
    tmp_path_factory: pytest.TempPathFactory, run_folder: Path, cluster: Cluster
) -> Demonstrations:
    """Copies of a seeded PostgreSQL database."""
    return Demonstrations(tmp_path_factory.mktemp("demo-postgresql"), cluster, run_folder, SEEDED)


@pytest.fixture(scope="session")
def postgresql_begun(tmp_path_factory: pytest.TempPathFactory, run_folder: Path, cluster: Cluster) -> Demonstrations:
    """Copies of one whose next meeting has begun."""
    return Demonstrations(tmp_path_factory.mktemp("begun-postgresql"), cluster, run_folder, BEGUN)


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

    return partial(signed_in, demonstration)


def signed_in(app: Flask, account: str) -> PageClient:
    """Return a browser signed in with a demonstration account, named without its address."""
    client = PageClient(app.test_client())
    answer = client.sign_in(f"{account}@marlbridge.example", PHRASE)
    assert answer.status == 303, answer.errors
    return client


# References of what somebody looks at because they may: whoever looks is told why they could.
LOOKS = ("YP", "CA", "RF", "AC", "NR", "CX", "MT", "IT")
Surveyed = Callable[[str, bool], Survey]


@pytest.fixture(scope="session")
def surveyed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Surveyed:
    """Return what gives the survey of a kind of database and a stage; the first of all processes to ask takes it."""
    known: dict[tuple[str, bool], Survey] = {}

    def get(kind: str, has_begun: bool) -> Survey:
        key = kind, has_begun
        if key not in known:
            stage = "begun" if has_begun else "demonstrations"
            databases: Demonstrations = request.getfixturevalue(f"{kind}_{stage}")
            kept = run_folder / f"survey-{kind}-{stage}"
            with alone(kept.with_suffix(".lock")):
                if not kept.exists():
                    kept.write_bytes(pickle.dumps(_survey(databases, tmp_path_factory.mktemp("survey"))))
            known[key] = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this run
        return known[key]

    return get


def _survey(databases: Demonstrations, folder: Path) -> Survey:
    with databases.copy(folder) as fresh:
        app = create_app(fresh)
        survey = taken(app, {account: signed_in(app, account) for account in ACCOUNTS}, LOOKS)
        dispose(app)
        return survey


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def survey(request: pytest.FixtureRequest, surveyed: Surveyed, in_the_meeting: bool) -> Survey:
    """What everybody met, once for each database."""
    return surveyed(request.param, in_the_meeting)


Forms = Callable[[str, PageClient], list[FoundForm]]


@pytest.fixture
def forms(demonstration: Flask, in_the_meeting: bool, surveyed: Surveyed) -> Forms:
    """Return what gives the forms that an account reaches in a demonstration as it was made, as if found just now."""
    kind = make_url(demonstration.extensions["settings"].database_url).get_backend_name()
    found = surveyed(kind, in_the_meeting).forms

    def reached(account: str, client: PageClient) -> list[FoundForm]:
        token = client.csrf_token()
        return [renewed(form, token) for form in found[account]]

    return reached
