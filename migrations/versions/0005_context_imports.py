"""Which import made a context and of which row; incidents of a context are found by who told them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("context") as batch:
        batch.add_column(sa.Column("source_digest", sa.String(64), nullable=True))
        batch.add_column(sa.Column("run_id", key, nullable=True))
        batch.create_foreign_key("fk_context_run_id", "import_run", ["run_id"], ["id"], ondelete="RESTRICT")
        batch.create_index("ix_context_run_id", ["run_id"])
    op.create_index("ix_incident_context_id_source_happened_on", "incident", ["context_id", "source", "happened_on"])
    op.drop_index("ix_incident_context_id_happened_on", table_name="incident")


def downgrade() -> None:
    op.create_index("ix_incident_context_id_happened_on", "incident", ["context_id", "happened_on"])
    op.drop_index("ix_incident_context_id_source_happened_on", table_name="incident")
    with op.batch_alter_table("context") as batch:
        batch.drop_index("ix_context_run_id")
        batch.drop_constraint("fk_context_run_id", type_="foreignkey")
        batch.drop_column("run_id")
        batch.drop_column("source_digest")
