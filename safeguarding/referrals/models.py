"""Referrals to a panel as they are stored.

A draft may lack what only a submitted referral must have; the checks of the table begin with `submitted_at`.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.cases.models import Risk
from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, KEY, col
from safeguarding.core.types import enum_of


class ReferralSubject(StrEnum):
    """What a referral is about."""

    INDIVIDUAL = "individual"
    GROUP = "group"
    LOCATION = "location"
    POSSIBLE_PERPETRATOR = "possible_perpetrator"


class ReferralState(StrEnum):
    """Where a referral is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    MORE_INFORMATION = "more_information"
    ACCEPTED = "accepted"
    REDIRECTED = "redirected"
    SINGLE_AGENCY = "single_agency"
    NO_FURTHER_ACTION = "no_further_action"
    WITHDRAWN = "withdrawn"


class ToldYoungPerson(StrEnum):
    """Whether the young person knows of the referral."""

    YES = "yes"
    NO = "no"


class ToldParents(StrEnum):
    """Whether the parents know of the referral."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


class ScreeningOutcome(StrEnum):
    """What screening came to."""

    ACCEPT = "accept"
    ACCEPT_URGENT = "accept_urgent"
    MORE_INFORMATION = "more_information"
    REDIRECT_FRONT_DOOR = "redirect_front_door"
    REDIRECT_EARLY_HELP = "redirect_early_help"
    SINGLE_AGENCY = "single_agency"
    NO_FURTHER_ACTION = "no_further_action"


class MessageKind(StrEnum):
    """Which way a message goes: the screener asks, the referrer answers."""

    QUESTION = "question"
    ANSWER = "answer"


class Referral(Keyed, Versioned, Base):
    """A request that a panel look at somebody, a group or a place."""

    __tablename__ = "referral"
    __table_args__ = (
        Index(None, "state", "submitted_at", "id"),
        CheckConstraint(
            "(person_id IS NULL OR subject_kind IN ('individual', 'possible_perpetrator'))"
            " AND (peer_group_id IS NULL OR subject_kind = 'group')"
            " AND (context_id IS NULL OR subject_kind = 'location')",
            name="subject_of_its_kind",
        ),
        CheckConstraint(
            "submitted_at IS NULL OR person_id IS NOT NULL OR peer_group_id IS NOT NULL OR context_id IS NOT NULL",
            name="submitted_about_something",
        ),
        CheckConstraint(
            "submitted_at IS NULL OR (reasons <> '' AND lawful_basis_code IS NOT NULL AND risk IS NOT NULL)",
            name="submitted_complete",
        ),
        CheckConstraint(
            "submitted_at IS NULL OR subject_kind <> 'individual'"
            " OR (told_young_person IS NOT NULL AND told_parents IS NOT NULL)",
            name="submitted_says_who_knows",
        ),
        CheckConstraint("state <> 'draft' OR submitted_at IS NULL", name="draft_is_not_submitted"),
        CheckConstraint("state IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL", name="submitted_with_instant"),
        CheckConstraint("own_view IS NULL OR own_view_absent_reason IS NULL", name="own_view_or_why_not"),
        CheckConstraint("(front_door_ref IS NULL) = (front_door_on IS NULL)", name="front_door_with_its_date"),
        CheckConstraint(
            "(screening_outcome IS NULL) = (screened_at IS NULL)"
            " AND (screening_outcome IS NULL) = (screened_by_id IS NULL)",
            name="screened_when_and_by_whom",
        ),
        CheckConstraint(
            "screening_outcome IS NULL OR screening_outcome IN ('accept', 'accept_urgent')"
            " OR screening_reason IS NOT NULL",
            name="not_accepted_with_reason",
        ),
    )

    ref: Mapped[str] = reference()
    subject_kind: Mapped[ReferralSubject] = col(KEY, enum_of(ReferralSubject))
    person_id: Mapped[int | None] = link("person", index=True)
    context_id: Mapped[int | None] = link("context", index=True)
    peer_group_id: Mapped[int | None] = link("peer_group", index=True)
    panel_slug: Mapped[str] = col(KEY, String(40))  # panels are a later package's
    case_id: Mapped[int | None] = link("safeguarding_case", index=True)
    state: Mapped[ReferralState] = col(KEY, enum_of(ReferralState), default=ReferralState.DRAFT)
    urgent: Mapped[bool] = col(KEY, default=False)
    reasons: Mapped[str] = col(CASE, Text, default="")
    panel_question: Mapped[str | None] = col(CASE, Text)
    own_view: Mapped[str | None] = col(CASE, Text)
    own_view_absent_reason: Mapped[str | None] = col(CASE, Text)
    front_door_ref: Mapped[str | None] = col(CASE, String(40))
    front_door_on: Mapped[date | None] = col(CASE)
    front_door_override: Mapped[str | None] = col(CASE, Text)
    lawful_basis_code: Mapped[str | None] = col(CASE, String(40))
    sharing_reason: Mapped[str | None] = col(CASE, Text)
    told_young_person: Mapped[ToldYoungPerson | None] = col(CASE, enum_of(ToldYoungPerson))
    told_young_person_note: Mapped[str | None] = col(CASE, Text)
    told_parents: Mapped[ToldParents | None] = col(CASE, enum_of(ToldParents))
    told_parents_note: Mapped[str | None] = col(CASE, Text)
    strengths: Mapped[str | None] = col(CASE, Text)
    risk: Mapped[Risk | None] = col(CASE, enum_of(Risk))
    referrer_id: Mapped[int] = link("user_account", index=True)
    agency_id: Mapped[int] = link("agency", index=True)
    submitted_at: Mapped[datetime | None] = col(KEY)
    created_at: Mapped[datetime] = col(KEY)
    screened_at: Mapped[datetime | None] = col(KEY)
    screened_by_id: Mapped[int | None] = link("user_account")
    screening_outcome: Mapped[ScreeningOutcome | None] = col(KEY, enum_of(ScreeningOutcome))
    screening_reason: Mapped[str | None] = col(CASE, Text)


class ReferralHarm(Keyed, Base):
    """A kind of harm a referral names (code list `harm_type`)."""

    __tablename__ = "referral_harm"
    __table_args__ = (UniqueConstraint("referral_id", "code"),)

    referral_id: Mapped[int] = link("referral")
    code: Mapped[str] = col(CASE, String(40))


class ReferralContext(Keyed, Base):
    """A place or space that a referral mentions besides its subject."""

    __tablename__ = "referral_context"
    __table_args__ = (UniqueConstraint("referral_id", "context_id"),)

    referral_id: Mapped[int] = link("referral")
    context_id: Mapped[int] = link("context", index=True)


class ReferralMessage(Keyed, Base):
    """A question of the screener or the referrer's answer."""

    __tablename__ = "referral_message"
    __table_args__ = (Index(None, "referral_id", "sent_at", "id"),)

    referral_id: Mapped[int] = link("referral")
    kind: Mapped[MessageKind] = col(KEY, enum_of(MessageKind))
    text: Mapped[str] = col(CASE, Text)
    author_id: Mapped[int] = link("user_account")
    sent_at: Mapped[datetime] = col(KEY)
