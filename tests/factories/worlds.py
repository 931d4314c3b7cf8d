"""A small partnership of its own, with one of everything that has an address. Call it inside a unit of work."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.cases import conflicts
from safeguarding.cases.models import Allocation, Case, CaseListing, SubjectKind
from safeguarding.contexts import service as places
from safeguarding.contexts.models import FactorKind
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.nrm.models import NrmEvent
from safeguarding.nrm.service import ReferralText, record_referral
from safeguarding.oversight.models import EmergencyBasis, EmergencyKind, EmergencyPart
from safeguarding.oversight.service import open_emergency
from safeguarding.panels.models.items import PanelHandling, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import Attendance, Meeting
from safeguarding.panels.service.agenda import add_theme, plan_meeting, publish_agenda
from safeguarding.panels.service.attendance import declare_conflict
from safeguarding.panels.service.decisions import record_decision
from safeguarding.panels.service.meetings import close_meeting, open_meeting
from safeguarding.panels.service.minutes import generate_minutes
from safeguarding.panels.service.notes import EVERYBODY, Readers, add_note
from safeguarding.panels.service.returns import answer_return
from safeguarding.panels.service.shared import write_shared_version
from safeguarding.people.groups import form_group
from safeguarding.people.models import AliasKind, Person, PersonAlias
from safeguarding.people.possible_models import PossibleDuplicate
from safeguarding.people.service import add_alias
from safeguarding.referrals.models import ScreeningOutcome
from safeguarding.referrals.service import screen_referral, start_referral
from tests.factories.cases import make_action, make_case, make_person, make_update, restrict
from tests.factories.meetings import Day, add_young_person, decision_text, make_day, make_referral
from tests.factories.people import Somebody, make_somebody
from tests.factories.places import make_context, make_incident, make_lead

Values = dict[str, Any]


@dataclass
class World:
    """Everyone and everything of one small partnership, and what its addresses are made of.

    `values` has an address's parameters: by name, by the area of an endpoint, or by the endpoint. `siblings` has, for what
    hangs on something else, one that hangs on another of the same kind, which the same people may open.
    """

    day: Day
    people: dict[str, Somebody]
    values: Values
    siblings: Values

    def of(self, endpoint: str, **others: Any) -> Values:
        """Return the parameters of an endpoint's address in this world."""
        return {**self.values, **self.values[endpoint.partition(".")[0]], **self.values.get(endpoint, {}), **others}


def make_world() -> World:
    """Make a meeting that has begun, with a decided item and open ones, others before and after it, cases and a place."""
    day = make_day(items=3)
    people = {
        **day.people,
        "lead": make_lead(),
        "social_worker": make_somebody(Role.SOCIAL_WORKER),
        "information_governance": make_somebody(Role.INFORMATION_GOVERNANCE),
    }
    values, siblings = _of_the_field(people["practitioner"]), _of_the_field(people["practitioner"])
    for named, made in ((values, _of_a_place(people["lead"])), (siblings, _of_a_place(people["lead"]))):
        named.update(made)
    values.update(_of_the_panel(day))
    values.update(_of_oversight(people, values["case_ref"]))
    values.update(_of_a_restricted_case(people))
    values["people.possible_duplicate"] = {"ref": _possible_duplicate(values["person"]).ref}
    values["referrals.make_for_group"] = {"case_ref": _case_of_a_group(people["lead"]).ref}
    later = _planned(day)
    siblings.update(later)
    for name in ("arrange", "edit_item", "remove_item", "publish", "lock"):  # only before the day
        values[f"panels.{name}"] = {"ref": later["meeting_ref"], "item_ref": later["item_ref"]}
        siblings[f"panels.{name}"] = {"item_ref": day.items[2].ref}
    minuted = _minuted(day)
    siblings["line_id"] = _first(Attendance.id, Attendance.meeting_id == minuted.id)
    values.update(_of_referrals(day, values["person"]))
    values |= {
        "panels.open_meeting": {"ref": later["meeting_ref"]},
        **{f"panels.{name}": {"ref": minuted.ref} for name in _ABOUT_MINUTES},
    }
    return World(day, people, values, siblings)


_ABOUT_MINUTES = ("minutes", "generate_minutes", "circulate_minutes", "sign_minutes", "add_minutes_addendum")


def _of_the_field(worker: Somebody) -> Values:
    case = make_case(worker)
    person = db.session.get_one(Person, case.person_id)
    add_alias(worker.actor, person, name="Jay", kind=AliasKind.NICKNAME, read_version=person.version)
    sent = ReferralText(
        referred_on=clock.today(), first_responder_code="local_authority", exploitation_types=["criminal"]
    )
    nrm = record_referral(worker.actor, case, referral=sent)
    return {
        "person": person,
        "people": {"ref": person.ref},
        "cases": {"ref": case.ref},
        "cases.open_case": {"kind": "person", "ref": person.ref},
        "actions": {"ref": make_action(worker, case, worker).ref, "what": "done"},
        "nrm": {"ref": nrm.ref},
        "case_ref": case.ref,
        "person_ref": person.ref,
        "update_ref": make_update(worker, case).ref,
        "alias_id": _first(PersonAlias.id, PersonAlias.person_id == person.id),
        "allocation_id": _first(Allocation.id, Allocation.case_id == case.id),
        "event_id": _first(NrmEvent.id, NrmEvent.nrm_referral_id == nrm.id),
    }


def _of_a_place(lead: Somebody) -> Values:
    place = make_context(is_restricted=True)
    goal = places.set_goal(
        lead.actor, place.id, statement="Safe after school", hoped_change="Fewer fights", measure="Fights a week"
    )
    kept = {"kind": FactorKind.GUARDIAN, "text": "The park keeper", "source": "A walk", "happened_on": clock.today()}
    return {
        "contexts": {"ref": place.ref},
        "context_ref": place.ref,
        "incident_ref": make_incident(lead.actor, place).ref,
        "goal_ref": goal.ref,
        "factor_id": places.add_factor(lead.actor, place.id, **kept).id,  # type: ignore[arg-type]
    }


def _of_the_panel(day: Day) -> Values:
    chair, education, police = day.people["chair"], day.people["education"], day.people["police"]
    decided, conflicted = day.items[0], day.items[1]
    answered = db.session.scalars(
        select(ReturnRequest).where(ReturnRequest.item_id == decided.id, ReturnRequest.agency_id == police.agency_id)
    ).one()
    told = {"state": ReturnState.ANSWERED, "text": "Seen twice in a taken car.", "handling": PanelHandling.CHAIR_ONLY}
    answer_return(police.actor, answered, read_version=answered.version, **told)  # type: ignore[arg-type]
    version = write_shared_version(chair.actor, answered, text="Police hold information about a car.")
    health = day.people["health"].agency_id or 0
    for readers, text in (
        (EVERYBODY, "He wants boxing on Tuesdays."),
        (Readers(PanelHandling.CHAIR_ONLY), "A caller named the driver."),
        (Readers(PanelHandling.NAMED_AGENCIES, frozenset({health}), "Ask first"), "A ward sister named the friend."),
    ):
        add_note(
            day.people["coordinator"].actor, day.meeting, decided, speaker_name="Police", text=text, readers=readers
        )
    record_decision(chair.actor, day.meeting, decided, decision_text(day), read_version=decided.version)
    conflict = declare_conflict(education.actor, day.meeting, conflicted, reason="A neighbour")
    asked = _first(ReturnRequest.ref, ReturnRequest.item_id == decided.id, ReturnRequest.agency_id == police.agency_id)
    return {
        "panels": {"slug": day.panel.slug, "ref": day.meeting.ref, "item_ref": decided.ref},
        "panels.withdraw_conflict": {"item_ref": conflicted.ref},
        **{f"panels.{name}": {"ref": asked, "version_id": version.id} for name in _OF_A_RETURN},
        "line_id": _first(Attendance.id, Attendance.meeting_id == day.meeting.id),
        "conflict_id": conflict.id,
    }


def _of_oversight(people: dict[str, Somebody], case_ref: str) -> Values:
    """Open a case in an emergency, to somebody of whom nobody else in the world is told."""
    night = make_somebody(Role.SPOC)
    people["night"] = night
    use = open_emergency(
        night.actor,
        case_ref,
        kind=EmergencyKind.MISSING_NOW,
        parts=frozenset(EmergencyPart),
        basis=EmergencyBasis.VITAL_INTERESTS,
        reason="Two callers say that he is being held at the retail park.",
    )
    return {"access": {"ref": case_ref}, "emergency": {"ref": use.ref}}


def _possible_duplicate(person: Person) -> PossibleDuplicate:
    """Let somebody who sees nothing of a young person add one of the same name and date of birth."""
    names = {"given_name": person.given_name, "family_name": person.family_name}
    added = make_person(make_somebody(Role.PRACTITIONER), **names, born_on=person.born_on)
    return db.session.scalars(
        select(PossibleDuplicate).where(
            PossibleDuplicate.lower_id == person.id, PossibleDuplicate.higher_id == added.id
        )
    ).one()


_OF_A_RETURN = ("answer_return", "write_version", "agree_version")


def _case_of_a_group(lead: Somebody) -> Case:
    group = form_group(lead.actor, name="The bandstand group", description="Meet after school.")
    return make_case(lead, subject=(SubjectKind.PEER_GROUP, group.id))


_OF_A_LIST = ("list_page", "take_off", "ask_to_lift", "second", "withdraw_conflict")


def _of_a_restricted_case(people: dict[str, Somebody]) -> Values:
    """Restrict a case that the practitioner leads, by another lead than the one on its list."""
    case = make_case(people["practitioner"])
    restrict(case, people["lead"])
    conflict = conflicts.declare_conflict(
        people["practitioner"].actor, case, reason="A cousin of the family", user_id=people["health"].id
    )
    here = {
        "ref": case.ref,
        "conflict_id": conflict.id,
        "listing_id": _first(CaseListing.id, CaseListing.case_id == case.id),
    }
    return {f"cases.{name}": {**here, "what": "agree"} for name in _OF_A_LIST}


def _planned(day: Day) -> Values:
    """Plan a further meeting with a published agenda of one item, on which somebody has a conflict already."""
    officer = day.people["coordinator"].actor
    meeting = plan_meeting(officer, day.panel, starts_at=clock.now() + timedelta(days=21), place="Bridge Room")
    item = add_young_person(Day(day.panel, meeting, day.agencies, day.people))
    publish_agenda(officer, meeting, read_version=meeting.version)
    conflict = declare_conflict(day.people["education"].actor, meeting, item, reason="A neighbour")
    return {"meeting_ref": meeting.ref, "item_ref": item.ref, "conflict_id": conflict.id}


def _minuted(day: Day) -> Meeting:
    """Hold a meeting that decides nothing, and make its minutes."""
    chair = day.people["chair"].actor
    meeting = plan_meeting(chair, day.panel, starts_at=clock.now() + timedelta(days=35))
    add_theme(chair, meeting, title="The next dates", read_version=meeting.version)
    publish_agenda(chair, meeting, read_version=meeting.version)
    open_meeting(chair, meeting, statement_read=True)
    close_meeting(chair, meeting)
    generate_minutes(chair, meeting)
    return meeting


def _of_referrals(day: Day, person: Person) -> Values:
    author, officer = day.people["practitioner"].actor, day.people["coordinator"].actor
    draft = start_referral(author, person=person, panel_slug=day.panel.slug)
    sent, asked_back = make_referral(day), make_referral(day)
    screen_referral(
        officer,
        asked_back,
        outcome=ScreeningOutcome.MORE_INFORMATION,
        reason="Not clear yet",
        question="Which school?",
        read_version=asked_back.version,
    )
    return {
        "referrals": {"ref": draft.ref},
        "referrals.screen": {"ref": sent.ref},
        "referrals.referral": {"ref": sent.ref},
        "referrals.withdraw": {"ref": sent.ref},
        "referrals.answer": {"ref": asked_back.ref},
    }


def _first(column: Any, *conditions: Any) -> Any:
    return db.session.scalars(select(column).where(*conditions).order_by(column).limit(1)).one()
