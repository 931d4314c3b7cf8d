"""Writers of the audit wait for their turn at a lock made for that, and find the head's row free.

At a row they would wait twice, for the right to wait and for the row, and each wakes to look at it again: with eight
writers that was most of the time. READ COMMITTED gives the second statement of the function a snapshot of its own.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_HEAD = "SELECT head.seq, head.hash FROM public.audit_head head WHERE head.id = 1 FOR UPDATE"
_MAKE = (
    "CREATE OR REPLACE FUNCTION audit_lock_head(OUT seq bigint, OUT hash varchar) RETURNS SETOF record LANGUAGE {0} "
    "SECURITY DEFINER SET search_path = pg_catalog, public AS $$ {1} $$"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        body = f"BEGIN PERFORM pg_advisory_xact_lock(hashtext('audit_head')); RETURN QUERY {_HEAD}; END"
        op.execute(_MAKE.format("plpgsql", body))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_MAKE.format("sql", "SELECT seq, hash FROM public.audit_head WHERE id = 1 FOR UPDATE"))
