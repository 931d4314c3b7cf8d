"""A demonstration is never served as a live service, nor a live one seeded."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from config import Mode, Settings
from safeguarding import create_app
from safeguarding.cli import stamp as stamps
from safeguarding.cli.stamp import StampError, check_stamp
from tests.support.databases import dispose, prepare, settings_for
from tests.support.server import ROOT, environment_of

LIVE = {
    "TRUSTED_HOSTS": "localhost",
    "PROXY_HOPS": "0",
    "SECOND_FACTOR": "required",
    "SECRET_KEY": "f3Jq8vW1zL0pXn5sTb7yKc2mRd9gHh4uEa6",  # not-a-secret: for tests
    "AUDIT_KEY": "a6EuHh4gRd9mKc2yTb7sXn5pzL0W1vq8Jf3",  # not-a-secret: for tests
    "SEALED_KEYS": "k1:mRd9gHh4uEa6f3Jq8vW1zL0pXn5sTb7yKc2",
}


def run(settings: Settings, *command: str) -> subprocess.CompletedProcess[str]:
    """Run python with the settings in its environment."""
    environment = environment_of(settings) | (LIVE if settings.mode is Mode.LIVE else {})
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("other", [Mode.LIVE, Mode.DEMONSTRATION])
def test_a_database_of_another_mode_is_refused(app: Flask, settings: Settings, other: Mode) -> None:
    check_stamp(app, settings)
    with pytest.raises(StampError, match="can never be used as"):
        check_stamp(app, replace(settings, mode=other))


def test_an_empty_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    app = create_app(settings)
    with pytest.raises(StampError, match="flask prepare"):
        check_stamp(app, settings)
    dispose(app)


def test_the_service_does_not_start_on_a_demonstration_as_live(tmp_path: Path) -> None:
    made = settings_for(tmp_path, mode=Mode.DEMONSTRATION)
    prepare(made)
    started = run(replace(made, mode=Mode.LIVE), "-c", "import wsgi")
    assert started.returncode != 0
    assert "SAFEGUARDING_MODE" in started.stderr


def test_a_live_database_is_neither_seeded_nor_are_its_accounts_printed(tmp_path: Path) -> None:
    made = settings_for(tmp_path, mode=Mode.LIVE)
    prepare(made)
    for command in (("seed",), ("demo", "accounts", "--json")):
        refused = run(made, "-m", "flask", *command)
        assert refused.returncode != 0, command
        assert "SAFEGUARDING_MODE" in refused.stderr
        assert refused.stdout == ""


def test_prepare_may_be_repeated(tmp_path: Path) -> None:
    made = settings_for(tmp_path)
    for _ in range(2):
        done = run(made, "-m", "flask", "prepare", "--json")
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == '{"seeded":false,"password":null,"accounts":[]}'


def test_sqlite_over_a_network_is_refused_with_what_to_do(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "network_kind", lambda _folder: "nfs4")
    if settings.is_sqlite:
        with pytest.raises(StampError, match=r"network disk \(nfs4\).*PostgreSQL by DATABASE_URL"):
            check_stamp(app, settings)
    else:
        check_stamp(app, settings)
