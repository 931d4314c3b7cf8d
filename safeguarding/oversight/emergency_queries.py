"""Reads of emergency access: one use, those that wait for review, the actor's own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.oversight.models import EmergencyAccess
from safeguarding.oversight.service import SOURCE
from safeguarding.relations.built import Asker, built
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import Asks, any_relation_to, not_barred, related

PAGE = 50
_Reviewer = aliased(User)


@dataclass(frozen=True)
class Use:
    """One use of emergency access, as pages show it."""

    row: Any
    is_own: bool

    @property
    def is_open(self) -> bool:
        """Whether the record can be opened now."""
        return self.row.closed_at is None and clock.now() < self.row.closes_at

    @property
    def ended_at(self) -> datetime:
        """When it closed, or will."""
        at: datetime = self.row.closed_at or self.row.closes_at
        return at

    @property
    def is_late(self) -> bool:
        """Whether nobody reviewed it by the end of the next working day."""
        return self.row.reviewed_at is None and clock.now() > self.row.review_due_at


def _statement() -> Select[Any]:
    return (
        select(
            *EmergencyAccess.__table__.columns,
            User.name.label("user_name"),
            User.ref.label("user_ref"),
            _Reviewer.name.label("reviewer_name"),
        )
        .join(User, User.id == EmergencyAccess.user_id)
        .outerjoin(_Reviewer, _Reviewer.id == EmergencyAccess.reviewer_id)
    )


def access_use(actor: Actor, ref: str) -> Use:
    """Return one use: the actor's own, any for a reviewer, and one of a record whose work the actor leads.

    Not one of a record on which the actor declared a conflict.
    """
    known = normalise_reference(ref, "EA")
    mine = or_(EmergencyAccess.user_id == actor.user_id, _not_kept_from(actor))
    row = db.session.execute(_statement().where(EmergencyAccess.ref == known, mine)).one_or_none() if known else None
    if row is None:
        raise NotFoundError
    own = row.user_id == actor.user_id
    if not actor.may(Permission.EMERGENCY_ASK if own else Permission.EMERGENCY_REVIEW):
        opened = select(RelationRow.subject_kind, RelationRow.subject_id).where(
            RelationRow.source_kind == SOURCE, RelationRow.source_id == row.id
        )
        pairs = [(each.subject_kind, each.subject_id) for each in db.session.execute(opened)]
        if not (own or actor.may(Permission.LOOKS_READ, any_relation_to(actor, pairs))):
            raise NotFoundError
    return Use(row, own)


def list_to_review(actor: Actor) -> list[Use]:
    """Return the uses that wait for a review by somebody like the actor, the most pressing first."""
    if not actor.holds(Permission.EMERGENCY_REVIEW):
        return []
    statement = _statement().where(EmergencyAccess.reviewed_at.is_(None), _not_kept_from(actor))
    rows = db.session.execute(statement.order_by(EmergencyAccess.review_due_at, EmergencyAccess.id).limit(PAGE))
    return [Use(row, row.user_id == actor.user_id) for row in rows]


def list_reviewed(actor: Actor) -> list[Use]:
    """Return the uses that were reviewed, the newest first."""
    if not actor.holds(Permission.EMERGENCY_REVIEW):
        return []
    statement = _statement().where(EmergencyAccess.reviewed_at.is_not(None), _not_kept_from(actor))
    rows = db.session.execute(statement.order_by(EmergencyAccess.reviewed_at.desc(), EmergencyAccess.id).limit(PAGE))
    return [Use(row, row.user_id == actor.user_id) for row in rows]


def list_own(actor: Actor) -> list[Use]:
    """Return the actor's own uses, the newest first."""
    statement = _statement().where(EmergencyAccess.user_id == actor.user_id)
    rows = db.session.execute(statement.order_by(EmergencyAccess.id.desc()).limit(5))
    return [Use(row, True) for row in rows]


def list_work(actor: Actor) -> list[Use]:
    """Return what `my work` shows: the actor's own unreviewed uses, and those of records whose work the actor leads.

    A reviewer has every one that waits but their own.
    """
    return [Use(row, row.user_id == actor.user_id) for row in _work.rows(actor)]


@built
def _work(asker: Asker) -> Select[Any]:
    waiting = [EmergencyAccess.user_id == asker.user_id, EmergencyAccess.id.in_(_of_led(asker))]
    if asker.holds(Permission.EMERGENCY_REVIEW):
        waiting.append(and_(EmergencyAccess.user_id != asker.user_id, _not_kept_from(asker)))
    statement = _statement().where(EmergencyAccess.reviewed_at.is_(None), or_(*waiting))
    return statement.order_by(EmergencyAccess.review_due_at, EmergencyAccess.id).limit(10)


def _not_kept_from(actor: Asks) -> ColumnElement[bool]:
    """Return the condition that the actor declared no conflict on what a use opened: it beats reviewing too."""
    kept_from = select(RelationRow.source_id).where(
        RelationRow.source_kind == SOURCE,
        RelationRow.source_id == EmergencyAccess.id,
        ~not_barred(actor, RelationRow.subject_kind, RelationRow.subject_id),
    )
    return ~kept_from.exists()


def _of_led(actor: Asks) -> Select[Any]:
    """Select the uses by which a record was opened whose work the actor leads."""
    leads = related(actor, RelationRow.subject_kind, RelationRow.subject_id, Permission.LOOKS_READ)
    return select(RelationRow.source_id).where(RelationRow.source_kind == SOURCE, leads)


def may_be_told(actor: Actor, ref: str) -> bool:
    """Return whether somebody may still be told of a use, when the mail is sent."""
    try:
        access_use(actor, ref)
    except NotFoundError:
        return False
    return True


def may_review(actor: Actor, use: Use) -> bool:
    """Return whether the actor may review this use: not their own, and not twice."""
    return actor.holds(Permission.EMERGENCY_REVIEW) and not use.is_own and use.row.reviewed_at is None
