"""./run from its first line to Ctrl-C, on a seeded data folder of its own; with --slow from nothing, and again on that."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import Mode
from tests.support.databases import Databases
from tests.support.demonstrations import SEEDED, Demonstrations
from tools.assets import ROOT

# The set-up must find everything there, as after ./test: with no address to ask, it cannot fetch anything.
UNREACHABLE = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "UV_INDEX_URL": "http://127.0.0.1:9/"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class Run:
    """A ./run that has announced its address; `said` is all it wrote so far."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.address = process, f"http://localhost:{port}"
        self.said = ""

    def read_until(self, text: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line
            if text in line:
                return
        pytest.fail(f"./run ended without saying {text!r}:\n{self.said}")

    def stop(self, how: signal.Signals) -> int:
        """Ask it to stop as a terminal or a service manager would; its exit status."""
        if how is signal.SIGINT:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)
        assert self.process.stdout
        self.said += self.process.stdout.read()
        return self.process.wait(timeout=30)


@contextmanager
def running(data: Path) -> Iterator[Run]:
    port = free_port()
    surroundings = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        [sys.executable, "run", "--port", str(port), "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=surroundings | UNREACHABLE,
        start_new_session=True,
    )
    with process:
        run = Run(process, port)
        try:
            run.read_until("Ctrl-C stops it.")
            yield run
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def status(address: str) -> int:
    # Not the environment's proxy: the address is this computer.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=30) as answer:
        code: int = answer.status
    return code


STOPPED_BY = pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Path:
    """A data folder as a first run leaves it, but for its keys; that prepare seeds an empty one is a test of the stamp's."""
    databases = Demonstrations(tmp_path_factory.mktemp("seeded"), None, run_folder, SEEDED, Mode.DEMONSTRATION)
    folder = tmp_path_factory.mktemp("run")
    databases.write_copy(folder)
    return folder


def serve_and_stop(data: Path, how: signal.Signals) -> None:
    """Run the demonstration until it is stopped, and hold it to having served and said what a newcomer needs."""
    with running(data) as run:
        assert status(f"{run.address}/health") == 200
        assert status(f"{run.address}/sign-in") == 200
        assert run.stop(how) == 0
    assert run.said.endswith("Stopped.\n")
    assert "Traceback" not in run.said
    assert len(re.findall(r"^\d/6 .+ … \d+\.\d s$", run.said, re.M)) == 6
    assert f"Open {run.address}\n" in run.said
    assert 'pass phrase "marlbridge demonstration only"' in run.said
    assert re.search(r"^  chair@marlbridge\.example +chair, ", run.said, re.M)
    assert f"export SAFEGUARDING_DATA={data}\n" in run.said
    assert "export SAFEGUARDING_MODE=demonstration\n" in run.said
    assert f"export SERVICE_URL={run.address}\n" in run.said
    assert f"{data / 'outbox'}/\n" in run.said


@STOPPED_BY
def test_it_serves_the_demonstration_says_how_to_use_it_and_stops(data: Path, how: signal.Signals) -> None:
    serve_and_stop(data, how)


@pytest.mark.slow
def test_it_does_so_from_nothing_and_again(tmp_path: Path) -> None:
    for how in (signal.SIGINT, signal.SIGTERM):
        serve_and_stop(tmp_path / "data", how)


def test_a_database_of_another_mode_is_refused_in_one_line(sqlite_databases: Databases, tmp_path: Path) -> None:
    with sqlite_databases.copy(tmp_path):
        done = subprocess.run(
            [sys.executable, "run", "--setup", "--data", str(tmp_path)],
            cwd=ROOT,
            env=os.environ | UNREACHABLE,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "made as test and can never be used as demonstration" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_a_live_service_needs_is_installed_without_a_demonstration(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "run", "--install", "--data", str(tmp_path / "data")],
        cwd=ROOT,
        env=os.environ | UNREACHABLE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^\d/5 (\w+)", done.stdout, re.M) == ["Python", "Python", "Front", "Assets", "Bytecode"]
    assert not (tmp_path / "data").exists()
