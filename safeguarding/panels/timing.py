"""Rules of time before a meeting: when agencies must have answered, when the agenda locks, when each item starts.

Pure: instants in, instants out. A setting of the panel is given, never looked up.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from safeguarding.core import clock
from safeguarding.core.working_days import add_working_days
from safeguarding.panels.models.items import ReturnState
from safeguarding.panels.models.meetings import AgendaState

CUT_OFF_TIME = time(17, 0)
RETURNS_TIME = time(12, 0)


def usual_cut_off(starts_at: datetime, cut_off_days: int) -> datetime:
    """Return when an agenda locks: 5pm London time, that many working days before the meeting, and never after it."""
    day = add_working_days(clock.london(starts_at).date(), -cut_off_days)
    return min(clock.at_london(day, CUT_OFF_TIME), starts_at)


def usual_returns_due(cut_off_at: datetime) -> datetime:
    """Return when agencies are asked to have answered: noon of the working day before the agenda locks."""
    day = add_working_days(clock.london(cut_off_at).date(), -1)
    return clock.at_london(day, RETURNS_TIME)


def next_due(now: datetime, returns_due_at: datetime | None, cut_off_at: datetime, starts_at: datetime) -> datetime:
    """Return when an agency asked now must answer: as planned, or the next of the meeting's instants still ahead."""
    ahead = [at for at in (returns_due_at, cut_off_at, starts_at) if at is not None and at > now]
    return min(ahead, default=starts_at)


def is_locked(agenda_state: AgendaState, cut_off_at: datetime, now: datetime) -> bool:
    """Return whether the agenda may no longer change: locked by hand, or published and past its cut-off.

    One that was never published does not lock by itself, because then nobody would have been asked at all.
    """
    return agenda_state is AgendaState.LOCKED or (agenda_state is AgendaState.PUBLISHED and now >= cut_off_at)


def is_late(state: ReturnState, due_at: datetime, answered_at: datetime | None, now: datetime) -> bool:
    """Return whether an answer is, or came, after it was due. Late stays late after it arrives."""
    if state is ReturnState.WAITING or answered_at is None:
        return now > due_at
    return answered_at > due_at


def starts(first: datetime, minutes: Iterable[int]) -> Iterator[datetime]:
    """Yield when each of the items starts, one after the other."""
    at = first
    for slot in minutes:
        yield at
        at += timedelta(minutes=slot)
