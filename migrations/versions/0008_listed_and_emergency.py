"""Two more kinds of relation: put on the list of a restricted record, and emergency access."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BEFORE = (
    "lead_worker",
    "allocated",
    "referrer",
    "added",
    "action_owner",
    "agenda",
    "return_request",
    "panel_office",
    "presenter",
    "hub",
    "barred",
    "seat",
    "chair",
    "vice_chair",
    "coordinator",
)
ADDED = ("listed", "emergency")
AFTER = (*BEFORE[:10], *ADDED, *BEFORE[10:])
NAME = "relation_kind"


def upgrade() -> None:
    _allow(AFTER)


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM relation WHERE kind IN ('listed', 'emergency')"))
    _allow(BEFORE)


def _allow(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("relation") as batch:
        batch.drop_constraint(NAME, type_="check")
        batch.create_check_constraint(NAME, f"kind IN ({listed})")
