"""Emergency access as it is stored, and the answers given to questions that the audit raised."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, BigKey, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import AUDIT, KEY, col
from safeguarding.core.types import enum_of


class EmergencyKind(StrEnum):
    """What is happening."""

    HURT_TODAY = "hurt_today"
    MISSING_NOW = "missing_now"
    COURT_HOSPITAL_CUSTODY = "court_hospital_custody"
    SOMETHING_ELSE = "something_else"


class EmergencyBasis(StrEnum):
    """What lets somebody see it."""

    VITAL_INTERESTS = "vital_interests"
    SECTION_47 = "section_47"
    SECTION_115 = "section_115"


class EmergencyPart(StrEnum):
    """A part of a record that can be asked for in an emergency. Who it is about is always told, what is sealed never."""

    RISK = "risk"
    CONTACTS = "contacts"
    UPDATES = "updates"


class EmergencyOutcome(StrEnum):
    """What the reviewer found."""

    RIGHT = "right"
    COULD_HAVE_WAITED = "could_have_waited"
    NOT_JUSTIFIED = "not_justified"


class EmergencyAccess(Keyed, Versioned, Base):
    """One use of emergency access: one record, read only, at most an hour, reviewed by somebody else."""

    __tablename__ = "emergency_access"

    ref: Mapped[str] = col(KEY, String(16), unique=True, nullable=False)
    user_id: Mapped[int] = col(
        KEY, BigKey, ForeignKey("user_account.id", ondelete="RESTRICT"), nullable=False, index=True
    )
    agency: Mapped[str | None] = col(AUDIT, String(120))
    subject_ref: Mapped[str] = col(KEY, String(16), nullable=False)
    kind: Mapped[EmergencyKind] = col(AUDIT, enum_of(EmergencyKind), nullable=False)
    basis: Mapped[EmergencyBasis] = col(AUDIT, enum_of(EmergencyBasis), nullable=False)
    reason: Mapped[str] = col(AUDIT, Text, nullable=False)
    parts: Mapped[str] = col(KEY, String(60), nullable=False)  # the EmergencyParts that open, with commas
    opened_at: Mapped[datetime] = col(KEY, nullable=False)
    closes_at: Mapped[datetime] = col(KEY, nullable=False)
    closed_at: Mapped[datetime | None] = col(KEY)
    review_due_at: Mapped[datetime] = col(KEY, nullable=False)
    reviewed_at: Mapped[datetime | None] = col(KEY)
    reviewer_id: Mapped[int | None] = col(KEY, BigKey, ForeignKey("user_account.id", ondelete="RESTRICT"), index=True)
    outcome: Mapped[EmergencyOutcome | None] = col(AUDIT, enum_of(EmergencyOutcome))
    findings: Mapped[str | None] = col(AUDIT, Text)

    __table_args__ = (
        Index("ix_emergency_access_reviewed_at", "reviewed_at", "review_due_at"),
        CheckConstraint("closes_at > opened_at", name="closes_after_opening"),
        CheckConstraint("(reviewed_at IS NULL) = (reviewer_id IS NULL)", name="reviewed_by_somebody"),
        CheckConstraint("(reviewed_at IS NULL) = (outcome IS NULL)", name="reviewed_with_outcome"),
        CheckConstraint("reviewer_id IS NULL OR reviewer_id != user_id", name="reviewed_by_another"),
    )


class LooksExport(Keyed, Base):
    """A file of who looked at one record: asked for with a purpose, agreed to by another, taken once. It is not kept."""

    __tablename__ = "looks_export"

    ref: Mapped[str] = reference()
    subject_ref: Mapped[str] = col(KEY, String(16))
    first_on: Mapped[date] = col(KEY)
    last_on: Mapped[date] = col(KEY)
    purpose: Mapped[str] = col(AUDIT, Text)
    asker_id: Mapped[int] = link("user_account", index=True)
    asked_at: Mapped[datetime] = col(KEY)
    decider_id: Mapped[int | None] = link("user_account", index=True)
    decided_at: Mapped[datetime | None] = col(KEY)
    is_agreed: Mapped[bool | None] = col(KEY)
    taken_at: Mapped[datetime | None] = col(KEY)
    row_count: Mapped[int | None] = col(AUDIT)
    digest: Mapped[str | None] = col(AUDIT, String(64))

    __table_args__ = (
        CheckConstraint("last_on >= first_on", name="ends_after_start"),
        CheckConstraint("(decided_at IS NULL) = (decider_id IS NULL)", name="decided_by_somebody"),
        CheckConstraint("(decided_at IS NULL) = (is_agreed IS NULL)", name="decided_with_answer"),
        CheckConstraint("decider_id <> asker_id", name="decided_by_another"),
        CheckConstraint("(taken_at IS NULL) = (digest IS NULL)", name="taken_with_digest"),
    )


class QuestionAnswer(Keyed, Base):
    """What was found about one question that the audit raised; the question itself is worked out anew from the events."""

    __tablename__ = "question_answer"

    key: Mapped[str] = col(AUDIT, String(160), unique=True, nullable=False)
    answer: Mapped[str] = col(AUDIT, Text, nullable=False)
    answered_at: Mapped[datetime] = col(KEY, nullable=False)
    answered_by_id: Mapped[int] = col(
        KEY, BigKey, ForeignKey("user_account.id", ondelete="RESTRICT"), nullable=False, index=True
    )


class QuestionRaised(Keyed, Base):
    """That information governance was told of a question: once, whatever is added to it."""

    __tablename__ = "question_raised"

    key: Mapped[str] = col(AUDIT, String(160), unique=True, nullable=False)
    last: Mapped[int] = col(KEY, BigKey, nullable=False)  # the event up to which it was known then
    raised_at: Mapped[datetime] = col(KEY, nullable=False)


class QuestionWatch(Keyed, Base):
    """The event up to which the audit was looked at for questions. One row."""

    __tablename__ = "question_watch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    seq: Mapped[int] = col(KEY, BigKey, nullable=False)
