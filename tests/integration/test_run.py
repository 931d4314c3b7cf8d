"""./run from its first line to Ctrl-C, on a data folder of its own, and again on what the first run left."""

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


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "data"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_serves_the_demonstration_and_stops_without_a_complaint(data: Path, how: signal.Signals) -> None:
    with running(data) as run:
        assert status(f"{run.address}/health") == 200
        assert status(f"{run.address}/sign-in") == 200
        assert run.stop(how) == 0
    assert run.said.endswith("Stopped.\n")
    assert "Traceback" not in run.said
    assert len(re.findall(r"^\d/6 .+ … \d+\.\d s$", run.said, re.M)) == 6


def test_it_tells_the_address_the_accounts_and_the_variables(data: Path) -> None:
    with running(data) as run:
        run.stop(signal.SIGTERM)
    assert f"Open {run.address}\n" in run.said
    assert 'pass phrase "marlbridge demonstration only"' in run.said
    assert re.search(r"^  chair@marlbridge\.example +chair, ", run.said, re.M)
    assert f"export SAFEGUARDING_DATA={data}\n" in run.said
    assert "export SAFEGUARDING_MODE=demonstration\n" in run.said
    assert f"export SERVICE_URL={run.address}\n" in run.said
    assert f"{data / 'outbox'}/\n" in run.said


def test_a_database_of_another_mode_is_refused_in_one_line(tmp_path: Path) -> None:
    test_mode = {"SAFEGUARDING_MODE": "test", "SAFEGUARDING_DATA": str(tmp_path)}
    prepare = [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"]
    subprocess.run(prepare, cwd=ROOT, env=os.environ | test_mode, check=True, capture_output=True)
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
