"""Reads of agencies and their agreements. Nothing here is about a young person, so no relation is asked for."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.agencies.models import Agency, AgreementDecision, DataType, SharingAgreement
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db

MOST = 200  # a partnership has some dozens of agencies
DUE_WITHIN = timedelta(days=60)


class AgreementState(StrEnum):
    """How an agency's agreement stands today."""

    UNSIGNED = "unsigned"
    LAPSED = "lapsed"
    DUE = "due"
    IN_DATE = "in_date"


@dataclass(frozen=True)
class Lapse:
    """That an agency's people see no case data, by which agreement and since which day (neither: none was signed)."""

    agency: str
    title: str | None
    since: date | None


@dataclass(frozen=True)
class Due:
    """An agency whose agreement runs out soon, or has."""

    ref: str
    name: str
    review_on: date
    agreement: AgreementState


@dataclass(frozen=True)
class AgencyLine:
    """One agency of the list."""

    ref: str
    name: str
    short_name: str
    kind: str
    quorum_group: str
    active_to: date | None
    review_on: date | None
    agreement: AgreementState


def agreement_state(review_on: date | None) -> AgreementState:
    """Return how an agreement with this day of review stands today; without one it is unsigned."""
    if review_on is None:
        return AgreementState.UNSIGNED
    today = clock.today()
    if review_on < today:
        return AgreementState.LAPSED
    return AgreementState.DUE if review_on <= today + DUE_WITHIN else AgreementState.IN_DATE


def opens_case_data(today: Any) -> ColumnElement[bool]:
    """Return the condition under which an agreement gives its agency's people case data on a day."""
    return and_(
        SharingAgreement.signed_on <= today,
        SharingAgreement.review_on >= today,
        SharingAgreement.covers_cases,
        _approved(),
    )


def _approved() -> ColumnElement[bool]:
    return SharingAgreement.decision == AgreementDecision.APPROVED


def list_waiting(actor: Actor) -> list[Row[Any]]:
    """Return the agreements that wait for this second person (ref and name of the agency, title), the oldest first."""
    if not actor.holds(Permission.ADMIN_AGREEMENTS):
        return []
    statement: Any = (
        select(Agency.ref, Agency.name, SharingAgreement.title)
        .join(Agency, Agency.id == SharingAgreement.agency_id)
        .where(
            SharingAgreement.decision == AgreementDecision.WAITING,
            func.coalesce(SharingAgreement.recorded_by_id, 0) != actor.user_id,
        )
        .order_by(SharingAgreement.id)
        .limit(MOST)
    )
    return list(db.session.execute(statement))


def list_lapses(agency_ids: frozenset[int]) -> list[Lapse]:
    """Return, for agencies whose agreement is not in force, the last one there was and since when it is not."""
    rows = db.session.execute(
        select(Agency.id, Agency.name, SharingAgreement.title, SharingAgreement.review_on)
        .outerjoin(
            SharingAgreement,
            and_(
                SharingAgreement.agency_id == Agency.id,
                SharingAgreement.signed_on <= clock.today(),
                SharingAgreement.covers_cases,
                _approved(),
            ),
        )
        .where(Agency.id.in_(agency_ids))
        .order_by(Agency.name, Agency.id, SharingAgreement.review_on, SharingAgreement.id)
        .limit(MOST)
    )
    last = {row.id: row for row in rows}
    return [
        Lapse(row.name, row.title, row.review_on + timedelta(days=1) if row.review_on else None)
        for row in last.values()
    ]


def list_in_force(agency_ids: frozenset[int]) -> list[Row[Any]]:
    """Return the agreements by which these agencies' people see case data today: short_name, title, signed_on, review_on."""
    statement = (
        select(Agency.short_name, SharingAgreement.title, SharingAgreement.signed_on, SharingAgreement.review_on)
        .join(Agency, Agency.id == SharingAgreement.agency_id)
        .where(Agency.id.in_(sorted(agency_ids)), opens_case_data(clock.today()))
        .order_by(Agency.short_name, Agency.id, SharingAgreement.signed_on.desc())
        .limit(MOST)
    )
    return list(db.session.execute(statement))


def list_due(agency_ids: frozenset[int] | None) -> list[Due]:
    """Return the agencies (of these, or of all) whose agreement runs out within 60 days or has, the first one first."""
    latest = func.max(SharingAgreement.review_on).label("review_on")
    statement = (
        select(Agency.ref, Agency.name, latest)
        .join(SharingAgreement, SharingAgreement.agency_id == Agency.id)
        .where(
            SharingAgreement.signed_on <= clock.today(),
            SharingAgreement.covers_cases,
            _approved(),
            or_(Agency.active_to.is_(None), Agency.active_to >= clock.today()),
        )
        .group_by(Agency.id, Agency.ref, Agency.name)
        .having(latest <= clock.today() + DUE_WITHIN)
        .order_by(latest, Agency.name, Agency.id)
        .limit(MOST)
    )
    if agency_ids is not None:
        statement = statement.where(Agency.id.in_(agency_ids))
    return [
        Due(row.ref, row.name, row.review_on, agreement_state(row.review_on)) for row in db.session.execute(statement)
    ]


def list_agencies(actor: Actor) -> list[AgencyLine]:
    """Return the agencies by name, each with the latest agreement that has been signed."""
    if not actor.holds(Permission.ADMIN_AGREEMENTS):
        return []
    latest = (
        select(SharingAgreement.agency_id, func.max(SharingAgreement.review_on).label("review_on"))
        .where(SharingAgreement.signed_on <= clock.today(), SharingAgreement.covers_cases, _approved())
        .group_by(SharingAgreement.agency_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Agency.ref,
            Agency.name,
            Agency.short_name,
            Agency.kind,
            Agency.quorum_group,
            Agency.active_to,
            latest.c.review_on,
        )
        .outerjoin(latest, latest.c.agency_id == Agency.id)
        .order_by(Agency.name, Agency.id)
        .limit(MOST)
    )
    return [AgencyLine(**row._mapping, agreement=agreement_state(row.review_on)) for row in rows]


def access_agency(actor: Actor, ref: str, permission: Permission = Permission.ADMIN_AGREEMENTS) -> Row[Any]:
    """Return an agency by its reference, or raise NotFoundError."""
    found, known = None, normalise_reference(ref, "AG")
    if known and actor.holds(permission):
        found = db.session.execute(select(*Agency.__table__.columns).where(Agency.ref == known)).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def list_agreements(agency_id: int) -> list[Row[Any]]:
    """Return an agency's agreements, the latest signed first."""
    return list(
        db.session.execute(
            select(
                SharingAgreement.id,
                SharingAgreement.decision,
                SharingAgreement.recorded_by_id,
                SharingAgreement.title,
                SharingAgreement.purposes,
                SharingAgreement.signed_by,
                SharingAgreement.signed_on,
                SharingAgreement.review_on,
                *(getattr(SharingAgreement, each) for each in DataType),
            )
            .where(SharingAgreement.agency_id == agency_id)
            .order_by(SharingAgreement.signed_on.desc(), SharingAgreement.id.desc())
            .limit(50)
        )
    )
