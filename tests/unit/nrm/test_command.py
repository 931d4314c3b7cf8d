"""`flask nrm clocks`: its JSON, its exit codes."""

import json

import pytest
from click.testing import CliRunner, Result

from safeguarding.cli.nrm import nrm_group


def run(*options: str) -> Result:
    return CliRunner().invoke(nrm_group, ["clocks", *options])


def test_the_json_has_the_shape_that_programs_rely_on() -> None:
    result = run("--referred", "2026-04-22", "--born", "2008-08-01", "--json")
    assert result.exit_code == 0
    assert result.output.count("\n") == 1
    answer = json.loads(result.output)
    assert {name: answer[name] for name in ("route", "panel_eligible", "age_on_referral")} == {
        "route": "panel",
        "panel_eligible": True,
        "age_on_referral": 17,
    }
    first = answer["clocks"][0]
    assert set(first) == {"key", "due", "days", "unit", "status", "rule", "source", "arithmetic"}
    assert (first["key"], first["due"], first["days"], first["unit"], first["status"]) == (
        "reasonable_grounds",
        "2026-06-06",
        45,
        "calendar",
        "limit",
    )


def test_a_hundred_days_are_not_enough_for_a_panel() -> None:
    auto = json.loads(run("--referred", "2026-04-23", "--born", "2008-08-01", "--json").output)
    assert (auto["route"], auto["panel_eligible"]) == ("sca", False)
    asked = run("--referred", "2026-04-23", "--born", "2008-08-01", "--route", "panel")
    assert asked.exit_code == 2
    assert "100 days" in asked.output


def test_a_date_of_birth_may_be_unknown() -> None:
    answer = json.loads(run("--referred", "2026-04-02", "--born", "unknown", "--json").output)
    assert (answer["route"], answer["panel_eligible"], answer["age_on_referral"]) == ("sca", False, None)
    assert answer["clocks"][0]["due"] == "2026-04-13"


def test_decisions_start_their_clocks() -> None:
    answer = json.loads(
        run(
            "--referred",
            "2026-02-20",
            "--born",
            "2000-01-01",
            "--rg",
            "2026-03-02",
            "--decided",
            "2026-06-01",
            "--json",
        ).output
    )
    assert {each["key"]: each["due"] for each in answer["clocks"]} == {
        "reasonable_grounds": "2026-02-27",
        "recovery_ends": "2026-04-01",
        "conclusive_earliest": "2026-04-01",
        "reconsideration": "2026-07-01",
    }


@pytest.mark.parametrize(
    "options",
    [
        ("--referred", "2026-02-30", "--born", "unknown"),
        ("--referred", "unknown", "--born", "unknown"),
        ("--referred", "2026-02-20", "--born", "20-02-2010"),
        ("--referred", "2026-02-20", "--born", "2027-01-01"),
        ("--referred", "2026-02-20", "--born", "unknown", "--rg", "2026-02-19"),
        ("--referred", "2026-02-20", "--born", "unknown", "--decided", "2026-02-19"),
        ("--referred", "2026-02-20", "--born", "unknown", "--rg", "2026-03-02", "--decided", "2026-03-01"),
        ("--referred", "2026-02-20", "--born", "unknown", "--route", "court"),
        ("--born", "unknown"),
    ],
)
def test_what_cannot_be_is_a_usage_error(options: tuple[str, ...]) -> None:
    assert run(*options).exit_code == 2
