"""Migrations and models say the same, on both databases; every migration goes up and comes down again."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine

from safeguarding import create_app
from safeguarding.core.database import writing
from safeguarding.extensions import db, migrate
from tests.migrations.snapshots import rows, snapshot
from tests.support.databases import dispose, settings_for
from tests.support.postgres import Cluster

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=BOTH)
def empty_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on an empty database."""
    url = None
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.create_database()
    made = create_app(settings_for(tmp_path, url))
    with made.app_context():
        yield made
    dispose(made)


def revisions() -> list[str]:
    """Return the migrations, the first one first."""
    config: Any = migrate.get_config()
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    return list(reversed(found))


def go(move: Any, revision: str) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with writing():
        move(revision=revision)


def test_what_the_migrations_make_is_what_the_models_say(
    app: Flask, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with app.app_context():
        migrated = snapshot(db.engine, triggers=False)
        if db.engine.dialect.name == "sqlite":
            url = f"sqlite:///{tmp_path / 'models.db'}"
        else:
            url = request.getfixturevalue("cluster").create_database()
    engine = create_engine(url)
    try:
        db.metadata.create_all(engine)
        modelled = snapshot(engine)
    finally:
        engine.dispose()
    assert set(migrated) == set(modelled)
    for table, parts in modelled.items():
        assert migrated[table] - parts == frozenset(), f"{table}: in the migrations alone"
        assert parts - migrated[table] == frozenset(), f"{table}: in the models alone"


def test_every_migration_comes_down_to_what_stood_before_it(empty_app: Flask) -> None:
    steps = revisions()
    assert len(steps) > 3
    before = [(snapshot(db.engine), rows(db.engine))]
    for revision in steps:
        go(upgrade, revision)
        before.append((snapshot(db.engine), rows(db.engine)))
    assert before[-1][0]["audit_event"]
    for place, revision in reversed(list(enumerate(["base", *steps[:-1]]))):
        go(downgrade, revision)
        assert snapshot(db.engine) == before[place][0], f"schema after coming down to {revision}"
        assert rows(db.engine) == before[place][1], f"rows after coming down to {revision}"
    go(upgrade, "head")
    assert (snapshot(db.engine), rows(db.engine)) == before[-1]


def test_the_migrations_are_one_line(empty_app: Flask) -> None:
    config: Any = migrate.get_config()
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_a_difference_is_noticed(tmp_path: Path) -> None:
    first, second = (create_engine(f"sqlite:///{tmp_path / name}") for name in ("first.db", "second.db"))
    try:
        for engine, least in ((first, 0), (second, 1)):
            with engine.begin() as connection:
                connection.exec_driver_sql(
                    f"CREATE TABLE t (a INTEGER, b VARCHAR(3), CONSTRAINT c CHECK (a > {least}))"
                )
        assert snapshot(first)["t"] - snapshot(second)["t"] == {"part: CONSTRAINT c CHECK (a > 0)"}
    finally:
        first.dispose()
        second.dispose()
