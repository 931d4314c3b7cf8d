"""What an actor stands in relation to. Every package's `visible_x` is made of these; nothing else decides who sees what."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Select, String, and_, false, literal, or_, select, true, tuple_, union_all
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.core.errors import NotFoundError
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db
from safeguarding.relations.built import Asker, among, built, instant
from safeguarding.relations.models import RelationRow as Row

Asks = Actor | Asker  # an actor, or inside a builder of `built` the asker that stands for one


def live() -> ColumnElement[bool]:
    """Return the condition that a relation holds now."""
    now = instant()
    return and_(Row.valid_from <= now, or_(Row.valid_to.is_(None), Row.valid_to > now))


def subjects(actor: Asks, subject_kind: str, permission: Permission) -> Select[Any]:
    """Return a select of the ids of the subjects of a kind on which the actor holds the permission by relation, for `in_`.

    It is driven from the relation's index, and an id may come more than once; a declared conflict takes a subject out,
    whatever else holds.
    """
    kinds = actor.kinds_for(permission)
    if kinds is None:
        raise ValueError(f"{permission} needs no relation; it cannot be used to list by relation")
    if not kinds or not actor.principals:
        return select(literal(0)).where(false())
    return select(Row.subject_id).where(
        Row.principal.in_(_principals(actor)),
        Row.subject_kind == subject_kind,
        among(Row.kind, kinds),
        live(),
        not_barred(actor, subject_kind, Row.subject_id),
    )


def newest(
    actor: Asks,
    subject_kind: str,
    permission: Permission,
    limit: int,
    before: tuple[datetime, int] | None = None,
    only: Callable[[Any], ColumnElement[bool]] | None = None,
) -> CTE:
    """Return a materialised CTE of the newest subjects (columns `id`, `active_at`), at most `limit`, for a keyset page.

    `before` is the (last activity, id) of the last row of the page before; `only` gives a condition on a subject's id,
    tried for each row of the walk (a look-up by key, so that a filtered page is as full as any). Each principal's newest
    are read by one walk of the relation's index and then merged: flat, however many subjects a principal may see.
    """
    kinds = actor.kinds_for(permission)
    if kinds is None:
        raise ValueError(f"{permission} needs no relation; it cannot be used to list by relation")
    if not kinds or not actor.principals:
        nothing = select(literal(0).label("id"), literal(None, UTCDateTime()).label("active_at")).where(false())
        return nothing.cte("newest")
    parts = [_newest_of(actor, principal, subject_kind, kinds, limit, before, only) for principal in _principals(actor)]
    merged = union_all(*parts).subquery("merged")
    picked = (
        select(merged.c.id, merged.c.active_at)
        .distinct()
        .order_by(merged.c.active_at.desc(), merged.c.id.desc())
        .limit(limit)
    )
    return picked.cte("newest").prefix_with("MATERIALIZED")


def _newest_of(
    actor: Asks,
    principal: Any,
    subject_kind: str,
    kinds: frozenset[Relation],
    limit: int,
    before: tuple[datetime, int] | None,
    only: Callable[[Any], ColumnElement[bool]] | None,
) -> Select[Any]:
    conditions = [
        Row.principal == principal,
        Row.subject_kind == subject_kind,
        among(Row.kind, kinds),
        live(),
        not_barred(actor, subject_kind, Row.subject_id),
    ]
    if only is not None:
        conditions.append(only(Row.subject_id))
    if before is not None:
        conditions.append(tuple_(Row.last_activity_at, Row.subject_id) < before)
    inner = (
        select(Row.subject_id.label("id"), Row.last_activity_at.label("active_at"))
        .where(*conditions)
        .distinct()
        .order_by(Row.last_activity_at.desc(), Row.subject_id.desc())
        .limit(limit)
    ).subquery()
    return select(inner.c.id, inner.c.active_at)


def not_barred(actor: Asks, subject_kind: Any, subject_id: Any) -> ColumnElement[bool]:
    """Return the condition that no declared conflict of the actor stands against the subject."""
    if actor.user_id is None:
        return true()
    barred = Row.__table__.alias("barred")
    now = instant()
    return ~(
        select(literal(1))
        .where(
            barred.c.principal == _alone(actor),
            barred.c.subject_kind == subject_kind,
            barred.c.subject_id == subject_id,
            barred.c.kind == Relation.BARRED,
            barred.c.valid_from <= now,
            or_(barred.c.valid_to.is_(None), barred.c.valid_to > now),
        )
        .exists()
    )


def relations_to(actor: Actor, subject_kind: str, subject_id: int) -> frozenset[Relation]:
    """Return the relations in which the actor stands to one subject, now."""
    if not actor.principals:
        return frozenset()
    return frozenset(_relations_to.scalars(actor, subject_kind, subject_id))


@built
def _relations_to(asker: Asker, subject_kind: str, subject_id: int) -> Select[Any]:
    return select(Row.kind).where(
        Row.subject_kind == subject_kind,
        Row.subject_id == subject_id,
        Row.principal.in_(asker.principals),
        live(),
    )


def relations_to_each(actor: Actor, subjects_of: tuple[tuple[str, int], ...]) -> dict[str, frozenset[Relation]]:
    """Return the relations in which the actor stands now to several subjects of different kinds, by kind."""
    held: dict[str, set[Relation]] = {kind: set() for kind, _key in subjects_of}
    if len(held) < len(subjects_of):
        raise ValueError("two subjects of one kind cannot be told apart")
    for row in _relations_to_each.rows(actor, subjects_of) if actor.principals and subjects_of else ():
        held[row.subject_kind].add(row.kind)
    return {kind: frozenset(kinds) for kind, kinds in held.items()}


@built
def _relations_to_each(asker: Asker, subjects_of: tuple[tuple[str, int], ...]) -> Any:
    return select(Row.subject_kind, Row.kind).where(of_any(subjects_of), held_by(asker), live())


def any_relation_to(actor: Actor, subjects_of: Collection[tuple[str, int]]) -> frozenset[Relation]:
    """Return the relations in which the actor stands to any of several subjects (a case and its young person, say)."""
    if not actor.principals or not subjects_of:
        return frozenset()
    rows = db.session.scalars(
        select(Row.kind).where(
            of_any(subjects_of),
            held_by(actor),
            live(),
        )
    )
    return frozenset(rows)


def of_any(subjects_of: Collection[tuple[Any, Any]]) -> ColumnElement[bool]:
    """Return the condition that a row of relations is about one of several subjects: (kind, id), values or columns.

    What follows from the pairs is said beside them: by it the index by subject is found.
    """
    return and_(
        Row.subject_id.in_([key for _kind, key in subjects_of]),
        Row.subject_kind.in_(
            [literal(kind, String()) if isinstance(kind, str) else kind for kind, _key in subjects_of]
        ),
        or_(*(and_(Row.subject_kind == kind, Row.subject_id == key) for kind, key in subjects_of)),
    )


def held_by(actor: Asks) -> ColumnElement[bool]:
    """Return the condition that a row of relations, which is found by its subject, is one of the actor's.

    The principal is made an expression, so that no database walks all that the actor is related to in order to find the
    few rows about one subject: SQLite did, without statistics, as soon as somebody had few principals.
    """
    return Row.principal.concat("").in_(_principals(actor))


def related(
    actor: Asks,
    subject_kind: Any,
    subject_id: Any,
    permission: Permission,
    but: frozenset[Relation] = frozenset(),
) -> ColumnElement[bool]:
    """Return the condition that the actor holds the permission on a subject named by an expression (a column, say).

    For narrowing rows that something else finds: each row costs one look-up in the relation's index by subject. It is
    no EXISTS, which PostgreSQL may turn into a table of all that the actor's agency is related to. `but`
    names relations that do not count here, because they speak of another subject.
    """
    kinds = actor.kinds_for(permission)
    if kinds is None:
        return not_barred(actor, subject_kind, subject_id)
    kinds -= but
    if not kinds or not actor.principals:
        return false()
    mine = Row.__table__.alias("mine")
    now = instant()
    found = (
        select(literal(1))
        .where(
            mine.c.subject_kind == subject_kind,
            mine.c.subject_id == subject_id,
            mine.c.principal.in_(_principals(actor)),
            among(mine.c.kind, kinds),
            mine.c.valid_from <= now,
            or_(mine.c.valid_to.is_(None), mine.c.valid_to > now),
        )
        .limit(1)
        .scalar_subquery()
        .is_not(None)
    )
    return and_(found, not_barred(actor, subject_kind, subject_id))


def load_one(
    actor: Actor, statement: Any, subjects_of: Collection[tuple[Any, Any]], visible_by: Permission
) -> tuple[Any, frozenset[Relation]]:
    """Return the one row of the statement and the actor's relations to it, read together in one statement.

    `statement` is a select of columns. `subjects_of` names what counts as a relation to the row: (kind, id), each a value
    or a column of the statement. A statement that is built once is put together by `with_relations` and read by `visible`.
    Raises NotFoundError when there is no such row, when no relation gives `visible_by`, or when a conflict is declared.
    """
    if not actor.principals:
        raise NotFoundError
    return visible(actor, db.session.execute(with_relations(actor, statement, subjects_of)).all(), visible_by)


def with_relations(actor: Asks, statement: Any, subjects_of: Collection[tuple[Any, Any]]) -> Any:
    """Return the statement with a row for each of the actor's relations to what it finds, in the column `relation_kind`."""
    return statement.add_columns(Row.kind.label("relation_kind")).join(
        Row,
        and_(
            of_any(subjects_of),
            held_by(actor),
            live(),
        ),
    )


def visible(actor: Actor, rows: Sequence[Any], visible_by: Permission) -> tuple[Any, frozenset[Relation]]:
    """Return the one thing that the rows of `with_relations` tell of, and the relations. Raises NotFoundError."""
    held = frozenset(row.relation_kind for row in rows)
    if not rows or not actor.may(visible_by, held):
        raise NotFoundError
    return rows[0], held


def _principals(actor: Asks) -> Sequence[Any]:
    return actor.principals if isinstance(actor, Asker) else sorted(actor.principals)


def _alone(actor: Asks) -> Any:
    return actor.user_principal if isinstance(actor, Asker) else f"user:{actor.user_id}"
