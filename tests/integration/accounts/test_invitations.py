"""One-time links: made as they are sent, kept as a digest, bound to the account, dead after use, time or change (AU-6, AU-7)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from safeguarding.access.roles import Role
from safeguarding.accounts import invitations, service, told
from safeguarding.accounts.link_models import AccountInvitation, AccountLink, Purpose
from safeguarding.accounts.models import User
from safeguarding.accounts.passwords import hash_phrase, verify_phrase
from safeguarding.audit.models import AuditEvent
from safeguarding.cli.worker import send_due
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.notices.service import Outcome
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody

pytestmark = pytest.mark.usefixtures("in_app")
ANOTHER = "lantern gravel otter window"


def make(role: Role = Role.PRACTITIONER) -> Somebody:
    with unit_of_work():
        return make_somebody(role)


def token_of(purpose: Purpose, who: Somebody) -> str:
    with unit_of_work():
        return invitations.make_link(who.id, purpose).rpartition("/")[2]


def phrase_of(who: Somebody) -> str:
    found = db.session.scalar(select(User.password_hash).where(User.id == who.id))
    db.session.rollback()
    return str(found)


def use(token: str) -> None:
    with unit_of_work():
        invitations.use_phrase_link(token, hash_phrase(ANOTHER))


def kinds_for(who: Somebody) -> list[str]:
    found = list(db.session.scalars(select(Notice.kind).where(Notice.recipient_id == who.id).order_by(Notice.id)))
    db.session.rollback()
    return found


def test_a_link_sets_the_phrase_once_and_tells_the_person() -> None:
    who = make()
    token = token_of(Purpose.RESET, who)
    use(token)
    assert verify_phrase(phrase_of(who), ANOTHER)
    assert kinds_for(who) == [told.PHRASE_CHANGED]
    with pytest.raises(NotFoundError):
        use(token)
    with db.session.begin():
        assert invitations.find_link(token) is None


def test_no_token_is_kept_anywhere() -> None:
    who = make()
    token = token_of(Purpose.RESET, who)
    assert len(token) >= 43  # 256 bits
    assert {"account_link", "notice", "audit_event"} <= set(db.metadata.tables)
    for name, table in db.metadata.tables.items():
        assert token not in repr(db.session.execute(select(table)).all()), name


Change = Callable[[Somebody], Any]


def change_phrase(who: Somebody) -> None:
    service.set_phrase(db.session.get_one(User, who.id), hash_phrase("some other words of theirs"))


def change_address(who: Somebody) -> None:
    db.session.get_one(User, who.id).email = "elsewhere@marlbridge.example"


def suspend(who: Somebody) -> None:
    service.suspend_user(SYSTEM, who.ref, read_version=1)


def ask_anew(who: Somebody) -> None:
    invitations.make_link(who.id, Purpose.RESET)


@pytest.mark.parametrize("change", [change_phrase, change_address, suspend, ask_anew])
def test_a_change_of_the_account_makes_its_links_dead(change: Change) -> None:
    who = make()
    token = token_of(Purpose.RESET, who)
    assert invitations.find_link(token) is not None
    db.session.rollback()
    with unit_of_work():
        change(who)
    before = phrase_of(who)
    assert invitations.find_link(token) is None
    db.session.rollback()
    with pytest.raises(NotFoundError):
        use(token)
    assert phrase_of(who) == before


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_dies_of_its_age(purpose: Purpose) -> None:
    lives = timedelta(minutes=60)
    who = make()
    token, now = token_of(purpose, who), clock.now()
    with clock.pretend(now + lives - timedelta(minutes=1)):
        assert invitations.find_link(token) is not None
    with clock.pretend(now + lives + timedelta(minutes=1)):
        assert invitations.find_link(token) is None
        with pytest.raises(NotFoundError), unit_of_work():
            invitations.use_phrase_link(token, hash_phrase(ANOTHER))
        with pytest.raises(NotFoundError), unit_of_work():
            invitations.use_factors_link(token)


def test_a_link_is_good_for_its_purpose_alone() -> None:
    who = make()
    with pytest.raises(NotFoundError), unit_of_work():
        invitations.use_phrase_link(token_of(Purpose.FACTORS, who), hash_phrase(ANOTHER))
    with pytest.raises(NotFoundError), unit_of_work():
        invitations.use_factors_link(token_of(Purpose.RESET, who))


def test_a_link_that_takes_factors_away_works_once_although_it_changes_neither_address_nor_phrase() -> None:
    who = make()
    token = token_of(Purpose.FACTORS, who)
    with unit_of_work():
        assert invitations.use_factors_link(token).id == who.id
    with pytest.raises(NotFoundError), unit_of_work():
        invitations.use_factors_link(token)


def test_of_two_who_use_a_link_at_once_one_is_too_late(in_app: Flask) -> None:
    who = make()
    token, hashed = token_of(Purpose.RESET, who), hash_phrase(ANOTHER)
    barrier, done = threading.Barrier(2), list[str]()

    def work() -> None:
        with in_app.app_context():
            barrier.wait(20)
            try:
                with unit_of_work():
                    invitations.use_phrase_link(token, hashed)
            except NotFoundError:
                done.append("late")
            else:
                done.append("used")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(done) == ["late", "used"]


def test_an_invited_person_has_no_phrase_before_they_choose_one(settings: Settings) -> None:
    admin = make(Role.ADMIN)
    with unit_of_work():
        home = make_agency("Marlbridge Police")
        user, waits = invitations.invite_person(
            admin.actor,
            email="Ada@Marlbridge.example",
            name="Ada Fern",
            job_title=None,
            agency_ref=home.ref,
            role=Role.SPOC,
            reason=None,
            no_phrase=hash_phrase("known to nobody at all"),
        )
        ada = Somebody(user.id, user.ref, user.email, user.name, home.id)
    assert not waits and ada.email == "ada@marlbridge.example"
    assert invitations.waiting_since(ada.id) is not None
    sent = list[EmailMessage]()
    send_due(settings, lambda message: (sent.append(message), Outcome.SENT)[1], threading.Event())
    (mail,) = [message for message in sent if "/account-link/" in message.as_string()]
    link = mail.get_content().partition(f"{settings.service_url}/account-link/")[2].split()[0]
    assert mail["To"] == ada.email and "Ada" not in mail.as_string().replace(str(mail["To"]), "")
    use(link)
    assert invitations.waiting_since(ada.id) is None
    assert verify_phrase(phrase_of(ada), ANOTHER)
    assert db.session.scalar(select(func.count()).select_from(AccountInvitation)) == 1


def test_nobody_is_added_to_an_address_that_is_taken() -> None:
    admin, other = make(Role.ADMIN), make()
    with pytest.raises(RuleError) as refused, unit_of_work():
        invitations.invite_person(
            admin.actor,
            email=other.email.upper(),
            name="Ada Two",
            job_title=None,
            agency_ref="",
            role=Role.SPOC,
            reason=None,
            no_phrase="x",
        )
    assert refused.value.field == "email"


def test_only_another_administrator_starts_a_reset_and_nothing_changes_before_the_link_is_used() -> None:
    admin, who = make(Role.ADMIN), make()
    before = phrase_of(who)
    for start in (invitations.start_reset, invitations.start_factors_reset):
        for actor in (make(Role.LEAD).actor, make(Role.AUDITOR).actor):
            with pytest.raises(ForbiddenError), unit_of_work():
                start(actor, who.ref, read_version=1)
        with pytest.raises(ForbiddenError), unit_of_work():
            start(admin.actor, admin.ref, read_version=1)
    with unit_of_work():
        assert invitations.start_reset(admin.actor, who.ref, read_version=1) is Purpose.RESET
    assert kinds_for(who) == [told.RESET]
    assert phrase_of(who) == before
    with unit_of_work():
        service.suspend_user(admin.actor, who.ref, read_version=1)
    with pytest.raises(RuleError), unit_of_work():
        invitations.start_reset(admin.actor, who.ref, read_version=2)


def test_asking_for_a_link_fills_no_mailbox_and_is_recorded_alike() -> None:
    who = make()
    for email in (who.email, who.email.upper(), "nobody@marlbridge.example"):
        with unit_of_work():
            invitations.ask_reset(email)
    assert kinds_for(who) == [told.RESET]
    with clock.pretend(clock.now() + invitations.PAUSE + timedelta(seconds=1)), unit_of_work():
        invitations.ask_reset(who.email)
    assert kinds_for(who) == [told.RESET] * 2
    asked = db.session.scalars(
        select(AuditEvent.actor).where(AuditEvent.event == "accounts:reset:asked").order_by(AuditEvent.seq)
    )
    assert set(asked) == {"anonymous"}


def test_a_link_that_is_sent_again_replaces_the_one_before() -> None:
    who = make()
    tokens = [token_of(Purpose.RESET, who) for _ in range(3)]
    live = [token for token in tokens if invitations.find_link(token) is not None]
    assert live == tokens[-1:]
    assert db.session.scalar(select(func.count()).select_from(AccountLink)) == 3
