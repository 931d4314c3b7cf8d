"""Commands about notices: queue one in the change's own transaction, claim one for sending, say what became of it.

Whether the recipient may be told is asked again when the mail is sent. A worker claims a notice for a while, so that
two workers send each once; it holds no transaction while the mail server is spoken to.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.notices.kinds import Kind, Recipient, find_recipient, known_kind
from safeguarding.notices.models import Notice, NoticeState

WORKER = Actor("system:worker", "Worker")
LEASE = timedelta(minutes=10)
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)
MOST_ATTEMPTS = 12  # with the delays between them, a good day
_OPEN = (NoticeState.WAITING, NoticeState.SENDING)


class Outcome(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"  # the recipient's server will never take it


@dataclass(frozen=True)
class Claim:
    """A notice that this worker sends now: to one address, with one path of this site in it."""

    notice_id: int
    ref: str
    attempt: int
    email: str
    path: str
    one_time: bool
    closes: bool = False


def queue(kind: str, recipient_user_id: int, subject_ref: str | None = None) -> Notice:
    """Leave a notice for one person, to be stored with the change that it is about.

    `kind` was registered (`kinds.register_kind`); raises LookupError when it was not. Decides nothing and sends nothing.
    """
    if known_kind(kind) is None:
        raise LookupError(f"no such kind of notice: {kind}")
    now = clock.now()
    notice = Notice(
        ref=new_reference("NO"),
        kind=kind,
        recipient_id=recipient_user_id,
        subject=subject_ref,
        state=NoticeState.WAITING,
        attempts=0,
        queued_at=now,
        due_at=now,
    )
    db.session.add(notice)
    db.session.flush()
    return notice


def mark_seen(actor: Actor) -> None:
    """Note that the actor has seen their notices."""
    if not actor.may(Permission.WORK_OWN) or actor.user_id is None:
        raise ForbiddenError
    db.session.execute(
        update(Notice)
        .where(Notice.recipient_id == actor.user_id, Notice.seen_at.is_(None))
        .values(seen_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    audit.record("notices:list:seen", actor)


def is_anything_due() -> bool:
    """Return whether a notice waits to be sent now. It only reads, so a worker at rest holds nobody up."""
    found = db.session.scalar(select(Notice.id).where(Notice.state.in_(_OPEN), Notice.due_at <= clock.now()).limit(1))
    return found is not None


def claim_next() -> Claim | NoticeState | None:
    """Take the next notice that is due, in the caller's transaction; None when nothing is.

    Returns NoticeState.WITHHELD when the next one is no longer for its recipient: nothing is sent then.
    """
    now = clock.now()
    notice = db.session.scalar(
        select(Notice)
        .where(Notice.state.in_(_OPEN), Notice.due_at <= now)
        .order_by(Notice.due_at, Notice.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if notice is None:
        return None
    notice.attempts += 1
    kind, recipient = known_kind(notice.kind), find_recipient(notice.recipient_id)
    if kind is None or recipient is None or not _may_be_told(kind, recipient, notice.subject):
        _settle(notice, NoticeState.WITHHELD)
        return NoticeState.WITHHELD
    notice.state, notice.due_at = NoticeState.SENDING, now + LEASE
    db.session.flush()
    return Claim(
        notice_id=notice.id,
        ref=notice.ref,
        attempt=notice.attempts,
        email=recipient.email,
        path=_path(kind, recipient, notice.subject),
        one_time=kind.one_time is not None,
        closes=kind.closes,
    )


def _may_be_told(kind: Kind, recipient: Recipient, subject: str | None) -> bool:
    return recipient.may_sign_in is not kind.closes and kind.permitted(recipient.actor, subject)


def settle(claim: Claim, outcome: Outcome) -> NoticeState | None:
    """Note what became of an attempt; None when another worker has taken the notice over since."""
    notice = db.session.scalar(
        select(Notice)
        .where(Notice.id == claim.notice_id, Notice.state == NoticeState.SENDING, Notice.attempts == claim.attempt)
        .with_for_update()
    )
    if notice is None:
        return None
    if outcome is Outcome.SENT:
        _settle(notice, NoticeState.SENT)
    elif outcome is Outcome.REFUSED or notice.attempts >= MOST_ATTEMPTS:
        _settle(notice, NoticeState.FAILED)
    else:
        notice.state, notice.due_at = NoticeState.WAITING, clock.now() + delay_after(notice.attempts)
        db.session.flush()
    return notice.state


def delay_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts that failed: a minute, doubled each time, at most six hours."""
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_DELAY * doublings, LONGEST_DELAY)


def withdraw_all() -> int:
    """Take back everything that waits, for a database that was restored: what it held was sent or is out of date."""
    now = clock.now()
    waiting = db.session.execute(
        update(Notice)
        .where(Notice.state.in_(_OPEN))
        .values(state=NoticeState.WITHHELD, settled_at=now)
        .returning(Notice.id),
        execution_options={"synchronize_session": False},
    ).all()
    audit.record("notices:outbox:withdrawn", WORKER, None, count=len(waiting))
    return len(waiting)


def _settle(notice: Notice, state: NoticeState) -> None:
    notice.state, notice.settled_at = state, clock.now()
    db.session.flush()
    audit.record(f"notices:notice:{state.value}", WORKER, notice.ref, kind=notice.kind, attempts=notice.attempts)


def _path(kind: Kind, recipient: Recipient, subject: str | None) -> str:
    return kind.one_time(recipient, subject) if kind.one_time else "/notices"
