"""The separate roles of PostgreSQL: what each may do, and what the command makes of an empty or an older database."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from config import Mode, Settings
from safeguarding import create_app
from safeguarding.audit import service as audit
from safeguarding.cli.stamp import StampError, check_stamp
from safeguarding.core.database_roles import grant, make_roles, roles_of_owner
from safeguarding.core.installation import Installation
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM
from tests.integration.second_wall.test_walls import World, connected, count, world
from tests.support.databases import ROLES, as_role, by_owner, dispose, prepare, settings_for
from tests.support.postgres import SUPERUSER, Cluster

pytestmark = [pytest.mark.postgresql, pytest.mark.parametrize("standing", ["postgresql"], indirect=True)]
__all__ = ["world"]

RIGHTS = """
    SELECT 'table ' || relname || ' ' || coalesce(relacl::text, '') FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
    UNION ALL SELECT 'function ' || proname || ' ' || coalesce(proacl::text, '') FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'schema ' || coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname = 'public'
    ORDER BY 1
"""


def rights(connection: Connection) -> list[str]:
    return [str(each) for each in connection.scalars(text(RIGHTS))]


def test_the_application_is_nobody_special(app: Flask, settings: Settings) -> None:
    with connected(settings) as connection:
        row = connection.execute(
            text("SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles "
                 "WHERE rolname = current_user")
        ).one()  # fmt: skip
        assert tuple(row) == (ROLES.application, False, False, False, False, False)
        owned = text("SELECT count(*) FROM pg_class WHERE relowner = CAST(:name AS regrole)")
        assert connection.scalar(owned, {"name": ROLES.application}) == 0
        member = text("SELECT count(*) FROM pg_auth_members WHERE member = CAST(:name AS regrole)")
        assert connection.scalar(member, {"name": ROLES.application}) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET event = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "DROP TABLE audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "UPDATE audit_head SET seq = 0",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (id, seq, hash) VALUES (2, 0, 'x')",
        "TRUNCATE case_update",
        "ALTER TABLE person DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE person NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY wall ON person",
        "CREATE TABLE mine (id bigint)",
        "CREATE FUNCTION mine() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
        "UPDATE alembic_version SET version_num = '0001'",
        "ALTER ROLE safeguarding_application BYPASSRLS",
        "SET ROLE safeguarding_owner",
        "SET session_replication_role = replica",
    ],
)
def test_what_the_application_may_not_do(app: Flask, settings: Settings, statement: str) -> None:
    with app.app_context(), unit_of_work():
        audit.record("test:thing:done", SYSTEM)
    with connected(settings) as connection, pytest.raises(DBAPIError, match="permission denied|must be owner|must be"):
        connection.execute(text(statement))


def test_the_auditor_reads_the_audit_and_the_stamp_alone(app: Flask, settings: Settings) -> None:
    with app.app_context(), unit_of_work():
        audit.record("test:thing:done", SYSTEM)
    with connected(settings, ROLES.auditor) as connection:
        assert count(connection, "audit_event") == 1
        tables = connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
                "AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1"
            )
        ).all()
        assert tables == ["audit_event", "audit_head", "installation"]
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text("DELETE FROM audit_event"))


def test_the_backup_reads_everything_and_changes_nothing(world: World, settings: Settings) -> None:
    with connected(settings, ROLES.backup) as connection:
        assert count(connection, "person") == 2
        changed = text(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND "
            "(has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR NOT has_table_privilege(oid, 'SELECT'))"
        )
        assert connection.scalar(changed) == 0


def test_the_roles_are_made_over_an_older_database_and_a_second_time_changes_nothing(
    cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    url = cluster.create_database()
    old = settings_for(tmp_path, url)
    prepare(old)  # as one role, as before there were several
    app = create_app(old)
    result = app.test_cli_runner().invoke(args=["database", "roles", "--as", url, "--json"])
    dispose(app)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["roles"]["application"] == ROLES.application
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            first = rights(connection)
            make_roles(connection, ROLES)
            assert rights(connection) == first
        with engine.connect() as connection:
            owner = text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
            assert connection.scalars(owner).all() == [ROLES.owner]
    finally:
        engine.dispose()
    with connected(settings, SUPERUSER) as fresh:
        assert rights(fresh) == first  # the same as in a database whose migrations ran as its owner


def test_what_a_later_migration_adds_is_given_to_the_application(app: Flask, settings: Settings) -> None:
    with by_owner(app) as engine, engine.begin() as connection:
        connection.execute(text("CREATE TABLE later (id bigint PRIMARY KEY)"))
    with connected(settings) as connection, pytest.raises(DBAPIError, match="permission denied"):
        count(connection, "later")
    with by_owner(app) as engine, engine.begin() as connection:
        roles = roles_of_owner(connection)
        assert roles == ROLES
        grant(connection, roles)  # what every migration ends with
    with connected(settings) as connection:
        assert count(connection, "later") == 0


def waits_for_disk(app: Flask, settings: Settings, value: str) -> None:
    """Set for this database whether a commit waits for the disk; the cluster of the tests does not wait."""
    name = make_url(settings.database_url).database
    engine = create_engine(as_role(settings.database_url, SUPERUSER), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = {value}"))
    engine.dispose()
    dispose(app)


def test_a_live_service_neither_starts_nor_is_ready_where_a_crash_loses_what_was_acknowledged(
    app: Flask, settings: Settings
) -> None:
    with app.app_context(), unit_of_work():
        db.session.get_one(Installation, 1).mode = Mode.LIVE
    live = replace(settings, mode=Mode.LIVE)
    served = create_app(live)
    for value, said, status in (("off", "synchronous_commit is off", 503), ("on", None, 200)):
        waits_for_disk(app, settings, value)
        dispose(served)
        if said is None:
            check_stamp(app, live)
        else:
            with pytest.raises(StampError, match=said):
                check_stamp(app, live)
        assert served.test_client().get("/ready", base_url="https://localhost").status_code == status
    with pytest.raises(StampError, match="does not name second_site"):
        check_stamp(app, replace(live, synchronous_standby="second_site"))
    dispose(served)


@pytest.mark.parametrize("role", [SUPERUSER, ROLES.owner, ROLES.backup])
def test_a_live_service_does_not_start_as_a_role_that_passes_the_wall(
    app: Flask, settings: Settings, role: str
) -> None:
    with app.app_context(), unit_of_work():
        db.session.get_one(Installation, 1).mode = Mode.LIVE
    live = replace(settings, mode=Mode.LIVE)
    waits_for_disk(app, settings, "on")
    check_stamp(app, live)
    strong = create_app(replace(live, database_url=as_role(settings.database_url, role)))
    try:
        with pytest.raises(StampError, match="application's own"):
            check_stamp(strong, live)
    finally:
        dispose(strong)


def test_sqlite_has_no_roles(app: Flask, settings: Settings, tmp_path: Path) -> None:
    other = create_app(settings_for(tmp_path))
    result = other.test_cli_runner().invoke(args=["database", "roles", "--as", "postgresql://x@/y"])
    dispose(other)
    assert result.exit_code == 2
    assert "SQLite has no roles" in result.output
