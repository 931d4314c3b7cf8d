"""The first rows of the dated code lists: kinds of harm, grounds for sharing, first responders, ethnicity."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.reference_data import CODES

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

code = sa.table(
    "code",
    sa.column("list", sa.String),
    sa.column("code", sa.String),
    sa.column("label", sa.String),
    sa.column("kind", sa.String),
    sa.column("position", sa.Integer),
    sa.column("valid_from", sa.Date),
    sa.column("valid_to", sa.Date),
    sa.column("source", sa.Text),
    sa.column("note", sa.Text),
)


def upgrade() -> None:
    op.bulk_insert(code, [row._asdict() for row in CODES])


def downgrade() -> None:
    op.execute(sa.delete(code))
