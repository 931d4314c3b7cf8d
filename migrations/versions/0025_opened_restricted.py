"""Whoever opens a case restricted, for somebody else to work, makes it one that they see no more: so it may be written once."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_CLOSING = "(SELECT current_setting('safeguarding.beyond', true)) = 'closing'"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE POLICY wall_closing ON safeguarding_case FOR UPDATE "
            f"USING ({_CLOSING}) WITH CHECK ({_CLOSING} AND is_restricted)"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY wall_closing ON safeguarding_case")
