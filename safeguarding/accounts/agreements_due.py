"""Agreements that run out: whoever keeps them is told 30 days before, 7 days before and on the day, once each."""

from collections.abc import Iterable
from datetime import time, timedelta

from sqlalchemy import select

from safeguarding.agencies.queries import list_due
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.notices.service import queue

STAGES = {30: "agencies.agreement_30", 7: "agencies.agreement_7", 0: "agencies.agreement_0"}  # by days left, as kinds
SENTENCES = {
    30: "An information-sharing agreement runs out within 30 days.",
    7: "An information-sharing agreement runs out within 7 days.",
    0: "An information-sharing agreement runs out today, or has: its agency’s people see no case data after its last day.",
}


def tell_due(keepers: Iterable[int]) -> int:
    """Queue a notice for each keeper about each agreement that came to its next stage; return how many were queued.

    A stage that passed while no worker ran is left out for the one that is nearer.
    """
    told, people = 0, sorted(set(keepers))
    for due in list_due(None):
        left = (due.review_on - clock.today()).days
        stage = next((days for days in sorted(STAGES) if left <= days), None)
        if stage is None:
            continue
        since = clock.at_london(due.review_on - timedelta(days=stage), time())
        heard = select(Notice.recipient_id).where(
            Notice.kind == STAGES[stage], Notice.subject == due.ref, Notice.queued_at >= since
        )
        for user_id in sorted(set(people) - set(db.session.scalars(heard))):
            queue(STAGES[stage], user_id, due.ref)
            told += 1
    return told
