"""What stands beside the answer to "Who can see this?": why it is restricted, the agreements that let people in, who
looked, who holds its sealed values, and what the reader may ask or change."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.agencies.queries import list_in_force
from safeguarding.cases.restricted_queries import restriction_of
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.oversight.explaining import Audience, Record, Viewer
from safeguarding.oversight.queries import count_looks
from safeguarding.people.sealed.queries import holders_of
from safeguarding.relations.models import ClosedSubject

LOOKED_WITHIN = timedelta(days=29)  # thirty days, both ends included
ON_LIST = frozenset({Relation.LEAD_WORKER, Relation.ALLOCATED, Relation.LISTED})


@dataclass(frozen=True)
class Surroundings:
    """`holders` are who holds a grant to a sealed value (None: nothing is sealed); `looks` (all, in an emergency)."""

    restriction: Any
    agreements: list[tuple[tuple[str, date, date], list[str]]]
    looks: tuple[int, int] | None
    holders: frozenset[int] | None
    asks: list[tuple[str, str]]

    def sealed_for(self, viewer: Viewer) -> str:
        """Return whether somebody who can open the record sees what is sealed: `● holds it` or `○ sealed`."""
        return "●\u00a0holds it" if viewer.actor.user_id in (self.holders or ()) else "○\u00a0sealed"


def surroundings_of(actor: Actor, record: Record, audience: Audience) -> Surroundings:
    """Return it for whoever asks. At most six statements, however many people can see the record."""
    mine = audience.asker.kinds if audience.asker else frozenset()
    everybody = [*audience.viewers, *([audience.asker] if audience.asker else [])]
    agencies = frozenset(agency for viewer in everybody for agency in viewer.actor.agency_ids)
    holders = None if record.person_id is None else holders_of(record.person_id)
    may_see_looks = actor.may(Permission.LOOKS_READ, mine)
    return Surroundings(
        _restriction(record) if record.is_restricted and mine & ON_LIST else None,
        _agreements(list_in_force(agencies)),
        count_looks(record.ref, clock.today() - LOOKED_WITHIN) if may_see_looks else None,
        holders,
        _asks(actor, record, mine, is_sealed=holders is not None and actor.user_id not in holders),
    )


def _agreements(rows: list[Any]) -> list[tuple[tuple[str, date, date], list[str]]]:
    """Return agreements (title, signed on, review on), each once, with the agencies that signed it alike."""
    signed: dict[tuple[str, date, date], list[str]] = {}
    for row in rows:
        signed.setdefault((row.title, row.signed_on, row.review_on), []).append(row.short_name)
    return list(signed.items())


def _restriction(record: Record) -> Any:
    """Return the restriction of the case that closes the record, told to those on its list."""
    kind, key = record.pairs[0]
    closing = select(ClosedSubject.source_id).where(
        ClosedSubject.subject_kind == kind, ClosedSubject.subject_id == key, ClosedSubject.source_kind == "case"
    )
    case_id = db.session.scalar(closing.order_by(ClosedSubject.id).limit(1))
    return None if case_id is None else restriction_of(case_id)


def _asks(actor: Actor, record: Record, mine: frozenset[Relation], *, is_sealed: bool) -> list[tuple[str, str]]:
    """Return what the reader may ask or change here, as (words, address)."""
    found = []
    is_case = record.ref.startswith("CA-")
    if is_case and record.is_restricted and mine & ON_LIST:
        page = url_for("cases.list_page", ref=record.ref)
        if actor.may(Permission.CASE_ALLOCATE, mine):
            found.append(("Add somebody to the list", page))
        if Relation.LISTED in mine:
            found.append(("Take yourself off the list", page))
    elif is_case and actor.may(Permission.CASE_ALLOCATE, mine):
        found.append(("Say who works the case", url_for("cases.team", ref=record.ref)))
    if is_case and actor.may(Permission.CASE_RESTRICT, mine) and not record.is_restricted:
        found.append(("Restrict it to people on a list", url_for("cases.restrict", ref=record.ref)))
    if record.ref.startswith("YP-") and is_sealed and actor.may(Permission.SEALED_SEE, mine):
        found.append(("Ask to see what is sealed", url_for("people.ask_sealed", ref=record.ref)))
    if is_case and mine - {Relation.EMERGENCY}:
        found.append(("Declare a conflict of interest", url_for("cases.conflict", ref=record.ref)))
    return found
