"""Which parts of a record a use of emergency access opens; those before had all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ALL = "contacts,risk,updates"


def upgrade() -> None:
    with op.batch_alter_table("emergency_access") as batch:
        batch.add_column(sa.Column("parts", sa.String(60), nullable=False, server_default=ALL))
    with op.batch_alter_table("emergency_access") as batch:
        batch.alter_column("parts", server_default=None, existing_type=sa.String(60), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("emergency_access") as batch:
        batch.drop_column("parts")
