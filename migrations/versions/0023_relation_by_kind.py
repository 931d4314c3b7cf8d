"""Who is related to what by kind: the few subjects of a worker among the thousands that the agency was once asked about."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

COLUMNS = ["principal", "subject_kind", "kind", "subject_id", "valid_to", "valid_from"]


def upgrade() -> None:
    op.create_index("ix_relation_kind", "relation", COLUMNS)


def downgrade() -> None:
    op.drop_index("ix_relation_kind", "relation")
