"""What waits for somebody in the demonstration: a restricted case, sealed values, requests, an emergency, a question.

None of it touches the panel's own young people, so that everybody's other work is as it was.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.accounts import member_queries, members
from safeguarding.accounts.approvals import ask_role
from safeguarding.accounts.queries import actor_for_user
from safeguarding.audit import service as audit
from safeguarding.cases import restricted
from safeguarding.cases import service as cases
from safeguarding.cases.models import Case, Risk, SocialCareStatus, SubjectKind
from safeguarding.cli.demo.cycle import Cycle
from safeguarding.cli.demo.partnership import SYSTEM
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.oversight.models import EmergencyBasis, EmergencyKind, EmergencyPart
from safeguarding.oversight.service import open_emergency
from safeguarding.people import service as people
from safeguarding.people.models import Person
from safeguarding.people.sealed import service as sealed
from safeguarding.people.sealed.fields import Sealing
from safeguarding.people.sealed.models import SealedOn
from safeguarding.people.service import Details
from safeguarding.relations.queries import relations_to

RESTRICTED, GRANTED, WAITING, KNOWN_TWICE, OPENED_AT_NIGHT = 52, 53, 54, 55, 56  # whom the panel has not heard of
_SAFE_ADDRESS = "Flat 9, 4 Harbour Steps, Castlebury"
_WHY = "A home visit is planned for Thursday and nobody else can make it."


class Trust:
    """Enters all of it in the diary, from four days before the demonstration's day."""

    def __init__(self, cycle: Cycle) -> None:
        self.cycle, self.partnership = cycle, cycle.partnership

    def enter(self) -> None:
        """Enter everything."""
        for days, hour, minute, act in self._entries():
            self.cycle.diary.on(self.cycle.as_of - timedelta(days=days), hour, minute, act)

    def _entries(self) -> list[tuple[int, int, int, Callable[[], object]]]:
        return [
            (4, 9, 0, partial(self._open, RESTRICTED, "social-worker")),
            (4, 9, 20, self._restrict),
            (4, 10, 0, partial(self._open, GRANTED, "practitioner")),
            (4, 10, 10, partial(self._seal, GRANTED, "practitioner", granted=True)),
            (4, 10, 30, partial(self._open, WAITING, "social-worker")),
            (1, 10, 40, partial(self._seal, WAITING, "social-worker", granted=False)),
            (3, 11, 0, partial(self._open, OPENED_AT_NIGHT, "ines")),
            (2, 14, 0, self._add_again),
            (1, 8, 30, self._confirm_people),
            (1, 11, 30, self._ask_for_a_role),
            *((1, 16, 3 * number, partial(self._refuse, number)) for number in range(6)),
            (1, 21, 40, self._open_at_night),
        ]

    def _person(self, number: int) -> Person:
        return db.session.get_one(Person, self.cycle.people[number].id)

    def _open(self, number: int, worker: str) -> None:
        youngster, partnership = self.cycle.youngsters[number], self.partnership
        place = self.cycle.places.by_key[youngster.place].name
        cases.open_case(
            partnership.actor("lead"),
            subject=(SubjectKind.YOUNG_PERSON, self.cycle.people[number].id),
            going_on=youngster.told(youngster.story.going_on, place),
            keeps_safe=youngster.told(youngster.story.strengths, place),
            risk=Risk.SIGNIFICANT if number == RESTRICTED else Risk.MODERATE,
            risk_reason="First assessment by the hub.",
            lead_agency_id=partnership.agencies[partnership.agency_of[worker]].id,
            lead_user_id=partnership.users[worker].id,
            social_care_status=SocialCareStatus.CIN,
            next_review_on=clock.today() + timedelta(days=84),
        )

    def _restrict(self) -> None:
        lead = self.partnership.actor("lead")
        of_it = select(Case.id).where(Case.person_id == self.cycle.people[RESTRICTED].id)
        case = cases.lock_case(db.session.scalars(of_it).one())
        restricted.restrict_case(
            lead,
            case,
            reason="A relative of the young person works for a partner of the panel.",
            review_on=clock.today() + timedelta(days=28),
            read_version=case.version,
        )
        restricted.add_to_list(
            lead,
            case,
            user_id=self.partnership.users["practitioner"].id,
            until_on=clock.today() + timedelta(days=21),
            reason="Works with the young person’s brother",
        )

    def _seal(self, number: int, worker: str, *, granted: bool) -> None:
        actor, person = self.partnership.actor(worker), self._person(number)
        for field, value in (("safe_address", _SAFE_ADDRESS), ("phone", f"07700 9001{number}")):
            people_version = people.lock_person(person.id).version
            sealed.seal_person_value(actor, person, field=field, value=value, read_version=people_version)
        asked = sealed.ask(
            actor,
            Sealing(SealedOn.PERSON, person.id, person.ref, person.ref),
            fields=["safe_address"],
            reason=_WHY,
            held=relations_to(actor, "person", person.id),
        )
        if granted:
            sealed.grant(
                self.partnership.actor("information-governance"),
                asked,
                until_on=clock.today() + timedelta(days=30),
                reason="The visit is agreed, and the worker knows the way of contact.",
            )

    def _add_again(self) -> None:
        known = self.cycle.youngsters[KNOWN_TWICE]
        people.add_person(
            self.partnership.actor("education"),
            given_name=known.given,
            family_name=known.family,
            details=Details(born_on=known.born_on, sex=known.sex),
        )

    def _confirm_people(self) -> None:
        """Let everybody who confirms memberships have done so this quarter, but for one of the administrator's."""
        for user_id in member_queries.list_lookers():
            looking = replace(actor_for_user(user_id), key=SYSTEM.key)
            mine = [row for row in member_queries.list_members(looking) if row.confirmed_at is None]
            for row in mine[1:] if user_id == self.partnership.users["admin"].id else mine:
                members.keep_member(looking, row.id)

    def _ask_for_a_role(self) -> None:
        ask_role(
            self.partnership.actor("admin"),
            self.partnership.users["maria"].ref,
            agency_ref=self.partnership.agencies["social-care"].ref,
            role=Role.VICE_CHAIR,
            reason="Stands in while the vice-chair is on parental leave.",
        )

    def _refuse(self, number: int) -> None:
        """Let somebody try references that lead nowhere for them, which the audit asks about."""
        refs = [self.cycle.people[each].ref for each in (RESTRICTED, GRANTED, WAITING)]
        audit.record_refusal(
            "access:request:refused",
            f"user:{self.partnership.users['owen'].ref}",
            refs[number % len(refs)],
            status=404,
            reason="not found",
            endpoint="people.person",
        )

    def _open_at_night(self) -> None:
        night = self.partnership.actor("shreya")
        open_emergency(
            night,
            self.cycle.people[OPENED_AT_NIGHT].ref,
            kind=EmergencyKind.MISSING_NOW,
            basis=EmergencyBasis.VITAL_INTERESTS,
            parts=(EmergencyPart.RISK, EmergencyPart.CONTACTS),
            reason="Missing since 17:00. The police ask for the family’s address and who works with the young person.",
        )
