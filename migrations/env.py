"""How migrations run: in one transaction, on SQLite by the application's own engine, on PostgreSQL as the owner.

On SQLite foreign keys are off while tables are rebuilt (a batch migration would empty child tables by cascade) and
checked before the commit. On PostgreSQL the second wall stands for the owner too: a migration passes it as a command,
and at its end gives the other roles what they may do.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine, create_engine, text

from config import Settings
from safeguarding.core.database_roles import grant, roles_of_owner
from safeguarding.core.second_wall import Sight, guard_postgresql, looking
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db


def render_item(kind, value, autogen_context):
    """Write our own types by their import in generated migrations."""
    if kind == "type" and isinstance(value, UTCDateTime):
        autogen_context.imports.add("from safeguarding.core.types import UTCDateTime")
        return "UTCDateTime()"
    return False


def run(connection: Connection) -> None:
    """Run what is missing."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
        user_module_prefix="",
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('migrations'))"))  # one at a time
            # Whoever waits for a lock lets everybody wait behind: rather give up, and be given again.
            connection.execute(text("SET LOCAL lock_timeout = '3s'"))
        context.run_migrations()
        if connection.dialect.name == "postgresql":
            roles = roles_of_owner(connection)
            if roles is not None:
                grant(connection, roles)
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"a migration left {len(broken)} rows without their parent")


@contextmanager
def engine_of_owner() -> Iterator[Engine]:
    """Give the engine of the role that owns the tables; the application's own where there is no other."""
    settings: Settings = current_app.extensions["settings"]
    if settings.database_owner_url is None:
        yield db.engine
        return
    engine = create_engine(settings.database_owner_url)
    guard_postgresql(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def main() -> None:
    """Open a connection, foreign keys off on SQLite for its time."""
    with looking(Sight(system="migration")), engine_of_owner() as engine, engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        driver = connection.connection.dbapi_connection
        if sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            run(connection)
        finally:
            if sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Migrations run on a database, not offline.")
main()
