"""SQLite without room on its disk: people are told so, what is not recorded is not shown, nothing is half done."""

import errno
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from config import Settings
from safeguarding import create_app
from safeguarding.extensions import db
from tests.factories.people import PHRASE
from tests.faults.caseload import check_stored, make_caseloads, stored
from tests.faults.visitors import Visitor, check_log, workers
from tests.support.databases import dispose
from tests.support.pages import Page, PageClient
from tests.support.server import serving

pytestmark = [pytest.mark.parametrize("installation", ["sqlite"], indirect=True), pytest.mark.timeout(300)]

LONG = "x" * 3_900
UPDATES = 16
SMALL = 24 * 1024 * 1024  # bytes: a disk that holds the database and its log, and is soon full
Shortage = Callable[[bool], None]


def tells_plainly(answer: Page) -> None:
    """Hold an answer to saying that the service cannot, when to try again, and nothing of what it could not record."""
    assert answer.status == 503
    assert answer.response.headers["Retry-After"]
    assert "disk" not in answer.words
    assert "Young" not in answer.words  # whom the page is about


@dataclass
class Room:
    """How many pages the database may still grow by; no limit when None."""

    pages: int | None = None


@pytest.fixture
def limited(installation: Settings) -> Iterator[tuple[Flask, Room]]:
    """An application whose database may grow by so many pages in a transaction and no more."""
    app, room = create_app(installation), Room()
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "begin", insert=True)
    def limit(connection: Any) -> None:
        size = connection.exec_driver_sql("PRAGMA page_count").scalar()
        most = 1_000_000 if room.pages is None else size + room.pages
        connection.exec_driver_sql(f"PRAGMA max_page_count={most}")

    yield app, room
    dispose(app)


def test_a_change_for_which_there_is_no_room_is_not_half_made(
    installation: Settings, limited: tuple[Flask, Room], caplog: pytest.LogCaptureFixture
) -> None:
    """The room ends at one table after the other, because each update needs a page more of some of them only."""
    app, room = limited
    [load] = make_caseloads(installation, 1)
    client = PageClient(app.test_client())
    assert client.sign_in(load.worker.email, PHRASE).status == 303
    refusals = 0
    for number in range(UPDATES):
        form = load.form(client, LONG[: 1 + 200 * number])
        room.pages = 0
        while (page := client.post(load.add, form)).status != 303:
            tells_plainly(page)
            assert stored(app) == (number, number)
            assert PageClient(app.test_client()).get("/sign-in").status == 200
            refusals, room.pages = refusals + 1, room.pages + 1
        room.pages = None
        assert stored(app) == (number + 1, number + 1)
    assert refusals > UPDATES // 4, "there was room"
    assert [each for each in (LONG[:50], "college", "Young") if each in caplog.text] == []
    check_stored(installation, UPDATES)


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Put a small disk under a folder; give whether this machine let us."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, full: bool) -> None:
    """Fill the disk under a folder to the last byte, or give the room back."""
    filler = folder / "filler"
    if not full:
        filler.unlink()
        return
    with filler.open("ab", buffering=0) as out:
        for size in (1 << 20, 4096, 512, 1):
            try:
                while out.write(b"\0" * size):
                    continue
            except OSError as end:
                assert end.errno == errno.ENOSPC


def limit_files(address: str, full: bool) -> None:
    """Let the workers write no byte to any file, or let them again; anybody may lower and lift the soft limit."""
    for pid in workers(address):
        _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))


def test_workers_that_cannot_write_show_nothing_unrecorded_and_recover(installation: Settings) -> None:
    no_room_and_room_again(installation, lambda address: lambda full: limit_files(address, full))


def test_a_full_disk_loses_nothing_and_shows_nothing_unrecorded(installation: Settings) -> None:
    """Where no disk can be mounted (that takes root), the workers' own limit stands in for it: it is never skipped."""
    with small_disk(installation.data / "disk") as is_mounted:
        if not is_mounted:
            no_room_and_room_again(installation, lambda address: lambda full: limit_files(address, full))
            return
        folder = installation.data / "disk" / "data"
        folder.mkdir()
        shutil.copyfile(installation.data / "safeguarding.db", folder / "safeguarding.db")
        moved = replace(installation, data=folder, database_url=f"sqlite:///{folder / 'safeguarding.db'}")
        no_room_and_room_again(moved, lambda _address: lambda full: fill(folder, full))


def no_room_and_room_again(settings: Settings, shortage_at: Callable[[str], Shortage]) -> None:
    """Serve an installation, take its room away twice, and give it back."""
    [load] = make_caseloads(settings, 1)
    # Whoever closes the last connection gives the log's room back, and a worker does when it throws one away: one is held.
    held = sqlite3.connect(settings.data / "safeguarding.db")
    with closing(held), serving(settings) as address:
        held.execute("SELECT count(*) FROM audit_event").fetchone()
        shortage = shortage_at(address)
        browser = Visitor(address)
        browser.sign_in(load.worker.email)
        for number in (1, 2):
            form = load.form(browser, f"{LONG} {number}", opinion=LONG)
            shortage(True)
            for answer in (browser.post(load.add, form), browser.get(load.case), browser.post(load.add, form)):
                tells_plainly(answer)
            assert Visitor(address).get("/sign-in").status == 200
            shortage(False)
            assert "Young" in browser.get(load.case).words
            assert [browser.post(load.add, form).status for _twice in range(2)] == [303, 303]
    check_log(settings, LONG[:50], "college", "Young")
    check_stored(settings, 2)
