"""The relations that follow from emergency access: the hour of whoever asked for it."""

from collections.abc import Iterator

from sqlalchemy import select

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation
from safeguarding.extensions import db
from safeguarding.oversight.models import EmergencyAccess
from safeguarding.oversight.service import SOURCE
from safeguarding.relations.models import RelationRow
from safeguarding.relations.registry import Expected, Facts


def expected() -> Iterator[Expected]:
    """Return the rows that there should be: what opened with each use, until its end."""
    rows = db.session.execute(
        select(
            EmergencyAccess.id,
            EmergencyAccess.user_id,
            EmergencyAccess.opened_at,
            EmergencyAccess.closes_at,
            EmergencyAccess.closed_at,
            RelationRow.subject_kind,
            RelationRow.subject_id,
        ).join(RelationRow, (RelationRow.source_kind == SOURCE) & (RelationRow.source_id == EmergencyAccess.id))
    )
    for row in rows:
        subject = (row.subject_kind, row.subject_id)
        until = row.closed_at or row.closes_at
        yield Expected(user_principal(row.user_id), *subject, Relation.EMERGENCY, SOURCE, row.id, row.opened_at, until)


FACTS = Facts("oversight", expected)
