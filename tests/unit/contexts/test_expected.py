"""A place against itself."""

import math
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeguarding.contexts.expected import Expected, earlier_months, expected_month


def chances(shape: Fraction, rate: Fraction, up_to: int) -> list[float]:
    """P(0), P(1), ... of the gamma-Poisson mixture, by the closed form with the gamma function."""
    p = float(rate / (rate + 1))
    return [
        math.exp(
            math.lgamma(k + float(shape))
            - math.lgamma(float(shape))
            - math.lgamma(k + 1)
            + float(shape) * math.log(p)
            + k * math.log1p(-p)
        )
        for k in range(up_to)
    ]


def test_a_quiet_place_of_a_quiet_kind() -> None:
    """No incident in 24 months, the kind has one a month: shape 0.5, rate 0.5 + 24; P(0) = (24.5/25.5)^0.5."""
    answer = expected_month([0] * 24, 1.0)
    assert answer is not None
    assert answer.mean == pytest.approx(0.5 / 24.5)
    assert (answer.low, answer.high) == (0, 0)  # P(0) = 0.98
    assert answer.says_of(0) == "as expected"
    assert answer.says_of(1) == "more than expected"


def test_the_mean_lies_between_the_place_s_own_and_its_kind_s() -> None:
    answer = expected_month([4] * 12, 1.0)
    assert answer is not None
    assert answer.mean == pytest.approx((0.5 + 48) / (0.5 + 12))
    assert 1 < answer.mean < 4


def test_only_the_last_24_months_are_looked_at() -> None:
    recent = [2, 3] * 12
    assert expected_month([100] * 30 + recent, 2.0) == expected_month(recent, 2.0)
    answer = expected_month([100, *recent], 2.0)
    assert answer is not None
    assert answer.months == 24


@pytest.mark.parametrize("months", [0, 1, 11])
def test_under_twelve_months_there_is_not_enough_history(months: int) -> None:
    assert expected_month([3] * months, 2.0) is None
    assert expected_month([3] * 12, 2.0) is not None


def test_a_kind_that_never_had_an_incident_still_gives_an_answer() -> None:
    answer = expected_month([0] * 12, 0.0)
    assert answer is not None
    assert answer.mean == pytest.approx(0.5 / (50 + 12))
    assert answer.high == 0


@pytest.mark.parametrize(("earlier", "mean"), [([1, -1], 1.0), ([1], -0.1), ([1], math.nan), ([1], math.inf)])
def test_what_is_no_count_is_refused(earlier: list[int], mean: float) -> None:
    with pytest.raises(ValueError, match="not below nothing"):
        expected_month(earlier, mean)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=12, max_size=24), st.integers(1, 300))
def test_the_interval_holds_nine_months_of_ten_and_is_no_wider_than_it_must_be(earlier: list[int], tenths: int) -> None:
    answer = expected_month(earlier, tenths / 10)
    assert answer is not None
    shape = Fraction(1, 2) + sum(earlier)
    rate = Fraction(1, 2) / Fraction(tenths, 10) + len(earlier)
    chance = chances(shape, rate, answer.high + 1)
    below, up_to_high = sum(chance[: answer.low]), sum(chance)
    assert up_to_high - below >= 0.9 - 1e-9
    assert below <= 0.05 + 1e-9
    assert sum(chance[: answer.low + 1]) >= 0.05 - 1e-9
    assert sum(chance[:-1]) <= 0.95 + 1e-9
    assert answer.low <= answer.mean + 1
    assert answer.high >= answer.mean - 1


def test_a_busy_place_has_an_interval_too() -> None:
    """Where P(0) is too small for a float the sum starts from logarithms."""
    answer = expected_month([2_000] * 24, 2_000.0)
    assert answer is not None
    assert answer.mean == pytest.approx(2_000, rel=1e-3)
    # Poisson of 2,000, hardly wider: the standard deviation is near 45.6.
    assert 1_920 < answer.low < 1_930
    assert 2_070 < answer.high < 2_080


@pytest.mark.parametrize(
    ("observed", "said"),
    [(1, "fewer than expected"), (2, "as expected"), (6, "as expected"), (7, "more than expected")],
)
def test_what_is_said_of_a_month(observed: int, said: str) -> None:
    assert Expected(months=24, mean=4.0, low=2, high=6).says_of(observed) == said


def test_months_are_counted_whole_and_before_the_month_in_question() -> None:
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 4, 30), date(2026, 5, 1)]
    assert earlier_months(days, date(2026, 5, 17), known_since=date(2026, 1, 1)) == [1, 2, 0, 1]


def test_a_month_known_only_in_part_does_not_count() -> None:
    days = [date(2026, 1, 20), date(2026, 2, 3)]
    assert earlier_months(days, date(2026, 4, 1), known_since=date(2026, 1, 15)) == [1, 0]
    assert earlier_months(days, date(2026, 4, 1), known_since=date(2026, 4, 1)) == []


def test_at_most_24_months_are_counted() -> None:
    assert len(earlier_months([], date(2026, 5, 1), known_since=date(2020, 1, 1))) == 24
