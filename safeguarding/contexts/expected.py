"""A place against itself: how many incidents a month was to be expected to have, from its own earlier months.

Owns one small model and nothing else: a place has its own monthly rate; before its own months are looked at, the
rate is thought to be that of its kind (gamma, shape 0.5, which says little); after them, next month's count follows
a negative binomial. Standard library only. It must not compare one place with another.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

PRIOR_SHAPE = 0.5
MOST_MONTHS = 24
FEWEST_MONTHS = 12
COVERAGE = 0.90
NOT_ENOUGH = "not enough history"
# A kind that never had an incident still expects something: one in a hundred months, so that the rate is not nothing.
SMALLEST_MEAN = 0.01


@dataclass(frozen=True, slots=True)
class Expected:
    """What a month was to be expected to hold: the mean, and the whole numbers between which 90 % of months fall."""

    months: int
    mean: float
    low: int
    high: int

    def says_of(self, observed: int) -> str:
        """Return what an observed month is, in words: fewer than, as many as, or more than expected."""
        if observed < self.low:
            return "fewer than expected"
        return "more than expected" if observed > self.high else "as expected"


def expected_month(earlier: Sequence[int], mean_of_kind: float) -> Expected | None:
    """Return what the month after these is expected to hold, or None: not enough history.

    `earlier` are the counts of whole months, oldest first; the last 24 are used, and fewer than 12 are too few.
    `mean_of_kind` is the mean monthly count of places of the kind. The interval leaves at most 5 % on either side.
    Raises ValueError for a negative count or a mean that is no number.
    """
    if any(count < 0 for count in earlier) or not 0 <= mean_of_kind < math.inf:
        raise ValueError("counts and their mean are not below nothing")
    used = earlier[-MOST_MONTHS:]
    if len(used) < FEWEST_MONTHS:
        return None
    rate = PRIOR_SHAPE / max(mean_of_kind, SMALLEST_MEAN) + len(used)
    shape = PRIOR_SHAPE + sum(used)
    tail = (1 - COVERAGE) / 2
    return Expected(
        months=len(used),
        mean=shape / rate,
        low=_quantile(shape, rate, tail),
        high=_quantile(shape, rate, 1 - tail),
    )


def earlier_months(days: Iterable[date], month: date, known_since: date) -> list[int]:
    """Return the counts of the whole months before `month`, oldest first, at most 24.

    `days` are the incidents' days (any day of the month where only that is known). A month counts from the first
    whole one after `known_since`, the day from which incidents of the place were recorded at all.
    """
    first = _index(known_since) + (0 if known_since.day == 1 else 1)
    last = _index(month)
    counts = Counter(_index(day) for day in days)
    return [counts[index] for index in range(max(first, last - MOST_MONTHS), last)]


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _quantile(shape: float, rate: float, share: float) -> int:
    """The smallest whole number that at least this share of months does not exceed.

    A count of a gamma(shape, rate) mixture of Poissons is negative binomial: P(0) = (rate / (rate + 1)) ^ shape and
    P(k + 1) = P(k) x (shape + k) / (k + 1) / (rate + 1). Summed in logarithms up to where P(0) is no longer nothing.
    """
    log_chance = shape * (math.log(rate) - math.log1p(rate))
    step = -math.log1p(rate)
    total, count = math.exp(log_chance), 0
    while total < share:
        log_chance += math.log(shape + count) - math.log(count + 1) + step
        count += 1
        total += math.exp(log_chance)
        if count > shape and math.exp(log_chance) < 1e-18:
            break
    return count
