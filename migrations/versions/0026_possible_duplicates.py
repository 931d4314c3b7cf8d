"""Possible duplicates that nobody could be shown, and what is said of them."""

import sqlalchemy as sa
from alembic import op

from migrations.walls import about, guard, open_up, through
from safeguarding.core.types import UTCDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("waiting", "same", "different", "unsure")


def _state() -> sa.Enum:
    return sa.Enum(*STATES, name="possible_state", native_enum=False, create_constraint=True, length=40)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "possible_duplicate",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("lower_id", key, nullable=False),
        sa.Column("higher_id", key, nullable=False),
        sa.Column("state", _state(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.Column("found_by_id", key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("lower_id < higher_id", name=op.f("ck_possible_duplicate_a_pair_in_one_order")),
        _to("possible_duplicate", "lower_id", "person"),
        _to("possible_duplicate", "higher_id", "person"),
        _to("possible_duplicate", "found_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_possible_duplicate")),
        sa.UniqueConstraint("lower_id", "higher_id", name=op.f("uq_possible_duplicate_lower_id_higher_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_possible_duplicate_ref")),
    )
    op.create_index("ix_possible_duplicate_higher_id", "possible_duplicate", ["higher_id"])
    op.create_index("ix_possible_duplicate_state_found_at_id", "possible_duplicate", ["state", "found_at", "id"])
    op.create_table(
        "possible_duplicate_answer",
        sa.Column("id", key, nullable=False),
        sa.Column("possible_id", key, nullable=False),
        sa.Column("answer", _state(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_by_id", key, nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=False),
        _to("possible_duplicate_answer", "possible_id", "possible_duplicate"),
        _to("possible_duplicate_answer", "answered_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_possible_duplicate_answer")),
    )
    op.create_index("ix_possible_duplicate_answer_possible_id", "possible_duplicate_answer", ["possible_id"])
    if op.get_bind().dialect.name != "postgresql":
        return
    pair = (("'person'", "possible_duplicate.lower_id"), ("'person'", "possible_duplicate.higher_id"))
    guard("possible_duplicate", about(*pair))
    guard("possible_duplicate_answer", through("possible_duplicate", "possible_duplicate_answer.possible_id"))
    # Whoever adds somebody queues a pair of which they see one at most, whatever conflict they declared about the other.
    op.execute(
        "CREATE POLICY wall_duplicates ON possible_duplicate FOR INSERT WITH CHECK "
        "((SELECT wall_writes()) AND (SELECT current_setting('safeguarding.beyond', true)) = 'duplicates')"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY wall_duplicates ON possible_duplicate")
        open_up(["possible_duplicate_answer", "possible_duplicate"])
    op.drop_table("possible_duplicate_answer")
    op.drop_table("possible_duplicate")
