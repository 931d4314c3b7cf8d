"""Installations whose database is on its disk before it says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from tests.faults.clusters import Fragile
from tests.support.databases import Databases, prepare, settings_for
from tests.support.postgres import Cluster, Unavailable

pytest.register_assert_rewrite("tests.faults.caseload", "tests.faults.deciding", "tests.faults.visitors")


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Copies of a migrated PostgreSQL database that writes everything to its disk before it says so."""
    try:
        with Cluster(durable=True) as cluster:
            yield Databases(tmp_path_factory.mktemp("durable"), cluster)
    except Unavailable as reason:
        pytest.skip(f"PostgreSQL: {reason}")


@pytest.fixture
def fragile() -> Iterator[Fragile]:
    """A PostgreSQL that the test ends, freezes and starts again."""
    try:
        with Fragile() as cluster:
            yield cluster
    except Unavailable as reason:
        pytest.skip(f"PostgreSQL: {reason}")


@pytest.fixture
def fragile_installation(fragile: Fragile, tmp_path: Path) -> Settings:
    """The settings of an installation on that PostgreSQL, which ends with it."""
    settings = settings_for(tmp_path, fragile.create_database())
    prepare(settings)
    return settings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a fresh installation, on each database."""
    databases = request.getfixturevalue("sqlite_databases" if request.param == "sqlite" else "durable")
    with databases.copy(tmp_path) as fresh:
        yield fresh
