"""Places and what is recorded about them, by the product's own commands. Call each inside a unit of work."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.contexts import service
from safeguarding.contexts.models import Context, ContextKind, Incident
from safeguarding.contexts.vocabulary import IncidentHarm, InformationGrade
from safeguarding.core import clock
from tests.factories.people import SYSTEM, Somebody, make_somebody

_numbers = count(1)


def make_context(**options: Any) -> Context:
    """Make a place: a park, unless told otherwise."""
    given = {"name": f"Place {next(_numbers)}", "kind": ContextKind.PARK, **options}
    return service.add_context(SYSTEM, **given)


def make_lead() -> Somebody:
    """Make a safeguarding lead, who may review places."""
    return make_somebody(Role.LEAD)


def make_incident(actor: Actor, context: Context | None = None, *, days_ago: int = 10, **options: Any) -> Incident:
    """Record an incident: violence with injury, grade A, certainly at the place, unless told otherwise."""
    given: dict[str, Any] = {
        "harm": IncidentHarm.VIOLENCE_WITH_INJURY,
        "grade": InformationGrade.A,
        "happened_on": clock.today() - timedelta(days=days_ago),
        "involves_young_person": True,
        "context_id": None if context is None else context.id,
        **options,
    }
    return service.record_incident(actor, **given)


def in_days(days: int) -> date:
    """Return the day so many days ahead."""
    return clock.today() + timedelta(days=days)
