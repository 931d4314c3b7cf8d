"""The states of an action and what may follow what.

An action that has ended stays ended: a new one is made instead.
"""

from datetime import date, timedelta

from safeguarding.actions.models import ActionState
from safeguarding.core import clock

SOON = timedelta(days=7)

ACTION: dict[ActionState, frozenset[ActionState]] = {
    ActionState.OPEN: frozenset(set(ActionState) - {ActionState.OPEN}),
    ActionState.IN_PROGRESS: frozenset(set(ActionState) - {ActionState.OPEN, ActionState.IN_PROGRESS}),
    ActionState.DONE: frozenset(),
    ActionState.NOT_POSSIBLE_CIRCUMSTANCES_CHANGED: frozenset(),
    ActionState.NOT_DONE: frozenset(),
    ActionState.SUPERSEDED: frozenset(),
}

LIVE = frozenset({ActionState.OPEN, ActionState.IN_PROGRESS})


def standing(state: ActionState, due_on: date, is_late: bool | None = False) -> str:
    """Return a state as a tag says it: overdue and due soon come before open, done late before done."""
    today = clock.today()
    if state in LIVE:
        if due_on < today:
            return "overdue"
        return "due_soon" if due_on <= today + SOON else state.value
    return "done_late" if state is ActionState.DONE and is_late else state.value
