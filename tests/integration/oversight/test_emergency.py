"""Emergency access: one record, to read, for an hour; told at once; reviewed by somebody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select

from safeguarding.access.actor import user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.conflicts import declare_conflict
from safeguarding.cases.models import Case
from safeguarding.cases.queries import access_case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.oversight import service
from safeguarding.oversight.emergency_queries import (
    access_use,
    list_reviewed,
    list_to_review,
    list_work,
    may_be_told,
)
from safeguarding.oversight.emergency_record import access_opened
from safeguarding.oversight.models import (
    EmergencyAccess,
    EmergencyBasis,
    EmergencyKind,
    EmergencyOutcome,
    EmergencyPart,
)
from safeguarding.people.models import Person
from safeguarding.people.queries import access_person
from safeguarding.relations.check import check
from safeguarding.relations.models import RelationRow
from safeguarding.relations.service import grant
from safeguarding.web.transaction import pending_events
from tests.factories.cases import make_case, restrict
from tests.factories.people import Somebody, make_somebody, unit_of_work

REASON = "Control room: two callers say he is being held at the retail park."


class Night:
    """A case that one person leads, and others who have nothing to do with it."""

    def __init__(self) -> None:
        self.worker = make_somebody(Role.PRACTITIONER)
        self.case: Case = make_case(self.worker)
        self.person = db.session.get_one(Person, self.case.person_id)
        self.police = make_somebody(Role.SPOC)
        self.reviewer = make_somebody(Role.INFORMATION_GOVERNANCE)

    def open(self, who: Somebody | None = None, ref: str | None = None, **options: Any) -> EmergencyAccess:
        given: dict[str, Any] = {"reason": REASON, "parts": set(EmergencyPart), **options}
        return service.open_emergency(
            (who or self.police).actor,
            ref or self.case.ref,
            kind=EmergencyKind.MISSING_NOW,
            basis=EmergencyBasis.VITAL_INTERESTS,
            **given,
        )


@pytest.fixture
def night(in_app: Flask) -> Iterator[Night]:
    with unit_of_work():
        made = Night()
    db.session.refresh(made.case)
    db.session.refresh(made.person)
    yield made


@contextmanager
def later(**span: float) -> Iterator[None]:
    db.session.rollback()
    with time_machine.travel(clock.now() + timedelta(**span), tick=False):
        yield
    db.session.rollback()


def test_it_opens_the_parts_to_read_and_closes_by_itself_after_an_hour(night: Night) -> None:
    with unit_of_work():
        ref = night.open().ref
    opened = access_opened(night.police.actor, ref)
    assert ([each.ref for each in opened.names], opened.cases) == ([night.person.ref], [night.case.ref])
    for act in Permission:
        if act is not Permission.EMERGENCY_READ:
            held = {Relation.EMERGENCY}
            assert night.police.actor.kinds_for(act) is None or not night.police.actor.may(act, held)
    with pytest.raises(NotFoundError):
        access_case(night.police.actor, night.case.ref)  # no other page of it opens
    with pytest.raises(NotFoundError):
        access_person(night.police.actor, night.person.ref)
    with pytest.raises(NotFoundError):
        access_opened(night.reviewer.actor, ref)  # who reviews it may see the use, and not what it opened
    with later(minutes=59):
        access_opened(night.police.actor, ref)
    with later(minutes=61), pytest.raises(NotFoundError):
        access_opened(night.police.actor, ref)


@pytest.mark.parametrize("kind", [Relation.RETURN_REQUEST, Relation.ADDED])
def test_whoever_sees_who_it_is_and_no_case_may_use_it(night: Night, kind: Relation) -> None:
    with unit_of_work():
        grant(user_principal(night.police.id), [("person", night.person.id)], kind, ("person", night.person.id))
        ref = night.open(ref=night.person.ref).ref
    assert access_opened(night.police.actor, ref).risk


def test_who_declared_a_conflict_neither_reviews_a_use_nor_reads_of_it(night: Night) -> None:
    with unit_of_work():
        kept_out = make_somebody(Role.INFORMATION_GOVERNANCE)
        declare_conflict(night.worker.actor, night.case, reason="His aunt", user_id=kept_out.id)
        use = night.open()
        ref, version = use.ref, use.version
    right = {"outcome": EmergencyOutcome.RIGHT, "findings": "", "read_version": version}
    with pytest.raises(NotFoundError), unit_of_work():
        service.review_emergency(kept_out.actor, ref, **right)
    with pytest.raises(NotFoundError):
        access_use(kept_out.actor, ref)
    assert [*list_work(kept_out.actor), *list_to_review(kept_out.actor)] == []
    assert [each.row.ref for each in list_to_review(night.reviewer.actor)] == [ref]
    with unit_of_work():
        service.review_emergency(night.reviewer.actor, ref, **right)
    assert list_reviewed(kept_out.actor) == []


@pytest.mark.parametrize(
    "chosen", [{part} for part in EmergencyPart] + [set(EmergencyPart)], ids=lambda parts: "+".join(sorted(parts))
)
def test_a_part_that_was_not_asked_for_is_not_read(night: Night, chosen: set[EmergencyPart]) -> None:
    with unit_of_work():
        ref = night.open(parts=chosen).ref
    opened = access_opened(night.police.actor, ref)
    found = {EmergencyPart.RISK: opened.risk, EmergencyPart.CONTACTS: opened.contacts}
    found[EmergencyPart.UPDATES] = opened.updates
    assert {part for part, rows in found.items() if rows is not None} == chosen
    assert all(hasattr(each, "address") is (EmergencyPart.CONTACTS in chosen) for each in opened.names)


def test_without_a_part_nothing_opens(night: Night) -> None:
    with pytest.raises(RuleError, match="Choose what you need"):
        night.open(parts=set())
    db.session.rollback()


def test_a_young_person_opens_with_their_live_cases(night: Night) -> None:
    with unit_of_work():
        ref = night.open(ref=night.person.ref).ref
    assert access_opened(night.police.actor, ref).cases == [night.case.ref]


def test_a_restricted_record_opens_too_and_nothing_else_of_the_hub_or_a_seat_does(night: Night) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
        restrict(db.session.get_one(Case, night.case.id))
    with pytest.raises(NotFoundError):
        access_case(lead.actor, night.case.ref)
    with unit_of_work():
        ref = night.open(lead).ref
    assert access_opened(lead.actor, ref).cases == [night.case.ref]
    with pytest.raises(NotFoundError):
        access_opened(night.police.actor, ref)
    with later(minutes=61), pytest.raises(NotFoundError):
        access_opened(lead.actor, ref)
    assert check().differences == []


def test_another_record_stays_hidden(night: Night) -> None:
    with unit_of_work():
        other = make_case(night.worker).ref
    with unit_of_work():
        ref = night.open().ref
    assert other not in access_opened(night.police.actor, ref).cases


def test_whoever_leads_and_information_governance_are_told_with_the_change(night: Night) -> None:
    with unit_of_work():
        use = night.open()
        ref = use.ref
    told = db.session.execute(select(Notice.recipient_id, Notice.kind, Notice.subject)).all()
    assert {(row.recipient_id, row.subject) for row in told if row.kind == service.OPENED} == {
        (night.worker.id, ref),
        (night.reviewer.id, ref),
    }
    assert [each.row.ref for each in list_work(night.worker.actor)] == [ref]
    assert [each.row.ref for each in list_work(night.reviewer.actor)] == [ref]
    assert list_work(make_outsider().actor) == []


def make_outsider() -> Somebody:
    with unit_of_work():
        return make_somebody(Role.PRACTITIONER)


def test_an_unreviewed_use_blocks_the_next(night: Night) -> None:
    with unit_of_work():
        use = night.open()
        ref, other = use.ref, make_case(night.worker).ref
    with pytest.raises(RuleError, match=ref):
        night.open(ref=other)
    db.session.rollback()
    with unit_of_work():
        version = access_use(night.reviewer.actor, ref).row.version
        service.review_emergency(
            night.reviewer.actor, ref, outcome=EmergencyOutcome.RIGHT, findings="", read_version=version
        )
    with unit_of_work():
        night.open(ref=other)


def test_nobody_reviews_their_own_and_a_review_closes_it(night: Night) -> None:
    with unit_of_work():
        own = night.open(night.reviewer)
        ref, version = own.ref, own.version
    review = {"outcome": EmergencyOutcome.RIGHT, "findings": "", "read_version": version}
    with pytest.raises(ForbiddenError):
        service.review_emergency(night.reviewer.actor, ref, **review)  # type: ignore[arg-type]
    db.session.rollback()
    with unit_of_work():
        second = make_somebody(Role.INFORMATION_GOVERNANCE)
    with pytest.raises(StaleError):
        service.review_emergency(second.actor, ref, **(review | {"read_version": version + 1}))  # type: ignore[arg-type]
    db.session.rollback()
    with pytest.raises(RuleError, match="what was wrong"):
        service.review_emergency(second.actor, ref, **(review | {"outcome": EmergencyOutcome.NOT_JUSTIFIED}))  # type: ignore[arg-type]
    db.session.rollback()
    with unit_of_work():
        service.review_emergency(second.actor, ref, **review)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        access_opened(night.reviewer.actor, ref)


def test_it_is_closed_by_whoever_opened_it_and_by_nobody_else(night: Night) -> None:
    with unit_of_work():
        ref = night.open().ref
    with pytest.raises(NotFoundError):
        service.close_emergency(night.worker.actor, ref)
    db.session.rollback()
    with unit_of_work():
        service.close_emergency(night.police.actor, ref)
    with pytest.raises(NotFoundError):
        access_opened(night.police.actor, ref)
    assert check().differences == []


def test_a_declared_conflict_beats_it_and_answers_like_an_unknown_reference(night: Night) -> None:
    with unit_of_work():
        db.session.add(
            RelationRow(
                principal=f"user:{night.police.id}",
                subject_kind="case",
                subject_id=night.case.id,
                kind=Relation.BARRED,
                valid_from=clock.now(),
                source_kind="conflict",
                source_id=1,
                last_activity_at=clock.now(),
            )
        )
    with pytest.raises(RuleError) as barred:
        night.open()
    db.session.rollback()
    with pytest.raises(RuleError) as unknown:
        night.open(ref=new_reference("CA"))
    db.session.rollback()
    assert barred.value.message == unknown.value.message


def test_it_asks_for_a_reason_and_is_not_for_what_is_open_already(night: Night) -> None:
    with pytest.raises(RuleError, match="at least 20"):
        night.open(reason="help")
    db.session.rollback()
    with pytest.raises(RuleError, match="without emergency access"):
        night.open(night.worker)
    db.session.rollback()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ADMIN])
def test_a_role_without_it_is_refused(night: Night, role: Role) -> None:
    with unit_of_work():
        somebody = make_somebody(role)
    with pytest.raises(ForbiddenError):
        night.open(somebody)
    db.session.rollback()


def test_it_is_in_the_audit_and_its_relations_agree_with_it(night: Night) -> None:
    with unit_of_work():
        ref = night.open().ref
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "oversight:emergency:opened")).one()
    assert (event.subject, event.actor) == (night.case.ref, f"user:{night.police.ref}")
    assert ref in event.detail
    assert REASON not in event.detail
    assert check().differences == []


def _told_of(ref: str, kind: str) -> set[int]:
    return set(db.session.scalars(select(Notice.recipient_id).where(Notice.kind == kind, Notice.subject == ref)))


def test_a_use_that_nobody_reviews_in_time_is_told_further_and_once(night: Night) -> None:
    with unit_of_work():
        lead = make_somebody(Role.LEAD)
        ref = night.open().ref
    assert not service.is_any_overdue()
    with later(days=10):
        assert service.is_any_overdue()
        with unit_of_work():
            assert service.escalate_overdue() == 1
        assert _told_of(ref, service.OVERDUE) == {lead.id, night.reviewer.id}
        assert may_be_told(lead.actor, ref) and may_be_told(night.reviewer.actor, ref)  # asked again at sending
        assert not service.is_any_overdue()
        with unit_of_work():
            assert service.escalate_overdue() == 0


def test_a_use_that_was_reviewed_is_not_told_further(night: Night) -> None:
    with unit_of_work():
        opened = night.open()
        service.review_emergency(
            night.reviewer.actor, opened.ref, outcome=EmergencyOutcome.RIGHT, findings="", read_version=1
        )
    with later(days=10):
        assert not service.is_any_overdue()


def test_being_refused_for_want_of_a_review_is_recorded(night: Night) -> None:
    with unit_of_work():
        opened = night.open()
    with pytest.raises(RuleError, match="once .* has been reviewed"):
        night.open()
    payloads = [event.payload for event in pending_events()]
    assert [(each["event"], opened.ref in each["detail"]) for each in payloads] == [
        ("oversight:emergency:refused", True)
    ]
    db.session.rollback()


@pytest.mark.parametrize("lost", ["person", "case"])
def test_a_lost_relation_of_an_hour_is_missed_by_the_check(night: Night, lost: str) -> None:
    with unit_of_work():
        night.open()
    assert check().differences == []
    with unit_of_work():
        db.session.execute(
            delete(RelationRow).where(RelationRow.kind == Relation.EMERGENCY, RelationRow.subject_kind == lost)
        )
    assert check().differences != []
