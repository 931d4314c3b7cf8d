"""Agencies and their agreements: who may change them, and that an agreement is what opens case data."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from safeguarding.access.roles import Role
from safeguarding.accounts.lapse_views import WAITS
from safeguarding.agencies import queries, service
from safeguarding.agencies.models import Agency, AgencyKind, DataType, QuorumGroup, SharingAgreement
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import Somebody, make_agency, make_somebody

pytestmark = pytest.mark.usefixtures("in_app")


def make(role: Role) -> Somebody:
    with unit_of_work():
        return make_somebody(role)


def sign(
    who: Somebody,
    ref: str,
    signed: int = -1,
    review: int = 300,
    shares: frozenset[DataType] = frozenset(DataType),
    *,
    approve: bool = True,
) -> None:
    with unit_of_work():
        made = service.add_agreement(
            who.actor,
            ref,
            title="Agreement of the partnership",
            purposes="Keeping young people safe",
            data_types=shares,
            signed_by="The director",
            signed_on=clock.today() + timedelta(days=signed),
            review_on=clock.today() + timedelta(days=review),
        )
        if approve:
            service.decide_agreement(make_somebody(Role.ADMIN).actor, ref, made.id, approve=True)


def test_an_agreement_opens_the_agency_to_its_people_and_a_day_past_review_closes_it() -> None:
    with unit_of_work():
        agency = make_agency("Harbour Trust", agreement=False)
        worker = make_somebody(Role.PRACTITIONER, agency=agency)
        ref = agency.ref
    assert worker.actor.principals == set()
    sign(make(Role.INFORMATION_GOVERNANCE), ref, signed=-400, review=-1)
    assert worker.actor.principals == set()
    sign(make(Role.ADMIN), ref, review=0)
    assert worker.actor.principals == {f"user:{worker.id}", f"agency:{worker.agency_id}"}


@pytest.mark.parametrize("approve", [True, False])
def test_an_agreement_opens_nothing_before_a_second_person_approves_it(approve: bool) -> None:
    with unit_of_work():
        agency = make_agency("Harbour Trust", agreement=False)
        worker = make_somebody(Role.PRACTITIONER, agency=agency)
        ref = agency.ref
    recording, second = make(Role.INFORMATION_GOVERNANCE), make(Role.ADMIN)
    sign(recording, ref, approve=False)
    assert worker.actor.principals == set()
    assert [row.ref for row in queries.list_waiting(second.actor)] == [ref]
    assert queries.list_waiting(recording.actor) == []
    assert second.id in set(db.session.scalars(select(Notice.recipient_id).where(Notice.kind == WAITS)))
    waiting = db.session.scalars(select(SharingAgreement.id).where(SharingAgreement.recorded_by_id.is_not(None))).one()
    with pytest.raises(ForbiddenError), unit_of_work():
        service.decide_agreement(recording.actor, ref, waiting, approve=True)
    with pytest.raises(ForbiddenError), unit_of_work():
        service.decide_agreement(worker.actor, ref, waiting, approve=True)
    with pytest.raises(NotFoundError), unit_of_work():
        service.decide_agreement(second.actor, make_agency().ref, waiting, approve=True)
    with unit_of_work():
        service.decide_agreement(second.actor, ref, waiting, approve=approve)
    assert bool(worker.actor.principals) is approve
    with pytest.raises(RuleError), unit_of_work():
        service.decide_agreement(second.actor, ref, waiting, approve=True)


def test_nobody_else_records_an_agreement_or_sees_the_agencies() -> None:
    with unit_of_work():
        ref = make_agency(agreement=False).ref
    before = db.session.scalar(select(func.count()).select_from(SharingAgreement))
    for role in set(Role) - {Role.ADMIN, Role.INFORMATION_GOVERNANCE}:
        with unit_of_work():
            who = make_somebody(role, agency=db.session.scalars(select(Agency)).first())
        with pytest.raises(ForbiddenError):
            sign(who, ref)
        assert queries.list_agencies(who.actor) == []
        with pytest.raises(NotFoundError):
            queries.access_agency(who.actor, ref)
    assert db.session.scalar(select(func.count()).select_from(SharingAgreement)) == before


def test_information_governance_records_agreements_but_adds_no_agency() -> None:
    who = make(Role.INFORMATION_GOVERNANCE)
    with pytest.raises(ForbiddenError), unit_of_work():
        service.add_agency(
            who.actor,
            name="A new trust",
            short_name="Trust",
            kind=AgencyKind.VOLUNTARY,
            quorum_group=QuorumGroup.OTHER,
            active_from=clock.today(),
        )


@pytest.mark.parametrize(("signed", "review", "field"), [(1, 300, "signed_on"), (-10, -10, "review_on")])
def test_the_days_of_an_agreement_make_sense(signed: int, review: int, field: str) -> None:
    with unit_of_work():
        ref = make_agency(agreement=False).ref
    with pytest.raises(RuleError) as refused:
        sign(make(Role.ADMIN), ref, signed, review)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, "lapsed"), (0, "due"), (60, "due"), (61, "in_date"), (None, "unsigned")]
)
def test_how_an_agreement_stands(days: int | None, expected: str) -> None:
    review_on = None if days is None else clock.today() + timedelta(days=days)
    assert queries.agreement_state(review_on).value == expected


def change(who: Somebody, ref: str, version: int = 1, **changes: object) -> None:
    values: dict[str, object] = {
        "name": "Marlbridge Housing",
        "short_name": "Housing",
        "kind": AgencyKind.HOUSING,
        "quorum_group": QuorumGroup.OTHER,
        "active_to": None,
    }
    with unit_of_work():
        service.change_agency(who.actor, ref, read_version=version, **(values | changes))  # type: ignore[arg-type]


def test_an_agency_that_left_gives_its_people_nothing_the_day_after() -> None:
    admin = make(Role.ADMIN)
    with unit_of_work():
        agency = make_agency("Leaving Trust")
        worker = make_somebody(Role.PRACTITIONER, agency=agency)
        ref = agency.ref
    change(admin, ref, active_to=clock.today())
    assert db.session.scalar(select(Agency.active_to).where(Agency.ref == ref)) == clock.today()
    assert worker.actor.agency_ids == {worker.agency_id}
    change(admin, ref, version=2, active_to=clock.today() - timedelta(days=1))
    assert worker.actor.agency_ids == set()
    assert worker.actor.roles == set()
    with pytest.raises(StaleError):
        change(admin, ref, version=2)


def test_a_name_is_one_agency_s() -> None:
    admin = make(Role.ADMIN)
    with unit_of_work():
        make_agency("Marlbridge Housing")
        ref = make_agency("Another").ref
    with pytest.raises(RuleError) as refused:
        change(admin, ref)
    assert refused.value.field == "name"


def test_nobody_ends_their_own_agency() -> None:
    admin = make(Role.ADMIN)
    own = db.session.execute(select(Agency.ref, Agency.name).where(Agency.id == admin.agency_id)).one()
    with pytest.raises(ForbiddenError):
        change(admin, own.ref, name=own.name, active_to=clock.today())
    assert db.session.scalar(select(Agency.active_to).where(Agency.ref == own.ref)) is None
