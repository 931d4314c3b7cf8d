"""That somebody's membership of an agency was looked at and kept, quarter by quarter."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed
from safeguarding.core.columns import link
from safeguarding.core.labels import KEY, col


class MembershipConfirmation(Keyed, Base):
    """That a membership is kept for a quarter, and who said so."""

    __tablename__ = "membership_confirmation"
    __table_args__ = (UniqueConstraint("membership_id", "quarter"),)

    membership_id: Mapped[int] = link("membership")
    quarter: Mapped[date] = col(KEY)  # its first day
    confirmed_by_id: Mapped[int] = link("user_account")
    confirmed_at: Mapped[datetime] = col(KEY)
