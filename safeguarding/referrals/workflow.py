"""The states of a referral and what may follow what, and which state each outcome of screening leads to."""

from safeguarding.referrals.models import ReferralState, ScreeningOutcome

_ANSWERS = frozenset(
    {
        ReferralState.ACCEPTED,
        ReferralState.REDIRECTED,
        ReferralState.SINGLE_AGENCY,
        ReferralState.NO_FURTHER_ACTION,
    }
)

REFERRAL: dict[ReferralState, frozenset[ReferralState]] = {
    ReferralState.DRAFT: frozenset({ReferralState.SUBMITTED, ReferralState.WITHDRAWN}),
    ReferralState.SUBMITTED: _ANSWERS | {ReferralState.MORE_INFORMATION, ReferralState.WITHDRAWN},
    # An answer that never comes must not keep the screener from deciding.
    ReferralState.MORE_INFORMATION: _ANSWERS | {ReferralState.SUBMITTED, ReferralState.WITHDRAWN},
    ReferralState.ACCEPTED: frozenset(),
    ReferralState.REDIRECTED: frozenset(),
    ReferralState.SINGLE_AGENCY: frozenset(),
    ReferralState.NO_FURTHER_ACTION: frozenset(),
    ReferralState.WITHDRAWN: frozenset(),
}

LEADS_TO: dict[ScreeningOutcome, ReferralState] = {
    ScreeningOutcome.ACCEPT: ReferralState.ACCEPTED,
    ScreeningOutcome.ACCEPT_URGENT: ReferralState.ACCEPTED,
    ScreeningOutcome.MORE_INFORMATION: ReferralState.MORE_INFORMATION,
    ScreeningOutcome.REDIRECT_FRONT_DOOR: ReferralState.REDIRECTED,
    ScreeningOutcome.REDIRECT_EARLY_HELP: ReferralState.REDIRECTED,
    ScreeningOutcome.SINGLE_AGENCY: ReferralState.SINGLE_AGENCY,
    ScreeningOutcome.NO_FURTHER_ACTION: ReferralState.NO_FURTHER_ACTION,
}
