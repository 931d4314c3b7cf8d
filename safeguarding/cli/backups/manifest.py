"""The manifest of a backup: how many rows each table had, and where the audit's chain stood, in one and the same snapshot."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, inspect, text

# Rows of `relation` are about these; a copy that has the one without the other was made by somebody who could not see.
SUBJECTS = {
    "person": "person",
    "case": "safeguarding_case",
    "referral": "referral",
    "item": "agenda_item",
    "action": "action",
}


@dataclass(frozen=True)
class Manifest:
    """What a restored database must hold."""

    database: str  # sqlite or postgresql
    mode: str
    revision: str
    made_at: str
    counts: dict[str, int]
    head_seq: int
    head_hash: str

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def take(connection: Connection, made_at: str) -> Manifest:
    """Return the manifest of what a connection sees in its present transaction."""
    head = connection.execute(text("SELECT seq, hash FROM audit_head WHERE id = 1")).one()
    return Manifest(
        database=connection.dialect.name,
        mode=str(connection.scalar(text("SELECT mode FROM installation"))),
        revision=str(connection.scalar(text("SELECT version_num FROM alembic_version"))),
        made_at=made_at,
        counts=count_tables(connection),
        head_seq=int(head.seq),
        head_hash=str(head.hash),
    )


def count_tables(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    quote = connection.dialect.identifier_preparer.quote
    return {
        name: connection.scalar(text(f"SELECT count(*) FROM {quote(name)}")) or 0  # noqa: S608 - a name of the catalog
        for name in sorted(inspect(connection).get_table_names())
    }


def without_their_subject(connection: Connection) -> dict[str, int]:
    """Return, for each kind of subject, how many of those that relations speak of are not there."""
    missing = {}
    for kind, table in SUBJECTS.items():
        lost = connection.scalar(
            text(
                "SELECT count(*) FROM (SELECT DISTINCT subject_id FROM relation WHERE subject_kind = :kind) named "  # noqa: S608
                f"WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = named.subject_id)"
            ),
            {"kind": kind},
        )
        if lost:
            missing[kind] = int(lost)
    return missing
