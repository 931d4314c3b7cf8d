"""The second factor, with settings as in live use: set up at the first sign-in, asked at each, used once, no way round it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from config import Settings
from safeguarding import create_app
from safeguarding.access.permissions import Permission as P
from safeguarding.access.roles import GRANTS, Role
from safeguarding.accounts import entering, factors
from safeguarding.accounts.factor_models import FactorKind, RecoveryCode, SecondFactor
from safeguarding.accounts.models import Proof, UserSession
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import PHRASE, Somebody, make_somebody
from tests.support.databases import dispose
from tests.support.pages import PageClient
from tests.support.signing_in import (
    actor_of,
    code_of,
    give_app,
    give_codes,
    half_way,
    send_code,
    sign_in_with_app,
    strict,
)


@pytest.fixture
def live(settings: Settings) -> Iterator[Flask]:
    """An application that asks for the second factor, of everybody alike."""
    made = create_app(strict(settings))
    yield made
    dispose(made)


@pytest.fixture
def stricter(settings: Settings) -> Iterator[Flask]:
    """An application in which some roles need a passkey."""
    made = create_app(strict(settings, passkey=True))
    yield made
    dispose(made)


def a_worker(app: Flask, role: Role = Role.SOCIAL_WORKER) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(role)


def last_event(app: Flask) -> str:
    with app.app_context():
        return db.session.scalar(select(AuditEvent.event).order_by(AuditEvent.seq.desc()).limit(1)) or ""


def test_a_first_sign_in_leads_to_the_set_up_and_nowhere_else(live: Flask) -> None:
    worker = a_worker(live)
    client = PageClient(live.test_client())
    assert client.sign_in(worker.email, PHRASE).location == "/sign-in/set-up?next=/my-work"
    for path in ("/my-work", "/account", "/confirm", "/cases", "/account/second-factors/add"):
        assert client.get(path).location.startswith("/sign-in?next="), path
    assert client.post("/sign-in/pass-by").status == 404
    assert client.get("/my-work").location.startswith("/sign-in")


def test_an_app_is_set_up_by_its_first_code_and_recovery_codes_follow_once(live: Flask) -> None:
    worker = a_worker(live)
    client = half_way(live, worker)
    assert "Use an authenticator app" in client.get("/sign-in/set-up").words
    page = client.follow(client.post("/sign-in/set-up/app", {"next": "/my-work"}))
    assert page.html is not None
    assert page.html.select_one("svg.app-qr path") is not None
    secret = "".join(page.html.select_one(".app-secret").get_text().split())  # type: ignore[union-attr]
    wrong = client.post("/sign-in/set-up/app/code", page.form() | {"code": "000000"})
    assert (wrong.status, wrong.errors) == (422, ["The code does not match. Enter the one that the app shows now."])
    done = client.post("/sign-in/set-up/app/code", page.form() | {"code": code_of(secret)})
    assert done.location == "/account/recovery-codes?next=/my-work"
    shown = client.post("/account/recovery-codes", client.follow(done).form())
    assert shown.status == 201
    assert shown.html is not None
    codes = [line.get_text() for line in shown.html.select(".app-codes li")]
    assert len(set(codes)) == factors.CODES
    assert not any(code in client.get("/account/recovery-codes").text for code in codes)
    with live.app_context():
        kept = " ".join(db.session.scalars(select(RecoveryCode.digest)))
        sealed = db.session.scalar(select(SecondFactor.totp_secret)) or ""
    assert not any(code in kept for code in codes)
    assert secret not in sealed and sealed.startswith("s1.")


def test_a_code_opens_the_session_under_a_new_cookie(live: Flask) -> None:
    worker = a_worker(live)
    secret = give_app(live, worker)
    client = half_way(live, worker)
    before = client.client.get_cookie("__Host-session")
    assert client.get("/my-work").location.startswith("/sign-in")
    assert send_code(client, code_of(secret)).location == "/my-work"
    after = client.client.get_cookie("__Host-session")
    assert before is not None and after is not None and before.value != after.value
    assert client.get("/my-work").status == 200
    client.client.set_cookie("__Host-session", before.value, domain="localhost", secure=True)
    assert client.get("/my-work").location.startswith("/sign-in")


def test_a_code_is_taken_once_even_by_another_instance(live: Flask, settings: Settings) -> None:
    worker = a_worker(live)
    secret = give_app(live, worker)
    other = create_app(strict(settings))
    code = code_of(secret)
    assert send_code(half_way(live, worker), code).status == 303
    again = send_code(half_way(other, worker), code)
    dispose(other)
    assert (again.status, last_event(live)) == (422, "accounts:factor:refused")
    assert again.errors == ["The code does not match, or it was used already. Wait for the next one and enter it."]


def test_an_older_code_is_refused_after_a_newer_one(live: Flask) -> None:
    worker = a_worker(live)
    secret = give_app(live, worker)
    older, newer = code_of(secret), code_of(secret, 1)
    assert send_code(half_way(live, worker), newer).status == 303
    assert send_code(half_way(live, worker), older).status == 422


def test_what_is_no_code_of_now_is_refused(live: Flask) -> None:
    worker = a_worker(live)
    secret = give_app(live, worker)
    client = half_way(live, worker)
    for code in (code_of(secret, -3), code_of(secret, 3), "", "１２３４５６", "\x00" * 6):
        assert send_code(client, code).status == 422, code


def test_a_recovery_code_opens_once_and_is_told(live: Flask) -> None:
    worker = a_worker(live)
    give_app(live, worker)
    codes = give_codes(live, worker)
    assert send_code(half_way(live, worker), codes[0].lower().replace("-", " ")).location == "/my-work"
    assert send_code(half_way(live, worker), codes[0]).status == 422
    assert send_code(half_way(live, worker), codes[1]).status == 303
    with live.app_context():
        kinds = set(db.session.scalars(select(Notice.kind).where(Notice.recipient_id == worker.id)))
    assert kinds == {"accounts.factors_changed"}


def test_somebody_elses_code_is_refused(live: Flask) -> None:
    worker, colleague = a_worker(live), a_worker(live)
    give_app(live, worker)
    secret = give_app(live, colleague)
    codes = give_codes(live, colleague)
    client = half_way(live, worker)
    assert [send_code(client, code).status for code in (code_of(secret), codes[0])] == [422, 422]


def test_nobody_sets_another_factor_up_before_they_showed_the_one_they_have(live: Flask) -> None:
    worker = a_worker(live)
    give_app(live, worker)
    client = half_way(live, worker)
    assert client.get("/sign-in/set-up").status == 403
    for path in ("/sign-in/set-up/app", "/sign-in/set-up/passkey"):
        assert client.post(path).status == 403, path
    assert client.post("/sign-in/passkey/options", {"purpose": "set-up"}).status == 403


def test_a_half_way_session_runs_out_after_ten_minutes(live: Flask) -> None:
    worker = a_worker(live)
    secret = give_app(live, worker)
    client = half_way(live, worker)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert send_code(client, code_of(secret)).status == 404


def test_a_half_way_session_of_somebody_suspended_goes_no_further(live: Flask) -> None:
    worker, admin = a_worker(live), a_worker(live, Role.ADMIN)
    secret = give_app(live, worker)
    client = half_way(live, worker)
    boss = sign_in_with_app(live, admin, give_app(live, admin))
    page = boss.get(f"/admin/people/{worker.ref}")
    assert (
        boss.post(f"/admin/people/{worker.ref}/suspend", page.form(f"/admin/people/{worker.ref}/suspend")).status == 303
    )
    assert send_code(client, code_of(secret)).status == 404


def test_whoever_decides_for_others_or_takes_a_file_needs_a_passkey() -> None:
    deciding = {role for role, held in GRANTS.items() if held.keys() & {P.ADMIN_APPROVE, P.MINUTES_SIGN, P.AUDIT_READ}}
    assert deciding == entering.NEEDS_PASSKEY


def test_a_role_that_needs_a_passkey_is_not_let_in_by_codes(stricter: Flask) -> None:
    for role in entering.NEEDS_PASSKEY:
        person = a_worker(stricter, role)
        secret = give_app(stricter, person)
        for code in (code_of(secret), give_codes(stricter, person)[0]):
            client = half_way(stricter, person)
            assert send_code(client, code).location == "/sign-in/set-up?next=/my-work", role
            assert client.get("/my-work").location.startswith("/sign-in"), role
    page = client.get("/sign-in/set-up")
    assert "Add a passkey" in page.words and "authenticator app" not in page.words
    assert client.post("/sign-in/set-up/app").status == 403


def test_where_a_passkey_is_needed_no_code_confirms_and_none_opens(stricter: Flask) -> None:
    chair = a_worker(stricter, Role.CHAIR)
    secret, codes = give_app(stricter, chair), give_codes(stricter, chair)
    with stricter.app_context(), unit_of_work():
        db.session.add(
            SecondFactor(
                ref="SF-0000-0000",
                user_id=chair.id,
                kind=FactorKind.PASSKEY,
                name="Laptop",
                credential_id="aaaa",
                public_key=b"none",
                sign_count=0,
                created_at=clock.now(),
                confirmed_at=clock.now(),
            )
        )
    client = half_way(stricter, chair)
    assert send_code(client, code_of(secret)).status == 422  # with a passkey at hand an app is no way in
    with stricter.app_context(), unit_of_work():  # as if the passkey had been shown
        entered = {"opened_at": clock.now(), "proof": Proof.PASSKEY, "expires_at": clock.now() + timedelta(hours=12)}
        db.session.execute(update(UserSession).where(UserSession.opened_at.is_(None)).values(**entered))
    assert client.get("/my-work").status == 200
    for code in (code_of(secret, 1), codes[0]):
        assert client.post("/confirm", {"code": code, "next": "/account"}).status == 403
    assert client.get("/account/pass-phrase").location.startswith("/confirm")


def test_other_roles_need_no_passkey(stricter: Flask) -> None:
    worker = a_worker(stricter)
    sign_in_with_app(stricter, worker, give_app(stricter, worker))


def test_clearing_factors_ends_every_session_and_is_told(live: Flask) -> None:
    worker = a_worker(live)
    client = sign_in_with_app(live, worker, give_app(live, worker))
    give_codes(live, worker)
    with live.app_context(), unit_of_work():
        factors.clear_factors(actor_of(worker))
    assert client.get("/my-work").location.startswith("/sign-in")
    with live.app_context():
        assert db.session.scalars(select(SecondFactor.id)).all() == []
        assert db.session.scalars(select(RecoveryCode.id)).all() == []
    assert PageClient(live.test_client()).sign_in(worker.email, PHRASE).location.startswith("/sign-in/set-up")


def test_the_last_factor_stays(live: Flask) -> None:
    worker = a_worker(live)
    client = sign_in_with_app(live, worker, give_app(live, worker))
    with live.app_context():
        ref = db.session.scalar(select(SecondFactor.ref))
    answer = client.post(f"/account/second-factors/{ref}/remove")
    assert answer.errors == ["This is the only one that opens your account. Set up another one first."]
    with live.app_context():
        assert db.session.scalar(select(SecondFactor.ref)) == ref


def test_the_demonstration_alone_lets_the_second_factor_be_passed_by(app: Flask) -> None:
    worker = a_worker(app)
    give_app(app, worker)
    client = half_way(app, worker)
    page = client.get("/sign-in/second-factor?next=/my-work")
    assert "Continue without (demonstration only)" in page.words
    assert client.post("/sign-in/pass-by", page.form("/sign-in/pass-by")).location == "/my-work"
    assert client.get("/my-work").status == 200
