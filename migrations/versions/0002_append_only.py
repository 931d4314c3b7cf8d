"""Triggers: the audit takes only the next row of its chain, and what was decided, signed or logged never changes.

They guard against the application as much as against people; the chain detects what passes them.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "audit_event",
    "agency_view",
    "case_risk",
    "case_update",
    "context_review",
    "decision",
    "decision_addendum",
    "minutes_addendum",
    "nrm_event",
)
GENESIS = "0" * 64


def upgrade() -> None:
    op.execute(f"INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '{GENESIS}')")
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    op.execute(
        """CREATE TRIGGER audit_event_next BEFORE INSERT ON audit_event BEGIN
        SELECT RAISE(ABORT, 'not the next row of the audit')
        WHERE NOT EXISTS (SELECT 1 FROM audit_head WHERE id = 1 AND seq = NEW.seq - 1 AND hash = NEW.previous);
        UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
        END"""
    )
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"""CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN
                SELECT RAISE(ABORT, '{table} is append-only'); END"""
            )
        if table != "audit_event":
            op.execute(
                f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
                WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) BEGIN
                SELECT RAISE(ABORT, '{table} is append-only'); END"""
            )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"""CREATE TRIGGER minutes_signed_no_{act.lower()} BEFORE {act} ON minutes WHEN OLD.state = 'signed' BEGIN
            SELECT RAISE(ABORT, 'signed minutes do not change'); END"""
        )


def _postgresql() -> None:
    op.execute(
        """CREATE FUNCTION audit_event_next() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash
        WHERE id = 1 AND seq = NEW.seq - 1 AND hash = NEW.previous;
        IF NOT FOUND THEN RAISE EXCEPTION 'not the next row of the audit'; END IF;
        RETURN NEW; END $$"""
    )
    op.execute(
        "CREATE TRIGGER audit_event_next BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_next()"
    )
    op.execute(
        """CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"""
    )
    for table in APPEND_ONLY:
        op.execute(
            f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION append_only()"""
        )
        op.execute(
            f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION append_only()"""
        )
    op.execute(
        """CREATE TRIGGER minutes_signed BEFORE UPDATE OR DELETE ON minutes
        FOR EACH ROW WHEN (OLD.state = 'signed') EXECUTE FUNCTION append_only()"""
    )
    op.execute(
        """CREATE TRIGGER minutes_no_truncate BEFORE TRUNCATE ON minutes
        FOR EACH STATEMENT EXECUTE FUNCTION append_only()"""
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        names = ["audit_event_next", "minutes_signed_no_update", "minutes_signed_no_delete"]
        for table in APPEND_ONLY:
            names += [f"{table}_no_update", f"{table}_no_delete"]
            names += [] if table == "audit_event" else [f"{table}_no_replace"]
        for name in names:
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER audit_event_next ON audit_event")
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute("DROP TRIGGER minutes_signed ON minutes")
        op.execute("DROP TRIGGER minutes_no_truncate ON minutes")
        op.execute("DROP FUNCTION audit_event_next")
        op.execute("DROP FUNCTION append_only")
    op.execute("DELETE FROM audit_head")
