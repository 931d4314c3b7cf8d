"""Taking a file in: one run, in short batches, that counts only when it is whole.

Owns the run: its lock, its batches (each a transaction of its own with one audit event), its counts, how it is resumed
or withdrawn after it was cut off, and the one moment at which its rows begin to count. Nothing is stored of a file that
is not of the named format. Places stand from their batch on (a run withdrawn takes its places away and puts back what
the others were); incidents count nowhere before the run is complete. It must not know any layout, nor print.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, cast

from sqlalchemy import CursorResult, Table, delete, insert, or_, select, update

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.contexts import risk, workflow
from safeguarding.contexts.formats.catalogue import CONTEXT_FORMATS, INCIDENT_FORMATS, Format, open_rows
from safeguarding.contexts.formats.rows import R, Reader, RowRefusal
from safeguarding.contexts.import_batches import Batches, ContextBatches, IncidentBatches, Plan, restored
from safeguarding.contexts.import_lock import checkpoint, hold_back_checkpoints, only_import
from safeguarding.contexts.models import (
    Context,
    ContextRisk,
    ContextVersion,
    ImportedThing,
    ImportRefusal,
    ImportRun,
    ImportState,
    Incident,
)
from safeguarding.contexts.placing import load_matcher, load_wards
from safeguarding.contexts.records import PARTNERS, Pending, load_inputs
from safeguarding.contexts.rubric import Explanation
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

# Short enough that on SQLite nobody waits for a batch; the contract allows a thousand.
BATCH = 300
Watch = Callable[[int, int], None]  # bytes read so far, bytes in all
_COUNTS = ("row_count", "created_count", "updated_count", "unchanged_count", "refused_count", "matched_count")
_incident = cast(Table, Incident.__table__)
_context = cast(Table, Context.__table__)
_runs = cast(Table, ImportRun.__table__)


@dataclass
class Account:
    """What a run did. `run` is None for a trial; `read` is the sum of created, updated, unchanged and refused."""

    run: str | None
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    matched: int = 0
    refusals: list[RowRefusal] = field(default_factory=list)
    resumed_at: int | None = None
    withdrawn: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    ignored_cells: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "run": self.run,
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "matched": self.matched,
            "refusals": [{"row": refusal.row, "reason": refusal.reason} for refusal in self.refusals],
            "resumed": self.resumed_at is not None,
            "withdrawn": list(self.withdrawn),
        }

    def add(self, plan: Plan, refusals: Sequence[RowRefusal]) -> None:
        """Count a batch."""
        self.created += plan.created
        self.updated += plan.updated
        self.unchanged += plan.unchanged
        self.matched += plan.matched
        self.refused += len(refusals)
        self.read += plan.created + plan.updated + plan.unchanged + len(refusals)

    def columns(self) -> dict[str, int]:
        """Return the counts as a run keeps them."""
        values = (self.read, self.created, self.updated, self.unchanged, self.refused, self.matched)
        return dict(zip(_COUNTS, values, strict=True))


@dataclass(frozen=True)
class File(Generic[R]):
    """A file to take in: what it holds, in which format, and the kind of its places where no row says it."""

    path: Path
    what: ImportedThing
    named: Format[R]
    kind: str | None = None

    def digest(self) -> str:
        """Return the SHA-256 of the file's bytes; the same file taken in as another kind is another."""
        hashed = hashlib.sha256()
        with self.path.open("rb") as source:
            while part := source.read(1 << 20):
                hashed.update(part)
        if self.kind:
            hashed.update(f"\0{self.kind}".encode())
        return hashed.hexdigest()


def import_incidents(
    actor: Actor, path: Path, format_name: str, *, dry_run: bool = False, watch: Watch | None = None
) -> Account:
    """Take a file of incidents in and return the account; a dry run stores nothing.

    Raises NotThisFormat (nothing is stored), ImportRunning, ForbiddenError, OSError where the file cannot be read.
    """
    _need(actor, Permission.INCIDENT_RECORD)
    file = File(path, ImportedThing.INCIDENTS, INCIDENT_FORMATS[format_name])
    return _take_in(actor, file, lambda: IncidentBatches(format_name, load_matcher()), dry_run, watch)


def import_contexts(
    actor: Actor,
    path: Path,
    format_name: str,
    *,
    kind: str | None = None,
    dry_run: bool = False,
    watch: Watch | None = None,
) -> Account:
    """Take a file of places in and return the account; see `import_incidents`. `kind`: where no row says it."""
    _need(actor, Permission.CONTEXT_REVIEW)
    file = File(path, ImportedThing.CONTEXTS, CONTEXT_FORMATS[format_name], kind)
    return _take_in(actor, file, lambda: ContextBatches(format_name, kind, load_wards()), dry_run, watch)


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise ForbiddenError()


def _take_in(
    actor: Actor, file: File[R], prepare: Callable[[], Batches[R]], dry_run: bool, watch: Watch | None
) -> Account:
    with only_import(), open_rows(file.path, file.named, kind=file.kind) as reader:
        with _reading():
            batches = prepare()
        run = _Run(actor, file, reader, batches, watch or (lambda _done, _size: None))
        return run.try_out() if dry_run else run.store()


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Read, and end the reading transaction: a write must not begin in it."""
    try:
        yield
    finally:
        db.session.rollback()


class _Run(Generic[R]):
    """One file on its way in."""

    def __init__(self, actor: Actor, file: File[R], reader: Reader[R], batches: Batches[R], watch: Watch) -> None:
        self._actor, self._file, self._reader, self._batches, self._watch = actor, file, reader, batches, watch
        self._account = Account(None)
        self._id = 0
        self._skip = 0

    def try_out(self) -> Account:
        """Plan every batch and store nothing."""
        for rows, refusals in self._read():
            with _reading():
                plan = self._batches.plan(rows)
            self._account.add(plan, refusals)
            self._account.refusals += refusals
        return self._finished()

    def store(self) -> Account:
        """Begin or resume the run, store every batch, and let its rows count."""
        self._begin()
        try:
            for rows, refusals in self._read():
                with _reading():
                    plan = self._batches.plan(rows)
                self._write(plan, rows, refusals)
            self._complete()
        except BaseException:
            with contextlib.suppress(Exception):
                self._cut_off()
            raise
        with _reading():
            kept = select(ImportRefusal.row, ImportRefusal.reason).where(ImportRefusal.run_id == self._id)
            self._account.refusals = [RowRefusal(*row) for row in db.session.execute(kept.order_by(ImportRefusal.row))]
        return self._finished()

    def _finished(self) -> Account:
        self._account.ignored_columns = self._reader.ignored_columns
        self._account.ignored_cells = self._reader.counters.ignored_cells
        return self._account

    def _read(self) -> Iterator[tuple[list[R], list[RowRefusal]]]:
        """The file's rows in batches; those of a run resumed that are stored already are read and left out.

        They are read, because a row is told apart as the n-th of its like.
        """
        rows: list[R] = []
        refusals: list[RowRefusal] = []
        for row in self._reader:
            if row.row <= self._skip:
                continue
            if isinstance(row, RowRefusal):
                refusals.append(row)
            else:
                rows.append(row)
            if len(rows) + len(refusals) >= BATCH:
                yield rows, refusals
                self._watch(self._reader.position, self._reader.size)
                rows, refusals = [], []
        if rows or refusals:
            yield rows, refusals
        self._watch(self._reader.size, self._reader.size)

    def _begin(self) -> None:
        digest = self._file.digest()
        with _reading():
            left = _left_unfinished()
        same = [run for run in left if self._is_same(run, digest)]
        others = [run for run in left if run not in same[-1:]]
        for run in others:
            withdraw(self._actor, run.id)
        self._account.withdrawn = tuple(run.ref for run in others)
        if same:
            self._resume(same[-1])
        else:
            self._start(digest)

    def _is_same(self, run: Any, digest: str) -> bool:
        return (run.what, run.format, run.file_digest) == (self._file.what, self._file.named.name, digest)

    def _start(self, digest: str) -> None:
        ref = new_reference("IM")
        with unit_of_work():
            self._id = db.session.scalars(
                insert(_runs)
                .values(
                    ref=ref,
                    what=self._file.what,
                    format=self._file.named.name,
                    file_name=self._file.path.name.encode("utf-8", "replace").decode()[:255],
                    file_digest=digest,
                    state=ImportState.RUNNING,
                    started_at=clock.now(),
                    actor=self._actor.key,
                )
                .returning(_runs.c.id)
            ).one()
            audit.record("contexts:import:started", self._actor, ref, format=self._file.named.name, digest=digest)
        self._account.run = ref

    def _resume(self, run: Any) -> None:
        self._id, self._account.run = run.id, run.ref
        self._skip = self._account.resumed_at = run.last_row
        counts = [getattr(run, name) for name in _COUNTS]
        a = self._account
        a.read, a.created, a.updated, a.unchanged, a.refused, a.matched = counts
        with unit_of_work():
            if run.state is not ImportState.RUNNING:
                _move(run.id, run.state, ImportState.RUNNING)
            audit.record("contexts:import:resumed", self._actor, run.ref, after_row=run.last_row)

    def _write(self, plan: Plan, rows: Sequence[R], refusals: Sequence[RowRefusal]) -> None:
        numbers = sorted([row.row for row in rows] + [refusal.row for refusal in refusals])
        self._account.add(plan, refusals)
        with unit_of_work():
            hold_back_checkpoints()
            self._batches.write(plan, self._id, clock.now())
            if refusals:
                db.session.execute(
                    insert(cast(Table, ImportRefusal.__table__)),
                    [{"run_id": self._id, "row": refusal.row, "reason": refusal.reason} for refusal in refusals],
                )
            db.session.execute(
                update(_runs)
                .where(_runs.c.id == self._id)
                .values(
                    last_row=numbers[-1],
                    ignored_columns_count=len(self._reader.ignored_columns),
                    ignored_cells_count=self._reader.counters.ignored_cells,
                    **self._account.columns(),
                )
            )
            audit.record(
                "contexts:import:batch_stored",
                self._actor,
                self._account.run,
                first_row=numbers[0],
                last_row=numbers[-1],
                digest=plan.digest,
                refused=len(refusals),
            )
        checkpoint()

    def _complete(self) -> None:
        """Let the rows count: worked out beforehand, so that the one transaction that does so stays short."""
        now = clock.now()
        affected = self._affected()
        before, worked_out = self._worked_out(affected, now)
        with unit_of_work():
            _move(self._id, ImportState.RUNNING, ImportState.COMPLETE, finished_at=now)
            held = risk.computed_at(affected)
            risk.store({key: found for key, found in worked_out.items() if held.get(key) == before.get(key)})
            # What somebody changed meanwhile is worked out again, now with these rows.
            risk.refresh([key for key in affected if held.get(key) != before.get(key)])
            audit.record(
                "contexts:import:completed", self._actor, self._account.run, contexts=len(affected), **self._counted()
            )

    def _counted(self) -> dict[str, int]:
        a = self._account
        return {
            "read": a.read,
            "created": a.created,
            "updated": a.updated,
            "unchanged": a.unchanged,
            "refused": a.refused,
            "matched": a.matched,
        }

    def _affected(self) -> list[int]:
        """The contexts whose score this run moves."""
        if self._file.what is not ImportedThing.INCIDENTS:
            return []
        i = _incident.c
        of_run = or_(i.run_id == self._id, i.superseded_run_id == self._id)
        with _reading():
            statement = select(i.context_id).where(of_run, i.source.in_(PARTNERS), i.context_id.is_not(None)).distinct()
            return sorted(db.session.scalars(statement))

    def _worked_out(self, affected: Sequence[int], at: datetime) -> tuple[dict[int, datetime], dict[int, Explanation]]:
        """When each figure was worked out last, and what it will be with these rows."""
        answers: dict[int, Explanation] = {}
        with _reading():
            before = risk.computed_at(affected)
            numbers = risk.load_rubric(clock.today())
            for start in range(0, len(affected), risk.CHUNK):
                chunk = affected[start : start + risk.CHUNK]
                inputs = load_inputs(chunk, Pending(self._id, at))
                answers.update({key: inputs[key].explain(numbers, clock.today(), "") for key in chunk})
        return before, answers

    def _cut_off(self) -> None:
        db.session.rollback()
        with unit_of_work():
            _move(self._id, ImportState.RUNNING, ImportState.CUT_OFF)
            audit.record("contexts:import:cut_off", self._actor, self._account.run)


def _left_unfinished() -> list[Any]:
    """Runs that were cut off. Whoever calls this holds the lock, so that none of them is running."""
    unfinished = _runs.c.state.in_((ImportState.RUNNING, ImportState.CUT_OFF))
    return list(db.session.execute(select(*_runs.c).where(unfinished).order_by(_runs.c.id)))


def _move(run_id: int, before: ImportState, after: ImportState, **values: Any) -> None:
    require(workflow.IMPORT, before, after)
    db.session.execute(update(_runs).where(_runs.c.id == run_id).values(state=after, **values))


def withdraw(actor: Actor, run_id: int) -> None:
    """Take away what a run that was cut off had stored, in short batches: rows that never counted, and its places.

    The run itself, its counts and its refusals stay. Whoever calls this holds the lock of imports.
    """
    with _reading():
        run = db.session.execute(select(_runs.c.ref, _runs.c.state).where(_runs.c.id == run_id)).one()
    require(workflow.IMPORT, run.state, ImportState.WITHDRAWN)
    i = _incident.c
    _in_batches(lambda: _release(i.superseded_run_id == run_id))
    removed = _in_batches(lambda: _remove(i.run_id == run_id))
    _in_batches(lambda: _put_back(run_id))
    removed += _in_batches(lambda: _remove_contexts(run_id))
    with unit_of_work():
        _move(run_id, run.state, ImportState.WITHDRAWN, finished_at=clock.now())
        audit.record("contexts:import:withdrawn", actor, run.ref, removed=removed)


def _in_batches(step: Callable[[], int]) -> int:
    done = 0
    while True:
        with unit_of_work():
            count = step()
        done += count
        if count < BATCH:
            return done


def _some(condition: Any) -> Any:
    return select(_incident.c.id).where(condition).order_by(_incident.c.id).limit(BATCH)


def _count(result: Any) -> int:
    return int(cast(CursorResult[Any], result).rowcount)


def _release(condition: Any) -> int:
    statement = update(_incident).where(_incident.c.id.in_(_some(condition)))
    return _count(db.session.execute(statement.values(superseded_run_id=None, superseded_at=None)))


def _remove(condition: Any) -> int:
    return _count(db.session.execute(delete(_incident).where(_incident.c.id.in_(_some(condition)))))


def _put_back(run_id: int) -> int:
    """Give contexts back what they were before the run, newest change first."""
    v = cast(Table, ContextVersion.__table__)
    rows = db.session.execute(select(*v.c).where(v.c.run_id == run_id).order_by(v.c.id.desc()).limit(BATCH)).all()
    for row in rows:
        was = restored(json.loads(row.content))
        db.session.execute(
            update(_context).where(_context.c.id == row.context_id).values(**was, version=_context.c.version + 1)
        )
    db.session.execute(delete(v).where(v.c.id.in_([row.id for row in rows])))
    return len(rows)


def _remove_contexts(run_id: int) -> int:
    """Take away the contexts that the run made; one that somebody has begun to use stays."""
    c = _context.c
    ids = list(db.session.scalars(select(c.id).where(c.run_id == run_id).order_by(c.id).limit(BATCH)))
    used = _used(ids)
    db.session.execute(update(_context).where(c.id.in_(used)).values(run_id=None))
    gone = [key for key in ids if key not in used]
    db.session.execute(delete(cast(Table, ContextRisk.__table__)).where(ContextRisk.context_id.in_(gone)))
    db.session.execute(delete(_context).where(c.id.in_(gone)))
    return len(ids)


def _used(context_ids: Sequence[int]) -> set[int]:
    """Which of these contexts any row but their figures points at: the tables' own references say where to look."""
    found: set[int] = set()
    for table in db.metadata.sorted_tables:
        if table.name == ContextRisk.__tablename__:
            continue
        for key in table.foreign_keys:
            if key.column is _context.c.id:
                found |= set(db.session.scalars(select(key.parent).where(key.parent.in_(context_ids)).distinct()))
    return found
