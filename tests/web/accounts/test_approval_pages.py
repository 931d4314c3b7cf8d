"""The pages of the second person: what waits, why somebody may not decide, and the decision."""

from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.accounts.request_models import RoleRequest
from safeguarding.agencies.models import Agency
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import Somebody, make_somebody
from tests.support.pages import PageClient

WHY = "They chair the panel from next month on."


def make(app: Flask, role: Role) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(role)


def asked(app: Flask, admin: PageClient, who: Somebody, role: str = "chair") -> str:
    with app.app_context():
        home = db.session.scalar(select(Agency.ref).where(Agency.id == who.agency_id))
    path = f"/admin/people/{who.ref}"
    form = admin.get(path).form(having="role") | {"agency": home, "role": role, "reason": WHY}
    assert admin.post(f"{path}/roles", form).location == path
    with app.app_context():
        return str(db.session.scalar(select(RoleRequest.ref).order_by(RoleRequest.id.desc())))


def test_a_role_is_asked_for_and_approved_by_another_person(app: Flask, sign_in: SignIn) -> None:
    admin, lead, who = sign_in(Role.ADMIN), sign_in(Role.LEAD), make(app, Role.PRACTITIONER)
    theirs = sign_in(who)
    ref = asked(app, admin, who)
    page = admin.get(f"/admin/people/{who.ref}")
    assert "Roles that wait for a second person" in page.words
    assert "Nobody decides their own request." in admin.get(f"/admin/requests/{ref}").words
    assert f"Panel chair for {who.name}" in lead.get("/my-work").words
    assert WHY in lead.get(f"/admin/requests/{ref}").words
    assert theirs.get("/my-work").html.select_one(".app-header").get_text().count("Panel chair") == 0  # type: ignore[union-attr]
    form = lead.get(f"/admin/requests/{ref}").form() | {"decision": "approve", "reason": "I know their work well."}
    done = lead.follow(lead.post(f"/admin/requests/{ref}", form))
    assert "Approved." in done.words and "No request waits." in done.words
    assert "Panel chair" in admin.get(f"/admin/people/{who.ref}").words
    assert "Roles that wait for a second person" not in lead.get("/my-work").words


def test_a_role_without_a_reason_is_not_asked_for(app: Flask, sign_in: SignIn) -> None:
    admin, who = sign_in(Role.ADMIN), make(app, Role.PRACTITIONER)
    with app.app_context():
        home = db.session.scalar(select(Agency.ref).where(Agency.id == who.agency_id))
    form = admin.get(f"/admin/people/{who.ref}").form(having="role") | {"agency": home, "role": "lead"}
    refused = admin.post(f"/admin/people/{who.ref}/roles", form)
    assert refused.status == 422
    assert refused.errors == ["Say why they need this role, for the person who decides."]


def test_who_asked_or_is_asked_for_cannot_decide_whatever_they_send(app: Flask, sign_in: SignIn) -> None:
    asker, about = make(app, Role.ADMIN), make(app, Role.LEAD)
    admin, theirs = sign_in(asker), sign_in(about)
    ref = asked(app, admin, about)
    sent = {"decision": "approve", "reason": "I decide this on my own.", "version": "1"}
    for client in (admin, theirs, sign_in(Role.ADMIN)):
        assert client.post(f"/admin/requests/{ref}", sent).status == 403
    for role in (Role.CHAIR, Role.AUDITOR, Role.PRACTITIONER):
        assert sign_in(role).post(f"/admin/requests/{ref}", sent).status == 403
    with app.app_context():
        assert db.session.scalar(select(RoleRequest.decided_by_id).where(RoleRequest.ref == ref)) is None


def test_a_request_is_declined_with_a_reason_or_withdrawn(app: Flask, sign_in: SignIn) -> None:
    admin, lead = sign_in(Role.ADMIN), sign_in(Role.LEAD)
    first, second = make(app, Role.PRACTITIONER), make(app, Role.PRACTITIONER)
    declined, withdrawn = asked(app, admin, first), asked(app, admin, second)
    page = lead.get(f"/admin/requests/{declined}")
    bare = lead.post(f"/admin/requests/{declined}", page.form() | {"decision": "decline"})
    assert bare.errors == ["Give your reason."]
    lead.post(f"/admin/requests/{declined}", page.form() | {"decision": "decline", "reason": "Not before training."})
    assert "Not before training." in admin.get(f"/admin/requests/{declined}").words
    path = f"/admin/requests/{withdrawn}/withdraw"
    assert admin.post(path, admin.get(f"/admin/requests/{withdrawn}").form(path)).location == "/admin/requests"
    closed = lead.get("/admin/requests").words
    assert "Declined" in closed and "Withdrawn" in closed
    stale = lead.post(
        f"/admin/requests/{withdrawn}", page.form() | {"decision": "approve", "reason": "Too late for it."}
    )
    assert stale.status == 409
    assert lead.get("/admin/requests/RR-0000-0000").status == 404


def test_a_contact_nominates_a_substitute_and_an_administrator_decides(app: Flask, sign_in: SignIn) -> None:
    spoc = make(app, Role.SPOC)
    with app.app_context(), unit_of_work():
        who = make_somebody(Role.PRACTITIONER, agency=db.session.get_one(Agency, spoc.agency_id))
    client, admin = sign_in(spoc), sign_in(Role.ADMIN)
    assert "Nominate a substitute" in client.get("/my-work").words
    page = client.get("/agency/substitute")
    assert page.html is not None
    options = page.html.select("#person option")
    assert len(options) == 2 and who.name in options[1].get_text()
    bare = client.post("/agency/substitute", page.form())
    assert len(bare.errors) == 3
    today = clock.today()
    sent = page.form() | {"person": options[1]["value"], "reason": "I am on leave."}
    sent |= {"last_day-day": str(today.day), "last_day-month": str(today.month), "last_day-year": str(today.year)}
    assert "Nominated." in client.follow(client.post("/agency/substitute", sent)).words
    assert f"Agency contact for {who.name}" in admin.get("/my-work").words
    assert sign_in(Role.SPOC).get("/agency/substitute").words.count("No colleague of your agency") == 1
