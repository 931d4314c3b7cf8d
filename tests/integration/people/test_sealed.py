"""Sealed values of a young person: written without being read, seen by grant, for a time, with a reason each time."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.accounts.models import Membership, User
from safeguarding.accounts.service import give_membership
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.conflicts import declare_conflict
from safeguarding.cases.models import Case
from safeguarding.core import clock, sealing
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.people import queries
from safeguarding.people.models import Person
from safeguarding.people.sealed import queries as sealed
from safeguarding.people.sealed import service
from safeguarding.people.sealed.fields import fields_on
from safeguarding.people.sealed.models import GrantState, SealedGrant, SealedOn, SealedReveal
from safeguarding.people.views.sealed import sealing_of
from safeguarding.relations import service as relations
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody

ADDRESS = "The Refuge, 9 Hidden Lane"
REASON = "I drive them home from school on Thursday."


class World:
    """A young person with a case and a safe address, those who work with them, and information governance."""

    def __init__(self) -> None:
        with unit_of_work():
            self.worker = make_somebody(Role.SOCIAL_WORKER)
            self.lead, self.governor = make_somebody(Role.LEAD), make_somebody(Role.INFORMATION_GOVERNANCE)
            case = make_case(self.worker)
            self.person: Person = db.session.get_one(Person, case.person_id)
            self.case: Case = case
        self.record()

    def record(self, value: str | None = ADDRESS, field: str = "safe_address") -> None:
        with unit_of_work():
            service.seal_person_value(
                self.worker.actor, self.person, field=field, value=value, read_version=self.person.version
            )

    def view(self, by: Somebody) -> Any:
        return queries.access_person(by.actor, self.person.ref)

    def ask(self, by: Somebody, fields: tuple[str, ...] = ("safe_address",), reason: str = REASON) -> SealedGrant:
        view = self.view(by)
        with unit_of_work():
            return service.ask(by.actor, sealing_of(view), fields=fields, reason=reason, held=view.relations)

    def grant(self, request: SealedGrant, days: int = 7) -> None:
        with unit_of_work():
            until_on = clock.today() + timedelta(days=days)
            service.grant(self.governor.actor, request, until_on=until_on, reason="They drive; nobody else can.")

    def show(self, by: Somebody, field: str = "safe_address", reason: str = REASON) -> str:
        view = self.view(by)
        with unit_of_work():
            return service.show(by.actor, sealing_of(view), field=field, reason=reason, held=view.relations)


@pytest.fixture
def world(in_app: Flask) -> World:
    return World()


def test_who_declared_a_conflict_decides_about_nothing_of_it(world: World) -> None:
    with unit_of_work():
        declare_conflict(world.worker.actor, world.case, reason="An aunt of theirs", user_id=world.governor.id)
    request = world.ask(world.worker)
    with pytest.raises(NotFoundError):
        world.grant(request)
    with pytest.raises(NotFoundError), unit_of_work():
        service.refuse(world.governor.actor, request, reason="They can do without it until Monday.")
    assert sealed.list_requests(world.governor.actor, is_open=True) == []
    with pytest.raises(NotFoundError):
        sealed.access_request(world.governor.actor, request.ref)


def test_a_grant_does_not_go_with_somebody_to_another_agency(world: World) -> None:
    world.grant(world.ask(world.worker))
    assert world.show(world.worker) == ADDRESS
    with unit_of_work():
        user = db.session.get_one(User, world.worker.id)
        membership = db.session.scalars(select(Membership).where(Membership.user_id == user.id)).one()
        give_membership(SYSTEM, user, make_agency(), Role.SOCIAL_WORKER)
        membership.valid_to = clock.now()
    view = world.view(world.worker)  # the work goes on
    with pytest.raises(ForbiddenError, match="no grant"):
        world.show(world.worker)
    assert not any(
        each.is_mine or each.holders for each in sealed.shown(world.worker.actor, sealing_of(view), view.row)
    )
    assert sealed.holders_of(world.person.id) == frozenset()


def test_whoever_records_a_value_cannot_read_it(world: World) -> None:
    with pytest.raises(ForbiddenError, match="no grant"):
        world.show(world.worker)
    assert not hasattr(world.view(world.worker).row, "safe_address")
    assert world.view(world.worker).row.has_safe_address


def test_what_is_stored_is_sealed_and_bound_to_the_person(world: World) -> None:
    stored = db.session.scalar(select(Person.safe_address))
    assert stored is not None
    assert ADDRESS not in stored
    assert sealing.unseal(Person.safe_address, world.person.ref, stored) == ADDRESS
    for place in ((Person.safe_address, "YP-0000-0000"), (Person.placement, world.person.ref)):
        with pytest.raises(sealing.BrokenSealError):
            sealing.unseal(*place, stored)


def test_with_a_grant_and_a_reason_it_is_shown_and_that_is_kept(world: World) -> None:
    world.grant(world.ask(world.worker))
    assert world.show(world.worker) == ADDRESS
    reveal = db.session.scalars(select(SealedReveal)).one()
    assert (reveal.user_id, reveal.field, reveal.reason) == (world.worker.id, "safe_address", REASON)
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "people:sealed:shown")).one()
    assert event.subject == world.person.ref
    assert json.loads(event.detail)["reveal"] == reveal.id


def test_a_grant_opens_its_own_fields_alone(world: World) -> None:
    world.record("07700 900123", "phone")
    world.grant(world.ask(world.worker, ("phone",)))
    assert world.show(world.worker, "phone") == "07700 900123"
    with pytest.raises(ForbiddenError):
        world.show(world.worker, "safe_address")


def test_a_grant_opens_nothing_for_somebody_else_nor_of_somebody_else(world: World) -> None:
    world.grant(world.ask(world.worker))
    with pytest.raises(ForbiddenError):
        world.show(world.lead)
    other = World()
    with unit_of_work():
        relations.grant(
            user_principal(world.worker.id), [("person", other.person.id)], Relation.ALLOCATED, ("allocation", 0)
        )
    with pytest.raises(ForbiddenError):
        other.show(world.worker)


def test_a_grant_ends_with_its_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.grant(world.ask(world.worker), days=2)
    assert world.show(world.worker) == ADDRESS
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(ForbiddenError):
        world.show(world.worker)


def test_a_grant_that_is_taken_back_opens_nothing_more(world: World) -> None:
    request = world.ask(world.worker)
    world.grant(request)
    with unit_of_work():
        service.end_grant(world.governor.actor, request)
    with pytest.raises(ForbiddenError):
        world.show(world.worker)


def test_a_grant_opens_nothing_once_the_work_with_the_young_person_has_ended(world: World) -> None:
    world.grant(world.ask(world.worker))
    view = world.view(world.worker)
    with unit_of_work(), pytest.raises(ForbiddenError):
        service.show(
            world.worker.actor, sealing_of(view), field="safe_address", reason=REASON, held=[Relation.RETURN_REQUEST]
        )


def test_emergency_access_and_panels_open_nothing_sealed(world: World) -> None:
    with unit_of_work():
        actors = [make_somebody(role).actor for role in Role]
    on = sealing_of(world.view(world.worker))
    for relation in (Relation.EMERGENCY, Relation.AGENDA, Relation.ADDED, Relation.PANEL_OFFICE):
        for actor in actors:
            with pytest.raises(ForbiddenError):
                service.show(actor, on, field="safe_address", reason=REASON, held=[relation])
            with pytest.raises(ForbiddenError):
                service.ask(actor, on, fields=["safe_address"], reason=REASON, held=[relation])


def test_nobody_decides_about_their_own_request(world: World) -> None:
    request = world.ask(world.worker)
    with unit_of_work():
        request.user_id = world.governor.id
    with pytest.raises(ForbiddenError, match="Somebody else"):
        world.grant(request)


def test_information_governance_alone_decides(world: World) -> None:
    request = world.ask(world.worker)
    with unit_of_work():
        others = [make_somebody(role).actor for role in Role if role is not Role.INFORMATION_GOVERNANCE]
    for actor in others:
        with pytest.raises(ForbiddenError):
            service.grant(actor, request, until_on=clock.today(), reason="They drive; nobody else can.")
        with pytest.raises(ForbiddenError):
            service.refuse(actor, request, reason="They drive; nobody else can.")
    assert db.session.scalar(select(SealedGrant.state)) is GrantState.ASKED


@pytest.mark.parametrize("days", [-1, 91])
def test_a_grant_ends_within_ninety_days(world: World, days: int) -> None:
    request = world.ask(world.worker)
    with pytest.raises(RuleError):
        world.grant(request, days)


def test_a_request_is_decided_once(world: World) -> None:
    request = world.ask(world.worker)
    with unit_of_work():
        service.refuse(world.governor.actor, request, reason="There is another way to do this.")
    with pytest.raises(RuleError, match="decided already"):
        world.grant(request)
    with pytest.raises(ForbiddenError):
        world.show(world.worker)


def test_asking_and_looking_need_a_reason(world: World) -> None:
    with pytest.raises(RuleError, match="20 characters"):
        world.ask(world.worker, reason="work")
    world.grant(world.ask(world.worker))
    with pytest.raises(RuleError, match="20 characters"):
        world.show(world.worker, reason="work")
    assert db.session.scalars(select(SealedReveal)).all() == []


def test_the_same_is_not_asked_twice(world: World) -> None:
    world.ask(world.worker)
    with pytest.raises(RuleError, match="asked for this already"):
        world.ask(world.worker)


def test_a_value_can_be_replaced_and_taken_away_without_being_read(world: World) -> None:
    world.record("Another place")
    world.grant(world.ask(world.worker))
    assert world.show(world.worker) == "Another place"
    world.record(None)
    with pytest.raises(NotFoundError):
        world.show(world.worker)
    with pytest.raises(RuleError, match="Nothing is recorded"):
        world.record(None)


def test_a_stale_form_seals_nothing(world: World) -> None:
    with unit_of_work(), pytest.raises(StaleError):
        service.seal_person_value(
            world.worker.actor,
            world.person,
            field="phone",
            value="07700 900123",
            read_version=world.person.version - 1,
        )


def test_who_may_not_change_the_record_seals_nothing(world: World) -> None:
    with unit_of_work():
        somebody = make_somebody(Role.SOCIAL_WORKER)
    with unit_of_work(), pytest.raises(ForbiddenError):
        service.seal_person_value(
            somebody.actor, world.person, field="phone", value="1", read_version=world.person.version
        )


def test_the_page_is_told_who_holds_it_and_no_value(world: World) -> None:
    world.grant(world.ask(world.lead))
    view = world.view(world.worker)
    shown = {each.name: each for each in sealed.shown(world.worker.actor, sealing_of(view), view.row)}
    assert set(shown) == set(fields_on(SealedOn.PERSON))
    assert shown["safe_address"].held_by == f"Held by {world.lead.name}."
    assert not shown["safe_address"].is_mine
    assert not shown["phone"].is_recorded


def test_no_event_holds_a_value_or_a_reason(world: World) -> None:
    world.grant(world.ask(world.worker))
    world.show(world.worker)
    world.record("Another place")
    said = " ".join(f"{row.event} {row.subject} {row.detail}" for row in db.session.scalars(select(AuditEvent)))
    for text in (ADDRESS, "Another place", REASON, "They drive"):
        assert text not in said
