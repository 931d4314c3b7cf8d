"""What whoever runs the service sees of it: whether it is ready, what it counts, what it logs; and never of whom."""

import io
import json
import logging
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from config import ConfigError, Mode, Settings, read_settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.accounts.told import RIGHTS_CHANGED
from safeguarding.cli.last_resort import told_plainly
from safeguarding.core import clock
from safeguarding.core.database import writing
from safeguarding.extensions import db
from safeguarding.notices import service as notices
from safeguarding.notices.models import NoticeState
from safeguarding.web.logs import configure_logs
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import make_somebody
from tests.support.databases import by_owner, dispose
from tests.support.pages import PageClient

CANARY = "Zebedee Quillfeather"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Give what is logged as it is when the service serves, and put logging back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("safeguarding")
    before = (root.handlers[:], root.level, ours.level)
    stream = io.StringIO()
    configure_logs(stream)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# --- the log ----------------------------------------------------------------------------------------------------------


def test_each_request_leaves_one_line_that_names_nobody(app: Flask, sign_in: SignIn, logged: io.StringIO) -> None:
    browser = sign_in(Role.SOCIAL_WORKER)
    logged.truncate(0)
    logged.seek(0)
    page = browser.post("/people", {"text": CANARY})
    browser.get(f"/people/{CANARY}?name={CANARY}")
    browser.get("/%0d%0aforged%1b[31m")
    found = [line for line in lines(logged) if line["event"] == "request"]
    assert [line["route"] for line in found][-2:] == ["/people/<ref>", "none"]
    searched = next(line for line in found if line["route"] == "/people" and line["method"] == "POST")
    assert searched["status"] == page.status
    assert searched["request_id"] == page.response.headers["X-Request-ID"]
    assert searched["ms"] >= 0
    assert "forged" not in logged.getvalue()
    for part in CANARY.split():
        assert part not in logged.getvalue()
    told = {"at", "event", "level", "logger", "method", "ms", "request_id", "route", "status"}
    assert all(set(line) <= told for line in found)


def test_an_error_leaves_the_way_it_took_and_not_what_it_was_about(
    app: Flask, anonymous: PageClient, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> str:
        raise ValueError(f"{CANARY}\r\n\x1b[31mforged")

    monkeypatch.setitem(app.view_functions, "web.cookies", fail)
    fail.__dict__["needs"] = "public"
    assert anonymous.get("/cookies").status == 500
    [error] = [line for line in lines(logged) if line["level"] == "error"]
    assert error["error"] == "builtins.ValueError"
    assert error["way"][-1].endswith(" fail")
    assert error["request_id"]
    assert "Quillfeather" not in logged.getvalue()
    assert "\x1b" not in logged.getvalue()
    logging.getLogger("other.library").warning("cannot find %s", CANARY)
    logging.getLogger("safeguarding.test").warning("count", extra={"count": 3, "name_of_child": CANARY})
    assert "Quillfeather" not in logged.getvalue()
    assert lines(logged)[-1]["count"] == 3


def test_a_command_that_breaks_off_says_where_and_not_what_it_was_about(
    in_app: Flask, settings: Settings, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def breaks() -> None:
        raise ValueError(CANARY)

    monkeypatch.setitem(in_app.extensions, "settings", replace(settings, mode=Mode.LIVE))
    done = CliRunner().invoke(told_plainly(breaks))
    assert done.exit_code == 3
    assert "Report it" in done.stderr
    [line] = lines(logged)
    assert line["error"] == "builtins.ValueError"
    assert line["way"][-1].endswith(" breaks")
    assert "Quillfeather" not in logged.getvalue() + done.output


def test_an_error_of_the_database_does_not_repeat_what_was_asked(in_app: Flask) -> None:
    with pytest.raises(Exception, match="no_such_table") as raised, unit_of_work():
        db.session.execute(text("SELECT :name FROM no_such_table"), {"name": CANARY})
    assert "Quillfeather" not in str(raised.value)


# --- the counts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def counting(settings: Settings) -> Iterator[Flask]:
    """An application whose counts may be read with a token, and from one network that is not this one."""
    made = create_app(replace(settings, metrics_token="t" * 40, metrics_from=("10.9.0.0/16",)))
    yield made
    dispose(made)


def counts(app: Flask) -> dict[str, float]:
    answer = app.test_client().get(
        "/metrics", base_url="https://localhost", headers={"Authorization": f"Bearer {'t' * 40}"}
    )
    assert answer.status_code == 200
    said = [line.rsplit(" ", 1) for line in answer.get_data(as_text=True).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in said}


def test_strangers_and_forged_forms_are_counted_and_not_recorded(counting: Flask) -> None:
    before = counts(counting)
    stranger = PageClient(counting.test_client())
    assert stranger.get("/no-such-page").status == 404
    assert stranger.post("/sign-in", {"csrf_token": "wrong", "email": "a@b.example", "password": "x"}).status == 400
    after = counts(counting)
    for name in ("safeguarding_anonymous_not_found_total", "safeguarding_bad_form_tokens_total"):
        assert after[name] == before[name] + 1
    with counting.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM audit_event WHERE event = 'access:request:refused'")) == 0
        db.session.remove()


def test_nothing_that_is_counted_names_anybody(counting: Flask) -> None:
    browser = PageClient(counting.test_client())
    browser.get(f"/people/YP-7F3K-9?name={CANARY}")
    said = "\n".join(counts(counting))
    assert 'route="/people/<ref>"' in said
    assert "YP-7F3K" not in said
    assert "Quillfeather" not in said


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 404),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "10.9.1.1"}, 404),
        ("10.9.1.1", {}, 200),
        ("127.0.0.1", {"Authorization": f"Bearer {'t' * 40}"}, 200),
    ],
)
def test_the_counts_are_for_those_who_run_the_service(
    counting: Flask, address: str, headers: dict[str, str], status: int
) -> None:
    client = counting.test_client()
    answer = client.get(
        "/metrics", base_url="https://localhost", headers=headers, environ_base={"REMOTE_ADDR": address}
    )
    assert answer.status_code == status


# Two workers that each count a stranger and end, forked as `./run` forks its own; and what is then told.
TWO_WORKERS = """
import os
from safeguarding.web import metrics
for worker in range(2):
    if os.fork() == 0:
        metrics.STRANGERS.inc()
        os._exit(0)
    os.wait()
print(metrics.generate_latest(metrics._registry()).decode())
"""


def test_the_counts_of_all_workers_are_added_up(tmp_path: Path) -> None:
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": "/usr/bin"}
    command = [sys.executable, "-c", TWO_WORKERS]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert "safeguarding_anonymous_not_found_total 2.0" in said.stdout


@pytest.mark.parametrize(
    ("given", "named"),
    [({"METRICS_FROM": "10.0.0.300"}, "METRICS_FROM"), ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN")],
)
def test_a_wrong_setting_is_refused_by_name(given: dict[str, str], named: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=named):
        read_settings({"SAFEGUARDING_MODE": "test", "SAFEGUARDING_DATA": str(tmp_path), **given})


def test_what_stands_still_is_seen(counting: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ages = [f"safeguarding_{what}_age_seconds" for what in ("worker", "backup", "anchor")]
    before = counts(counting)
    assert [before[age] for age in ages] == [math.inf] * 3  # never is the longest time
    assert (before["safeguarding_mail_age_seconds"], before["safeguarding_mail_failed"]) == (0, 0)
    runner = counting.test_cli_runner()
    for command in (["worker", "--once"], ["backup", str(settings.data / "kept.backup")], ["audit", "anchor"]):
        done = runner.invoke(args=command)
        assert done.exit_code == 0, done.output
    with counting.app_context(), unit_of_work():
        notices.queue(RIGHTS_CHANGED, make_somebody(Role.ADMIN).id)
        given_up = notices.queue(RIGHTS_CHANGED, make_somebody(Role.ADMIN).id)
        given_up.state, given_up.settled_at = NoticeState.FAILED, clock.now()
    with clock.pretend(clock.now() + timedelta(minutes=5)):
        after = counts(counting)
    assert all(299 < after[age] < 420 for age in (*ages, "safeguarding_mail_age_seconds")), after
    assert after["safeguarding_mail_failed"] == 1
    monkeypatch.setitem(counting.extensions, "watched", [("lost", "A", lambda: 1 / 0), *counting.extensions["watched"]])
    assert counts(counting).keys() >= {*ages}  # what cannot be had is left out, and nothing else


# --- ready ------------------------------------------------------------------------------------------------------------


def test_it_is_ready_when_its_migrations_are_run_and_the_audit_has_its_head(app: Flask, anonymous: PageClient) -> None:
    def ready() -> tuple[int, Any]:
        answer = anonymous.get("/ready")
        return answer.status, answer.response.json

    assert ready() == (200, {"ok": True})
    for broken, mended in (
        ("UPDATE alembic_version SET version_num = '0001'", "UPDATE alembic_version SET version_num = :was"),
        ("UPDATE audit_head SET id = 2", "UPDATE audit_head SET id = 1"),
    ):
        with by_owner(app) as engine, writing(), engine.begin() as connection:
            was = connection.scalar(text("SELECT version_num FROM alembic_version"))
            connection.execute(text(broken))
        assert ready() == (503, {"ok": False})
        with by_owner(app) as engine, writing(), engine.begin() as connection:
            connection.execute(text(mended), {"was": was} if ":was" in mended else {})
        assert ready() == (200, {"ok": True})


def test_a_case_page_is_logged_by_its_pattern(app: Flask, sign_in: SignIn, logged: io.StringIO) -> None:
    browser = sign_in(Role.ADMIN)
    browser.get("/cases/CA-0000-0")
    assert lines(logged)[-1]["route"] == "/cases/<ref>"
    assert "CA-0000" not in logged.getvalue()
