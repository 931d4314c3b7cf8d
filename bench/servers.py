"""The servers that are measured: gunicorn with two workers, and how much CPU a tree of processes has had.

A server is started with its output in a file and ended by its own id. It knows no page.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
SECONDS_TO_START = 30


class Server:
    """One gunicorn, as a context manager."""

    def __init__(self, target: str, environment: Mapping[str, str], log: Path) -> None:
        self.port = _free_port()
        self._target, self._environment, self._log = target, environment, log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [
            sys.executable, "-m", "gunicorn", self._target, "--bind", f"127.0.0.1:{self.port}", "--workers", "2",
            "--worker-class", "gthread", "--threads", "8", "--keep-alive", "30", "--no-control-socket",
            "--log-level", "warning",
        ]  # fmt: skip
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)

    @property
    def pid(self) -> int:
        """The id of the master."""
        assert self._process is not None
        return self._process.pid

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"{self._target} did not start:\n{self._log.read_text(errors='replace')[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postmaster_of(url: str) -> int | None:
    """Return the id of PostgreSQL's first process, which must run on this machine; None for SQLite."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return None
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        return _parent_and_ticks(int(row[0]))[0]


def cpu_seconds(root: int | None) -> float:
    """Return the CPU seconds, user and system, that a process and its children have had, those ended included."""
    if root is None:
        return 0.0
    parents: dict[int, tuple[int, int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)] = _parent_and_ticks(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
    tree = {root}
    grown = True
    while grown:
        more = {pid for pid, (parent, _ticks) in parents.items() if parent in tree} - tree
        tree |= more
        grown = bool(more)
    return sum(parents[pid][1] for pid in tree if pid in parents) / TICK


def _parent_and_ticks(pid: int) -> tuple[int, int]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), sum(int(value) for value in fields[11:15])  # user, system, and those of ended children


def busy_share(seconds: float = 0.5) -> float:
    """Return which share of the machine others use now, from 0 to 1."""
    first = _idle()
    time.sleep(seconds)
    second = _idle()
    total = second[1] - first[1]
    return 1 - (second[0] - first[0]) / total if total else 0.0


def _idle() -> tuple[int, int]:
    values = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return values[3] + values[4], sum(values[:8])
