"""One installation that every test of a run finds as it was made, and one application on it.

Making a database and an application for each of thousands of tests was most of their time. Here rows are put back as
they were instead; where a test changed more than rows (the schema, a grant, the application), what it changed is thrown
away and made anew.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import make_url

from config import Settings
from safeguarding import create_app
from safeguarding.extensions import db
from tests.support.databases import Databases, dispose
from tests.support.postgres import Cluster
from tests.support.rows import Connection, put_rows, rows_of

WORN_OUT = 150  # deleted rows stay in PostgreSQL's files, which nobody vacuums here: then it is made anew

# Whatever a test could change beside rows of its tables, as one number. A vacuum does not change it.
_SHAPE = """
    SELECT sum(hashtext(what)::bigint) FROM (
        SELECT 'c' || oid || '-' || xmin || relname AS what FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 't' || oid || '-' || xmin FROM pg_trigger
        UNION ALL SELECT 'p' || oid || '-' || xmin FROM pg_policy
        UNION ALL SELECT 'f' || oid || '-' || xmin FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'k' || oid || '-' || xmin FROM pg_constraint
        UNION ALL SELECT 'n' || oid || '-' || xmin FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
        UNION ALL SELECT 's' || setdatabase || setrole || setconfig::text FROM pg_db_role_setting
        UNION ALL SELECT 'a' || attrelid || attname || '-' || a.xmin FROM pg_attribute a
            JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    ) AS shape
"""


class Standing:
    """A standing installation on one kind of database."""

    def __init__(self, databases: Databases, folder: Path, cluster: Cluster | None) -> None:
        self._folder = folder
        self._rows = _Rows(databases, cluster) if cluster else _File(databases, folder)
        self.settings: Settings = self._rows.settings(folder)
        self._app: Flask | None = None
        self._seen: _Parts | None = None

    @contextmanager
    def fresh(self) -> Iterator[Settings]:
        """Give the settings, with everything in the database and the folder as it was made."""
        for path in self._folder.iterdir():
            # Other processes find the queue of SQLite's writers by its name, and ours keeps it open.
            if path.suffix != ".queue":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if self._rows.put_back() and self._app is not None:
            dispose(self._app)
        yield self.settings

    @contextmanager
    def application(self) -> Iterator[Flask]:
        """Give the application. What a test put into it is taken out again; with other routes it serves no other test."""
        if self._app is None:
            self._app = create_app(self.settings)
            self._seen = _Parts(self._app)
        app, seen = self._app, self._seen
        try:
            yield app
        finally:
            if not self._rows.outlived or _is_busy(app):
                dispose(app)
            if seen is None or not seen.put_back(app):
                dispose(app)
                self._app = None

    def close(self) -> None:
        """Close every connection."""
        if self._app is not None:
            dispose(self._app)


class _Parts:
    """What tests change of an application, as it was when it was made."""

    def __init__(self, app: Flask) -> None:
        self._held: list[tuple[dict[Any, Any], dict[Any, Any]]] = [
            (each, dict(each)) for each in (app.view_functions, app.extensions, app.config, app.jinja_env.globals)
        ]
        self._fixed = _fixed_parts(app)

    def put_back(self, app: Flask) -> bool:
        """Put it back, and return whether nothing else was changed."""
        for now, first in self._held:
            for name, value in first.items():  # some extensions are filled at the first request, and stay
                now[name] = value
        return _fixed_parts(app) == self._fixed


def _is_busy(app: Flask) -> bool:
    """Put this thread's connection back, and return whether another is still out."""
    with app.app_context():
        db.session.remove()
        pool: Any = db.engine.pool
        return bool(pool.checkedout())


def _fixed_parts(app: Flask) -> object:
    """What cannot be put back."""
    with app.app_context():
        listeners = [len(getattr(db.engine.dispatch, name)) for name in ("before_cursor_execute", "begin", "commit")]
    return (
        set(app.view_functions),
        set(app.config),
        set(app.jinja_env.globals),
        {key: list(found) for key, found in app.before_request_funcs.items()},
        {key: list(found) for key, found in app.after_request_funcs.items()},
        len(list(app.url_map.iter_rules())),
        listeners,
    )


class _File:
    """SQLite: the file is written over, so no connection may outlive its test."""

    outlived = False

    def __init__(self, databases: Databases, folder: Path) -> None:
        self._databases, self._folder = databases, folder

    def settings(self, folder: Path) -> Settings:
        return self._databases.settings_of(folder, None)

    def put_back(self) -> bool:
        self._databases.write_copy(self._folder)
        return False


class _Rows:
    """PostgreSQL: what is in the tables is removed, and what was in them at first is put in again.

    Connections outlive a test, for a fresh one reads the catalog and plans every statement anew.
    """

    outlived = True

    def __init__(self, databases: Databases, cluster: Cluster) -> None:
        self._databases, self._cluster = databases, cluster
        self._url = cluster.create_database(databases.template_url)
        self._shape: Any = None
        self._uses = 0
        with self._connected() as connection:
            self._shape = connection.execute(_SHAPE).fetchone()
            self._first = rows_of(connection)

    def settings(self, folder: Path) -> Settings:
        return self._databases.settings_of(folder, self._url)

    def put_back(self) -> bool:
        worn = False
        if self._uses:
            with self._connected() as connection:
                worn = self._uses >= WORN_OUT or connection.execute(_SHAPE).fetchone() != self._shape
                if not worn:
                    self._empty(connection)
            if worn:
                self._make_anew()
        self._uses += 1
        return worn

    def _connected(self) -> Connection:
        return self._cluster.connect(make_url(self._url).database or "")

    def _empty(self, connection: Connection) -> None:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        put_rows(connection, self._first)

    def _make_anew(self) -> None:
        self._cluster.drop_database(self._url)
        self._cluster.create_database(self._databases.template_url, name=make_url(self._url).database)
        self._uses = 0
        with self._connected() as connection:
            self._shape = connection.execute(_SHAPE).fetchone()
