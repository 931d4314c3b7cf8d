"""The risk of places: the rubric in force, explanations from the tables, and the materialised figure kept in step.

Owns the table `context_risk`, which is a copy and never a source: `refresh` works it out again inside the transaction
of each change, after locking it. It must not decide who may see or change anything; it rates places, never people.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, or_, select, update

from safeguarding.contexts import models, rubric
from safeguarding.contexts.models import Context, ContextRisk
from safeguarding.contexts.records import Inputs, Rows, load_inputs
from safeguarding.contexts.rubric import Explanation
from safeguarding.contexts.vocabulary import IncidentHarm, InformationGrade
from safeguarding.core import clock
from safeguarding.core.canonical import canonical_json
from safeguarding.core.database import is_writing
from safeguarding.extensions import db

CHUNK = 50  # contexts worked out together


# The rubric in force


def load_rubric(day: date) -> rubric.Rubric:
    """Return the version of the rubric that holds on a day. Raises LookupError before the first."""
    found = db.session.execute(_rubrics().where(models.Rubric.in_force_from <= day).limit(1)).one_or_none()
    if found is None:
        raise LookupError(f"no rubric was in force on {rubric.spoken(day)}")
    return parsed_rubric(*found)


def rubric_version(version: int) -> rubric.Rubric:
    """Return one version of the rubric. Raises LookupError where there is none."""
    found = db.session.execute(_rubrics().where(models.Rubric.version == version)).one_or_none()
    if found is None:
        raise LookupError(f"there is no rubric {version}")
    return parsed_rubric(*found)


def _rubrics() -> Rows:
    r = models.Rubric
    columns = (r.version, r.in_force_from, r.adopted_by, r.reason, r.numbers)
    return select(*columns).order_by(r.in_force_from.desc(), r.version.desc())


@lru_cache(maxsize=32)
def parsed_rubric(version: int, in_force_from: date, adopted_by: str, reason: str, numbers: str) -> rubric.Rubric:
    """Return the version that a row of the table `rubric` holds; the same row is taken apart once a process."""
    return rubric.rubric_of(version, in_force_from, adopted_by, reason, json.loads(numbers))


def explain(context_id: int, ref: str, as_of: date) -> Explanation:
    """Return a context's score at the end of a day, with its reasons. Raises LookupError where no rubric held."""
    return load_inputs([context_id])[context_id].explain(load_rubric(as_of), as_of, ref)


# An explanation as a review keeps it


def snapshot(explanation: Explanation) -> str:
    """Return an explanation as text from which `from_snapshot` makes the same one: published shape and every line."""
    return canonical_json(
        {
            **explanation.to_json(),
            "counted": explanation.counted,
            "not_counted": dict(explanation.not_counted),
            "lines": [_line_out(line) for line in explanation.contributions],
        }
    )


def _line_out(line: rubric.Contribution) -> dict[str, Any]:
    return {
        "key": line.key,
        "factor": line.factor,
        "source": line.source,
        "on": line.on,
        "points": line.points,
        "kind": line.kind,
        "category": line.category,
        "grade": line.grade,
        "place_certain": line.place_certain,
        "corroborated_by": [
            {"key": c.key, "source": c.source, "grade": c.grade, "on": c.happened_on, "points": c.points}
            for c in line.corroborated_by
        ],
    }


def from_snapshot(text: str, numbers: rubric.Rubric) -> Explanation:
    """Return the explanation that a review kept; `numbers` is the version of the rubric it was worked out by."""
    kept = json.loads(text)
    return Explanation(
        context=kept["context"],
        as_of=date.fromisoformat(kept["as_of"]),
        rubric=numbers,
        score=kept["score"],
        low=kept["range"][0],
        high=kept["range"][1],
        counted=kept["counted"],
        contributions=tuple(_line_in(line) for line in kept["lines"]),
        missing=tuple(kept["missing"]),
        stale=tuple(kept["stale"]),
        not_counted=kept["not_counted"],
    )


def _line_in(kept: Mapping[str, Any]) -> rubric.Contribution:
    return rubric.Contribution(
        key=kept["key"],
        factor=kept["factor"],
        source=kept["source"],
        on=date.fromisoformat(kept["on"]),
        points=kept["points"],
        kind=rubric.FactorKind(kept["kind"]) if kept["kind"] else None,
        category=IncidentHarm(kept["category"]) if kept["category"] else None,
        grade=InformationGrade(kept["grade"]) if kept["grade"] else None,
        place_certain=kept["place_certain"],
        corroborated_by=tuple(
            rubric.Corroboration(
                c["key"], c["source"], InformationGrade(c["grade"]), date.fromisoformat(c["on"]), c["points"]
            )
            for c in kept["corroborated_by"]
        ),
    )


# The materialised figure


def figure_of(explanation: Explanation) -> dict[str, Any]:
    """Return the columns of `context_risk` that an explanation fills."""
    low, high = explanation.range_bands
    return {
        "as_of": explanation.as_of,
        "score": explanation.score,
        "range_low": explanation.low,
        "range_high": explanation.high,
        "band": explanation.band.value,
        "band_low": low.value,
        "band_high": high.value,
        "counted": explanation.counted,
        "too_few": explanation.too_few,
        "contributions": len(explanation.contributions),
        "rubric_version": explanation.rubric.version,
    }


def refresh(context_ids: Collection[int], as_of: date | None = None) -> dict[int, Explanation]:
    """Work the figures of these contexts out again and store them, within the caller's writing transaction.

    The rows are locked first, in the order of their ids, so that of two changes made at once the later one counts
    both. Returns the explanations by context id.
    """
    day = as_of or clock.today()
    answers: dict[int, Explanation] = {}
    wanted = sorted(set(context_ids))
    numbers = load_rubric(day)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        refs = _lock(chunk)
        inputs = load_inputs(list(refs))
        worked_out = {key: inputs[key].explain(numbers, day, ref) for key, ref in refs.items()}
        store(worked_out)
        answers.update(worked_out)
    return answers


def _lock(context_ids: Sequence[int]) -> dict[int, str]:
    """Lock the figures of contexts, making those that are missing; return the refs of the contexts that exist."""
    known = select(Context.id, Context.ref).where(Context.id.in_(context_ids)).order_by(Context.id)
    refs = {row.id: row.ref for row in db.session.execute(known)}
    locked = select(ContextRisk.context_id).where(ContextRisk.context_id.in_(context_ids))
    held = set(db.session.scalars(locked.order_by(ContextRisk.context_id).with_for_update()))
    missing = sorted(set(refs) - held)
    if missing:
        db.session.execute(insert(ContextRisk), [empty_figure(key) for key in missing])
    return refs


def empty_figure(context_id: int) -> dict[str, Any]:
    """Return the row of a context about which nothing is recorded."""
    day = clock.today()
    nothing = Inputs().explain(load_rubric(day), day, "")
    return {"context_id": context_id, "computed_at": clock.now(), **figure_of(nothing)}


def computed_at(context_ids: Collection[int]) -> dict[int, datetime]:
    """Return when each figure was last worked out, locking the rows where the transaction writes.

    Every change of what a figure is made of works it out again, so that one not worked out since stands as it was.
    """
    statement = select(ContextRisk.context_id, ContextRisk.computed_at).where(
        ContextRisk.context_id.in_(sorted(context_ids))
    )
    if is_writing():
        statement = statement.order_by(ContextRisk.context_id).with_for_update()
    return {row.context_id: row.computed_at for row in db.session.execute(statement)}


def store(worked_out: Mapping[int, Explanation]) -> None:
    """Write figures that were worked out under the lock of their rows."""
    if not worked_out:
        return
    table = cast(Table, ContextRisk.__table__)
    now = clock.now()
    rows = [{"key": key, "computed_at": now, **figure_of(found)} for key, found in worked_out.items()]
    names = [name for name in rows[0] if name != "key"]
    statement = update(table).where(table.c.context_id == bindparam("key"))
    db.session.execute(statement.values({name: bindparam(name) for name in names}), rows)


def ids_to_refresh(as_of: date) -> list[int]:
    """Return the ids of contexts whose figure is not of this day, or not there, oldest first."""
    statement = (
        select(Context.id)
        .outerjoin(ContextRisk, ContextRisk.context_id == Context.id)
        .where(or_(ContextRisk.id.is_(None), ContextRisk.as_of != as_of))
        .order_by(Context.id)
    )
    return list(db.session.scalars(statement))


def differing(as_of: date) -> list[str]:
    """Return the refs of contexts whose stored figure is not what its rows give: there must be none."""
    wrong: list[str] = []
    ids = list(db.session.scalars(select(Context.id).order_by(Context.id)))
    numbers = load_rubric(as_of)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        inputs = load_inputs(chunk)
        for row in db.session.execute(
            select(Context.ref, *ContextRisk.__table__.columns).join(ContextRisk).where(Context.id.in_(chunk))
        ):
            figure = figure_of(inputs[row.context_id].explain(numbers, row.as_of, row.ref))
            if any(getattr(row, name) != value for name, value in figure.items()):
                wrong.append(row.ref)
    return wrong
