"""The outbox: stored with its change, asked again at sending, sent once, tried again with patience (NO-1)."""

import json
import math
import os
import signal
import threading
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Mail, Mode, Settings
from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.accounts import service as accounts
from safeguarding.audit.models import AuditEvent
from safeguarding.cli import worker
from safeguarding.cli.rounds import Rounds
from safeguarding.cli.worker import send_due
from safeguarding.core import clock, lately
from safeguarding.extensions import db
from safeguarding.notices import mail, service
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.notices.models import Notice, NoticeState
from safeguarding.notices.service import Outcome
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM, Somebody, make_somebody

TOLD = Kind("tests.told", "Something was done.")


def may_still(actor: Actor, _subject: str | None) -> bool:
    return Role.PRACTITIONER in actor.roles


HELD = Kind("tests.held", "Something was done that practitioners are told.", permitted=may_still)


@pytest.fixture(autouse=True)
def kinds(in_app: Flask) -> None:
    register_kind(in_app, TOLD)
    register_kind(in_app, HELD)


def somebody(role: Role = Role.PRACTITIONER, name: str | None = None) -> Somebody:
    with unit_of_work():
        return make_somebody(role, name=name)


def queued(who: Somebody, kind: str = TOLD.name, subject: str | None = None) -> int:
    with unit_of_work():
        return service.queue(kind, who.id, subject).id


def states() -> list[NoticeState]:
    found = list(db.session.scalars(select(Notice.state).order_by(Notice.id)))
    db.session.rollback()
    return found


def events(name: str) -> int:
    return int(db.session.scalar(select(func.count()).where(AuditEvent.event == name)) or 0)


class Sink:
    """A mail server that says what it is told to say."""

    def __init__(self, *answers: Outcome) -> None:
        self.answers, self.messages = list(answers), list[EmailMessage]()

    def __call__(self, message: EmailMessage) -> Outcome:
        self.messages.append(message)
        return self.answers.pop(0) if self.answers else Outcome.SENT


def send(settings: Settings, sink: Sink, *, after: timedelta = timedelta()) -> dict[str, int]:
    with clock.pretend(clock.now() + after):
        return send_due(settings, sink, threading.Event())


def test_a_notice_of_a_change_that_is_rolled_back_is_never_sent(settings: Settings) -> None:
    who = somebody()
    with pytest.raises(ZeroDivisionError), unit_of_work():
        service.queue(TOLD.name, who.id)
        _ = 1 // 0
    sink = Sink()
    assert send(settings, sink)["sent"] == 0
    assert sink.messages == [] and states() == []


def test_an_unknown_kind_is_refused(settings: Settings) -> None:
    who = somebody()
    with pytest.raises(LookupError), unit_of_work():
        service.queue("tests.nothing", who.id)


def test_a_message_says_nothing_but_that_there_is_one(settings: Settings) -> None:
    first, second = somebody(name="Rosalind Oakes"), somebody(name="Tobias Marsh")
    queued(first, subject="YP-7F3K-2M9Q")
    queued(second, kind=HELD.name)
    sink = Sink()
    assert send(settings, sink)["sent"] == 2
    assert {message["Subject"] for message in sink.messages} == {mail.SUBJECT}
    assert [message["To"] for message in sink.messages] == [first.email, second.email]
    for message in sink.messages:
        assert message["Cc"] is None and message["Bcc"] is None
        text = message.as_string()
        for secret in ("Rosalind", "Tobias", "Oakes", "7F3K", "YP-", TOLD.sentence, HELD.sentence, "RO"):
            assert secret not in text.replace(str(message["Message-ID"]), "")
        assert f"{settings.service_url}/notices" in text
    assert events("notices:notice:sent") == 2


def test_who_lost_the_right_between_queue_and_sending_is_not_told(settings: Settings) -> None:
    kept, ended, suspended = somebody(), somebody(), somebody()
    for who in (kept, ended, suspended):
        queued(who, kind=HELD.name)
    with unit_of_work():
        home = accounts.db.session.scalar(select(accounts.Agency.ref).where(accounts.Agency.id == ended.agency_id))
        accounts.end_role(SYSTEM, ended.ref, agency_ref=str(home), role=Role.PRACTITIONER, read_version=1)
        accounts.suspend_user(SYSTEM, suspended.ref, read_version=1)
    sink = Sink()
    assert send(settings, sink) == {"sent": 1, "put_off": 0, "withheld": 2, "failed": 0}
    assert [message["To"] for message in sink.messages] == [kept.email]
    assert states() == [NoticeState.SENT, NoticeState.WITHHELD, NoticeState.WITHHELD]
    assert events("notices:notice:withheld") == 2
    assert send(settings, sink, after=timedelta(days=2))["sent"] == 0


def test_who_is_suspended_is_told_that_and_nothing_else(settings: Settings) -> None:
    suspended, back = somebody(), somebody()
    with unit_of_work():
        administrator = make_somebody(Role.ADMIN).actor
        make_somebody(Role.ADMIN)
        for who in (suspended, back):
            accounts.suspend_user(administrator, who.ref, read_version=1)
        accounts.reinstate_user(administrator, back.ref, read_version=2)
    queued(suspended)
    sink = Sink()
    assert send(settings, sink)["sent"] == 2
    told = {message["To"]: message.get_content() for message in sink.messages}
    assert "your administrator has stopped your account" in told[suspended.email].replace("\n", " ")
    assert settings.service_url not in told[suspended.email]
    assert f"{settings.service_url}/notices" in told[back.email], "of being let in again, not of the suspension"
    assert {message["Subject"] for message in sink.messages} == {mail.SUBJECT}


def test_a_server_that_is_away_is_tried_again_with_longer_and_longer_waits(settings: Settings) -> None:
    queued(somebody())
    sink = Sink(Outcome.LATER, Outcome.LATER)
    assert send(settings, sink)["put_off"] == 1
    assert send(settings, sink)["put_off"] == 0, "not before the first wait is over"
    assert send(settings, sink, after=timedelta(seconds=61))["put_off"] == 1
    assert send(settings, sink, after=timedelta(seconds=120)) == dict.fromkeys(
        ("sent", "put_off", "withheld", "failed"), 0
    )
    assert send(settings, sink, after=timedelta(seconds=200))["sent"] == 1
    assert len({message["Message-ID"] for message in sink.messages}) == 1
    waits = [service.delay_after(attempts) for attempts in range(1, service.MOST_ATTEMPTS)]
    assert waits == sorted(waits) and waits[-1] == service.LONGEST_DELAY


@pytest.mark.parametrize("answers", [[Outcome.REFUSED], [Outcome.LATER] * service.MOST_ATTEMPTS])
def test_what_cannot_be_delivered_is_given_up_and_said(settings: Settings, answers: list[Outcome]) -> None:
    queued(somebody())
    sink = Sink(*answers)
    for day in range(len(answers) + 2):
        send(settings, sink, after=timedelta(days=day))
    assert len(sink.messages) == len(answers)
    assert states() == [NoticeState.FAILED] and events("notices:notice:failed") == 1


def test_two_workers_send_each_notice_once(settings: Settings, in_app: Flask) -> None:
    people = [somebody() for _ in range(3)]
    for who in people * 5:
        queued(who)
    sink, counts = Sink(), list[dict[str, int]]()
    barrier = threading.Barrier(2)

    def work() -> None:
        with in_app.app_context():
            barrier.wait(20)
            counts.append(send_due(settings, sink, threading.Event()))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)
    while sum(count["sent"] for count in counts) < 15:  # whoever met a notice that the other was taking stopped early
        counts.append(send(settings, sink))
        assert len(counts) < 5
    assert len(sink.messages) == 15
    assert len({message["Message-ID"] for message in sink.messages}) == 15
    assert set(states()) == {NoticeState.SENT}


def test_what_a_dead_worker_had_taken_is_taken_by_another_after_a_while(settings: Settings) -> None:
    queued(somebody())
    with unit_of_work():
        lost = service.claim_next()
    assert isinstance(lost, service.Claim)
    sink = Sink()
    assert send(settings, sink)["sent"] == 0
    assert send(settings, sink, after=service.LEASE + timedelta(seconds=1))["sent"] == 1
    with unit_of_work():
        assert service.settle(lost, Outcome.LATER) is None
    assert states() == [NoticeState.SENT]


def test_a_restored_database_sends_nothing_of_what_it_held(settings: Settings) -> None:
    queued(somebody())
    with unit_of_work():
        assert service.withdraw_all() == 1
    assert send(settings, Sink())["sent"] == 0
    assert states() == [NoticeState.WITHHELD]


def test_a_demonstration_writes_its_mail_to_a_folder(settings: Settings, in_app: Flask) -> None:
    queued(somebody())
    done = in_app.test_cli_runner().invoke(args=["worker", "--once", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"sent": 1, "put_off": 0, "withheld": 0, "failed": 0}
    (written,) = (settings.data / "outbox").glob("*.eml")
    assert mail.SUBJECT in written.read_text()
    assert written.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_done_by_the_clock_keeps_no_mail_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_rounds: Rounds, _settings: Settings) -> None:
        raise ValueError

    def sends(*_: object) -> dict[str, int]:
        looks.append(len(looks))
        if len(looks) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return {}

    looks: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(Rounds, "make", broken)
    monkeypatch.setattr(worker, "send_due", sends)
    monkeypatch.setattr(worker, "REST", 0.01)
    try:
        worker._serve(settings, lambda _message: Outcome.SENT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert looks == [0, 1]
    assert lately.seconds_since(settings.data, "worker") == math.inf  # and that it is not all done is seen


def test_a_live_installation_without_a_mail_server_is_refused(settings: Settings, tmp_path: Path) -> None:
    live = Settings(**(vars(settings) | {"mode": Mode.LIVE}))
    assert mail.mailer_of(live) is None
    sends = Settings(**(vars(live) | {"mail": Mail("mail.example", 587, "starttls", None, "", "a@b.example")}))
    assert mail.mailer_of(sends) is not None
