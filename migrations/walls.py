"""Row-level security, written out for a migration: which rows of a table the second wall lets through.

A row is let through to a principal with a live relation to what the row is about and no declared conflict, to a command
of the command line, and for reading to the few reads that go beyond relations (`safeguarding.core.second_wall`). What
nobody has a relation to yet is being made, and is let through to whoever writes. It is a coarse second wall: who may do
what, and for how long, the application decides.

A migration that adds a table with something about a young person calls `guard`. What is written here is part of the
migrations that use it: add a way, never change one.
"""

from collections.abc import Sequence

from alembic import op

FUNCTIONS = {
    "wall_command": "SELECT coalesce(current_setting('safeguarding.system', true), '') <> ''",
    "wall_beyond": "SELECT coalesce(current_setting('safeguarding.beyond', true), '') <> ''",
    "wall_writes": "SELECT coalesce(current_setting('safeguarding.writes', true), '') <> '' "
    "AND coalesce(current_setting('safeguarding.user', true), '') <> ''",
    "wall_user": "SELECT nullif(current_setting('safeguarding.user', true), '')::bigint",
    "wall_principals": "SELECT string_to_array(nullif(current_setting('safeguarding.principals', true), ''), ',')",
    "wall_now": "SELECT nullif(current_setting('safeguarding.now', true), '')::timestamptz",
}
_TYPES = {"wall_user": "bigint", "wall_principals": "text[]", "wall_now": "timestamptz"}
Pair = tuple[str, str]  # the kind of a subject (SQL) and its id (SQL), both of the row


def make_functions() -> None:
    """Make the functions by which policies read the context. None is SECURITY DEFINER; PostgreSQL inlines them."""
    for name, body in FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS {_TYPES.get(name, 'boolean')} LANGUAGE sql STABLE AS $$ {body} $$"
        )


def drop_functions() -> None:
    """Remove them."""
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")


def about(*pairs: Pair, barred_too: bool = False) -> str:
    """Return the condition that the actor has a relation to one of the subjects, and no conflict with any of them.

    NULL where there is none. It is a scalar subquery on purpose: PostgreSQL would turn an EXISTS into a hash of all that
    a principal is related to. `barred_too` lets a conflict count as a relation.
    """
    found = " UNION ALL ".join(
        f"SELECT r.kind FROM relation r WHERE r.subject_id = {key} AND r.subject_kind = {kind} "
        "AND r.principal = ANY ((SELECT wall_principals())::text[]) "
        # A command may end what it came in by, and begin something later in the same transaction.
        "AND r.valid_from <= (SELECT wall_now()) + interval '5 minutes' "
        "AND (r.valid_to IS NULL OR r.valid_to > (SELECT wall_now()))"
        for kind, key in pairs
    )
    every = "true" if barred_too else "seen.kind <> 'barred'"
    return f"(SELECT bool_and({every}) FROM ({found}) seen)"


def being_made(kind: str, key: str) -> str:
    """Return the condition that the actor writes and that nobody has had a relation to the subject yet."""
    return (
        f"nullif((SELECT wall_writes()) AND (SELECT count(*) FROM (SELECT 1 FROM relation r WHERE r.subject_id = {key} "
        f"AND r.subject_kind = '{kind}' LIMIT 1) had) = 0, false)"
    )


def through(parent: str, key: str) -> str:
    """Return the condition that the parent's row is let through."""
    return f"(SELECT true FROM {parent} parent WHERE parent.id = {key})"


def guard(table: str, *ways: str) -> None:
    """Put the wall round a table: the first of the ways that has an answer gives it."""
    condition = f"(SELECT wall_command()) OR coalesce({', '.join(ways)}, false)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY wall ON {table} USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"CREATE POLICY wall_beyond ON {table} FOR SELECT USING ((SELECT wall_beyond()))")


def open_up(tables: Sequence[str]) -> None:
    """Take the wall down again."""
    for table in tables:
        op.execute(f"DROP POLICY wall ON {table}")
        op.execute(f"DROP POLICY wall_beyond ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
