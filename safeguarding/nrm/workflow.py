"""The states of a referral to the National Referral Mechanism and what may follow what.

Whether a listed move may be made now (consent, age, dates, who records it) is for policy and the
commands. A suspended referral goes back to the state it came from, which the outcomes recorded so far
tell. After a withdrawal or a negative decision a new referral is a new episode, not a move.
"""

from safeguarding.nrm.models import NrmState

NRM: dict[NrmState, frozenset[NrmState]] = {
    NrmState.IDENTIFIED: frozenset({NrmState.DRAFTING, NrmState.NOT_REFERRED}),
    NrmState.DRAFTING: frozenset({NrmState.CONSENT_PENDING, NrmState.RG_PENDING}),
    NrmState.CONSENT_PENDING: frozenset({NrmState.DRAFTING, NrmState.DTN_ONLY}),
    NrmState.RG_PENDING: frozenset(
        {NrmState.RG_POSITIVE, NrmState.RG_NEGATIVE, NrmState.WITHDRAWN, NrmState.SUSPENDED}
    ),
    NrmState.RG_POSITIVE: frozenset({NrmState.CG_PENDING}),
    NrmState.RG_NEGATIVE: frozenset({NrmState.RG_RECONSIDERATION}),
    NrmState.RG_RECONSIDERATION: frozenset({NrmState.RG_POSITIVE, NrmState.RG_NEGATIVE}),
    NrmState.CG_PENDING: frozenset(
        {NrmState.CG_POSITIVE, NrmState.CG_NEGATIVE, NrmState.WITHDRAWN, NrmState.SUSPENDED}
    ),
    NrmState.CG_POSITIVE: frozenset(),
    NrmState.CG_NEGATIVE: frozenset({NrmState.CG_RECONSIDERATION}),
    NrmState.CG_RECONSIDERATION: frozenset({NrmState.CG_POSITIVE, NrmState.CG_NEGATIVE}),
    NrmState.DTN_ONLY: frozenset(),
    NrmState.WITHDRAWN: frozenset(),
    NrmState.SUSPENDED: frozenset({NrmState.RG_PENDING, NrmState.CG_PENDING}),
    NrmState.NOT_REFERRED: frozenset(),
}

MAY_BE_REFERRED_ANEW = frozenset({NrmState.WITHDRAWN, NrmState.RG_NEGATIVE, NrmState.CG_NEGATIVE})
