"""The states of an account and what may follow what."""

from safeguarding.accounts.models import AccountStatus

ACCOUNT: dict[AccountStatus, frozenset[AccountStatus]] = {
    AccountStatus.ACTIVE: frozenset({AccountStatus.SUSPENDED}),
    AccountStatus.SUSPENDED: frozenset({AccountStatus.ACTIVE}),
}
