"""Reads of accounts: who is signed in, with which roles and principals; names for pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select

from safeguarding.access.actor import (
    HUB_PRINCIPAL,
    Actor,
    agency_principal,
    office_principal,
    seat_principal,
    user_principal,
)
from safeguarding.access.roles import Relation, Role
from safeguarding.accounts.models import AccountStatus, Membership, User, UserSession
from safeguarding.accounts.sessions import IDLE, token_digest
from safeguarding.agencies.models import Agency, SharingAgreement
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.relations.models import RelationRow

# Roles through which an agency's seat on a panel becomes the person's own.
SEATED = frozenset({Role.SPOC, Role.LEAD, Role.CHAIR, Role.VICE_CHAIR, Role.COORDINATOR})
_OFFICES = frozenset({Relation.CHAIR, Relation.VICE_CHAIR, Relation.COORDINATOR})


def session_rows(token: str) -> list[Row[Any]]:
    """Return one row for each live membership of whoever holds this token in a live session, agreements joined."""
    now = clock.now()
    today = clock.today()
    statement = (
        select(
            UserSession.id.label("session_id"),
            UserSession.last_seen_at,
            User.id.label("user_id"),
            User.ref.label("user_ref"),
            User.name.label("user_name"),
            Membership.role,
            Agency.id.label("agency_id"),
            Agency.short_name.label("agency_name"),
            SharingAgreement.id.label("agreement_id"),
        )
        .join(User, User.id == UserSession.user_id)
        .outerjoin(
            Membership,
            and_(
                Membership.user_id == User.id,
                Membership.valid_from <= now,
                or_(Membership.valid_to.is_(None), Membership.valid_to > now),
            ),
        )
        .outerjoin(
            Agency,
            and_(Agency.id == Membership.agency_id, or_(Agency.active_to.is_(None), Agency.active_to >= today)),
        )
        .outerjoin(
            SharingAgreement,
            and_(
                SharingAgreement.agency_id == Agency.id,
                SharingAgreement.signed_on <= today,
                SharingAgreement.review_on >= today,
            ),
        )
        .where(
            UserSession.token_digest == token_digest(token),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > now,
            UserSession.last_seen_at > now - IDLE,
            User.status == AccountStatus.ACTIVE,
        )
        .order_by(Membership.id)
    )
    return list(db.session.execute(statement))


def actor_of(rows: Sequence[Any]) -> Actor:
    """Return the actor made of a session's rows; an agency without an agreement in force gives no case data."""
    first = rows[0]
    live = [row for row in rows if row.agency_id is not None]
    sharing = {row.agency_id for row in live if row.agreement_id is not None}
    roles = frozenset(row.role for row in live if row.agency_id in sharing or row.role in (Role.ADMIN, Role.AUDITOR))
    principals = {user_principal(first.user_id)} if sharing else set()
    principals |= {agency_principal(agency) for agency in sharing}
    if Role.LEAD in roles:
        principals.add(HUB_PRINCIPAL)
    principals |= panel_principals(frozenset(principals), roles)
    return Actor(
        key=f"user:{first.user_ref}",
        display_name=first.user_name,
        user_id=first.user_id,
        roles=roles,
        agency_ids=frozenset(sharing),
        agency_names=tuple(sorted({row.agency_name for row in live})),
        principals=frozenset(principals),
    )


def panel_principals(principals: frozenset[str], roles: frozenset[Role]) -> set[str]:
    """Return the seats and offices on panels that these principals hold now."""
    if not principals or not roles & SEATED:
        return set()
    now = clock.now()
    rows = db.session.execute(
        select(RelationRow.subject_id, RelationRow.kind).where(
            RelationRow.principal.in_(sorted(principals)),
            RelationRow.subject_kind == "panel",
            RelationRow.valid_from <= now,
            or_(RelationRow.valid_to.is_(None), RelationRow.valid_to > now),
        )
    )
    found = set()
    for panel_id, kind in rows:
        if kind is Relation.SEAT:
            found.add(seat_principal(panel_id))
        elif kind in _OFFICES:
            found.add(office_principal(panel_id))
    return found


def actor_for_user(user_id: int) -> Actor:
    """Return the actor a user would be, for the seed and for questions like `who may see this`."""
    now: datetime = clock.now()
    today = clock.today()
    rows = list(
        db.session.execute(
            select(
                User.id.label("user_id"),
                User.ref.label("user_ref"),
                User.name.label("user_name"),
                Membership.role,
                Agency.id.label("agency_id"),
                Agency.short_name.label("agency_name"),
                SharingAgreement.id.label("agreement_id"),
            )
            .join(Membership, Membership.user_id == User.id)
            .join(Agency, Agency.id == Membership.agency_id)
            .outerjoin(
                SharingAgreement,
                and_(
                    SharingAgreement.agency_id == Agency.id,
                    SharingAgreement.signed_on <= today,
                    SharingAgreement.review_on >= today,
                ),
            )
            .where(
                User.id == user_id,
                Membership.valid_from <= now,
                or_(Membership.valid_to.is_(None), Membership.valid_to > now),
            )
        )
    )
    return actor_of(rows)


def staff_choices(agency_ids: frozenset[int] | None = None) -> list[Row[Any]]:
    """Return active people (id, name, agency id, agency name) of some agencies, or of all, for choosing an owner."""
    now = clock.now()
    statement = (
        select(User.id, User.name, Agency.id.label("agency_id"), Agency.short_name.label("agency_name"))
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            User.status == AccountStatus.ACTIVE,
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
            Membership.role.not_in((Role.ADMIN, Role.AUDITOR, Role.ANALYST)),
        )
        .distinct()
        .order_by(Agency.short_name, User.name, User.id)
        .limit(500)
    )
    if agency_ids is not None:
        statement = statement.where(Agency.id.in_(agency_ids))
    return list(db.session.execute(statement))
