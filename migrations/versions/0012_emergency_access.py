"""Emergency access, and answers to the questions that the audit raises."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "emergency_access",
        sa.Column("id", key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("agency", sa.String(120), nullable=True),
        sa.Column("subject_ref", sa.String(16), nullable=False),
        sa.Column(
            "kind",
            _one_of("emergency_kind", "hurt_today", "missing_now", "court_hospital_custody", "something_else"),
            nullable=False,
        ),
        sa.Column("basis", _one_of("emergency_basis", "vital_interests", "section_47", "section_115"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("closes_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("review_due_at", UTCDateTime(), nullable=False),
        sa.Column("reviewed_at", UTCDateTime(), nullable=True),
        sa.Column("reviewer_id", key, nullable=True),
        sa.Column(
            "outcome", _one_of("emergency_outcome", "right", "could_have_waited", "not_justified"), nullable=True
        ),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.CheckConstraint("closes_at > opened_at", name=op.f("ck_emergency_access_closes_after_opening")),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (reviewer_id IS NULL)", name=op.f("ck_emergency_access_reviewed_by_somebody")
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_emergency_access_reviewed_with_outcome")
        ),
        sa.CheckConstraint(
            "reviewer_id IS NULL OR reviewer_id != user_id", name=op.f("ck_emergency_access_reviewed_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_emergency_access_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"],
            ["user_account.id"],
            name=op.f("fk_emergency_access_reviewer_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
        sa.UniqueConstraint("ref", name=op.f("uq_emergency_access_ref")),
    )
    op.create_index("ix_emergency_access_user_id", "emergency_access", ["user_id"])
    op.create_index("ix_emergency_access_reviewer_id", "emergency_access", ["reviewer_id"])
    op.create_index("ix_emergency_access_reviewed_at", "emergency_access", ["reviewed_at", "review_due_at"])
    op.create_table(
        "question_answer",
        sa.Column("id", key, nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=False),
        sa.Column("answered_by_id", key, nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["user_account.id"],
            name=op.f("fk_question_answer_answered_by_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_answer")),
        sa.UniqueConstraint("key", name=op.f("uq_question_answer_key")),
    )
    op.create_index("ix_question_answer_answered_by_id", "question_answer", ["answered_by_id"])


def downgrade() -> None:
    op.drop_table("question_answer")
    op.drop_table("emergency_access")
