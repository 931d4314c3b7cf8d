"""The pages of administration: people, roles, pass phrases shown once, settings."""

from flask import Flask
from sqlalchemy import func, select

from safeguarding.access.roles import Role
from safeguarding.accounts.models import Membership, User
from safeguarding.agencies.models import Agency
from safeguarding.audit.models import AuditEvent
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import PHRASE, Somebody, make_agency, make_somebody
from tests.support.pages import PageClient


def make(app: Flask, role: Role, agency: str | None = None) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(role, agency=make_agency(agency) if agency else None)


def agency_ref(app: Flask, somebody: Somebody) -> str:
    with app.app_context():
        return str(db.session.scalar(select(Agency.ref).where(Agency.id == somebody.agency_id)))


def roles(app: Flask, somebody: Somebody) -> int:
    with app.app_context():
        return int(
            db.session.scalar(select(func.count()).select_from(Membership).where(Membership.user_id == somebody.id))
            or 0
        )


def test_people_are_listed_with_their_roles_and_found_by_name(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    worker = make(app, Role.PRACTITIONER, "Harbour Youth Trust")
    page = client.get("/admin/people")
    assert f"{worker.name} {worker.email}" in page.words
    assert "Practitioner Harbour Youth Trust" in page.words
    found = client.post("/admin/people", page.form() | {"text": worker.name.upper()})
    assert found.status == 200
    assert worker.email in found.words
    none = client.post("/admin/people", page.form() | {"text": "%"})
    assert "Nobody matches." in none.words
    there = client.get(f"/admin/people?agency={agency_ref(app, worker)}")
    assert worker.email in there.words
    assert client.get("/admin/people?agency=AG-0000-0000&after=nobody").status == 200


def test_the_list_goes_on_by_reference_and_shows_everyone_once(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    with app.app_context(), unit_of_work():
        home = make_agency()
        names = [make_somebody(Role.PRACTITIONER, agency=home, name=f"Same Name {n // 4:02}").email for n in range(55)]
    first = client.get("/admin/people")
    assert first.html is not None
    link = str(first.html.select_one(".app-pages__older")["href"])  # type: ignore[index]
    second = client.get(link)
    text = first.words + " " + second.words
    assert [text.count(f"{name}") for name in names] == [1] * 55
    assert "Same" not in link


def test_a_person_is_added_once_and_nobody_is_shown_a_pass_phrase(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    worker = make(app, Role.PRACTITIONER)
    form = client.get("/admin/people/add").form() | {
        "name": "Ada Fern",
        "email": "ada@marlbridge.example",
        "agency": agency_ref(app, worker),
        "role": "social_worker",
    }
    added = client.post("/admin/people/add", form)
    assert added.status == 303
    shown = client.follow(added)
    assert "Invitation sent." in shown.words and "not taken up yet" in shown.words
    again = client.post("/admin/people/add", form)
    assert (again.status, again.location) == (303, added.location)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User).where(User.name == "Ada Fern")) == 1


def test_what_is_wrong_with_a_person_is_said_and_nothing_typed_is_lost(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    empty = client.post("/admin/people/add", client.get("/admin/people/add").form())
    assert empty.status == 422
    assert len(empty.errors) == 4
    wrong = {"name": "Ada <b>", "email": "ada at home", "agency": "AG-nowhere", "role": "king"}
    refused = client.post("/admin/people/add", client.get("/admin/people/add").form() | wrong)
    assert refused.status == 422
    assert len(refused.errors) == 3
    assert (refused.form()["name"], refused.form()["email"]) == ("Ada <b>", "ada at home")


def test_a_role_is_given_and_ended_on_the_page(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    worker = make(app, Role.PRACTITIONER)
    path = f"/admin/people/{worker.ref}"
    form = client.get(path).form(having="role") | {"agency": agency_ref(app, worker), "role": "coordinator"}
    assert client.post(f"{path}/roles", form).location == path
    assert "Panel coordinator" in client.get(path).words
    end = f"{path}/roles/{agency_ref(app, worker)}/coordinator/end"
    assert client.post(end, client.get(path).form(action=end)).location == path
    page = client.get(path)
    assert page.html is not None
    assert "Panel coordinator" not in page.html.select_one("table").get_text()  # type: ignore[union-attr]
    assert roles(app, worker) == 2


def test_a_suspended_person_is_out_at_the_next_request(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    worker = make(app, Role.ANALYST)
    theirs = sign_in(worker)
    assert theirs.get("/my-work").status == 200
    path = f"/admin/people/{worker.ref}"
    before = client.get(path).form(action=f"{path}/suspend")
    assert client.post(f"{path}/suspend", before).location == path
    assert theirs.get("/my-work").location.startswith("/sign-in")
    assert PageClient(app.test_client()).sign_in(worker.email, PHRASE).status == 422
    stale = client.post(f"{path}/reinstate", before)
    assert stale.status == 409
    assert client.post(f"{path}/reinstate", client.get(path).form(action=f"{path}/reinstate")).location == path
    assert PageClient(app.test_client()).sign_in(worker.email, PHRASE).status == 303


def test_nobody_gives_themselves_a_role_by_any_form(app: Flask, sign_in: SignIn) -> None:
    admin = make(app, Role.ADMIN)
    make(app, Role.ADMIN)
    client = sign_in(admin)
    path, home = f"/admin/people/{admin.ref}", agency_ref(app, admin)
    assert "This is you." in client.get(path).words
    other = client.get(f"/admin/people/{make(app, Role.LEAD).ref}")
    give = other.form(having="role") | {"agency": home, "role": "chair"}
    rights = {"version": "1"}
    for target, data in (
        (f"{path}/roles", give),
        (f"{path}/roles/{home}/admin/end", rights),
        (f"{path}/suspend", rights),
        (f"{path}/reinstate", rights),
        (f"{path}/pass-phrase", rights),
        (f"{path}/second-factor", rights),
    ):
        assert client.post(target, data).status == 403, target
    assert roles(app, admin) == 1
    assert client.get("/my-work").status == 200


def test_the_only_other_administrator_may_go_but_never_the_last(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    other = make(app, Role.ADMIN)
    path = f"/admin/people/{other.ref}"
    assert client.post(f"{path}/suspend", client.get(path).form(action=f"{path}/suspend")).location == path


def test_settings_show_the_installation_and_no_key(app: Flask, sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN).get("/admin/settings")
    for value in ("Test", "Marlbridge Safeguarding Partnership", "Panels and places", "#0d4a52", "localhost"):
        assert value in page.words
    settings = app.extensions["settings"]
    for secret in (settings.secret_key, settings.audit_key, settings.database_url):
        assert secret not in page.text


def test_others_are_refused_and_unknown_people_are_not_found(app: Flask, sign_in: SignIn) -> None:
    worker = make(app, Role.PRACTITIONER)
    auditor = sign_in(Role.AUDITOR)
    for path in ("/admin/people", "/admin/people/add", f"/admin/people/{worker.ref}", "/admin/settings"):
        assert auditor.get(path).status == 403, path
    client = sign_in(Role.ADMIN)
    for path in ("/admin/people/US-0000-0000", "/admin/people/%00", "/admin/people/YP-1111-1111"):
        assert client.get(path).status == 404, path
    assert client.post(f"/admin/people/{worker.ref}/roles/{agency_ref(app, worker)}/king/end", {}).status == 404


def test_every_page_shown_is_in_the_audit_by_reference(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMIN)
    worker = make(app, Role.PRACTITIONER)
    client.get(f"/admin/people/{worker.ref}")
    client.get("/admin/people")
    client.get("/admin/settings")
    with app.app_context():
        rows = db.session.execute(
            select(AuditEvent.event, AuditEvent.subject, AuditEvent.detail).order_by(AuditEvent.seq.desc()).limit(3)
        ).all()
    assert [row.event for row in reversed(rows)] == [
        "accounts:person:shown",
        "accounts:people:listed",
        "accounts:settings:shown",
    ]
    assert rows[2].subject == worker.ref
    assert worker.ref in rows[1].detail
    assert worker.name not in rows[1].detail
