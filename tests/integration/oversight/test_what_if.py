"""What is said would change for whom is what then changes, when the change is really made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.accounts.queries import everybody
from safeguarding.cases import conflicts, restricted, service
from safeguarding.cases.models import Case
from safeguarding.cases.restricted_queries import restriction_entity, restriction_of
from safeguarding.extensions import db
from safeguarding.oversight import explaining
from safeguarding.oversight.what_if import Change, changes_of, work_out
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, put_on_list, restrict
from tests.factories.people import Somebody, make_somebody

Seen = dict[str, set[str]]


@dataclass
class Record:
    """A case, those who work it or lead, and somebody who has nothing to do with it."""

    case: Case
    lead: Somebody
    other: Somebody
    second: Somebody
    hub: Somebody
    governor: Somebody

    def seen(self) -> Seen:
        """Return which parts of the case everybody may see now."""
        found = explaining.access_record(self.lead.actor, self.case.ref)
        held = explaining.relations_of(found)
        return {
            actor.key: {part.label for part in explaining.viewer_of(found, actor, held).parts if part.decision.allowed}
            for actor in everybody()
        }

    def lift(self) -> None:
        """Lift the restriction, as two people do."""
        restriction = restriction_entity(restriction_of(self.case.id).id)
        restricted.ask_to_lift(self.hub.actor, restriction, reason="The relative has left the partner.")
        restricted.lift_restriction(self.governor.actor, restriction)


@pytest.fixture
def record(in_app: Flask) -> Iterator[Record]:
    with in_app.test_request_context():  # a record says where it is
        yield _record()


def _record() -> Record:
    with unit_of_work():
        lead, second = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.PRACTITIONER)
        case = make_case(lead)
        service.allocate(lead.actor, case, user_id=second.id)
        return Record(
            case,
            lead,
            make_somebody(Role.PRACTITIONER),
            second,
            make_somebody(Role.LEAD),
            make_somebody(Role.INFORMATION_GOVERNANCE),
        )


def _differences(before: Seen, after: Seen) -> dict[str, tuple[set[str], set[str]]]:
    return {key: (after[key] - before[key], before[key] - after[key]) for key in before if after[key] != before[key]}


def _foretold(record: Record, change: Change, who: Somebody | None) -> dict[str, tuple[set[str], set[str]]]:
    outcome = work_out(explaining.access_record(record.lead.actor, record.case.ref), change, who.id if who else None)
    assert outcome is not None
    return {each.actor.key: (set(each.gains), set(each.loses)) for each in outcome.differences}


def _holds(record: Record, change: Change, who: Somebody | None, make: Callable[[], object]) -> None:
    before, foretold = record.seen(), _foretold(record, change, who)
    with unit_of_work():
        make()
    assert foretold == _differences(before, record.seen())
    assert foretold


def test_somebody_is_allocated_ends_and_declares_a_conflict(record: Record) -> None:
    case, lead = record.case, record.lead.actor
    _holds(record, Change.ALLOCATED, record.other, lambda: service.allocate(lead, case, user_id=record.other.id))
    _holds(
        record,
        Change.CONFLICT,
        record.second,
        lambda: conflicts.declare_conflict(record.second.actor, case, reason="My nephew."),
    )
    parts = list(service._live_parts(case.id, record.other.id))
    _holds(
        record,
        Change.ENDED,
        record.other,
        lambda: [service.end_allocation(lead, case, allocation_id=each.id) for each in parts],
    )


def test_a_restricted_case_gains_a_reader_and_is_opened(record: Record) -> None:
    with unit_of_work():
        police = make_somebody(Role.SPOC)
        restrict(record.case, lead=record.hub)
    db.session.refresh(record.case)
    _holds(record, Change.LISTED, police, lambda: put_on_list(record.case, record.hub, police))
    with unit_of_work():
        make_somebody(Role.LEAD)  # whom the restriction keeps out
    _holds(record, Change.OPENED, None, record.lift)


def test_whose_role_reads_no_case_gains_nothing_and_nobody_is_nobody(record: Record) -> None:
    with unit_of_work():
        analyst = make_somebody(Role.ANALYST)
    found = explaining.access_record(record.lead.actor, record.case.ref)
    outcome = work_out(found, Change.ALLOCATED, analyst.id)
    assert outcome is not None and outcome.differences == () and outcome.for_whom is None
    assert work_out(found, Change.ALLOCATED, None) is None
    assert work_out(found, Change.ALLOCATED, 10**9) is None
    assert Change.OPENED not in changes_of(found)
