"""Commands about peer groups: name one, say who is part of it.

A membership says by whom it is told, how surely and until when it holds; to be part of a group never implies that
anybody did wrong. It must not say who may read what about the members.
"""

from datetime import date, timedelta

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.people.models import Confidence, PeerGroup, PeerGroupMember, Person
from safeguarding.relations.queries import relations_to

HOLDS_FOR = timedelta(days=365)  # unless it is said again


def form_group(actor: Actor, *, name: str, description: str, what_keeps_safe: str | None = None) -> PeerGroup:
    """Record young people who spend time together, as they would name themselves. The safeguarding lead does."""
    if not actor.may(Permission.CONTEXT_REVIEW) or actor.user_id is None:
        raise ForbiddenError("The safeguarding lead records peer groups.")
    if not name.strip() or not description.strip():
        raise RuleError("Enter the group's name and what it is.", "name")
    group = PeerGroup(
        ref=new_reference("GR"),
        name=name,
        description=description,
        what_keeps_safe=what_keeps_safe,
        created_at=clock.now(),
        created_by_id=actor.user_id,
        version=1,
    )
    db.session.add(group)
    db.session.flush()
    audit.record("people:group:formed", actor, group.ref)
    return group


def add_member(
    actor: Actor,
    group: PeerGroup,
    person: Person,
    *,
    source: str,
    confidence: Confidence = Confidence.REPORTED,
    since_on: date | None = None,
) -> PeerGroupMember:
    """Say that somebody the actor may see is part of a group; it lapses after a year. Raises NotFoundError, RuleError."""
    if not actor.may(Permission.CONTEXT_REVIEW) or actor.user_id is None:
        raise ForbiddenError("The safeguarding lead records peer groups.")
    if not actor.may(Permission.PERSON_LINK, relations_to(actor, "person", person.id)):
        raise NotFoundError
    if not source.strip():
        raise RuleError("Say who told of it.", "source")
    member = PeerGroupMember(
        group_id=group.id,
        person_id=person.id,
        since_on=since_on,
        source=source,
        confidence=confidence,
        expires_on=clock.today() + HOLDS_FOR,
        created_at=clock.now(),
        created_by_id=actor.user_id,
    )
    db.session.add(member)
    db.session.flush()
    audit.record("people:group:joined", actor, group.ref, person=person.ref, confidence=confidence)
    return member
