"""How migrations run: in one transaction, on the application's own engine.

On SQLite foreign keys are off while tables are rebuilt (a batch migration would empty child tables by cascade) and
checked before the commit.
"""

from alembic import context
from sqlalchemy import Connection

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
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"a migration left {len(broken)} rows without their parent")


def main() -> None:
    """Open a connection of the application's engine, foreign keys off on SQLite for its time."""
    engine = db.engine
    with engine.connect() as connection:
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
