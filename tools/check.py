"""./test: sets everything up, runs the checks and the tests, and says what was used and what was skipped."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools import environment
from tools.assets import ROOT
from tools.console import Failed, Programs, Steps, speak, surroundings

BIN = environment.VENV / "bin"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
USED_IN_FULL = ("SQLite", "PostgreSQL", "Chromium")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when every check and test passed, 1 or pytest's own status otherwise."""
    options, passed_on = _options(arguments)
    programs = Programs()
    return speak(lambda: _run(options, passed_on, programs), programs)


def _options(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="./test",
        description="Set up, run the checks, then the tests. Other arguments go to pytest: ./test -k agenda",
        allow_abbrev=False,
    )
    parser.add_argument("--slow", action="store_true", help="the slow tests too")
    parser.add_argument("--no-checks", action="store_true", help="the tests alone")
    parser.add_argument(
        "--no-skip", action="store_true", help="fail if anything is skipped but for want of ../shared/data"
    )
    return parser.parse_known_args(arguments)


def _run(options: argparse.Namespace, passed_on: list[str], programs: Programs) -> int:
    checks = {} if options.no_checks else _checks()
    steps = Steps(4 + len(checks))
    with environment.alone():
        environment.set_up(steps, programs, "runtime", "dev")
    failures = [name for name, command in checks.items() if not _check(steps, programs, name, command)]
    _say_what_is_missing()
    status = _pytest(options, passed_on)
    if failures:
        sys.stdout.write(f"FAILED, checks: {', '.join(failures)}\n")
    return status or (1 if failures else 0)


def _checks() -> dict[str, list[str]]:
    """The checks in the order they run, quick ones first."""
    return {
        "Style (ruff)": [str(BIN / "ruff"), "check", "--quiet", "."],
        "Layout (ruff format)": [str(BIN / "ruff"), "format", "--check", "--output-format", "concise", "."],
        "Layers (import-linter)": [str(BIN / "lint-imports"), "--no-cache"],
        "Dependencies (deptry)": [str(BIN / "deptry"), "."],
        "Secrets (tools.secret_scan)": [str(environment.PYTHON), "-m", "tools.secret_scan"],
        "Templates (djlint)": [str(BIN / "djlint"), "--lint", "--quiet", "templates"],
        "Types (mypy)": [str(BIN / "mypy")],
    }


def _check(steps: Steps, programs: Programs, name: str, command: list[str]) -> bool:
    """Run one check; what it found is shown at once, and the others run all the same."""
    try:
        steps.take(name, lambda: programs.run(command, ROOT))
    except Failed as failed:
        sys.stdout.write(failed.output.rstrip() + "\n")
        return False
    return True


def chromium() -> str | None:
    """The browser that the tests drive, or None."""
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


def postgresql() -> bool:
    """Whether the tests can start a PostgreSQL of their own; they look in the same places."""
    return bool(list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb"))


def _say_what_is_missing() -> None:
    advice = "on Debian: apt install"
    if not postgresql():
        sys.stdout.write(f"PostgreSQL is missing, so its tests are skipped ({advice} postgresql-15)\n")
    if not chromium():
        sys.stdout.write(f"Chromium is missing, so the tests in a browser are skipped ({advice} chromium)\n")
    if not shutil.which("node"):
        sys.stdout.write(f"Node is missing, so the tests of single sign-on are skipped ({advice} nodejs)\n")
    if not shutil.which("strace"):
        sys.stdout.write(f"strace is missing, so the tests of a bad disk are skipped ({advice} strace)\n")
    if not (ROOT.parent / "shared" / "data").is_dir():
        sys.stdout.write("../shared/data is absent, so the tests on real downloads are skipped\n")
    sys.stdout.flush()


def _pytest(options: argparse.Namespace, passed_on: list[str]) -> int:
    command = [str(environment.PYTHON), "-m", "pytest"]
    if options.slow:
        command += ["-m", "slow or not slow"]
    if options.no_skip:
        command += ["--no-skip", *(word for name in USED_IN_FULL for word in ("--needs", name))]
    if not passed_on:
        # A file's tests stay together, because its databases and browser are made once a file.
        command += ["-n", str(os.cpu_count() or 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    # It stays in this process group: a Ctrl-C reaches it directly, and it ends by itself.
    with subprocess.Popen([*command, *passed_on], cwd=ROOT, env=surroundings()) as running:
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:
                continue
