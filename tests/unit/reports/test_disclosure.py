"""Disclosure control, attacked by trying every table that would have been published the same way."""

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeguarding.reports.disclosure import Figure, Mark, Table, narrowed, protect

COUNTS = st.lists(st.integers(min_value=0, max_value=13), min_size=1, max_size=4)


def table(counts: list[int], total: Figure | None = None) -> Table:
    rows = [Figure(f"row {n}", count) for n, count in enumerate(counts)]
    return Table("Table", rows, total or Figure("Total", sum(counts)))


def possible(made: Table) -> list[tuple[int, ...]]:
    """Return every way in which the rows may stand, given what one table publishes: an attack by trying them all."""
    assert made.total is not None
    low, high = made.total.bounds
    ranges = [range(least, min(most, 60) + 1) for least, most in (row.bounds for row in made.rows)]
    return [rows for rows in product(*ranges) if low <= sum(rows) <= high]


@given(COUNTS)
@settings(max_examples=150, deadline=None)
def test_every_small_count_might_be_any_of_one_to_four(counts: list[int]) -> None:
    made = table(counts)
    protect([made])
    if not made.published:
        return
    worlds = possible(made)
    assert tuple(counts) in worlds
    for place, row in enumerate(made.rows):
        values = {world[place] for world in worlds}
        if row.mark is Mark.FEW:
            assert values == {1, 2, 3, 4}, (counts, [each.text for each in made.rows])
        if row.mark is Mark.HIDDEN:
            assert max(values) - min(values) >= 5, (counts, [each.text for each in made.rows])


@given(COUNTS, st.integers(min_value=1, max_value=4), st.data())
@settings(max_examples=100, deadline=None)
def test_two_tables_about_the_same_people_do_not_give_each_other_away(
    counts: list[int], parts: int, data: st.DataObject
) -> None:
    total = Figure("Total", sum(counts))
    cuts = sorted(data.draw(st.lists(st.integers(0, total.count), min_size=parts - 1, max_size=parts - 1)))
    edges = [0, *cuts, total.count]
    others = [after - before for before, after in pairwise(edges)]
    first, second = table(counts, total), table(others, total)
    protect([first, second])
    if not first.published:
        return
    sums = {sum(world) for world in possible(first)} & {sum(world) for world in possible(second)}
    for made in (first, second):
        worlds = [world for world in possible(made) if sum(world) in sums]
        for place, row in enumerate(made.rows):
            if row.mark is Mark.FEW:
                assert {world[place] for world in worlds} == {1, 2, 3, 4}, (counts, others)


def test_a_lone_small_count_is_not_left_to_be_subtracted() -> None:
    # Without the control: 15 in all (13 to 17), three times 5 (5 to 7), so that the small count is two at most.
    made = table([5, 5, 5, 1])
    before = narrowed([made])
    assert before[made.rows[3]] == (1, 2)
    protect([made])
    assert narrowed([made])[made.rows[3]] == (1, 4)
    assert [row.text for row in made.rows] == ["Not shown", "5", "5", "Fewer than 5"]


@pytest.mark.parametrize(
    ("count", "text", "bounds"),
    [(0, "0", (0, 0)), (1, "Fewer than 5", (1, 4)), (4, "Fewer than 5", (1, 4)), (5, "5", (5, 7)), (7, "5", (5, 7)),
     (8, "10", (8, 12)), (1_003, "1,005", (1_003, 1_007))],
)  # fmt: skip
def test_how_one_count_is_said(count: int, text: str, bounds: tuple[int, int]) -> None:
    figure = Figure("Row", count)
    assert (figure.text, figure.bounds) == (text, bounds)


@pytest.mark.parametrize(("counts", "published"), [([4, 5], False), ([5, 5], True), ([], False)])
def test_fewer_than_ten_in_all_are_not_told_apart(counts: list[int], published: bool) -> None:
    assert table(counts).published is published


def test_rows_that_do_not_add_up_are_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        protect([table([5, 6], Figure("Total", 12))])


def test_rows_that_overlap_have_no_total_to_be_subtracted_from() -> None:
    made = Table("Overlapping", [Figure("One", 12), Figure("Two", 3)], None)
    protect([made])
    assert [row.text for row in made.rows] == ["10", "Fewer than 5"]
