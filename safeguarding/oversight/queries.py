"""Reads of the audit: a search, who looked at one record, and how the chain stands. References only, never names."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, case, func, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.audit.models import AuditEvent, AuditHead
from safeguarding.audit.verify import LastAnchor, Stretch, last_anchor, walk_stretch
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.references import normalise_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.nrm.models import NrmReferral
from safeguarding.oversight.events import Act, act_of
from safeguarding.oversight.looking import has_part
from safeguarding.oversight.models import EmergencyAccess
from safeguarding.people.models import Person
from safeguarding.referrals.models import Referral
from safeguarding.relations.queries import any_relation_to

PAGE = 50
MOST_LOOKS = 2_000
_COLUMNS: tuple[Any, ...] = (
    AuditEvent.seq,
    AuditEvent.at,
    AuditEvent.event,
    AuditEvent.actor,
    AuditEvent.agency,
    AuditEvent.subject,
    AuditEvent.detail,
)


@dataclass(frozen=True)
class Search:
    """What an auditor asks for. `actor` is as recorded, `event` an event or its area, days are London's, both included."""

    actor: str | None = None
    subject: str | None = None
    event: str | None = None
    start: date | None = None
    end: date | None = None
    before: int | None = None

    def asked(self) -> dict[str, Any]:
        """Return what was filled in, for the audit of the search itself."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Entry:
    """One event as it is shown: `details` are (name, value) pairs of references, codes and counts."""

    seq: int
    at: datetime
    event: str
    actor: str
    agency: str | None
    subject: str | None
    details: list[tuple[str, str]]
    why: tuple[str, ...] = ()  # what the event says allowed it: kinds of relation, or the role alone
    roles: tuple[str, ...] = ()
    access: str | None = None  # the use of emergency access that it is about


@dataclass(frozen=True)
class ChainState:
    """How long the chain is, its head, and whether the last copy kept outside agrees with it (None: there is none)."""

    count: int
    head: str
    anchor: LastAnchor | None
    agrees: bool | None


def search(actor: Actor, asked: Search) -> list[Entry]:
    """Return the newest events that match, at most PAGE and one more, which says that there are older ones."""
    _need(actor)
    statement: Select[Any] = select(*_COLUMNS).order_by(AuditEvent.seq.desc()).limit(PAGE + 1)
    if asked.actor:
        statement = statement.where(AuditEvent.actor == asked.actor)
    if asked.subject:
        statement = statement.where(AuditEvent.subject == asked.subject)
    if asked.event:
        exact = asked.event.count(":") == 2
        statement = statement.where(
            AuditEvent.event == asked.event
            if exact
            else AuditEvent.event.startswith(f"{asked.event}:", autoescape=True)
        )
    if asked.before is not None:
        statement = statement.where(AuditEvent.seq < asked.before)
    return [_entry(row) for row in db.session.execute(_within(statement, asked.start, asked.end))]


def chain_state(actor: Actor, anchors: Path) -> ChainState:
    """Return how the chain stands, without walking it: `flask audit verify` does that."""
    _need(actor)
    anchor = last_anchor(anchors)
    anchored = select(AuditEvent.hash).where(AuditEvent.seq == (anchor.seq if anchor else 0)).scalar_subquery()
    head = db.session.execute(select(AuditHead.seq, AuditHead.hash, anchored.label("anchored"))).one()
    agrees = None if anchor is None else head.anchored == anchor.hash
    return ChainState(head.seq, head.hash, anchor, agrees)


@dataclass(frozen=True)
class Looks:
    """Who did what to a record between two days: its events, newest first, and the references that belong to it."""

    ref: str
    related: list[str]
    start: date
    end: date
    entries: list[Entry]
    cut: bool
    uses: dict[str, Any]  # of emergency access, by their references
    stretch: Stretch | None  # what of the chain was walked for this page

    @property
    def with_part(self) -> list[Entry]:
        """Return the looks of those who had a part in the work."""
        return [each for each in self.entries if act_of(each.event) is Act.LOOKED and has_part(each.why)]

    def pages_under(self, use: Any) -> int:
        """Return how many pages were opened under a use of emergency access."""
        until = use.closed_at or use.closes_at
        return sum(
            1
            for each in self.entries
            if each.actor == f"user:{use.user_ref}"
            and act_of(each.event) in (Act.LOOKED, Act.EXPORTED)
            and use.opened_at <= each.at <= until
        )

    def count(self, act: Act) -> int:
        """Return how many events are of this kind."""
        return sum(1 for entry in self.entries if act_of(entry.event) is act)

    @property
    def actors(self) -> list[tuple[str, str | None]]:
        """Return who did anything, with their agency, whoever did most first."""
        counts: dict[tuple[str, str | None], int] = {}
        for entry in self.entries:
            counts[(entry.actor, entry.agency)] = counts.get((entry.actor, entry.agency), 0) + 1
        return sorted(counts, key=lambda each: (-counts[each], each[0], each[1] or ""))

    def days_of(self, who: tuple[str, str | None]) -> dict[date, set[Act]]:
        """Return what somebody did on which of London's days."""
        days: dict[date, set[Act]] = {}
        for entry in self.entries:
            if (entry.actor, entry.agency) == who:
                days.setdefault(clock.london(entry.at).date(), set()).add(act_of(entry.event))
        return days

    @property
    def days(self) -> list[date]:
        """Return the days of the span, in order."""
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]


def looks_at(actor: Actor, ref: str, start: date, end: date, anchors: Path, *, lists: bool) -> Looks:
    """Return who did what to a record. A young person's cases and referrals count as looks at the young person.

    `lists` adds the lists and searches in which the reference was shown, which takes a walk over the whole span.
    """
    _need(actor)
    return _looks(ref, start, end, anchors, lists=lists)


def looks_at_own(
    actor: Actor, ref: str, pairs: Collection[tuple[str, int]], start: date, end: date, anchors: Path
) -> Looks:
    """Return the same for a record that the actor may open and whose work they lead, without lists and searches.

    `pairs` is what counts as a relation to the record. Raises ForbiddenError for whoever does not lead it.
    """
    if not actor.may(Permission.LOOKS_READ, any_relation_to(actor, pairs)):
        raise ForbiddenError("Those who lead the work see who looked. Information governance sees it for every record.")
    return _looks(ref, start, end, anchors, lists=False)


def count_looks(ref: str, start: date) -> tuple[int, int]:
    """Return how often a record was looked at since a day, and how often it was opened in an emergency. Two statements."""
    seen = or_(*(AuditEvent.event.like(f"%:{done}") for done in ("shown", "printed")))
    opened = AuditEvent.event == "oversight:emergency:opened"
    row = db.session.execute(
        select(func.count(case((seen, 1))), func.count(case((opened, 1)))).where(
            AuditEvent.subject.in_([ref, *_belonging(ref)]), AuditEvent.at >= clock.at_london(start, time())
        )
    ).one()
    return row[0], row[1]


def names_of(actor_keys: Collection[str]) -> dict[str, str]:
    """Return the names of those who sign in, by how the audit records them. Commands have none."""
    refs = sorted({key.removeprefix("user:") for key in actor_keys if key.startswith("user:")})[:500]
    rows = db.session.execute(select(User.ref, User.name).where(User.ref.in_(refs)))
    return {f"user:{row.ref}": row.name for row in rows}


def _looks(ref: str, start: date, end: date, anchors: Path, *, lists: bool) -> Looks:
    related = _belonging(ref)
    wanted: ColumnElement[bool] = AuditEvent.subject.in_([ref, *related])
    if lists:
        wanted = wanted | (AuditEvent.subject.is_(None) & AuditEvent.detail.contains(f'"{ref}"', autoescape=True))
    statement: Select[Any] = select(*_COLUMNS).where(wanted).order_by(AuditEvent.seq.desc()).limit(MOST_LOOKS + 1)
    entries = [_entry(row) for row in db.session.execute(_within(statement, start, end))]
    shown = entries[:MOST_LOOKS]
    stretch = walk_stretch(shown[-1].seq, shown[0].seq, anchors) if shown else None
    return Looks(ref, related, start, end, shown, len(entries) > MOST_LOOKS, _uses([ref, *related]), stretch)


def _uses(refs: list[str]) -> dict[str, Any]:
    columns = EmergencyAccess.__table__.columns
    rows = db.session.execute(
        select(*columns, User.ref.label("user_ref"))
        .join(User, User.id == EmergencyAccess.user_id)
        .where(EmergencyAccess.subject_ref.in_(refs))
        .order_by(EmergencyAccess.id.desc())
        .limit(50)
    )
    return {row.ref: row for row in rows}


def _belonging(ref: str) -> list[str]:
    """Return the references of a young person's cases and referrals, of any other reference none."""
    if not ref.startswith("YP-"):
        return []
    person = select(Person.id).where(Person.ref == ref).scalar_subquery()
    parts = [select(kind.ref).where(kind.person_id == person) for kind in (Case, Referral, NrmReferral)]
    with beyond(Beyond.OVERSIGHT):
        return sorted(db.session.scalars(union_all(*parts).limit(200)))


def _within(statement: Select[Any], start: date | None, end: date | None) -> Select[Any]:
    if start:
        statement = statement.where(AuditEvent.at >= clock.at_london(start, time()))
    if end:
        statement = statement.where(AuditEvent.at < clock.at_london(end + timedelta(days=1), time()))
    return statement


def _entry(row: Row[Any]) -> Entry:
    found = json.loads(row.detail)
    why, roles = tuple(found.pop("why", ())), tuple(found.pop("roles", ()))
    found.pop("permission", None)
    return Entry(
        row.seq,
        row.at,
        row.event,
        row.actor,
        row.agency,
        row.subject,
        _details(found),
        why,
        roles,
        found.get("access"),
    )


def _details(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(name).replace("_", " "), _value(value)) for name, value in found.items() if value not in (None, [], {})
    ]


def _value(value: Any) -> str:
    if isinstance(value, list):
        shown = ", ".join(str(each) for each in value[:10])
        return f"{shown} and {len(value) - 10} more" if len(value) > 10 else shown
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def any_reference(text: str) -> str | None:
    """Return the reference a person meant, of whatever kind, or None when it is none."""
    prefix = text.strip()[:2].upper()
    return normalise_reference(text, prefix) if prefix.isascii() and prefix.isalpha() and len(text) < 40 else None


def _need(actor: Actor) -> None:
    if not actor.may(Permission.AUDIT_READ):
        raise ForbiddenError()
