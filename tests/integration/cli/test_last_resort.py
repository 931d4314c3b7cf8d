"""What a command cannot mend is said in a line, with an exit status of its own, and repeats nothing that a row holds."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import make_url
from sqlalchemy.exc import IntegrityError

from config import Settings
from safeguarding import create_app
from safeguarding.cli.last_resort import said_by
from tests.support.databases import dispose

CANARY = "Zebedee Quillfeather"


def invoke(settings: Settings, *arguments: str) -> Result:
    app = create_app(settings)
    try:
        return app.test_cli_runner().invoke(args=list(arguments))
    finally:
        dispose(app)


@pytest.mark.parametrize(
    "arguments", [("audit", "verify"), ("backup", "kept"), ("worker", "--once"), ("prepare",), ("relations", "check")]
)
def test_a_database_that_is_not_there_is_said_in_a_line(
    settings: Settings, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    away = (
        f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}"
        if settings.is_sqlite
        else make_url(settings.database_url).set(database="nowhere").render_as_string()
    )
    done = invoke(replace(settings, database_url=away, database_owner_url=None), *arguments)
    assert done.exit_code == 3, done.output
    assert done.stderr.startswith("Error: The database refused: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.postgresql
@pytest.mark.parametrize("standing", ["postgresql"], indirect=True)
def test_a_role_that_may_not_is_named_and_no_trace_given(settings: Settings) -> None:
    auditor = make_url(settings.database_url).set(username="safeguarding_auditor").render_as_string()
    done = invoke(replace(settings, database_url=auditor), "relations", "check")
    assert done.exit_code == 3
    assert done.stderr.startswith("Error: The database refused: permission denied for table ")
    whole = invoke(replace(settings, database_url=auditor), "audit", "verify", "--json")  # what that role is for
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.stdout)["ok"] is True


class Duplicate(Exception):
    sqlstate = "23505"


def test_what_a_row_holds_is_not_repeated() -> None:
    refused = IntegrityError("INSERT", {}, Duplicate(f"Key (name)=({CANARY}) already exists."))
    assert said_by(refused) == "The database refused: Duplicate."
