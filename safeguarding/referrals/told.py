"""Who is told of an urgent referral at once: the officers of its panel who may screen it. The words stand in `setup`."""

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.queries import actor_for_user
from safeguarding.extensions import db
from safeguarding.notices.service import queue
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live, relations_to

URGENT = "referrals.urgent"
_OFFICERS = (Relation.CHAIR, Relation.VICE_CHAIR, Relation.COORDINATOR)


def tell_officers(sender: Actor, referral_id: int, ref: str, panel_id: int) -> None:
    """Queue a notice for each officer of a panel to whom a referral is open, but for its sender.

    An officer to whom it is closed (a restricted record, a declared conflict) does not hear that there is one.
    """
    for user_id in _officers(panel_id):
        if user_id == sender.user_id:
            continue
        officer = actor_for_user(user_id)
        if officer.may(Permission.REFERRAL_SCREEN, relations_to(officer, "referral", referral_id)):
            queue(URGENT, user_id, ref)


def _officers(panel_id: int) -> list[int]:
    statement = select(RelationRow.principal).where(
        RelationRow.subject_kind == "panel",
        RelationRow.subject_id == panel_id,
        RelationRow.kind.in_(_OFFICERS),
        live(),
    )
    named = {principal.partition(":")[2] for principal in db.session.scalars(statement)}
    return sorted(int(each) for each in named if each.isdigit())
