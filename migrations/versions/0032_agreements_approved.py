"""Agreements are approved by a second person. Those there are hold as they did."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DECISION = sa.Enum(
    "waiting",
    "approved",
    "declined",
    name="agreement_decision",
    native_enum=False,
    create_constraint=True,
    length=40,
)
PEOPLE = ("recorded_by_id", "decided_by_id")


def upgrade() -> None:
    with op.batch_alter_table("sharing_agreement") as batch:
        batch.add_column(sa.Column("decision", _DECISION, nullable=False, server_default="approved"))
        for name in PEOPLE:
            batch.add_column(sa.Column(name, key, nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_sharing_agreement_{name}"), "user_account", [name], ["id"], ondelete="RESTRICT"
            )
        batch.add_column(sa.Column("decided_at", UTCDateTime(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_sharing_agreement_decided_by_another"), "decided_by_id <> recorded_by_id"
        )
    with op.batch_alter_table("sharing_agreement") as batch:
        batch.alter_column("decision", server_default=None, existing_type=sa.String(40), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("sharing_agreement") as batch:
        batch.drop_constraint(op.f("ck_sharing_agreement_decided_by_another"), type_="check")
        for name in PEOPLE:
            batch.drop_constraint(op.f(f"fk_sharing_agreement_{name}"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_sharing_agreement_agreement_decision"), type_="check")
        for name in ("decided_at", *reversed(PEOPLE), "decision"):
            batch.drop_column(name)
