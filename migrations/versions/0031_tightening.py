"""Rights that the partnership took away from a role, with a second person's agreement."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("asked", "in_force", "back_asked", "declined", "given_back")
ROLES = (
    "chair",
    "vice_chair",
    "coordinator",
    "practitioner",
    "social_worker",
    "spoc",
    "lead",
    "analyst",
    "information_governance",
    "auditor",
    "admin",
)
PEOPLE = ("asked_by_id", "decided_by_id", "back_asked_by_id", "back_decided_by_id")


def _words(words: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "tightening",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("role", _words(ROLES, "role"), nullable=False),
        sa.Column("permission", sa.String(60), nullable=False),
        sa.Column("state", _words(STATES, "tightening_state"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", key, nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("decided_by_id", key, nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("back_reason", sa.Text(), nullable=True),
        sa.Column("back_asked_by_id", key, nullable=True),
        sa.Column("back_decided_by_id", key, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_tightening_decided_by_another")),
        sa.CheckConstraint("back_decided_by_id <> back_asked_by_id", name=op.f("ck_tightening_given_back_by_another")),
        *(
            sa.ForeignKeyConstraint(
                [column], ["user_account.id"], name=op.f(f"fk_tightening_{column}"), ondelete="RESTRICT"
            )
            for column in PEOPLE
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tightening")),
        sa.UniqueConstraint("ref", name=op.f("uq_tightening_ref")),
    )
    op.create_index("ix_tightening_state", "tightening", ["state"])


def downgrade() -> None:
    op.drop_table("tightening")
