"""What panels show on other pages before the day: the next meeting and what it lacks, returns to answer, where a
referral stands."""

from typing import Any, NamedTuple

from flask import url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.core import clock
from safeguarding.panels.models.meetings import AgendaState, MeetingState
from safeguarding.panels.queries import agenda, returns
from safeguarding.panels.timing import is_locked

SHOWN = 5


class Lack(NamedTuple):
    """What is missing, the verb of what is done about it, and where."""

    words: str
    verb: str
    href: str


def next_meeting(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return the next meeting of the actor's panel: for its officers with what is still missing from it."""
    if actor.holds(Permission.AGENDA_BUILD):
        row = agenda.next_meeting(actor)
        return None if row is None else _above(row, missing=_missing(row), locked=_locked(row))
    row = agenda.next_for_seat(actor)
    return None if row is None else _above(row, missing=None, locked=False)


def _above(row: Any, *, missing: list[Lack] | None, locked: bool) -> dict[str, Any]:
    return {"meeting": row, "missing": missing, "locked": locked, "column": "above"}


def _locked(row: Any) -> bool:
    return is_locked(row.agenda_state, row.cut_off_at, clock.now())


def _missing(row: Any) -> list[Lack]:
    """Return what is missing from a meeting ahead, in words, with what is done about it; the most pressing first."""
    if row.state is not MeetingState.PLANNED:
        return []
    at = {"slug": row.slug, "ref": row.ref}
    agenda_page, add = url_for("panels.meeting", **at), url_for("panels.add_items", **at)
    found = []
    if row.late:
        words = _one_or_more(row.late, "return is", "returns are")
        found.append(Lack(f"{row.late} {words} late", "Chase", f"{agenda_page}#returns"))
    if row.without_presenter:
        words = _one_or_more(row.without_presenter, "item has", "items have")
        found.append(Lack(f"{row.without_presenter} {words} no presenter", "Name one", f"{agenda_page}#agenda"))
    if row.waiting:
        words = _one_or_more(row.waiting, "accepted referral waits", "accepted referrals wait")
        found.append(Lack(f"{row.waiting} {words} for an agenda", "Add to this one", add))
    if not row.item_count:
        found.append(Lack("The agenda has no items", "Add some", add))
    elif row.agenda_state is AgendaState.DRAFT:
        found.append(Lack("The agenda is not published, so no agency has been asked", "See to it", agenda_page))
    return found


def _one_or_more(number: int, one: str, more: str) -> str:
    return one if number == 1 else more


def returns_to_answer(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return what the actor's agency is asked and has not answered, the soonest due first."""
    rows = returns.list_requests(actor, answered=False, limit=SHOWN + 1)
    if not rows:
        return None
    return {"rows": rows[:SHOWN], "has_more": len(rows) > SHOWN, "now": clock.now()}


def referral_place(actor: Actor, subject: Any) -> dict[str, Any] | None:
    """Return where a referral stands on an agenda."""
    row = agenda.agenda_place(actor, subject.id)
    return None if row is None else {"place": row}
