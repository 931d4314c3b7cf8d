"""The states of a case and what may follow what.

A case that ended may be opened again: a repeat within the partnership's period belongs to the same case.
"""

from safeguarding.cases.models import CaseState

CASE: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset(
        {CaseState.UNDER_REVIEW, CaseState.STEPPED_DOWN, CaseState.CLOSED, CaseState.TRANSFERRED}
    ),
    CaseState.UNDER_REVIEW: frozenset(
        {CaseState.OPEN, CaseState.STEPPED_DOWN, CaseState.CLOSED, CaseState.TRANSFERRED}
    ),
    CaseState.STEPPED_DOWN: frozenset({CaseState.OPEN, CaseState.CLOSED, CaseState.TRANSFERRED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),
    CaseState.TRANSFERRED: frozenset({CaseState.OPEN}),
}

LIVE = frozenset({CaseState.OPEN, CaseState.UNDER_REVIEW})
