"""Whoever ends a membership ends the person's places on lists of restricted cases, as their part in cases (0022)."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE POLICY wall_leaving ON case_listing FOR UPDATE "
            "USING ((SELECT current_setting('safeguarding.beyond', true)) = 'leaving')"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY wall_leaving ON case_listing")
