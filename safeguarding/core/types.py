"""Column types that both databases read back alike."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, String, TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Refuses a naive datetime; gives back an aware one in UTC on SQLite and PostgreSQL alike."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_of(members: type[StrEnum], name: str | None = None) -> Enum:
    """Return a text column type with a named CHECK for the enum's values.

    A second column of the same enum in one table needs a `name` of its own, since the constraint is named after it.
    """
    return Enum(
        members,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=40,
        name=name or _snake(members.__name__),
        values_callable=lambda enum: [member.value for member in enum],
    )


def sorted_text(length: int) -> Any:
    """Return a text type whose order is by code point on both databases, so that prefix searches use an index."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
