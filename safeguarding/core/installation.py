"""The stamp of the database: what it is for and whose it is. One row, written when the database is made.

It must not hold settings: those come from the environment, and are refused when they disagree with the stamp.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped

from config import Mode
from safeguarding.core.base import Base, Keyed
from safeguarding.core.labels import KEY, col
from safeguarding.core.types import enum_of


class Installation(Keyed, Base):
    """The one row."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    mode: Mapped[Mode] = col(KEY, enum_of(Mode))
    partnership: Mapped[str] = col(KEY, String(200))
    created_at: Mapped[datetime] = col(KEY)
