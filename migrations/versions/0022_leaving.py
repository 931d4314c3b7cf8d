"""Whoever ends a membership ends the person's part in cases, to which they themselves stand in no relation."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("safeguarding_case", "allocation")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(
            f"CREATE POLICY wall_leaving ON {table} FOR UPDATE "
            "USING ((SELECT current_setting('safeguarding.beyond', true)) = 'leaving')"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"DROP POLICY wall_leaving ON {table}")
