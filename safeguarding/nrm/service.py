"""Commands about referrals to the National Referral Mechanism: record one, its number, its two decisions, corrections.

They record what was decided elsewhere and decide nothing. Dates only move forward, a decision names who made it, and a
correction is a further event: what was recorded first stays readable.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.agencies.held_back import refuse_copies
from safeguarding.audit import service as audit
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.workflow import require
from safeguarding.extensions import db
from safeguarding.nrm import clocks
from safeguarding.nrm.models import GroundsOutcome, NrmEvent, NrmReferral, NrmRoute, NrmState
from safeguarding.nrm.workflow import MAY_BE_REFERRED_ANEW, NRM
from safeguarding.people.codes import codes_on
from safeguarding.people.models import Person
from safeguarding.relations import service as relations
from safeguarding.relations.queries import relations_to

NOT_A_FIRST_RESPONDER = "not_a_first_responder"
_ENDED = MAY_BE_REFERRED_ANEW | {NrmState.CG_POSITIVE, NrmState.DTN_ONLY, NrmState.NOT_REFERRED}


@dataclass(frozen=True, kw_only=True)
class ReferralText:
    """What is recorded of a referral that was sent.

    `first_responder_code` and `exploitation_types` are codes of their lists on the day of referral; `route` is None for
    the age rule. An adult's informed consent is needed; a child's is not asked.
    """

    referred_on: date
    first_responder_code: str
    exploitation_types: Collection[str]
    first_responder_name: str | None = None
    county_lines: bool = False
    route: NrmRoute | None = None
    nrm_number: str | None = None
    adult_consented: bool = False
    note: str | None = None


def record_referral(actor: Actor, case: Case, *, referral: ReferralText) -> NrmReferral:
    """Record on a case that its young person was referred, and return the referral.

    It then awaits the reasonable grounds decision, by the route that the age on the day of referral gives. A referral of
    the same case that has not ended refuses another. Raises ForbiddenError, and RuleError naming the field.
    """
    user_id = _need(actor, case.id)
    person = _person_of(case)
    _check(referral, person.born_on)
    refuse_copies(actor, person.id, (referral.note,))
    earlier = _earlier(case.id)
    route = clocks.route_for(person.born_on, referral.referred_on, referral.route)
    record = NrmReferral(
        ref=new_reference("NR"),
        person_id=person.id,
        case_id=case.id,
        earlier_referral_id=earlier.id if earlier else None,
        state=NrmState.RG_PENDING,
        route=route,
        referred_on=referral.referred_on,
        first_responder_code=referral.first_responder_code,
        first_responder_name=referral.first_responder_name,
        exploitation_types=",".join(sorted(set(referral.exploitation_types))),
        county_lines=referral.county_lines,
        age_on_referral=clocks.age_on(person.born_on, referral.referred_on),
        nrm_number=referral.nrm_number,
        note=referral.note,
        created_at=clock.now(),
        created_by_id=user_id,
        version=1,
    )
    db.session.add(record)
    db.session.flush()
    _event(user_id, record, "referred", referral.referred_on, None)
    if referral.adult_consented and record.age_on_referral is not None and record.age_on_referral >= clocks.ADULT:
        _event(user_id, record, "consent_given", referral.referred_on, None)
    relations.touch([("case", case.id), ("person", person.id)])
    audit.record("nrm:referral:recorded", actor, record.ref, route=route, referred_on=referral.referred_on)
    return record


def record_number(actor: Actor, record: NrmReferral, *, nrm_number: str, read_version: int) -> None:
    """Record the Home Office's own reference. Raises ForbiddenError, StaleError."""
    locked = _lock_for(actor, record, read_version)
    locked.nrm_number = nrm_number
    _save(actor, locked, "nrm:number:recorded")


def record_reasonable_grounds(
    actor: Actor,
    record: NrmReferral,
    *,
    outcome: GroundsOutcome,
    decided_on: date,
    decision_maker: str,
    note: str | None,
    read_version: int,
) -> None:
    """Record the reasonable grounds decision; a positive one leads at once to waiting for conclusive grounds.

    Raises ForbiddenError, StaleError, RuleError (fields decided_on, note): not before the referral, not ahead of today,
    and a negative one with the reasons given.
    """
    locked = _lock_for(actor, record, read_version)
    positive = outcome is GroundsOutcome.POSITIVE
    require(NRM, locked.state, NrmState.RG_POSITIVE if positive else NrmState.RG_NEGATIVE)
    _need_order(decided_on, locked.referred_on, "the day of referral")
    _need_reasons(outcome, note)
    refuse_copies(actor, locked.person_id, (note,))
    locked.rg_outcome, locked.rg_decided_on, locked.decision_maker = outcome, decided_on, decision_maker
    locked.state = NrmState.RG_NEGATIVE
    if positive:
        require(NRM, NrmState.RG_POSITIVE, NrmState.CG_PENDING)
        locked.state = NrmState.CG_PENDING
    _event(_user(actor), locked, f"rg_{outcome.value}", decided_on, _noted(decision_maker, note))
    _save(actor, locked, "nrm:reasonable_grounds:recorded", outcome=outcome, decided_on=decided_on)


def record_conclusive_grounds(
    actor: Actor,
    record: NrmReferral,
    *,
    outcome: GroundsOutcome,
    decided_on: date,
    decision_maker: str,
    note: str | None,
    read_version: int,
) -> None:
    """Record the conclusive grounds decision. One before the recovery period is over is recorded all the same: it was
    made, and the page says so.

    Raises ForbiddenError, StaleError, RuleError (fields decided_on, note): not before reasonable grounds, not ahead of
    today, and a negative one with the reasons given.
    """
    locked = _lock_for(actor, record, read_version)
    state = NrmState.CG_POSITIVE if outcome is GroundsOutcome.POSITIVE else NrmState.CG_NEGATIVE
    require(NRM, locked.state, state)
    _need_order(decided_on, locked.rg_decided_on, "the reasonable grounds decision")
    _need_reasons(outcome, note)
    refuse_copies(actor, locked.person_id, (note,))
    locked.cg_outcome, locked.cg_decided_on, locked.decision_maker = outcome, decided_on, decision_maker
    locked.state = state
    _event(_user(actor), locked, f"cg_{outcome.value}", decided_on, _noted(decision_maker, note))
    _save(actor, locked, "nrm:conclusive_grounds:recorded", outcome=outcome, decided_on=decided_on)


def correct_date(
    actor: Actor, record: NrmReferral, *, corrects: NrmEvent, happened_on: date, note: str, read_version: int
) -> NrmEvent:
    """Correct the day of a referral or a decision by a further event, and return that; the first stays readable.

    The order of the dates still holds. Raises ForbiddenError, StaleError, RuleError (fields happened_on, note).
    """
    locked = _lock_for(actor, record, read_version)
    if corrects.nrm_referral_id != locked.id or corrects.event not in _DATED:
        raise RuleError("This entry has no date that could be corrected.")
    if db.session.scalar(select(NrmEvent.id).where(NrmEvent.corrects_id == corrects.id)) is not None:
        raise RuleError("This entry was corrected already. Correct the correction.")
    if not note.strip():
        raise RuleError("Say what the earlier date rested on and why it was wrong.", "note")
    if happened_on > clock.today():
        raise RuleError("The day must be today or in the past.", "happened_on")
    refuse_copies(actor, locked.person_id, (note,))
    setattr(locked, _DATED[corrects.event], happened_on)
    _need_all_in_order(locked)
    corrected = _event(_user(actor), locked, corrects.event, happened_on, note, corrects.id)
    _save(actor, locked, "nrm:date:corrected", of=corrects.event, happened_on=happened_on)
    return corrected


_DATED = {
    "referred": "referred_on",
    "rg_positive": "rg_decided_on",
    "rg_negative": "rg_decided_on",
    "cg_positive": "cg_decided_on",
    "cg_negative": "cg_decided_on",
}


def _need(actor: Actor, case_id: int) -> int:
    if actor.user_id is None or not actor.may(Permission.NRM_RECORD, relations_to(actor, "case", case_id)):
        raise ForbiddenError("Only those who work this case record what becomes of its referrals.")
    return actor.user_id


def _lock_for(actor: Actor, record: NrmReferral, read_version: int) -> NrmReferral:
    if record.case_id is None:
        raise ForbiddenError("This referral belongs to no case.")
    _need(actor, record.case_id)
    statement = select(NrmReferral).where(NrmReferral.id == record.id).with_for_update()
    locked = db.session.scalars(statement, execution_options={"populate_existing": True}).one()
    if locked.version != read_version:
        raise StaleError
    return locked


def _person_of(case: Case) -> Person:
    """Return the case's young person, locked, so that two people cannot each record the first referral."""
    if case.person_id is None:
        raise RuleError("Only a case about a person can have a referral.")
    return db.session.scalars(select(Person).where(Person.id == case.person_id).with_for_update()).one()


def _earlier(case_id: int) -> NrmReferral | None:
    statement = select(NrmReferral).where(NrmReferral.case_id == case_id).order_by(NrmReferral.id.desc()).limit(1)
    earlier = db.session.scalars(statement).one_or_none()
    if earlier is not None and earlier.state not in _ENDED:
        raise RuleError(f"Referral {earlier.ref} has not ended. Record what became of it first.")
    return earlier


def _check(referral: ReferralText, born_on: date | None) -> None:
    if referral.referred_on > clock.today():
        raise RuleError("The day of referral must be today or in the past.", "referred_on")
    if born_on is not None and referral.referred_on < born_on:
        raise RuleError("The day of referral cannot be before the date of birth.", "referred_on")
    known = codes_on(referral.referred_on, "first_responder", "exploitation_type")
    responder = next(
        (each for each in known if (each.list, each.code) == ("first_responder", referral.first_responder_code)), None
    )
    if responder is None:
        raise RuleError("Choose an organisation that was a first responder on that day.", "first_responder_code")
    if responder.kind == NOT_A_FIRST_RESPONDER:
        raise RuleError(
            f"{responder.label}: not a first responder. It asks the local authority or the police to refer.",
            "first_responder_code",
        )
    types = {each.code for each in known if each.list == "exploitation_type"}
    if not referral.exploitation_types or not set(referral.exploitation_types) <= types:
        raise RuleError("Choose at least one kind of exploitation.", "exploitation_types")
    age = clocks.age_on(born_on, referral.referred_on)
    if age is not None and age >= clocks.ADULT and not referral.adult_consented:
        raise RuleError("An adult is referred only with informed consent. Say that it was given.", "adult_consented")


def _need_order(day: date, after: date | None, name: str) -> None:
    if after is not None and day < after:
        raise RuleError(f"The decision cannot be before {after.day} {after:%B %Y}, {name}.", "decided_on")
    if day > clock.today():
        raise RuleError("The day of the decision must be today or in the past.", "decided_on")


def _need_all_in_order(record: NrmReferral) -> None:
    days = [day for day in (record.referred_on, record.rg_decided_on, record.cg_decided_on) if day is not None]
    if days != sorted(days):
        raise RuleError("The referral comes first, then reasonable grounds, then conclusive grounds.", "happened_on")


def _need_reasons(outcome: GroundsOutcome, note: str | None) -> None:
    if outcome is GroundsOutcome.NEGATIVE and not note:
        raise RuleError("Write down the reasons that were given.", "note")


def _noted(decision_maker: str, note: str | None) -> str:
    return f"{decision_maker}. {note}" if note else decision_maker


def _event(
    user_id: int, record: NrmReferral, event: str, on: date, note: str | None, corrects_id: int | None = None
) -> NrmEvent:
    written = NrmEvent(
        nrm_referral_id=record.id,
        event=event,
        happened_on=on,
        recorded_at=clock.now(),
        recorded_by_id=user_id,
        note=note,
        corrects_id=corrects_id,
    )
    db.session.add(written)
    db.session.flush()
    return written


def _user(actor: Actor) -> int:
    if actor.user_id is None:
        raise ForbiddenError
    return actor.user_id


def _save(actor: Actor, record: NrmReferral, event: str, **detail: object) -> None:
    record.version += 1
    relations.touch([("case", record.case_id or 0), ("person", record.person_id)])
    db.session.flush()
    audit.record(event, actor, record.ref, **detail)
