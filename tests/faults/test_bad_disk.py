"""A disk that refuses to keep what SQLite wrote: nobody is told that it is stored, nothing is half stored, and the next try
is a true one. The error comes from the kernel's side, at a chosen call of fsync."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from safeguarding import create_app
from safeguarding.cases.models import CaseUpdate
from safeguarding.extensions import db
from tests.faults.caseload import Caseload, check_stored, make_caseloads
from tests.faults.visitors import check_log
from tests.support.databases import Databases, dispose
from tests.support.server import ROOT, environment_of

pytestmark = pytest.mark.timeout(300)

SYNC = "fsync,fdatasync"


@pytest.fixture
def broken_disk(sqlite_databases: Databases, tmp_path: Path) -> Iterator[tuple[Settings, Caseload]]:
    """A fresh installation on SQLite, and somebody who works a case there."""
    need_injection()
    with sqlite_databases.copy(tmp_path) as fresh:
        [load] = make_caseloads(fresh, 1)
        yield fresh, load


def need_injection() -> None:
    """Skip where no error can be put in place of a call: the program is missing, or the kernel lets nobody be traced."""
    if shutil.which("strace") is None:
        pytest.skip("strace is missing: no error of a disk can be injected")
    code = "import os,sys\ntry: os.fsync(os.open('/tmp',0))\nexcept OSError as e: sys.exit(e.errno)"
    done = subprocess.run([*injecting("1"), sys.executable, "-c", code], capture_output=True, check=False)
    if done.returncode != 5:
        pytest.skip("tracing forbidden: no error of a disk can be injected")


def injecting(when: str) -> list[str]:
    """Return the command that runs another and lets it meet EIO at some of its calls: `3`, or `3+5` for each fifth."""
    return [
        "strace",
        "-f",
        "-qq",
        "-o",
        os.devnull,
        "-e",
        f"trace={SYNC}",
        "-e",
        f"inject={SYNC}:error=EIO:when={when}",
    ]


def log_updates(settings: Settings, load: Caseload, many: int, when: str) -> list[list[int]]:
    """Let a process log updates on such a disk, and return what it was told of each."""
    place = json.dumps({"worker": asdict(load.worker), "case": load.case})
    command = [*injecting(when), sys.executable, "-m", "tests.faults.storing", place, str(many)]
    with (settings.data / "server.log").open("wb") as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment_of(settings),
            stdout=subprocess.PIPE,
            stderr=log,
            check=False,
            timeout=250,
        )
    assert done.returncode == 0, (settings.data / "server.log").read_text()[-3_000:]
    return [json.loads(line)["answers"] for line in done.stdout.splitlines()]


def check(settings: Settings, told: list[list[int]]) -> None:
    """Hold what is stored to what was told: each update once, with its event, and no word of a success that was none."""
    assert all(set(answers) <= {303, 503} and answers[-1] == 303 for answers in told), told
    app: Flask = create_app(settings)
    with app.app_context():
        kept = sorted(db.session.scalars(select(CaseUpdate.what_happened)))
    dispose(app)
    assert kept == sorted(f"Update {number}" for number in range(len(told)))
    check_stored(settings, len(told))
    check_log(settings, "Update 1", "college", "Young")


def test_what_the_disk_did_not_keep_is_never_told_as_stored(broken_disk: tuple[Settings, Caseload]) -> None:
    settings, load = broken_disk
    told = log_updates(settings, load, many=8, when="6+7")
    assert len(told) == 8
    check(settings, told)
    assert any(503 in answers for answers in told), "no error met a form"


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_the_same_at_each_of_the_first_fifty_calls(sqlite_databases: Databases, tmp_path: Path) -> None:
    need_injection()
    met = 0
    for call in range(1, 51):
        folder = tmp_path / str(call)
        folder.mkdir()
        with sqlite_databases.copy(folder) as fresh:
            [load] = make_caseloads(fresh, 1)
            told = log_updates(fresh, load, many=20, when=str(call))
            check(fresh, told)
            met += any(503 in answers for answers in told)
    assert met > 10, "hardly an error met a form"
