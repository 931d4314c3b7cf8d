"""What PostgreSQL's catalog says of walls and rights, as lists of what is wrong."""

from sqlalchemy import Connection, text

# What everything about a young person hangs on.
ROOTS = ("person", "safeguarding_case", "referral", "agenda_item", "action", "nrm_referral", "minutes", "context")
# Reachable from a root, or naming a subject, and open on purpose, each with its reason.
OPEN = {
    "relation": "the policies read it; it holds numbers and kinds, no name and no text",
    "context_risk": "figures of a place without its name: lists of places are walked by it",
    "closed_subject": "which relations count no more; it holds numbers and kinds, no name and no text",
}

_HANGING = """
    WITH RECURSIVE hanging(oid) AS (
        SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:roots)
        UNION
        SELECT c.conrelid FROM pg_constraint c JOIN hanging h ON h.oid = c.confrelid WHERE c.contype = 'f'
    ), naming AS (
        SELECT attrelid AS oid FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT attisdropped
        AND attname IN ('person_id', 'case_id', 'subject_id', 'person_ref', 'case_ref')
    )
    SELECT relname, relrowsecurity, relforcerowsecurity,
        EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid AND polcmd = '*' AND polqual IS NOT NULL
                AND polwithcheck IS NOT NULL) AS has_policy
    FROM pg_class WHERE oid IN (SELECT oid FROM hanging UNION SELECT oid FROM naming) ORDER BY relname
"""


def walled(connection: Connection) -> list[str]:
    """Return the tables behind the wall."""
    return [
        row.relname
        for row in connection.execute(text(_HANGING), {"roots": list(ROOTS)})
        if row.relrowsecurity and row.relforcerowsecurity and row.has_policy
    ]


def without_wall(connection: Connection) -> list[str]:
    """Return the tables that hold something about a young person and have no wall, or not for their owner."""
    return [
        row.relname
        for row in connection.execute(text(_HANGING), {"roots": list(ROOTS)})
        if row.relname not in OPEN and not (row.relrowsecurity and row.relforcerowsecurity and row.has_policy)
    ]


def definers(connection: Connection) -> dict[str, list[str]]:
    """Return the functions that run with their owner's rights, with their settings."""
    found = connection.execute(
        text("SELECT proname, coalesce(proconfig, '{}') FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace")
    )  # fmt: skip
    return {name: list(settings) for name, settings in found}


def views_of_their_owner(connection: Connection) -> list[str]:
    """Return the views that read with their owner's rights, and so past the wall."""
    found = connection.execute(
        text(
            "SELECT relname, coalesce(reloptions, '{}') AS options FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
        )
    )
    return [row.relname for row in found if "security_invoker=true" not in row.options]
