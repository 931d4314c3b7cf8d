"""The one table of relations. Rows are written by the package that owns the fact, in the fact's own transaction."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.access.roles import Relation
from safeguarding.core.base import Base, BigKey, Keyed
from safeguarding.core.labels import KEY, col
from safeguarding.core.types import enum_of


class RelationRow(Keyed, Base):
    """One principal's relation to one subject, from an instant until another (or without end)."""

    __tablename__ = "relation"

    principal: Mapped[str] = col(KEY, String(40), nullable=False)
    subject_kind: Mapped[str] = col(KEY, String(20), nullable=False)
    subject_id: Mapped[int] = col(KEY, BigKey, nullable=False)
    kind: Mapped[Relation] = col(KEY, enum_of(Relation, "relation_kind"), nullable=False)
    valid_from: Mapped[datetime] = col(KEY, nullable=False)
    valid_to: Mapped[datetime | None] = col(KEY)
    source_kind: Mapped[str] = col(KEY, String(20), nullable=False)
    source_id: Mapped[int] = col(KEY, BigKey, nullable=False)
    last_activity_at: Mapped[datetime] = col(KEY, nullable=False)

    __table_args__ = (
        # Read backwards for the newest first, and without a look at the table. Its columns are plain ones: an index of
        # expressions is neither seen by what compares migrations with models nor kept when SQLite rebuilds the table.
        Index(
            "ix_relation_newest",
            "principal",
            "subject_kind",
            "last_activity_at",
            "subject_id",
            "kind",
            "valid_to",
            "valid_from",
        ),
        # SQLite keeps no statistics: this one is whole as well, or conflicts would be looked up by walking the one above,
        # and begins with the id, or lists would be found by walking all subjects of a kind.
        Index("ix_relation_subject", "subject_id", "subject_kind", "principal", "kind", "valid_to", "valid_from"),
        # For lists that start from all subjects of some kinds of relation, among the many more of other kinds.
        Index("ix_relation_kind", "principal", "subject_kind", "kind", "subject_id", "valid_to", "valid_from"),
        Index("ix_relation_source", "source_kind", "source_id"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_start"),
    )


class ClosedSubject(Keyed, Base):
    """That a subject is closed to all but those on its list, and the fact that closes it (`relations.closing`)."""

    __tablename__ = "closed_subject"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "source_kind", "source_id"),
        Index(None, "source_kind", "source_id"),
    )

    subject_kind: Mapped[str] = col(KEY, String(20))
    subject_id: Mapped[int] = col(KEY, BigKey)
    source_kind: Mapped[str] = col(KEY, String(20))
    source_id: Mapped[int] = col(KEY, BigKey)
