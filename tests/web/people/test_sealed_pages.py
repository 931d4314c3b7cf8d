"""Pages of sealed values: no page but the one of a reveal holds one, for no actor."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.core.sealing import unseal
from safeguarding.drafts.models import KeptForm
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.people.sealed.models import SealedGrant, SealedReveal
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import Somebody, make_somebody
from tests.support.pages import Page, PageClient

CANARIES = {
    "safe-address": "Canarysafeaddress 9 Hidden Lane",
    "placement": "Canaryplacement with Mrs Otter",
    "phone": "07700 900123 canaryphone",
    "email": "canaryemail@hidden.example",
}
WHY = "I drive them home from school on Thursday."


class Scene:
    """A young person whose sealed values were all recorded through the pages."""

    def __init__(self, app: Flask, sign_in: SignIn) -> None:
        with app.app_context(), unit_of_work():
            self.worker, self.governor = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.INFORMATION_GOVERNANCE)
            case = make_case(self.worker)
            person = db.session.get_one(Person, case.person_id)
            self.ref, self.case_ref, self.name = person.ref, case.ref, f"{person.given_name} {person.family_name}"
        self.app, self.browser, self.office = app, sign_in(self.worker), sign_in(self.governor)
        for field, value in CANARIES.items():
            assert self.record(field, value).status == 303

    def record(self, field: str, value: str, **changed: Any) -> Page:
        path = f"/people/{self.ref}/sealed/{field}/record"
        return self.browser.post(path, {**self.browser.get(path).form(), "sealed_value": value, **changed})

    def ask(self) -> str:
        path = f"/people/{self.ref}/sealed/ask"
        form = self.browser.get(path).form()
        fields = [name.replace("-", "_") for name in CANARIES]
        assert self.browser.post(path, {**form, "fields": fields, "reason": WHY}).status == 303
        with self.app.app_context():
            found = db.session.scalars(select(SealedGrant.ref)).one()
            db.session.rollback()
        return found

    def grant(self) -> None:
        ref = self.ask()
        form = self.office.get(f"/sealed/{ref}").form(f"/sealed/{ref}/grant")
        until = clock.today() + timedelta(days=7)
        day = {"until_on-day": until.day, "until_on-month": until.month, "until_on-year": until.year}
        answer = self.office.post(f"/sealed/{ref}/grant", {**form, **day, "decision_reason": "Nobody else can drive."})
        assert answer.status == 303, answer.errors

    def reveal(self, field: str) -> Page:
        return self.browser.post(f"/people/{self.ref}/sealed/{field}", {"reason": WHY})


@pytest.fixture
def scene(app: Flask, sign_in: SignIn) -> Scene:
    return Scene(app, sign_in)


def leaks(text: str) -> list[str]:
    return [value for value in CANARIES.values() if value in text or value.split()[0] in text]


def crawl(client: PageClient, ref: str, case_ref: str, name: str) -> list[Page]:
    """Return every page that tells of a young person, their case, or what was done with both."""
    paths = [
        f"/people/{ref}",
        *(f"/people/{ref}/{part}" for part in ("details", "identifiers", "names", "other-names", "sealed/ask")),
        *(f"/people/{ref}/sealed/{field}{more}" for field in CANARIES for more in ("", "/record")),
        "/people",
        "/my-work",
        "/cases",
        f"/cases/{case_ref}",
        f"/cases/{case_ref}/updates/add",
        f"/cases/{case_ref}/revise",
        "/sealed",
        "/notices",
        "/audit",
        f"/audit/subjects/{ref}",
        f"/access/{ref}",
        f"/access/{case_ref}/looks",
        f"/people/{ref}/refer",
    ]
    found = [client.get(path) for path in paths]
    found += [client.post("/people", {"q": typed}) for typed in (name, ref)]
    return found


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_nobody_finds_a_sealed_value_on_any_page(scene: Scene, sign_in: SignIn) -> None:
    scene.grant()
    for client in [scene.browser, scene.office, *(sign_in(role) for role in Role)]:
        pages = crawl(client, scene.ref, scene.case_ref, scene.name)
        assert [page for page in pages if leaks(page.text)] == []
    assert any(
        page.status == 200 and scene.name in page.text
        for page in crawl(scene.browser, scene.ref, scene.case_ref, scene.name)
    )


def test_a_search_for_a_sealed_value_finds_nobody(scene: Scene) -> None:
    for value in CANARIES.values():
        assert scene.name not in scene.browser.post("/people", {"q": value}).text


def test_the_record_says_that_it_is_sealed_and_offers_to_ask(scene: Scene) -> None:
    page = scene.browser.get(f"/people/{scene.ref}")
    assert "Sealed. Nobody holds a grant to see it." in page.words
    assert page.html is not None
    assert page.html.find("a", href=f"/people/{scene.ref}/sealed/ask")


def test_with_a_grant_the_value_is_shown_once_on_a_page_that_is_kept_nowhere(scene: Scene) -> None:
    scene.grant()
    assert f"Held by {scene.worker.name}." in scene.browser.get(f"/people/{scene.ref}").words
    for field, value in CANARIES.items():
        page = scene.reveal(field)
        assert page.status == 200
        assert leaks(page.text) == [value]
        assert page.response.headers["Cache-Control"] == "no-store"
        assert leaks(scene.browser.get(f"/people/{scene.ref}/sealed/{field}").text) == []
    with scene.app.app_context():
        shown = select(AuditEvent).where(AuditEvent.event == "people:sealed:shown").order_by(AuditEvent.seq)
        found = db.session.scalars(shown).all()
        fields = [json.loads(row.detail)["field"] for row in found]
        subjects = {row.subject for row in found}
        db.session.rollback()
    assert fields == ["safe_address", "placement", "phone", "email"]
    assert subjects == {scene.ref}


def test_without_a_grant_the_page_of_a_reveal_is_refused(scene: Scene) -> None:
    for field in CANARIES:
        assert scene.browser.get(f"/people/{scene.ref}/sealed/{field}").status == 403
        assert scene.reveal(field).status == 403


# On PostgreSQL the application may not take the head away; what it answers then is the same code.
@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_reveal_whose_record_cannot_be_kept_shows_nothing(scene: Scene) -> None:
    scene.grant()
    token = scene.browser.csrf_token()
    with scene.app.app_context(), unit_of_work():
        db.session.execute(text("DELETE FROM audit_head"))
    page = scene.browser.post(f"/people/{scene.ref}/sealed/phone", {"reason": WHY, "csrf_token": token})
    assert page.status == 503
    assert leaks(page.text) == []


def test_what_was_typed_is_not_shown_again_after_a_mistake(scene: Scene) -> None:
    page = scene.record("phone", CANARIES["phone"], removed="y")
    assert page.status == 422
    assert leaks(page.text) == []
    with scene.app.app_context(), unit_of_work():
        db.session.execute(update(Person).values(version=Person.version + 1))
    stale = scene.record("phone", CANARIES["phone"], version="1")
    assert stale.status == 409
    assert leaks(stale.text) == []
    assert "Somebody changed this record" in stale.words


def test_a_conflict_about_the_details_shows_nothing_sealed(scene: Scene) -> None:
    path = f"/people/{scene.ref}/details"
    page = scene.browser.post(path, {**scene.browser.get(path).form(), "version": "1", "address": "1 New Road"})
    assert page.status == 409
    assert leaks(page.text) == []


def test_information_governance_sees_a_reference_and_no_name(scene: Scene) -> None:
    ref = scene.ask()
    for page in (scene.office.get("/sealed"), scene.office.get(f"/sealed/{ref}")):
        assert scene.ref in page.words
        assert scene.name not in page.text
    assert WHY in scene.office.get(f"/sealed/{ref}").words


def test_a_refusal_names_its_reason_and_tells_whoever_asked(scene: Scene) -> None:
    ref = scene.ask()
    form = scene.office.get(f"/sealed/{ref}").form(f"/sealed/{ref}/refuse")
    assert scene.office.post(f"/sealed/{ref}/refuse", {**form, "decision_reason": "Ask the carer."}).status == 422
    answer = scene.office.post(f"/sealed/{ref}/refuse", {**form, "decision_reason": "Ask the carer to come to you."})
    assert answer.status == 303
    assert "What you asked to see was decided." in scene.browser.get("/notices").words
    assert "Ask to see it" in scene.browser.get(f"/people/{scene.ref}").words
    assert "Refused. Ask the carer to come to you." in scene.browser.get(f"/people/{scene.ref}/sealed/ask").words


def test_somebody_of_the_panel_sees_that_it_is_sealed_and_cannot_ask(scene: Scene, sign_in: SignIn) -> None:
    with scene.app.app_context(), unit_of_work():
        colleague: Somebody = make_somebody(Role.SPOC)
    assert sign_in(colleague).get(f"/people/{scene.ref}/sealed/ask").status == 403


def test_a_second_factor_of_a_while_ago_shows_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.grant()
    later = clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    page = scene.reveal("phone")
    assert page.location.startswith("/confirm?next=")
    assert leaks(page.text) == []
    with scene.app.app_context():
        assert db.session.scalars(select(SealedReveal)).all() == []
        db.session.rollback()


def test_a_value_typed_into_a_session_that_ran_out_is_not_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/people/{scene.ref}/sealed/phone/record"
    form = scene.browser.get(path).form()
    later = clock.now() + timedelta(minutes=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert scene.browser.post(path, {**form, "sealed_value": CANARIES["phone"]}).status in (303, 401)
    with scene.app.app_context():
        kept = db.session.execute(select(KeptForm.ref, KeptForm.fields)).all()
        opened = " ".join(unseal(KeptForm.fields, row.ref, row.fields) for row in kept)
        db.session.rollback()
    assert kept
    assert leaks(opened) == []
