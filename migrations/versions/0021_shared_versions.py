"""Conditions of an answer (handling code C), and the version of it that everybody on the panel may read."""

import sqlalchemy as sa
from alembic import op

from migrations.walls import guard, through
from safeguarding.core.types import UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "return_shared_version"


def upgrade() -> None:
    op.add_column("return_request", sa.Column("conditions", sa.Text(), nullable=True))
    op.create_table(
        TABLE,
        sa.Column("id", key, nullable=False),
        sa.Column("request_id", key, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by_id", key, nullable=False),
        sa.Column("written_at", UTCDateTime(), nullable=False),
        sa.Column("agreed_by_id", key, nullable=True),
        sa.Column("agreed_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(agreed_at IS NULL) = (agreed_by_id IS NULL)", name=op.f(f"ck_{TABLE}_agreed_by_somebody")),
        sa.CheckConstraint("agreed_at >= written_at", name=op.f(f"ck_{TABLE}_agreed_after_it_was_written")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["return_request.id"], name=op.f(f"fk_{TABLE}_request_id"), ondelete="RESTRICT"
        ),
        *(
            sa.ForeignKeyConstraint([name], ["user_account.id"], name=op.f(f"fk_{TABLE}_{name}"), ondelete="RESTRICT")
            for name in ("written_by_id", "agreed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_request_id", TABLE, ["request_id"])
    if op.get_bind().dialect.name == "postgresql":
        guard(TABLE, through("return_request", f"{TABLE}.request_id"))


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_column("return_request", "conditions")
