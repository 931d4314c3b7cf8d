"""Walking the chain: is every row as it was written, none missing, none put in, none cut off?"""

import errno
import hmac
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select

from safeguarding.audit.models import AuditEvent, AuditHead
from safeguarding.audit.service import GENESIS, chain_hash, sign
from safeguarding.core import clock
from safeguarding.core.canonical import canonical_json
from safeguarding.extensions import db


@dataclass(frozen=True)
class Verdict:
    """What the walk found; `first_bad` is (seq, kind) or None."""

    checked: int
    head: str
    anchors_matched: int
    anchors_missing: int  # those of forged lines among them
    first_bad: tuple[int, str] | None
    anchors_forged: int = 0

    @property
    def ok(self) -> bool:
        """Whether the chain is whole, and every line of the anchor file this installation's own."""
        return self.first_bad is None and not self.anchors_forged

    def to_json(self) -> dict[str, Any]:
        """Return the shape of `flask audit verify --json`."""
        bad = None if self.first_bad is None else {"seq": self.first_bad[0], "kind": self.first_bad[1]}
        return {
            "ok": self.ok,
            "checked": self.checked,
            "head": self.head,
            "anchors": {"matched": self.anchors_matched, "missing": self.anchors_missing},
            "first_bad": bad,
        }


@dataclass(frozen=True)
class LastAnchor:
    """The last copy of the head that was kept outside the database."""

    seq: int
    hash: str
    at: datetime


def anchor_file(data: Path) -> Path:
    """Return where an installation keeps the copies of its head."""
    return data / "anchors" / "heads.jsonl"


def last_anchor(path: Path) -> LastAnchor | None:
    """Return the last line of the anchor file, read from its end; None when there is none that can be read."""
    try:
        with path.open("rb") as lines:
            lines.seek(0, 2)
            lines.seek(max(0, lines.tell() - 4096))
            line = json.loads(lines.read().splitlines()[-1])
        return LastAnchor(int(line["seq"]), str(line["hash"]), datetime.fromisoformat(line["at"]))
    except (OSError, IndexError, KeyError, ValueError, TypeError):
        return None


def seconds_since_anchor(path: Path) -> float:
    """Return how long ago the head was last anchored; infinity when it never was."""
    last = last_anchor(path)
    return math.inf if last is None else max(0.0, (clock.now() - last.at).total_seconds())


@dataclass(frozen=True)
class Stretch:
    """A part of the chain that was walked: its first and last number, the first bad one, and what was compared outside.

    `asked_from` is where it should have begun; it begins later where that was too long to be walked for one page.
    `anchored` says whether the last copy kept outside agrees (None: there is none); `joined` whether that copy lies within
    what was walked, so that nothing between them was left out.
    """

    asked_from: int
    first: int
    last: int
    bad: int | None
    anchor: LastAnchor | None
    anchored: bool | None
    joined: bool


MOST_WALKED = 2_000


def walk_stretch(first: int, last: int, path: Path) -> Stretch:
    """Walk the chain between two numbers, and on to the last copy kept outside where that is near. Two statements.

    It checks what one page shows, within a page's time; `verify` checks everything.
    """
    kept = last_anchor(path)
    low, high = (min(first, kept.seq), max(last, kept.seq)) if kept else (first, last)
    if high - low >= MOST_WALKED:
        low, high = max(first, last - MOST_WALKED + 1), last
    expected, previous, bad = low, None, None
    rows = db.session.execute(
        select(*AuditEvent.__table__.columns)
        .where(AuditEvent.seq.between(max(low - 1, 1), high))
        .order_by(AuditEvent.seq)
    )
    for row in rows.mappings():
        if row["seq"] >= low:
            follows = row["seq"] == expected and row["previous"] == (GENESIS if row["seq"] == 1 else previous)
            if not follows or chain_hash(dict(row)) != row["hash"]:
                bad = expected
                break
            expected += 1
        previous = row["hash"]
    if bad is None and expected <= high:
        bad = expected
    outside = None
    if kept is not None:
        outside = db.session.scalar(select(AuditEvent.hash).where(AuditEvent.seq == kept.seq)) == kept.hash
    joined = kept is not None and low <= kept.seq <= high
    return Stretch(first, low, high, bad, kept, outside, joined)


def anchor(path: Path) -> dict[str, Any]:
    """Append the present head to the anchor file and return it."""
    seq, digest = db.session.execute(select(AuditHead.seq, AuditHead.hash)).one()
    line = {"seq": seq, "hash": digest, "at": clock.now().isoformat()}
    line["signature"] = sign(canonical_json(line))
    path.parent.mkdir(parents=True, exist_ok=True)
    _append(path, (canonical_json(line) + "\n").encode())
    return line


def _append(path: Path, line: bytes) -> None:
    """Write a line and see it on the disk; one that is not whole would count as somebody else's, so none of it stays."""
    with path.open("ab", buffering=0) as out:
        before = out.tell()
        try:
            if out.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(out.fileno())
        except OSError as error:
            out.truncate(before)
            raise OSError(error.errno, error.strerror, str(path)) from None


def verify(anchor_file: Path) -> Verdict:
    """Walk the whole chain, compare it with its head and with the anchors, and name the first bad row."""
    anchors, forged = _read_anchors(anchor_file)
    waiting = dict(anchors)
    checked, expected_seq, previous = 0, 1, GENESIS
    bad: tuple[int, str] | None = None
    for row in _rows():
        if row["seq"] != expected_seq or row["previous"] != previous or chain_hash(row) != row["hash"]:
            bad = (row["seq"] if row["seq"] == expected_seq else expected_seq, _kind(row, expected_seq, previous))
            break
        if row["seq"] in waiting and waiting.pop(row["seq"]) != row["hash"]:
            bad = (row["seq"], "rewritten")
            break
        checked, expected_seq, previous = checked + 1, expected_seq + 1, row["hash"]
    if bad is None:
        bad = _tail(expected_seq, previous, waiting)
    return Verdict(checked, previous, len(anchors) - len(waiting), len(waiting) + forged, bad, forged)


def is_our_chain() -> bool:
    """Return whether the first or the last event was chained with this key, which one event changed later does not alter."""
    last = select(AuditHead.seq).scalar_subquery()
    rows = db.session.execute(
        select(*AuditEvent.__table__.columns).where(or_(AuditEvent.seq == 1, AuditEvent.seq == last))
    ).all()
    return not rows or any(chain_hash(dict(row._mapping)) == row.hash for row in rows)


def _rows() -> Iterator[dict[str, Any]]:
    # By keys and not by a cursor: a walk that stops early leaves nothing open.
    last = -1
    while True:
        rows = db.session.execute(
            select(*AuditEvent.__table__.columns).where(AuditEvent.seq > last).order_by(AuditEvent.seq).limit(2000)
        ).all()
        for row in rows:
            yield dict(row._mapping)
        if not rows:
            return
        last = rows[-1].seq


MOVED = 2000  # how far from its place a row is looked for


def _kind(row: dict[str, Any], expected_seq: int, previous: str) -> str:
    """Return what was done to the first row that does not follow, judged by it and by those behind it."""
    if row["seq"] > expected_seq:
        return "deleted"
    written_as = _written_as(row)
    if written_as == row["seq"]:
        return "rewritten"  # by somebody with the key: it is whole, and follows another row than the one before it
    if written_as is not None:
        other = _row(written_as)
        if other is not None and _written_as(other) == row["seq"]:
            return "swapped"
        return "deleted" if written_as > row["seq"] else "inserted"
    following = _row(row["seq"] + 1)
    if following is None:
        return "edited"
    if following["previous"] == previous:
        return "inserted"
    return "rewritten" if following["previous"] == row["hash"] and _written_as(following) is None else "edited"


def _written_as(row: dict[str, Any]) -> int | None:
    """Return the place for which a row's hash holds: its own, another one near it, or None for none."""
    places = sorted(range(max(1, row["seq"] - MOVED), row["seq"] + MOVED), key=lambda seq: abs(seq - row["seq"]))
    return next((seq for seq in places if chain_hash({**row, "seq": seq}) == row["hash"]), None)


def _row(seq: int) -> dict[str, Any] | None:
    found = db.session.execute(select(*AuditEvent.__table__.columns).where(AuditEvent.seq == seq)).one_or_none()
    return None if found is None else dict(found._mapping)


def _tail(expected_seq: int, previous: str, waiting: dict[int, str]) -> tuple[int, str] | None:
    head = db.session.execute(select(AuditHead.seq, AuditHead.hash)).one_or_none()
    beyond = [seq for seq in waiting if seq >= expected_seq]
    if head is None or head.seq > expected_seq - 1 or beyond:
        return (expected_seq, "truncated")
    if head.seq < expected_seq - 1:
        return (head.seq + 1, "inserted")
    if head.hash != previous:
        return (expected_seq - 1, "rewritten")
    return None


def _read_anchors(path: Path) -> tuple[dict[int, str], int]:
    """Return the hashes of the anchored rows by their numbers, and how many lines carry no signature of this key."""
    if not path.exists():
        return {}, 0
    anchors, forged = {}, 0
    for line in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
        kept = _own(line)
        if kept is None:
            forged += 1
        elif int(kept["seq"]) > 0:
            anchors[int(kept["seq"])] = str(kept["hash"])
    return anchors, forged


def _own(line: str) -> dict[str, Any] | None:
    try:
        kept = json.loads(line)
        signature = str(kept.pop("signature", ""))
    except (ValueError, AttributeError, TypeError):
        return None
    return kept if hmac.compare_digest(signature, sign(canonical_json(kept))) else None
