"""The application's role of PostgreSQL may add events and nothing else: the head moves and is locked by functions.

Both run with the rights of the owner (SECURITY DEFINER), with a fixed search path, and take no argument.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER FUNCTION audit_event_next() SECURITY DEFINER SET search_path = pg_catalog, public")
    op.execute(
        """CREATE FUNCTION audit_lock_head(OUT seq bigint, OUT hash varchar) RETURNS SETOF record LANGUAGE sql
        SECURITY DEFINER SET search_path = pg_catalog, public
        AS $$ SELECT seq, hash FROM public.audit_head WHERE id = 1 FOR UPDATE $$"""
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP FUNCTION audit_lock_head()")
    op.execute("ALTER FUNCTION audit_event_next() SECURITY INVOKER RESET search_path")
