"""Code lists that change by date: kinds of harm, grounds for sharing, first responders, ethnicity.

A code holds from `valid_from` up to, but not on, `valid_to`. A record keeps the code; the date of the
record tells which row applied. The first rows come from `reference_data` by migration; nothing here decides
what a code means.
"""

from datetime import date

from sqlalchemy import CheckConstraint, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed
from safeguarding.core.labels import REFERENCE, col


class Code(Keyed, Base):
    """One code of one list, for one stretch of time."""

    __tablename__ = "code"
    __table_args__ = (
        UniqueConstraint("list", "code", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="ends_after_it_begins"),
    )

    list: Mapped[str] = col(REFERENCE, String(40))
    code: Mapped[str] = col(REFERENCE, String(40))
    label: Mapped[str] = col(REFERENCE, String(200))
    kind: Mapped[str | None] = col(REFERENCE, String(40))  # the group within the list, e.g. duty or power
    position: Mapped[int] = col(REFERENCE, Integer)
    valid_from: Mapped[date] = col(REFERENCE)
    valid_to: Mapped[date | None] = col(REFERENCE)
    source: Mapped[str] = col(REFERENCE, Text)
    note: Mapped[str | None] = col(REFERENCE, Text)
