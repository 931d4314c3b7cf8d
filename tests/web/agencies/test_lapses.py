"""Agreements as policy: one that lapses takes case data away at the next request, on every instance, and says why (AC-9)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.accounts import service as accounts
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency, SharingAgreement
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody
from tests.support.databases import dispose
from tests.support.pages import PageClient


def make(app: Flask, role: Role, agency: str | None = None) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(role, agency=make_agency(agency) if agency else None)


def reviewed(app: Flask, who: Somebody, days: int, covers: bool = True) -> None:
    """Let the agreement of somebody's agency be due for review in so many days."""
    with app.app_context(), unit_of_work():
        db.session.execute(
            update(SharingAgreement)
            .where(SharingAgreement.agency_id == who.agency_id)
            .values(review_on=clock.today() + timedelta(days=days), covers_cases=covers)
        )


@pytest.mark.parametrize(("days", "covers"), [(-1, True), (200, False)])
def test_people_of_an_agency_without_an_agreement_in_force_read_why(
    app: Flask, sign_in: SignIn, days: int, covers: bool
) -> None:
    ig = make(app, Role.INFORMATION_GOVERNANCE)
    who = make(app, Role.PRACTITIONER, "Harbour Trust")
    client = sign_in(who)
    assert client.get("/cases").status == 200
    reviewed(app, who, days, covers)
    first = client.get("/my-work")
    assert first.status == 200 and "An agreement is not in force" in first.words
    for path in ("/cases", "/referrals", "/people/search", "/cases/CA-0000-0000"):
        page = client.get(path)
        assert page.status == 403, path
        assert "Your agency's agreement is not in force" in page.words
        assert "Harbour Trust" in page.words and ig.email in page.words
        if covers:
            assert f"since {clock.today().day} " in page.words
        else:
            assert "has signed no information-sharing agreement that covers cases" in page.words
    reviewed(app, who, 30)
    assert client.get("/cases").status == 200
    reviewed(app, who, days, covers)
    assert client.post("/sign-out").location == "/sign-in"


def test_who_has_another_agency_goes_on_with_that_and_is_told(app: Flask, sign_in: SignIn) -> None:
    who = make(app, Role.PRACTITIONER, "Harbour Trust")
    with app.app_context(), unit_of_work():
        other = make_agency("Open Door")
        accounts.give_membership(SYSTEM, db.session.get_one(User, who.id), other, Role.SPOC)
    client = sign_in(who)
    assert "not in force" not in client.get("/my-work").words
    reviewed(app, who, -1)
    page = client.get("/my-work")
    assert page.status == 200
    assert "An agreement is not in force" in page.words and "Harbour Trust" in page.words
    assert "Open Door, has" not in page.words


def test_an_agreement_that_runs_out_soon_is_shown_to_those_who_can_see_to_it(app: Flask, sign_in: SignIn) -> None:
    spoc, other = make(app, Role.SPOC, "Harbour Trust"), make(app, Role.SPOC, "Open Door")
    with app.app_context(), unit_of_work():
        home = db.session.get_one(Agency, spoc.agency_id)
        worker, lead = make_somebody(Role.PRACTITIONER, agency=home), make_somebody(Role.LEAD, agency=home)
    ig = make(app, Role.INFORMATION_GOVERNANCE)
    heading = "Agreements that run out"
    assert heading not in sign_in(spoc).get("/my-work").words
    reviewed(app, spoc, 59)
    for who, sees in ((spoc, True), (lead, True), (ig, True), (other, False), (worker, False)):
        page = sign_in(who).get("/my-work")
        assert (heading in page.words) is sees, who.name
    reviewed(app, spoc, 61)
    assert heading not in sign_in(spoc).get("/my-work").words


@pytest.fixture
def second(app: Flask, settings: Settings) -> Iterator[Flask]:
    """Another instance of the service on the same database."""
    made = create_app(settings)
    yield made
    dispose(made)


def cookie_to(second: Flask, client: PageClient) -> PageClient:
    """Return a browser with the same cookies at another instance."""
    other = second.test_client()
    for cookie in client.client._cookies.values():
        other.set_cookie(
            cookie.key, cookie.value, domain=cookie.domain, path=cookie.path, secure=cookie.secure, httponly=True
        )
    return PageClient(other)


@pytest.mark.parametrize("change", ["suspended", "role ended", "agreement lapsed", "agency left"])
def test_what_ends_on_one_instance_is_over_on_the_other_at_the_next_request(
    app: Flask, second: Flask, sign_in: SignIn, change: str
) -> None:
    who = make(app, Role.PRACTITIONER, "Harbour Trust")
    here = sign_in(who)
    there = cookie_to(second, here)
    assert (here.get("/cases").status, there.get("/cases").status) == (200, 200)
    with app.app_context(), unit_of_work():
        home = db.session.scalars(select(Agency).where(Agency.id == who.agency_id)).one()
        if change == "suspended":
            accounts.suspend_user(SYSTEM, who.ref, read_version=1)
        elif change == "role ended":
            accounts.end_role(SYSTEM, who.ref, agency_ref=home.ref, role=Role.PRACTITIONER, read_version=1)
        elif change == "agency left":
            home.active_to = clock.today() - timedelta(days=1)
    if change == "agreement lapsed":
        reviewed(app, who, -1)
    statuses = {client.get("/cases").status for _ in range(5) for client in (here, there)}
    assert statuses <= {303, 403}
    assert "/cases" not in {there.get("/cases").location}
