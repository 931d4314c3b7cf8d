"""The outbox of notices."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("waiting", "sending", "sent", "withheld", "failed")


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("recipient_id", key, nullable=False),
        sa.Column("subject", sa.String(16), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="notice_state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("seen_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_notice_attempts_counted")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["user_account.id"], name=op.f("fk_notice_recipient_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("ref", name=op.f("uq_notice_ref")),
    )
    op.create_index("ix_notice_state", "notice", ["state", "due_at", "id"])
    op.create_index("ix_notice_recipient_id", "notice", ["recipient_id", "id"])


def downgrade() -> None:
    op.drop_table("notice")
