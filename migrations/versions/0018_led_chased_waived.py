"""Cases that nobody leads, reminders of returns, quorum waived for an item, the audit by time, forms left half-typed."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHY = ("expired", "locked", "confirm")
NOBODY_LEADS = """
UPDATE safeguarding_case SET unled_since = last_activity_at WHERE NOT EXISTS (
  SELECT 1 FROM allocation a WHERE a.case_id = safeguarding_case.id AND a.kind = 'lead' AND a.valid_to IS NULL
)
"""


def upgrade() -> None:
    op.create_index("ix_audit_event_at", "audit_event", ["at", "seq"])
    op.add_column("safeguarding_case", sa.Column("unled_since", UTCDateTime(), nullable=True))
    op.create_index(op.f("ix_safeguarding_case_unled_since"), "safeguarding_case", ["unled_since"])
    op.execute(sa.text(NOBODY_LEADS))
    with op.batch_alter_table("return_request") as batch:
        batch.add_column(sa.Column("chased_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("chased_by_id", key, nullable=True))
        batch.create_foreign_key(
            op.f("fk_return_request_chased_by_id"), "user_account", ["chased_by_id"], ["id"], ondelete="RESTRICT"
        )
        batch.create_check_constraint("chased_when_and_by_whom", "(chased_at IS NULL) = (chased_by_id IS NULL)")
    _make_waivers()
    _allow(*WHY, "left")


def _make_waivers() -> None:
    op.create_table(
        "quorum_waiver",
        sa.Column("id", key, nullable=False),
        sa.Column("item_id", key, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("missing", sa.String(200), nullable=False),
        sa.Column("waived_at", UTCDateTime(), nullable=False),
        sa.Column("waived_by_id", key, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["agenda_item.id"], name=op.f("fk_quorum_waiver_item_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["waived_by_id"], ["user_account.id"], name=op.f("fk_quorum_waiver_waived_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quorum_waiver")),
        sa.UniqueConstraint("item_id", name=op.f("uq_quorum_waiver_item_id")),
    )


def _allow(*reasons: str) -> None:
    listed = ", ".join(f"'{each}'" for each in reasons)
    with op.batch_alter_table("kept_form") as batch:
        batch.drop_constraint("kept_why", type_="check")
        batch.create_check_constraint("kept_why", f"why IN ({listed})")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM kept_form WHERE why = 'left'"))
    _allow(*WHY)
    op.drop_table("quorum_waiver")
    with op.batch_alter_table("return_request") as batch:
        batch.drop_constraint("chased_when_and_by_whom", type_="check")
        batch.drop_constraint(op.f("fk_return_request_chased_by_id"), type_="foreignkey")
        batch.drop_column("chased_by_id")
        batch.drop_column("chased_at")
    op.drop_index(op.f("ix_safeguarding_case_unled_since"), "safeguarding_case")
    op.drop_column("safeguarding_case", "unled_since")
    op.drop_index("ix_audit_event_at", "audit_event")
