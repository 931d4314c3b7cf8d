"""The rows that tell of a place, as the rubric's plain records.

Owns the two statements that read them (what was told, what was assessed) and what their columns mean. It must not
decide who may see anything, store anything, or read a column that names a young person.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, case, cast, func, literal, null, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Date, String, Text

from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency
from safeguarding.contexts import models, rubric
from safeguarding.contexts.models import (
    ContextFactor,
    ContextReview,
    GoalState,
    ImportRun,
    ImportState,
    Incident,
    IncidentSource,
    SafetyGoal,
)
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm
from safeguarding.core.base import BigKey
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db

Rows = Select[*tuple[Any, ...]]
POLICE = (IncidentSource.POLICE_STREET, IncidentSource.POLICE_STOP_AND_SEARCH)
PARTNERS = (IncidentSource.ISTV, IncidentSource.CSV, IncidentSource.PARTNER)
_OTHERS = {IncidentSource.ISTV: "Emergency department", IncidentSource.CSV: "Partner’s list"}


@dataclass(frozen=True, slots=True)
class Inputs:
    """All versions of everything recorded about one place, as the rubric takes them."""

    incidents: Sequence[rubric.Incident] = ()
    factors: Sequence[rubric.Factor] = ()
    judgements: Sequence[rubric.Judgement] = ()

    def explain(self, numbers: rubric.Rubric, as_of: date, ref: str) -> rubric.Explanation:
        """Return the score as it stood at the end of a day, with its reasons."""
        return rubric.score(self.incidents, self.factors, numbers, as_of, context=ref, judgements=self.judgements)

    def around(self, day: date, days: int) -> "Inputs":
        """Return the inputs without records that lie wholly outside of so many days before a day.

        A record with any version inside is kept in all its versions, since the newest decides.
        """
        within = {i.key for i in self.incidents if 0 <= (day - i.happened_on).days < days}
        return replace(self, incidents=tuple(i for i in self.incidents if i.key in within))


def live_incidents() -> ColumnElement[bool]:
    """Return the one condition by which every read sees incidents: whole imports alone, and the newest version.

    A row of a run that is not complete counts nowhere, and what it will replace stays until then.
    """
    unfinished = select(ImportRun.id).where(ImportRun.state != ImportState.COMPLETE)
    return and_(
        or_(Incident.run_id.is_(None), Incident.run_id.not_in(unfinished)),
        or_(
            Incident.superseded_at.is_(None),
            and_(Incident.superseded_run_id.is_not(None), Incident.superseded_run_id.in_(unfinished)),
        ),
    )


@dataclass(frozen=True, slots=True)
class Pending:
    """A run that is about to be complete, and the instant at which it will be."""

    run_id: int
    at: datetime


def told_statement(context_ids: Collection[int], pending: Pending | None = None) -> Rows:
    """Return a select of every version of every partner's record that was ever matched to these contexts.

    A version that has since been matched to another context is among them, so that an earlier day reads alike and
    the later one lacks it. Open police data is background and left out. Rows of a run are known from the moment when
    the run was complete; `pending` answers as if a run were so already.
    """
    anchor = Incident.__table__.alias("anchor")
    counts = or_(Incident.run_id.is_(None), ImportRun.state == ImportState.COMPLETE)
    known_at: ColumnElement[datetime] = func.coalesce(ImportRun.finished_at, Incident.recorded_at)
    if pending is not None:
        is_pending = Incident.run_id == pending.run_id
        counts = or_(counts, is_pending)
        known_at = case((is_pending, literal(pending.at, UTCDateTime())), else_=known_at)
    return (
        select(
            anchor.c.context_id.label("for_context"),
            Incident.id,
            Incident.ref,
            Incident.source,
            Incident.identity,
            Incident.version_no,
            known_at.label("known_at"),
            Incident.context_id,
            Incident.harm,
            Incident.category,
            Incident.grade,
            Incident.happened_on,
            Incident.precision,
            Incident.place_certain,
            Incident.involves_young_person,
            Incident.counts,
            Incident.event_key,
            Incident.force,
            Incident.told_by,
            Agency.short_name.label("agency_name"),
        )
        .select_from(anchor)
        .join(Incident, and_(Incident.source == anchor.c.source, Incident.identity == anchor.c.identity))
        .outerjoin(ImportRun, ImportRun.id == Incident.run_id)
        .outerjoin(Agency, Agency.id == Incident.told_by_agency_id)
        .where(anchor.c.context_id.in_(sorted(context_ids)), anchor.c.source.in_(PARTNERS), counts)
        .distinct()
    )


def source_name(row: Any) -> str:
    """Return who told of an incident, as pages and explanations name it."""
    given = row.agency_name or row.told_by or row.force
    known = _OTHERS.get(row.source)
    if row.source is IncidentSource.ISTV and given:
        return f"{known}, {given}"
    return given or known or "A partner"


def incident_of(row: Any) -> rubric.Incident:
    """Return the rubric's record of one row of `told_statement`."""
    return rubric.Incident(
        key=f"{row.source.value}:{row.identity}",
        category=row.harm or IncidentHarm.OTHER,
        grade=row.grade,
        happened_on=row.happened_on,
        recorded_at=row.known_at,
        source=source_name(row),
        place_certain=row.place_certain,
        young_person_involved=_young(row),
        event=row.event_key,
        withdrawn=row.context_id != row.for_context,
        version=row.version_no,
    )


def _young(row: Any) -> bool | None:
    """Whether somebody aged 10 to 25 was involved: yes, certainly not, or not said."""
    if row.involves_young_person:
        return True
    return None if row.counts else False


def facts_statement(context_ids: Collection[int]) -> Rows:
    """Return one select of the factors, safety goals and reviews of these contexts, told apart by `what`.

    Columns, by what: factor (its kind): title, source, on_, until_on, until_recorded_at; goal: ref, title (statement),
    change (hoped change), measure, baseline, detail (evidence), state, due_on, on_ (evidenced), set_on, version;
    review: ref, title (rationale), detail (reason where it differs), grade, on_, due_on (next), score, band, by_name.
    """
    return select(union_all(_factors(context_ids), _goals(context_ids), _reviews(context_ids)).subquery("facts"))


def _text() -> ColumnElement[Any]:
    return cast(null(), Text)


def _day() -> ColumnElement[Any]:
    return cast(null(), Date)


def _instant() -> ColumnElement[Any]:
    return cast(null(), UTCDateTime())


def _number() -> ColumnElement[Any]:
    return cast(null(), BigKey)


def _factors(context_ids: Collection[int]) -> Rows:
    f = ContextFactor
    return select(
        f.context_id,
        cast(f.kind, String).label("what"),
        f.id,
        _text().label("ref"),
        f.text.label("title"),
        f.source.label("source"),
        _text().label("detail"),
        _text().label("change"),
        _text().label("measure"),
        _text().label("baseline"),
        _text().label("state"),
        _text().label("grade"),
        _text().label("band"),
        _number().label("score"),
        _number().label("version"),
        f.happened_on.label("on_"),
        _day().label("set_on"),
        _day().label("due_on"),
        f.ended_on.label("until_on"),
        f.recorded_at.label("recorded_at"),
        f.ended_recorded_at.label("until_recorded_at"),
        _text().label("by_name"),
    ).where(f.context_id.in_(sorted(context_ids)))


def _goals(context_ids: Collection[int]) -> Rows:
    g = SafetyGoal
    return select(
        g.context_id,
        literal("goal"),
        g.id,
        cast(g.ref, Text),
        g.statement,
        literal("Safety goal"),
        g.evidence,
        g.hoped_change,
        g.measure,
        g.baseline,
        cast(g.state, Text),
        _text(),
        _text(),
        _number(),
        cast(g.version, BigKey),
        g.evidenced_on,
        g.set_on,
        g.due_on,
        _day(),
        func.coalesce(g.evidenced_recorded_at, g.recorded_at),
        _instant(),
        _text(),
    ).where(g.context_id.in_(sorted(context_ids)))


def _reviews(context_ids: Collection[int]) -> Rows:
    v = ContextReview
    return (
        select(
            v.context_id,
            literal("review"),
            v.id,
            cast(v.ref, Text),
            v.rationale,
            literal("Review"),
            v.differs_reason,
            v.what_changed,
            _text(),
            _text(),
            _text(),
            cast(v.grade, Text),
            cast(v.band, Text),
            cast(v.score, BigKey),
            _number(),
            v.reviewed_on,
            _day(),
            v.next_review_on,
            _day(),
            v.recorded_at,
            _instant(),
            cast(User.name, Text),
        )
        .join(User, User.id == v.reviewer_id)
        .where(v.context_id.in_(sorted(context_ids)))
    )


def inputs_of(told: Iterable[Any], facts: Iterable[Any]) -> Inputs:
    """Return one context's inputs from its rows of the two statements."""
    facts = tuple(facts)
    return Inputs(
        incidents=tuple(incident_of(row) for row in told),
        factors=tuple(_factors_of(facts)),
        judgements=tuple(_judgement_of(row) for row in facts if row.what == "review"),
    )


def _judgement_of(row: Any) -> rubric.Judgement:
    return rubric.Judgement(ContextGrade(row.grade), row.detail or row.title, row.by_name, row.on_, row.recorded_at)


def _factors_of(facts: Sequence[Any]) -> Iterator[rubric.Factor]:
    yield from _assessments(facts)
    for row in facts:
        if row.what == "goal" and row.state == GoalState.EVIDENCED:
            yield rubric.Factor(
                f"goal:{row.id}", rubric.FactorKind.GOAL, row.source, row.on_, row.recorded_at, label=row.title
            )
        elif row.what not in ("goal", "review"):
            yield from _factor_versions(row)


def _assessments(facts: Sequence[Any]) -> Iterator[rubric.Factor]:
    """The assessments that the findings are of: findings carry the day of theirs."""
    first: dict[date, datetime] = {}
    for row in facts:
        if row.what == models.FactorKind.FINDING:
            first[row.on_] = min(row.recorded_at, first.get(row.on_, row.recorded_at))
    for day, recorded_at in first.items():
        yield rubric.Factor(_assessment_key(day), rubric.FactorKind.ASSESSMENT, "Assessment", day, recorded_at)


def _assessment_key(day: date) -> str:
    return f"assessment:{day.isoformat()}"


def _factor_versions(row: Any) -> Iterator[rubric.Factor]:
    """A factor as it was recorded, and as it was recorded to have ended."""
    kind = rubric.FactorKind(row.what)
    assessment = _assessment_key(row.on_) if kind is rubric.FactorKind.FINDING else None
    begun = rubric.Factor(
        f"factor:{row.id}", kind, row.source, row.on_, row.recorded_at, assessment=assessment, label=row.title
    )
    yield begun
    if row.until_on is not None:
        yield rubric.Factor(
            begun.key, kind, row.source, row.on_, row.until_recorded_at, row.until_on, assessment, row.title, version=2
        )


def load_inputs(context_ids: Collection[int], pending: Pending | None = None) -> dict[int, Inputs]:
    """Return the inputs of several contexts, by id, in two statements."""
    if not context_ids:
        return {}
    told: dict[int, list[Any]] = defaultdict(list)
    facts: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(told_statement(context_ids, pending)):
        told[row.for_context].append(row)
    for row in db.session.execute(facts_statement(context_ids)):
        facts[row.context_id].append(row)
    return {key: inputs_of(told[key], facts[key]) for key in context_ids}


def latest_rows(rows: Iterable[Row[Any]], as_of: date) -> list[Row[Any]]:
    """Return the newest version of each record that is at its context now, newest event first."""
    newest: dict[tuple[Any, str], Row[Any]] = {}
    for row in rows:
        held = newest.get((row.source, row.identity))
        if held is None or row.version_no > held.version_no:
            newest[row.source, row.identity] = row
    here = [row for row in newest.values() if row.context_id == row.for_context and row.happened_on <= as_of]
    return sorted(here, key=lambda row: (row.happened_on, row.id), reverse=True)
