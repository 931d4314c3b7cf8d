"""The states of an account and of a request for a role, and what may follow what."""

from safeguarding.accounts.models import AccountStatus
from safeguarding.accounts.request_models import RequestState

ACCOUNT: dict[AccountStatus, frozenset[AccountStatus]] = {
    AccountStatus.ACTIVE: frozenset({AccountStatus.SUSPENDED}),
    AccountStatus.SUSPENDED: frozenset({AccountStatus.ACTIVE}),
}
REQUEST: dict[RequestState, frozenset[RequestState]] = {
    RequestState.WAITING: frozenset({RequestState.APPROVED, RequestState.DECLINED, RequestState.WITHDRAWN}),
    RequestState.APPROVED: frozenset(),
    RequestState.DECLINED: frozenset(),
    RequestState.WITHDRAWN: frozenset(),
}
