"""Installations whose database is on its disk before it says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from tests.faults.clusters import Fragile
from tests.support.databases import Databases
from tests.support.migrated import Migrated
from tests.support.postgres import Cluster

pytest.register_assert_rewrite("tests.faults.caseload", "tests.faults.deciding", "tests.faults.visitors")


@pytest.fixture(scope="session")
def durable(tmp_path_factory: pytest.TempPathFactory, migrated_data: Path) -> Iterator[Databases]:
    """Copies of a migrated PostgreSQL database that writes everything to its disk before it says so."""
    with Cluster(durable=True, data=migrated_data) as cluster:
        yield Migrated(tmp_path_factory.mktemp("durable"), cluster)


@pytest.fixture(scope="module")
def fragile_databases(
    tmp_path_factory: pytest.TempPathFactory, migrated_data: Path
) -> Iterator[tuple[Fragile, Databases]]:
    """A PostgreSQL that tests end, freeze and start again, and copies of its migrated database."""
    with Fragile(migrated_data) as cluster:
        yield cluster, Migrated(tmp_path_factory.mktemp("fragile"), cluster)


@pytest.fixture
def fragile(fragile_databases: tuple[Fragile, Databases]) -> Fragile:
    """That PostgreSQL."""
    return fragile_databases[0]


@pytest.fixture
def fragile_installation(
    fragile: Fragile, fragile_databases: tuple[Fragile, Databases], tmp_path: Path
) -> Iterator[Settings]:
    """The settings of a fresh installation on that PostgreSQL."""
    _cluster, databases = fragile_databases
    with databases.copy(tmp_path) as fresh:
        yield fresh
        if not fragile.is_running:
            fragile.start_again()  # a test that failed left it ended, and the next one needs it


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a fresh installation, on each database."""
    databases = request.getfixturevalue("sqlite_databases" if request.param == "sqlite" else "durable")
    with databases.copy(tmp_path) as fresh:
        yield fresh
