"""What happened when: the demonstration's history as dated entries, written in the order of time."""

import heapq
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import count

from safeguarding.core import clock
from safeguarding.web.transaction import unit_of_work

BATCH = 40  # entries in one transaction


class Diary:
    """Entries wait for their instant; each runs with the clock at it, and may write further entries for later."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = count()

    def at(self, instant: datetime, act: Callable[[], object]) -> None:
        """Enter something that happens at an instant."""
        heapq.heappush(self._waiting, (instant, next(self._numbers), act))

    def on(self, day: date, hour: int, minute: int, act: Callable[[], object]) -> None:
        """Enter something that happens on a day at a time on London's clocks."""
        self.at(clock.at_london(day, time(hour, minute)), act)

    def write(self, until: datetime) -> None:
        """Let everything up to an instant happen; what lies beyond it never does."""
        while self._waiting and self._waiting[0][0] <= until:
            with unit_of_work():
                for _ in range(BATCH):
                    if not self._waiting or self._waiting[0][0] > until:
                        break
                    instant, _number, act = heapq.heappop(self._waiting)
                    with clock.pretend(instant):
                        act()


def working_day(day: date) -> date:
    """Return the day, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day
