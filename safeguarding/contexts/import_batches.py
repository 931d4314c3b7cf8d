"""What a batch of a file's rows means for the tables: which are new, which changed, which say nothing new.

Owns the plans of incidents and of contexts, read outside of any writing transaction, and their writing inside one.
Statements of Core alone: a file may have hundreds of thousands of rows. It must not open or commit a transaction, and
it must not know runs beyond their id.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import Table, func, insert, literal, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String

from safeguarding.contexts import risk
from safeguarding.contexts.formats.catalogue import CONTEXT_FORMATS
from safeguarding.contexts.formats.rows import ContextRow, IncidentRow
from safeguarding.contexts.formats.schools import Gias
from safeguarding.contexts.matching import Matcher
from safeguarding.contexts.models import (
    Context,
    ContextKind,
    ContextRisk,
    ContextStep,
    ContextVersion,
    Handling,
    Incident,
    IncidentSource,
    Ward,
)
from safeguarding.contexts.placing import NO_CONTEXT, match_columns
from safeguarding.core import clock
from safeguarding.core.canonical import canonical_json
from safeguarding.core.geo import AreaIndex
from safeguarding.core.references import new_reference
from safeguarding.extensions import db

SOURCES: Mapping[str, IncidentSource] = {
    "police-street": IncidentSource.POLICE_STREET,
    "police-stop-and-search": IncidentSource.POLICE_STOP_AND_SEARCH,
    "istv": IncidentSource.ISTV,
    "csv": IncidentSource.CSV,
}
T = TypeVar("T", contravariant=True)
_REMEMBERED = 50_000  # points whose match is kept: published points are few, and many rows share one


def _table(model: Any) -> Table:
    return cast(Table, model.__table__)


@dataclass
class Plan:
    """What a batch will write, and how its rows are counted."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    matched: int = 0
    digest: str = ""
    inserts: list[dict[str, Any]] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    changes: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    wards: list[dict[str, Any]] = field(default_factory=list)


class Batches(Protocol, Generic[T]):
    """Plans and writes the batches of one file."""

    def plan(self, rows: Sequence[T]) -> Plan:
        """Return what these rows mean; reads only."""
        ...

    def write(self, plan: Plan, run_id: int, now: datetime) -> None:
        """Write a plan within the caller's writing transaction."""
        ...


def digest_of(rows: Iterable[IncidentRow | ContextRow]) -> str:
    """Return the SHA-256 over the rows' own digests, in order."""
    hashed = hashlib.sha256()
    for row in rows:
        hashed.update(row.content_digest.encode())
    return hashed.hexdigest()


# Incidents

_incident = _table(Incident)
_INSERT_INCIDENTS = insert(_incident)


class IncidentBatches:
    """Incidents: a known identity with other content is another version, and the earlier one is kept."""

    def __init__(self, format_name: str, matcher: Matcher[int]) -> None:
        self._source = SOURCES[format_name]
        self._matcher = matcher
        self._matches: dict[tuple[float, float, str], Mapping[str, Any]] = {}

    def plan(self, rows: Sequence[IncidentRow]) -> Plan:
        """Return which rows are new, which replace which version, and which are as they were."""
        known = self._known(rows)
        plan = Plan(digest=digest_of(rows))
        for row in rows:
            held = known.get(row.identity)
            if held is not None and held.content_digest == row.content_digest:
                plan.unchanged += 1
                plan.matched += held.context_id is not None
                continue
            match = self._match(row)
            plan.matched += match["context_id"] is not None
            plan.inserts.append(self._columns(row, match, 1 if held is None else held.version_no + 1))
            if held is None:
                plan.created += 1
            else:
                plan.updated += 1
                plan.replaced.append(held.id)
        return plan

    def write(self, plan: Plan, run_id: int, now: datetime) -> None:
        """Store new versions and mark those they will replace once the run is complete."""
        if plan.inserts:
            _insert_incidents([{**columns, "run_id": run_id, "recorded_at": now} for columns in plan.inserts])
        if plan.replaced:
            db.session.execute(
                update(_incident)
                .where(_incident.c.id.in_(plan.replaced))
                .values(superseded_run_id=run_id, superseded_at=now)
            )

    def _known(self, rows: Sequence[IncidentRow]) -> dict[str, Any]:
        """The newest version of each identity. Only one import runs, so that none is being written meanwhile."""
        identities = [row.identity for row in rows]
        if not identities:
            return {}
        one_by_one = db.engine.dialect.name == "postgresql"
        statement = _newest_one_by_one(self._source, identities) if one_by_one else _all(self._source, identities)
        return {row.identity: row for row in db.session.execute(statement)}

    def _match(self, row: IncidentRow) -> Mapping[str, Any]:
        if row.lat is None or row.lng is None:
            return NO_CONTEXT
        key = (row.lat, row.lng, row.location)
        known = self._matches.get(key)
        if known is None:
            if len(self._matches) >= _REMEMBERED:
                self._matches.clear()
            known = self._matches[key] = match_columns(self._matcher.match(row.lat, row.lng, row.location))
        return known

    def _columns(self, row: IncidentRow, match: Mapping[str, Any], version: int) -> dict[str, Any]:
        lsoa = row.lsoa_code if 0 < len(row.lsoa_code) <= 9 else None
        return {
            "source": self._source,
            "identity": row.identity,
            "version_no": version,
            "force": _short(row.force, 80),
            "happened_on": row.occurred_on,
            "happened_at": row.occurred_at,
            "precision": row.precision,
            "category": row.category[:120],
            "harm": row.harm,
            "grade": row.grade,
            "handling": Handling.PERMITTED,
            "involves_young_person": row.young_person_involved is True,
            "counts": not row.background and row.young_person_involved is not False,
            "latitude": row.lat,
            "longitude": row.lng,
            "place_text": row.location or None,
            "lsoa": lsoa,
            "lsoa_vintage": row.lsoa_vintage.value if lsoa else None,
            **match,
            "outcome": row.outcome or None,
            "content_digest": row.content_digest,
            "content": row.content,
        }


def _insert_incidents(rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of equal columns; on PostgreSQL all by one INSERT, which costs much less than as many.

    COPY, which would cost no more, is refused by row-level security.
    """
    if db.engine.dialect.name != "postgresql":
        db.session.execute(_INSERT_INCIDENTS, rows)
        return
    names = ", ".join(rows[0])  # of columns, as the code above writes them; what a file holds goes as a parameter
    taken = f"SELECT {names} FROM json_populate_recordset(NULL::{_incident.name}, %(rows)s::json)"  # noqa: S608
    db.session.connection().exec_driver_sql(
        f"INSERT INTO {_incident.name} ({names}) {taken}",
        {"rows": json.dumps(rows, default=_plain)},
    )


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value.isoformat()


def _columns_known() -> tuple[Any, ...]:
    i = _incident.c
    return i.identity, i.id, i.version_no, i.content_digest, i.context_id


def _all(source: IncidentSource, identities: Sequence[str]) -> Any:
    i = _incident.c
    of_these = select(*_columns_known()).where(i.source == source, i.identity.in_(identities))
    return of_these.order_by(i.identity, i.version_no)


def _newest_one_by_one(source: IncidentSource, identities: Sequence[str]) -> Any:
    """One look-up in the index for each identity.

    A table that has just grown by a file has no statistics yet, and from a list PostgreSQL then reads all of a source.
    """
    i = _incident.c
    wanted = func.unnest(literal(identities, ARRAY(String))).table_valued("identity", name="wanted").render_derived()
    newest = (
        select(*_columns_known())
        .where(i.source == source, i.identity == wanted.c.identity)
        .order_by(i.version_no.desc())
        .limit(1)
        .lateral("newest")
    )
    return select(*newest.c).select_from(wanted).join(newest, true())


# Contexts

_KINDS: Mapping[str, ContextKind] = {
    **{kind.value: kind for kind in ContextKind},
    "playground": ContextKind.PARK,
    "transport_stop": ContextKind.TRANSPORT_ROUTE,
}
_context = _table(Context)
REGISTER = Gias.name
_KEPT = (
    "source",
    "name",
    "kind",
    "ward",
    "latitude",
    "longitude",
    "polygon",
    "postcode",
    "description",
    "ended_on",
    "source_digest",
)


class ContextBatches:
    """Places: known by their source's key, in whichever file; what a place was before it changed is kept.

    The source that told of a place first is the one that may change it: the same school in another list says nothing
    new. The national register alone may change whatever school it tells of, and is its source from then on. Wards are
    the borough's outline rather than contexts, and are kept as such.
    """

    def __init__(self, format_name: str, kind: str | None, wards: AreaIndex[str]) -> None:
        self._source = format_name
        self._are_wards = kind is not None and kind.strip().casefold().rstrip("s") == "ward"
        self._wards = wards

    def plan(self, rows: Sequence[ContextRow]) -> Plan:
        """Return which places are new, which changed, and which are as they were."""
        plan = Plan(digest=digest_of(rows))
        ours: list[ContextRow] = []
        wards: list[ContextRow] = []
        for row in rows:
            if row.repeats is not None:
                plan.unchanged += 1
            elif self._is_ward(row):
                wards.append(row)
            else:
                ours.append(row)
        self._plan_contexts(ours, plan)
        self._plan_wards(wards, plan)
        return plan

    def write(self, plan: Plan, run_id: int, now: datetime) -> None:
        """Store what is new, and what a place was before each change of it."""
        if plan.inserts:
            rows = [{**columns, "run_id": run_id, "created_at": now} for columns in plan.inserts]
            made = db.session.scalars(insert(_context).returning(_context.c.id), rows).all()
            empty = risk.empty_figure(0)
            db.session.execute(insert(_table(ContextRisk)), [{**empty, "context_id": key} for key in made])
        for held, values in plan.changes:
            self._change(held, values, run_id, now)
        for ward in plan.wards:
            _write_ward(ward)

    def _is_ward(self, row: ContextRow) -> bool:
        return row.area is not None and (self._are_wards or row.kind_given.strip().casefold() == "ward")

    def _plan_contexts(self, rows: Sequence[ContextRow], plan: Plan) -> None:
        known = _known_contexts(rows)
        for row in rows:
            plan.matched += self._known_ward(row) is not None
            held = known.get(row.identity)
            if held is not None and self._says_nothing_new(held, row):
                plan.unchanged += 1
                continue
            columns = self._columns(row)
            if held is None:
                plan.created += 1
                plan.inserts.append({**columns, **self._first(row)})
            else:
                plan.updated += 1
                plan.changes.append((held, {**columns, "source": self._source}))

    def _says_nothing_new(self, held: Any, row: ContextRow) -> bool:
        if held.source != self._source:
            return self._source != REGISTER
        return bool(held.source_digest == row.content_digest)

    def _columns(self, row: ContextRow) -> dict[str, Any]:
        return {
            "name": clean(row.name)[:200],
            "kind": _KINDS.get(row.kind, ContextKind.OTHER),
            "ward": self._ward_of(row),
            "latitude": row.lat,
            "longitude": row.lng,
            "polygon": canonical_json(row.area.to_geojson()) if row.area else None,
            "postcode": clean(row.postcode) if 0 < len(row.postcode) <= 8 else None,
            "description": _description(row),
            "ended_on": _ended_on(row),
            "source_digest": row.content_digest,
        }

    def _first(self, row: ContextRow) -> dict[str, Any]:
        kind = _KINDS.get(row.kind, ContextKind.OTHER)
        return {
            "ref": new_reference("CX"),
            "source": self._source,
            "source_key": row.identity,
            "step": ContextStep.CONCERN,
            "is_restricted": kind is ContextKind.PRIVATE_ADDRESS,
            "version": 1,
        }

    def _ward_of(self, row: ContextRow) -> str | None:
        """The ward that holds the point, where wards are known; else the one the file names."""
        return self._known_ward(row) or _short(clean(row.ward), 100)

    def _known_ward(self, row: ContextRow) -> str | None:
        return None if row.lat is None or row.lng is None else self._wards.find(row.lat, row.lng)

    def _change(self, held: Any, values: dict[str, Any], run_id: int, now: datetime) -> None:
        was = canonical_json({name: getattr(held, name) for name in _KEPT})
        db.session.execute(
            insert(_table(ContextVersion)).values(context_id=held.id, replaced_at=now, run_id=run_id, content=was)
        )
        db.session.execute(
            update(_context).where(_context.c.id == held.id).values(**values, version=_context.c.version + 1)
        )

    def _plan_wards(self, rows: Sequence[ContextRow], plan: Plan) -> None:
        if not rows:
            return
        names = {row.identity: clean(row.name)[:100] for row in rows}
        known = {ward.name: ward for ward in db.session.execute(select(Ward.name, Ward.code, Ward.polygon))}
        for row in rows:
            columns = {
                "name": names[row.identity],
                "code": row.reference if 0 < len(row.reference) <= 9 else None,
                "polygon": canonical_json(row.area.to_geojson() if row.area else None),
            }
            held = known.get(columns["name"])
            if held is None:
                plan.created += 1
                plan.wards.append(columns)
            elif (held.code, held.polygon) == (columns["code"], columns["polygon"]):
                plan.unchanged += 1
            else:
                plan.updated += 1
                plan.wards.append(columns)


def restored(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a context's columns as a kept version holds them."""
    values = {name: content[name] for name in _KEPT}
    values["kind"] = ContextKind(values["kind"])
    values["ended_on"] = date.fromisoformat(values["ended_on"]) if values["ended_on"] else None
    return values


def _known_contexts(rows: Sequence[ContextRow]) -> dict[str, Any]:
    c = _context.c
    columns = (c.id, c.source_key, *(c[name] for name in _KEPT))
    # All sources are named, because the index begins with the source.
    statement = select(*columns).where(
        c.source.in_(sorted(CONTEXT_FORMATS)), c.source_key.in_([row.identity for row in rows])
    )
    return {row.source_key: row for row in db.session.execute(statement)}


def _write_ward(columns: dict[str, Any]) -> None:
    """A ward's outline is reference data: a new one takes the place of the old."""
    table = _table(Ward)
    changed = db.session.execute(update(table).where(table.c.name == columns["name"]).values(**columns))
    if not changed.rowcount:  # type: ignore[attr-defined]
        db.session.execute(insert(table).values(**columns))


def _description(row: ContextRow) -> str | None:
    ages = f"ages {row.age_low} to {row.age_high}" if row.age_low is not None and row.age_high is not None else ""
    word = row.kind_given if row.kind not in _KINDS or row.kind == "other" else ""
    parts = (clean(part).strip() for part in (word, row.phase, ages, row.address))
    return ". ".join(part[:1].upper() + part[1:] for part in parts if part) or None


def _ended_on(row: ContextRow) -> date | None:
    return row.closed_on or clock.today() if row.is_closed else None


def _short(text: str, limit: int) -> str | None:
    return text[:limit] or None


def clean(text: str) -> str:
    """Return a text that every database stores: JSON may hold halves of characters, which none does."""
    return text.encode("utf-8", "replace").decode("utf-8")


def chunks(keys: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Return the keys in runs of at most `size`."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
