"""What later packages show on earlier packages' pages: tabs, sections, navigation. Registered when the app is built."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission

Build = Callable[[Actor, Any], dict[str, Any] | None]


@dataclass(frozen=True)
class Section:
    """A part of a page: `build` gives its view model (None: nothing to show), `template` draws it with that as `model`."""

    page: str
    name: str
    order: int
    template: str
    build: Build
    permission: Permission | None = None


@dataclass(frozen=True)
class Tab:
    """A tab of a record page: a link to a page of its own, shown to those who hold the permission."""

    page: str
    label: str
    order: int
    endpoint: str
    permission: Permission


@dataclass(frozen=True)
class Shown:
    """A section ready to be drawn."""

    name: str
    template: str
    model: dict[str, Any]


def _registry(app: Flask, kind: str) -> list[Any]:
    entries: list[Any] = app.extensions.setdefault(f"sections.{kind}", [])
    return entries


def register_section(app: Flask, section: Section) -> None:
    """Add a section to a kind of page."""
    _registry(app, "section").append(section)


def register_tab(app: Flask, tab: Tab) -> None:
    """Add a tab to a kind of record page."""
    _registry(app, "tab").append(tab)


def sections_for(page: str, actor: Actor, subject: Any) -> list[Shown]:
    """Return the sections of a page that have something for this actor, in order."""
    shown = []
    for section in sorted(_registry(current_app, "section"), key=lambda each: (each.order, each.name)):
        if section.page != page or (section.permission and not actor.holds(section.permission)):
            continue
        model = section.build(actor, subject)
        if model is not None:
            shown.append(Shown(section.name, section.template, model))
    return shown


def tabs_for(page: str, actor: Actor) -> list[Tab]:
    """Return the tabs of a kind of record page for this actor, in order."""
    tabs = sorted(_registry(current_app, "tab"), key=lambda each: (each.order, each.label))
    return [tab for tab in tabs if tab.page == page and actor.holds(tab.permission)]
