"""How SQLite, which keeps no statistics, finds relations: a wrong index is right and a hundred times slower."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, select

from safeguarding import create_app
from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.extensions import db
from safeguarding.panels.models.meetings import Meeting
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import newest, related, subjects, with_relations
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import make_somebody
from tests.support.databases import Databases, dispose


@pytest.fixture
def on_sqlite(sqlite_databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    """An application on SQLite alone."""
    with sqlite_databases.copy(tmp_path) as settings:
        app = create_app(settings)
        with app.app_context():
            yield app
        dispose(app)


def _steps(statement: Select[Any]) -> list[str]:
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
    return [row[-1] for row in plan if "SEARCH" in row[-1] or "SCAN" in row[-1]]


BY_SUBJECT = "USING COVERING INDEX ix_relation_subject (subject_id=? AND subject_kind=?"
BY_ALL = "USING COVERING INDEX ix_relation_kind (principal=? AND subject_kind=? AND kind=? AND subject_id=?"


def _lists(actor: Actor) -> list[tuple[Select[Any], str]]:
    page = newest(actor, "case", Permission.CASE_READ, 50)
    mine = subjects(actor, "case", Permission.CASE_READ)
    by_kind = "ix_relation_kind (principal=? AND subject_kind=? AND kind=?"
    return [
        (select(page.c.id), "ix_relation_newest (principal=?"),
        (mine, by_kind),
        (mine.distinct(), by_kind),
        (select(Meeting.id).where(Meeting.id.in_(mine)), by_kind),
    ]


def test_lists_walk_an_index_of_their_own_and_look_conflicts_up_one_by_one(on_sqlite: Flask) -> None:
    with unit_of_work():
        actor = make_somebody(Role.SOCIAL_WORKER).actor
    for statement, index in _lists(actor):
        steps = _steps(statement)
        walks = [step for step in steps if "SEARCH relation " in step]
        assert walks and all(f"USING COVERING INDEX {index}" in step for step in walks), steps
        conflicts = [step for step in steps if "barred" in step]
        assert conflicts and all(BY_ALL in step for step in conflicts), steps


def test_rows_found_otherwise_are_narrowed_one_by_one(on_sqlite: Flask) -> None:
    with unit_of_work():
        actor = make_somebody(Role.SOCIAL_WORKER).actor
    other = RelationRow.__table__.alias("other")
    steps = _steps(
        select(other.c.id).where(related(actor, other.c.subject_kind, other.c.subject_id, Permission.CASE_READ))
    )
    looked_up = [step for step in steps if "mine" in step or "barred" in step]
    assert len(looked_up) == 2
    assert all(BY_SUBJECT in step or BY_ALL in step for step in looked_up), steps


def test_relations_to_several_things_are_looked_up_by_each_of_them(on_sqlite: Flask) -> None:
    with unit_of_work():
        actor = make_somebody(Role.SOCIAL_WORKER).actor
    things = [("meeting", Meeting.id), ("panel", Meeting.panel_id), ("item", Meeting.current_item_id)]
    steps = _steps(with_relations(actor, select(Meeting.id).where(Meeting.ref == "MT-0000-0000"), things))
    (found,) = [step for step in steps if " relation " in step]
    assert BY_SUBJECT in found
