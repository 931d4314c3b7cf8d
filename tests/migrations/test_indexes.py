"""Every index that a model names stands in a migrated database; without one a page is right and a hundred times slower."""

from flask import Flask
from sqlalchemy import inspect

from safeguarding.extensions import db


def test_a_migrated_database_has_every_index_of_the_models(in_app: Flask) -> None:
    found = inspect(db.engine)
    missing = [
        index.name
        for table in db.metadata.tables.values()
        for index in table.indexes
        if index.name not in {each["name"] for each in found.get_indexes(table.name)}
    ]
    assert missing == []
