"""Social workers who each log updates on a case of their own: how they come to be, what they send, what is then stored."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import CaseUpdate
from safeguarding.core import clock
from safeguarding.extensions import db
from tests.factories.cases import make_case
from tests.factories.people import Somebody, make_somebody, unit_of_work
from tests.faults.visitors import Visitor, command
from tests.support.databases import dispose
from tests.support.pages import PageClient

LOGGED = "cases:update:logged"


@dataclass(frozen=True)
class Caseload:
    """Somebody, and the address of the case that they work."""

    worker: Somebody
    case: str

    @property
    def add(self) -> str:
        """Return the address of the form for an update."""
        return f"{self.case}/updates/add"

    def form(self, browser: Visitor | PageClient, what: str, **fields: str) -> dict[str, Any]:
        """Return the form for an update as it is fetched now, filled in."""
        day = clock.today()
        return browser.get(self.add).form(having="what_happened") | {
            "kind": "visit",
            "happened_on-day": str(day.day),
            "happened_on-month": str(day.month),
            "happened_on-year": str(day.year),
            "happened_at": "00:00",
            "seen_alone": "yes",
            "what_happened": what,
            "own_words": "I just want to go to college.",
            "risk": "emerging",
            "shared_with": "team",
            **fields,
        }


def make_caseloads(settings: Settings, many: int) -> list[Caseload]:
    """Make people who each work a case of their own, in an agency of their own."""
    app = create_app(settings)
    with app.app_context(), unit_of_work():
        people = [make_somebody(Role.SOCIAL_WORKER) for _each in range(many)]
        made = [Caseload(worker, f"/cases/{make_case(worker).ref}") for worker in people]
    dispose(app)
    return made


def stored(app: Flask) -> tuple[int, int]:
    """Return how many updates there are, and how many events of them."""
    with app.app_context():
        events = select(func.count()).select_from(AuditEvent).where(AuditEvent.event == LOGGED)
        return db.session.scalar(select(func.count()).select_from(CaseUpdate)) or 0, db.session.scalar(events) or 0


def check_stored(settings: Settings, updates: int) -> None:
    """Hold an installation to that many updates, each with its event, in a chain that verifies."""
    app = create_app(settings)
    try:
        assert stored(app) == (updates, updates)
        assert command(app, "audit", "verify")["ok"] is True
    finally:
        dispose(app)
