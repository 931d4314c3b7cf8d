"""Referrals to the National Referral Mechanism as they are stored.

County lines is a flag, disqualification an event beside the states; a correction is another event, not an
edit.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, KEY, col
from safeguarding.core.types import enum_of


class NrmState(StrEnum):
    """Where a referral is. A submitted referral is one that awaits the reasonable grounds decision."""

    IDENTIFIED = "identified"
    DRAFTING = "drafting"
    CONSENT_PENDING = "consent_pending"
    RG_PENDING = "rg_pending"
    RG_POSITIVE = "rg_positive"
    RG_NEGATIVE = "rg_negative"
    RG_RECONSIDERATION = "rg_reconsideration"
    CG_PENDING = "cg_pending"
    CG_POSITIVE = "cg_positive"
    CG_NEGATIVE = "cg_negative"
    CG_RECONSIDERATION = "cg_reconsideration"
    DTN_ONLY = "dtn_only"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    NOT_REFERRED = "not_referred"


class NrmRoute(StrEnum):
    """Who decides: the Single or the Immigration Enforcement Competent Authority, or a devolved panel."""

    SCA = "sca"
    IECA = "ieca"
    PANEL = "panel"


class GroundsOutcome(StrEnum):
    """What was decided about reasonable or conclusive grounds."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class NrmReferral(Keyed, Versioned, Base):
    """One episode: from somebody being identified to the last decision. A new referral is a new episode."""

    __tablename__ = "nrm_referral"
    __table_args__ = (
        Index(None, "state", "referred_on", "id"),
        CheckConstraint("(rg_outcome IS NULL) = (rg_decided_on IS NULL)", name="rg_with_its_date"),
        CheckConstraint("(cg_outcome IS NULL) = (cg_decided_on IS NULL)", name="cg_with_its_date"),
        CheckConstraint(
            "rg_decided_on IS NULL OR (referred_on IS NOT NULL AND rg_decided_on >= referred_on)",
            name="rg_after_referral",
        ),
        CheckConstraint(
            "cg_decided_on IS NULL OR (rg_decided_on IS NOT NULL AND cg_decided_on >= rg_decided_on"
            " AND rg_outcome = 'positive')",
            name="cg_after_positive_rg",
        ),
        CheckConstraint(
            "state IN ('identified', 'drafting', 'consent_pending', 'dtn_only', 'not_referred')"
            " OR (referred_on IS NOT NULL AND first_responder_code IS NOT NULL)",
            name="sent_when_and_by_whom",
        ),
        CheckConstraint(
            "(state NOT IN ('rg_positive', 'cg_pending', 'cg_positive', 'cg_negative', 'cg_reconsideration')"
            " OR coalesce(rg_outcome, '') = 'positive')"
            " AND (state NOT IN ('rg_negative', 'rg_reconsideration') OR coalesce(rg_outcome, '') = 'negative')"
            " AND (state <> 'cg_positive' OR coalesce(cg_outcome, '') = 'positive')"
            " AND (state NOT IN ('cg_negative', 'cg_reconsideration')"
            " OR coalesce(cg_outcome, '') = 'negative')",
            name="state_as_decided",
        ),
    )

    ref: Mapped[str] = reference()
    person_id: Mapped[int] = link("person", index=True)
    case_id: Mapped[int | None] = link("safeguarding_case", index=True)
    earlier_referral_id: Mapped[int | None] = link("nrm_referral")
    state: Mapped[NrmState] = col(KEY, enum_of(NrmState), default=NrmState.IDENTIFIED)
    route: Mapped[NrmRoute] = col(KEY, enum_of(NrmRoute), default=NrmRoute.SCA)
    referred_on: Mapped[date | None] = col(KEY)
    first_responder_code: Mapped[str | None] = col(CASE, String(40))
    first_responder_name: Mapped[str | None] = col(CASE, String(200))
    exploitation_types: Mapped[str] = col(CASE, String(200), default="")  # sorted codes with commas between
    county_lines: Mapped[bool] = col(CASE, default=False)
    age_on_referral: Mapped[int | None] = col(CASE, Integer)
    nrm_number: Mapped[str | None] = col(CASE, String(40))  # the Home Office's own
    rg_outcome: Mapped[GroundsOutcome | None] = col(CASE, enum_of(GroundsOutcome, "rg_outcome"))
    rg_decided_on: Mapped[date | None] = col(KEY)
    cg_outcome: Mapped[GroundsOutcome | None] = col(CASE, enum_of(GroundsOutcome, "cg_outcome"))
    cg_decided_on: Mapped[date | None] = col(KEY)
    decision_maker: Mapped[str | None] = col(CASE, String(200))
    note: Mapped[str | None] = col(CASE, Text)
    created_at: Mapped[datetime] = col(KEY)
    created_by_id: Mapped[int] = link("user_account")


class NrmEvent(Keyed, Base):
    """Something that happened to a referral, as it was recorded."""

    __tablename__ = "nrm_event"
    __table_args__ = (Index(None, "nrm_referral_id", "happened_on", "id"),)

    nrm_referral_id: Mapped[int] = link("nrm_referral")
    event: Mapped[str] = col(KEY, String(40))
    happened_on: Mapped[date] = col(KEY)
    recorded_at: Mapped[datetime] = col(KEY)
    recorded_by_id: Mapped[int] = link("user_account")
    note: Mapped[str | None] = col(CASE, Text)
    corrects_id: Mapped[int | None] = link("nrm_event", index=True)
