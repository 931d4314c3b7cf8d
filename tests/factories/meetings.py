"""A panel on its day: agencies with seats, officers, a published agenda of young people. Call it inside a unit of work."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from flask import current_app

from safeguarding.access.roles import Role
from safeguarding.agencies.models import Agency, AgencyKind, QuorumGroup
from safeguarding.cases.models import Risk
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import DecisionKind, View
from safeguarding.panels.models.items import AgendaItem
from safeguarding.panels.models.meetings import AttendanceStatus, Meeting
from safeguarding.panels.models.panels import Office, Panel
from safeguarding.panels.rules import AgencyOpinion, AgreedAction, DecisionText
from safeguarding.panels.service.agenda import add_referral, plan_meeting, publish_agenda
from safeguarding.panels.service.attendance import record_attendance
from safeguarding.panels.service.meetings import open_item, open_meeting
from safeguarding.panels.service.panels import appoint_officer, seat_agency, set_up_panel
from safeguarding.people.models import Person
from safeguarding.people.service import Details, add_person
from safeguarding.referrals.desks import Desk, set_desks
from safeguarding.referrals.models import Referral, ScreeningOutcome, ToldParents, ToldYoungPerson
from safeguarding.referrals.service import Asked, Happening, OwnView, Sharing, refer, screen_referral
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody

BASIS = "ca2004_s10_s11"
_numbers = count(1)


@dataclass
class Day:
    """Everything and everyone of one meeting. `people` are by role or agency; `present` came when it opened."""

    panel: Panel
    meeting: Meeting
    agencies: dict[str, Agency]
    people: dict[str, Somebody]
    items: list[AgendaItem] = field(default_factory=list)

    @property
    def item(self) -> AgendaItem:
        """Return the first item."""
        return self.items[0]

    @property
    def path(self) -> str:
        """Return the meeting's address."""
        return f"/panels/{self.panel.slug}/meetings/{self.meeting.ref}"

    def item_path(self, item: AgendaItem | None = None) -> str:
        """Return the address of an item in the live meeting."""
        return f"{self.path}/live/items/{(item or self.item).ref}"

    def decision_path(self, item: AgendaItem | None = None) -> str:
        """Return the address of an item's decision."""
        return f"{self.path}/items/{(item or self.item).ref}/decision"


_AGENCIES = {
    "social_care": (AgencyKind.CHILDRENS_SOCIAL_CARE, QuorumGroup.LOCAL_AUTHORITY),
    "police": (AgencyKind.POLICE, QuorumGroup.POLICE),
    "health": (AgencyKind.HEALTH, QuorumGroup.HEALTH),
    "education": (AgencyKind.EDUCATION, QuorumGroup.EDUCATION),
}
_PEOPLE = {
    "chair": (Role.CHAIR, "social_care"),
    "vice_chair": (Role.VICE_CHAIR, "police"),
    "coordinator": (Role.COORDINATOR, "social_care"),
    "practitioner": (Role.PRACTITIONER, "social_care"),
    "police": (Role.SPOC, "police"),
    "health": (Role.SPOC, "health"),
    "education": (Role.SPOC, "education"),
}
_OFFICES = {"chair": Office.CHAIR, "vice_chair": Office.VICE_CHAIR, "coordinator": Office.COORDINATOR}


def make_day(items: int = 1, *, opened: bool = True, heard: bool = True, quorate: bool = True) -> Day:
    """Make a meeting about so many young people.

    Opened by the chair with police and health in the room (`quorate`; otherwise the chair alone), the first item being
    heard (`heard`).
    """
    panel, agencies, people = make_members()
    meeting = plan_meeting(SYSTEM, panel, starts_at=clock.now() + timedelta(days=7), place="Bridge Room")
    day = Day(panel, meeting, agencies, people)
    for _each in range(items):
        day.items.append(add_young_person(day))
    publish_agenda(people["coordinator"].actor, meeting, read_version=meeting.version)
    if opened:
        open_meeting(people["chair"].actor, meeting, statement_read=True)
        for key in ("police", "health") if quorate else ():
            attend(day, key)
    if opened and heard:
        open_item(people["chair"].actor, meeting, day.item)
    db.session.flush()
    return day


def make_members() -> tuple[Panel, dict[str, Agency], dict[str, Somebody]]:
    """Set a panel up with the agencies that have a seat and the people who sit there."""
    panel = make_panel()
    agencies = {key: _seated(panel, key) for key in _AGENCIES}
    people = {key: make_somebody(role, agency=agencies[home]) for key, (role, home) in _PEOPLE.items()}
    for key, office in _OFFICES.items():
        appoint_officer(SYSTEM, panel, people[key].id, office)
    return panel, agencies, people


def make_panel(slug: str | None = None) -> Panel:
    """Set a panel up, and let referrals be made to it."""
    number = next(_numbers)
    panel = set_up_panel(SYSTEM, slug=slug or f"panel-{number}", name=f"Panel {number}")
    set_desks(current_app, lambda: [Desk(panel.slug, panel.name, panel.id)])
    return panel


def _seated(panel: Panel, key: str) -> Agency:
    kind, group = _AGENCIES[key]
    agency = make_agency(f"{key.replace('_', ' ').title()} {next(_numbers)}", kind=kind, group=group)
    seat_agency(SYSTEM, panel, agency.id)
    return agency


def add_young_person(day: Day) -> AgendaItem:
    """Refer a young person to the panel, accept it, and put it on the agenda."""
    referral = make_referral(day)
    coordinator = day.people["coordinator"].actor
    screen_referral(
        coordinator,
        referral,
        outcome=ScreeningOutcome.ACCEPT,
        reason="Meets the panel's criteria",
        read_version=referral.version,
    )
    return add_referral(coordinator, day.meeting, referral.id, read_version=day.meeting.version)


def make_referral(day: Day, person: Person | None = None) -> Referral:
    """Refer a young person (a new one, unless given), by the practitioner."""
    author = day.people["practitioner"].actor
    number = next(_numbers)
    person = person or add_person(
        author,
        given_name="Kayden",
        family_name=f"Reeve{'abcdefghij'[number % 10]}{'abcdefghij'[number // 10 % 10]}",
        details=Details(born_on=date(clock.today().year - 15, 1, 3) + timedelta(days=number % 300)),
        considered=(),
    )
    return refer(
        author,
        person=person,
        happening=Happening(
            reasons="Found 42 miles away with two phones after a night missing.",
            risk=Risk.MODERATE,
            strengths="His nan, and a boxing coach.",
            harms=("cce", "county_lines"),
        ),
        own_view=OwnView(own_view="I can't just stop. They know where my nan lives."),
        sharing=Sharing(
            front_door_override="Known to the hub already",
            lawful_basis_code=BASIS,
            sharing_reason="To keep a child safe",
            told_young_person=ToldYoungPerson.YES,
            told_parents=ToldParents.NOT_APPLICABLE,
        ),
        asked=Asked(panel_slug=day.panel.slug, panel_question="Should the panel adopt this case?"),
    )


def attend(day: Day, key: str) -> None:
    """Record somebody as present for their agency, by the coordinator."""
    record_attendance(
        day.people["coordinator"].actor,
        day.meeting,
        agency_id=day.people[key].agency_id,
        status=AttendanceStatus.PRESENT,
        user_id=day.people[key].id,
    )


def add_deputy(day: Day, agency: str) -> str:
    """Make another contact of an agency, and return under which name the day knows them."""
    key = f"{agency}_deputy"
    day.people[key] = make_somebody(Role.SPOC, agency=day.agencies[agency])
    return key


def decision_text(day: Day, **options: object) -> DecisionText:
    """Return an adoption to which everyone in the room agrees, with one action of the police."""
    given: dict[str, object] = {
        "kind": DecisionKind.ADOPT,
        "rationale": "Work with one agency alone has not reduced the risk.",
        "lawful_basis_code": BASIS,
        "risk_before": Risk.MODERATE,
        "risk_after": Risk.SIGNIFICANT,
        "next_review_on": clock.today() + timedelta(days=28),
        "told_how": "The practitioner, at boxing, this week",
        "views": tuple(
            AgencyOpinion(agency_id=day.agencies[key].id, view=View.AGREES)
            for key in ("social_care", "police", "health")
        ),
        "actions": (
            AgreedAction(
                title="Safety plan for the flat",
                owner_agency_id=day.agencies["police"].id,
                owner_user_id=day.people["police"].id,
                due_on=clock.today() + timedelta(days=4),
            ),
        ),
    }
    return DecisionText(**(given | options))  # type: ignore[arg-type]
