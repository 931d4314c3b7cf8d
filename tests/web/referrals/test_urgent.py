"""An urgent referral: the officers are told at once, and it stands before everything else in their work."""

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.accounts.models import User
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.referrals.models import Referral, ScreeningOutcome
from safeguarding.referrals.service import screen_referral
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.panels import Round, make_referral, make_round

DANGER = "Immediate danger goes to 999 and the front door"


@pytest.fixture
def around(app: Flask) -> Round:
    with app.app_context(), unit_of_work():
        return make_round()


def told(app: Flask) -> list[str]:
    with app.app_context():
        rows = db.session.execute(
            select(User.ref, Notice.subject)
            .join(User, User.id == Notice.recipient_id)
            .where(Notice.kind == "referrals.urgent")
        ).all()
        db.session.rollback()
    assert len({row.subject for row in rows}) <= 1
    return sorted(row.ref for row in rows)


def test_it_is_shown_first_with_what_to_do_in_danger(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        calm = make_referral(around).ref
        urgent = make_referral(around, urgent=True).ref
    for who in (around.chair, around.coordinator):
        page = sign_in(who).get("/my-work")
        assert DANGER in page.words
        assert page.html is not None
        links = [str(each["href"]) for each in page.html.select("main a[href^='/referrals/RF-']")]
        assert links.index(f"/referrals/{urgent}") < links.index(f"/referrals/{calm}")
        others = page.html.select_one("section[aria-labelledby='referrals-to-screen']")
        assert others is not None
        assert calm in str(others)
        assert urgent not in str(others)
        first = page.html.select_one("main h2")
        assert first is not None
        assert first.get_text(strip=True) == "Urgent referrals wait to be screened"


def test_the_officers_are_told_at_once_and_nobody_else(app: Flask, around: Round) -> None:
    with app.app_context(), unit_of_work():
        make_referral(around)
    assert told(app) == []
    with app.app_context(), unit_of_work():
        make_referral(around, urgent=True)
    assert told(app) == sorted(each.ref for each in (around.chair, around.vice_chair, around.coordinator))


def test_once_it_is_screened_it_stands_there_no_more(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        sent = make_referral(around, urgent=True)
        screen_referral(
            around.coordinator.actor,
            db.session.get_one(Referral, sent.id),
            outcome=ScreeningOutcome.ACCEPT_URGENT,
            reason="Meets the threshold.",
            read_version=sent.version,
        )
    assert DANGER not in sign_in(around.chair).get("/my-work").words


def test_those_who_screen_nothing_see_nothing_of_it(app: Flask, around: Round, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        make_referral(around, urgent=True)
    assert DANGER not in sign_in(around.outsider).get("/my-work").words
