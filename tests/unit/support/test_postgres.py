"""The throw-away PostgreSQL: private, copied from a template, and gone afterwards however its maker ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.support import postgres

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL's programs are not installed"),
]


@pytest.fixture(scope="module")
def made() -> Iterator[postgres.Cluster]:
    with postgres.Cluster() as running:
        yield running


def scalar(address: str, *statements: str) -> object:
    """Run the statements in one transaction; the answer to the last."""
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            return [connection.execute(text(one)) for one in statements][-1].scalar_one()
    finally:
        engine.dispose()


def test_a_copy_starts_as_its_template_and_does_not_change_it(made: postgres.Cluster) -> None:
    template = made.create_database()
    scalar(template, "CREATE TABLE one (n int)", "INSERT INTO one VALUES (1)", "SELECT 1")
    copy = made.create_database(template)
    assert scalar(copy, "INSERT INTO one VALUES (2)", "SELECT count(*) FROM one") == 2
    assert scalar(template, "SELECT count(*) FROM one") == 1


def test_a_dropped_database_is_gone_though_something_is_connected(made: postgres.Cluster) -> None:
    address = made.create_database()
    engine = create_engine(address)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        made.drop_database(address)
        connection.invalidate()
    engine.dispose()
    with pytest.raises(Exception, match="does not exist"):
        scalar(address, "SELECT 1")


def test_it_listens_on_no_port_and_its_folder_is_closed_to_others(made: postgres.Cluster) -> None:
    assert scalar(made.create_database(), "SHOW listen_addresses") == ""
    assert made.folder.stat().st_mode & 0o077 == 0


def test_fsync_is_on_where_a_crash_is_to_be_tested(migrated_data: Path) -> None:
    with postgres.Cluster(durable=True, data=migrated_data) as durable:
        assert scalar(durable.url("postgres"), "SHOW fsync") == "on"
        assert scalar(durable.url("postgres"), "SHOW synchronous_commit") == "on"


def test_nothing_is_left_when_a_test_fails(migrated_data: Path) -> None:
    with pytest.raises(ZeroDivisionError), postgres.Cluster(data=migrated_data) as cluster:
        folder = cluster.folder
        _ = 1 / 0
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(folder), user=postgres.SUPERUSER)


def test_nothing_is_left_when_its_maker_is_killed(migrated_data: Path) -> None:
    maker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from tests.support.postgres import Cluster\n"
            "with Cluster(data=Path(sys.argv[1])) as cluster: print(cluster.folder, flush=True); time.sleep(60)",
            str(migrated_data),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with maker:
        assert maker.stdout
        folder = Path(maker.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(maker.pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
