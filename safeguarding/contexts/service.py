"""Commands about places: add one, record an incident, a factor, a review, a goal, link a person, refresh the risk.

Owns every change of a context made by people. Each checks who asks, changes, brings the materialised figure up to date
and leaves its audit event, all in the caller's transaction. It must not decide how a score comes about, and what it
records about places names no young person: people are linked by tables of their own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.agencies.held_back import refuse_copies
from safeguarding.audit import service as audit
from safeguarding.contexts import risk, workflow
from safeguarding.contexts.matching import Match, Matcher
from safeguarding.contexts.models import (
    Context,
    ContextAlias,
    ContextFactor,
    ContextKind,
    ContextReview,
    ContextRisk,
    ContextRole,
    ContextStep,
    FactorKind,
    GoalState,
    Handling,
    Incident,
    IncidentPart,
    IncidentSource,
    PersonContext,
    PersonIncident,
    SafetyGoal,
    SourceGrade,
)
from safeguarding.contexts.placing import NO_CONTEXT, load_matcher, match_columns, place_of
from safeguarding.contexts.rubric import Explanation, compare, spoken
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade, Precision
from safeguarding.core import clock, sealing
from safeguarding.core.canonical import digest
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.geo import is_coordinate
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.people.models import Confidence, Person
from safeguarding.relations.queries import relations_to, subjects

NAMED = "named by who recorded it"
CLOSED = frozenset({ContextStep.CLOSED_SAFER, ContextStep.CLOSED_NO_EVIDENCE, ContextStep.TRANSFERRED})
FIRST_REVIEW = "The first review: there is nothing earlier to compare with."
M = TypeVar("M", SafetyGoal, ContextFactor)
_figures_wait: ContextVar[bool] = ContextVar("figures_wait", default=False)


# Contexts


def add_context(
    actor: Actor,
    *,
    name: str,
    kind: ContextKind,
    ward: str | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    polygon: str | None = None,
    postcode: str | None = None,
    description: str | None = None,
    what_is_strong: str | None = None,
    step: ContextStep = ContextStep.CONCERN,
    grade: ContextGrade | None = None,
    lead_user_id: int | None = None,
    owner_agency_id: int | None = None,
    is_restricted: bool = False,
    aliases: Sequence[str] = (),
    next_review_on: date | None = None,
) -> Context:
    """Add a place or space. A private address is somebody's home, so it is always restricted.

    `polygon` is the geometry of a GeoJSON feature as text. Raises RuleError for half a point or one off the globe.
    """
    _need(actor, Permission.CONTEXT_REVIEW)
    _check_point(latitude, longitude)
    context = Context(
        ref=new_reference("CX"),
        name=name,
        kind=kind,
        ward=ward,
        latitude=latitude,
        longitude=longitude,
        polygon=polygon,
        postcode=postcode,
        description=description,
        what_is_strong=what_is_strong,
        step=step,
        grade=grade,
        lead_user_id=lead_user_id,
        owner_agency_id=owner_agency_id,
        is_restricted=is_restricted or kind is ContextKind.PRIVATE_ADDRESS,
        next_review_on=next_review_on,
        created_at=clock.now(),
        version=1,
    )
    db.session.add(context)
    db.session.flush()
    db.session.add_all(ContextAlias(context_id=context.id, name=alias) for alias in dict.fromkeys(aliases))
    db.session.add(ContextRisk(**risk.empty_figure(context.id)))
    audit.record("contexts:context:added", actor, context.ref, kind=kind)
    db.session.flush()
    return context


# Incidents


def record_incident(
    actor: Actor,
    *,
    harm: IncidentHarm,
    happened_on: date,
    happened_at: datetime | None = None,
    month_only: bool = False,
    context_id: int | None = None,
    place_certain: bool = True,
    place_text: str | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    grade: InformationGrade = InformationGrade.UNGRADED,
    source_grade: SourceGrade | None = None,
    handling: Handling = Handling.PERMITTED,
    handling_conditions: str | None = None,
    involves_young_person: bool | None = None,
    told_by_agency_id: int | None = None,
    told_by: str | None = None,
    description: str | None = None,
    category: str | None = None,
    event_key: str | None = None,
    people: Sequence[tuple[int, IncidentPart]] = (),
    informant: str | None = None,
) -> Incident:
    """Record what a partner knows of an incident, and return its first version.

    `happened_on` is London's day; with `happened_at` the instant is known, with `month_only` no more than the month.
    `involves_young_person`: somebody aged 10 to 25 was involved (True), certainly nobody was (False), not said (None,
    which counts). With a context the incident is there because the recorder says so (`place_certain`: in it or within
    50 metres); with a point alone it is matched by the rule. `event_key` is shared by records of one event.
    `people` are (person id, part); their names stay out of every text. `informant` is who told it, by name: it is sealed
    at once, and seen by grant alone. Raises RuleError, NotFoundError for a context
    or a person that the actor may not see.
    """
    _need(actor, Permission.INCIDENT_RECORD)
    _check_incident(happened_on, happened_at, handling, handling_conditions)
    _check_point(latitude, longitude)
    _check_people(actor, people, description, place_text)
    place = _place(actor, context_id, place_certain, latitude, longitude, place_text)
    now = clock.now()
    ref = new_reference("IR")
    incident = Incident(
        source=IncidentSource.PARTNER,
        identity=digest([IncidentSource.PARTNER, ref]),
        version_no=1,
        ref=ref,
        recorded_at=now,
        happened_on=happened_on.replace(day=1) if month_only else happened_on,
        happened_at=None if month_only else happened_at,
        precision=_precision(happened_at, month_only),
        category=category or harm.label,
        harm=harm,
        grade=grade,
        source_grade=source_grade,
        handling=handling,
        handling_conditions=handling_conditions if handling is Handling.CONDITIONS else None,
        involves_young_person=bool(involves_young_person),
        counts=involves_young_person is not False,
        latitude=latitude,
        longitude=longitude,
        place_text=place_text,
        **place,
        event_key=event_key,
        told_by_agency_id=told_by_agency_id if told_by_agency_id is not None else _only_agency(actor),
        told_by=told_by,
        description=description,
        recorded_by_id=actor.user_id,
        content_digest="",
    )
    if informant:
        incident.informant = sealing.seal(Incident.informant, (incident.source, incident.identity), informant)
    incident.content_digest = _content_digest(incident)
    db.session.add(incident)
    db.session.flush()
    _add_people(actor, incident, people, now)
    _brought_up_to_date([incident.context_id])
    audit.record(
        "contexts:incident:recorded",
        actor,
        ref,
        harm=harm,
        context=_ref_of(incident.context_id),
        informant=incident.informant is not None,
    )
    db.session.flush()
    return incident


def correct_incident(actor: Actor, incident: Incident, *, read_version: int, **changes: Any) -> Incident:
    """Record another version of a partner's incident and return it; the earlier one stays as it was.

    `changes` are among harm, grade, source_grade, involves_young_person, description, context_id (where it happened
    instead; None: nowhere known). Raises StaleError when `read_version` is not the newest.
    """
    _need(actor, Permission.CONTEXT_REVIEW)
    held = _newest_version(incident)
    if held.version_no != read_version:
        raise StaleError
    unknown = set(changes) - {"harm", "grade", "source_grade", "involves_young_person", "description", "context_id"}
    if unknown:
        raise ValueError(f"an incident's {', '.join(sorted(unknown))} cannot be corrected")
    if changes.get("description") not in (None, held.description):
        _check_linked(actor, held, changes["description"])
    values = {
        column.key: getattr(held, column.key)
        for column in Incident.__table__.columns
        if column.key not in ("id", "ref")
    }
    values.update(_corrected(actor, held, changes))
    now = clock.now()
    values.update(version_no=held.version_no + 1, recorded_at=now, recorded_by_id=actor.user_id, superseded_at=None)
    corrected = Incident(**values)
    corrected.content_digest = _content_digest(corrected)
    held.superseded_at = now
    db.session.add(corrected)
    db.session.flush()
    _brought_up_to_date([held.context_id, corrected.context_id])
    first = db.session.scalar(
        select(Incident.ref).where(
            Incident.source == held.source, Incident.identity == held.identity, Incident.version_no == 1
        )
    )
    audit.record("contexts:incident:corrected", actor, first, fields=sorted(changes), version=corrected.version_no)
    db.session.flush()
    return corrected


def _newest_version(incident: Incident) -> Incident:
    if incident.source is not IncidentSource.PARTNER:
        raise RuleError("What came with a file is corrected by its sender: ask for the file again.")
    return db.session.scalars(
        select(Incident)
        .where(Incident.source == incident.source, Incident.identity == incident.identity)
        .order_by(Incident.version_no.desc())
        .limit(1)
        .with_for_update()
    ).one()


def _corrected(actor: Actor, held: Incident, changes: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(changes)
    if "involves_young_person" in values:
        young = values["involves_young_person"]
        values.update(involves_young_person=bool(young), counts=young is not False)
    if "harm" in values:
        values["category"] = values["harm"].label
    if "context_id" in values and values["context_id"] != held.context_id:
        moved = _place(actor, values["context_id"], held.place_certain, held.latitude, held.longitude, None)
        values.update(moved if values["context_id"] is not None else NO_CONTEXT)
    return values


def _check_incident(
    happened_on: date, happened_at: datetime | None, handling: Handling, conditions: str | None
) -> None:
    if happened_on > clock.today():
        raise RuleError("The incident cannot lie in the future. Check the date.", "happened_on")
    if happened_at is not None and clock.london(happened_at).date() != happened_on:
        raise RuleError("The day and the time do not belong together. Check both.", "happened_on")
    if handling is Handling.CONDITIONS and not conditions:
        raise RuleError("Say under which conditions this may be passed on.", "handling_conditions")


def _precision(happened_at: datetime | None, month_only: bool) -> Precision:
    if month_only:
        return Precision.MONTH
    return Precision.DAY if happened_at is None else Precision.INSTANT


def _place(
    actor: Actor, context_id: int | None, certain: bool, lat: float | None, lng: float | None, text: str | None
) -> Mapping[str, Any]:
    """The columns that say at which context an incident was, how far from it, and by what rule."""
    if context_id is not None:
        row = db.session.execute(_candidate(context_id)).one_or_none()
        if row is None or (row.is_restricted and not actor.may(Permission.CONTEXT_REVIEW)):
            raise NotFoundError
        distance = _distance(row, lat, lng)
        return {
            "context_id": context_id,
            "match_distance_m": distance,
            "match_rule": NAMED,
            "place_certain": certain if distance is None else certain and distance <= 50,
        }
    if lat is None or lng is None:
        return NO_CONTEXT
    return match_columns(load_matcher().match(lat, lng, text or ""))


def _candidate(context_id: int) -> Any:
    c = Context
    columns = (c.id, c.name, c.kind, c.latitude, c.longitude, c.polygon, c.is_restricted)
    return select(*columns).where(c.id == context_id)


def _distance(row: Any, lat: float | None, lng: float | None) -> int | None:
    """Metres from a context to a point, as far as both are known and lie within a kilometre."""
    place = place_of(row, ())
    if lat is None or lng is None or place is None or (place.lat is None and place.area is None):
        return None
    found = Matcher([place], radii_m={}, default_radius_m=1_000.0).match(lat, lng)
    return round(found.distance_m) if isinstance(found, Match) else None


def _check_people(actor: Actor, people: Sequence[tuple[int, IncidentPart]], *texts: str | None) -> None:
    """Only people the actor may see, and no name of theirs in a text that is about a place."""
    for person_id, _ in people:
        if not actor.may(Permission.PERSON_LINK, relations_to(actor, "person", person_id)):
            raise NotFoundError
        refuse_copies(actor, person_id, texts)
    if not people:
        return
    written = {word for text in texts for word in re.findall(r"[\w'’-]+", (text or "").casefold())}
    names = select(Person.given_name, Person.family_name).where(Person.id.in_([key for key, _ in people]))
    for given, family in db.session.execute(names):
        if {given.casefold(), family.casefold()} & written:
            raise RuleError("Take the name out of the text: people are linked, and never named here.", "description")


def _check_linked(actor: Actor, held: Incident, description: str) -> None:
    """Refuse a new description as `_check_people` would, for the linked people whom the actor may see."""
    first = select(Incident.id).where(
        Incident.source == held.source, Incident.identity == held.identity, Incident.version_no == 1
    )
    linked = select(PersonIncident.person_id, PersonIncident.part).where(
        PersonIncident.incident_identity_id.in_(first),
        PersonIncident.person_id.in_(subjects(actor, "person", Permission.PERSON_LINK)),
    )
    _check_people(actor, [(row.person_id, row.part) for row in db.session.execute(linked)], description)


def _add_people(actor: Actor, incident: Incident, people: Sequence[tuple[int, IncidentPart]], at: datetime) -> None:
    for person_id, part in dict.fromkeys(people):
        db.session.add(
            PersonIncident(
                incident_identity_id=incident.id,
                person_id=person_id,
                part=part,
                source=incident.told_by or "Recorded with the incident",
                created_at=at,
                created_by_id=_user(actor),
            )
        )


_TOLD = (
    "happened_on",
    "happened_at",
    "category",
    "harm",
    "grade",
    "source_grade",
    "handling",
    "handling_conditions",
    "involves_young_person",
    "counts",
    "latitude",
    "longitude",
    "place_text",
    "context_id",
    "event_key",
    "told_by_agency_id",
    "told_by",
    "description",
)


def _content_digest(incident: Incident) -> str:
    return digest({name: getattr(incident, name) for name in _TOLD})


def _only_agency(actor: Actor) -> int | None:
    return next(iter(actor.agency_ids)) if len(actor.agency_ids) == 1 else None


# What was assessed


def add_factor(
    actor: Actor, context_id: int, *, kind: FactorKind, text: str, source: str, happened_on: date
) -> ContextFactor:
    """Record a finding, a concern of young people or residents, or a named guardian.

    The findings of one assessment carry its day, and only those of the latest count.
    """
    context = _for_change(actor, context_id)
    if happened_on > clock.today():
        raise RuleError("This cannot lie in the future. Check the date.", "happened_on")
    factor = ContextFactor(
        context_id=context.id,
        kind=kind,
        text=text,
        source=source,
        happened_on=happened_on,
        recorded_at=clock.now(),
        recorded_by_id=_user(actor),
    )
    db.session.add(factor)
    db.session.flush()
    _brought_up_to_date([context.id])
    audit.record("contexts:factor:added", actor, context.ref, kind=kind, factor=factor.id)
    return factor


def end_factor(actor: Actor, context_id: int, factor_id: int, *, ended_on: date) -> ContextFactor:
    """Record that a factor no longer holds from this day on. Raises NotFoundError, RuleError."""
    context = _for_change(actor, context_id)
    factor = _of_context(ContextFactor, context, factor_id)
    if factor.ended_on is not None:
        raise RuleError(f"This ended on {spoken(factor.ended_on)} already.", "ended_on")
    if ended_on < factor.happened_on or ended_on > clock.today():
        raise RuleError(f"The end lies between {spoken(factor.happened_on)} and today.", "ended_on")
    factor.ended_on = ended_on
    factor.ended_recorded_at = clock.now()
    db.session.flush()
    _brought_up_to_date([context.id])
    audit.record("contexts:factor:ended", actor, context.ref, kind=factor.kind, factor=factor.id)
    return factor


# Reviews


def review_context(
    actor: Actor,
    context_id: int,
    *,
    grade: ContextGrade,
    rationale: str,
    next_review_on: date,
    differs_reason: str | None = None,
    step: ContextStep | None = None,
    read_version: int | None = None,
) -> ContextReview:
    """Record a judgement beside what the rubric works out today, with the whole explanation as it stands.

    The judgement never alters the sum; where it names another level than the band speaks for, it says why. `step`
    moves the work on the place as its workflow allows. Raises RuleError, StaleError, NotFoundError.
    """
    context = _for_change(actor, context_id)
    if read_version is not None and read_version != context.version:
        raise StaleError
    today = clock.today()
    if next_review_on <= today:
        raise RuleError("The next review must lie ahead.", "next_review_on")
    if step is not None:
        require(workflow.CONTEXT, context.step, step)
    explanation = risk.refresh([context.id], today)[context.id]
    if explanation.differs_from(grade) and not differs_reason:
        raise RuleError("Your judgement differs from the band. Say why.", "differs_reason")
    review = _review_of(actor, context, explanation, grade, rationale, differs_reason, next_review_on)
    db.session.add(review)
    context.grade = grade
    context.step = step or context.step
    context.next_review_on = None if context.step in CLOSED else next_review_on
    context.version += 1
    audit.record("contexts:context:reviewed", actor, context.ref, review=review.ref, grade=grade, band=review.band)
    db.session.flush()
    return review


def _review_of(
    actor: Actor,
    context: Context,
    explanation: Explanation,
    grade: ContextGrade,
    rationale: str,
    differs_reason: str | None,
    next_review_on: date,
) -> ContextReview:
    return ContextReview(
        ref=new_reference("CR"),
        context_id=context.id,
        reviewed_on=explanation.as_of,
        score=explanation.score,
        range_low=explanation.low,
        range_high=explanation.high,
        band="too_few" if explanation.too_few else explanation.band.value,
        rubric_version=explanation.rubric.version,
        explanation=risk.snapshot(explanation),
        what_changed=_what_changed(context.id, explanation),
        grade=grade,
        rationale=rationale,
        differs_reason=differs_reason,
        next_review_on=next_review_on,
        reviewer_id=_user(actor),
        recorded_at=clock.now(),
    )


def _what_changed(context_id: int, explanation: Explanation) -> str:
    last = db.session.execute(
        select(ContextReview.explanation, ContextReview.rubric_version)
        .where(ContextReview.context_id == context_id)
        .order_by(ContextReview.reviewed_on.desc(), ContextReview.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return FIRST_REVIEW
    earlier = risk.from_snapshot(last.explanation, risk.rubric_version(last.rubric_version))
    changes = compare(earlier, explanation).changes
    lines = [f"{c.factor}, {spoken(c.on)}, {c.source}: {c.kind.label.lower()}, {c.points:+,}" for c in changes]
    return "\n".join(lines) or "Nothing changed."


# Safety goals


def set_goal(
    actor: Actor,
    context_id: int,
    *,
    statement: str,
    hoped_change: str,
    measure: str,
    baseline: str | None = None,
    due_on: date | None = None,
) -> SafetyGoal:
    """Set what shall be different in a place and how one will know. Goals measure change, never effort."""
    context = _for_change(actor, context_id)
    today = clock.today()
    if due_on is not None and due_on <= today:
        raise RuleError("The goal’s date must lie ahead.", "due_on")
    goal = SafetyGoal(
        ref=new_reference("SG"),
        context_id=context.id,
        statement=statement,
        hoped_change=hoped_change,
        measure=measure,
        baseline=baseline,
        state=GoalState.OPEN,
        set_on=today,
        due_on=due_on,
        created_by_id=_user(actor),
        recorded_at=clock.now(),
        version=1,
    )
    db.session.add(goal)
    db.session.flush()
    _brought_up_to_date([context.id])
    audit.record("contexts:goal:set", actor, context.ref, goal=goal.ref)
    return goal


def evidence_goal(
    actor: Actor,
    context_id: int,
    goal_id: int,
    *,
    evidence: str,
    evidenced_on: date,
    read_version: int,
    outcome: GoalState = GoalState.EVIDENCED,
) -> SafetyGoal:
    """Record how a goal ended: reached, with the evidence, or not reached or withdrawn, with what was found.

    An evidenced goal takes points off for 180 days. Raises RuleError, StaleError, NotFoundError.
    """
    context = _for_change(actor, context_id)
    goal = _of_context(SafetyGoal, context, goal_id)
    if goal.version != read_version:
        raise StaleError
    require(workflow.GOAL, goal.state, outcome)
    if not goal.set_on <= evidenced_on <= clock.today():
        raise RuleError(f"The day lies between {spoken(goal.set_on)} and today.", "evidenced_on")
    goal.state = outcome
    goal.evidence = evidence
    if outcome is GoalState.EVIDENCED:
        goal.evidenced_on, goal.evidenced_recorded_at = evidenced_on, clock.now()
    goal.version += 1
    db.session.flush()
    _brought_up_to_date([context.id])
    audit.record("contexts:goal:ended", actor, context.ref, goal=goal.ref, outcome=outcome)
    return goal


# People


def link_person_context(
    actor: Actor,
    person_id: int,
    context_id: int,
    *,
    role: ContextRole,
    source: str,
    confidence: Confidence = Confidence.REPORTED,
    since_on: date | None = None,
    until_on: date | None = None,
    expires_on: date | None = None,
) -> PersonContext:
    """Record what a place is to a person: said by whom, how surely, and until when it holds."""
    if not actor.may(Permission.CONTEXT_PEOPLE, relations_to(actor, "person", person_id)):
        raise NotFoundError
    row = db.session.execute(select(Context.ref, Context.is_restricted).where(Context.id == context_id)).one_or_none()
    if row is None or (row.is_restricted and not actor.may(Permission.CONTEXT_REVIEW)):
        raise NotFoundError
    ref = row.ref
    if since_on is not None and until_on is not None and until_on < since_on:
        raise RuleError("The end cannot be before the beginning.", "until_on")
    found = PersonContext(
        person_id=person_id,
        context_id=context_id,
        role=role,
        since_on=since_on,
        until_on=until_on,
        source=source,
        confidence=confidence,
        expires_on=expires_on,
        created_at=clock.now(),
        created_by_id=_user(actor),
    )
    db.session.add(found)
    db.session.flush()
    audit.record("contexts:person:linked", actor, ref, person=_person_ref(person_id), role=role)
    return found


def _person_ref(person_id: int) -> str | None:
    return db.session.scalar(select(Person.ref).where(Person.id == person_id))


# The materialised figure


def refresh_risk(actor: Actor, as_of: date | None = None, context_ids: Sequence[int] | None = None) -> int:
    """Re-window the figure of these contexts, or of all that are not of this day, and return how many.

    The figure moves by the passing of days alone; this is to be run every day. Large partnerships call it in chunks.
    """
    _need(actor, Permission.CONTEXT_REVIEW)
    day = as_of or clock.today()
    wanted = list(context_ids) if context_ids is not None else risk.ids_to_refresh(day)
    if wanted:
        risk.refresh(wanted, day)
        audit.record("contexts:risk:refreshed", actor, None, count=len(wanted), as_of=day)
    return len(wanted)


# What the commands share


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise ForbiddenError()


def _user(actor: Actor) -> int:
    """The user who acts: what is said about a place is said by a person."""
    if actor.user_id is None:
        raise ForbiddenError("A signed-in person records this, not a command.")
    return actor.user_id


def _for_change(actor: Actor, context_id: int) -> Context:
    """The context, locked, for those who may review it."""
    _need(actor, Permission.CONTEXT_REVIEW)
    context = db.session.scalars(select(Context).where(Context.id == context_id).with_for_update()).one_or_none()
    if context is None:
        raise NotFoundError
    return context


def _of_context(what: type[M], context: Context, key: int) -> M:
    found = db.session.scalars(
        select(what).where(what.id == key, what.context_id == context.id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def _brought_up_to_date(context_ids: Sequence[int | None]) -> None:
    known = {key for key in context_ids if key is not None}
    if known and not _figures_wait.get():
        risk.refresh(known)


@contextmanager
def figures_wait() -> Iterator[None]:
    """Leave the materialised figures as they are; whoever asks for that refreshes all of them afterwards."""
    token = _figures_wait.set(True)
    try:
        yield
    finally:
        _figures_wait.reset(token)


def _ref_of(context_id: int | None) -> str | None:
    return None if context_id is None else db.session.scalar(select(Context.ref).where(Context.id == context_id))


def _check_point(latitude: float | None, longitude: float | None) -> None:
    if (latitude is None) != (longitude is None):
        raise RuleError("Give both the latitude and the longitude, or neither.", "latitude")
    if latitude is not None and longitude is not None and not is_coordinate(latitude, longitude):
        raise RuleError("The point is not on the globe. Use degrees, like 51.4613 and -0.1156.", "latitude")
