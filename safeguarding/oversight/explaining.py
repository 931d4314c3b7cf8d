"""Who can see a record, and why: every person who may sign in, put through the function that decides every request.

Nothing here decides anything. A record is found through its own package's door; what each person stands in to it is read
from the table of relations; `Actor.decide` says what follows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.decisions import Decision, Reason
from safeguarding.access.permissions import Permission as P
from safeguarding.access.roles import Relation
from safeguarding.accounts.queries import everybody
from safeguarding.actions.queries import access_action
from safeguarding.cases.queries import access_case
from safeguarding.contexts.queries import glance_at
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.nrm.queries import access_nrm
from safeguarding.oversight.events import RELATION_WORDS
from safeguarding.panels.models.items import AgendaItem
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.models.panels import Panel
from safeguarding.panels.queries.live import load_item, load_meeting
from safeguarding.people.queries import access_person
from safeguarding.referrals.queries import access_referral
from safeguarding.relations.closing import closed_among
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live, of_any
from safeguarding.web.filters import day, moment

_YOU = {
    "leads": "lead",
    "is": "are",
    "owns": "own",
    "sits": "sit",
    "was": "were",
    "presents": "present",
    "has": "have",
    "chairs": "chair",
    "coordinates": "coordinate",
}
Pairs = tuple[tuple[str, int], ...]
Held = tuple[str, Relation, datetime | None]  # a principal, what it is to the record, until when


@dataclass(frozen=True)
class Record:
    """A record that the asker may open: what counts as a relation to it, and the parts that are asked about."""

    ref: str
    what: str
    href: str
    pairs: Pairs
    parts: tuple[tuple[str, P], ...]
    is_restricted: bool = False
    person_id: int | None = None  # whose sealed values belong to it


@dataclass(frozen=True)
class Part:
    """What one person may do with one part, and why or why not."""

    label: str
    decision: Decision

    @property
    def why(self) -> str:
        """Return the reason in words."""
        if self.decision.reason is Reason.BY_ROLE:
            return "by their role"
        return ", ".join(RELATION_WORDS[kind] for kind in Relation if kind in self.decision.through)


@dataclass(frozen=True)
class Cell:
    """What one person may do with the parts of one column: all of it, some, or nothing."""

    heading: str
    labels: tuple[str, ...]
    allowed: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Return the sign that stands before the words."""
        if not self.allowed:
            return "○"
        return "●" if self.allowed == self.labels else "◐"

    @property
    def words(self) -> str:
        """Return what they may do, in words."""
        if not self.allowed:
            return "no"
        return "yes" if len(self.labels) == 1 else ", ".join(label.lower() for label in self.allowed)


def cells_of(record: "Record", parts: Iterable["Part"]) -> list[Cell]:
    """Return the columns of a record for what somebody may do with its parts."""
    columns: dict[str, list[Part]] = {}
    for part in parts:
        columns.setdefault(part.label if part.label in _APART else record.what.capitalize(), []).append(part)
    return [
        Cell(
            heading,
            tuple(part.label for part in each),
            tuple(part.label for part in each if part.decision.allowed),
        )
        for heading, each in columns.items()
    ]


@dataclass(frozen=True)
class Viewer:
    """One person who may see something of the record. `until` is None where nothing ends it."""

    actor: Actor
    parts: tuple[Part, ...]
    kinds: frozenset[Relation]
    until: datetime | None

    @property
    def why(self) -> str:
        """Return why they may see it, in words: the relations that open something, or their role."""
        through = frozenset().union(*(part.decision.through for part in self.parts))
        words = [RELATION_WORDS[kind] for kind in Relation if kind in through]
        return ", ".join(words) if words else "by their role"

    @property
    def because(self) -> str:
        """Return the same, said to the person themselves: `you lead the work`."""
        if self.why == "by their role":
            return "your role allows it"
        *most, last = (f"you {_YOU.get(verb, verb)} {rest}" for verb, rest in map(_parted, self.why.split(", ")))
        return f"{', '.join(most)} and {last}" if most else last

    @property
    def ends(self) -> str:
        """Return until when, in words: what ends as a day ends holds on that day."""
        if self.until is None:
            return ""
        whole_day = clock.london(self.until).time() == time(0)
        return day(self.until - timedelta(minutes=1)) if whole_day else moment(self.until)


def _parted(reason: str) -> tuple[str, str]:
    """Return the verb of a reason, and what follows it, for whoever is spoken to."""
    verb, _, rest = reason.partition(" ")
    return verb, rest.replace("their agency", "your agency")


@dataclass(frozen=True)
class Audience:
    """Who can see a record: the asker first, then everybody by name; how many a conflict keeps out."""

    record: Record
    asker: Viewer | None
    viewers: tuple[Viewer, ...]
    kept_out: int

    @property
    def agencies(self) -> int:
        """Return of how many agencies they are, the asker among them."""
        people = (*self.viewers, *([self.asker] if self.asker else []))
        return len({name for viewer in people for name in viewer.actor.agency_names})


_BY_EMERGENCY = ("In an emergency", P.EMERGENCY_READ)
_PERSON = (("Read", P.PERSON_READ), ("Change", P.PERSON_EDIT), ("NRM", P.NRM_READ), _BY_EMERGENCY)
_CASE = (
    ("Read", P.CASE_READ),
    ("Write", P.CASE_UPDATE),
    ("Allocate", P.CASE_ALLOCATE),
    ("NRM", P.NRM_READ),
    _BY_EMERGENCY,
)
_APART = frozenset(
    {"NRM", "Minutes", _BY_EMERGENCY[0]}
)  # parts with a column of their own; the others share the record's
_REFERRAL = (("Read", P.REFERRAL_READ), ("Screen", P.REFERRAL_SCREEN))
_ACTION = (("Read", P.ACTION_READ), ("Answer for it", P.ACTION_ACT))
_NRM = (("Read", P.NRM_READ), ("Record", P.NRM_RECORD))
_CONTEXT = (("Read", P.CONTEXT_READ), ("Review", P.CONTEXT_REVIEW), ("Record incidents", P.INCIDENT_RECORD))
_ITEM = (("Read", P.ITEM_READ), ("Decide", P.DECISION_RECORD), ("Dissent", P.DISSENT_RECORD))
_MEETING = (("Read", P.MEETING_READ), ("Run", P.MEETING_RUN), ("Minutes", P.MINUTES_READ))


def _person(actor: Actor, ref: str) -> Record:
    view = access_person(actor, ref)
    return Record(
        ref,
        "young person",
        url_for("people.person", ref=ref),
        (("person", view.row.id),),
        _PERSON,
        person_id=view.row.id,
    )


def _case(actor: Actor, ref: str) -> Record:
    view = access_case(actor, ref)
    restricted = bool(view.row.is_restricted)
    pairs: Pairs = (("case", view.id),)
    return Record(ref, "case", url_for("cases.case", ref=ref), pairs, _CASE, restricted, view.row.person_id)


def _referral(actor: Actor, ref: str) -> Record:
    found = access_referral(actor, ref, P.REFERRAL_READ).referral
    return Record(ref, "referral", url_for("referrals.referral", ref=ref), (("referral", found.id),), _REFERRAL)


def _action(actor: Actor, ref: str) -> Record:
    row, _held = access_action(actor, ref, P.ACTION_READ)
    pairs: Pairs = (("action", row.id), (row.subject_kind, row.subject_id))
    return Record(ref, "action", url_for("actions.action", ref=ref), pairs, _ACTION)


def _nrm(actor: Actor, ref: str) -> Record:
    row = access_nrm(actor, ref).row
    about = ("person", row.person_id) if row.case_id is None else ("case", row.case_id)
    restricted = bool(row.is_restricted)
    return Record(ref, "referral to the NRM", url_for("nrm.referral", ref=ref), (about,), _NRM, restricted)


def _context(actor: Actor, ref: str) -> Record:
    found = glance_at(actor, ref)
    return Record(
        ref, "place", url_for("contexts.context", ref=ref), (("context", found.id),), _CONTEXT, found.is_restricted
    )


def _meeting_of(actor: Actor, *where: Any) -> tuple[Any, str]:
    row = db.session.execute(
        select(Panel.slug, Meeting.ref)
        .join(Meeting, Meeting.panel_id == Panel.id)
        .outerjoin(AgendaItem, AgendaItem.meeting_id == Meeting.id)
        .where(*where)
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return load_meeting(actor, row.slug, row.ref), row.slug


def _meeting(actor: Actor, ref: str) -> Record:
    loaded, slug = _meeting_of(actor, Meeting.ref == ref)
    pairs: Pairs = (("panel", loaded.panel.id), ("meeting", loaded.meeting.id))
    return Record(ref, "meeting", url_for("panels.meeting", slug=slug, ref=ref), pairs, _MEETING)


def _item(actor: Actor, ref: str) -> Record:
    loaded, slug = _meeting_of(actor, AgendaItem.ref == ref)
    item = load_item(actor, loaded.meeting, ref)
    href = url_for("panels.meeting", slug=slug, ref=loaded.meeting.ref)
    return Record(ref, "item of an agenda", href, (("item", item.id),), _ITEM)


_DOORS: dict[str, Callable[[Actor, str], Record]] = {
    "YP": _person,
    "CA": _case,
    "RF": _referral,
    "AC": _action,
    "NR": _nrm,
    "CX": _context,
    "MT": _meeting,
    "IT": _item,
}


def access_record(actor: Actor, ref: str) -> Record:
    """Return any record by its reference, found through its own door. Raises NotFoundError when absent or hidden."""
    door = _DOORS.get(ref[:2].upper())
    known = normalise_reference(ref, ref[:2].upper()) if door else None
    if door is None or known is None:
        raise NotFoundError
    record = door(actor, known)
    return replace(record, is_restricted=True) if closed_among(record.pairs[:1]) else record


def audience_of(asker: Actor, record: Record) -> Audience:
    """Return who can see a record now, and why. Two statements for the people, one for the relations."""
    held = relations_of(record)
    viewers, kept_out = [], 0
    for actor in everybody():
        viewer = viewer_of(record, actor, held)
        if any(part.decision.reason is Reason.BARRED for part in viewer.parts):
            kept_out += _would_see(record, actor, viewer.kinds)
        elif any(part.decision.allowed for part in viewer.parts):
            viewers.append(viewer)
    mine = next((each for each in viewers if each.actor.user_id == asker.user_id), None)
    return Audience(record, mine, tuple(each for each in viewers if each is not mine), kept_out)


def viewer_of(record: Record, actor: Actor, held: Iterable[Held]) -> Viewer:
    """Return what somebody may do with each part of a record, given everybody's relations to it."""
    mine = [(kind, until) for principal, kind, until in held if principal in actor.principals]
    kinds = frozenset(kind for kind, _until in mine)
    parts = tuple(Part(label, actor.decide(permission, kinds)) for label, permission in record.parts)
    through = frozenset().union(*(part.decision.through for part in parts))
    ends = [until for kind, until in mine if kind in through]
    by_role = parts[0].decision.reason is Reason.BY_ROLE
    until = None if by_role or not ends or None in ends else max(end for end in ends if end is not None)
    return Viewer(actor, parts, kinds, until)


def _would_see(record: Record, actor: Actor, kinds: frozenset[Relation]) -> bool:
    return actor.may(record.parts[0][1], kinds - {Relation.BARRED})


def relations_of(record: Record) -> list[Held]:
    """Return everybody's relations to a record; those that a restriction shuts stand behind its mark."""
    rows = db.session.execute(
        select(RelationRow.principal, RelationRow.subject_kind, RelationRow.kind, RelationRow.valid_to).where(
            of_any(record.pairs), live()
        )
    )
    # Whoever owns one action of a case does not thereby read its others.
    elsewhere = {kind for kind, _id in record.pairs[1:]} if record.pairs[0][0] == "action" else set()
    return [
        (row.principal, row.kind, row.valid_to)
        for row in rows
        if not (row.kind is Relation.ACTION_OWNER and row.subject_kind in elsewhere)
    ]
