"""The states of a context's work, of a safety goal and of an import, and what may follow what.

A closed context opens again with a new concern; a review may be followed by another.
"""

from safeguarding.contexts.models import ContextStep, GoalState, ImportState

_LEAVING = frozenset({ContextStep.CLOSED_NO_EVIDENCE, ContextStep.TRANSFERRED})

CONTEXT: dict[ContextStep, frozenset[ContextStep]] = {
    ContextStep.CONCERN: _LEAVING | {ContextStep.SCREENING},
    ContextStep.SCREENING: _LEAVING | {ContextStep.ASSESSMENT},
    ContextStep.ASSESSMENT: _LEAVING | {ContextStep.CONTEXT_CONFERENCE, ContextStep.PLAN_ACTIVE},
    ContextStep.CONTEXT_CONFERENCE: _LEAVING | {ContextStep.PLAN_ACTIVE},
    ContextStep.PLAN_ACTIVE: frozenset({ContextStep.REVIEW, ContextStep.TRANSFERRED}),
    ContextStep.REVIEW: _LEAVING
    | {
        ContextStep.REVIEW,
        ContextStep.ASSESSMENT,
        ContextStep.CONTEXT_CONFERENCE,
        ContextStep.PLAN_ACTIVE,
        ContextStep.CLOSED_SAFER,
    },
    ContextStep.CLOSED_SAFER: frozenset({ContextStep.CONCERN}),
    ContextStep.CLOSED_NO_EVIDENCE: frozenset({ContextStep.CONCERN}),
    ContextStep.TRANSFERRED: frozenset({ContextStep.CONCERN}),
}

GOAL: dict[GoalState, frozenset[GoalState]] = {
    GoalState.OPEN: frozenset({GoalState.EVIDENCED, GoalState.NOT_REACHED, GoalState.WITHDRAWN}),
    GoalState.EVIDENCED: frozenset(),
    GoalState.NOT_REACHED: frozenset(),
    GoalState.WITHDRAWN: frozenset(),
}

IMPORT: dict[ImportState, frozenset[ImportState]] = {
    ImportState.RUNNING: frozenset({ImportState.COMPLETE, ImportState.CUT_OFF, ImportState.WITHDRAWN}),
    ImportState.CUT_OFF: frozenset({ImportState.RUNNING, ImportState.WITHDRAWN}),
    ImportState.COMPLETE: frozenset({ImportState.WITHDRAWN}),
    ImportState.WITHDRAWN: frozenset(),
}
