"""The page on which an agency's contact keeps or ends its people, from my work to what becomes of it."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from safeguarding.access.roles import Role
from safeguarding.accounts.models import Membership
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.people import make_agency, make_somebody

PAGE = "/agency/people"


def test_a_contact_keeps_one_and_ends_another(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        home = make_agency()
        contact, kept, ended = (make_somebody(role, agency=home) for role in (Role.SPOC, Role.ANALYST, Role.ANALYST))
        stranger = make_somebody(Role.PRACTITIONER)
        db.session.execute(update(Membership).values(valid_from=clock.now() - timedelta(days=400)))
        ids = {row.user_id: row.id for row in db.session.execute(select(Membership.user_id, Membership.id))}
    browser = sign_in(contact)
    assert "2 people wait to be confirmed" in browser.get("/my-work").text
    token = {"csrf_token": browser.csrf_token()}
    for path, who, found in (
        (f"{PAGE}/keep", kept, 303),
        (f"{PAGE}/end", ended, 303),
        (f"{PAGE}/end", stranger, 404),
        (f"{PAGE}/keep", contact, 404),
    ):
        assert browser.post(path, {**token, "membership": str(ids[who.id])}).status == found, path
    for nonsense in ("", "x", "-1", "9" * 30):
        assert browser.post(f"{PAGE}/keep", {**token, "membership": nonsense}).status == 404
    page = browser.get(PAGE).text
    assert kept.name in page
    assert ended.name not in page
    assert "wait to be confirmed" not in browser.get("/my-work").text
    assert sign_in(stranger).get(PAGE).status == 403
