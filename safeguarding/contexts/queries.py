"""What may be read of places: who sees which, the ranked list, one place, its incidents, its people.

Owns `visible_contexts`, the one condition by which a place is found: a restricted place is for those who review places,
a place of an import that is not complete for nobody. Incidents are seen through `records.live_incidents` alone. It must
not change anything, and it never counts people: those linked are shown one by one to whoever may see each of them.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
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
    union_all,
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
    GoalState,
    Handling,
    ImportRun,
    ImportState,
    Incident,
    IncidentSource,
    PersonContext,
    PersonIncident,
    SafetyGoal,
)
from safeguarding.contexts.records import PARTNERS, POLICE, Rows, facts_statement, live_incidents, told_statement
from safeguarding.contexts.words import TOO_FEW
from safeguarding.core import clock
from safeguarding.core.base import BigKey
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.relations.built import Asker, built
from safeguarding.relations.queries import Asks, related

PAGE = 50
MOST_CHOICES = 500
REVIEW_AHEAD = timedelta(days=14)
ROSE = 3
HISTORY_DAYS = 730
_ESCAPE = "/"  # before what stands for itself in a pattern
FEWEST = 5  # no count that is published is of fewer places
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


def visible_contexts(actor: Asks) -> ColumnElement[bool]:
    """Return the condition that the actor may see a place."""
    if not actor.may(Permission.CONTEXT_READ):
        return false()
    return _whole() if actor.may(Permission.CONTEXT_REVIEW) else and_(Context.is_restricted.is_(False), _whole())


def _whole() -> ColumnElement[bool]:
    """That the import which made a place, if one did, is complete."""
    unfinished = select(ImportRun.id).where(ImportRun.state != ImportState.COMPLETE)
    return or_(Context.run_id.is_(None), Context.run_id.not_in(unfinished))


def list_contexts(actor: Actor, filters: Filters, after: Place | None = None) -> list[Found]:
    """Return places with the highest score first, one more than a page where there are more, in one statement.

    Each row has the place, its figure, its last review (`last_score`, `reviewed_on`, `judged`) and how its goals stand
    (`goals_open`, `goal_due_on` the earliest of the open ones, `goals_reached`).
    """
    return _listed.rows(
        actor,
        kind=filters.kind,
        ward=filters.ward,
        band=filters.band if filters.band != TOO_FEW else None,
        is_too_few=filters.band == TOO_FEW,
        names=_names_like(filters.text) if filters.text else None,
        ref=normalise_reference(filters.text, "CX") if filters.text else None,
        after=(after.score, after.id) if after is not None else None,
    )


@built
def _listed(
    asker: Asker,
    kind: ContextKind | None,
    ward: str | None,
    band: str | None,
    is_too_few: bool,
    names: tuple[str, str] | None,
    ref: str | None,
    after: tuple[int, int] | None,
) -> Any:
    c, r = Context, ContextRisk
    place = (c.id, c.ref, c.name, c.kind, c.ward, c.step, c.grade, c.is_restricted, c.next_review_on)
    figure = (r.as_of, r.score, r.range_low, r.range_high, r.band, r.band_low, r.band_high, r.counted, r.too_few)
    columns: Any = select(*place, *figure)
    narrowed = columns.join(r, r.context_id == c.id).where(visible_contexts(asker), c.ended_on.is_(None))
    if kind is not None:
        narrowed = narrowed.where(c.kind == kind)
    if ward is not None:
        narrowed = narrowed.where(c.ward == ward)
    if is_too_few:
        narrowed = narrowed.where(r.too_few.is_(True))
    if band is not None:
        narrowed = narrowed.where(r.too_few.is_(False), r.band == band)
    if names is not None:
        narrowed = narrowed.where(_named(names, ref))
    if after is not None:
        score, key = after
        narrowed = narrowed.where(or_(r.score < score, and_(r.score == score, r.context_id > key)))
    picked = narrowed.order_by(r.score.desc(), r.context_id).limit(PAGE + 1).subquery("picked")
    review = (ContextReview.score.label("last_score"), ContextReview.reviewed_on, ContextReview.grade.label("judged"))
    return (
        select(picked, *review, *_goals_of(picked.c.id))
        .outerjoin(ContextReview, ContextReview.id == _newest_review(picked.c.id))
        .order_by(picked.c.score.desc(), picked.c.id)
    )


def _newest_review(context_id: Any) -> Any:
    newest = aliased(ContextReview)
    return (
        select(newest.id)
        .where(newest.context_id == context_id)
        .order_by(newest.reviewed_on.desc(), newest.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _goals_of(context_id: Any) -> list[ColumnElement[Any]]:
    def of(state: GoalState, what: Any) -> Any:
        mine = (SafetyGoal.context_id == context_id, SafetyGoal.state == state)
        return select(what).where(*mine).scalar_subquery()

    return [
        of(GoalState.OPEN, func.count()).label("goals_open"),
        of(GoalState.OPEN, func.min(SafetyGoal.due_on)).label("goal_due_on"),
        of(GoalState.EVIDENCED, func.count()).label("goals_reached"),
    ]


def _names_like(text: str) -> tuple[str, str]:
    """Return the patterns of a name that begins with a text, and of one of which a later word does."""
    begins = text.lower()
    for special in (_ESCAPE, "%", "_"):
        begins = begins.replace(special, _ESCAPE + special)
    return f"{begins}%", f"% {begins}%"


def _named(names: tuple[str, str], ref: str | None) -> ColumnElement[bool]:
    """That a name of a place is like one of two patterns, or that the place has the reference."""

    def matches(column: Any) -> ColumnElement[bool]:
        lowered = func.lower(column)
        return or_(*(lowered.like(pattern, escape=_ESCAPE) for pattern in names))

    alias = select(literal(1)).where(ContextAlias.context_id == Context.id, matches(ContextAlias.name)).exists()
    named = or_(matches(Context.name), alias)
    return or_(named, Context.ref == ref) if ref is not None else named


def list_wards(actor: Actor) -> list[str]:
    """Return the wards in which the actor may see a place."""
    return _wards.scalars(actor)


@built
def _wards(asker: Asker) -> Any:
    return (
        select(Context.ward)
        .where(visible_contexts(asker), Context.ward.is_not(None), Context.ended_on.is_(None))
        .distinct()
        .order_by(Context.ward)
        .limit(200)
    )


def choices(actor: Actor) -> list[Found]:
    """Return places (id, name, kind, ref, ward) for choosing one in a form, by name, at most 500."""
    statement = (
        select(Context.id, Context.name, Context.kind, Context.ref, Context.ward)
        .where(visible_contexts(actor), Context.ended_on.is_(None))
        .order_by(Context.name, Context.id)
        .limit(MOST_CHOICES)
    )
    return list(db.session.execute(statement))


@dataclass(frozen=True)
class Count:
    """A published count: a label, and the number rounded to the nearest five."""

    label: str
    rounded: int


def count_contexts(actor: Actor) -> dict[str, list[tuple[str, int]]]:
    """Return how many places there are by `kind`, `ward` and `band` (code, count), to be published by `published`.

    Restricted places are left out altogether.
    """
    if not actor.may(Permission.CONTEXT_COUNTS):
        raise ForbiddenError("Your role does not include counts of places.")
    band = case((ContextRisk.too_few.is_(true()), TOO_FEW), else_=cast(ContextRisk.band, String(40)))
    keys = {"kind": Context.kind, "ward": func.coalesce(Context.ward, ""), "band": band}
    found: dict[str, list[tuple[str, int]]] = {what: [] for what in keys}
    for row in db.session.execute(union_all(*(_counted(what, key) for what, key in keys.items()))):
        found[row.what].append((row.key, row.number))
    return found


def _counted(what: str, key: Any) -> Rows:
    columns: Any = select(
        literal(what).label("what"), cast(key, String(100)).label("key"), func.count().label("number")
    )
    counted: Rows = (
        columns.select_from(Context)
        .join(ContextRisk, ContextRisk.context_id == Context.id)
        .where(Context.is_restricted.is_(False), Context.ended_on.is_(None), _whole())
        .group_by("key")
    )
    return counted


def published(counts: list[tuple[str, int]], what: str) -> list[Count]:
    """Return counts of which none is of fewer than five: the smaller ones are put together ("Other kinds", `what` being
    the plural).

    Where those are fewer than five themselves the next smallest joins them, so that no total gives them away. Where
    there are fewer than ten in all, nothing is published. Numbers are rounded to the nearest five.
    """
    if sum(number for _, number in counts) < 2 * FEWEST:
        return []
    largest = sorted(counts, key=lambda each: (-each[1], each[0]))
    shown = [each for each in largest if each[1] >= FEWEST]
    together = [number for _, number in largest if number < FEWEST]
    while together and sum(together) < FEWEST:
        together.append(shown.pop()[1])
    if together:
        shown.append((f"Other {what}" if shown else f"All {what} together", sum(together)))
    return [Count(label, FEWEST * round(number / FEWEST)) for label, number in shown]


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
        .outerjoin(review, review.id == _newest_review(Context.id))
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
    joined = func.aggregate_strings(ContextAlias.name, ", ")
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
    i, first = Incident, aliased(Incident)
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
            first.ref.label("first_ref"),
        )
        .outerjoin(first, and_(first.source == i.source, first.identity == i.identity, first.version_no == 1))
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


_INCIDENT = (
    Incident.id,
    Incident.version_no,
    Incident.harm,
    Incident.category,
    Incident.happened_on,
    Incident.happened_at,
    Incident.precision,
    Incident.grade,
    Incident.source_grade,
    Incident.handling,
    Incident.handling_conditions,
    Incident.involves_young_person,
    Incident.counts,
    Incident.place_certain,
    Incident.told_by,
    Incident.told_by_agency_id,
    Incident.description,
    Incident.recorded_at,
    Incident.source,
    Incident.identity,
    Incident.informant.is_not(None).label("has_informant"),
)


def access_incident(context: Any, ref: str) -> Found:
    """Return the newest version of a partner's incident at a place, named by the reference of its first version.

    Whether its text may be shown is for `may_read_text` to say. Raises NotFoundError.
    """
    first = aliased(Incident)
    wanted = (first.ref == (normalise_reference(ref, "IR") or ""), first.source == IncidentSource.PARTNER)
    found: Found | None = db.session.execute(
        select(
            *_INCIDENT,
            first.ref,
            first.id.label("first_id"),
            User.name.label("recorder"),
            Agency.short_name.label("agency"),
        )
        .select_from(Incident)
        .join(first, and_(first.source == Incident.source, first.identity == Incident.identity))
        .outerjoin(Agency, Agency.id == Incident.told_by_agency_id)
        .outerjoin(User, User.id == Incident.recorded_by_id)
        .where(*wanted, Incident.context_id == context.id, live_incidents())
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def may_read_text(actor: Actor, incident: Any) -> bool:
    """Return whether the actor may read what an incident's teller wrote: what was given under handling conditions is
    for the agency that told it and for those who review places."""
    if incident.handling is Handling.PERMITTED or actor.may(Permission.CONTEXT_REVIEW):
        return True
    return incident.told_by_agency_id is not None and incident.told_by_agency_id in actor.agency_ids


def incident_entity(incident_id: int) -> Incident:
    """Return the entity of an incident that was found through `access_incident`, for a command."""
    return db.session.get_one(Incident, incident_id)


def access_factor(context: Any, factor_id: int) -> Found:
    """Return a factor of a place. Raises NotFoundError."""
    f = models.ContextFactor
    found: Found | None = db.session.execute(
        select(f.id, f.kind, f.text, f.happened_on, f.ended_on).where(f.context_id == context.id, f.id == factor_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def access_goal(context: Any, ref: str) -> Found:
    """Return a safety goal of a place. Raises NotFoundError."""
    g = SafetyGoal
    columns = (g.id, g.ref, g.statement, g.measure, g.state, g.set_on, g.evidence, g.evidenced_on, g.version)
    found: Found | None = db.session.execute(
        select(*columns).where(g.context_id == context.id, g.ref == (normalise_reference(ref, "SG") or ""))
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def list_people(actor: Actor, context: Any, limit: int = PAGE) -> list[Found]:
    """Return those linked to a place whom the actor may see, by name, with what the place is to each (`role`, or `part`
    for a part in an incident here). Nothing tells how many others there are: rows that the actor may not see are not read.
    """
    if not actor.holds(Permission.CONTEXT_PEOPLE):
        raise ForbiddenError("Your role does not include people linked to places.")
    links = union(_linked(context.id), _involved(context.id)).subquery("links")
    person = (Person.ref, Person.given_name, Person.family_name, Person.born_on)
    return list(
        db.session.execute(
            select(*person, links.c.role, links.c.part, links.c.source, links.c.confidence, links.c.since_on)
            .join(links, links.c.person_id == Person.id)
            .where(related(actor, "person", Person.id, Permission.CONTEXT_PEOPLE))
            .order_by(Person.sort_key, Person.id, links.c.role, links.c.part, links.c.since_on)
            .limit(limit)
        )
    )


def _linked(context_id: int) -> Rows:
    p, today = PersonContext, clock.today()
    return select(
        p.person_id,
        cast(p.role, String(40)).label("role"),
        cast(null(), String(40)).label("part"),
        p.source,
        cast(p.confidence, String(40)).label("confidence"),
        p.since_on,
    ).where(
        p.context_id == context_id,
        or_(p.until_on.is_(None), p.until_on >= today),
        or_(p.expires_on.is_(None), p.expires_on >= today),
    )


def _involved(context_id: int) -> Rows:
    p, first = PersonIncident, aliased(Incident)
    return (
        select(
            p.person_id,
            cast(null(), String(40)),
            cast(p.part, String(40)),
            p.source,
            cast(null(), String(40)),
            Incident.happened_on,
        )
        .join(first, first.id == p.incident_identity_id)
        .join(Incident, and_(Incident.source == first.source, Incident.identity == first.identity))
        .where(Incident.context_id == context_id, live_incidents())
    )


def list_to_review(actor: Actor, limit: int = 10) -> tuple[list[Found], list[Found]]:
    """Return places whose review is due within two weeks or overdue, the longest overdue first, at most `limit` and one
    more, and the three highest of those that rose since their last review; in one statement."""
    due = (
        _work_columns("due", literal(0))
        .where(Context.next_review_on <= clock.today() + REVIEW_AHEAD)
        .where(visible_contexts(actor), Context.ended_on.is_(None))
        .order_by(Context.next_review_on, Context.id)
        .limit(limit + 1)
        .subquery()
    )
    rise = ContextRisk.score - ContextReview.score
    rose = (
        _work_columns("rose", rise)
        .join(ContextReview, ContextReview.id == _newest_review(Context.id))
        .where(visible_contexts(actor), Context.ended_on.is_(None), rise > 0)
        .order_by(ContextRisk.score.desc(), Context.id)
        .limit(ROSE)
        .subquery()
    )
    rows = db.session.execute(union_all(select(due), select(rose))).all()
    by_day = sorted((row for row in rows if row.what == "due"), key=lambda row: (row.next_review_on, row.id))
    by_score = sorted((row for row in rows if row.what == "rose"), key=lambda row: (-row.score, row.id))
    return by_day, by_score


def _work_columns(what: str, rise: Any) -> Rows:
    c, r = Context, ContextRisk
    columns = (c.id, c.ref, c.name, c.kind, c.ward, c.next_review_on, r.score, r.band, r.too_few)
    statement: Any = select(literal(what).label("what"), *columns, cast(rise, BigKey).label("rise"))
    joined: Rows = statement.join(r, r.context_id == c.id)
    return joined
