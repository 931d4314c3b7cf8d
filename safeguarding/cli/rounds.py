"""What the worker does because time has passed: at each look, every few minutes, and once a day.

Each part is a short transaction of its own and can be done again without doing anything twice; a row of the database
keeps two workers from doing it at once.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from config import Mode, Settings
from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Role
from safeguarding.accounts.agreements_due import tell_due
from safeguarding.accounts.holders import holders
from safeguarding.accounts.members import tell_overdue
from safeguarding.accounts.unused import end_unused
from safeguarding.cli.risk import refresh_figures
from safeguarding.core import clock
from safeguarding.core.installation import Installation
from safeguarding.extensions import db
from safeguarding.oversight.noticing import notice_questions
from safeguarding.oversight.service import escalate_overdue, is_any_overdue
from safeguarding.web.transaction import unit_of_work

NOTICES_EVERY = timedelta(minutes=2)
SUSPENDS = Actor("system:worker", "Worker", system_permissions=frozenset({Permission.ADMIN_USERS}))


@dataclass
class Rounds:
    """When one worker did what last."""

    noticed_at: datetime | None = None
    day: date | None = None

    def make(self, settings: Settings) -> None:
        """Do what is due now."""
        _escalate()
        # A clock that was set back must not keep it waiting until it has caught up.
        if self.noticed_at is None or not timedelta() <= clock.now() - self.noticed_at < NOTICES_EVERY:
            with unit_of_work():
                _alone()
                notice_questions()
            self.noticed_at = clock.now()
        if self.day != clock.today():
            _once_a_day(settings)
            self.day = clock.today()


def _escalate() -> None:
    """Queue what has to be told because a time has passed."""
    overdue = is_any_overdue()
    db.session.rollback()
    if overdue:
        with unit_of_work():
            escalate_overdue()


def _once_a_day(settings: Settings) -> None:
    with unit_of_work():
        _alone()
        keep = {Role.INFORMATION_GOVERNANCE}
        tell_due(holders(keep) or holders({Role.ADMIN}))
        tell_overdue()
    if settings.mode is not Mode.DEMONSTRATION:  # whose people never sign in but one
        with unit_of_work():
            _alone()
            end_unused(SUSPENDS, timedelta(days=settings.account_unused_days))
    refresh_figures(clock.today())


def _alone() -> None:
    """Wait for another worker that does the same; on SQLite whoever writes is alone already."""
    db.session.scalar(select(Installation.id).with_for_update())
