"""Granting and ending relations. Callers are the commands that own the fact; nothing here decides or commits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, or_, update

from safeguarding.access.roles import Relation
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.relations import closing
from safeguarding.relations.built import Asker, built
from safeguarding.relations.models import RelationRow

Subject = tuple[str, int]


def grant(
    principal: str,
    subjects: Iterable[Subject],
    kind: Relation,
    source: Subject,
    *,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    active_at: datetime | None = None,
) -> None:
    """Write one row for each subject (kind, id), with the fact (kind, id) that makes it true.

    On a subject that is closed, it counts only when it is one of those that count there (`relations.closing`).
    """
    start = valid_from or clock.now()
    named = list(subjects)
    closed = closing.closed_among(named)
    rows = [
        {
            "principal": closing.shut(principal, kind) if (subject_kind, subject_id) in closed else principal,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "kind": kind,
            "valid_from": start,
            "valid_to": valid_to,
            "source_kind": source[0],
            "source_id": source[1],
            "last_activity_at": active_at or start,
        }
        for subject_kind, subject_id in named
    ]
    if rows:
        db.session.execute(insert(RelationRow), rows)


def end(
    source: Subject, *, at: datetime | None = None, kind: Relation | None = None, principal: str | None = None
) -> None:
    """End the live rows that came from this fact, at an instant which may lie ahead."""
    when = at or clock.now()
    statement = update(RelationRow).where(
        RelationRow.source_kind == source[0],
        RelationRow.source_id == source[1],
        or_(RelationRow.valid_to.is_(None), RelationRow.valid_to > when),
    )
    if kind is not None:
        statement = statement.where(RelationRow.kind == kind)
    if principal is not None:
        statement = statement.where(RelationRow.principal.in_((principal, closing.SHUT + principal)))
    db.session.execute(statement.values(valid_to=when), execution_options={"synchronize_session": False})


def end_on(source: Subject, subject: Subject) -> None:
    """End at once the live rows that came from this fact on one subject alone; those on others stay."""
    now = clock.now()
    db.session.execute(
        update(RelationRow)
        .where(
            RelationRow.source_kind == source[0],
            RelationRow.source_id == source[1],
            RelationRow.subject_kind == subject[0],
            RelationRow.subject_id == subject[1],
            or_(RelationRow.valid_to.is_(None), RelationRow.valid_to > now),
        )
        .values(valid_to=now),
        execution_options={"synchronize_session": False},
    )


def touch(subjects: Iterable[Subject], at: datetime | None = None) -> None:
    """Move the subjects to the head of the lists of everyone who may see them, or will; ended rows stay where they are."""
    named = tuple(sorted(set(subjects)))
    if named:
        _touch.run(None, named, at or clock.now())


@built
def _touch(_asker: Asker, subjects: tuple[Subject, ...], when: datetime) -> Any:
    rows: Any = RelationRow.__table__
    named = [and_(rows.c.subject_kind == kind, rows.c.subject_id == key) for kind, key in subjects]
    return (
        update(rows)
        .where(or_(*named), or_(rows.c.valid_to.is_(None), rows.c.valid_to > when))
        .values(last_activity_at=when)
    )
