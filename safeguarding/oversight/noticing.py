"""The worker's look at what the audit raises: each question is told to information governance once, within minutes.

It goes on from the event at which it stopped, and reads the days of those who did something since: all patterns speak of
one person on one day. Opening the page works the questions out anew, from the same functions.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import func, select

from safeguarding.access.actor import Actor
from safeguarding.access.roles import Role
from safeguarding.accounts.holders import holders
from safeguarding.accounts.models import User
from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent, AuditHead
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.notices.service import queue
from safeguarding.oversight.detectors import Pattern, Question, Seen
from safeguarding.oversight.models import QuestionRaised, QuestionWatch
from safeguarding.oversight.questions import MOST_EVENTS, SPAN, work_out

RAISED = "oversight.question_raised"  # a kind of notice
WATCHES = Actor("system:worker", "Worker")
# Told at once. The others say of single looks that they may be right: while a notice of them is unread there is no second.
AT_ONCE = frozenset({Pattern.FAST, Pattern.MANY_REFUSALS, Pattern.OUT_OF_HOURS})


def notice_questions() -> int:
    """Look at the events since the last look and tell of each new question; return how many there are."""
    watch = db.session.scalar(select(QuestionWatch).with_for_update())
    if watch is None:
        watch = QuestionWatch(id=1, seq=_before_the_span())
        db.session.add(watch)
    head = db.session.scalar(select(AuditHead.seq)) or 0
    if head <= watch.seq:
        return 0
    fresh = db.session.execute(
        select(AuditEvent.seq, AuditEvent.at, AuditEvent.actor)
        .where(AuditEvent.seq > watch.seq, AuditEvent.seq <= min(head, watch.seq + MOST_EVENTS))
        .order_by(AuditEvent.seq)
    ).all()
    watch.seq = fresh[-1].seq if fresh else head
    people = sorted({row.actor for row in fresh if row.actor.startswith("user:")})
    new = _new(work_out(_days_of(people, fresh[0].at, watch.seq))) if people else []
    for question in new:
        db.session.add(QuestionRaised(key=question.key, raised_at=clock.now(), last=question.last))
    db.session.flush()
    if new:
        _tell(new)
        audit.record("oversight:question:raised", WATCHES, None, questions=[question.key for question in new])
    return len(new)


def _before_the_span() -> int:
    """Return the event after which the first look begins."""
    first = db.session.scalar(select(func.min(AuditEvent.seq)).where(AuditEvent.at > clock.now() - SPAN))
    return (first or 1) - 1


def _days_of(people: list[str], since: datetime, until: int) -> list[Seen]:
    begins = clock.at_london(clock.london(since).date(), time())
    found: list[Seen] = []
    for start in range(0, len(people), 500):
        rows = db.session.execute(
            select(AuditEvent.seq, AuditEvent.at, AuditEvent.event, AuditEvent.actor, AuditEvent.subject)
            .where(
                AuditEvent.actor.in_(people[start : start + 500]),
                AuditEvent.at >= begins,
                AuditEvent.at > clock.now() - SPAN - timedelta(days=1),
                AuditEvent.seq <= until,
            )
            .order_by(AuditEvent.seq.desc())
            .limit(MOST_EVENTS)
        )
        found += [Seen(*row) for row in rows]
    return sorted(found, key=lambda each: each.seq)


def _new(questions: list[Question]) -> list[Question]:
    by_key = {question.key: question for question in questions}
    known: set[str] = set()
    keys = sorted(by_key)
    for start in range(0, len(keys), 500):
        known |= set(
            db.session.scalars(select(QuestionRaised.key).where(QuestionRaised.key.in_(keys[start : start + 500])))
        )
    return [by_key[key] for key in keys if key not in known]


def _tell(questions: list[Question]) -> None:
    """Tell each of information governance at most once a look, and nobody of themselves."""
    keepers = holders({Role.INFORMATION_GOVERNANCE})
    own = {
        row.id: f"user:{row.ref}" for row in db.session.execute(select(User.id, User.ref).where(User.id.in_(keepers)))
    }
    unread = set(
        db.session.scalars(
            select(Notice.recipient_id).where(
                Notice.recipient_id.in_(keepers), Notice.kind == RAISED, Notice.seen_at.is_(None)
            )
        )
    )
    for user_id in keepers:
        about = [each for each in questions if each.actor != own[user_id]]
        if any(each.pattern in AT_ONCE for each in about) or (about and user_id not in unread):
            queue(RAISED, user_id)
