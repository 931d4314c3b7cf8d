"""The demonstration's NRM referrals, each at another point of the way, and its peer groups."""

from datetime import date, timedelta
from functools import partial

from safeguarding.cases.models import Case
from safeguarding.cases.workflow import LIVE
from safeguarding.cli.demo.cycle import Cycle
from safeguarding.cli.demo.diary import working_day
from safeguarding.cli.demo.stories import PEER_GROUPS
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.nrm import service
from safeguarding.nrm.models import GroundsOutcome, NrmReferral
from safeguarding.people import groups
from safeguarding.people.models import Confidence

# Young person, days before today of the referral, days until reasonable grounds, days until conclusive grounds, outcomes.
ON_THEIR_WAY = (
    (0, 140, 6, 96, GroundsOutcome.POSITIVE, GroundsOutcome.POSITIVE),
    (4, 110, 5, None, GroundsOutcome.POSITIVE, None),
    (6, 84, 9, None, GroundsOutcome.NEGATIVE, None),
    (12, 60, 4, None, GroundsOutcome.POSITIVE, None),
    (18, 24, 7, None, GroundsOutcome.POSITIVE, None),
    (24, 3, None, None, None, None),
)
MAKER = "Single Competent Authority"


def enter_nrm(cycle: Cycle) -> None:
    """Enter the referrals and their decisions in the diary."""
    for number, ago, to_rg, to_cg, rg, cg in ON_THEIR_WAY:
        referred_on = working_day(cycle.as_of - timedelta(days=ago))
        if referred_on < cycle.as_of:
            cycle.diary.on(referred_on, 15, 30, partial(_refer, cycle, number, to_rg, to_cg, rg, cg))


def enter_groups(cycle: Cycle) -> None:
    """Enter the eight peer groups in the diary."""
    for number, told in enumerate(PEER_GROUPS):
        cycle.diary.on(cycle.as_of - timedelta(days=40 - number), 14, 10, partial(_form, cycle, number, told))


def _refer(
    cycle: Cycle,
    number: int,
    to_rg: int | None,
    to_cg: int | None,
    rg: GroundsOutcome | None,
    cg: GroundsOutcome | None,
) -> None:
    referral = cycle.referrals.get(number)
    case = db.session.get(Case, referral.case_id) if referral is not None and referral.case_id else None
    if case is None or case.state not in LIVE:
        return
    today = clock.today()
    record = service.record_referral(
        cycle.partnership.actor("lead"),
        case,
        referral=service.ReferralText(
            referred_on=today,
            first_responder_code="local_authority",
            first_responder_name=cycle.partnership.users["social-worker"].name,
            exploitation_types=["criminal"],
            county_lines=True,
            adult_consented=True,
        ),
    )
    for days, outcome, decide in ((to_rg, rg, _reasonable), (to_cg, cg, _conclusive)):
        if days is not None and outcome is not None:
            day = working_day(today + timedelta(days=days))
            if day < cycle.as_of:
                cycle.diary.on(day, 11, 45, partial(decide, cycle, record, outcome, day))


def _reasonable(cycle: Cycle, record: NrmReferral, outcome: GroundsOutcome, day: date) -> None:
    service.record_reasonable_grounds(
        cycle.partnership.actor("lead"), record, outcome=outcome, decided_on=day, decision_maker=MAKER,
        note=_note(outcome), read_version=record.version,
    )  # fmt: skip


def _conclusive(cycle: Cycle, record: NrmReferral, outcome: GroundsOutcome, day: date) -> None:
    service.record_conclusive_grounds(
        cycle.partnership.actor("lead"), record, outcome=outcome, decided_on=day, decision_maker=MAKER,
        note=_note(outcome), read_version=record.version,
    )  # fmt: skip


def _note(outcome: GroundsOutcome) -> str | None:
    return "The letter says that the account could not be followed. More evidence is being gathered." if (
        outcome is GroundsOutcome.NEGATIVE
    ) else None  # fmt: skip


def _form(cycle: Cycle, number: int, told: tuple[str, str, str]) -> None:
    lead = cycle.partnership.actor("lead")
    name, description, keeps_safe = told
    group = groups.form_group(lead, name=name, description=description, what_keeps_safe=keeps_safe)
    for place in range(3):
        person = cycle.people.get((number * 5 + place * 7) % 48)
        if person is not None:
            confidence = Confidence.CONFIRMED if place == 0 else Confidence.REPORTED
            groups.add_member(lead, group, person, source="Youth workers", confidence=confidence)
