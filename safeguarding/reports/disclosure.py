"""Disclosure control: how counts are published so that no count of one to four can be worked out. Pure.

A count under five is said to be "fewer than 5" and every other is rounded to the nearest five. That alone does not
hide small counts: a total, or another table about the same people, may leave only one value possible. So what is
published is attacked here as a reader would attack it (every figure an interval, every table a sum of its cells, tables
about the same people sharing their total), and as long as "fewer than 5" could be narrowed down, or a figure left out
be known to within five, the smallest figure that bears on it is left out. A table about fewer than ten is not published.

Source: `security.md` IN-3, after what the Office for National Statistics and the Department for Education publish on
small counts. Sums here form no circle (two tables share at most their total), so that narrowing intervals finds exactly
what could be worked out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

THRESHOLD = 5
BASE = 5
LEAST_POPULATION = 10
_UNBOUNDED = 10**9


class Mark(StrEnum):
    """How a figure is published."""

    ZERO = "zero"
    FEW = "few"
    ROUNDED = "rounded"
    HIDDEN = "hidden"


@dataclass(eq=False)
class Figure:
    """One count with its label; `mark` says how it is published and is worked out by `protect`."""

    label: str
    count: int
    least: int = 1  # what a reader knows of it before anything is published: a total stands only from ten on
    mark: Mark = field(init=False)

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("a count is not negative")
        self.mark = Mark.ZERO if not self.count else Mark.FEW if self.count < THRESHOLD else Mark.ROUNDED

    @property
    def rounded(self) -> int | None:
        """Return the number that is published, or None where none is."""
        if self.mark is Mark.ZERO:
            return 0
        return BASE * round(self.count / BASE) if self.mark is Mark.ROUNDED else None

    @property
    def text(self) -> str:
        """Return what is shown."""
        number = self.rounded
        if number is not None:
            return f"{number:,}"
        return f"Fewer than {THRESHOLD}" if self.mark is Mark.FEW else "Not shown"

    @property
    def bounds(self) -> tuple[int, int]:
        """Return the least and the most that a reader can take the count to be, from this figure alone."""
        number = self.rounded
        if number == 0:
            return (0, 0)
        if number is not None:
            return (max(THRESHOLD, self.least, number - BASE // 2), number + BASE // 2)
        return (1, THRESHOLD - 1) if self.mark is Mark.FEW else (self.least, _UNBOUNDED)


@dataclass
class Table:
    """Counts of one thing. `total` is a figure of its own where the rows add up to it, None where they overlap."""

    title: str
    rows: list[Figure]
    total: Figure | None

    @property
    def published(self) -> bool:
        """Return whether there are enough to publish anything of it."""
        most = self.total.count if self.total else max((row.count for row in self.rows), default=0)
        return most >= LEAST_POPULATION

    @property
    def longest(self) -> int:
        """Return the largest number that is published of a row, for the bars' common scale."""
        return max((row.rounded or 0 for row in self.rows), default=0)


Bounds = dict[Figure, tuple[int, int]]


def protect(tables: Sequence[Table]) -> None:
    """Leave out figures until no small count of these tables can be narrowed down. Tables that share a total share it."""
    shown = [table for table in tables if table.published]
    for table in shown:
        if table.total:
            if sum(row.count for row in table.rows) != table.total.count:
                raise ValueError(f"the rows of {table.title!r} do not add up to its total")
            table.total.least = LEAST_POPULATION
    while exposed := _exposed(shown):
        _leave_out(shown, exposed)


def _exposed(tables: Sequence[Table]) -> Figure | None:
    known = narrowed(tables)
    for figure in _figures(tables):
        least, most = known[figure]
        if figure.mark is Mark.FEW and (least, most) != figure.bounds:
            return figure
        if figure.mark is Mark.HIDDEN and most - least < THRESHOLD:
            return figure
    return None


def _leave_out(tables: Sequence[Table], exposed: Figure) -> None:
    # Rows are left out before totals, numbers before small counts, and small ones before large ones: as little as
    # possible is lost. When everything is left out nothing is exposed, so that there is always something to take.
    totals = {table.total for table in tables}

    def cost(figure: Figure) -> tuple[bool, bool, bool, int]:
        return (figure is exposed, figure.mark is Mark.FEW, figure in totals, figure.count)

    bearing = _bearing_on(tables, exposed)
    min((figure for figure in bearing if figure.mark in (Mark.ROUNDED, Mark.FEW)), key=cost).mark = Mark.HIDDEN


def narrowed(tables: Sequence[Table]) -> Bounds:
    """Return the least and the most that each count can be, given everything that the tables publish."""
    known = {figure: figure.bounds for figure in _figures(tables)}
    sums = [(table.total, table.rows) for table in tables if table.total]
    changed = True
    while changed:
        changed = False
        for total, rows in sums:
            changed |= _narrow(known, total, rows)
    return known


def _narrow(known: Bounds, total: Figure, rows: Sequence[Figure]) -> bool:
    least, most = sum(known[row][0] for row in rows), sum(known[row][1] for row in rows)
    changed = _keep(known, total, least, most)
    low, high = known[total]
    for row in rows:
        others_least, others_most = least - known[row][0], most - known[row][1]
        changed |= _keep(known, row, low - others_most, high - others_least)
        least, most = others_least + known[row][0], others_most + known[row][1]
    return changed


def _keep(known: Bounds, figure: Figure, least: int, most: int) -> bool:
    before = known[figure]
    known[figure] = (max(before[0], least), min(before[1], most))
    return known[figure] != before


def _bearing_on(tables: Sequence[Table], exposed: Figure) -> list[Figure]:
    """Return the figures of every table that is linked to this figure, by itself or through shared totals."""
    reached = {exposed}
    while True:
        more = {
            figure
            for table in tables
            if table.total and not reached.isdisjoint({*table.rows, table.total})
            for figure in (*table.rows, table.total)
        }
        if more <= reached:
            return [figure for figure in _figures(tables) if figure in reached]
        reached |= more


def _figures(tables: Iterable[Table]) -> list[Figure]:
    found: dict[Figure, None] = {}
    for table in tables:
        found.update(dict.fromkeys(table.rows))
        if table.total:
            found[table.total] = None
    return list(found)
