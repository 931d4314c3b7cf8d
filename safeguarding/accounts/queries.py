"""Reads of accounts: who is signed in, with which roles and principals; names for pages."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import current_app
from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from config import Settings
from safeguarding.access.actor import (
    HUB_PRINCIPAL,
    Actor,
    agency_principal,
    office_principal,
    seat_principal,
    user_principal,
)
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.access.tightening import NOTHING
from safeguarding.access.tightening import read as read_tightened
from safeguarding.accounts.factor_models import FactorKind, RecoveryCode, SecondFactor
from safeguarding.accounts.models import AccountStatus, Membership, User, UserSession
from safeguarding.accounts.sessions import LONGEST_PRESENCE, token_digest
from safeguarding.accounts.tightening_queries import taken_away
from safeguarding.agencies.models import Agency, SharingAgreement
from safeguarding.agencies.queries import opens_case_data
from safeguarding.core import clock, sealing
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.relations.built import Asker, built, day, instant
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live

# Roles through which an agency's seat on a panel becomes the person's own.
SEATED = frozenset({Role.SPOC, Role.LEAD, Role.CHAIR, Role.VICE_CHAIR, Role.COORDINATOR})
OWN_AFFAIRS = frozenset({Permission.WORK_OWN})  # sign out, one's account, one's notices: whatever roles are left
_WITHOUT_AGREEMENT = frozenset({Role.ADMIN, Role.AUDITOR})  # they see no case data, so none is shared with them
STAFF = frozenset(Role) - {Role.ADMIN, Role.AUDITOR, Role.ANALYST}  # who may own an action
_OFFICES = frozenset({Relation.CHAIR, Relation.VICE_CHAIR, Relation.COORDINATOR})
PanelPrincipals = Callable[[frozenset[str], frozenset[Role]], set[str]]


def session_rows(token: str) -> list[Any]:
    """Return one row for each live membership of whoever holds this token in an open session, agreements joined.

    Whether it was left alone for too long is for `sessions.is_idle_too_long` to say, which knows meetings.
    """
    return _session_rows.rows(None, token_digest(token))


@built
def _session_rows(asker: Asker, digest: str) -> Select[Any]:
    return (
        _with_memberships(
            UserSession.id.label("session_id"),
            UserSession.last_seen_at,
            UserSession.confirmed_at,
            UserSession.locked_at,
            UserSession.proof,
            *_PERSON,
        )
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_digest == digest,
            UserSession.opened_at.is_not(None),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > asker.now,
            User.status == AccountStatus.ACTIVE,
        )
    )


def half_way(token: str) -> Any | None:
    """Return who is between pass phrase and second factor under this token (user_id, user_ref, email, name), or None."""
    now = clock.now()
    found: Any = db.session.execute(
        select(User.id.label("user_id"), User.ref.label("user_ref"), User.email, User.name, UserSession.confirmed_at)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_digest == token_digest(token),
            UserSession.opened_at.is_(None),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > now,
            User.status == AccountStatus.ACTIVE,
        )
    ).one_or_none()
    return found


def roles_held(user_id: int) -> frozenset[Role]:
    """Return the roles that a user holds now, whatever their agency's agreement."""
    return frozenset(db.session.scalars(select(Membership.role).where(Membership.user_id == user_id, _held_now())))


def account_to_enter(email: str) -> Any | None:
    """Return the active account with this address (id, ref, password_hash), or None."""
    found: Any = db.session.execute(
        select(User.id, User.ref, User.password_hash).where(
            User.email == email.strip().lower(), User.status == AccountStatus.ACTIVE
        )
    ).one_or_none()
    return found


def own_hash(user_id: int) -> str | None:
    """Return the stored hash of a user's own pass phrase, to verify what they typed."""
    return db.session.scalar(select(User.password_hash).where(User.id == user_id))


def own_email(user_id: int) -> str:
    """Return a user's own address, which their app and passkey are labelled with."""
    return db.session.scalar(select(User.email).where(User.id == user_id)) or ""


def own_words(user_id: int) -> list[str]:
    """Return words of a user that their pass phrase must not be made of: name, and address before the @."""
    row = db.session.execute(select(User.name, User.email).where(User.id == user_id)).one_or_none()
    return [row.name, row.email.partition("@")[0]] if row else []


def local_words() -> list[str]:
    """Return the names that stand near: of the service, its partnership (and so the borough), and its agencies."""
    settings: Settings = current_app.extensions["settings"]
    names = db.session.execute(select(Agency.name, Agency.short_name).order_by(Agency.id).limit(500))
    return [settings.service_name, settings.partnership, *(each for row in names for each in row)]


def list_factors(user_id: int) -> list[Row[Any]]:
    """Return a user's own second factors: ref, kind, name, created_at, last_used_at. No secret."""
    return list(
        db.session.execute(
            select(
                SecondFactor.ref,
                SecondFactor.kind,
                SecondFactor.name,
                SecondFactor.created_at,
                SecondFactor.last_used_at,
            )
            .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
            .order_by(SecondFactor.created_at, SecondFactor.id)
            .limit(PAGE)
        )
    )


def offered_secret(user_id: int) -> str | None:
    """Return the secret of the authenticator app that waits to be accepted, for its owner's eyes alone, or None."""
    row = db.session.execute(
        select(SecondFactor.ref, SecondFactor.totp_secret).where(
            SecondFactor.user_id == user_id,
            SecondFactor.kind == FactorKind.TOTP,
            SecondFactor.confirmed_at.is_(None),
        )
    ).one_or_none()
    return sealing.unseal(SecondFactor.totp_secret, row.ref, str(row.totp_secret)) if row else None


def codes_left(user_id: int) -> int:
    """Return how many recovery codes a user has not used."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def list_sessions(user_id: int, token: str) -> list[Row[Any]]:
    """Return a user's own open sessions, the one last used first: id, device, opened_at, last_seen_at, is_this."""
    now = clock.now()
    return list(
        db.session.execute(
            select(
                UserSession.id,
                UserSession.device,
                UserSession.opened_at,
                UserSession.last_seen_at,
                (UserSession.token_digest == token_digest(token)).label("is_this"),
            )
            .where(
                UserSession.user_id == user_id,
                UserSession.opened_at.is_not(None),
                UserSession.ended_at.is_(None),
                UserSession.expires_at > now,
                UserSession.last_seen_at > now - LONGEST_PRESENCE,
            )
            .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
            .limit(PAGE)
        )
    )


def seconds_unused(last_seen_at: datetime) -> int:
    """Return how many seconds ago a session was last used."""
    return max(0, int((clock.now() - last_seen_at).total_seconds()))


_PERSON = (
    User.id.label("user_id"),
    User.ref.label("user_ref"),
    User.name.label("user_name"),
    Membership.role,
    Agency.id.label("agency_id"),
    Agency.short_name.label("agency_name"),
    SharingAgreement.id.label("agreement_id"),
    taken_away().label("tightened"),
)


def _with_memberships(*columns: Any) -> Select[Any]:
    """Select people with what they hold now: memberships, the agencies still there, their agreements in force."""
    today = day()
    return (
        select(*columns)
        .select_from(User)
        .outerjoin(Membership, and_(Membership.user_id == User.id, _held_now()))
        .outerjoin(
            Agency,
            and_(Agency.id == Membership.agency_id, or_(Agency.active_to.is_(None), Agency.active_to >= today)),
        )
        .outerjoin(
            SharingAgreement,
            and_(SharingAgreement.agency_id == Agency.id, opens_case_data(today)),
        )
        .order_by(Membership.id)
    )


def actor_of(rows: Sequence[Any], panels: PanelPrincipals | None = None) -> Actor:
    """Return the actor made of a session's rows; an agency without an agreement in force gives no case data.

    `panels` finds the seats and offices of some principals in place of a statement for this actor alone.
    """
    first = rows[0]
    live = [row for row in rows if row.agency_id is not None]
    sharing = {row.agency_id for row in live if row.agreement_id is not None}
    roles = frozenset(row.role for row in live if row.agency_id in sharing or row.role in _WITHOUT_AGREEMENT)
    principals = {user_principal(first.user_id)} if sharing else set()
    principals |= {agency_principal(agency) for agency in sharing}
    if Role.LEAD in roles:
        principals.add(HUB_PRINCIPAL)
    principals |= (panels or panel_principals)(frozenset(principals), roles)
    return Actor(
        key=f"user:{first.user_ref}",
        display_name=first.user_name,
        user_id=first.user_id,
        roles=roles,
        agency_ids=frozenset(sharing),
        agency_names=tuple(sorted({row.agency_name for row in live})),
        principals=frozenset(principals),
        system_permissions=OWN_AFFAIRS,
        tightened=read_tightened(first.tightened) if first.tightened else NOTHING,
        withheld=frozenset(
            row.agency_id for row in live if row.agency_id not in sharing and row.role not in _WITHOUT_AGREEMENT
        ),
    )


def panel_principals(principals: frozenset[str], roles: frozenset[Role]) -> set[str]:
    """Return the seats and offices on panels that these principals hold now."""
    if not principals or not roles & SEATED:
        return set()
    rows = _panel_relations.rows(None, tuple(sorted(principals)))
    return {found for panel_id, kind in rows if (found := _on_panel(panel_id, kind)) is not None}


def _on_panel(panel_id: int, kind: Relation) -> str | None:
    if kind is Relation.SEAT:
        return seat_principal(panel_id)
    return office_principal(panel_id) if kind in _OFFICES else None


@built
def _panel_relations(_asker: Asker, principals: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(RelationRow.subject_id, RelationRow.kind).where(
        RelationRow.principal.in_(principals), RelationRow.subject_kind == "panel", live()
    )


def actor_for_user(user_id: int) -> Actor:
    """Return the actor a user would be, for the seed and for questions like `who may see this`."""
    return actor_of(db.session.execute(_with_memberships(*_PERSON).where(User.id == user_id)).all())


def everybody() -> list[Actor]:
    """Return the actor that each person who may sign in would be now, by name: for `who can see this`."""
    at_panels: dict[str, set[str]] = {}
    for principal, panel_id, kind in db.session.execute(
        select(RelationRow.principal, RelationRow.subject_id, RelationRow.kind).where(
            RelationRow.subject_kind == "panel", live()
        )
    ):
        if (found := _on_panel(panel_id, kind)) is not None:
            at_panels.setdefault(principal, set()).add(found)

    def panels(principals: frozenset[str], roles: frozenset[Role]) -> set[str]:
        return set().union(*(at_panels.get(each, ()) for each in principals)) if roles & SEATED else set()

    rows = db.session.execute(
        _with_memberships(*_PERSON)
        .where(User.status == AccountStatus.ACTIVE)
        .order_by(None)
        .order_by(func.lower(User.name), User.id, Membership.id)
    )
    return [actor_of(list(theirs), panels) for _user, theirs in groupby(rows, key=lambda row: row.user_id)]


def staff_choices(roles: frozenset[Role] = STAFF) -> list[Row[Any]]:
    """Return active people who hold one of the roles (id, name, agency id, agency name), for choosing somebody."""
    statement = (
        select(User.id, User.name, Agency.id.label("agency_id"), Agency.short_name.label("agency_name"))
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(User.status == AccountStatus.ACTIVE, _held_now(), Membership.role.in_(sorted(roles)))
        .distinct()
        .order_by(Agency.short_name, User.name, User.id)
        .limit(500)
    )
    return list(db.session.execute(statement))


PAGE = 50


def list_users(
    actor: Actor, *, agency_ref: str | None = None, text: str | None = None, after: str | None = None
) -> list[Row[Any]]:
    """Return people by name (at most PAGE and one more, which says that there are further ones).

    `agency_ref` keeps those who hold a role there now, `text` those in whose name or address it stands, `after` is the
    reference of the last person of the page before.
    """
    if not actor.holds(Permission.ADMIN_USERS):
        return []
    key = func.lower(User.name)
    statement = select(User.id, User.ref, User.name, User.email, User.job_title, User.status)
    if agency_ref:
        there = select(Membership.user_id).join(Agency, Agency.id == Membership.agency_id)
        statement = statement.where(
            User.id.in_(there.where(Agency.ref == normalise_reference(agency_ref, "AG"), _held_now()))
        )
    if text:
        needle = text.lower()
        statement = statement.where(
            or_(key.contains(needle, autoescape=True), User.email.contains(needle, autoescape=True))
        )
    if after:
        last = (
            select(func.lower(User.name).label("key"), User.id)
            .where(User.ref == normalise_reference(after, "US"))
            .subquery()
        )
        statement = statement.join(last, or_(key > last.c.key, and_(key == last.c.key, User.id > last.c.id)))
    return list(db.session.execute(statement.order_by(key, User.id).limit(PAGE + 1)))


def roles_of(user_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Return what each of these people holds now: role, agency, since when."""
    held: dict[int, list[Row[Any]]] = {user_id: [] for user_id in user_ids}
    rows: Iterable[Any] = db.session.execute(
        select(
            Membership.user_id,
            Membership.role,
            Membership.valid_from,
            Agency.ref.label("agency_ref"),
            Agency.name.label("agency_name"),
            Agency.short_name.label("agency_short_name"),
        )
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id.in_(user_ids), _held_now())
        .order_by(Agency.name, Membership.role, Membership.id)
    )
    for row in rows:
        held[row.user_id].append(row)
    return held


def access_user(actor: Actor, ref: str) -> Row[Any]:
    """Return a person who may sign in, by reference, or raise NotFoundError. The hash of their phrase is left out."""
    found, known = None, normalise_reference(ref, "US")
    if known and actor.holds(Permission.ADMIN_USERS):
        columns = [column for column in User.__table__.columns if column.name != "password_hash"]
        found = db.session.execute(select(*columns).where(User.ref == known)).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def agency_choices() -> list[tuple[str, str]]:
    """Return the agencies that are in the partnership today, as (reference, name), for choosing one."""
    today = clock.today()
    rows = db.session.execute(
        select(Agency.ref, Agency.name)
        .where(or_(Agency.active_to.is_(None), Agency.active_to >= today))
        .order_by(Agency.name, Agency.id)
        .limit(200)
    )
    return [(ref, name) for ref, name in rows]


def list_agency_people(actor: Actor, agency_id: int) -> list[Row[Any]]:
    """Return who holds which role in an agency now, by name."""
    if not actor.holds(Permission.ADMIN_USERS):
        return []
    return list(
        db.session.execute(
            select(User.ref, User.name, User.status, Membership.role)
            .join(User, User.id == Membership.user_id)
            .where(Membership.agency_id == agency_id, _held_now())
            .order_by(func.lower(User.name), User.id, Membership.role)
            .limit(PAGE + 1)
        )
    )


def _held_now() -> ColumnElement[bool]:
    now = instant()
    return and_(Membership.valid_from <= now, or_(Membership.valid_to.is_(None), Membership.valid_to > now))
