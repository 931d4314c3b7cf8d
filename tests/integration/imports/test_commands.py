"""`flask import`, `flask contexts explain` and `flask risk refresh` as they are called: JSON, exit codes, a killed process."""

import json
import time
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from safeguarding.access.roles import Role
from safeguarding.contexts import risk
from safeguarding.contexts.models import ImportRun, ImportState, Incident
from safeguarding.contexts.records import live_incidents
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.places import make_context, make_incident, make_lead
from tests.integration.imports.files import crime, street, written
from tests.support import loaded
from tests.support.server import environment_of

ROWS = 10_000  # enough that a page is read and something recorded well before the last, also on a busy machine
SHAPE = ["run", "read", "created", "updated", "unchanged", "refused", "matched", "refusals"]


def call(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


def answer(result: Result) -> dict[str, Any]:
    lines = result.stdout.splitlines()
    assert len(lines) == 1, result.output
    shape: dict[str, Any] = json.loads(lines[0])
    return shape


def test_the_published_shape_of_an_import(app: Flask, tmp_path: Path) -> None:
    path = street(tmp_path / "a.csv", [crime("c1"), crime("c2", month="soon")])
    result = call(app, "import", "incidents", path, "--format", "police-street", "--json")
    assert result.exit_code == 0
    shape = answer(result)
    assert list(shape)[:8] == SHAPE
    assert shape["run"].startswith("IM-")
    assert (shape["read"], shape["created"], shape["refused"]) == (2, 1, 1)
    assert shape["refusals"] == [{"row": 2, "reason": "the month is not written YYYY-MM"}]


def test_places_by_command(app: Flask, tmp_path: Path) -> None:
    path = written(tmp_path / "p.csv", ("Name", "Latitude", "Longitude"), [("Tanner’s Fields", 51.5, -0.1)])
    result = call(app, "import", "contexts", path, "--format", "csv", "--kind", "park", "--json")
    assert (result.exit_code, answer(result)["created"]) == (0, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("incidents", "--format", "police-street"),
        ("contexts", "--format", "gias"),
        ("contexts", "--format", "geojson", "--kind", "no such kind"),
        ("incidents", "--format", "no-such-format"),
    ],
)
def test_what_is_not_the_named_format_ends_with_2(app: Flask, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Colour,Size\nred,1\n")
    result = call(app, "import", arguments[0], path, *arguments[1:], "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    with app.app_context():
        assert db.session.scalar(select(ImportRun.id)) is None


def test_a_file_of_which_nothing_can_be_used_ends_with_1(app: Flask, tmp_path: Path) -> None:
    path = street(tmp_path / "a.csv", [crime(month="soon")])
    assert call(app, "import", "incidents", path, "--format", "police-street", "--json").exit_code == 1


def test_a_missing_file_ends_with_2(app: Flask, tmp_path: Path) -> None:
    assert call(app, "import", "incidents", tmp_path / "none.csv", "--format", "police-street").exit_code == 2


def test_explain_says_what_the_score_is_made_of(app: Flask) -> None:
    with app.app_context(), unit_of_work():
        context = make_context()
        ref = context.ref
        make_incident(make_lead().actor, context, days_ago=0)
    result = call(app, "contexts", "explain", ref, "--json")
    shape = answer(result)
    assert list(shape) == [
        "context", "as_of", "rubric", "score", "range", "band", "contributions", "missing", "stale", "judgement"
    ]  # fmt: skip
    assert sum(line["points"] for line in shape["contributions"]) == shape["score"] == 700
    assert set(shape["contributions"][0]) == {"factor", "source", "date", "points"}
    assert answer(call(app, "contexts", "explain", ref, "--as-of", "2025-01-01", "--json"))["score"] == 0
    assert call(app, "contexts", "explain", "CX-0000-0000").exit_code == 2
    assert call(app, "contexts", "explain", ref, "--as-of", "1999-01-01").exit_code == 2


def test_refresh_by_command(app: Flask) -> None:
    with app.app_context():
        with clock.pretend(clock.now() - timedelta(days=365)), unit_of_work():
            context = make_context()
            make_incident(make_lead().actor, context, days_ago=0)
        assert risk.ids_to_refresh(clock.today()) == [context.id]
    assert answer(call(app, "risk", "refresh", "--json")) == {"as_of": clock.today().isoformat(), "refreshed": 1}
    with app.app_context():
        assert risk.ids_to_refresh(clock.today()) == []
        assert risk.differing(clock.today()) == []


def test_preparing_a_database_brings_the_figures_to_today(app: Flask) -> None:
    with app.app_context():
        with clock.pretend(clock.now() - timedelta(days=365)), unit_of_work():
            make_incident(make_lead().actor, make_context(), days_ago=0)
        db.session.rollback()
    assert call(app, "prepare").exit_code == 0
    with app.app_context():
        assert risk.ids_to_refresh(clock.today()) == []


def process(settings: Settings, path: Path) -> ForkServerProcess:
    """Start an import in a process of its own, on the test's database; what it says goes to a file beside."""
    command = ["flask", "import", "incidents", str(path), "--format", "police-street", "--json"]
    said = path.with_suffix(".said")
    return loaded.start(command, environment_of(settings), said, said)


def test_a_killed_import_counts_nowhere_and_is_resumed(
    app: Flask, settings: Settings, sign_in: SignIn, tmp_path: Path
) -> None:
    browser = sign_in(Role.LEAD)
    rows = [crime(f"c{n}", place=(51.5, -0.1)) for n in range(ROWS)]
    path = street(tmp_path / "a.csv", rows)
    running = process(settings, path)
    with app.app_context():
        while not db.session.scalar(select(func.max(ImportRun.last_row))):
            db.session.rollback()
            assert running.is_alive(), path.with_suffix(".said").read_text()
            time.sleep(0.01)
        # A page is read and something is recorded while it runs.
        assert db.session.scalars(select(Incident.id).where(live_incidents())).all() == []
        db.session.rollback()
        with unit_of_work():
            make_incident(make_lead().actor, make_context())
    assert browser.get("/contexts").status == 200
    assert running.is_alive()
    running.kill()
    running.join()
    with app.app_context():
        run = db.session.scalars(select(ImportRun)).one()
        ref = run.ref
        assert (run.state, 0 < run.last_row < ROWS) == (ImportState.RUNNING, True)
        assert len(db.session.scalars(select(Incident.id).where(live_incidents())).all()) == 1
        db.session.rollback()
    result = call(app, "import", "incidents", path, "--format", "police-street", "--json")
    assert "resumed" in result.stderr
    shape = answer(result)
    assert (shape["run"], shape["read"], shape["created"], shape["resumed"]) == (ref, ROWS, ROWS, True)
    with app.app_context():
        assert len(db.session.scalars(select(Incident.id).where(live_incidents())).all()) == ROWS + 1
        assert risk.differing(clock.today()) == []
    assert call(app, "audit", "verify").exit_code == 0
