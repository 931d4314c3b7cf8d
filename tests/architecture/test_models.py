"""Mapped classes: nothing is loaded behind a query's back, every table has its address in the schema's conventions."""

from sqlalchemy.orm import RelationshipProperty

from safeguarding import tables
from safeguarding.core.base import Base
from safeguarding.extensions import db


def relationships() -> list[RelationshipProperty[object]]:
    assert tables
    return [relationship for mapper in Base.registry.mappers for relationship in mapper.relationships]


def test_a_relationship_never_loads_by_itself() -> None:
    assert [str(each) for each in relationships() if each.lazy != "raise"] == []


def test_every_table_is_mapped_and_every_constraint_named() -> None:
    mapped = {str(mapper.local_table) for mapper in Base.registry.mappers}
    assert {table.name for table in db.metadata.tables.values()} == mapped
    unnamed = [
        f"{table.name}: {constraint!r}"
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if not constraint.name
    ]
    assert unnamed == []


def test_every_foreign_key_says_what_deleting_does() -> None:
    assert [str(key) for table in db.metadata.tables.values() for key in table.foreign_keys if not key.ondelete] == []
