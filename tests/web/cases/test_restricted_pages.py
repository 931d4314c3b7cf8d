"""Pages of a restricted case: the bar, the list, a second person; to everybody else the same page as for what is not."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import Somebody, make_somebody
from tests.support.pages import Page, PageClient

WHY = "A relative of theirs works for a partner."


def dated(name: str, days: int) -> dict[str, Any]:
    day = clock.today() + timedelta(days=days)
    return {f"{name}-day": day.day, f"{name}-month": day.month, f"{name}-year": day.year}


class Scene:
    """A case that a safeguarding lead restricts through the pages."""

    def __init__(self, app: Flask, sign_in: SignIn) -> None:
        with app.app_context(), unit_of_work():
            self.worker, self.lead = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.LEAD)
            self.other, self.colleague = make_somebody(Role.LEAD), make_somebody(Role.SPOC, name="Imran Sheikh")
            self.governor = make_somebody(Role.INFORMATION_GOVERNANCE)
            case = make_case(self.worker)
            person = db.session.get_one(Person, case.person_id)
            self.case_ref, self.person_ref = case.ref, person.ref
            self.name = f"{person.given_name} {person.family_name}"
        self.browser, self.sign_in = sign_in(self.lead), sign_in

    def restrict(self) -> None:
        path = f"/cases/{self.case_ref}/restrict"
        answer = self.browser.post(path, {**self.browser.get(path).form(), "reason": WHY, **dated("review_on", 30)})
        assert answer.location == f"/cases/{self.case_ref}/list", answer.errors

    def put_on_list(self, who: Somebody) -> Page:
        path = f"/cases/{self.case_ref}/list"
        chosen = {"user_id": str(who.id), "reason": "Police lead for the case", **dated("until_on", 20)}
        return self.browser.post(path, {**self.browser.get(path).form(having="user_id"), **chosen})


@pytest.fixture
def scene(app: Flask, sign_in: SignIn) -> Scene:
    made = Scene(app, sign_in)
    made.restrict()
    return made


def without_marks(client: PageClient, path: str, ref: str) -> str:
    page = client.get(path)
    assert page.status == 404
    plain = page.text.replace(ref, "").replace(page.response.headers["X-Request-ID"], "")
    return re.sub(r'(csrf_token" value|data-token)="[^"]+"', "", plain)


def test_to_everybody_else_it_is_as_if_it_were_not(scene: Scene) -> None:
    browser = scene.sign_in(scene.other)
    for path, ref, absent in (
        ("/cases/{}", scene.case_ref, "CA-0000-0000"),
        ("/people/{}", scene.person_ref, "YP-0000-0000"),
        ("/cases/{}/list", scene.case_ref, "CA-0000-0000"),
    ):
        hidden = without_marks(browser, path.format(ref), ref)
        assert hidden == without_marks(browser, path.format(absent), absent)
    for page in (browser.get("/cases"), browser.get("/my-work"), browser.post("/people", {"q": scene.name})):
        assert scene.person_ref not in page.text
        assert scene.case_ref not in page.text
    assert browser.post("/people", {"q": scene.person_ref}).text.count(scene.name) == 0


def test_the_bar_is_on_every_page_of_the_record(scene: Scene) -> None:
    for path in (
        f"/cases/{scene.case_ref}",
        f"/cases/{scene.case_ref}/list",
        f"/cases/{scene.case_ref}/revise",
        f"/cases/{scene.case_ref}/updates/add",
        f"/cases/{scene.case_ref}/team",
        f"/people/{scene.person_ref}",
        f"/people/{scene.person_ref}/details",
        f"/people/{scene.person_ref}/names",
    ):
        page = scene.browser.get(path)
        assert page.status == 200, path
        assert "Restricted record." in page.words, path
    assert "Restricted record." not in scene.browser.get("/cases").words


def test_somebody_on_the_list_reads_it_and_takes_themselves_off(scene: Scene) -> None:
    theirs = scene.sign_in(scene.colleague)
    assert theirs.get(f"/cases/{scene.case_ref}").status == 404
    assert scene.put_on_list(scene.colleague).status == 303
    page = theirs.get(f"/cases/{scene.case_ref}/list")
    assert "You, Imran Sheikh" in page.words
    assert "Put somebody on the list" not in page.words
    assert page.html is not None
    action = str(page.html.select("main form")[0]["action"])
    assert theirs.post(action).location == "/my-work"
    assert theirs.get(f"/cases/{scene.case_ref}").status == 404


def test_only_whom_the_list_may_hold_is_put_on_it(scene: Scene) -> None:
    assert scene.put_on_list(scene.governor).status == 422
    assert scene.sign_in(scene.worker).get(f"/cases/{scene.case_ref}/list").status == 200


def test_information_governance_agrees_without_seeing_it(scene: Scene) -> None:
    office = scene.sign_in(scene.governor)
    assert "1 restricted case waits for a second person" in office.get("/my-work").words
    page = office.get("/cases/restrictions")
    assert scene.case_ref in page.words
    assert scene.name not in page.text
    assert page.html is not None
    (form,) = page.html.select("main form")
    assert office.post(str(form["action"])).status == 303
    assert "Nothing waits for a second person." in office.get("/cases/restrictions").words
    assert "waits for a second person" not in office.get("/my-work").words
    assert scene.governor.name in scene.browser.get(f"/cases/{scene.case_ref}/list").words
    assert office.get(f"/cases/{scene.case_ref}").status == 403


def test_lifting_waits_for_a_second_person(scene: Scene) -> None:
    path = f"/cases/{scene.case_ref}/list/lift"
    assert scene.browser.post(path, {**scene.browser.get(path).form(), "reason": WHY}).status == 303
    others = scene.sign_in(scene.other)
    assert others.get(f"/cases/{scene.case_ref}").status == 404
    assert scene.browser.post(f"/cases/{scene.case_ref}/list/lift").status in (403, 422)
    office = scene.sign_in(scene.governor)
    page = office.get("/cases/restrictions")
    assert page.html is not None
    form = next(form for form in page.html.select("main form") if str(form["action"]).endswith("lift"))
    sent = {str(field["name"]): str(field.get("value", "")) for field in form.select("input")}
    assert office.post(str(form["action"]), {**sent, "read": "something else"}).status == 303
    assert others.get(f"/cases/{scene.case_ref}").status == 404
    assert office.post(str(form["action"]), sent).status == 303
    assert others.get(f"/cases/{scene.case_ref}").status == 200
    assert "Restricted record." not in scene.browser.get(f"/cases/{scene.case_ref}").words
