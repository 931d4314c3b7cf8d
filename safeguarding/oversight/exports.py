"""Exports of who looked at a record: one asks with a purpose, another agrees, the first takes the file once.

The file holds references, what was done and names of staff, and nothing of what anybody read. Its digest is in the audit.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.holders import holders
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.core.references import new_reference, normalise_reference
from safeguarding.extensions import db
from safeguarding.notices.service import queue
from safeguarding.oversight.events import plain_words, why_words
from safeguarding.oversight.models import LooksExport
from safeguarding.oversight.queries import looks_at, names_of

ASKED = "looks_export_asked"  # the notice to those who may agree
LASTS = timedelta(days=14)
SHORTEST_PURPOSE = 20
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_HEADINGS = ("Entry", "When (UTC)", "Who", "Their reference", "Agency", "What they did", "Record", "Why they could")


@dataclass(frozen=True)
class Taken:
    """A file that is given out once."""

    name: str
    content: bytes


def ask_export(actor: Actor, subject: str, start: date, end: date, purpose: str) -> LooksExport:
    """Ask for the looks at one record between two days, and tell those who may agree. Raises RuleError."""
    _need(actor)
    if len(purpose.strip()) < SHORTEST_PURPOSE:
        raise RuleError(f"Say what it is for, in at least {SHORTEST_PURPOSE} characters.", "purpose")
    made = LooksExport(
        ref=new_reference("LX"),
        subject_ref=subject,
        first_on=start,
        last_on=end,
        purpose=purpose.strip(),
        asker_id=actor.user_id,
        asked_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    for user_id in sorted(set(holders({Role.INFORMATION_GOVERNANCE, Role.AUDITOR})) - {actor.user_id}):
        queue(ASKED, user_id, made.ref)
    audit.record("oversight:export:asked", actor, subject, export=made.ref, start=start, end=end)
    return made


def decide_export(actor: Actor, ref: str, *, agree: bool) -> LooksExport:
    """Agree to somebody else's export, or refuse it. Raises ForbiddenError for one's own, RuleError when it is too late."""
    _need(actor)
    export = _locked(ref)
    if export.asker_id == actor.user_id:
        raise ForbiddenError("Nobody agrees to their own export. Ask somebody else.")
    if export.decided_at is not None or clock.now() > export.asked_at + LASTS:
        raise RuleError("This was decided already, or has run out.")
    export.decider_id, export.decided_at, export.is_agreed = actor.user_id, clock.now(), agree
    db.session.flush()
    done = "agreed" if agree else "declined"
    audit.record(f"oversight:export:{done}", actor, export.subject_ref, export=export.ref)
    return export


def take_export(actor: Actor, ref: str, anchors: Path) -> Taken:
    """Return the file of an export that was agreed to, to whoever asked for it, once.

    Raises NotFoundError for somebody else's, RuleError when it was not agreed to, has run out or was taken already.
    """
    _need(actor)
    export = _locked(ref)
    if export.asker_id != actor.user_id:
        raise NotFoundError
    if not export.is_agreed or export.decided_at is None or clock.now() > export.decided_at + LASTS:
        raise RuleError("This was not agreed to, or has run out.")
    if export.taken_at is not None:
        raise RuleError("This was taken already. Ask again if the file is lost.")
    found = looks_at(actor, export.subject_ref, export.first_on, export.last_on, anchors, lists=False)
    names = names_of({entry.actor for entry in found.entries})
    said = f"{found.ref}, {export.first_on} to {export.last_on}, {export.ref}, taken by {actor.display_name}"
    content = _file(f"OFFICIAL-SENSITIVE. Who looked at {said}, {clock.now():%Y-%m-%d %H:%M} UTC", found.entries, names)
    export.taken_at, export.row_count = clock.now(), len(found.entries)
    export.digest = hashlib.sha256(content).hexdigest()
    db.session.flush()
    audit.record(
        "oversight:looks:exported",
        actor,
        export.subject_ref,
        export=export.ref,
        count=export.row_count,
        cut=found.cut,
        sha256=export.digest,
    )
    return Taken(f"who-looked-{export.subject_ref}.csv", content)


def safe_cell(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _file(first: str, entries: Sequence[Any], names: dict[str, str]) -> bytes:
    rows: Iterable[tuple[str, ...]] = (
        (
            str(entry.seq),
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            names.get(entry.actor, ""),
            entry.actor.removeprefix("user:"),
            entry.agency or "",
            plain_words(entry.event),
            entry.subject or "",
            why_words(entry.why, entry.roles),
        )
        for entry in entries
    )
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([first])
    writer.writerow(_HEADINGS)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _locked(ref: str) -> LooksExport:
    known = normalise_reference(ref, "LX") or ""
    export = db.session.scalar(select(LooksExport).where(LooksExport.ref == known).with_for_update())
    if export is None:
        raise NotFoundError
    return export


def _need(actor: Actor) -> None:
    if not actor.may(Permission.AUDIT_READ) or actor.user_id is None:
        raise ForbiddenError
