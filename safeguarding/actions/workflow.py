"""The states of an action and what may follow what.

An action that has ended stays ended: a new one is made instead.
"""

from safeguarding.actions.models import ActionState

ACTION: dict[ActionState, frozenset[ActionState]] = {
    ActionState.OPEN: frozenset(set(ActionState) - {ActionState.OPEN}),
    ActionState.IN_PROGRESS: frozenset(set(ActionState) - {ActionState.OPEN, ActionState.IN_PROGRESS}),
    ActionState.DONE: frozenset(),
    ActionState.NOT_POSSIBLE_CIRCUMSTANCES_CHANGED: frozenset(),
    ActionState.NOT_DONE: frozenset(),
    ActionState.SUPERSEDED: frozenset(),
}

LIVE = frozenset({ActionState.OPEN, ActionState.IN_PROGRESS})
