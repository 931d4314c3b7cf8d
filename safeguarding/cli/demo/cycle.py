"""The demonstration's panel: twelve meetings held and one ahead, each with its referrals, returns, decisions and minutes."""

import random
from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial

from sqlalchemy import select

from safeguarding.cases import service as cases
from safeguarding.cases.models import (
    Allocation,
    Case,
    Risk,
    SeenAlone,
    SharedWith,
    SocialCareStatus,
    SubjectKind,
    UpdateKind,
)
from safeguarding.cases.workflow import LIVE
from safeguarding.cli.demo.diary import Diary, working_day
from safeguarding.cli.demo.meeting_day import hold_meeting, sign_minutes
from safeguarding.cli.demo.partnership import SLUG, Partnership
from safeguarding.cli.demo.places import Places
from safeguarding.cli.demo.youngsters import Youngster, aliases_of, details_of
from safeguarding.contexts.models import ContextRole
from safeguarding.contexts.service import link_person_context
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ItemState, PanelHandling, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service import agenda, returns
from safeguarding.people import service as people
from safeguarding.people.models import Person
from safeguarding.referrals import service as referrals
from safeguarding.referrals.models import Referral, ScreeningOutcome, ToldParents, ToldYoungPerson

HELD = 12
NEW_A_MEETING = 3
REVIEWS_A_MEETING = 2
FIRST_REVIEWED = HELD * NEW_A_MEETING  # the young people whose cases were open before the panel began
_RISKS = (Risk.EMERGING, Risk.MODERATE, Risk.MODERATE, Risk.SIGNIFICANT)


class Cycle:
    """Enters the panel's two quarters in the diary, meeting by meeting."""

    def __init__(
        self,
        diary: Diary,
        partnership: Partnership,
        places: Places,
        youngsters: list[Youngster],
        as_of: date,
        seed: int,
    ) -> None:
        self.diary, self.partnership, self.places = diary, partnership, places
        self.youngsters, self.as_of = youngsters, as_of
        self.dice = random.Random(seed)  # noqa: S311 - a repeatable demonstration, no secret
        self.people: dict[int, Person] = {}
        self.referrals: dict[int, Referral] = {}
        self.next_day = next_meeting_day(as_of)

    def enter(self) -> None:
        """Enter everything."""
        for number in range(FIRST_REVIEWED, FIRST_REVIEWED + 8):
            self._known_before(self.youngsters[number])
        for back in range(HELD, 0, -1):
            self._meeting(self.next_day - timedelta(days=14 * back), (HELD - back) * NEW_A_MEETING)
        self._meeting_ahead()
        for number in range(52, len(self.youngsters)):
            self.diary.on(self.as_of - timedelta(days=400), 10, number, partial(self._add, self.youngsters[number]))

    # Young people

    def _add(self, youngster: Youngster) -> Person:
        actor = self.partnership.actor(youngster.worker)
        person = people.add_person(
            actor,
            given_name=youngster.given,
            family_name=youngster.family,
            details=details_of(youngster, self.dice),
            aliases=aliases_of(youngster),
        )
        self.people[youngster.number] = person
        return person

    def _known_before(self, youngster: Youngster) -> None:
        def open_it() -> None:
            person = self._add(youngster)
            place = self.places.by_key[youngster.place]
            case = cases.open_case(
                self.partnership.actor("lead"),
                subject=(SubjectKind.YOUNG_PERSON, person.id),
                going_on=youngster.told(youngster.story.going_on, place.name),
                keeps_safe=youngster.told(youngster.story.strengths, place.name),
                risk=Risk.MODERATE,
                risk_reason="First assessment by the hub.",
                lead_agency_id=self.partnership.agencies[self.partnership.agency_of[youngster.worker]].id,
                lead_user_id=self.partnership.users[youngster.worker].id,
                social_care_status=SocialCareStatus.CIN,
                next_review_on=clock.today() + timedelta(days=84),
            )
            self._updates(youngster, case.id)

        self.diary.on(working_day(self.as_of - timedelta(days=230 + youngster.number)), 11, 15, open_it)

    def _refer(self, youngster: Youngster) -> Referral:
        person = self._add(youngster)
        actor = self.partnership.actor(youngster.worker)
        place = self.places.by_key[youngster.place]
        story = youngster.story
        today = clock.today()
        referral = referrals.refer(
            actor,
            person=person,
            happening=referrals.Happening(
                reasons=youngster.told(story.reasons, place.name),
                risk=self.dice.choice(_RISKS),
                strengths=youngster.told(story.strengths, place.name),
                harms=story.harms,
                context_ids=[place.id],
            ),
            own_view=referrals.OwnView(own_view=youngster.told(story.own_words, place.name)),
            sharing=referrals.Sharing(
                front_door_ref=f"IRH-{20000 + youngster.number * 7}",
                front_door_on=today - timedelta(days=1),
                lawful_basis_code="ca2004_s10_s11",
                sharing_reason="To protect from further harm; each agency holds a part of the picture.",
                told_young_person=ToldYoungPerson.YES,
                told_young_person_note="Talked about at the last visit.",
                told_parents=ToldParents.YES if youngster.number % 4 else ToldParents.NO,
                told_parents_note=None if youngster.number % 4 else "Telling them now would raise the risk at home.",
            ),
            asked=referrals.Asked(
                panel_slug=SLUG,
                panel_question=youngster.told(story.question, place.name),
                urgent=youngster.number == 44,
            ),
        )
        self.referrals[youngster.number] = referral
        link_person_context(actor, person.id, place.id, role=ContextRole.HARMED_HERE, source="Referral")
        return referral

    def _screen(self, number: int, outcome: ScreeningOutcome, reason: str, question: str | None = None) -> None:
        referral = self.referrals[number]
        actor = self.partnership.actor("coordinator")
        referrals.screen_referral(
            actor, referral, outcome=outcome, reason=reason, question=question, read_version=referral.version
        )
        if referral.case_id is not None:
            self._first_words(self.youngsters[number], referral.case_id)

    def _first_words(self, youngster: Youngster, case_id: int) -> None:
        """Let the worker say in the case what is going on, as people do once it is theirs."""
        case = cases.lock_case(case_id)
        place = self.places.by_key[youngster.place].name
        cases.revise_case(
            self.partnership.actor("lead"),
            case,
            going_on=youngster.told(youngster.story.going_on, place),
            keeps_safe=youngster.told(youngster.story.strengths, place),
            social_care_status=(SocialCareStatus.CIN, SocialCareStatus.CP, SocialCareStatus.EARLY_HELP)[
                youngster.number % 3
            ],
            next_review_on=clock.today() + timedelta(days=84),
            read_version=case.version,
        )
        self._updates(youngster, case_id)

    def _updates(self, youngster: Youngster, case_id: int) -> None:
        day = clock.today() + timedelta(days=5)
        number = 0
        while day < self.as_of:
            texts = youngster.story.updates[number % len(youngster.story.updates)]
            self.diary.on(working_day(day), 9 + number % 8, 20, self._log(youngster, case_id, texts))
            day += timedelta(days=self.dice.choice((9, 12, 14, 17, 21)))
            number += 1

    def _log(self, youngster: Youngster, case_id: int, texts: tuple[str, str, str]) -> Callable[[], None]:
        def log() -> None:
            case = cases.lock_case(case_id)
            if case.state not in LIVE:
                return
            kind, happened, words = texts
            place = self.places.by_key[youngster.place].name
            cases.log_update(
                self.partnership.actor(youngster.worker if self._works(youngster, case_id) else "lead"),
                case,
                update=cases.UpdateText(
                    kind=UpdateKind(kind),
                    happened_at=clock.now() - timedelta(hours=3),
                    what_happened=youngster.told(happened, place),
                    own_words=words,
                    seen_alone=SeenAlone.YES if kind == "visit" else SeenAlone.NOT_SEEN,
                    risk=case.risk,
                    next_step="Meet again at the place agreed",
                    next_step_on=clock.today() + timedelta(days=7),
                    shared_with=SharedWith.PANEL if youngster.number % 2 else SharedWith.TEAM,
                ),
            )

        return log

    def _works(self, youngster: Youngster, case_id: int) -> bool:
        case = db.session.get(Case, case_id)
        return case is not None and self.partnership.users[youngster.worker].id in cases_workers(case_id)

    # Meetings

    def _meeting(self, day: date, first: int) -> None:
        three = [self.youngsters[first + place] for place in range(NEW_A_MEETING)]
        for number, youngster in enumerate(three):
            self.diary.on(day - timedelta(days=13), 10 + number, 5, partial(self._refer, youngster))
            self.diary.on(
                day - timedelta(days=10),
                11 + number,
                40,
                partial(self._screen, youngster.number, ScreeningOutcome.ACCEPT, "Meets the panel's threshold."),
            )
        self.diary.on(day - timedelta(days=9), 9, 0, lambda: self._plan(day, three, published=True))

    def _plan(self, day: date, new: list[Youngster], *, published: bool) -> Meeting:
        coordinator = self.partnership.actor("coordinator")
        meeting = agenda.plan_meeting(coordinator, self.partnership.panel, starts_at=clock.at_london(day, time(14, 0)))
        for youngster in new:
            referral = self.referrals[youngster.number]
            agenda.add_referral(coordinator, meeting, referral.id, read_version=meeting.version)
        for case_id in self._due_for_review(new):
            agenda.add_review(coordinator, meeting, case_id, read_version=meeting.version, minutes=10)
        if published:
            self.diary.on(day - timedelta(days=7), 15, 0, lambda: self._publish(meeting))
            self.diary.on(day - timedelta(days=1), 17, 5, lambda: self._lock(meeting))
            self.diary.on(day, 14, 0, lambda: self._hold(meeting))
            signed = working_day(day + timedelta(days=7))
            self.diary.on(signed, 10, 0, lambda: sign_minutes(self.partnership, meeting))
        return meeting

    def _hold(self, meeting: Meeting) -> None:
        names = {key: context.name for key, context in self.places.by_key.items()}
        by_person = {person.id: self.youngsters[number] for number, person in self.people.items()}
        hold_meeting(self.diary, self.partnership, meeting, by_person, names, self.dice)

    def _due_for_review(self, new: list[Youngster]) -> list[int]:
        """Return the live cases that waited longest, without those that come as referrals."""
        fresh = {self.referrals[youngster.number].case_id for youngster in new}
        known = [referral.case_id for referral in self.referrals.values() if referral.case_id is not None]
        elsewhere = select(AgendaItem.case_id).where(
            AgendaItem.state == ItemState.WAITING, AgendaItem.case_id.is_not(None)
        )
        rows = db.session.scalars(
            select(Case.id)
            .where(Case.state == "open", Case.id.not_in(elsewhere), Case.id.in_(known))
            .order_by(Case.next_review_on, Case.id)
            .limit(REVIEWS_A_MEETING + len(fresh))
        )
        return [case_id for case_id in rows if case_id not in fresh][:REVIEWS_A_MEETING]

    def _publish(self, meeting: Meeting) -> None:
        agenda.publish_agenda(self.partnership.actor("coordinator"), meeting, read_version=meeting.version)
        requests = db.session.execute(
            select(ReturnRequest.id, ReturnRequest.agency_id, AgendaItem.person_id)
            .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
            .where(AgendaItem.meeting_id == meeting.id)
            .order_by(ReturnRequest.id)
        ).all()
        for number, (request_id, agency_id, person_id) in enumerate(requests):
            at = clock.now() + timedelta(days=1 + number % 4, hours=number % 3, minutes=number % 50)
            self.diary.at(at, partial(self._answer, request_id, agency_id, person_id))

    def _lock(self, meeting: Meeting) -> None:
        agenda.lock_agenda(self.partnership.actor("coordinator"), meeting, read_version=meeting.version)

    def _answer(self, request_id: int, agency_id: int, person_id: int | None) -> None:
        request = db.session.get(ReturnRequest, request_id)
        if request is None:
            return
        key = next(key for key, agency in self.partnership.agencies.items() if agency.id == agency_id)
        youngster = next((self.youngsters[n] for n, person in self.people.items() if person.id == person_id), None)
        text = self._known_by(key, youngster)
        if text is None and self.dice.random() < 0.12:
            return  # some never answer
        who = self._who_answers(key)
        returns.answer_return(
            self.partnership.actor(who),
            request,
            state=ReturnState.ANSWERED if text else ReturnState.NOTHING_KNOWN,
            text=text,
            handling=PanelHandling.CHAIR_ONLY
            if key == "police" and self.dice.random() < 0.1
            else PanelHandling.ALL_MEMBERS,
            read_version=request.version,
        )

    def _known_by(self, agency: str, youngster: Youngster | None) -> str | None:
        if youngster is None:
            return None
        place = self.places.by_key[youngster.place].name
        told = {
            "police": youngster.story.police,
            "health": youngster.story.health,
            "education": youngster.story.education,
        }
        text = told.get(agency)
        if text in (None, "Nothing known."):
            return None
        return youngster.told(str(text), place)

    def _who_answers(self, agency: str) -> str:
        answering = {
            "police": "police",
            "health": "health",
            "education": "education",
            "hub": "lead",
            "social-care": "maria",
        }
        return answering.get(agency) or self.partnership.of_agency(agency)

    # What lies ahead

    def _meeting_ahead(self) -> None:
        ahead = [self.youngsters[number] for number in (44, 45, 46)]
        begun = min(self.next_day - timedelta(days=11), self.as_of - timedelta(days=4))
        for number, youngster in enumerate(ahead):
            self.diary.on(begun, 10 + number, 5, partial(self._refer, youngster))
            accepted = ScreeningOutcome.ACCEPT_URGENT if youngster.number == 44 else ScreeningOutcome.ACCEPT
            self.diary.on(
                begun + timedelta(days=1),
                11 + number,
                10,
                partial(self._screen, youngster.number, accepted, "Meets the panel's threshold."),
            )
        self.diary.on(begun + timedelta(days=2), 9, 0, lambda: self._plan_draft(ahead))
        waiting = {
            47: None,
            48: None,
            49: (
                ScreeningOutcome.MORE_INFORMATION,
                "The dates are not clear.",
                "When was the last time missing, and who rang?",
            ),
            50: (ScreeningOutcome.REDIRECT_EARLY_HELP, "Support in the family comes first.", None),
            51: (ScreeningOutcome.SINGLE_AGENCY, "The school's own plan is enough for now.", None),
        }
        for number, outcome in waiting.items():
            youngster = self.youngsters[number]
            self.diary.on(self.as_of - timedelta(days=2), 9 + number - 46, 30, partial(self._refer, youngster))
            if outcome is not None:
                self.diary.on(
                    self.as_of - timedelta(days=1), 10 + number - 46, 0, partial(self._screen, number, *outcome)
                )

    def _plan_draft(self, ahead: list[Youngster]) -> None:
        self._plan(self.next_day, ahead[:2], published=False)


def next_meeting_day(as_of: date) -> date:
    """Return the Thursday of the next meeting: at least three and at most nine days ahead."""
    day = as_of + timedelta(days=3)
    return day + timedelta(days=(3 - day.weekday()) % 7)


def cases_workers(case_id: int) -> set[int]:
    """Return the ids of those who work a case now."""
    rows = db.session.scalars(
        select(Allocation.user_id).where(Allocation.case_id == case_id, Allocation.valid_to.is_(None))
    )
    return set(rows)
