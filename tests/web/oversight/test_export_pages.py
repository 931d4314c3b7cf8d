"""The pages on which who looked is exported: asked for, agreed to by another with a fresh factor, taken once."""

from datetime import timedelta

import time_machine
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from tests.conftest import SignIn

CHILD = new_reference("YP")
PURPOSE = "A complaint that a neighbour looked at the record."


def test_one_asks_another_agrees_and_the_first_takes_the_file(app: Flask, sign_in: SignIn) -> None:
    asker, other = sign_in(Role.AUDITOR), sign_in(Role.INFORMATION_GOVERNANCE)
    path = f"/audit/subjects/{CHILD}/export"
    assert path in asker.get(f"/audit/subjects/{CHILD}").text
    form = asker.get(path).form(having="purpose")
    assert asker.post(path, form | {"purpose": "short"}).status == 422
    assert asker.post(path, form | {"purpose": PURPOSE}).status == 303
    mine = asker.get("/audit/exports")
    assert "Waits for somebody else to agree" in mine.words
    assert mine.html is not None
    assert mine.html.select("main form") == []
    page = other.get("/audit/exports")
    assert page.html is not None
    agree = str(page.html.select("main form")[0]["action"])
    token = {"csrf_token": other.csrf_token()}
    with time_machine.travel(clock.now() + timedelta(minutes=6)):  # the factor is no longer fresh
        assert other.post(agree, token).location.startswith("/confirm")
    assert other.post(agree, token).location == "/audit/exports"
    page = asker.get("/audit/exports")
    assert page.html is not None
    take = str(page.html.select("main form")[0]["action"])
    taken = asker.post(take, {"csrf_token": asker.csrf_token()})
    assert taken.status == 200
    assert taken.response.mimetype == "text/csv"
    assert taken.response.headers["Content-Disposition"] == f'attachment; filename="who-looked-{CHILD}.csv"'
    assert taken.response.headers["Cache-Control"] == "no-store"
    assert "Why they could" in taken.text
    again = asker.post(take, {"csrf_token": asker.csrf_token()})
    assert again.status == 303
    assert "Taken" in asker.get("/audit/exports").words
    for role in (Role.LEAD, Role.ADMIN):
        assert sign_in(role).get("/audit/exports").status == 403
