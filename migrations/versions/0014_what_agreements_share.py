"""What an information-sharing agreement shares. Those there are have shared everything, and go on doing so."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = ("covers_cases", "covers_health", "covers_offences", "covers_immigration", "covers_intelligence")


def upgrade() -> None:
    with op.batch_alter_table("sharing_agreement") as batch:
        for name in COLUMNS:
            batch.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("sharing_agreement") as batch:
        for name in COLUMNS:
            batch.alter_column(name, server_default=None, existing_type=sa.Boolean(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("sharing_agreement") as batch:
        for name in reversed(COLUMNS):
            batch.drop_column(name)
