"""An agency, and the agreements under which it shares."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, BigKey, Keyed, Versioned
from safeguarding.core.columns import link
from safeguarding.core.labels import KEY, REFERENCE, col
from safeguarding.core.types import enum_of


class AgencyKind(StrEnum):
    """The agencies that a partnership seats (`domain.md` 2.4)."""

    CHILDRENS_SOCIAL_CARE = "childrens_social_care"
    HUB = "hub"
    EARLY_HELP = "early_help"
    YOUTH_JUSTICE = "youth_justice"
    POLICE = "police"
    HEALTH = "health"
    MENTAL_HEALTH = "mental_health"
    EDUCATION = "education"
    HOUSING = "housing"
    COMMUNITY_SAFETY = "community_safety"
    ADULT_SOCIAL_CARE = "adult_social_care"
    PROBATION = "probation"
    SUBSTANCE_MISUSE = "substance_misuse"
    VOLUNTARY = "voluntary"
    COUNCIL = "council"


class QuorumGroup(StrEnum):
    """Whom an agency counts for when quorum is worked out."""

    LOCAL_AUTHORITY = "local_authority"
    POLICE = "police"
    HEALTH = "health"
    EDUCATION = "education"
    OTHER = "other"


class Agency(Keyed, Versioned, Base):
    """An organisation of the partnership."""

    __tablename__ = "agency"

    ref: Mapped[str] = col(KEY, String(16), unique=True, nullable=False)
    name: Mapped[str] = col(REFERENCE, String(120), unique=True, nullable=False)
    short_name: Mapped[str] = col(REFERENCE, String(40), nullable=False)
    kind: Mapped[AgencyKind] = col(REFERENCE, enum_of(AgencyKind), nullable=False)
    quorum_group: Mapped[QuorumGroup] = col(REFERENCE, enum_of(QuorumGroup), nullable=False)
    active_from: Mapped[date] = col(REFERENCE, nullable=False)
    active_to: Mapped[date | None] = col(REFERENCE)
    created_at: Mapped[datetime] = col(KEY, nullable=False)


class DataType(StrEnum):
    """What an agreement shares. The values are the names of its columns."""

    CASES = "covers_cases"
    HEALTH = "covers_health"
    OFFENCES = "covers_offences"
    IMMIGRATION = "covers_immigration"
    INTELLIGENCE = "covers_intelligence"


class AgreementDecision(StrEnum):
    """What a second person said of an agreement that somebody recorded."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class SharingAgreement(Keyed, Base):
    """An information-sharing agreement: without one in force that covers cases, the agency's people see no case data.

    One person records it and another approves it; until then it opens nothing.
    """

    __tablename__ = "sharing_agreement"

    agency_id: Mapped[int] = col(KEY, BigKey, ForeignKey("agency.id", ondelete="RESTRICT"), nullable=False, index=True)
    title: Mapped[str] = col(REFERENCE, String(160), nullable=False)
    purposes: Mapped[str] = col(REFERENCE, Text, nullable=False)
    signed_by: Mapped[str] = col(REFERENCE, String(120), nullable=False)
    signed_on: Mapped[date] = col(REFERENCE, nullable=False)
    review_on: Mapped[date] = col(REFERENCE, nullable=False)
    covers_cases: Mapped[bool] = col(REFERENCE, default=True, nullable=False)
    covers_health: Mapped[bool] = col(REFERENCE, default=True, nullable=False)
    covers_offences: Mapped[bool] = col(REFERENCE, default=True, nullable=False)
    covers_immigration: Mapped[bool] = col(REFERENCE, default=True, nullable=False)
    covers_intelligence: Mapped[bool] = col(REFERENCE, default=True, nullable=False)

    decision: Mapped[AgreementDecision] = col(KEY, enum_of(AgreementDecision), nullable=False)
    recorded_by_id: Mapped[int | None] = link("user_account")  # nobody: the command line
    decided_by_id: Mapped[int | None] = link("user_account")
    decided_at: Mapped[datetime | None] = col(KEY)

    __table_args__ = (
        CheckConstraint("review_on > signed_on", name="reviewed_after_signature"),
        CheckConstraint("decided_by_id <> recorded_by_id", name="decided_by_another"),
    )
