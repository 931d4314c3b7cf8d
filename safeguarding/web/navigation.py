"""The navigation: entries registered by packages, shown to those who hold their permission."""

from dataclasses import dataclass

from flask import Flask, current_app, request

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.web.addresses import address


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation; `paths` are the beginnings of the addresses that belong to it."""

    label: str
    endpoint: str
    order: int
    permission: Permission
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """An entry as the layout draws it."""

    label: str
    href: str
    current: bool
    badge: int | None = None


def register_entry(app: Flask, entry: Entry) -> None:
    """Add an entry."""
    app.extensions.setdefault("navigation", []).append(entry)


def navigation_for(actor: Actor | None) -> list[Item]:
    """Return the entries for this actor, in order, the current one marked."""
    if actor is None:
        return []
    entries: list[Entry] = current_app.extensions.get("navigation", [])
    return [
        Item(
            entry.label,
            address(entry.endpoint),
            (request.path == "/" and entry.order == 0) or request.path.startswith(entry.paths),
        )
        for entry in sorted(entries, key=lambda each: each.order)
        if actor.holds(entry.permission)
    ]
