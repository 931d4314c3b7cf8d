"""A pytest plugin: says what a run skipped and why, and which databases and browsers it really used.

Owns two options. `--no-skip` makes a run fail when any test was skipped, except for a reason that no set-up can mend
(EXCUSED; those are counted and printed); `--needs NAME` makes it fail when NAME was not used.
It must not decide what is skipped: the tests and fixtures do that.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

EXCUSED = ("shared data absent", "tracing forbidden")  # how such a reason begins

_used: dict[str, str] = {}


def used(name: str, version: str = "") -> None:
    """Note that this run used a database or browser; whoever launches a browser calls it with its version."""
    _used[name] = version


@event.listens_for(Engine, "first_connect")
def _database_used(connection: Any, record: Any) -> None:
    # Seen from the driver's own connection: the test need not tell.
    if isinstance(connection, sqlite3.Connection):
        used("SQLite", sqlite3.sqlite_version)
    elif version := getattr(getattr(connection, "info", None), "server_version", None):
        used("PostgreSQL", f"{version // 10000}.{version % 10000}")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("safeguarding panels")
    group.addoption("--no-skip", action="store_true", help=f"fail on any skip but for {', '.join(EXCUSED)}")
    group.addoption("--needs", action="append", default=[], metavar="NAME", help="fail if NAME is not used")


def pytest_configure(config: pytest.Config) -> None:
    # With several processes each worker only tells what it used; the first process judges.
    worker = hasattr(config, "workerinput")
    config.pluginmanager.register(Worker(config) if worker else Account(config), "skips-account")


class Worker:
    """Hands what one worker process used to the process that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_sessionfinish(self) -> None:
        self.config.workeroutput["used"] = dict(_used)  # type: ignore[attr-defined]


class Account:
    """Gathers the skips of a whole run, and fails it where they are not allowed."""

    def __init__(self, config: pytest.Config) -> None:
        self.forbidden: bool = config.getoption("--no-skip")
        self.needed: list[str] = config.getoption("--needs")
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report, expected_failure=hasattr(report, "wasxfail"))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report, expected_failure=False)

    def _note(self, report: pytest.TestReport | pytest.CollectReport, *, expected_failure: bool) -> None:
        if report.skipped and not expected_failure:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.skipped[report.nodeid] = reason.removeprefix("Skipped: ")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        _used.update(getattr(node, "workeroutput", {}).get("used", {}))

    @property
    def excused(self) -> list[str]:
        return [test for test, reason in self.skipped.items() if reason.startswith(EXCUSED)]

    def complaints(self) -> list[str]:
        """Why the run must fail, one line for each reason; empty when it need not."""
        wrong = [f"not used: {name}" for name in self.needed if name not in _used]
        if self.forbidden:
            wrong += [f"skipped: {test}: {self.skipped[test]}" for test in self._unexcused()]
        return wrong

    def _unexcused(self) -> Iterable[str]:
        return sorted(set(self.skipped) - set(self.excused))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.complaints() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        say = terminalreporter.write_line
        names = ", ".join(f"{name} {version}".strip() for name, version in sorted(_used.items()))
        say(f"used: {names or 'no database, no browser'}")
        if self.skipped:
            say(f"skipped: {len(self.skipped)}, of them {len(self.excused)} because {' or '.join(EXCUSED)}")
        for line in self.complaints():
            say(f"FAILED, {line}", red=True)
