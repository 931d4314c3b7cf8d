"""`flask worker`: does what is due by the clock (`cli.rounds`) and puts queued notices on their way.

Any number may run; each notice is sent by one of them.
"""

import json
import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

import click
from flask import current_app
from sqlalchemy.exc import DBAPIError

from config import Settings
from safeguarding.cli.rounds import Rounds
from safeguarding.cli.stamp import on_ready_database
from safeguarding.core import lately
from safeguarding.core.errors import UnavailableError
from safeguarding.extensions import db
from safeguarding.notices import mail, service
from safeguarding.notices.models import NoticeState
from safeguarding.web.transaction import unit_of_work

log = logging.getLogger("safeguarding.worker")
REST = 5.0  # seconds between two looks at an empty outbox
NO_SERVER = "MAIL_HOST: a live installation sends its notices by a mail server; set MAIL_HOST and MAIL_FROM."


@click.command("worker")
@click.option("--once", is_flag=True, help="Do and send what is due, and stop.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print one line of JSON.")
@on_ready_database
def worker(once: bool, as_json: bool) -> None:
    """Do what is due by the clock and send notices, until told to stop (SIGTERM or Ctrl-C), or once."""
    settings: Settings = current_app.extensions["settings"]
    mailer = mail.mailer_of(settings)
    if mailer is None:
        click.echo(NO_SERVER, err=True)
        raise SystemExit(2)
    if not once:
        _serve(settings, mailer)
        return
    Rounds().make(settings)
    counts = send_due(settings, mailer, threading.Event())
    lately.note(settings.data, "worker")
    if as_json:
        click.echo(json.dumps(counts, separators=(",", ":")))
    else:
        click.echo(", ".join(f"{count} {name}" for name, count in counts.items()) + ".")


def _serve(settings: Settings, mailer: mail.Mailer) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopper(stop))
    rounds = Rounds()
    log.info("the worker begins")
    while not stop.is_set():
        # Each by itself: what one cannot do must not keep the other from its work. What waits is still there afterwards.
        if all([_tried(lambda: rounds.make(settings)), _tried(lambda: send_due(settings, mailer, stop))]):
            lately.note(settings.data, "worker")
        stop.wait(REST)
    log.info("the worker ends")


def _tried(work: Callable[[], object]) -> bool:
    """Do some work, and return whether it was done; why not is in the log, and it is tried again at the next look."""
    try:
        work()
    except (DBAPIError, UnavailableError) as error:
        log.warning("the database is away or busy", exc_info=error)
    except Exception as error:
        log.error("work that is due cannot be done", exc_info=error)
    else:
        return True
    db.session.remove()
    return False


def _stopper(stop: threading.Event) -> Callable[[int, Any], None]:
    return lambda _number, _frame: stop.set()


def send_due(settings: Settings, mailer: mail.Mailer, stop: threading.Event) -> dict[str, int]:
    """Send everything that is due, one at a time, and return how many were sent, put off, withheld and given up."""
    counts = dict.fromkeys(("sent", "put_off", "withheld", "failed"), 0)
    names = {NoticeState.SENT: "sent", NoticeState.WAITING: "put_off", NoticeState.FAILED: "failed"}
    while not stop.is_set() and _is_anything_due():
        with unit_of_work():
            claim = service.claim_next()
        if claim is None:  # another worker was quicker
            break
        if isinstance(claim, NoticeState):
            counts["withheld"] += 1
            continue
        outcome = mailer(mail.write_message(settings, claim))
        with unit_of_work():
            state = service.settle(claim, outcome)
        if state in names:
            counts[names[state]] += 1
    return counts


def _is_anything_due() -> bool:
    due = service.is_anything_due()
    db.session.rollback()
    return due
