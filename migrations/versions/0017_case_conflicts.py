"""Conflicts of interest declared on a case."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "case_conflict"
CHECKS = {
    "withdrawn_by_somebody": "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)",
    "withdrawn_after_declared": "withdrawn_at >= declared_at",
    "withdrawn_by_another": "withdrawn_by_id <> user_id",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", key, nullable=False),
        sa.Column("case_id", key, nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_by_id", key, nullable=False),
        sa.Column("declared_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_by_id", key, nullable=True),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{TABLE}_{name}")) for name, rule in CHECKS.items()),
        sa.ForeignKeyConstraint(
            ["case_id"], ["safeguarding_case.id"], name=op.f(f"fk_{TABLE}_case_id"), ondelete="RESTRICT"
        ),
        *(
            sa.ForeignKeyConstraint([name], ["user_account.id"], name=op.f(f"fk_{TABLE}_{name}"), ondelete="RESTRICT")
            for name in ("user_id", "declared_by_id", "withdrawn_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index("ix_case_conflict_case_id", TABLE, ["case_id"])
    op.create_index("ix_case_conflict_user_id", TABLE, ["user_id"])


def downgrade() -> None:
    op.execute("DELETE FROM relation WHERE source_kind = 'case_conflict'")
    op.drop_table(TABLE)
