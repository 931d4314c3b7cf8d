"""Commands about sealed values: record one, ask to see some, decide, end a grant, show one.

Who may write a value need not be able to read it. Information governance decides about a request of somebody else,
for one record, some fields and until a day; whoever is shown a value says why each time.
Break-glass opens nothing here: no permission of these commands is held by it.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from sqlalchemy import or_, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.accounts.models import Membership
from safeguarding.audit import service as audit
from safeguarding.core import clock, sealing
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.notices import service as notices
from safeguarding.people.models import Person
from safeguarding.people.sealed.fields import Sealing, fields_on
from safeguarding.people.sealed.models import GrantState, SealedGrant, SealedOn, SealedReveal
from safeguarding.people.sealed.queries import borne_out
from safeguarding.people.service import lock_person
from safeguarding.relations.queries import relations_to

LONGEST = timedelta(days=90)
ASKED, DECIDED = "sealed_asked", "sealed_decided"  # kinds of notice
LEAST_REASON = 20  # characters: "case work" says nothing


def seal_person_value(actor: Actor, person: Person, *, field: str, value: str | None, read_version: int) -> None:
    """Record a sealed value of a person in place of the one that stands, or take it away (None).

    Nobody needs to be able to read the value that is replaced. Raises ForbiddenError, StaleError, RuleError.
    """
    if not actor.may(Permission.PERSON_EDIT, relations_to(actor, "person", person.id)):
        raise ForbiddenError("Only those who work with this young person change what is recorded here.")
    locked = lock_person(person.id)
    if locked.version != read_version:
        raise StaleError
    known = fields_on(SealedOn.PERSON)[field]
    had_one = getattr(locked, known.column.key) is not None
    if value is None and not had_one:
        raise RuleError("Nothing is recorded that could be taken away.", "sealed_value")
    if value is not None and len(value) > known.limit:
        raise RuleError(f"Use {known.limit} characters or fewer.", "sealed_value")
    setattr(locked, known.column.key, None if value is None else sealing.seal(known.column, locked.ref, value))
    locked.version += 1
    db.session.flush()
    audit.record("people:sealed:recorded", actor, locked.ref, field=field, replaced=had_one, removed=value is None)


def ask(
    actor: Actor, on: Sealing, *, fields: Collection[str], reason: str, held: Iterable[Relation] | None
) -> SealedGrant:
    """Ask information governance to see sealed values of a record, and return the request.

    `held` are the actor's relations to it; None for a record to which nobody has any (an incident).
    Raises ForbiddenError and RuleError.
    """
    user_id = _may_see(actor, held)
    wanted = [name for name in fields_on(on.on) if name in fields]
    if not wanted:
        raise RuleError("Choose what you need to see.", "fields")
    _need_reason(reason)
    if any(set(wanted) <= set(grant.fields.split(",")) for grant in _own(user_id, on)):
        raise RuleError("You have asked for this already, or may see it.", "fields")
    request = SealedGrant(
        ref=new_reference("SR"),
        subject_kind=on.on,
        subject_id=on.id,
        subject_ref=on.ref,
        fields=",".join(wanted),
        user_id=user_id,
        reason=reason.strip(),
        asked_at=clock.now(),
        state=GrantState.ASKED,
    )
    db.session.add(request)
    db.session.flush()
    for each in _deciders(user_id):
        notices.queue(ASKED, each, request.ref)
    audit.record("people:sealed:asked", actor, on.ref, request=request.ref, fields=wanted)
    return request


@beyond(Beyond.SEALED)
def grant(actor: Actor, request: SealedGrant, *, until_on: date, reason: str) -> None:
    """Let somebody see what they asked for, up to and with a day at most 90 days ahead. Raises ForbiddenError, RuleError."""
    locked = _to_decide(actor, request)
    today = clock.today()
    if not today <= until_on <= today + LONGEST:
        raise RuleError("The last day must be today or at most 90 days ahead.", "until_on")
    locked.until_on = until_on
    _decide(actor, locked, GrantState.GRANTED, reason)


@beyond(Beyond.SEALED)
def refuse(actor: Actor, request: SealedGrant, *, reason: str) -> None:
    """Refuse a request, with a reason that whoever asked will read. Raises ForbiddenError and RuleError."""
    _decide(actor, _to_decide(actor, request), GrantState.REFUSED, reason)


@beyond(Beyond.SEALED)
def end_grant(actor: Actor, request: SealedGrant) -> None:
    """Take a grant back at once; whoever holds it may give it back too. Raises ForbiddenError and RuleError."""
    if request.user_id != actor.user_id and not actor.may(Permission.SEALED_GRANT):
        raise ForbiddenError("Information governance decides who sees sealed values.")
    locked = _locked(request)
    if locked.state is not GrantState.GRANTED:
        raise RuleError("This grant holds no longer.")
    locked.state, locked.ended_at = GrantState.ENDED, clock.now()
    db.session.flush()
    audit.record("people:sealed:ended", actor, locked.subject_ref, request=locked.ref)


def show(actor: Actor, on: Sealing, *, field: str, reason: str, held: Iterable[Relation] | None) -> str:
    """Return a sealed value to somebody who holds a live grant for it; the reveal and its reason are stored first.

    The caller has asked for a fresh second factor, and shows the value once, on a page of its own.
    Raises ForbiddenError, NotFoundError when nothing is recorded, and RuleError without a reason.
    """
    user_id = _may_see(actor, held)
    _need_reason(reason)
    live = next((each for each in _own(user_id, on, GrantState.GRANTED) if field in each.fields.split(",")), None)
    if live is None:
        raise ForbiddenError("You hold no grant to see this. Ask to see it, with a reason.")
    known = fields_on(on.on)[field]
    stored = db.session.scalar(select(known.column).where(known.column.class_.id == on.id))
    if stored is None:
        raise NotFoundError
    value = sealing.unseal(known.column, on.row, stored)
    reveal = SealedReveal(grant_id=live.id, user_id=user_id, field=field, reason=reason.strip(), shown_at=clock.now())
    db.session.add(reveal)
    db.session.flush()
    audit.record("people:sealed:shown", actor, on.ref, field=field, request=live.ref, reveal=reveal.id)
    return value


def _may_see(actor: Actor, held: Iterable[Relation] | None) -> int:
    """Return the actor's user id when their role sees sealed values by grant, and they stand to the record as it must be."""
    allowed = actor.holds(Permission.SEALED_SEE) if held is None else actor.may(Permission.SEALED_SEE, held)
    if actor.user_id is None or not allowed:
        raise ForbiddenError("Sealed values are seen by those who work with the young person, by grant.")
    return actor.user_id


def _need_reason(reason: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise RuleError(f"Say why, in {LEAST_REASON} characters or more.", "reason")


def _own(user_id: int, on: Sealing, *states: GrantState) -> list[SealedGrant]:
    """Return somebody's requests about a record that still stand."""
    statement = select(SealedGrant).where(
        SealedGrant.subject_kind == on.on,
        SealedGrant.subject_id == on.id,
        SealedGrant.user_id == user_id,
        SealedGrant.state.in_(states or (GrantState.ASKED, GrantState.GRANTED)),
        borne_out(),
    )
    today = clock.today()
    return [each for each in db.session.scalars(statement) if each.until_on is None or each.until_on >= today]


def _deciders(user_id: int) -> list[int]:
    """Return those of information governance, without whoever asks."""
    now = clock.now()
    statement = select(Membership.user_id).where(
        Membership.role == Role.INFORMATION_GOVERNANCE,
        Membership.user_id != user_id,
        Membership.valid_from <= now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > now),
    )
    return sorted(set(db.session.scalars(statement)))


def _locked(request: SealedGrant) -> SealedGrant:
    statement = select(SealedGrant).where(SealedGrant.id == request.id).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _to_decide(actor: Actor, request: SealedGrant) -> SealedGrant:
    if not actor.may(Permission.SEALED_GRANT):
        raise ForbiddenError("Information governance decides who sees sealed values.")
    if request.user_id == actor.user_id:
        raise ForbiddenError("Somebody else decides about what you asked for.")
    if Relation.BARRED in relations_to(actor, request.subject_kind.value, request.subject_id):
        raise NotFoundError
    locked = _locked(request)
    if locked.state is not GrantState.ASKED:
        raise RuleError("This request is decided already.")
    return locked


def _decide(actor: Actor, locked: SealedGrant, state: GrantState, reason: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise RuleError(f"Say why, in {LEAST_REASON} characters or more.", "decision_reason")
    locked.state, locked.decided_by_id, locked.decided_at = state, actor.user_id, clock.now()
    locked.decision_reason = reason.strip()
    db.session.flush()
    notices.queue(DECIDED, locked.user_id, locked.subject_ref)
    audit.record(
        f"people:sealed:{state.value}", actor, locked.subject_ref, request=locked.ref, until_on=locked.until_on
    )
