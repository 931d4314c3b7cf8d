"""Notes of a meeting are handled like what agencies tell: who may read one, and under which conditions."""

import sqlalchemy as sa
from alembic import op

from migrations.walls import guard, through

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "note_reader"
_HANDLING = sa.Enum(
    "all_members",
    "named_agencies",
    "chair_only",
    name="panel_handling",
    native_enum=False,
    create_constraint=True,
    length=40,
)


def upgrade() -> None:
    with op.batch_alter_table("discussion_note") as batch:
        batch.add_column(sa.Column("handling", _HANDLING, nullable=False, server_default="all_members"))
        batch.add_column(sa.Column("conditions", sa.Text(), nullable=True))
    with op.batch_alter_table("discussion_note") as batch:
        batch.alter_column("handling", server_default=None, existing_type=sa.String(40), existing_nullable=False)
    op.create_table(
        TABLE,
        sa.Column("id", key, nullable=False),
        sa.Column("note_id", key, nullable=False),
        sa.Column("agency_id", key, nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["discussion_note.id"], name=op.f(f"fk_{TABLE}_note_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f(f"fk_{TABLE}_agency_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("note_id", "agency_id", name=op.f(f"uq_{TABLE}_note_id_agency_id")),
    )
    if op.get_bind().dialect.name == "postgresql":
        guard(TABLE, through("discussion_note", f"{TABLE}.note_id"))


def downgrade() -> None:
    op.drop_table(TABLE)
    with op.batch_alter_table("discussion_note") as batch:
        batch.drop_constraint(op.f("ck_discussion_note_panel_handling"), type_="check")
        batch.drop_column("conditions")
        batch.drop_column("handling")
