"""What panels show on other pages from the day of a meeting on: the meeting that is open, minutes that wait, decisions."""

from typing import Any

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.core import clock
from safeguarding.core.working_days import add_working_days
from safeguarding.panels.models.meetings import MeetingState
from safeguarding.panels.models.minutes import MinutesState
from safeguarding.panels.policy import KIND_NAMES
from safeguarding.panels.queries.decisions import decided_about
from safeguarding.panels.queries.minutes import list_waiting


def meetings_now(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return the meetings of the actor's panels that are open now, and the minutes that wait for the actor."""
    rows = list_waiting(actor)
    live = [row for row in rows if row.state in (MeetingState.OPEN, MeetingState.ADJOURNED)]
    minutes = [{"row": row, "due_on": _due(row), "act": act} for row in rows if (act := _act(row)) is not None]
    if not live and not minutes:
        return None
    column = "above" if live else "aside"
    return {"live": live, "minutes": minutes, "today": clock.today(), "column": column}


def _act(row: Any) -> str | None:
    """Return what the actor does next about a meeting's minutes: make, send round or sign."""
    if row.state is not MeetingState.CLOSED:
        return None
    if row.minutes_state is MinutesState.CIRCULATED:
        return "sign" if row.may_sign else None
    if not row.may_prepare:
        return None
    return "make" if row.minutes_state is None else "circulate"


def _due(row: Any) -> Any:
    return add_working_days(clock.london(row.closed_at).date(), row.minutes_days)


def about_case(actor: Actor, subject: Any) -> dict[str, Any] | None:
    """Return what panels decided about a case."""
    may_record = actor.may(Permission.NRM_RECORD, getattr(subject, "relations", ()))
    return _decisions(decided_about(actor, case_id=subject.id), may_record)


def about_person(actor: Actor, subject: Any) -> dict[str, Any] | None:
    """Return what panels decided about a young person, where the actor may see that."""
    return _decisions(decided_about(actor, person_id=subject.id), False)


def on_meeting(_actor: Actor, subject: Any) -> dict[str, Any] | None:
    """Return the way from a meeting's page to the live meeting and to its minutes."""
    return {"meeting": subject}


def _decisions(decided: list[Any], may_record_nrm: bool) -> dict[str, Any] | None:
    if not decided:
        return None
    return {"decided": decided, "kind_names": KIND_NAMES, "may_record_nrm": may_record_nrm}
