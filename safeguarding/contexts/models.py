"""Places and spaces as they are stored: contexts, imports, incidents and their versions, goals, reviews,
risk.

A context is never a person: no name of a young person belongs into its columns, and people are linked to
it by tables of their own. What was recorded is never overwritten: an incident told anew is another
version, an import replaced is kept.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Float, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade, Precision
from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, INTELLIGENCE, KEY, PLACE, REFERENCE, col
from safeguarding.core.sealing import sealed_text
from safeguarding.core.types import enum_of
from safeguarding.people.models import Confidence

_POINT = "(latitude IS NULL) = (longitude IS NULL)"
_ON_EARTH = "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"


class ContextKind(StrEnum):
    """What kind of place or space it is."""

    ESTATE = "estate"
    STREET = "street"
    PARK = "park"
    SCHOOL = "school"
    STATION = "station"
    TRANSPORT_ROUTE = "transport_route"
    SHOP = "shop"
    SHOPPING_CENTRE = "shopping_centre"
    HIGH_STREET = "high_street"
    HOTEL = "hotel"
    LICENSED_PREMISES = "licensed_premises"
    YOUTH_CLUB = "youth_club"
    HOSTEL = "hostel"
    PRIVATE_ADDRESS = "private_address"
    ONLINE = "online"
    OTHER = "other"


class ContextStep(StrEnum):
    """Where the work on a context is."""

    CONCERN = "concern"
    SCREENING = "screening"
    ASSESSMENT = "assessment"
    CONTEXT_CONFERENCE = "context_conference"
    PLAN_ACTIVE = "plan_active"
    REVIEW = "review"
    CLOSED_SAFER = "closed_safer"
    CLOSED_NO_EVIDENCE = "closed_no_evidence"
    TRANSFERRED = "transferred"


class ImportedThing(StrEnum):
    """What a file holds."""

    CONTEXTS = "contexts"
    INCIDENTS = "incidents"


class ImportState(StrEnum):
    """How far an import came; its rows count only when it is complete."""

    RUNNING = "running"
    COMPLETE = "complete"
    WITHDRAWN = "withdrawn"
    CUT_OFF = "cut_off"


class IncidentSource(StrEnum):
    """Who told it."""

    POLICE_STREET = "police_street"
    POLICE_STOP_AND_SEARCH = "police_stop_and_search"
    ISTV = "istv"
    CSV = "csv"
    PARTNER = "partner"


class SourceGrade(StrEnum):
    """The source grade of the 3x5x2 system: 1, 2, 3."""

    RELIABLE = "reliable"
    UNTESTED = "untested"
    NOT_RELIABLE = "not_reliable"


class Handling(StrEnum):
    """The handling code of the 3x5x2 system: P or C."""

    PERMITTED = "permitted"
    CONDITIONS = "conditions"


class IncidentPart(StrEnum):
    """A person's part in an incident. To be near is not to have done it."""

    HARMED = "harmed"
    AT_RISK = "at_risk"
    WITNESS = "witness"
    MAY_POSE_RISK = "may_pose_risk"
    ASSOCIATE = "associate"


class ContextRole(StrEnum):
    """What a context is to a person."""

    SAFE_HERE = "safe_here"
    AT_RISK_HERE = "at_risk_here"
    HARMED_HERE = "harmed_here"
    ATTENDS = "attends"
    LIVES_NEAR = "lives_near"
    MAY_POSE_RISK_HERE = "may_pose_risk_here"


class FactorKind(StrEnum):
    """What people have assessed about a context."""

    FINDING = "finding"
    CONCERN = "concern"
    GUARDIAN = "guardian"


class GoalState(StrEnum):
    """Whether a safety goal was reached."""

    OPEN = "open"
    EVIDENCED = "evidenced"
    NOT_REACHED = "not_reached"
    WITHDRAWN = "withdrawn"


class Context(Keyed, Versioned, Base):
    """A place or space where young people are harmed or kept safe."""

    __tablename__ = "context"
    __table_args__ = (
        Index(None, "name", "id"),
        UniqueConstraint("source", "source_key"),
        CheckConstraint("(source IS NULL) = (source_key IS NULL)", name="source_with_its_key"),
        CheckConstraint(_POINT, name="point_whole"),
        CheckConstraint(_ON_EARTH, name="point_on_earth"),
    )

    ref: Mapped[str] = reference()
    name: Mapped[str] = col(PLACE, String(200))
    kind: Mapped[ContextKind] = col(PLACE, enum_of(ContextKind))
    ward: Mapped[str | None] = col(PLACE, String(100))
    latitude: Mapped[float | None] = col(PLACE, Float)
    longitude: Mapped[float | None] = col(PLACE, Float)
    polygon: Mapped[str | None] = col(PLACE, Text)  # the geometry of a GeoJSON feature
    postcode: Mapped[str | None] = col(PLACE, String(8))
    description: Mapped[str | None] = col(PLACE, Text)
    what_is_strong: Mapped[str | None] = col(PLACE, Text)
    step: Mapped[ContextStep] = col(KEY, enum_of(ContextStep), default=ContextStep.CONCERN)
    grade: Mapped[ContextGrade | None] = col(PLACE, enum_of(ContextGrade))
    lead_user_id: Mapped[int | None] = link("user_account", index=True)
    owner_agency_id: Mapped[int | None] = link("agency")
    is_restricted: Mapped[bool] = col(KEY, default=False)
    source: Mapped[str | None] = col(PLACE, String(40))
    source_key: Mapped[str | None] = col(PLACE, String(80))
    source_digest: Mapped[str | None] = col(
        KEY, String(64)
    )  # of the source's row, so that the same row changes nothing
    run_id: Mapped[int | None] = link("import_run", index=True)  # the import that made it
    ended_on: Mapped[date | None] = col(PLACE)
    next_review_on: Mapped[date | None] = col(KEY, index=True)
    created_at: Mapped[datetime] = col(KEY)


class ContextAlias(Keyed, Base):
    """Another name of a context, such as young people use."""

    __tablename__ = "context_alias"
    __table_args__ = (UniqueConstraint("context_id", "name"),)

    context_id: Mapped[int] = link("context")
    name: Mapped[str] = col(PLACE, String(200))


class ImportRun(Keyed, Base):
    """One file taken in."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("state <> 'running' OR finished_at IS NULL", name="running_is_unfinished"),
        CheckConstraint("state <> 'complete' OR finished_at IS NOT NULL", name="complete_is_finished"),
    )

    ref: Mapped[str] = reference()
    what: Mapped[ImportedThing] = col(KEY, enum_of(ImportedThing))
    format: Mapped[str] = col(KEY, String(40))
    file_name: Mapped[str] = col(PLACE, String(255))
    file_digest: Mapped[str] = col(KEY, String(64), index=True)
    state: Mapped[ImportState] = col(KEY, enum_of(ImportState), default=ImportState.RUNNING)
    row_count: Mapped[int] = col(KEY, Integer, default=0)
    created_count: Mapped[int] = col(KEY, Integer, default=0)
    updated_count: Mapped[int] = col(KEY, Integer, default=0)
    unchanged_count: Mapped[int] = col(KEY, Integer, default=0)
    refused_count: Mapped[int] = col(KEY, Integer, default=0)
    matched_count: Mapped[int] = col(KEY, Integer, default=0)
    ignored_columns_count: Mapped[int] = col(KEY, Integer, default=0)
    ignored_cells_count: Mapped[int] = col(KEY, Integer, default=0)
    last_row: Mapped[int] = col(KEY, Integer, default=0)  # the last row whose batch is committed
    started_at: Mapped[datetime] = col(KEY)
    finished_at: Mapped[datetime | None] = col(KEY)
    actor: Mapped[str] = col(KEY, String(80))


class ImportRefusal(Keyed, Base):
    """A row that broke the layout of its file."""

    __tablename__ = "import_refusal"
    __table_args__ = (UniqueConstraint("run_id", "row"),)

    run_id: Mapped[int] = link("import_run")
    row: Mapped[int] = col(KEY, Integer)  # 1 is the first after the header
    reason: Mapped[str] = col(PLACE, Text)


class ContextVersion(Keyed, Base):
    """What a context was before it was changed."""

    __tablename__ = "context_version"

    context_id: Mapped[int] = link("context", index=True)
    replaced_at: Mapped[datetime] = col(KEY)
    run_id: Mapped[int | None] = link("import_run", index=True)
    content: Mapped[str] = col(PLACE, Text)  # JSON


class Incident(Keyed, Base):
    """One version of what a source told; (source, identity) is the event as that source tells it."""

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("source", "identity", "version_no"),
        # By source, because a place may have thousands of police rows and a score looks at none of them.
        Index(None, "context_id", "source", "happened_on"),
        CheckConstraint("version_no >= 1", name="version_from_one"),
        CheckConstraint(_POINT, name="point_whole"),
        CheckConstraint(_ON_EARTH, name="point_on_earth"),
        CheckConstraint("(precision = 'instant') = (happened_at IS NOT NULL)", name="instant_when_known"),
        CheckConstraint(
            "source NOT IN ('police_street', 'police_stop_and_search') OR NOT counts",
            name="police_never_counts",
        ),
        CheckConstraint("handling <> 'conditions' OR handling_conditions IS NOT NULL", name="conditions_said"),
        CheckConstraint(
            "context_id IS NOT NULL OR (match_distance_m IS NULL AND match_rule IS NULL)",
            name="match_has_context",
        ),
        CheckConstraint("(lsoa IS NULL) = (lsoa_vintage IS NULL)", name="lsoa_with_its_vintage"),
    )

    source: Mapped[IncidentSource] = col(KEY, enum_of(IncidentSource))
    identity: Mapped[str] = col(KEY, String(64))
    version_no: Mapped[int] = col(KEY, Integer, default=1)
    ref: Mapped[str | None] = reference()
    run_id: Mapped[int | None] = link("import_run", index=True)
    superseded_run_id: Mapped[int | None] = link("import_run", index=True)
    recorded_at: Mapped[datetime] = col(KEY)
    superseded_at: Mapped[datetime | None] = col(KEY)
    force: Mapped[str | None] = col(INTELLIGENCE, String(80))
    happened_on: Mapped[date] = col(INTELLIGENCE)  # London's day; the first of the month where only that is known
    happened_at: Mapped[datetime | None] = col(INTELLIGENCE)
    precision: Mapped[Precision] = col(INTELLIGENCE, enum_of(Precision))
    category: Mapped[str] = col(INTELLIGENCE, String(120))  # as the source gave it
    harm: Mapped[IncidentHarm | None] = col(INTELLIGENCE, enum_of(IncidentHarm))
    grade: Mapped[InformationGrade] = col(INTELLIGENCE, enum_of(InformationGrade), default=InformationGrade.UNGRADED)
    source_grade: Mapped[SourceGrade | None] = col(INTELLIGENCE, enum_of(SourceGrade))
    handling: Mapped[Handling] = col(INTELLIGENCE, enum_of(Handling), default=Handling.PERMITTED)
    handling_conditions: Mapped[str | None] = col(INTELLIGENCE, Text)
    involves_young_person: Mapped[bool] = col(INTELLIGENCE, default=False)  # somebody aged 10 to 25
    counts: Mapped[bool] = col(INTELLIGENCE, default=False)  # whether the rubric may count it at all
    latitude: Mapped[float | None] = col(INTELLIGENCE, Float)
    longitude: Mapped[float | None] = col(INTELLIGENCE, Float)
    place_text: Mapped[str | None] = col(INTELLIGENCE, Text)
    lsoa: Mapped[str | None] = col(INTELLIGENCE, String(9))
    lsoa_vintage: Mapped[str | None] = col(INTELLIGENCE, String(10))
    context_id: Mapped[int | None] = link("context")
    match_distance_m: Mapped[int | None] = col(INTELLIGENCE, Integer)
    match_rule: Mapped[str | None] = col(INTELLIGENCE, String(80))
    place_certain: Mapped[bool] = col(INTELLIGENCE, default=False)  # inside the polygon or within 50 m
    outcome: Mapped[str | None] = col(INTELLIGENCE, Text)
    event_key: Mapped[str | None] = col(KEY, String(64), index=True)  # shared where several agencies tell one event
    told_by_agency_id: Mapped[int | None] = link("agency")
    told_by: Mapped[str | None] = col(INTELLIGENCE, String(120))
    description: Mapped[str | None] = col(INTELLIGENCE, Text)
    informant: Mapped[str | None] = sealed_text(("source", "identity"))  # by name; every version keeps it
    content_digest: Mapped[str] = col(KEY, String(64))
    content: Mapped[str | None] = col(INTELLIGENCE, Text)  # canonical JSON of the source's row
    recorded_by_id: Mapped[int | None] = link("user_account")


class PersonIncident(Keyed, Base):
    """A person's part in an incident, tied to the incident's first version so that a new telling keeps it."""

    __tablename__ = "person_incident"
    __table_args__ = (UniqueConstraint("incident_identity_id", "person_id", "part"),)

    incident_identity_id: Mapped[int] = link("incident")
    person_id: Mapped[int] = link("person", index=True)
    part: Mapped[IncidentPart] = col(CASE, enum_of(IncidentPart))
    source: Mapped[str] = col(CASE, String(200))
    created_at: Mapped[datetime] = col(KEY)
    created_by_id: Mapped[int] = link("user_account")


class PersonContext(Keyed, Base):
    """What a context is to a person: said by whom, how surely, and until when it holds."""

    __tablename__ = "person_context"
    __table_args__ = (CheckConstraint("until_on >= since_on", name="ends_after_it_begins"),)

    person_id: Mapped[int] = link("person", index=True)
    context_id: Mapped[int] = link("context", index=True)
    role: Mapped[ContextRole] = col(CASE, enum_of(ContextRole))
    since_on: Mapped[date | None] = col(CASE)
    until_on: Mapped[date | None] = col(CASE)
    source: Mapped[str] = col(CASE, String(200))
    confidence: Mapped[Confidence] = col(CASE, enum_of(Confidence))
    expires_on: Mapped[date | None] = col(KEY)
    created_at: Mapped[datetime] = col(KEY)
    created_by_id: Mapped[int] = link("user_account")


class ContextFactor(Keyed, Base):
    """A finding, a concern or a guardian; ended, never deleted, so that an earlier day reads alike."""

    __tablename__ = "context_factor"
    __table_args__ = (
        CheckConstraint("(ended_on IS NULL) = (ended_recorded_at IS NULL)", name="end_with_its_record"),
        CheckConstraint("ended_on >= happened_on", name="ends_after_it_begins"),
    )

    context_id: Mapped[int] = link("context", index=True)
    kind: Mapped[FactorKind] = col(PLACE, enum_of(FactorKind))
    text: Mapped[str] = col(PLACE, Text)
    source: Mapped[str] = col(PLACE, String(200))
    happened_on: Mapped[date] = col(PLACE)
    recorded_at: Mapped[datetime] = col(KEY)
    ended_on: Mapped[date | None] = col(PLACE)
    ended_recorded_at: Mapped[datetime | None] = col(KEY)
    recorded_by_id: Mapped[int] = link("user_account")


class ContextReview(Keyed, Base):
    """A judgement beside what the rubric worked out; neither alters the other."""

    __tablename__ = "context_review"
    __table_args__ = (
        Index(None, "context_id", "reviewed_on"),
        CheckConstraint("range_low <= range_high", name="range_in_order"),
        CheckConstraint("next_review_on > reviewed_on", name="next_after_this"),
    )

    ref: Mapped[str] = reference()
    context_id: Mapped[int] = link("context")
    reviewed_on: Mapped[date] = col(PLACE)
    score: Mapped[int] = col(PLACE, Integer)
    range_low: Mapped[int] = col(PLACE, Integer)
    range_high: Mapped[int] = col(PLACE, Integer)
    band: Mapped[str] = col(PLACE, String(40))
    rubric_version: Mapped[int] = col(KEY, Integer)
    explanation: Mapped[str] = col(PLACE, Text)  # JSON: every contribution with its arithmetic
    what_changed: Mapped[str] = col(PLACE, Text)
    grade: Mapped[ContextGrade] = col(PLACE, enum_of(ContextGrade))
    rationale: Mapped[str] = col(PLACE, Text)
    differs_reason: Mapped[str | None] = col(PLACE, Text)
    next_review_on: Mapped[date] = col(KEY)
    reviewer_id: Mapped[int] = link("user_account")
    recorded_at: Mapped[datetime] = col(KEY)
    once: Mapped[str | None] = col(KEY, String(64), unique=True)


class SafetyGoal(Keyed, Versioned, Base):
    """What shall be different in a context, and how one will know."""

    __tablename__ = "safety_goal"
    __table_args__ = (
        CheckConstraint(
            "state <> 'evidenced' OR (evidence IS NOT NULL AND evidenced_on IS NOT NULL)",
            name="evidenced_with_evidence",
        ),
        CheckConstraint("(evidenced_on IS NULL) = (evidenced_recorded_at IS NULL)", name="evidence_with_its_record"),
    )

    ref: Mapped[str] = reference()
    context_id: Mapped[int] = link("context", index=True)
    statement: Mapped[str] = col(PLACE, Text)
    hoped_change: Mapped[str] = col(PLACE, Text)
    measure: Mapped[str] = col(PLACE, Text)
    baseline: Mapped[str | None] = col(PLACE, Text)
    state: Mapped[GoalState] = col(KEY, enum_of(GoalState), default=GoalState.OPEN)
    set_on: Mapped[date] = col(PLACE)
    due_on: Mapped[date | None] = col(KEY)
    evidenced_on: Mapped[date | None] = col(PLACE)
    evidence: Mapped[str | None] = col(PLACE, Text)
    created_by_id: Mapped[int] = link("user_account")
    recorded_at: Mapped[datetime] = col(KEY)
    evidenced_recorded_at: Mapped[datetime | None] = col(KEY)


class ContextRisk(Keyed, Base):
    """Today's figure of a context, worked out again with each change: a copy, never a source."""

    __tablename__ = "context_risk"
    __table_args__ = (CheckConstraint("range_low <= range_high", name="range_in_order"),)

    context_id: Mapped[int] = link("context", unique=True)
    as_of: Mapped[date] = col(PLACE)
    score: Mapped[int] = col(PLACE, Integer)
    range_low: Mapped[int] = col(PLACE, Integer)
    range_high: Mapped[int] = col(PLACE, Integer)
    band: Mapped[str] = col(PLACE, String(40))
    band_low: Mapped[str] = col(PLACE, String(40))
    band_high: Mapped[str] = col(PLACE, String(40))
    counted: Mapped[int] = col(PLACE, Integer)
    too_few: Mapped[bool] = col(PLACE)
    contributions: Mapped[int] = col(PLACE, Integer)
    computed_at: Mapped[datetime] = col(KEY)
    rubric_version: Mapped[int] = col(KEY, Integer)


Index("ix_context_risk_score_context_id", ContextRisk.score.desc(), ContextRisk.context_id)


class Rubric(Keyed, Base):
    """One version of the numbers by which contexts are rated."""

    __tablename__ = "rubric"

    version: Mapped[int] = col(KEY, Integer, unique=True)
    in_force_from: Mapped[date] = col(REFERENCE)
    adopted_by: Mapped[str] = col(REFERENCE, String(200))
    reason: Mapped[str] = col(REFERENCE, Text)
    numbers: Mapped[str] = col(REFERENCE, Text)  # JSON


class Ward(Keyed, Base):
    """A ward of the borough, as an area."""

    __tablename__ = "ward"

    name: Mapped[str] = col(REFERENCE, String(100), unique=True)
    code: Mapped[str | None] = col(REFERENCE, String(9))
    polygon: Mapped[str] = col(REFERENCE, Text)  # the geometry of a GeoJSON feature
