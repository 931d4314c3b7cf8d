"""The first version of the numbers by which contexts are rated."""

import json

import sqlalchemy as sa
from alembic import op

from safeguarding.contexts.rubric import RUBRIC_1, numbers_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

rubric = sa.table(
    "rubric",
    sa.column("version", sa.Integer),
    sa.column("in_force_from", sa.Date),
    sa.column("adopted_by", sa.String),
    sa.column("reason", sa.Text),
    sa.column("numbers", sa.Text),
)


def upgrade() -> None:
    op.bulk_insert(
        rubric,
        [
            {
                "version": RUBRIC_1.version,
                "in_force_from": RUBRIC_1.in_force_from,
                "adopted_by": RUBRIC_1.adopted_by,
                "reason": RUBRIC_1.reason,
                "numbers": json.dumps(numbers_of(RUBRIC_1), sort_keys=True),
            }
        ],
    )


def downgrade() -> None:
    op.execute(sa.delete(rubric).where(rubric.c.version == RUBRIC_1.version))
