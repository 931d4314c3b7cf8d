"""Who told of an incident stands sealed: recorded with it, on no page, shown once by grant."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.contexts.models import Context, Incident
from safeguarding.core import clock, sealing
from safeguarding.extensions import db
from safeguarding.people.sealed.models import SealedGrant
from safeguarding.web.once import OnceKey
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import make_somebody
from tests.factories.places import make_context
from tests.support.pages import PageClient

CANARY = "Canaryinformant Ms Badger"
WHY = "The officer must warn them before Friday."


class Scene:
    """A place, somebody who works there, information governance."""

    def __init__(self, app: Flask, sign_in: SignIn) -> None:
        with app.app_context(), unit_of_work():
            worker, lead = make_somebody(Role.PRACTITIONER), make_somebody(Role.LEAD)
            governor = make_somebody(Role.INFORMATION_GOVERNANCE)
            self.place: str = make_context().ref
        self.app = app
        self.browser: PageClient = sign_in(worker)
        self.lead, self.office = sign_in(lead), sign_in(governor)

    def record(self, **changed: Any) -> Any:
        path = f"/contexts/{self.place}/incidents/record"
        today = clock.today()
        day = {"happened_on-day": today.day, "happened_on-month": today.month, "happened_on-year": today.year}
        given = {
            "harm": "violence_injury", "where": "certain", "young": "yes", "grade": "seen", "handling": "permitted",
            "informant": CANARY, **day,
        }  # fmt: skip
        return self.browser.post(path, {**self.browser.get(path).form(), **given, **changed})

    @property
    def ref(self) -> str:
        with self.app.app_context():
            found = db.session.scalars(select(Incident.ref).where(Incident.version_no == 1)).one()
            db.session.rollback()
        return str(found)


@pytest.fixture
def scene(app: Flask, sign_in: SignIn) -> Scene:
    return Scene(app, sign_in)


def known(scene: Scene) -> dict[str, str]:
    """Return harms, grades and handling codes as the form has them."""
    page = scene.browser.get(f"/contexts/{scene.place}/incidents/record")
    assert page.html is not None
    return {
        "harm": str(page.html.select("select[name=harm] option")[1]["value"]),
        "grade": str(page.html.select("input[name=grade]")[0]["value"]),
        "handling": str(page.html.select("input[name=handling]")[0]["value"]),
    }


def test_it_is_sealed_as_it_is_recorded_and_on_no_page(scene: Scene, sign_in: SignIn) -> None:
    answer = scene.record(**known(scene))
    assert answer.status == 303, answer.errors
    with scene.app.app_context():
        row = db.session.execute(select(Incident.source, Incident.identity, Incident.informant)).one()
        digests = db.session.scalars(select(OnceKey.payload_digest)).all()
        said = " ".join(db.session.scalars(select(AuditEvent.detail)))
        db.session.rollback()
    assert CANARY not in row.informant
    assert sealing.unseal(Incident.informant, (row.source, row.identity), row.informant) == CANARY
    assert digests
    assert CANARY not in said
    base = f"/contexts/{scene.place}"
    for client in (scene.browser, scene.lead, scene.office, sign_in(Role.CHAIR)):
        for path in (
            base,
            f"{base}/incidents",
            f"{base}/incidents/{scene.ref}",
            f"{base}/incidents/{scene.ref}/correct",
        ):
            assert "Canaryinformant" not in client.get(path).text
    assert "Sealed. Nobody holds a grant to see it." in scene.browser.get(f"{base}/incidents/{scene.ref}").words


def test_it_is_not_shown_again_after_a_mistake(scene: Scene) -> None:
    page = scene.record(**{**known(scene), "harm": ""})
    assert page.status == 422
    assert "Canaryinformant" not in page.text


def test_it_is_shown_once_by_grant_and_every_version_keeps_it(scene: Scene) -> None:
    assert scene.record(**known(scene)).status == 303
    base = f"/contexts/{scene.place}/incidents/{scene.ref}"
    assert scene.browser.post(f"{base}/informant", {"reason": WHY}).status == 403
    form = scene.browser.get(f"{base}/informant/ask").form()
    assert scene.browser.post(f"{base}/informant/ask", {**form, "fields": ["informant"], "reason": WHY}).status == 303
    with scene.app.app_context():
        request = db.session.scalars(select(SealedGrant.ref)).one()
        db.session.rollback()
    decide = scene.office.get(f"/sealed/{request}").form(f"/sealed/{request}/grant")
    until = clock.today() + timedelta(days=3)
    day = {"until_on-day": until.day, "until_on-month": until.month, "until_on-year": until.year}
    granted = scene.office.post(
        f"/sealed/{request}/grant", {**decide, **day, "decision_reason": "Only this officer can warn them."}
    )
    assert granted.status == 303
    change = scene.lead.get(f"{base}/correct").form()
    assert scene.lead.post(f"{base}/correct", {**change, "young": "no"}).status == 303
    page = scene.browser.post(f"{base}/informant", {"reason": WHY})
    assert page.status == 200
    assert CANARY in page.words
    with scene.app.app_context():
        kept = db.session.scalars(select(Incident.informant)).all()
        assert len(kept) == 2
        assert len(set(kept)) == 1
        assert db.session.scalar(select(Context.ref)) == scene.place
        db.session.rollback()
