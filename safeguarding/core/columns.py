"""The two columns that nearly every table has: a link to another table, and a reference that people may say.

Both carry their label, as every column must. It knows no table.
"""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import MappedColumn

from safeguarding.core.base import BigKey
from safeguarding.core.labels import KEY, col


def link(table: str, **options: Any) -> MappedColumn[Any]:
    """Return a foreign key to the table's `id`; a row that is pointed at cannot be deleted."""
    return col(KEY, BigKey, ForeignKey(f"{table}.id", ondelete="RESTRICT"), **options)


def reference(**options: Any) -> MappedColumn[Any]:
    """Return the unique reference that people say and addresses hold (`safeguarding.core.references`)."""
    return col(KEY, String(16), unique=True, **options)
