"""Grants to see sealed values of one record until a day, and every reveal with its reason."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, BigKey, Keyed
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, KEY, col
from safeguarding.core.types import enum_of


class SealedOn(StrEnum):
    """What kind of record a sealed value stands on."""

    PERSON = "person"
    INCIDENT = "incident"


class GrantState(StrEnum):
    """How far a request to see sealed values is."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    ENDED = "ended"  # taken back before its day


class SealedGrant(Keyed, Base):
    """A request to see sealed values of one record, and what information governance decided."""

    __tablename__ = "sealed_grant"
    __table_args__ = (
        Index(None, "subject_kind", "subject_id", "state"),
        Index(None, "state", "asked_at", "id"),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_unless_asked"),
        CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_somebody"),
        CheckConstraint("state NOT IN ('granted', 'ended') OR until_on IS NOT NULL", name="granted_until"),
        CheckConstraint("decided_by_id <> user_id", name="decided_by_another"),
    )

    ref: Mapped[str] = reference()
    subject_kind: Mapped[SealedOn] = col(KEY, enum_of(SealedOn))
    subject_id: Mapped[int] = col(KEY, BigKey)
    subject_ref: Mapped[str] = col(KEY, String(16))
    fields: Mapped[str] = col(KEY, String(200))  # names of fields, with commas
    user_id: Mapped[int] = link("user_account", index=True)
    reason: Mapped[str] = col(CASE, Text)
    asked_at: Mapped[datetime] = col(KEY)
    state: Mapped[GrantState] = col(KEY, enum_of(GrantState), default=GrantState.ASKED)
    decided_by_id: Mapped[int | None] = link("user_account")
    decided_at: Mapped[datetime | None] = col(KEY)
    decision_reason: Mapped[str | None] = col(CASE, Text)
    until_on: Mapped[date | None] = col(KEY)  # the last day on which it holds
    ended_at: Mapped[datetime | None] = col(KEY)


class SealedReveal(Keyed, Base):
    """That somebody was shown a sealed value, and why. The value is not kept here."""

    __tablename__ = "sealed_reveal"

    grant_id: Mapped[int] = link("sealed_grant", index=True)
    user_id: Mapped[int] = link("user_account", index=True)
    field: Mapped[str] = col(KEY, String(40))
    reason: Mapped[str] = col(CASE, Text)
    shown_at: Mapped[datetime] = col(KEY)
