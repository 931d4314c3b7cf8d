"""The index by which a subject's relations are looked up holds all that is asked of them."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_relation_subject", table_name="relation")
    op.create_index(
        "ix_relation_subject",
        "relation",
        ["subject_id", "subject_kind", "principal", "kind", "valid_to", "valid_from"],
    )


def downgrade() -> None:
    op.drop_index("ix_relation_subject", table_name="relation")
    op.create_index("ix_relation_subject", "relation", ["subject_kind", "subject_id", "principal"])
