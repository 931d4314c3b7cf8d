"""Reads about sealed values: who holds a grant, what one has asked for, what waits for a decision. Never a value."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, or_, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import Membership, User
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.people.sealed.fields import Sealing, fields_on
from safeguarding.people.sealed.models import GrantState, SealedGrant, SealedOn, SealedReveal
from safeguarding.relations.queries import not_barred

PAGE = 50


@dataclass(frozen=True)
class FieldShown:
    """What a page says of one sealed field: that it is sealed, who holds a grant, what the actor may do about it."""

    name: str
    label: str
    is_recorded: bool
    holders: tuple[str, ...]
    is_mine: bool
    is_asked: bool

    @property
    def held_by(self) -> str:
        """Who may see it, in words."""
        if not self.holders:
            return "Nobody holds a grant to see it."
        return "Held by " + (self.holders[0] if len(self.holders) == 1 else f"{len(self.holders)} people") + "."


def recorded(on: SealedOn) -> list[Any]:
    """Return the columns `has_<field>` for a select of such a record: whether each value is recorded at all."""
    return [field.column.is_not(None).label(f"has_{name}") for name, field in fields_on(on).items()]


def shown(actor: Actor, on: Sealing, row: Any) -> list[FieldShown]:
    """Return what a page says of the sealed fields of a record, in one statement; `row` has the columns of `recorded`."""
    present = {name: bool(getattr(row, f"has_{name}")) for name in fields_on(on.on)}
    grants = _grants(on) if any(present.values()) else []
    return [
        FieldShown(
            name=name,
            label=field.label,
            is_recorded=present[name],
            holders=tuple(each.name for each in grants if _covers(each, name, GrantState.GRANTED)),
            is_mine=any(each.user_id == actor.user_id and _covers(each, name, GrantState.GRANTED) for each in grants),
            is_asked=any(each.user_id == actor.user_id and _covers(each, name, GrantState.ASKED) for each in grants),
        )
        for name, field in fields_on(on.on).items()
    ]


@beyond(Beyond.SEALED)
def list_requests(actor: Actor, *, is_open: bool) -> list[Any]:
    """Return the requests that wait for a decision (oldest first), or those decided (newest first)."""
    if not actor.may(Permission.SEALED_GRANT):
        raise NotFoundError
    statement = _requests().where(_not_kept_from(actor))
    if is_open:
        statement = statement.where(SealedGrant.state == GrantState.ASKED)
        return list(db.session.execute(statement.order_by(SealedGrant.asked_at, SealedGrant.id).limit(PAGE)))
    statement = statement.where(SealedGrant.state != GrantState.ASKED)
    return list(db.session.execute(statement.order_by(SealedGrant.asked_at.desc(), SealedGrant.id.desc()).limit(PAGE)))


@beyond(Beyond.SEALED)
def access_request(actor: Actor, ref: str) -> Any:
    """Return one request to whoever decides it or made it. Raises NotFoundError, also where a declared conflict keeps
    whoever would decide from the record."""
    known = normalise_reference(ref, "SR") or ""
    mine = or_(SealedGrant.user_id == actor.user_id, _not_kept_from(actor))
    row = db.session.execute(_requests().where(SealedGrant.ref == known, mine)).one_or_none()
    if row is None or not (actor.may(Permission.SEALED_GRANT) or row.user_id == actor.user_id):
        raise NotFoundError
    return row


def list_own(actor: Actor, on: Sealing) -> list[Any]:
    """Return what the actor asked to see of a record and what was decided, the newest first."""
    statement = (
        select(
            SealedGrant.ref,
            SealedGrant.fields,
            SealedGrant.state,
            SealedGrant.asked_at,
            SealedGrant.until_on,
            SealedGrant.decision_reason,
        )
        .where(SealedGrant.subject_kind == on.on, SealedGrant.subject_id == on.id, SealedGrant.user_id == actor.user_id)
        .order_by(SealedGrant.asked_at.desc(), SealedGrant.id.desc())
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


@beyond(Beyond.SEALED)
def request_entity(request_id: int) -> SealedGrant:
    """Return the entity of a request found through `access_request`, for a command."""
    return db.session.get_one(SealedGrant, request_id)


@beyond(Beyond.SEALED)
def list_reveals(request_id: int) -> list[Any]:
    """Return each time that something was shown under a grant (shown_at, field, reason), the newest first."""
    statement = (
        select(SealedReveal.shown_at, SealedReveal.field, SealedReveal.reason)
        .where(SealedReveal.grant_id == request_id)
        .order_by(SealedReveal.shown_at.desc(), SealedReveal.id.desc())
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


def holders_of(person_id: int) -> frozenset[int] | None:
    """Return who holds a grant to see a sealed value of a young person, by user id; None when none is recorded."""
    is_any = or_(*(field.column.is_not(None) for field in fields_on(SealedOn.PERSON).values()))
    rows = db.session.execute(
        select(SealedGrant.user_id)
        .select_from(Person)
        .outerjoin(
            SealedGrant,
            and_(
                SealedGrant.subject_kind == SealedOn.PERSON,
                SealedGrant.subject_id == Person.id,
                SealedGrant.state == GrantState.GRANTED,
                SealedGrant.until_on >= clock.today(),
                borne_out(),
            ),
        )
        .where(Person.id == person_id, is_any)
    ).all()
    return frozenset(row.user_id for row in rows if row.user_id is not None) if rows else None


def _not_kept_from(actor: Actor) -> ColumnElement[bool]:
    return not_barred(actor, cast(SealedGrant.subject_kind, String), SealedGrant.subject_id)


def borne_out() -> ColumnElement[bool]:
    """Return the condition that whoever asked is still in a role in which they asked: it does not move to another agency."""
    now = clock.now()
    return exists().where(
        Membership.user_id == SealedGrant.user_id,
        Membership.valid_from <= SealedGrant.asked_at,
        or_(Membership.valid_to.is_(None), Membership.valid_to > now),
    )


def _requests() -> Any:
    return select(
        SealedGrant.id,
        SealedGrant.ref,
        SealedGrant.subject_kind,
        SealedGrant.subject_ref,
        SealedGrant.fields,
        SealedGrant.user_id,
        SealedGrant.reason,
        SealedGrant.asked_at,
        SealedGrant.state,
        SealedGrant.until_on,
        SealedGrant.decided_at,
        SealedGrant.decision_reason,
        User.name,
    ).join(User, User.id == SealedGrant.user_id)


def _grants(on: Sealing) -> list[Any]:
    statement = (
        select(SealedGrant.user_id, SealedGrant.fields, SealedGrant.state, User.name)
        .join(User, User.id == SealedGrant.user_id)
        .where(
            SealedGrant.subject_kind == on.on,
            SealedGrant.subject_id == on.id,
            borne_out(),
            or_(
                SealedGrant.state == GrantState.ASKED,
                and_(SealedGrant.state == GrantState.GRANTED, SealedGrant.until_on >= clock.today()),
            ),
        )
        .order_by(SealedGrant.id)
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


def _covers(grant: Any, field: str, state: GrantState) -> bool:
    return grant.state is state and field in grant.fields.split(",")
