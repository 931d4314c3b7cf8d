"""`flask sealed rotate` and `flask sealed check`: keys of sealed values are changed without anybody reading a value.

A rotation writes what was sealed with an older key anew, a batch a transaction with one event; cut off, it is run again
and goes on with what is left. It prints and records how many values and which keys, never a value.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import click
from sqlalchemy import ColumnElement, and_, not_, select, update

from safeguarding.access.actor import Actor
from safeguarding.audit import service as audit
from safeguarding.cli.stamp import on_any_keys, on_ready_database
from safeguarding.core import sealing
from safeguarding.core.sealing import SealedColumn
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

ACTOR = Actor("system:sealed", "Rotation of keys")
BATCH = 200


@click.group("sealed")
def sealed_group() -> None:
    """Keep the keys of sealed values."""


@sealed_group.command("rotate")
@click.option("--batch", default=BATCH, show_default=True, type=click.IntRange(1, 5_000), help="Values a transaction.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_ready_database
def rotate_command(batch: int, as_json: bool) -> None:
    """Seal every value again with the first of SEALED_KEYS; exit 1 when a value does not open."""
    rotated = broken = 0
    for column in sealing.sealed_columns(db.metadata):
        after = None
        while True:
            with unit_of_work():
                done, bad, after = _rotate_batch(column, after, batch)
            rotated, broken = rotated + done, broken + bad
            if after is None:
                break
    result = {"to": sealing.ring().writing, "rotated": rotated, "broken": broken}
    _print(result, f"{rotated:,} values are sealed anew with {result['to']}; {broken:,} do not open.", as_json)
    sys.exit(1 if broken else 0)


@sealed_group.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@on_any_keys
def check_command(as_json: bool) -> None:
    """Open every sealed value and count them by key; exit 1 when one does not open. A key without values may go."""
    counts: Counter[str] = Counter(dict.fromkeys(sealing.ring().ids, 0))
    broken = 0
    for column in sealing.sealed_columns(db.metadata):
        for row in _walk(column):
            counts[sealing.key_id_of(row[1])] += 1
            broken += not _opens(column, row)
    db.session.rollback()
    result = {"ok": not broken, "keys": dict(counts), "broken": broken}
    listed = ", ".join(f"{key_id}: {count:,}" for key_id, count in counts.items())
    _print(result, f"Values by key: {listed}. {broken:,} do not open.", as_json)
    sys.exit(1 if broken else 0)


def _print(result: dict[str, Any], sentence: str, as_json: bool) -> None:
    click.echo(json.dumps(result, separators=(",", ":")) if as_json else sentence)


def _columns(column: SealedColumn) -> tuple[Any, list[Any]]:
    return column.table.c[column.name], [column.table.c[name] for name in column.row]


def _select(column: SealedColumn, *conditions: ColumnElement[bool]) -> Any:
    """Return a select of key, stored value and what names the row, in the order of the key."""
    held, row = _columns(column)
    (key,) = column.table.primary_key.columns
    return select(key, held, *row).where(held.is_not(None), *conditions).order_by(key)


def _rotate_batch(column: SealedColumn, after: Any, batch: int) -> tuple[int, int, Any]:
    """Seal the next values again; return how many were, how many did not open, and the last key seen (None: the end)."""
    held, _row = _columns(column)
    (key,) = column.table.primary_key.columns
    older = not_(held.startswith(sealing.prefix_of(sealing.ring().writing), autoescape=True))
    conditions = [older] if after is None else [older, key > after]
    rows = db.session.execute(_select(column, *conditions).limit(batch).with_for_update()).all()
    if not rows:
        return 0, 0, None
    opened = [row for row in rows if _opens(column, row)]
    for row in opened:
        place = column.place(row[2:])
        anew = sealing.ring().seal(place, sealing.ring().unseal(place, row[1]))
        db.session.execute(update(column.table).where(and_(key == row[0], held == row[1])).values({held: anew}))
    audit.record(
        "sealed:batch:rotated",
        ACTOR,
        None,
        table=column.table.name,
        column=column.name,
        first=rows[0][0],
        last=rows[-1][0],
        rotated=len(opened),
        broken=len(rows) - len(opened),
        before=sorted({sealing.key_id_of(row[1])[:40] for row in rows}),
        after=sealing.ring().writing,
    )
    return len(opened), len(rows) - len(opened), rows[-1][0]


def _walk(column: SealedColumn) -> Iterator[Any]:
    yield from db.session.execute(_select(column).execution_options(yield_per=1_000))


def _opens(column: SealedColumn, row: Any) -> bool:
    try:
        sealing.ring().unseal(column.place(row[2:]), row[1])
    except sealing.BrokenSealError:
        return False
    return True
