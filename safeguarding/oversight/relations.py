"""The relations that follow from emergency access: the hour of whoever asked for it."""

from collections.abc import Iterator

from sqlalchemy import select

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation
from safeguarding.extensions import db
from safeguarding.oversight.models import EmergencyAccess
from safeguarding.oversight.service import SOURCE, asked_for
from safeguarding.relations.models import RelationRow
from safeguarding.relations.registry import Expected, Facts


def expected() -> Iterator[Expected]:
    """Return the rows that there should be: what opened with each use, until its end.

    The record that was asked for is worked out from the use. Which of a young person's cases were live at that moment is
    known from the rows alone.
    """
    uses = db.session.scalars(select(EmergencyAccess).order_by(EmergencyAccess.id)).all()
    opened: dict[int, set[tuple[str, int]]] = {use.id: set() for use in uses}
    for row in db.session.execute(
        select(RelationRow.source_id, RelationRow.subject_kind, RelationRow.subject_id).where(
            RelationRow.source_kind == SOURCE, RelationRow.subject_kind.in_(("person", "case"))
        )
    ):
        opened.get(row.source_id, set()).add((row.subject_kind, row.subject_id))
    for use in uses:
        until = use.closed_at or use.closes_at
        for kind, key in sorted(opened[use.id] | asked_for(use.subject_ref)):
            yield Expected(
                user_principal(use.user_id), kind, key, Relation.EMERGENCY, SOURCE, use.id, use.opened_at, until
            )


FACTS = Facts("oversight", expected)
