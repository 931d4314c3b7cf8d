"""What may be read of places: who sees which, the ranked list, one place, its incidents, its people.

Owns `visible_contexts`, the one condition by which a place is found: a restricted place is for those who review places,
a place of an import that is not complete for nobody. Incidents are seen through `records.live_incidents` alone. It must
not change anything, and it never counts people: those linked are shown one by one to whoever may see each of them.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    Date,
    Row,
    String,
    and_,
    case,
    cast,
    extract,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency
from safeguarding.contexts import models
from safeguarding.contexts.models import (
    Context,
    ContextAlias,
    ContextKind,
    ContextReview,
    ContextRisk,
    Handling,
    ImportRun,
    ImportState,
    Incident,
    IncidentSource,
    PersonContext,
    PersonIncident,
    SafetyGoal,
)
from safeguarding.contexts.records import PARTNERS, POLICE, facts_statement, live_incidents, told_statement
from safeguarding.contexts.rubric import Band
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.relations.queries import related

PAGE = 50
MOST_CHOICES = 500
SOON = timedelta(days=14)
HISTORY_DAYS = 730
DISCLOSURE = 5  # a count below this is not shown to those who may see counts alone
TOO_FEW = "too_few"
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Filters:
    """What a list of places is narrowed to; `band` is a band of the rubric or "too_few"."""

    kind: ContextKind | None = None
    ward: str | None = None
    band: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a keyset page of places ends: the score and the id of its last row."""

    score: int
    id: int


def visible_contexts(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor may see a place."""
    if not actor.may(Permission.CONTEXT_READ):
        return false()
    return _whole() if actor.may(Permission.CONTEXT_REVIEW) else and_(Context.is_restricted.is_(False), _whole())


def _whole() -> ColumnElement[bool]:
    """That the import which made a place, if one did, is complete."""
    unfinished = select(ImportRun.id).where(ImportRun.state != ImportState.COMPLETE)
    return or_(Context.run_id.is_(None), Context.run_id.not_in(unfinished))


def list_contexts(actor: Actor, filters: Filters, after: Place | None = None) -> list[Found]:
    """Return places with the highest score first, one more than a page where there are more."""
    last_score = (
        select(ContextReview.score)
        .where(ContextReview.context_id == Context.id)
        .order_by(ContextReview.reviewed_on.desc(), ContextReview.id.desc())
        .limit(1)
        .correlate(Context)
        .scalar_subquery()
    )
    c, r = Context, ContextRisk
    columns = (c.id, c.ref, c.name, c.kind, c.ward, c.step, c.grade, c.is_restricted, c.next_review_on)
    figures = (r.as_of, r.score, r.range_low, r.range_high, r.band, r.band_low, r.band_high, r.counted, r.too_few)
    statement = (
        select(*columns, *figures, last_score.label("last_score"))
        .join(r, r.context_id == c.id)
        .where(visible_contexts(actor), c.ended_on.is_(None), *_narrowed(filters))
        .order_by(r.score.desc(), r.context_id)
        .limit(PAGE + 1)
    )
    if after is not None:
        statement = statement.where(or_(r.score < after.score, and_(r.score == after.score, r.context_id > after.id)))
    return list(db.session.execute(statement))


def _narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.kind is not None:
        conditions.append(Context.kind == filters.kind)
    if filters.ward is not None:
        conditions.append(Context.ward == filters.ward)
    if filters.band == TOO_FEW:
        conditions.append(ContextRisk.too_few.is_(True))
    elif filters.band is not None:
        conditions += [ContextRisk.too_few.is_(False), ContextRisk.band == filters.band]
    if filters.text:
        conditions.append(_named(filters.text))
    return conditions


def _named(text: str) -> ColumnElement[bool]:
    """That a place's name, another name of it, or its reference holds the text."""
    plain = text.lower()
    alias = select(ContextAlias.id).where(
        ContextAlias.context_id == Context.id, func.lower(ContextAlias.name).contains(plain, autoescape=True)
    )
    named = or_(func.lower(Context.name).contains(plain, autoescape=True), alias.exists())
    ref = normalise_reference(text, "CX")
    return or_(named, Context.ref == ref) if ref else named


def list_wards(actor: Actor) -> list[str]:
    """Return the wards in which the actor may see a place."""
    statement = (
        select(Context.ward)
        .where(visible_contexts(actor), Context.ward.is_not(None), Context.ended_on.is_(None))
        .distinct()
        .order_by(Context.ward)
        .limit(200)
    )
    return [ward for ward in db.session.scalars(statement) if ward is not None]


def choices(actor: Actor) -> list[Found]:
    """Return places (id, name, kind, ref, ward) for choosing one in a form, by name, at most 500."""
    statement = (
        select(Context.id, Context.name, Context.kind, Context.ref, Context.ward)
        .where(visible_contexts(actor), Context.ended_on.is_(None))
        .order_by(Context.name, Context.id)
        .limit(MOST_CHOICES)
    )
    return list(db.session.execute(statement))


def count_by_kind(actor: Actor) -> list[Found]:
    """Return (kind, places, incidents counted in a year) for those who may see counts alone.

    Restricted places are left out altogether. What is below the threshold is the caller's to hide.
    """
    if not actor.may(Permission.CONTEXT_COUNTS):
        raise ForbiddenError("Your role does not include counts of places.")
    statement = (
        select(
            Context.kind,
            func.count(Context.id).label("places"),
            func.coalesce(func.sum(ContextRisk.counted), 0).label("incidents"),
        )
        .join(ContextRisk, ContextRisk.context_id == Context.id)
        .where(Context.is_restricted.is_(False), Context.ended_on.is_(None), _whole())
        .group_by(Context.kind)
        .order_by(Context.kind)
    )
    return list(db.session.execute(statement))


def access_context(actor: Actor, ref: str, permission: Permission = Permission.CONTEXT_READ) -> Found:
    """Return a place with its figure, lead, agency, last review and the rubric in force, in one statement.

    Raises NotFoundError where it is hidden or absent, ForbiddenError where it may only be read.
    """
    today = clock.today()
    lead, rubric = aliased(User), _rubric_in_force(today)
    review = aliased(ContextReview)
    statement = (
        select(
            *(column for column in Context.__table__.columns if column.key != "polygon"),
            lead.name.label("lead_name"),
            Agency.short_name.label("agency_name"),
            ContextRisk.as_of,
            rubric.c.version.label("rubric_version"),
            rubric.c.in_force_from,
            rubric.c.adopted_by,
            rubric.c.reason.label("rubric_reason"),
            rubric.c.numbers,
            review.reviewed_on,
            review.explanation,
            review.rubric_version.label("reviewed_by_rubric"),
            _mean_of_kind(today).label("mean_of_kind"),
            _aliases().label("aliases"),
        )
        .outerjoin(ContextRisk, ContextRisk.context_id == Context.id)
        .outerjoin(lead, lead.id == Context.lead_user_id)
        .outerjoin(Agency, Agency.id == Context.owner_agency_id)
        .outerjoin(rubric, true())
        .outerjoin(review, review.id == _last_review())
        .where(Context.ref == (normalise_reference(ref, "CX") or ""), visible_contexts(actor))
    )
    return _found(statement, actor, permission)


def glance_at(actor: Actor, ref: str, permission: Permission = Permission.CONTEXT_READ) -> Found:
    """Return the columns that every page of a place needs; raises as `access_context` does."""
    c = Context
    columns = (c.id, c.ref, c.name, c.kind, c.ward, c.step, c.grade, c.is_restricted, c.next_review_on, c.version)
    statement = select(*columns).where(Context.ref == (normalise_reference(ref, "CX") or ""), visible_contexts(actor))
    return _found(statement, actor, permission)


def _found(statement: Any, actor: Actor, permission: Permission) -> Found:
    found: Found | None = db.session.execute(statement).one_or_none()
    if found is None:
        raise NotFoundError
    if not actor.may(permission):
        raise ForbiddenError("Those who lead on places do this.")
    return found


def _rubric_in_force(day: date) -> Any:
    r = models.Rubric
    columns = (r.version, r.in_force_from, r.adopted_by, r.reason, r.numbers)
    newest = select(*columns).where(r.in_force_from <= day).order_by(r.in_force_from.desc(), r.version.desc())
    return newest.limit(1).subquery("rubric_in_force")


def _last_review() -> Any:
    v = ContextReview
    newest = select(v.id).where(v.context_id == Context.id).order_by(v.reviewed_on.desc(), v.id.desc()).limit(1)
    return newest.correlate(Context).scalar_subquery()


def _mean_of_kind(today: date) -> Any:
    """The mean number of incidents a month at places of the same kind, over two years."""
    other = aliased(Context)
    since = today - timedelta(days=HISTORY_DAYS)
    told = (
        select(func.count(Incident.id))
        .select_from(other)
        .join(Incident, Incident.context_id == other.id)
        .where(
            other.kind == Context.kind,
            Incident.source.in_(PARTNERS),
            Incident.happened_on >= since,
            Incident.counts.is_(True),
            live_incidents(),
        )
        .correlate(Context)
        .scalar_subquery()
    )
    places = select(func.count(other.id)).where(other.kind == Context.kind).correlate(Context).scalar_subquery()
    return told * 1.0 / (places * 24)


def _aliases() -> Any:
    joined = (
        func.group_concat(ContextAlias.name, ", ")
        if db.engine.dialect.name == "sqlite"
        else func.string_agg(ContextAlias.name, ", ")
    )
    return select(joined).where(ContextAlias.context_id == Context.id).correlate(Context).scalar_subquery()


def told(context_id: int) -> list[Found]:
    """Return every version of what partners told of a place."""
    return list(db.session.execute(told_statement([context_id])))


def facts(context_id: int) -> list[Found]:
    """Return a place's factors, goals and reviews; see `records.facts_statement`."""
    return list(db.session.execute(facts_statement([context_id])))


def background_months(context_id: int, since: date) -> list[Found]:
    """Return (source, year, month, count) of open police data matched to a place, oldest first."""
    year, month = extract("year", Incident.happened_on), extract("month", Incident.happened_on)
    statement = (
        select(Incident.source, year.label("year"), month.label("month"), func.count().label("count"))
        .where(
            Incident.context_id == context_id,
            Incident.source.in_(POLICE),
            Incident.happened_on >= since,
            live_incidents(),
        )
        .group_by(Incident.source, year, month)
        .order_by(Incident.source, year, month)
    )
    return list(db.session.execute(statement))


def list_incidents(context_id: int, published: bool, before: tuple[date, int] | None = None) -> list[Found]:
    """Return incidents at a place, newest first, one more than a page where there are more.

    `published`: open police data, which never counts; otherwise what partners told.
    """
    i = Incident
    statement = (
        select(
            i.id,
            i.source,
            i.identity,
            i.version_no,
            i.happened_on,
            i.happened_at,
            i.precision,
            i.category,
            i.harm,
            i.grade,
            i.source_grade,
            i.handling,
            i.involves_young_person,
            i.counts,
            i.place_text,
            i.match_distance_m,
            i.match_rule,
            i.place_certain,
            i.outcome,
            i.told_by,
            i.force,
            case((i.handling == Handling.PERMITTED, i.description), else_=null()).label("description"),
            Agency.short_name.label("agency_name"),
            ImportRun.file_name,
        )
        .outerjoin(Agency, Agency.id == i.told_by_agency_id)
        .outerjoin(ImportRun, ImportRun.id == i.run_id)
        .where(i.context_id == context_id, i.source.in_(POLICE if published else PARTNERS), live_incidents())
        .order_by(i.happened_on.desc(), i.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        day, key = before
        statement = statement.where(or_(i.happened_on < day, and_(i.happened_on == day, i.id < key)))
    return list(db.session.execute(statement))


def incident_at(context_id: int, incident_id: int) -> Incident:
    """Return a partner's incident at a place, in its newest version. Raises NotFoundError."""
    found = db.session.scalars(
        select(Incident).where(
            Incident.id == incident_id,
            Incident.context_id == context_id,
            Incident.source == IncidentSource.PARTNER,
            live_incidents(),
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def people_of(actor: Actor, context_id: int) -> list[Found]:
    """Return those linked to a place whom the actor may see, with what the place is to each, by name.

    Nothing tells how many others there are: the rows that the actor may not see are not read.
    """
    if not actor.holds(Permission.CONTEXT_PEOPLE):
        raise ForbiddenError("Your role does not include people linked to places.")
    today = clock.today()
    here = select(
        PersonContext.person_id.label("person_id"),
        cast(PersonContext.role, String).label("role"),
        PersonContext.source.label("source"),
        cast(PersonContext.confidence, String).label("confidence"),
        PersonContext.since_on.label("since_on"),
        PersonContext.expires_on.label("expires_on"),
    ).where(
        PersonContext.context_id == context_id,
        or_(PersonContext.until_on.is_(None), PersonContext.until_on >= today),
        or_(PersonContext.expires_on.is_(None), PersonContext.expires_on >= today),
    )
    first = aliased(Incident)
    involved = (
        select(
            PersonIncident.person_id,
            cast(PersonIncident.part, String),
            PersonIncident.source,
            literal("reported"),
            Incident.happened_on,
            cast(null(), Date),
        )
        .join(first, first.id == PersonIncident.incident_identity_id)
        .join(Incident, and_(Incident.source == first.source, Incident.identity == first.identity))
        .where(Incident.context_id == context_id, live_incidents())
    )
    links = union(here, involved).subquery("links")
    statement = (
        select(
            Person.ref,
            Person.kind,
            Person.given_name,
            Person.family_name,
            Person.born_on,
            links.c.role,
            links.c.source,
            links.c.confidence,
            links.c.since_on,
            links.c.expires_on,
        )
        .join(links, links.c.person_id == Person.id)
        .where(related(actor, "person", Person.id, Permission.CONTEXT_PEOPLE))
        .order_by(Person.sort_key, Person.id, links.c.role)
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


def access_goal(actor: Actor, context_id: int, ref: str) -> SafetyGoal:
    """Return a safety goal of a place, for changing it. Raises NotFoundError, ForbiddenError."""
    if not actor.may(Permission.CONTEXT_REVIEW):
        raise ForbiddenError("Those who lead on places do this.")
    found = db.session.scalars(
        select(SafetyGoal).where(SafetyGoal.context_id == context_id, SafetyGoal.ref == normalise_reference(ref, "SG"))
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def reviews_due(actor: Actor, limit: int = 10) -> list[Found]:
    """Return places whose review is due within two weeks or overdue, the longest overdue first."""
    statement = (
        select(
            Context.ref,
            Context.name,
            Context.kind,
            Context.ward,
            Context.grade,
            Context.next_review_on,
            ContextRisk.band,
            ContextRisk.too_few,
            ContextRisk.score,
        )
        .join(ContextRisk, ContextRisk.context_id == Context.id)
        .where(visible_contexts(actor), Context.next_review_on <= clock.today() + SOON, Context.ended_on.is_(None))
        .order_by(Context.next_review_on, Context.id)
        .limit(limit)
    )
    return list(db.session.execute(statement))


BANDS = (*(band.value for band in Band), TOO_FEW)
