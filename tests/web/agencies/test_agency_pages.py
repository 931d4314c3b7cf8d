"""The pages of agencies and their agreements."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from safeguarding.access.roles import Role
from safeguarding.agencies.models import Agency, SharingAgreement
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import make_agency


def make(app: Flask, name: str, *, agreement: bool = True) -> str:
    with app.app_context(), unit_of_work():
        return make_agency(name, agreement=agreement).ref


def day(name: str, days: int) -> dict[str, str]:
    on = clock.today() + timedelta(days=days)
    return {f"{name}-day": str(on.day), f"{name}-month": str(on.month), f"{name}-year": str(on.year)}


def test_an_agency_is_added_and_its_agreement_recorded(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    form = client.get("/admin/agencies/add").form() | day("active_from", -1)
    form |= {"name": "Open Door", "short_name": "Open Door", "kind": "voluntary", "quorum_group": "other"}
    page = client.follow(client.post("/admin/agencies/add", form))
    assert "Not signed" in page.words
    agreement = page.form(having="signed_by") | day("signed_on", -3) | day("review_on", 300)
    agreement |= {"title": "Partnership agreement", "purposes": "Safeguarding", "signed_by": "A chief officer"}
    agreement |= {"data_types": ["covers_cases", "covers_health"]}
    with app.app_context():
        ref = db.session.scalar(select(Agency.ref).where(Agency.name == "Open Door"))
    path = f"/admin/agencies/{ref}"
    for _ in range(2):
        assert client.post(f"{path}/agreements", agreement).location == path
    shown = client.get(path).words
    assert "Not signed" in shown
    assert "Waits for somebody else" in shown
    keeper = sign_in(Role.INFORMATION_GOVERNANCE)
    assert "Agreements to approve" in keeper.get("/my-work").words
    deciding = keeper.get(path).form(having="agreement") | {"decision": "approve"}
    assert client.post(f"{path}/agreements/decide", deciding | {"csrf_token": client.csrf_token()}).status == 403
    assert keeper.post(f"{path}/agreements/decide", deciding).location == path
    shown = client.get(path).words
    assert "In date" in shown
    assert "Shares: Young people, adults who may pose a risk, and what is known in their cases; Health" in shown
    with app.app_context():
        made = select(func.count()).select_from(SharingAgreement).where(SharingAgreement.signed_by == "A chief officer")
        assert db.session.scalar(made) == 1


def test_the_list_says_how_each_agreement_stands(app: Flask, sign_in: SignIn) -> None:
    make(app, "Signed Trust")
    make(app, "Unsigned Trust", agreement=False)
    page = sign_in(Role.INFORMATION_GOVERNANCE).get("/admin/agencies")
    assert page.html is not None
    rows = {row.find("th").get_text(strip=True): row.get_text(" ") for row in page.html.select("tbody tr")}  # type: ignore[union-attr]
    assert "In date" in rows["Signed Trust"]
    assert "Not signed" in rows["Unsigned Trust"]
    assert "Add an agency" not in page.words


def test_a_stale_change_shows_both_texts_and_changes_nothing(app: Flask, sign_in: SignIn) -> None:
    ref = make(app, "First Name")
    client = sign_in(Role.ADMIN)
    path = f"/admin/agencies/{ref}"
    form = client.get(f"{path}/change").form() | {"kind": "voluntary", "quorum_group": "other"}
    assert client.post(f"{path}/change", form | {"name": "Their Name"}).location == path
    stale = client.post(f"{path}/change", form | {"name": "Our Name"})
    assert stale.status == 409
    assert "Their Name" in stale.words
    assert "Our Name" in stale.words
    assert client.get(path).words.count("Our Name") == 0


def test_wrong_dates_are_said_at_their_field(app: Flask, sign_in: SignIn) -> None:
    ref = make(app, "Some Trust")
    client = sign_in(Role.ADMIN)
    path = f"/admin/agencies/{ref}"
    form = client.get(path).form(having="signed_by") | day("signed_on", -3) | day("review_on", -3)
    form |= {"title": "T", "purposes": "P", "signed_by": "S"}
    assert client.post(f"{path}/agreements", form).errors == ["Choose what is shared."]
    form |= {"data_types": ["covers_cases"]}
    refused = client.post(f"{path}/agreements", form)
    assert refused.status == 422
    assert refused.errors == ["The day of review must be after the day it was signed."]
    assert refused.form(having="signed_by")["title"] == "T"
    wrong = client.post(f"{path}/agreements", form | {"review_on-day": "31", "review_on-month": "2"})
    assert wrong.errors == ["Review on must be a real date, like 27 3 2026."]


def test_information_governance_sees_no_people_and_may_not_change_an_agency(app: Flask, sign_in: SignIn) -> None:
    ref = make(app, "Some Trust")
    client = sign_in(Role.INFORMATION_GOVERNANCE)
    assert "People of this agency" not in client.get(f"/admin/agencies/{ref}").words
    assert client.get(f"/admin/agencies/{ref}/change").status == 403
    assert client.get("/admin/agencies/add").status == 403
    assert client.get("/admin/agencies/AG-0000-0000").status == 404
    assert "People of this agency" in sign_in(Role.ADMIN).get(f"/admin/agencies/{ref}").words
