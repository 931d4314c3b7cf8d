"""Young people, their cases, updates and actions, by the product's own commands. Call each inside a unit of work."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from safeguarding.access.roles import Relation, Role
from safeguarding.actions import service as actions
from safeguarding.actions.models import Action, ActionOrigin, ActionSubject
from safeguarding.cases import restricted
from safeguarding.cases import service as cases
from safeguarding.cases.models import (
    Case,
    CaseListing,
    CaseUpdate,
    Risk,
    SeenAlone,
    SharedWith,
    SubjectKind,
    UpdateKind,
)
from safeguarding.cases.service import UpdateText
from safeguarding.core import clock
from safeguarding.people import service as people
from safeguarding.people.models import Person
from safeguarding.people.service import Details
from tests.factories.people import Somebody, make_somebody

_numbers = count(1)


def make_person(by: Somebody, *, considered: Any = (), **options: Any) -> Person:
    """Add a young person of 15 with a name of their own, unless told otherwise."""
    number = next(_numbers)
    details = {name: options.pop(name) for name in Details.__dataclass_fields__ if name in options}
    details.setdefault("born_on", date(clock.today().year - 15, 1, 1 + number % 28))
    names = {"given_name": f"Young{number}", "family_name": f"Person{number}", **options}
    return people.add_person(by.actor, details=Details(**details), considered=considered, **names)


def make_case(by: Somebody, person: Person | None = None, *, lead: Somebody | None = None, **options: Any) -> Case:
    """Open a case about a young person (a new one, unless given), led by whoever opens it unless told otherwise."""
    about = person or make_person(by)
    given: dict[str, Any] = {
        "subject": (SubjectKind.YOUNG_PERSON, about.id),
        "going_on": "Adults are exploiting the young person.",
        "risk": Risk.EMERGING,
        "risk_reason": "First seen with two phones.",
        "lead_agency_id": by.agency_id,
        "lead_user_id": (lead or by).id,
        **options,
    }
    return cases.open_case(by.actor, **given)


def update_text(**options: Any) -> UpdateText:
    """Return what an update says: seen yesterday, on their own, the risk as it was, unless told otherwise."""
    given: dict[str, Any] = {
        "kind": UpdateKind.VISIT,
        "happened_at": clock.now() - timedelta(days=1),
        "what_happened": "Met at the youth hub.",
        "seen_alone": SeenAlone.YES,
        "risk": Risk.EMERGING,
        "own_words": "I just want to go to college.",
        "shared_with": SharedWith.TEAM,
        **options,
    }
    return UpdateText(**given)


def make_update(by: Somebody, case: Case, **options: Any) -> CaseUpdate:
    """Log an update on a case."""
    at = options.pop("at", None)
    return cases.log_update(by.actor, case, update=update_text(**options), at=at)


def make_action(by: Somebody, case: Case, owner: Somebody, **options: Any) -> Action:
    """Add an action about a case's young person, owned by somebody, due in a week, unless told otherwise."""
    given: dict[str, Any] = {
        "subject": (ActionSubject.PERSON, case.person_id),
        "title": "Find a safer way home",
        "owner_agency_id": owner.agency_id,
        "owner_user_id": owner.id,
        "due_on": clock.today() + timedelta(days=7),
        "origin": (ActionOrigin.CASE, case.id),
        "relations_subjects": [("person", case.person_id), ("case", case.id)],
        "held": {Relation.LEAD_WORKER},
        **options,
    }
    return actions.add_action(by.actor, **given)


def restrict(case: Case, *listed: Somebody, lead: Somebody | None = None) -> Somebody:
    """Restrict a case and put people on its list by name; return the safeguarding lead who did so."""
    by = lead or make_somebody(Role.LEAD)
    restricted.restrict_case(
        by.actor,
        case,
        reason="A relative of theirs works for a partner.",
        review_on=clock.today() + timedelta(days=30),
        read_version=case.version,
    )
    for each in listed:
        put_on_list(case, by, each)
    return by


def put_on_list(case: Case, by: Somebody, who: Somebody, days: int = 20) -> CaseListing:
    """Put somebody on the list of a restricted case for so many days."""
    return restricted.add_to_list(
        by.actor,
        case,
        user_id=who.id,
        until_on=clock.today() + timedelta(days=days),
        reason="Works with the young person",
    )
