"""Memberships confirmed by quarter; the questions that the audit raised and of which somebody was told."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "membership_confirmation",
        sa.Column("id", key, nullable=False),
        sa.Column("membership_id", key, nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("confirmed_by_id", key, nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["membership.id"],
            name=op.f("fk_membership_confirmation_membership_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"],
            ["user_account.id"],
            name=op.f("fk_membership_confirmation_confirmed_by_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_confirmation")),
        sa.UniqueConstraint("membership_id", "quarter", name=op.f("uq_membership_confirmation_membership_id_quarter")),
    )
    op.create_table(
        "question_raised",
        sa.Column("id", key, nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("last", key, nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_raised")),
        sa.UniqueConstraint("key", name=op.f("uq_question_raised_key")),
    )
    op.create_table(
        "question_watch",
        sa.Column("id", key, nullable=False),
        sa.Column("seq", key, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_question_watch_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_watch")),
    )


def downgrade() -> None:
    for table in ("question_watch", "question_raised", "membership_confirmation"):
        op.drop_table(table)
