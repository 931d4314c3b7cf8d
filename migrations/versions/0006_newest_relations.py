"""The index by which lists find what somebody may see, the newest first."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_relation_newest",
        "relation",
        ["principal", "subject_kind", "last_activity_at", "subject_id", "kind", "valid_to", "valid_from"],
    )


def downgrade() -> None:
    op.drop_index("ix_relation_newest", table_name="relation")
