"""`flask database roles`: makes or updates the separate roles of a PostgreSQL database. It prints no secret and sets none."""

import json
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from config import Settings
from safeguarding.cli.last_resort import Refused
from safeguarding.core.database_roles import Roles, make_roles


@click.group("database")
def database_group() -> None:
    """Look after the database itself."""


@database_group.command("roles")
@click.option("--as", "as_url", envvar="DATABASE_ADMIN_URL", help="Address of a superuser; DATABASE_ADMIN_URL.")
@click.option("--prefix", default="safeguarding", show_default=True, help="What the names of the roles begin with.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@with_appcontext
def roles_command(as_url: str | None, prefix: str, as_json: bool) -> None:
    """Make or update the roles: owner (migrations), application, backup, auditor. Safe to repeat."""
    settings: Settings = current_app.extensions["settings"]
    if settings.is_sqlite:
        raise click.UsageError("DATABASE_URL: SQLite has no roles; this is for PostgreSQL.")
    if not as_url:
        raise click.UsageError("DATABASE_ADMIN_URL: give the address of a superuser, with --as or in the environment.")
    try:
        roles = Roles(prefix)
        database = _make(as_url, settings, roles)
    except ValueError as refusal:
        raise click.UsageError(f"--prefix: {refusal}.") from None
    if as_json:
        click.echo(json.dumps({"database": database, "roles": _purposes(roles)}, separators=(",", ":")))
        return
    click.echo(f"The roles of {database} are as they should be:")
    for purpose, name in _purposes(roles).items():
        click.echo(f"  {purpose:<12} {name}")
    click.echo("None has a pass phrase from here: say in pg_hba.conf how each proves who it is (peer, scram, cert).")


def _purposes(roles: Roles) -> dict[str, str]:
    return {
        "owner": roles.owner,
        "application": roles.application,
        "backup": roles.backup,
        "auditor": roles.auditor,
    }


def _make(as_url: str, settings: Settings, roles: Roles) -> str:
    """Work as the superuser in the database of the settings, whatever database its address names."""
    database = make_url(settings.database_url).database
    try:
        address = make_url(as_url).set(drivername="postgresql+psycopg", database=database)
    except ArgumentError:
        raise click.UsageError("DATABASE_ADMIN_URL: use postgresql://USER@HOST/NAME.") from None
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            is_superuser: Any = connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
            if not is_superuser:
                raise Refused("DATABASE_ADMIN_URL: only a superuser may make a role that reads past the wall.")
            make_roles(connection, roles)
    except DBAPIError as error:
        raise Refused(f"DATABASE_ADMIN_URL: {str(error.orig).splitlines()[0]}") from None
    finally:
        engine.dispose()
    return str(database)
