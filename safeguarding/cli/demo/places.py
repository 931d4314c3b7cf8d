"""The demonstration's contexts, with two years of incidents, what was assessed, reviews and safety goals."""

import json
import random
from datetime import date, time, timedelta

from safeguarding.access.actor import Actor
from safeguarding.cli.demo.diary import Diary
from safeguarding.cli.demo.geography import PLACES, WARDS, Place, outline_of, ward_polygon
from safeguarding.cli.demo.partnership import Partnership
from safeguarding.cli.demo.stories import CONCERNS, FINDINGS, GOALS, GUARDIANS, INCIDENTS
from safeguarding.contexts import service
from safeguarding.contexts.models import Context, ContextKind, ContextStep, FactorKind, Ward
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade
from safeguarding.core import clock
from safeguarding.extensions import db

TELLERS = ("police", "health", "education", "open-door", "community-safety", "hub")
# Places where most happens, and how many incidents they have in two years; the rest have a handful.
BUSY = {
    "tanners-fields": 44, "eastgate-station": 56, "eastgate-parade": 26, "ferry-lane": 24, "wharf-arcade": 22,
    "market-square": 20, "alder-park": 18, "marsh-road": 14, "northfield-estate": 14, "clock-bus": 12,
}  # fmt: skip
ASSESSED = (
    "tanners-fields",
    "eastgate-station",
    "ferry-lane",
    "wharf-arcade",
    "alder-park",
    "marsh-road",
    "market-square",
)


class Places:
    """The contexts by their key, as the other parts of the seed ask for them."""

    def __init__(self) -> None:
        self.by_key: dict[str, Context] = {}

    def open_keys(self) -> list[str]:
        """Return the keys of places that are not restricted."""
        return [key for key, context in self.by_key.items() if not context.is_restricted]


def make_places(diary: Diary, partnership: Partnership, as_of: date, dice: random.Random) -> Places:
    """Write wards and contexts at the present instant, and enter what happens at them in the diary."""
    made = Places()
    lead = partnership.actor("lead")
    for ward in WARDS:
        db.session.add(Ward(name=ward.name, code=ward.code, polygon=json.dumps(ward_polygon(ward))))
    for place in PLACES:
        made.by_key[place.key] = _context(lead, partnership, place)
    for place in PLACES:
        _incidents(diary, partnership, made, place, as_of, dice)
    for number, key in enumerate(ASSESSED):
        _assessment(diary, partnership, made.by_key[key], number, as_of, dice)
    return made


def _context(lead: Actor, partnership: Partnership, place: Place) -> Context:
    outline = outline_of(place)
    return service.add_context(
        lead,
        name=place.name,
        kind=ContextKind(place.kind),
        ward=None if place.kind == "online" else place.ward,
        latitude=place.latitude or None,
        longitude=place.longitude or None,
        polygon=json.dumps(outline) if outline else None,
        description=place.description,
        what_is_strong=place.strong,
        step=ContextStep.PLAN_ACTIVE if place.key in ASSESSED else ContextStep.CONCERN,
        lead_user_id=partnership.users["lead"].id,
        owner_agency_id=partnership.agencies["community-safety"].id,
        aliases=place.aliases,
    )


def _incidents(
    diary: Diary, partnership: Partnership, made: Places, place: Place, as_of: date, dice: random.Random
) -> None:
    many = BUSY.get(place.key) or dice.randint(2, 7)
    for _ in range(many):
        # More of them lately than two years ago, above all where most happens.
        day = as_of - timedelta(days=1 + int(729 * dice.random() ** (2.4 if many > 40 else 1.4)))
        harm, grade, text = dice.choice(INCIDENTS)
        teller = dice.choice(TELLERS)
        hour = dice.choice((15, 15, 16, 16, 17, 18, 20, 21, 22))
        young = dice.random() < 0.85

        def record(
            day: date = day, harm: str = harm, grade: str = grade, text: str = text, teller: str = teller,
            hour: int = hour, young: bool = young, minute: int = dice.randrange(60),
        ) -> None:  # fmt: skip
            happened = clock.at_london(day, time(hour, minute))
            service.record_incident(
                partnership.actor("lead"),
                harm=IncidentHarm(harm),
                happened_on=day,
                happened_at=happened,
                context_id=made.by_key[place.key].id,
                grade=InformationGrade(grade),
                involves_young_person=young,
                told_by_agency_id=partnership.agencies[teller].id,
                told_by=partnership.agencies[teller].short_name,
                description=text,
            )

        diary.on(min(day + timedelta(days=dice.randint(0, 4)), as_of), 23, 0, record)


def _assessment(
    diary: Diary, partnership: Partnership, context: Context, number: int, as_of: date, dice: random.Random
) -> None:
    assessed_on = as_of - timedelta(days=88 + 3 * number)

    def assess() -> None:
        lead = partnership.actor("lead")
        day = clock.today()
        finding = FINDINGS[number % len(FINDINGS)]
        service.add_factor(
            lead, context.id, kind=FactorKind.FINDING, text=finding, source="Site observation, twice", happened_on=day
        )
        guardian = GUARDIANS[number % len(GUARDIANS)]
        service.add_factor(
            lead, context.id, kind=FactorKind.GUARDIAN, text=guardian, source="Visited and agreed", happened_on=day
        )

    def review() -> None:
        service.review_context(
            partnership.actor("lead"),
            context.id,
            grade=ContextGrade.UNIVERSAL_PLUS,
            rationale="Young people told youth workers about threats that no agency has recorded; work goes on.",
            differs_reason="What young people say is not yet in any record.",
            next_review_on=as_of + timedelta(days=(-6, 7, 14, 21, 35, 50, 63)[number]),
        )

    def concern() -> None:
        text = CONCERNS[number % len(CONCERNS)]
        service.add_factor(
            partnership.actor("lead"), context.id, kind=FactorKind.CONCERN, text=text, source="Youth survey",
            happened_on=clock.today(),
        )  # fmt: skip

    def goal() -> None:
        statement, hoped, measure = GOALS[number % len(GOALS)]
        service.set_goal(
            partnership.actor("lead"), context.id, statement=statement, hoped_change=hoped, measure=measure,
            baseline="14 of 22", due_on=as_of + timedelta(days=60 + 10 * number),
        )  # fmt: skip

    diary.on(assessed_on, 10, 0, assess)
    diary.on(assessed_on + timedelta(days=2), 11, 0, review)
    diary.on(assessed_on + timedelta(days=3), 9, 30, goal)
    diary.on(as_of - timedelta(days=dice.randint(8, 30)), 12, 0, concern)
