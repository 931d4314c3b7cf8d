"""What referrals show on other pages: a person's own work list, the page of a young person, the page of a place."""

from typing import Any

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.core import clock
from safeguarding.referrals import queries
from safeguarding.referrals.models import ReferralState
from safeguarding.referrals.policy import screen_by
from safeguarding.referrals.views.making import name_of

SHOWN = 5


def urgent(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return the urgent referrals that wait for the actor's screening, before everything else of the page."""
    model = _to_screen(actor, urgent=True)
    return None if model is None else {**model, "column": "above"}


def to_screen(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return the other referrals that wait for the actor's screening, the first deadline first."""
    return _to_screen(actor, urgent=False)


def _to_screen(actor: Actor, *, urgent: bool) -> dict[str, Any] | None:
    rows = queries.list_to_screen(actor, limit=SHOWN + 1, urgent=urgent)
    if not rows:
        return None
    return {
        "rows": [(row, name_of(row), _deadline(row)) for row in rows[:SHOWN]],
        "has_more": len(rows) > SHOWN,
        "today": clock.today(),
    }


def mine(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return what came of the actor's referrals, the newest first."""
    rows = queries.list_mine(actor, limit=SHOWN + 1)
    shown = [row for row in rows if row.state is not ReferralState.WITHDRAWN][:SHOWN]
    if not shown:
        return None
    return {"rows": [(row, name_of(row)) for row in shown], "has_more": len(rows) > SHOWN}


def about_person(actor: Actor, subject: Any) -> dict[str, Any] | None:
    """Return the referrals of a young person that the actor may see, and whether the actor may make one."""
    may_refer = actor.holds(Permission.REFERRAL_MAKE)
    rows = queries.list_about(actor, person_id=subject.id)
    if not rows and not may_refer:
        return None
    return {"rows": rows, "may_refer": may_refer, "ref": subject.ref}


def about_context(actor: Actor, subject: Any) -> dict[str, Any] | None:
    """Return the referrals of a place that the actor may see, and whether the actor may make one."""
    may_refer = actor.holds(Permission.REFERRAL_MAKE)
    rows = queries.list_about(actor, context_id=subject.id)
    if not rows and not may_refer:
        return None
    return {"rows": rows, "may_refer": may_refer, "ref": subject.ref}


def about_group(actor: Actor, subject: Any) -> dict[str, Any] | None:
    """Return, for a case about a peer group, its referrals that the actor may see and whether the actor may make one."""
    group_id = subject.row.peer_group_id
    if group_id is None:
        return None
    may_refer = actor.holds(Permission.REFERRAL_MAKE) and actor.may(Permission.CASE_UPDATE, subject.relations)
    rows = queries.list_about(actor, peer_group_id=group_id)
    return {"rows": rows, "may_refer": may_refer, "ref": subject.ref} if rows or may_refer else None


def _deadline(row: Any) -> Any:
    if row.state is not ReferralState.SUBMITTED:
        return None
    return screen_by(row.submitted_at, row.urgent)
