"""Actions as they are stored.

An action names its subject and what it came from by kind and id, because the tables meant are those of
later packages. Whether it was on time is judged against `first_due_on`, which never changes.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, BigKey, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, KEY, col
from safeguarding.core.types import enum_of


class ActionSubject(StrEnum):
    """What kind of thing an action is about."""

    PERSON = "person"
    CONTEXT = "context"
    PEER_GROUP = "peer_group"
    MEETING = "meeting"


class ActionOrigin(StrEnum):
    """What an action came from."""

    DECISION = "decision"
    GOAL = "goal"
    CASE = "case"


class ActionPriority(StrEnum):
    """How soon it matters."""

    NORMAL = "normal"
    HIGH = "high"


class ActionState(StrEnum):
    """Where an action is. That circumstances changed is kept apart from an agency not doing it."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    NOT_POSSIBLE_CIRCUMSTANCES_CHANGED = "not_possible_circumstances_changed"
    NOT_DONE = "not_done"
    SUPERSEDED = "superseded"


class Action(Keyed, Versioned, Base):
    """One thing an agency, and where known a person of it, said it would do."""

    __tablename__ = "action"
    __table_args__ = (
        Index(None, "owner_user_id", "state", "due_on", "id"),
        Index(None, "owner_agency_id", "state", "due_on", "id"),
        Index(None, "subject_kind", "subject_id"),
        Index(None, "origin_kind", "origin_id"),
        CheckConstraint(
            "state <> 'done' OR (evidence IS NOT NULL AND completed_on IS NOT NULL AND completed_by_id IS NOT NULL)",
            name="done_with_evidence",
        ),
        CheckConstraint(
            "state NOT IN ('not_possible_circumstances_changed', 'not_done') OR outcome_note IS NOT NULL",
            name="not_done_with_reason",
        ),
        CheckConstraint("state NOT IN ('open', 'in_progress') OR completed_on IS NULL", name="unfinished_has_no_end"),
    )

    ref: Mapped[str] = reference()
    subject_kind: Mapped[ActionSubject] = col(KEY, enum_of(ActionSubject))
    subject_id: Mapped[int] = col(KEY, BigKey)
    title: Mapped[str] = col(CASE, String(200))
    detail: Mapped[str | None] = col(CASE, Text)
    owner_agency_id: Mapped[int] = link("agency")
    owner_user_id: Mapped[int | None] = link("user_account")
    first_due_on: Mapped[date] = col(KEY)
    due_on: Mapped[date] = col(KEY)
    priority: Mapped[ActionPriority] = col(KEY, enum_of(ActionPriority), default=ActionPriority.NORMAL)
    state: Mapped[ActionState] = col(KEY, enum_of(ActionState), default=ActionState.OPEN)
    evidence: Mapped[str | None] = col(CASE, Text)
    outcome_note: Mapped[str | None] = col(CASE, Text)
    completed_on: Mapped[date | None] = col(KEY)
    completed_by_id: Mapped[int | None] = link("user_account")
    origin_kind: Mapped[ActionOrigin] = col(KEY, enum_of(ActionOrigin))
    origin_id: Mapped[int | None] = col(KEY, BigKey)
    created_at: Mapped[datetime] = col(KEY)
    created_by_id: Mapped[int] = link("user_account")


class ActionDueChange(Keyed, Base):
    """That a due date was moved, and why."""

    __tablename__ = "action_due_change"
    __table_args__ = (CheckConstraint("new_on <> old_on", name="moves_the_date"),)

    action_id: Mapped[int] = link("action", index=True)
    old_on: Mapped[date] = col(KEY)
    new_on: Mapped[date] = col(KEY)
    reason: Mapped[str] = col(CASE, Text)
    changed_at: Mapped[datetime] = col(KEY)
    changed_by_id: Mapped[int] = link("user_account")
