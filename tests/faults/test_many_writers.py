"""SQLite, with several processes that write while somebody reads for long: nobody is refused, nothing is lost."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import Settings
from tests.faults.caseload import Caseload, check_stored, make_caseloads
from tests.faults.visitors import Visitor
from tests.support.server import serving

PROCESSES, WRITERS, UPDATES = 4, 6, 5

pytestmark = pytest.mark.timeout(300)


@contextmanager
def reading(database: Path) -> Iterator[None]:
    """Hold a reading transaction open, as a long report does, so that the log cannot be folded away meanwhile."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM relation").fetchone()
        yield
        connection.execute("COMMIT")
    finally:
        connection.close()


class Writer(threading.Thread):
    """Somebody who logs one update after the other."""

    def __init__(self, address: str, load: Caseload) -> None:
        super().__init__()
        self.answers: list[str] = []
        self._load, self._browser = load, Visitor(address)
        self._browser.sign_in(load.worker.email)

    def run(self) -> None:
        """Log the updates, and keep what was answered."""
        try:
            for number in range(UPDATES):
                form = self._load.form(self._browser, f"Update {number}")
                self.answers.append(f"{self._browser.post(self._load.add, form).status}")
        except Exception as problem:  # a thread has nobody to raise it to
            self.answers.append(f"{type(problem).__name__}: {problem}")


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_four_processes_that_write_beside_a_long_read_are_never_refused(installation: Settings) -> None:
    caseloads = make_caseloads(installation, WRITERS)
    with serving(installation, workers=PROCESSES) as address:
        writers = [Writer(address, load) for load in caseloads]
        with reading(installation.data / "safeguarding.db"):
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
    assert [writer.answers for writer in writers] == [["303"] * UPDATES] * WRITERS
    log = (installation.data / "server.log").read_text(errors="replace")
    assert "locked" not in log
    assert "Traceback" not in log
    check_stored(installation, WRITERS * UPDATES)
