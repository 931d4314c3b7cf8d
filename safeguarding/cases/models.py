"""Cases as they are stored: the case, its allocations, its updates and the history of its risk.

An update keeps fact, a young person's own words and opinion apart, and is corrected by a later one.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, KEY, col
from safeguarding.core.types import enum_of


class SubjectKind(StrEnum):
    """What a case is about."""

    YOUNG_PERSON = "young_person"
    PEER_GROUP = "peer_group"
    CONTEXT = "context"
    POSSIBLE_PERPETRATOR = "possible_perpetrator"


class CaseState(StrEnum):
    """Where a case is."""

    OPEN = "open"
    UNDER_REVIEW = "under_review"
    STEPPED_DOWN = "stepped_down"
    CLOSED = "closed"
    TRANSFERRED = "transferred"


class SocialCareStatus(StrEnum):
    """What children's social care does for a young person."""

    NONE = "none"
    EARLY_HELP = "early_help"
    CIN = "cin"
    CP = "cp"
    CLA = "cla"
    CARE_LEAVER = "care_leaver"


class Risk(StrEnum):
    """The risk to the subject, in rising order."""

    NONE_KNOWN = "none_known"
    EMERGING = "emerging"
    MODERATE = "moderate"
    SIGNIFICANT = "significant"


class AllocationKind(StrEnum):
    """What somebody does in a case."""

    LEAD = "lead"
    ALLOCATED = "allocated"


class UpdateKind(StrEnum):
    """What an update tells of."""

    VISIT = "visit"
    CALL = "call"
    MEETING = "meeting"
    MISSING = "missing"
    INCIDENT = "incident"
    OTHER = "other"


class SeenAlone(StrEnum):
    """Whether the young person was seen without family or others."""

    YES = "yes"
    NO = "no"
    NOT_SEEN = "not_seen"


class SharedWith(StrEnum):
    """Who may read an update."""

    TEAM = "team"
    PANEL = "panel"


class RiskSource(StrEnum):
    """What set the risk."""

    UPDATE = "update"
    DECISION = "decision"
    OPENING = "opening"


class Case(Keyed, Versioned, Base):
    """The work about one subject."""

    __tablename__ = "safeguarding_case"
    __table_args__ = (
        CheckConstraint(
            "(person_id IS NOT NULL) = (subject_kind IN ('young_person', 'possible_perpetrator'))",
            name="person_when_about_one",
        ),
        CheckConstraint("(peer_group_id IS NOT NULL) = (subject_kind = 'peer_group')", name="group_when_about_one"),
        CheckConstraint("(context_id IS NOT NULL) = (subject_kind = 'context')", name="context_when_about_one"),
        CheckConstraint("state <> 'closed' OR closed_on IS NOT NULL", name="closed_with_date"),
        CheckConstraint("state NOT IN ('open', 'under_review') OR closed_on IS NULL", name="open_without_end"),
        CheckConstraint("closed_on >= opened_on", name="closes_after_it_opens"),
    )

    ref: Mapped[str] = reference()
    subject_kind: Mapped[SubjectKind] = col(KEY, enum_of(SubjectKind))
    person_id: Mapped[int | None] = link("person", index=True)
    peer_group_id: Mapped[int | None] = link("peer_group", index=True)
    context_id: Mapped[int | None] = link("context", index=True)
    state: Mapped[CaseState] = col(KEY, enum_of(CaseState), default=CaseState.OPEN)
    going_on: Mapped[str] = col(CASE, Text)  # "what is going on"
    keeps_safe: Mapped[str | None] = col(CASE, Text)
    social_care_status: Mapped[SocialCareStatus] = col(CASE, enum_of(SocialCareStatus), default=SocialCareStatus.NONE)
    risk: Mapped[Risk] = col(CASE, enum_of(Risk))
    risk_set_on: Mapped[date] = col(KEY)
    is_restricted: Mapped[bool] = col(KEY, default=False)
    lead_agency_id: Mapped[int] = link("agency", index=True)
    opened_on: Mapped[date] = col(KEY)
    opened_by_id: Mapped[int] = link("user_account")
    closed_on: Mapped[date | None] = col(KEY)
    next_review_on: Mapped[date | None] = col(KEY, index=True)
    last_activity_at: Mapped[datetime] = col(KEY)
    unled_since: Mapped[datetime | None] = col(KEY, index=True)  # nobody leads it from then on; set by who allocates


class Allocation(Keyed, Base):
    """That somebody leads a case or is allocated to it, from an instant up to another."""

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),)

    case_id: Mapped[int] = link("safeguarding_case", index=True)
    user_id: Mapped[int] = link("user_account", index=True)
    kind: Mapped[AllocationKind] = col(KEY, enum_of(AllocationKind))
    valid_from: Mapped[datetime] = col(KEY)
    valid_to: Mapped[datetime | None] = col(KEY)


class CaseUpdate(Keyed, Base):
    """What somebody recorded about a case: fact, own words and opinion apart."""

    __tablename__ = "case_update"
    __table_args__ = (
        Index(None, "case_id", "happened_at", "id"),  # read backwards for the newest first
        CheckConstraint("own_words IS NULL OR own_words_absent_reason IS NULL", name="own_words_or_why_not"),
        CheckConstraint("next_step_on IS NULL OR next_step IS NOT NULL", name="date_of_a_step"),
    )

    ref: Mapped[str] = reference()
    case_id: Mapped[int] = link("safeguarding_case")
    kind: Mapped[UpdateKind] = col(KEY, enum_of(UpdateKind))
    happened_at: Mapped[datetime] = col(KEY)
    recorded_at: Mapped[datetime] = col(KEY)
    author_id: Mapped[int] = link("user_account")
    author_agency_id: Mapped[int] = link("agency")
    what_happened: Mapped[str] = col(CASE, Text)
    own_words: Mapped[str | None] = col(CASE, Text)
    own_words_absent_reason: Mapped[str | None] = col(CASE, String(200))
    opinion: Mapped[str | None] = col(CASE, Text)
    seen_alone: Mapped[SeenAlone] = col(CASE, enum_of(SeenAlone))
    risk: Mapped[Risk] = col(CASE, enum_of(Risk))
    risk_reason: Mapped[str | None] = col(CASE, Text)
    next_step: Mapped[str | None] = col(CASE, Text)
    next_step_on: Mapped[date | None] = col(KEY)
    shared_with: Mapped[SharedWith] = col(KEY, enum_of(SharedWith), default=SharedWith.TEAM)
    corrects_id: Mapped[int | None] = link("case_update", index=True)


class CaseRisk(Keyed, Base):
    """One step in the history of a case's risk."""

    __tablename__ = "case_risk"
    __table_args__ = (Index(None, "case_id", "set_at", "id"),)

    case_id: Mapped[int] = link("safeguarding_case")
    risk: Mapped[Risk] = col(CASE, enum_of(Risk))
    set_at: Mapped[datetime] = col(KEY)
    set_by_id: Mapped[int] = link("user_account")
    reason: Mapped[str] = col(CASE, Text)
    source: Mapped[RiskSource] = col(KEY, enum_of(RiskSource))


class RestrictionState(StrEnum):
    """Whether a restriction holds."""

    IN_FORCE = "in_force"
    LIFTED = "lifted"


class CaseRestriction(Keyed, Base):
    """That a case, and whom it is about, exists only for those on its list: why, until when it is looked at, agreed by whom.

    It holds from the moment it is set; lifting it waits until a second person agrees.
    """

    __tablename__ = "case_restriction"
    __table_args__ = (
        Index(None, "state", "set_at", "id"),
        CheckConstraint("(agreed_at IS NULL) = (agreed_by_id IS NULL)", name="agreed_by_somebody"),
        CheckConstraint("agreed_by_id <> set_by_id", name="agreed_by_another"),
        CheckConstraint("(lift_asked_at IS NULL) = (lift_asked_by_id IS NULL)", name="lift_asked_by_somebody"),
        CheckConstraint("(lift_asked_at IS NULL) = (lift_reason IS NULL)", name="lift_asked_with_reason"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by_id IS NULL)", name="lifted_by_somebody"),
        CheckConstraint("(state = 'lifted') = (lifted_at IS NOT NULL)", name="lifted_when_it_is"),
        CheckConstraint("lifted_by_id <> lift_asked_by_id", name="lifted_by_another"),
    )

    ref: Mapped[str] = reference()
    case_id: Mapped[int] = link("safeguarding_case", index=True)
    state: Mapped[RestrictionState] = col(KEY, enum_of(RestrictionState), default=RestrictionState.IN_FORCE)
    reason: Mapped[str] = col(CASE, Text)
    review_on: Mapped[date] = col(KEY)
    set_by_id: Mapped[int] = link("user_account")
    set_at: Mapped[datetime] = col(KEY)
    agreed_by_id: Mapped[int | None] = link("user_account")
    agreed_at: Mapped[datetime | None] = col(KEY)
    lift_reason: Mapped[str | None] = col(CASE, Text)
    lift_asked_by_id: Mapped[int | None] = link("user_account")
    lift_asked_at: Mapped[datetime | None] = col(KEY)
    lifted_by_id: Mapped[int | None] = link("user_account")
    lifted_at: Mapped[datetime | None] = col(KEY)


class CaseListing(Keyed, Base):
    """That somebody was put by name on the list of a restricted case, up to an instant."""

    __tablename__ = "case_listing"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),)

    case_id: Mapped[int] = link("safeguarding_case", index=True)
    user_id: Mapped[int] = link("user_account", index=True)
    reason: Mapped[str] = col(CASE, Text)
    added_by_id: Mapped[int] = link("user_account")
    valid_from: Mapped[datetime] = col(KEY)
    valid_to: Mapped[datetime] = col(KEY)


class CaseConflict(Keyed, Base):
    """That somebody is too near to a case, or to whom it is about, to see anything of it."""

    __tablename__ = "case_conflict"
    __table_args__ = (
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name="withdrawn_by_somebody"),
        CheckConstraint("withdrawn_at >= declared_at", name="withdrawn_after_declared"),
        CheckConstraint("withdrawn_by_id <> user_id", name="withdrawn_by_another"),
    )

    case_id: Mapped[int] = link("safeguarding_case", index=True)
    user_id: Mapped[int] = link("user_account", index=True)
    reason: Mapped[str] = col(CASE, Text)
    declared_by_id: Mapped[int] = link("user_account")
    declared_at: Mapped[datetime] = col(KEY)
    withdrawn_by_id: Mapped[int | None] = link("user_account")
    withdrawn_at: Mapped[datetime | None] = col(KEY)
