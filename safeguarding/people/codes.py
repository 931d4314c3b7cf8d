"""Codes of a dated list, as choices of a form and as words."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from safeguarding.core.codes import Code
from safeguarding.extensions import db


@dataclass(frozen=True)
class CodeLabel:
    """One code that holds on a day."""

    list: str
    code: str
    label: str
    kind: str | None


def codes_on(day: date, *lists: str) -> list[CodeLabel]:
    """Return the codes of some lists that hold on a day, in the order of each list, in one statement."""
    statement = (
        select(Code.list, Code.code, Code.label, Code.kind)
        .where(Code.list.in_(lists), Code.valid_from <= day, or_(Code.valid_to.is_(None), Code.valid_to > day))
        .order_by(Code.list, Code.position, Code.code)
        .limit(500)
    )
    return [CodeLabel(*row) for row in db.session.execute(statement)]


def choices_of(codes: list[CodeLabel], name: str) -> list[tuple[str, str]]:
    """Return the codes of one list as (value, label)."""
    return [(each.code, each.label) for each in codes if each.list == name]
