"""The stamp of a database: a demonstration is never served as a live service, nor a live one seeded."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import inspect, select, text

from config import Mode, Settings
from safeguarding.audit.verify import is_our_chain
from safeguarding.cli.last_resort import Refused
from safeguarding.core import clock, durability, sealing
from safeguarding.core.disks import network_kind
from safeguarding.core.installation import Installation
from safeguarding.core.second_wall import as_command
from safeguarding.extensions import db
from safeguarding.web.site import is_migrated

P = ParamSpec("P")
T = TypeVar("T")


class StampError(Exception):
    """The database is not what the settings say it is; the text says what to do."""


def check_stamp(app: Flask, settings: Settings) -> None:
    """Refuse a database that is missing, not migrated, stamped with another mode, or SQLite's over a network."""
    if settings.is_sqlite and (kind := network_kind(settings.data)) is not None:
        raise StampError(
            f"SAFEGUARDING_DATA: the folder is on a network disk ({kind}), on which SQLite loses what it writes. Use a disk "
            "of this machine, or PostgreSQL by DATABASE_URL."
        )
    with app.app_context():
        if not inspect(db.engine).has_table(Installation.__tablename__):
            raise StampError("DATABASE_URL: the database is empty; run `flask prepare` first.")
        stamped = db.session.scalar(select(Installation.mode))
        too_strong = not settings.is_sqlite and _passes_the_wall()
        loses = None if settings.is_sqlite else durability.fault(db.session.connection(), settings.synchronous_standby)
        db.session.rollback()
    require_mode(stamped, settings.mode)
    if too_strong and settings.mode is Mode.LIVE:
        raise StampError(
            "DATABASE_URL: this role owns the tables or passes row-level security; use the application's own. "
            "`flask database roles` makes it."
        )
    if loses is not None and settings.mode is Mode.LIVE:
        raise StampError(f"DATABASE_URL: {loses}")


def _passes_the_wall() -> bool:
    """Return whether who is connected to PostgreSQL could read past the second wall, or take it down."""
    return bool(
        db.session.scalar(
            text(
                "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid "
                "AND relnamespace = 'public'::regnamespace) FROM pg_roles WHERE rolname = current_user"
            )
        )
    )


def require_mode(stamped: Mode | None, mode: Mode) -> None:
    """Raise StampError unless the database was made for this mode."""
    if stamped is None:
        raise StampError("DATABASE_URL: the database carries no stamp; run `flask prepare` first.")
    if stamped is not mode:
        raise StampError(
            f"SAFEGUARDING_MODE: this database was made as {stamped.value} and can never be used as {mode.value}. "
            "Use another database, or the mode it was made for."
        )


def stamp(settings: Settings) -> Mode:
    """Stamp a new database with its mode, within the caller's transaction; return the mode it carries."""
    stamped: Mode | None = db.session.scalar(select(Installation.mode))
    if stamped is None:
        db.session.add(Installation(id=1, mode=settings.mode, partnership=settings.partnership, created_at=clock.now()))
        db.session.flush()
        return settings.mode
    return stamped


def check_migrated(app: Flask) -> None:
    """Refuse a database whose tables are of another version than this source."""
    with app.app_context():
        migrated = is_migrated()
        db.session.rollback()
    if not migrated:
        raise StampError(
            "DATABASE_URL: the database is of another version than this source. Run `flask prepare`, or put the version back "
            "that it is of."
        )


def check_keys(app: Flask) -> None:
    """Refuse keys that are not those of this database: what they chain and seal could never be read beside the rest."""
    with app.app_context(), as_command("check_keys"):
        chained, sealed = is_our_chain(), _is_our_ring()
        db.session.rollback()
    if not chained:
        raise StampError(
            "AUDIT_KEY: it is not the key that this database's audit was written with. Put that one back; "
            "`flask audit verify` says whether it is right."
        )
    if not sealed:
        raise StampError(
            f"SEALED_KEYS: what was sealed with {sealing.ring().writing} does not open. Put the right secret back under that "
            "name; `flask sealed check` says whether it is right."
        )


def _is_our_ring() -> bool:
    """Return whether anything that carries the name of the writing key opens with it; also where nothing does."""
    opens = True
    for column in sealing.sealed_columns(db.metadata):
        held, row = column.table.c[column.name], [column.table.c[name] for name in column.row]
        named = held.startswith(sealing.prefix_of(sealing.ring().writing), autoescape=True)
        for found in db.session.execute(select(held, *row).where(named).limit(3)):
            try:
                sealing.ring().unseal(column.place(found[1:]), found[0])
            except sealing.BrokenSealError:
                opens = False
            else:
                return True
    return opens


def on_ready_database(command: Callable[P, T]) -> Callable[P, T]:
    """Run a command inside the application, and only on a database of its mode, its version and its keys."""
    return _checked(command, check_migrated, check_keys)


def on_any_version(command: Callable[P, T]) -> Callable[P, T]:
    """Run a command that is to work before an upgrade as well as after it."""
    return _checked(command, check_keys)


def on_any_keys(command: Callable[P, T]) -> Callable[P, T]:
    """Run a command that says what is wrong with the keys."""
    return _checked(command)


def _checked(command: Callable[P, T], *checks: Callable[[Flask], None]) -> Callable[P, T]:
    @with_appcontext
    @functools.wraps(command)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        try:
            check_stamp(app, app.extensions["settings"])
            for check in checks:
                check(app)
        except StampError as refusal:
            raise Refused(str(refusal)) from None
        with as_command(command.__name__):
            return command(*args, **kwargs)

    return checked
