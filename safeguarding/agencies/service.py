"""Commands about agencies: add one, change what it is called or when it left, record an agreement.

Without an agreement in force nobody of the agency sees case data (`accounts.queries.actor_of`), so an agreement
approved or lapsed takes effect at the next request, and nothing is copied. Whoever records one does not approve it.
"""

from collections.abc import Callable, Collection
from datetime import date

from flask import Flask, current_app
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.agencies.models import Agency, AgencyKind, AgreementDecision, DataType, QuorumGroup, SharingAgreement
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
    """Record a signed information-sharing agreement of an agency, to be approved by somebody else; earlier ones stay.

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
        decision=AgreementDecision.APPROVED if actor.is_system else AgreementDecision.WAITING,
        recorded_by_id=actor.user_id,
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
        agreement=agreement.id,
    )
    if (tell := current_app.extensions.get("agreement_waits")) is not None:
        tell(actor, agency.ref)
    return agreement


def register_waiting(app: Flask, tell: Callable[[Actor, str], None]) -> None:
    """Say who is told that an agreement waits for a second person: given who recorded it, and the agency's reference."""
    app.extensions["agreement_waits"] = tell


def decide_agreement(actor: Actor, ref: str, agreement_id: int, *, approve: bool) -> None:
    """Approve an agreement of an agency that somebody else recorded, or decline it.

    Raises ForbiddenError, NotFoundError when the agency has no such agreement, RuleError when it was decided already.
    """
    _need(actor, Permission.ADMIN_AGREEMENTS)
    agency = _locked(ref)
    agreement = db.session.scalar(
        select(SharingAgreement)
        .where(SharingAgreement.id == agreement_id, SharingAgreement.agency_id == agency.id)
        .with_for_update()
    )
    if agreement is None:
        raise NotFoundError
    if agreement.decision is not AgreementDecision.WAITING:
        raise RuleError("This agreement was decided already.")
    if agreement.recorded_by_id == actor.user_id:
        raise ForbiddenError("Nobody approves an agreement that they recorded. A second person has to.")
    agreement.decision = AgreementDecision.APPROVED if approve else AgreementDecision.DECLINED
    agreement.decided_by_id, agreement.decided_at = actor.user_id, clock.now()
    db.session.flush()
    audit.record(f"agencies:agreement:{agreement.decision.value}", actor, agency.ref, agreement=agreement.id)


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
