"""The one declarative base: naming convention and type map. It holds no table."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Date, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, registry

from safeguarding.core.labels import KEY, col
from safeguarding.core.types import UTCDateTime

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigKey = BigInteger().with_variant(Integer, "sqlite")  # SQLite gives row ids to INTEGER alone


class Base(DeclarativeBase):
    """Parent of every mapped class. Relationships, where there are any, are `lazy="raise"`."""

    registry = registry(
        metadata=MetaData(naming_convention=CONVENTION),
        type_annotation_map={datetime: UTCDateTime(), date: Date(), bool: Boolean(create_constraint=False)},
    )


class Keyed:
    """Mixin: a surrogate key that never leaves the application."""

    id: Mapped[int] = col(KEY, BigKey, primary_key=True, sort_order=-10)


class Versioned:
    """Mixin: a version that travels in every edit form, so that a stale save is refused."""

    version: Mapped[int] = col(KEY, Integer, default=1, nullable=False)
