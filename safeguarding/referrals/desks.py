"""Which panels may be referred to. Panels are a later package: it says so when the application is built.

A referral keeps the panel's slug; who screens it follows from the panel's id, to which relations are bound.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from safeguarding.core.errors import RuleError


@dataclass(frozen=True)
class Desk:
    """A panel as the front door knows it."""

    slug: str
    name: str
    panel_id: int


Loader = Callable[[], list[Desk]]


def set_desks(app: Flask, loader: Loader) -> None:
    """Say what lists the panels, in the order in which they are offered; the panels package does."""
    app.extensions["referrals.desks"] = loader


def desks() -> list[Desk]:
    """Return the panels that may be referred to."""
    loader: Loader | None = current_app.extensions.get("referrals.desks")
    return loader() if loader else []


def desk(slug: str) -> Desk:
    """Return the panel with this slug. Raises RuleError when it takes no referrals."""
    found = next((each for each in desks() if each.slug == slug), None)
    if found is None:
        raise RuleError("Choose one of the panels listed.", "panel")
    return found
