"""Closing subjects to all but those on a list: the restricted record, as the table of relations sees it.

A subject that is closed carries a row here, with the fact that closes it. Every other relation to it is kept but shut:
its principal is put behind a mark that no actor carries, so that reads, lists and row-level security need know nothing of
restriction, and opening again brings everything back as it stood. What counts on a closed subject is named in ALWAYS.
It decides nothing: who may close and open is for the commands that own the fact.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Flask, current_app
from sqlalchemy import and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.roles import Relation
from safeguarding.core import clock
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.relations.models import ClosedSubject, RelationRow

Subject = tuple[str, int]
Follower = Callable[[Sequence[Subject]], Iterable[Subject]]
SHUT = "shut/"
# The facts from which a conflict comes: declared on a case, or on an item of an agenda. It covers all that is about them.
CONFLICT, ITEM_CONFLICT = "case_conflict", "conflict"
ALWAYS = frozenset({Relation.LEAD_WORKER, Relation.ALLOCATED, Relation.LISTED, Relation.EMERGENCY, Relation.BARRED})
"""The relations that count on a closed subject: those of people who were put on its list by name, the hour of emergency
access, and the conflict that beats all."""


def register_followers(app: Flask, *followers: Follower) -> None:
    """Say what is about something: from subjects, the further ones that are closed together with them.

    In the order of the house: a later follower is given what the earlier ones found as well.
    """
    app.extensions.setdefault("closing_followers", []).extend(followers)


def with_followers(subjects: Iterable[Subject]) -> list[Subject]:
    """Return the subjects and everything that is about one of them."""
    found = list(dict.fromkeys(subjects))
    followers: list[Follower] = current_app.extensions.get("closing_followers", [])
    with beyond(Beyond.CLOSING):
        for follower in followers:
            found += [each for each in dict.fromkeys(follower(found)) if each not in found]
    return found


def close(source: Subject, subjects: Iterable[Subject]) -> None:
    """Close subjects, and all that is about them, because of a fact (kind, id)."""
    known = set(subjects_closed_by(source))
    fresh = [each for each in with_followers(subjects) if each not in known]
    if not fresh:
        return
    db.session.execute(
        insert(ClosedSubject),
        [
            {"subject_kind": kind, "subject_id": key, "source_kind": source[0], "source_id": source[1]}
            for kind, key in fresh
        ],
    )
    _shut(fresh)
    _list_on(source, fresh)


def close_with(subject: Subject, about: Iterable[Subject]) -> None:
    """Close a new subject when it is about one that is closed, and to those who declared a conflict about that one.

    Call it before anything is granted on the new one.
    """
    named = list(about)
    if not named:
        return
    _bar_with(subject, named)
    sources = select(ClosedSubject.source_kind, ClosedSubject.source_id).where(_is_one_of(ClosedSubject, named))
    for kind, key in db.session.execute(sources.distinct()).all():
        close((kind, key), [subject])


def open_again(source: Subject) -> None:
    """Open what a fact closed, but for what another fact still closes."""
    subjects = subjects_closed_by(source)
    db.session.execute(
        delete(ClosedSubject).where(ClosedSubject.source_kind == source[0], ClosedSubject.source_id == source[1])
    )
    still = closed_among(subjects)
    opened = [each for each in subjects if each not in still]
    for part in _parts(opened):
        db.session.execute(
            update(RelationRow)
            .where(_is_one_of(RelationRow, part), RelationRow.principal.startswith(SHUT, autoescape=True))
            .values(principal=func.substr(RelationRow.principal, len(SHUT) + 1)),
            execution_options={"synchronize_session": False},
        )


def subjects_closed_by(source: Subject) -> list[Subject]:
    """Return what a fact closes."""
    rows = db.session.execute(
        select(ClosedSubject.subject_kind, ClosedSubject.subject_id)
        .where(ClosedSubject.source_kind == source[0], ClosedSubject.source_id == source[1])
        .order_by(ClosedSubject.id)
    )
    return [(row.subject_kind, row.subject_id) for row in rows]


def closed_among(subjects: Iterable[Subject]) -> set[Subject]:
    """Return those of the subjects that are closed."""
    found: set[Subject] = set()
    for part in _parts(list(subjects)):
        rows = db.session.execute(
            select(ClosedSubject.subject_kind, ClosedSubject.subject_id).where(_is_one_of(ClosedSubject, part))
        )
        found |= {(row.subject_kind, row.subject_id) for row in rows}
    return found


def is_closed(subject_kind: str, subject_id: Any) -> ColumnElement[bool]:
    """Return the condition that a subject named by a column is closed."""
    closed = ClosedSubject.__table__.alias()
    return select(literal(1)).where(closed.c.subject_kind == subject_kind, closed.c.subject_id == subject_id).exists()


def shut(principal: str, kind: Relation) -> str:
    """Return a principal as it stands on a closed subject in a relation of this kind."""
    return principal if kind in ALWAYS else SHUT + principal


def opened(principal: str) -> str:
    """Return a principal as it stands when nothing closes the subject any longer."""
    return principal.removeprefix(SHUT)


def _shut(subjects: list[Subject]) -> None:
    for part in _parts(subjects):
        db.session.execute(
            update(RelationRow)
            .where(
                _is_one_of(RelationRow, part),
                RelationRow.kind.not_in(sorted(ALWAYS)),
                ~RelationRow.principal.startswith(SHUT, autoescape=True),
                or_(RelationRow.valid_to.is_(None), RelationRow.valid_to > clock.now()),
            )
            .values(principal=literal(SHUT) + RelationRow.principal),
            execution_options={"synchronize_session": False},
        )


def _bar_with(subject: Subject, about: list[Subject]) -> None:
    mine = aliased(RelationRow)
    there = select(mine.id).where(
        mine.subject_kind == subject[0],
        mine.subject_id == subject[1],
        mine.kind == Relation.BARRED,
        mine.source_kind == RelationRow.source_kind,
        mine.source_id == RelationRow.source_id,
    )
    standing = db.session.execute(
        select(RelationRow.principal, RelationRow.source_kind, RelationRow.source_id, RelationRow.valid_from)
        .where(
            _is_one_of(RelationRow, about),
            RelationRow.kind == Relation.BARRED,
            RelationRow.source_kind.in_((CONFLICT, ITEM_CONFLICT)),
            RelationRow.valid_to.is_(None),
            ~there.exists(),
        )
        .distinct()
    ).all()
    rows = [
        {
            **row._asdict(),
            "subject_kind": subject[0],
            "subject_id": subject[1],
            "kind": Relation.BARRED,
            "last_activity_at": row.valid_from,
        }
        for row in standing
    ]
    if rows:
        db.session.execute(insert(RelationRow), rows)


def _list_on(source: Subject, fresh: list[Subject]) -> None:
    """Let those on the list of what a fact closes see what is closed with it from now on."""
    now = clock.now()
    listed = db.session.execute(
        select(
            RelationRow.principal,
            RelationRow.source_kind,
            RelationRow.source_id,
            RelationRow.valid_from,
            RelationRow.valid_to,
            RelationRow.last_activity_at,
        ).where(
            RelationRow.subject_kind == source[0],
            RelationRow.subject_id == source[1],
            RelationRow.kind == Relation.LISTED,
            or_(RelationRow.valid_to.is_(None), RelationRow.valid_to > now),
        )
    ).all()
    rows = [
        {**row._asdict(), "subject_kind": kind, "subject_id": key, "kind": Relation.LISTED}
        for row in listed
        for kind, key in fresh
    ]
    if rows:
        db.session.execute(insert(RelationRow), rows)


def _is_one_of(table: type[ClosedSubject | RelationRow], subjects: Sequence[Subject]) -> ColumnElement[bool]:
    kinds = sorted({kind for kind, _key in subjects})
    return or_(
        *(
            and_(
                table.subject_kind == kind,
                table.subject_id.in_([key for other, key in subjects if other == kind]),
            )
            for kind in kinds
        )
    )


def _parts(subjects: list[Subject], size: int = 200) -> Iterable[list[Subject]]:
    return (subjects[start : start + size] for start in range(0, len(subjects), size))
