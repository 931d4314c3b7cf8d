"""The separate roles of a PostgreSQL database, and exactly what each may do.

owner: owns the tables, runs migrations. application: reads and writes rows behind the second wall; adds to the audit
and changes nothing of it. backup: reads everything, also behind the wall. auditor: reads the audit. Nobody else may
connect. It sets no passwords: how a role proves who it is belongs to the server (`pg_hba.conf`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

AUDIT = ("audit_event", "audit_head")
READ_ONLY = ("alembic_version",)
STAMP = "installation"  # what every command looks at first, the auditor's too
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True)
class Roles:
    """The names of one installation's roles."""

    prefix: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.prefix):
            raise ValueError("a prefix of roles has small letters, digits and underscores")

    @property
    def owner(self) -> str:
        """Who owns the tables and runs migrations."""
        return f"{self.prefix}_owner"

    @property
    def application(self) -> str:
        """Who serves pages and runs commands."""
        return f"{self.prefix}_application"

    @property
    def backup(self) -> str:
        """Who reads everything, to copy it."""
        return f"{self.prefix}_backup"

    @property
    def auditor(self) -> str:
        """Who reads the audit."""
        return f"{self.prefix}_auditor"

    @property
    def all(self) -> tuple[str, ...]:
        """Every role."""
        return (self.owner, self.application, self.backup, self.auditor)


def roles_of_owner(connection: Connection) -> Roles | None:
    """Return the roles of the installation whose owner is connected; None when this is no such owner."""
    user = str(connection.scalar(text("SELECT current_user")))
    if not user.endswith("_owner"):
        return None
    found = Roles(user.removesuffix("_owner"))
    known = connection.scalar(
        text("SELECT count(*) FROM pg_roles WHERE rolname = ANY(:names)"), {"names": list(found.all)}
    )
    return found if known == len(found.all) else None


def make_roles(connection: Connection, roles: Roles) -> None:
    """Make or update the roles and hand the database to its owner. The connection is a superuser's."""
    known = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    for role in roles.all:
        bypass = "BYPASSRLS" if role == roles.backup else "NOBYPASSRLS"
        verb = "ALTER" if role in known else "CREATE"
        _run(
            connection,
            f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION INHERIT {bypass}",
        )
    _leave_other_roles(connection, roles)
    database = connection.scalar(text("SELECT quote_ident(current_database())"))
    _run(connection, f"ALTER DATABASE {database} OWNER TO {roles.owner}")
    _run(connection, f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    for role in roles.all:
        _run(connection, f"GRANT CONNECT ON DATABASE {database} TO {role}")
    _run(connection, f"ALTER SCHEMA public OWNER TO {roles.owner}")
    for statement in connection.scalars(text(_OWNED), {"owner": roles.owner}).all():
        _run(connection, statement)
    grant(connection, roles)


def grant(connection: Connection, roles: Roles) -> None:
    """Give each role what it may do in the schema, and take everything else away. Run by the owner after migrations."""
    _run(connection, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    tables = list(connection.scalars(text(_TABLES)))
    for role in (roles.application, roles.backup, roles.auditor):
        _run(connection, f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        _run(connection, f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}")
        _run(connection, f"REVOKE CREATE ON SCHEMA public FROM {role}")
        _run(connection, f"GRANT USAGE ON SCHEMA public TO {role}")
    for statement in _grants(tables, roles):
        _run(connection, statement)
    for function in connection.scalars(text(_DEFINERS)).all():
        _run(connection, f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        _run(connection, f"GRANT EXECUTE ON FUNCTION {function} TO {roles.application}")


def _grants(tables: list[str], roles: Roles) -> Iterator[str]:
    for table in tables:
        if table in AUDIT:
            rights = "SELECT, INSERT" if table == "audit_event" else "SELECT"
            yield f"GRANT SELECT ON {table} TO {roles.auditor}"
        else:
            if table == STAMP:
                yield f"GRANT SELECT ON {table} TO {roles.auditor}"
            rights = "SELECT" if table in READ_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        yield f"GRANT {rights} ON {table} TO {roles.application}"
        yield f"GRANT SELECT ON {table} TO {roles.backup}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {roles.application}"
    yield f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {roles.backup}"


def _leave_other_roles(connection: Connection, roles: Roles) -> None:
    memberships = connection.execute(
        text(
            "SELECT granted.rolname AS one, member.rolname AS other FROM pg_auth_members m "
            "JOIN pg_roles granted ON granted.oid = m.roleid JOIN pg_roles member ON member.oid = m.member "
            "WHERE member.rolname = ANY(:names)"
        ),
        {"names": list(roles.all)},
    )
    for row in memberships.all():
        _run(connection, f'REVOKE "{row.one}" FROM "{row.other}"')


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)


_TABLES = """SELECT quote_ident(relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') ORDER BY relname"""
_DEFINERS = """SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1"""
# A sequence of an identity column follows its table.
_OWNED = """
    SELECT format('ALTER TABLE %s OWNER TO %I', oid::regclass, CAST(:owner AS text)) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
    UNION ALL
    SELECT format('ALTER FUNCTION %s OWNER TO %I', oid::regprocedure, CAST(:owner AS text)) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace"""
