"""Until when a meeting holds the session of somebody who listens: to its end, and at most four hours from its opening."""

from datetime import datetime

from sqlalchemy import func, select

from safeguarding.accounts.sessions import LONGEST_PRESENCE
from safeguarding.extensions import db
from safeguarding.panels.models.meetings import Attendance, AttendanceStatus, Meeting, MeetingState


def held_until(user_id: int, since: datetime) -> datetime | None:
    """Return the instant up to which an open meeting holds a user who was there before `since`; None when none does.

    Somebody present from the beginning came when it opened.
    """
    came_at = func.coalesce(Attendance.arrived_at, Meeting.opened_at)
    opened: datetime | None = db.session.scalar(
        select(func.max(Meeting.opened_at))
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .where(
            Attendance.user_id == user_id,
            Attendance.status == AttendanceStatus.PRESENT,
            Attendance.left_at.is_(None),
            Meeting.state == MeetingState.OPEN,
            came_at < since,
        )
    )
    return opened + LONGEST_PRESENCE if opened else None
