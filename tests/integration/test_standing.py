"""The installation that tests take turns on: whatever a test did to it, the next one finds it as it was made."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, make_url, text

from safeguarding.access.roles import Role
from safeguarding.core.database import writing
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import make_somebody
from tests.support.databases import Databases, by_owner
from tests.support.postgres import Cluster
from tests.support.standing import _SHAPE, Standing

# By each the next test's installation would not be the one that the migrations made.
CHANGES = (
    "REVOKE INSERT ON person FROM {application}",
    "GRANT DELETE ON audit_event TO {application}",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE person NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY wall ON person",
    "CREATE OR REPLACE FUNCTION wall_command() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT true $$",
    "ALTER TABLE person ADD COLUMN more text",
    "ALTER TABLE person ALTER COLUMN given_name DROP NOT NULL",
    "CREATE TABLE more (id bigint)",
    "DROP INDEX ix_relation_kind",
)
WHAT_IT_IS = """
    SELECT string_agg(what, ';' ORDER BY what) FROM (
        SELECT relname || relkind::text || relrowsecurity || relforcerowsecurity || coalesce(relacl::text, '') AS what
            FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT tgrelid::regclass || tgname || tgenabled::text FROM pg_trigger
        UNION ALL SELECT polrelid::regclass || polname || pg_get_expr(polqual, polrelid) FROM pg_policy
        UNION ALL SELECT proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT attrelid::regclass || attname || attnotnull::text || atttypid::regtype FROM pg_attribute
            JOIN pg_class c ON c.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped
    ) AS described
"""


@pytest.fixture(scope="module")
def mine(
    tmp_path_factory: pytest.TempPathFactory, postgresql_databases: Databases, cluster: Cluster
) -> Iterator[Standing]:
    """A standing installation on PostgreSQL of these tests' own."""
    made = Standing(postgresql_databases, tmp_path_factory.mktemp("mine"), cluster)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Standing]:
    """One of these tests' own on either database."""
    if request.param == "postgresql":
        yield request.getfixturevalue("mine")
    else:
        yield Standing(request.getfixturevalue("sqlite_databases"), tmp_path, None)


def _described(connection: Connection) -> str:
    return str(connection.execute(text(WHAT_IT_IS)).scalar_one())


@pytest.mark.postgresql
def test_what_a_test_does_to_the_database_itself_is_noticed(mine: Standing) -> None:
    with mine.fresh() as settings, mine.application() as app, by_owner(app) as engine, engine.connect() as connection:
        role = make_url(settings.database_url).username
        for change in CHANGES:
            before = _described(connection), connection.execute(text(_SHAPE)).scalar_one()
            connection.execute(text(change.format(application=role)))
            after = _described(connection), connection.execute(text(_SHAPE)).scalar_one()
            assert (before[0] != after[0], before[1] != after[1]) == (True, True), change
            connection.rollback()


@pytest.mark.postgresql
def test_what_is_noticed_is_undone(mine: Standing) -> None:
    change = CHANGES[0]
    with mine.fresh() as settings, mine.application() as app, by_owner(app) as engine, engine.begin() as connection:
        before = _described(connection)
        connection.execute(text(change.format(application=make_url(settings.database_url).username)))
        assert _described(connection) != before
    with mine.fresh(), mine.application() as app, by_owner(app) as engine, engine.connect() as connection:
        assert _described(connection) == before


def test_what_a_test_wrote_is_gone_and_numbers_begin_again(either: Standing) -> None:
    keys = []
    for _turn in range(2):
        with either.fresh() as settings, either.application() as app, app.app_context():
            (settings.data / "left").write_text("something")
            with unit_of_work():
                keys.append(make_somebody(Role.ADMIN).id)
            with writing():
                assert db.session.execute(text("SELECT count(*) FROM user_account")).scalar_one() == 1
                db.session.rollback()
    assert keys[0] == keys[1]
    with either.fresh() as settings:
        assert not (settings.data / "left").exists()


def test_an_application_serves_the_next_test_only_as_it_was_made(either: Standing) -> None:
    def other() -> str:
        return "other"

    with either.fresh(), either.application() as first:
        pass
    with either.fresh(), either.application() as second:
        assert second is first
        second.view_functions["other"] = other
    with either.fresh(), either.application() as third:
        assert third is not first
        third.config["OTHER"] = 1
    with either.fresh(), either.application() as fourth:
        assert isinstance(fourth, Flask) and fourth is not third
