"""Commands about agencies: add one, change what it is called or when it left, record an agreement.

Without an agreement in force nobody of the agency sees case data (`accounts.queries.actor_of`), so an agreement
recorded or lapsed takes effect at the next request, and nothing is copied.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.agencies.models import Agency, AgencyKind, DataType, QuorumGroup, SharingAgreement
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db


def add_agency(
    actor: Actor, *, name: str, short_name: str, kind: AgencyKind, quorum_group: QuorumGroup, active_from: date
) -> Agency:
    """Add an agency. Raises RuleError when another one has the name."""
    _need(actor, Permission.ADMIN_USERS)
    _need_free_name(name, None)
    agency = Agency(
        ref=new_reference("AG"),
        name=name,
        short_name=short_name,
        kind=kind,
        quorum_group=quorum_group,
        active_from=active_from,
        created_at=clock.now(),
        version=1,
    )
    db.session.add(agency)
    db.session.flush()
    audit.record("agencies:agency:added", actor, agency.ref, kind=kind, quorum_group=quorum_group)
    return agency


def change_agency(
    actor: Actor,
    ref: str,
    *,
    read_version: int,
    name: str,
    short_name: str,
    kind: AgencyKind,
    quorum_group: QuorumGroup,
    active_to: date | None,
) -> Agency:
    """Change an agency. After the day of `active_to` none of its people holds anything by it.

    Raises StaleError when it changed since it was read, RuleError for a name that is taken or an end before the
    beginning, ForbiddenError when it would end an agency of the actor.
    """
    _need(actor, Permission.ADMIN_USERS)
    agency = _locked(ref)
    if agency.version != read_version:
        raise StaleError
    _need_free_name(name, agency.id)
    if active_to is not None:
        if active_to < agency.active_from:
            raise RuleError("The last day must be on or after the first day.", "active_to")
        if agency.id in actor.agency_ids and active_to != agency.active_to:
            raise ForbiddenError("Nobody ends their own agency. Ask an administrator of another one.")
    agency.name, agency.short_name = name, short_name
    agency.kind, agency.quorum_group, agency.active_to = kind, quorum_group, active_to
    agency.version += 1
    db.session.flush()
    audit.record(
        "agencies:agency:changed", actor, agency.ref, kind=kind, quorum_group=quorum_group, active_to=active_to
    )
    return agency


def add_agreement(
    actor: Actor,
    ref: str,
    *,
    title: str,
    purposes: str,
    data_types: Collection[DataType],
    signed_by: str,
    signed_on: date,
    review_on: date,
) -> SharingAgreement:
    """Record a signed information-sharing agreement of an agency; earlier ones stay.

    `data_types` are what it shares: without DataType.CASES it opens no case data. Raises RuleError when it shares nothing,
    was signed in the future or is not reviewed after it was signed.
    """
    _need(actor, Permission.ADMIN_AGREEMENTS)
    agency = _locked(ref)
    if signed_on > clock.today():
        raise RuleError("The day it was signed must be today or in the past.", "signed_on")
    if review_on <= signed_on:
        raise RuleError("The day of review must be after the day it was signed.", "review_on")
    if not data_types:
        raise RuleError("Choose what the agreement shares.", "data_types")
    agreement = SharingAgreement(
        agency_id=agency.id,
        title=title,
        purposes=purposes,
        signed_by=signed_by,
        signed_on=signed_on,
        review_on=review_on,
        **{each.value: each in data_types for each in DataType},
    )
    db.session.add(agreement)
    db.session.flush()
    audit.record(
        "agencies:agreement:recorded",
        actor,
        agency.ref,
        signed_on=signed_on,
        review_on=review_on,
        shares=sorted(data_types),
    )
    return agreement


def _locked(ref: str) -> Agency:
    agency = db.session.scalar(select(Agency).where(Agency.ref == ref).with_for_update())
    if agency is None:
        raise NotFoundError
    return agency


def _need_free_name(name: str, own_id: int | None) -> None:
    taken = db.session.scalar(select(Agency.id).where(Agency.name == name))
    if taken is not None and taken != own_id:
        raise RuleError("Another agency has this name.", "name")


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise ForbiddenError()
