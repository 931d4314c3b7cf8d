"""Databases for tests: one is migrated in each run and kind, every test gets a copy of it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, create_engine, make_url

from config import Mode, Settings
from safeguarding import create_app
from safeguarding.cli import stamp
from safeguarding.cli.prepare import migrate_to_head
from safeguarding.core.database_roles import Roles, make_roles
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.support.postgres import Cluster

ROLES = Roles("safeguarding")
KEY = "a key for tests alone, never for anything else 0123456789"


def settings_for(folder: Path, url: str | None = None, mode: Mode = Mode.TEST) -> Settings:
    """Return settings for a test installation in a folder of its own."""
    return Settings(
        mode=mode,
        data=folder,
        database_url=url or f"sqlite:///{folder / 'safeguarding.db'}",
        database_owner_url=None,
        database_backup_url=None,
        secret_key=KEY,
        audit_key=KEY[::-1],
        sealed_keys=(("t1", KEY.swapcase().replace(" ", "-").replace(",", "")),),  # blanks and commas part keys
        trusted_hosts=("localhost", "127.0.0.1"),
        proxy_hops=0,
        service_name="Panels and places",
        partnership="Marlbridge Safeguarding Partnership",
        brand_colour="#0d4a52",
        map_tiles_url=None,
        second_factor_optional=True,  # as in the demonstration; the tests of second factors ask for it
    )


def in_roles(settings: Settings, url: str) -> Settings:
    """Return the settings with the addresses of the application's, the owner's and the backup's role."""
    application, owner, backup = (as_role(url, role) for role in (ROLES.application, ROLES.owner, ROLES.backup))
    return replace(settings, database_url=application, database_owner_url=owner, database_backup_url=backup)


def as_role(url: str, role: str) -> str:
    """Return the address of a database for another role."""
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def dispose(app: Flask) -> None:
    """Close every connection that an application holds."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def by_owner(app: Flask) -> Iterator[Engine]:
    """Give an engine of the role that owns the tables; on SQLite there is but one, the application's own."""
    settings: Settings = app.extensions["settings"]
    if settings.database_owner_url is None:
        with app.app_context():
            yield db.engine
        return
    engine = create_engine(settings.database_owner_url)
    try:
        yield engine
    finally:
        engine.dispose()


def prepare(settings: Settings) -> None:
    """Migrate an empty database and stamp it."""
    app = create_app(settings)
    with app.app_context():
        migrate_to_head()
        with unit_of_work():
            stamp.stamp(settings)
    dispose(app)


class Databases:
    """Makes copies of a migrated database of one kind."""

    def __init__(self, folder: Path, cluster: Cluster | None, mode: Mode = Mode.TEST) -> None:
        self._cluster = cluster
        self._template = settings_for(folder, mode=mode) if cluster is None else self._with_roles(folder, cluster, mode)
        prepare(self._template)
        if cluster is None:
            self._fold_log()

    def _with_roles(self, folder: Path, cluster: Cluster, mode: Mode) -> Settings:
        """Make a database with the separate roles; migrations then run as its owner, all else as the application."""
        url = cluster.create_database()
        engine = create_engine(url)
        with engine.begin() as connection:
            make_roles(connection, ROLES)
        engine.dispose()
        return in_roles(settings_for(folder, url, mode), url)

    def _fold_log(self) -> None:
        """Write SQLite's log into the file, which is what gets copied."""
        with sqlite3.connect(self._template.data / "safeguarding.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    @property
    def template_url(self) -> str:
        """The address of the database that is copied."""
        return self._template.database_url

    def settings_of(self, folder: Path, url: str | None) -> Settings:
        """Return the settings of a copy: of the file in a folder, or of a database of the cluster."""
        if url is None:
            return replace(self._template, data=folder, database_url=f"sqlite:///{folder / 'safeguarding.db'}")
        return replace(in_roles(self._template, url), data=folder)

    def write_copy(self, folder: Path) -> None:
        """Write a copy of SQLite's file into a folder."""
        shutil.copyfile(self._template.data / "safeguarding.db", folder / "safeguarding.db")

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Settings]:
        """Give the settings of a fresh copy, and remove it afterwards."""
        if self._cluster:
            url = self._cluster.create_database(self.template_url)
            try:
                yield self.settings_of(folder, url)
            finally:
                self._cluster.drop_database(url)
            return
        self.write_copy(folder)
        yield self.settings_of(folder, None)
