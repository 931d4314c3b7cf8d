"""./run and ./test as a newcomer meets them: what stops them is said in one line, with what to do."""

import ast
import json
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools.assets import ROOT
from tools.console import Failed, Programs

COMMANDS = ("run", "test")
OLD_PYTHON = "import sys; sys.version_info = (3, 8, 1, 'final', 0); exec(open({name!r}).read())"


def give(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
    )


def test_a_taken_port_is_said_before_any_work_with_another_to_choose() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = give("run", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is taken.")
    assert re.search(r"./run --port \d+\n$", done.stderr)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_what_is_no_port_is_refused(port: str) -> None:
    done = give("run", f"--port={port}")
    assert done.returncode == 2
    assert "--port" in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_an_old_python_can_read_the_command_and_says_what_is_needed(name: str) -> None:
    ast.parse((ROOT / name).read_text(), feature_version=(3, 4))
    done = give("-c", OLD_PYTHON.format(name=name))
    assert done.returncode == 1
    assert done.stderr.startswith(f"./{name} needs Python 3.11 or later; this is 3.8.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_the_commands_explain_themselves(name: str) -> None:
    done = give(name, "--help")
    assert done.returncode == 0
    assert f"usage: ./{name}" in done.stdout


def test_a_program_that_fails_tells_all_it_said() -> None:
    script = "import sys; print('said'); print('wrong', file=sys.stderr); sys.exit(3)"
    with pytest.raises(Failed) as failed:
        Programs().run([sys.executable, "-c", script], ROOT)
    assert failed.value.output == "said\nwrong\n"


def test_no_program_outlives_the_command_that_started_it(tmp_path: Path) -> None:
    programs = Programs()
    begun = tmp_path / "begun"
    script = f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(60)"
    ended: list[type[Exception]] = []

    def run() -> None:
        try:
            programs.run([sys.executable, "-c", script], ROOT)
        except Failed:
            ended.append(Failed)

    thread = threading.Thread(target=run)
    thread.start()
    while not begun.exists():
        time.sleep(0.01)
    programs.end_all()
    thread.join(timeout=30)
    assert ended == [Failed]


def test_every_locked_package_has_its_hashes_and_names_no_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        for entry in re.split(r"\n(?=[a-z])", text.strip()):
            assert "--hash=sha256:" in entry, entry
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_the_notices_name_every_package_that_is_used_or_served() -> None:
    locked = set(re.findall(r"^([a-z][a-z0-9-]*)==", (ROOT / "requirements/runtime.txt").read_text(), re.M))
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    served = {path.removeprefix("node_modules/") for path, entry in packages.items() if path and not entry.get("dev")}
    named = set(re.findall(r"^\| ([@a-z][a-z0-9/@-]*) \|", (ROOT / "THIRD_PARTY_NOTICES.md").read_text(), re.M))
    assert named - {"package"} == locked | served
