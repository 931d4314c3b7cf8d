"""Reads of agencies and their agreements. Nothing here is about a young person, so no relation is asked for."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.agencies.models import Agency, SharingAgreement
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


def list_agencies(actor: Actor) -> list[AgencyLine]:
    """Return the agencies by name, each with the latest agreement that has been signed."""
    if not actor.holds(Permission.ADMIN_AGREEMENTS):
        return []
    latest = (
        select(SharingAgreement.agency_id, func.max(SharingAgreement.review_on).label("review_on"))
        .where(SharingAgreement.signed_on <= clock.today())
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
                SharingAgreement.title,
                SharingAgreement.purposes,
                SharingAgreement.signed_by,
                SharingAgreement.signed_on,
                SharingAgreement.review_on,
            )
            .where(SharingAgreement.agency_id == agency_id)
            .order_by(SharingAgreement.signed_on.desc(), SharingAgreement.id.desc())
            .limit(50)
        )
    )
