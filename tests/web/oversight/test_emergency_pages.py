"""The pages of emergency access, of who can see a record, and of who looked at it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.people.models import Person
from tests.conftest import SignIn
from tests.factories.cases import make_case, make_update
from tests.factories.people import PHRASE, Somebody, make_somebody, unit_of_work
from tests.support.pages import Page, PageClient

ASKED = {
    "kind": "missing_now",
    "parts": ["risk", "contacts", "updates"],
    "basis": "vital_interests",
    "reason": "Control room: two callers say he is being held at the retail park.",
}


class Night:
    """A case that one person leads, and the pages of somebody who has nothing to do with it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context(), unit_of_work():
            self.worker = make_somebody(Role.PRACTITIONER)
            case: Case = make_case(self.worker)
            self.case_ref, self.person_ref = case.ref, _person_ref(case)
            self.police = make_somebody(Role.SPOC)
            self.reviewer = make_somebody(Role.INFORMATION_GOVERNANCE)

    def client(self, who: Somebody) -> PageClient:
        client = PageClient(self.app.test_client())
        assert client.sign_in(who.email, PHRASE).status == 303
        return client

    def open(self, client: PageClient, record: str, **options: Any) -> str:
        """Ask for it, come to what it opens, and return the address of the use."""
        shown = self.ask(client, record, **options).response.headers["Location"]
        assert shown.endswith("/record")
        return shown.removesuffix("/record")

    def ask(self, client: PageClient, record: str, **options: Any) -> Page:
        form = client.get("/emergency").form(having="record")
        page = client.post("/emergency", form | ASKED | {"record": record, **options})
        return confirmed(client, page)


def _person_ref(case: Case) -> str:
    return db.session.scalars(select(Person.ref).where(Person.id == case.person_id)).one()


def confirmed(client: PageClient, page: Page) -> Page:
    """Answer the confirmation that a step-up asks for, and send the form that waits."""
    while page.status == 303 and "/confirm" in page.response.headers["Location"]:
        page = client.follow(page)
        page = client.post("/confirm", page.form(having="pass_by") | {"pass_by": "y"})
        page = client.follow(page)
    return page


@pytest.fixture
def night(app: Flask) -> Night:
    return Night(app)


def test_it_is_asked_for_used_closed_and_reviewed(night: Night) -> None:
    police = night.client(night.police)
    assert police.get(f"/cases/{night.case_ref}").status == 404
    path = night.open(police, night.case_ref)
    use = police.get(path)
    assert "Open until" in use.words
    opened = police.get(f"{path}/record")
    assert opened.status == 200
    assert "Emergency access until" in opened.words
    assert "Adults are exploiting the young person." in opened.words
    assert police.get(f"/cases/{night.case_ref}").status == 404  # no other page of it opens
    worker = night.client(night.worker)
    assert f"opened {night.case_ref} in an emergency" in worker.get("/my-work").words
    looks = worker.get(f"/access/{night.case_ref}/looks")
    assert night.police.name in looks.words
    assert "Emergency access" in looks.words
    assert police.post(f"{path}/close", use.form(action=f"{path}/close")).status == 303
    assert police.get(f"{path}/record").status == 404
    again = police.get("/emergency")  # whoever may not use it is told before they fill the form in
    assert "You cannot use it again yet" in again.words
    assert again.html is not None and again.html.select_one('[name="record"]') is None


def test_an_unknown_reference_and_a_form_half_filled_keep_what_was_typed(night: Night) -> None:
    police = night.client(night.police)
    page = night.ask(police, new_reference("CA"))
    assert page.status == 422
    assert "We hold nothing under this reference that can be opened" in page.words
    assert ASKED["reason"] in page.text
    page = night.ask(police, night.case_ref, kind="")
    assert page.status == 422


def test_who_can_see_it_is_said_to_those_who_can_and_to_nobody_else(night: Night) -> None:
    worker, police = night.client(night.worker), night.client(night.police)
    page = worker.get(f"/access/{night.case_ref}")
    assert page.status == 200
    assert "You can, because you lead the work" in page.words
    assert page.html is not None
    assert [night.police.name in table.get_text() for table in page.html.select("table")] == [False]
    assert police.get(f"/access/{night.case_ref}").status == 404
    assert worker.get(f"/access/{night.person_ref}").status == 200
    for other in ("XX-0000", "CA-0000-0000", new_reference("RF"), new_reference("IT"), new_reference("MT")):
        assert worker.get(f"/access/{other}").status == 404


def test_only_who_leads_the_work_sees_who_looked(night: Night) -> None:
    police = night.client(night.police)
    police.follow(night.ask(police, night.case_ref))
    for path in (f"/access/{night.case_ref}", f"/access/{night.case_ref}/looks"):
        assert police.get(path).status in (403, 404), path
    worker = night.client(night.worker)
    assert "In an emergency" in worker.get(f"/access/{night.case_ref}").words
    assert night.police.name in worker.get(f"/access/{night.case_ref}").words


def test_a_reviewer_reviews_somebody_elses(night: Night, sign_in: SignIn) -> None:
    police, reviewer = night.client(night.police), night.client(night.reviewer)
    path = night.open(police, night.case_ref)
    assert reviewer.get("/emergency/reviews").status == 200
    form = reviewer.get(path).form(having="outcome")
    page = reviewer.post(f"{path}/review", form | {"outcome": "not_justified", "findings": ""})
    assert page.status == 422
    page = reviewer.post(f"{path}/review", form | {"outcome": "right", "findings": "Well used."})
    assert page.status == 303
    assert police.get(f"{path}/record").status == 404
    assert "Right to use it" in police.get(path).words
    assert reviewer.post(f"{path}/review", form | {"outcome": "right"}).status in (409, 422)
    assert sign_in(Role.PRACTITIONER).get(path).status == 404


def test_what_it_opens_is_read_on_the_screen_alone(night: Night) -> None:
    police = night.client(night.police)
    path = night.open(police, night.case_ref)
    for address in (f"{path}/record", f"{path}/record?print=1"):
        opened = police.get(address)
        assert opened.status == 200 and opened.html is not None
        assert "app-screen-only" in str(opened.html.body and opened.html.body["class"])
        assert "read on the screen alone" in opened.words
        assert "Printed by" not in opened.words and "Recorded as printed" not in opened.words
        assert opened.html.select_one('input[name="print"]') is None
    use = police.get(path)  # the page about the use holds nothing of the record
    assert use.html is not None and use.html.select_one('input[name="print"]') is not None
    with night.app.app_context():
        looks = set(db.session.scalars(select(AuditEvent.event).where(AuditEvent.event.contains("emergency_record"))))
    assert looks == {"oversight:emergency_record:shown"}


CANARIES = {
    "risk": ("zq-going-on", "zq-keeps-safe"),
    "contacts": ("zq-address", "zq-school"),
    "updates": ("zq-happened", "zq-words"),
}


@pytest.mark.parametrize("part", list(CANARIES))
def test_what_was_not_asked_for_stands_on_no_page(night: Night, part: str) -> None:
    with night.app.app_context(), unit_of_work():
        case = db.session.scalars(select(Case).where(Case.ref == night.case_ref)).one()
        person = db.session.get_one(Person, case.person_id)
        case.going_on, case.keeps_safe = CANARIES["risk"]
        person.address, person.school_name = CANARIES["contacts"]
        for days, text in ((1, CANARIES["updates"]), (20, ("zq-older", "zq-older"))):
            happened = clock.now() - timedelta(days=days)
            make_update(night.worker, case, what_happened=text[0], own_words=text[1], happened_at=happened)
    police = night.client(night.police)
    path = night.open(police, night.person_ref, parts=[part])
    opened = police.get(f"{path}/record")
    assert opened.status == 200
    for each, texts in CANARIES.items():
        assert all((text in opened.text) is (each == part) for text in texts), each
    assert "zq-older" not in opened.text
    for other in (
        f"/people/{night.person_ref}",
        f"/people/{night.person_ref}/identifiers",
        f"/cases/{night.case_ref}",
        f"/access/{night.person_ref}",
        "/cases",
        "/my-work",
        path,
    ):
        page = police.get(other)
        assert "zq-" not in page.text, other


def test_the_page_to_ask_gives_nothing_away_and_says_who_answers(night: Night, monkeypatch: Any) -> None:
    police = night.client(night.police)
    assert "Quicker, if somebody answers" not in police.get("/emergency").words
    settings = night.app.extensions["settings"]
    monkeypatch.setitem(night.app.extensions, "settings", replace(settings, hub_night_number="01632 960 111"))
    page = police.get("/emergency")
    assert "01632 960 111" in page.words
    assert page.html is not None
    assert page.html.find("a", string="Cancel") is not None
    answers = []
    for ref in (new_reference("CA"), "Kieran Fern", new_reference("YP")):
        refused = night.ask(police, ref)
        assert refused.status == 422
        answers.append(refused.words.replace(ref, ""))
    assert answers[0] == answers[1] == answers[2]
