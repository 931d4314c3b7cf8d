"""Exports of who looked at a record: asked for, agreed to by another, taken once."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "looks_export",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("subject_ref", sa.String(16), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("asker_id", key, nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("decider_id", key, nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("is_agreed", sa.Boolean(), nullable=True),
        sa.Column("taken_at", UTCDateTime(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_looks_export_ends_after_start")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decider_id IS NULL)", name=op.f("ck_looks_export_decided_by_somebody")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (is_agreed IS NULL)", name=op.f("ck_looks_export_decided_with_answer")
        ),
        sa.CheckConstraint("decider_id <> asker_id", name=op.f("ck_looks_export_decided_by_another")),
        sa.CheckConstraint("(taken_at IS NULL) = (digest IS NULL)", name=op.f("ck_looks_export_taken_with_digest")),
        sa.ForeignKeyConstraint(
            ["asker_id"], ["user_account.id"], name=op.f("fk_looks_export_asker_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decider_id"], ["user_account.id"], name=op.f("fk_looks_export_decider_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks_export")),
        sa.UniqueConstraint("ref", name=op.f("uq_looks_export_ref")),
    )
    op.create_index(op.f("ix_looks_export_asker_id"), "looks_export", ["asker_id"])
    op.create_index(op.f("ix_looks_export_decider_id"), "looks_export", ["decider_id"])


def downgrade() -> None:
    op.drop_table("looks_export")
