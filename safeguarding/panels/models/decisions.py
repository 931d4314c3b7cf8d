"""What a panel decided, what each agency thought of it, and what was added later.

Nothing here is ever edited: a decision is recorded once, complete, and is only added to.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.cases.models import Risk
from safeguarding.core.base import Base, Keyed
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import KEY, PANEL, col
from safeguarding.core.types import enum_of


class DecisionKind(StrEnum):
    """What was decided."""

    ADOPT = "adopt"
    ADOPT_AND_LINK_TO_CONTEXT = "adopt_and_link_to_context"
    MAINTAIN = "maintain"
    INCREASE_RISK = "increase_risk"
    REDUCE_RISK = "reduce_risk"
    ESCALATE = "escalate"
    REFER_NRM = "refer_nrm"
    OPEN_RECORD = "open_record"
    CONTEXT_CONFERENCE = "context_conference"
    STEP_DOWN = "step_down"
    CLOSE = "close"
    DEFER = "defer"


class View(StrEnum):
    """What an agency thinks of a decision."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NO_VIEW = "no_view"


class Decision(Keyed, Base):
    """The decision on one item, with the quorum and the papers as they were at that instant."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("(kind = 'defer') = (deferred_to_on IS NOT NULL)", name="deferred_to_a_day"),
        CheckConstraint(
            "kind <> 'adopt_and_link_to_context' OR linked_context_id IS NOT NULL", name="linked_to_a_context"
        ),
        CheckConstraint(
            "kind NOT IN ('increase_risk', 'reduce_risk') OR (risk_before IS NOT NULL AND risk_after IS NOT NULL"
            " AND risk_before <> risk_after)",
            name="risk_changes",
        ),
    )

    ref: Mapped[str] = reference()
    item_id: Mapped[int] = link("agenda_item", unique=True)
    kind: Mapped[DecisionKind] = col(PANEL, enum_of(DecisionKind))
    rationale: Mapped[str] = col(PANEL, Text)
    options_considered: Mapped[str | None] = col(PANEL, Text)
    risk_before: Mapped[Risk | None] = col(PANEL, enum_of(Risk, "risk_before"))
    risk_after: Mapped[Risk | None] = col(PANEL, enum_of(Risk, "risk_after"))
    next_review_on: Mapped[date | None] = col(KEY)
    deferred_to_on: Mapped[date | None] = col(KEY)
    lawful_basis_code: Mapped[str] = col(PANEL, String(40))
    told_how: Mapped[str | None] = col(PANEL, Text)
    linked_context_id: Mapped[int | None] = link("context", index=True)
    quorum: Mapped[str] = col(PANEL, Text)  # JSON: each group, who was there for it, and whether that sufficed
    papers_digest: Mapped[str] = col(KEY, String(64))
    recorded_at: Mapped[datetime] = col(KEY)
    recorded_by_id: Mapped[int] = link("user_account")
    chaired_by_id: Mapped[int] = link("user_account")


class DecisionAddendum(Keyed, Base):
    """A dated addition to a decision."""

    __tablename__ = "decision_addendum"

    decision_id: Mapped[int] = link("decision", index=True)
    text: Mapped[str] = col(PANEL, Text)
    added_at: Mapped[datetime] = col(KEY)
    added_by_id: Mapped[int] = link("user_account")


class AgencyView(Keyed, Base):
    """What one agency thinks of a decision; dissent has its reason, and the chair may answer it."""

    __tablename__ = "agency_view"
    __table_args__ = (
        UniqueConstraint("decision_id", "agency_id"),
        CheckConstraint("view <> 'disagrees' OR reason IS NOT NULL", name="dissent_with_reason"),
    )

    decision_id: Mapped[int] = link("decision")
    agency_id: Mapped[int] = link("agency")
    view: Mapped[View] = col(PANEL, enum_of(View))
    reason: Mapped[str | None] = col(PANEL, Text)
    chair_answer: Mapped[str | None] = col(PANEL, Text)
