"""The account of skips: a run that must not skip fails when it does, and says which databases it used."""

import os
import subprocess
from pathlib import Path

from tests.support import loaded

PLUGINS = ("-p", "tests.support.skips", "-p", "xdist", "-p", "no:cacheprovider")

PASSES = "def test_passes():\n    assert True\n"
SKIPS = "import pytest\n\n\ndef test_skips():\n    pytest.skip('{reason}')\n"
USES_SQLITE = """
from sqlalchemy import create_engine, text


def test_uses_sqlite():
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    engine.dispose()
"""


def run(folder: Path, tests: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run some tests in a process of their own, with the plugin."""
    (folder / "test_inner.py").write_text(tests)
    command = ["pytest", *PLUGINS, "-c", "/dev/null", f"--rootdir={folder}", *options, str(folder)]
    return loaded.run(command, os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})


def test_a_skip_fails_the_run_that_must_not_skip(tmp_path: Path) -> None:
    tests = PASSES + SKIPS.format(reason="no browser")
    assert run(tmp_path, tests).returncode == 0
    done = run(tmp_path, tests, "--no-skip")
    assert done.returncode == 1
    assert "FAILED, skipped: test_inner.py::test_skips: no browser" in done.stdout


def test_a_skipped_module_fails_it_too(tmp_path: Path) -> None:
    skipped = "import pytest\n\npytest.skip('no server', allow_module_level=True)\n"
    (tmp_path / "test_other.py").write_text(PASSES)
    done = run(tmp_path, skipped, "--no-skip")
    assert done.returncode == 1
    assert "FAILED, skipped: test_inner.py: no server" in done.stdout


def test_only_the_want_of_shared_data_is_excused_and_it_is_counted(tmp_path: Path) -> None:
    done = run(tmp_path, PASSES + SKIPS.format(reason="shared data absent: schools.csv"), "--no-skip")
    assert done.returncode == 0
    assert "skipped: 1, of them 1 because shared data absent or tracing forbidden" in done.stdout


def test_what_was_used_is_named_and_what_was_not_fails_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, USES_SQLITE, "--needs", "SQLite")
    assert done.returncode == 0
    assert "used: SQLite 3." in done.stdout
    done = run(tmp_path, USES_SQLITE, "--needs", "SQLite", "--needs", "PostgreSQL")
    assert done.returncode == 1
    assert "FAILED, not used: PostgreSQL" in done.stdout
    assert "not used: SQLite" not in done.stdout


def test_a_run_of_several_processes_is_judged_as_one(tmp_path: Path) -> None:
    tests = USES_SQLITE + SKIPS.format(reason="no browser")
    done = run(tmp_path, tests, "--no-skip", "--needs", "SQLite", "--needs", "PostgreSQL", "-n", "1")
    assert done.returncode == 1
    assert "used: SQLite 3." in done.stdout
    for complaint in ("skipped: test_inner.py::test_skips: no browser", "not used: PostgreSQL"):
        assert f"FAILED, {complaint}" in done.stdout
    assert "not used: SQLite" not in done.stdout


def test_a_failure_stays_a_failure(tmp_path: Path) -> None:
    assert run(tmp_path, "def test_fails():\n    assert False\n", "--no-skip").returncode == 1
