"""A panel with its seats and officers, somebody in every part of it, and what its agenda is made of."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from safeguarding.access.roles import Role
from safeguarding.agencies.models import AgencyKind, QuorumGroup
from safeguarding.cases.models import Risk
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.models.panels import Office, Panel
from safeguarding.panels.service import agenda
from safeguarding.panels.service.panels import appoint_officer, seat_agency, set_up_panel
from safeguarding.people.models import Person
from safeguarding.people.service import Details, add_person
from safeguarding.referrals import service as referrals
from safeguarding.referrals.models import Referral, ScreeningOutcome, ToldParents, ToldYoungPerson
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody

_numbers = count(1)


@dataclass(frozen=True)
class Round:
    """The people round one panel's table, and some who are not at it."""

    panel_id: int
    slug: str
    chair: Somebody
    vice_chair: Somebody
    coordinator: Somebody
    practitioner: Somebody  # of social care, which has a seat
    social_care: Somebody  # the contact of social care
    police: Somebody
    health: Somebody
    lead: Somebody  # of the hub, which has no seat
    outsider: Somebody  # a practitioner of an agency without a seat
    analyst: Somebody

    @property
    def panel(self) -> Panel:
        """Return the panel's entity in the present session."""
        return db.session.get_one(Panel, self.panel_id)


def make_round(slug: str | None = None) -> Round:
    """Make a panel on which social care, police and health sit. Call it inside a unit of work."""
    number = next(_numbers)
    care = make_agency(f"Social care {number}", kind=AgencyKind.EARLY_HELP, group=QuorumGroup.LOCAL_AUTHORITY)
    police = make_agency(f"Police {number}", kind=AgencyKind.POLICE, group=QuorumGroup.POLICE)
    health = make_agency(f"Health {number}", kind=AgencyKind.HEALTH, group=QuorumGroup.HEALTH)
    council = make_agency(f"Council {number}")
    panel = set_up_panel(SYSTEM, slug=slug or f"mave-{number}", name=f"MAVE panel {number}", usual_place="Bridge Room")
    for agency in (care, police, health):
        seat_agency(SYSTEM, panel, agency.id, is_required=True)
    chair, vice = make_somebody(Role.CHAIR, agency=council), make_somebody(Role.VICE_CHAIR, agency=council)
    coordinator = make_somebody(Role.COORDINATOR, agency=council)
    for who, office in ((chair, Office.CHAIR), (vice, Office.VICE_CHAIR), (coordinator, Office.COORDINATOR)):
        appoint_officer(SYSTEM, panel, who.id, office)
    return Round(
        panel_id=panel.id,
        slug=panel.slug,
        chair=chair,
        vice_chair=vice,
        coordinator=coordinator,
        practitioner=make_somebody(Role.PRACTITIONER, agency=care),
        social_care=make_somebody(Role.SPOC, agency=care),
        police=make_somebody(Role.SPOC, agency=police),
        health=make_somebody(Role.SPOC, agency=health),
        lead=make_somebody(Role.LEAD),
        outsider=make_somebody(Role.PRACTITIONER),
        analyst=make_somebody(Role.ANALYST),
    )


def make_young_person(worker: Somebody, *, given: str = "Kayden", family: str | None = None) -> Person:
    """Make a young person whom the worker has just added. Call it inside a unit of work."""
    return add_person(
        worker.actor,
        given_name=given,
        family_name=family or f"Reeve{'abcdefghijklmnopqrstuvwxyz'[next(_numbers) % 26]}",
        details=Details(born_on=date(clock.today().year - 15, 3, 2), address="7 Ferry Lane, Marlbridge"),
    )


def whole_answers(
    slug: str, *, urgent: bool = False, question: str = "Help with the adults near Mill Road."
) -> dict[str, referrals.Answers]:
    """Return complete answers to the four pages of a referral."""
    return {
        "happening": referrals.Happening(
            reasons="Missing each afternoon; a man in a grey car waits on Mill Road.",
            risk=Risk.MODERATE,
            strengths="His aunt. Boxing on Tuesdays.",
            harms=["cce", "missing"],
        ),
        "own_view": referrals.OwnView(own_view="I can't just stop. They know where my nan lives."),
        "sharing": referrals.Sharing(
            front_door_ref="MASH-26-4471",
            front_door_on=clock.today() - timedelta(days=1),
            lawful_basis_code="ca2004_s10_s11",
            sharing_reason="No one agency sees the whole of it.",
            told_young_person=ToldYoungPerson.YES,
            told_parents=ToldParents.YES,
        ),
        "asked": referrals.Asked(panel_slug=slug, panel_question=question, urgent=urgent),
    }


def make_referral(
    around: Round, *, by: Somebody | None = None, person: Person | None = None, urgent: bool = False
) -> Referral:
    """Make a referral that was sent to the panel. Call it inside a unit of work."""
    referrer = by or around.practitioner
    about = person or make_young_person(referrer)
    return referrals.refer(referrer.actor, person=about, **whole_answers(around.slug, urgent=urgent))  # type: ignore[arg-type]


def make_accepted(around: Round, *, by: Somebody | None = None, person: Person | None = None) -> Referral:
    """Make a referral that the coordinator accepted. Call it inside a unit of work."""
    referral = make_referral(around, by=by, person=person)
    return referrals.screen_referral(
        around.coordinator.actor,
        referral,
        outcome=ScreeningOutcome.ACCEPT,
        reason="Meets the threshold.",
        read_version=referral.version,
    )


def make_meeting(around: Round, *, days: int = 14) -> Meeting:
    """Plan a meeting some days ahead. Call it inside a unit of work."""
    return agenda.plan_meeting(around.coordinator.actor, around.panel, starts_at=clock.now() + timedelta(days=days))


def make_published(around: Round, *referral: Referral, days: int = 14) -> Meeting:
    """Plan a meeting, put referrals on its agenda (one that is made, when none is given) and publish it."""
    coordinator = around.coordinator.actor
    meeting = make_meeting(around, days=days)
    for each in referral or (make_accepted(around),):
        agenda.add_referral(coordinator, meeting, each.id, read_version=meeting.version)
    return agenda.publish_agenda(coordinator, meeting, read_version=meeting.version)
