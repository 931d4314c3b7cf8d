"""What is due next, as the strip of a record shows it: every package adds its own, the page puts them in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from safeguarding.core import clock

_SOON = timedelta(days=3)


@dataclass(frozen=True)
class Due:
    """One thing that is due on a day."""

    on: date
    text: str
    href: str | None = None
    detail: str | None = None

    @property
    def tone(self) -> str:
        """Return how pressing it is, in the words of the strip's component."""
        today = clock.today()
        if self.on < today:
            return "late"
        return "soon" if self.on <= today + _SOON else "fine"

    @property
    def when(self) -> str:
        """Return how far away it is, in words."""
        days = (self.on - clock.today()).days
        if days == 0:
            return "Today"
        unit = "day" if abs(days) == 1 else "days"
        return f"{days} {unit}" if days > 0 else f"{-days} {unit} overdue"


def due_next(models: Iterable[dict[str, Any]], own: Iterable[Due] = (), most: int = 4) -> list[Due]:
    """Return what is due soonest, from a page's own and from the `due` of its sections' view models."""
    found = list(own)
    for model in models:
        found += model.get("due", ())
    return sorted(found, key=lambda each: (each.on, each.text))[:most]
