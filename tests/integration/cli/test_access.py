"""The printed matrix of access: every route, from the code that decides."""

import json

import pytest
from flask import Flask

from safeguarding.access.roles import GRANTS, Relation, Role
from safeguarding.cli.access import rows_of
from safeguarding.web.guard import needs_of
from tests.access_matrix import PUBLIC

on_sqlite = pytest.mark.parametrize("standing", ["sqlite"], indirect=True)


@on_sqlite
def test_every_guarded_route_and_method_is_in_it_for_every_role(app: Flask) -> None:
    printed = json.loads(app.test_cli_runner().invoke(args=["access", "matrix"]).stdout)
    listed = {(row["role"], row["method"], row["route"]) for row in printed}
    guarded = {
        (str(role), method, rule.rule)
        for rule in app.url_map.iter_rules()
        if needs_of(app.view_functions[rule.endpoint]) != PUBLIC
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for role in Role
    }
    assert listed == guarded
    assert set(printed[0]) == {"role", "relation", "method", "route", "permission", "result"}


@on_sqlite
def test_it_says_what_the_grants_say(app: Flask) -> None:
    with app.app_context():
        rows = {(row["role"], row["relation"], row["method"], row["route"]): row["result"] for row in rows_of()}
    case = ("GET", "/cases/<ref>")
    assert rows[("practitioner", "lead_worker", *case)] == "allow"
    assert rows[("practitioner", "none", *case)] == "hidden"
    assert rows[("practitioner", "barred", *case)] == "hidden"
    assert rows[("admin", "lead_worker", *case)] == "deny"
    assert rows[("information_governance", "emergency", *case)] == "deny"
    assert rows[("information_governance", "emergency", "GET", "/emergency/<string:ref>/record")] == "allow"
    assert rows[("information_governance", "hub", "GET", "/emergency/<string:ref>/record")] == "hidden"
    assert rows[("practitioner", "none", "GET", "/cases")] == "allow"
    assert not [
        key for key, result in rows.items() if key[1] == Relation.BARRED and result == "allow" and "<" in key[3]
    ]
    assert {role for role in Role if rows[(str(role), "none", "GET", "/audit")] == "allow"} == {
        role for role, grants in GRANTS.items() if "oversight:audit:read" in grants
    }


@on_sqlite
def test_it_can_be_printed_for_people(app: Flask) -> None:
    page = app.test_cli_runner().invoke(args=["access", "matrix", "--format", "html"]).stdout
    assert page.count("<table") == len(Role)
    assert "/cases/&lt;ref&gt;" in page
