"""PostgreSQL without room for its tables and its log, and a service without room for its own log."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from config import Settings
from tests.faults.caseload import check_stored, make_caseloads
from tests.faults.clusters import Fragile
from tests.faults.test_no_database import shows_again, takes_again, tells_plainly
from tests.faults.test_no_room import fill
from tests.faults.visitors import Visitor, check_log
from tests.support.databases import Databases
from tests.support.migrated import Migrated
from tests.support.postgres import _unprivileged
from tests.support.server import serving

pytestmark = [pytest.mark.timeout(300)]

SMALL = 192  # MB: room for the databases of one test, and a log of a few segments
FORMS = 15
AT_ONCE = ("max_wal_size=32MB", "min_wal_size=32MB", "wal_recycle=off", "wal_init_zero=on", "checkpoint_timeout=30s")


class OnSmallDisk(Fragile):
    """A PostgreSQL whose data and write-ahead log are on one small disk; where none can be mounted (that takes root), a
    limit on what its processes may write stands in for it, so that the test is skipped nowhere."""

    is_mounted = False

    def __init__(self, data: Path) -> None:
        super().__init__(data, settings=AT_ONCE)
        self._strategy = "file_copy"  # a copy that goes through the log leaves files of it behind, which are room

    def _start(self, folder: Path) -> None:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SMALL}m,mode=0755", "tmpfs", str(self.folder)],
            capture_output=True,
            check=False,
        )
        self.is_mounted = made.returncode == 0
        super()._start(folder)

    def close(self) -> None:
        """Stop the server, and take the disk away."""
        folder = self.folder
        super().close()
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
            with suppress(OSError):
                folder.rmdir()

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no byte of room for a while, and start the server again afterwards, as whoever runs it does, if it ended."""
        if self.is_mounted:
            fill(self.folder, True)
        else:
            self._limit("0")
        try:
            yield
        finally:
            if self.is_mounted:
                fill(self.folder, False)
            else:
                self._limit("unlimited")
            self.start_again_if_it_ended()

    def _limit(self, most: str) -> None:
        """Limit the soft way how long a file may be that the server writes; by its own user, who may."""
        with suppress(FileNotFoundError):  # it may have ended itself
            for pid in self.family():
                words = ["prlimit", f"--pid={pid}", f"--fsize={most}:"]
                subprocess.run(words, capture_output=True, check=False, **_unprivileged())


@pytest.fixture
def small(tmp_path: Path, migrated_data: Path) -> Iterator[tuple[OnSmallDisk, Settings]]:
    """A PostgreSQL on a small disk, and a fresh installation on it."""
    with OnSmallDisk(migrated_data) as cluster, Migrated(tmp_path, cluster).copy(tmp_path) as fresh:
        yield cluster, fresh


def written(number: int) -> dict[str, str]:
    """Return texts that no database makes shorter, and that need pages of their own."""
    return {"what": f"While there is no room {number} {secrets.token_hex(1_900)}", "opinion": secrets.token_hex(1_900)}


def end_the_log(cluster: OnSmallDisk) -> None:
    """Let the server need another file of its log, for which there is no room: it ends itself then."""
    with suppress(psycopg.Error), cluster.connect("postgres") as connection:
        for _each in range(20):
            connection.execute("CREATE TABLE IF NOT EXISTS filler (at timestamptz)")
            connection.execute("SELECT pg_switch_wal()")


@pytest.mark.postgresql
@pytest.mark.parametrize("what", ["log", pytest.param("tables", marks=pytest.mark.slow)])
def test_a_postgresql_without_room_loses_nothing_and_comes_back(small: tuple[OnSmallDisk, Settings], what: str) -> None:
    cluster, settings = small
    [load] = make_caseloads(settings, 1)
    with serving(settings) as address:
        browser = Visitor(address)
        browser.sign_in(load.worker.email)
        forms = [load.form(browser, **written(number)) for number in range(FORMS)]
        with cluster.full():
            if what == "log" and cluster.is_mounted:
                end_the_log(cluster)
                with pytest.raises(psycopg.OperationalError):
                    cluster.connect("postgres").close()  # it ended itself, or is starting and cannot
            answers = [browser.post(load.add, form) for form in forms]
            told = [answer.status for answer in answers]
            # PostgreSQL has no word of its own for a file that may not be longer: it calls that a defect.
            assert set(told) <= ({303, 503} if cluster.is_mounted else {303, 500, 503})
            assert told[-1] != 303, "there was room"
            for answer in answers:
                if answer.status == 503:
                    tells_plainly(answer)
                    assert "room" not in answer.words
            assert Visitor(address).get("/sign-in").status == 200
        shows_again(browser, load.case)
        # Sent again, what was stored is not stored twice and what was refused is stored now.
        for form in forms:
            takes_again(browser, load.add, form)
    check_log(settings, "While there", "college", "Young")
    check_stored(settings, FORMS)


def test_a_service_that_cannot_write_its_log_goes_on(sqlite_databases: Databases, tmp_path: Path) -> None:
    with sqlite_databases.copy(tmp_path) as fresh:
        [load] = make_caseloads(fresh, 1)
        (fresh.data / "server.log").symlink_to("/dev/full")
        with serving(fresh) as address:
            browser = Visitor(address)
            browser.sign_in(load.worker.email)
            form = load.form(browser, "Written without a log.")
            assert [browser.post(load.add, form).status for _twice in range(2)] == [303, 303]
            assert browser.get("/no-such-page").status == 404
            assert "Written without a log." in browser.get(load.case).words
        check_stored(fresh, 1)
