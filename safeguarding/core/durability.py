"""Whether PostgreSQL keeps what it acknowledged: nothing is answered before it is on disk, or on the standby asked for.

With `synchronous_commit` off a crash loses the last moments, and without a synchronous standby a failover does. The
server's own settings decide; the service looks, when it starts and at `/ready`.
"""

import re

from sqlalchemy import Connection, text

_WAITS_FOR_STANDBY = ("on", "remote_apply")
_NAME = re.compile(r'"((?:[^"]|"")+)"|([\w*$-]+)')
# The words of FIRST n (a, b) and ANY n (a, b).
_WORDS = re.compile(r"^\s*(?:(?:FIRST|ANY)\s+)?\d+\s*\(", re.IGNORECASE)


def fault(connection: Connection, standby: str) -> str | None:
    """Return what is wrong with the server's settings, with what to do; None when they keep what is acknowledged."""
    row = connection.execute(
        text(
            "SELECT current_setting('synchronous_commit') AS waits, current_setting('synchronous_standby_names') AS names, "
            "EXISTS (SELECT 1 FROM pg_stat_replication WHERE application_name = :standby "
            "AND coalesce(sync_state, 'sync') IN ('sync', 'quorum')) AS is_there"
        ),
        {"standby": standby},
    ).one()
    return why_not(row.waits, row.names, row.is_there, standby)


def why_not(waits: str, names: str, is_there: bool, standby: str) -> str | None:
    """Return the same from what the server said: whom a commit waits for, who is named, whether the standby follows."""
    if waits == "off":
        return "synchronous_commit is off: PostgreSQL acknowledges what a crash would lose. Set it to on for this database."
    if not standby:
        return None
    if waits not in _WAITS_FOR_STANDBY:
        return f"synchronous_commit is {waits}: no commit waits for a standby. Set it to on."
    if not {standby, "*"} & set(standbys(names)):
        return f"SYNCHRONOUS_STANDBY: synchronous_standby_names does not name {standby}. Name it there, or unset this."
    if not is_there:
        return f"SYNCHRONOUS_STANDBY: {standby} does not follow this server. Start it, or unset this."
    return None


def standbys(names: str) -> list[str]:
    """Return the standbys that `synchronous_standby_names` names."""
    listed = _WORDS.sub("", names)
    return [(quoted.replace('""', '"') or plain) for quoted, plain in _NAME.findall(listed)]
