"""One meeting of the demonstration's panel: who came, what was said, what was decided, and its minutes."""

import random
from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from safeguarding.actions import service as actions
from safeguarding.actions.models import Action, ActionState
from safeguarding.cases.models import Case, Risk
from safeguarding.cli.demo.diary import Diary, working_day
from safeguarding.cli.demo.partnership import Partnership
from safeguarding.cli.demo.youngsters import Youngster
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import DecisionKind, View
from safeguarding.panels.models.items import AgendaItem, ItemState, PanelHandling
from safeguarding.panels.models.meetings import AttendanceStatus, Meeting
from safeguarding.panels.models.minutes import Minutes
from safeguarding.panels.rules import AgencyOpinion, AgreedAction, DecisionText
from safeguarding.panels.service import attendance, decisions, meetings, minutes, notes

ALWAYS = ("police", "health", "education", "youth-justice", "hub", "early-help")
SPEAKERS = {"police": "police", "health": "health", "education": "education", "youth-justice": "dan", "early-help": "karen",
            "hub": "lead", "housing": "grace", "community-safety": "alan", "open-door": "joel", "mental-health": "fatima",
            "probation": "nadia", "adult-care": "ray", "social-care": "maria"}  # fmt: skip
_DONE = (
    "Done as agreed; the plan is in the file and the family has a copy.",
    "Met twice. {name} has the number and used it once.",
    "Checked on site with the team; lights and camera work again.",
)


def hold_meeting(
    diary: Diary,
    partnership: Partnership,
    meeting: Meeting,
    youngsters: Mapping[int, Youngster],
    places: Mapping[str, str],
    dice: random.Random,
) -> None:
    """Hold a meeting from opening to close, and make its minutes; `youngsters` are by the id of their record."""
    chair = partnership.actor("chair")
    meetings.open_meeting(chair, meeting, statement_read=True)
    present = _attend(partnership, meeting, dice)
    items = db.session.scalars(
        select(AgendaItem)
        .where(AgendaItem.meeting_id == meeting.id, AgendaItem.state == ItemState.WAITING)
        .order_by(AgendaItem.position, AgendaItem.id)
    ).all()
    for item in items:
        youngster = youngsters.get(item.person_id or 0)
        if youngster is None:
            continue
        meetings.open_item(chair, meeting, item)
        _discuss(partnership, meeting, item, youngster)
        _decide(diary, partnership, meeting, item, youngster, present, places, dice)
    meetings.close_meeting(chair, meeting)
    coordinator = partnership.actor("coordinator")
    made = minutes.generate_minutes(coordinator, meeting)
    minutes.circulate_minutes(coordinator, made, read_version=made.version)


def sign_minutes(partnership: Partnership, meeting: Meeting) -> None:
    """Let the chair sign the minutes of a meeting."""
    made = db.session.scalars(select(Minutes).where(Minutes.meeting_id == meeting.id)).one()
    minutes.sign_minutes(partnership.actor("chair"), made, read_version=made.version)


def _attend(partnership: Partnership, meeting: Meeting, dice: random.Random) -> list[str]:
    present = ["social-care"]
    coordinator = partnership.actor("coordinator")
    for agency, speaker in SPEAKERS.items():
        if agency == "social-care":
            continue  # the chair's own agency is recorded by the opening
        came = agency in ALWAYS or dice.random() < 0.7
        attendance.record_attendance(
            coordinator,
            meeting,
            agency_id=partnership.agencies[agency].id,
            status=AttendanceStatus.PRESENT if came else AttendanceStatus.APOLOGIES,
            user_id=partnership.users[speaker].id if came else None,
            name=None if came else partnership.users[speaker].name,
            information_sent=not came,
        )
        if came:
            present.append(agency)
    return present


def _discuss(partnership: Partnership, meeting: Meeting, item: AgendaItem, youngster: Youngster) -> None:
    coordinator = partnership.actor("coordinator")
    social_care = notes.Readers(
        PanelHandling.NAMED_AGENCIES,
        frozenset({partnership.agencies["social-care"].id}),
        "Speak to police before you act",
    )
    said = [
        (
            "education",
            f"{youngster.given} talks to one adult at school and would like that to stay so.",
            notes.EVERYBODY,
        ),
        (
            "police",
            "The same adults are named by two other families. A plan for the place is needed as well.",
            notes.EVERYBODY,
        ),
    ]
    if item.position == 1:
        said.append(("police", "One of the two will be visited this week, before anybody else calls.", social_care))
    for agency, words, readers in said:
        notes.add_note(
            coordinator,
            meeting,
            item,
            speaker_name=partnership.users[SPEAKERS[agency]].name,
            speaker_agency_id=partnership.agencies[agency].id,
            text=words,
            readers=readers,
        )


def _decide(
    diary: Diary,
    partnership: Partnership,
    meeting: Meeting,
    item: AgendaItem,
    youngster: Youngster,
    present: list[str],
    places: Mapping[str, str],
    dice: random.Random,
) -> None:
    place = places[youngster.place]
    before = db.session.scalar(select(Case.risk).where(Case.id == item.case_id)) or Risk.MODERATE
    kind, after = _outcome(item, before, dice)
    today = clock.today()
    agreed = _actions(partnership, youngster, place, today, dice) if kind is not DecisionKind.STEP_DOWN else ()
    dissent = dice.random() < 0.15
    decisions.record_decision(
        partnership.actor("chair"),
        meeting,
        item,
        DecisionText(
            kind=kind,
            rationale=youngster.told(youngster.story.rationale, place),
            lawful_basis_code="ca2004_s10_s11",
            options_considered="Work with the young person alone: tried before, and did not make them safer.",
            risk_before=before,
            risk_after=after,
            next_review_on=None
            if kind is DecisionKind.STEP_DOWN
            else today + timedelta(days=dice.choice((28, 42, 56))),
            told_how=f"Lead worker tells {youngster.given} within three days, at the place agreed.",
            views=_views(partnership, present, dissent),
            actions=agreed,
        ),
        read_version=item.version,
    )
    _do_actions(diary, partnership, item, youngster, dice)


def _outcome(item: AgendaItem, before: Risk, dice: random.Random) -> tuple[DecisionKind, Risk]:
    scale = list(Risk)
    lower = scale[max(0, scale.index(before) - 1)]
    higher = scale[min(len(scale) - 1, scale.index(before) + 1)]
    if not item.is_review:
        return DecisionKind.ADOPT, before
    if dice.random() < 0.2 and lower is not before:
        return DecisionKind.REDUCE_RISK, lower
    if dice.random() < 0.15 and higher is not before:
        return DecisionKind.INCREASE_RISK, higher
    if dice.random() < 0.15:
        return DecisionKind.STEP_DOWN, lower
    return DecisionKind.MAINTAIN, before


def _actions(
    partnership: Partnership, youngster: Youngster, place: str, today: date, dice: random.Random
) -> tuple[AgreedAction, ...]:
    agreed = []
    for agency, title in youngster.story.actions:
        owner = youngster.worker if partnership.agency_of[youngster.worker] == agency else SPEAKERS[agency]
        agreed.append(
            AgreedAction(
                title=youngster.told(title, place),
                owner_agency_id=partnership.agencies[agency].id,
                owner_user_id=partnership.users[owner].id,
                due_on=working_day(today + timedelta(days=dice.choice((7, 10, 14, 21)))),
            )
        )
    own = partnership.agency_of[youngster.worker]
    agreed.append(
        AgreedAction(
            title=f"Tell {youngster.given} what was decided, and ask what would help first",
            owner_agency_id=partnership.agencies[own].id,
            owner_user_id=partnership.users[youngster.worker].id,
            due_on=working_day(today + timedelta(days=5)),
        )
    )
    return tuple(agreed)


def _views(partnership: Partnership, present: list[str], dissent: bool) -> tuple[AgencyOpinion, ...]:
    agencies = {key: agency.id for key, agency in partnership.agencies.items()}
    views = {key: AgencyOpinion(agency_id=agencies[key], view=View.AGREES) for key in present}
    if dissent:
        views["education"] = AgencyOpinion(
            agency_id=agencies["education"],
            view=View.DISAGREES,
            reason="A part-time timetable puts the pupil on the street for longer.",
            chair_answer="Full days as soon as the journey is safe; reviewed in two weeks.",
        )
    return tuple(views.values())


def _do_actions(
    diary: Diary, partnership: Partnership, item: AgendaItem, youngster: Youngster, dice: random.Random
) -> None:
    """Let most actions be done by their day, a few late, and some stay open."""
    made = db.session.scalars(
        select(Action).where(Action.subject_kind == "person", Action.subject_id == item.person_id).order_by(Action.id)
    ).all()
    keys = {user.id: key for key, user in partnership.users.items()}
    for action in made:
        if action.state is not ActionState.OPEN or dice.random() < 0.2 or action.owner_user_id is None:
            continue
        owner = keys[action.owner_user_id]
        evidence = dice.choice(_DONE).replace("{name}", youngster.given)
        late = timedelta(days=dice.choice((-3, -2, -1, -1, 0, 2, 6)))

        def finish(action: Action = action, owner: str = owner, evidence: str = evidence) -> None:
            if action.state in (ActionState.OPEN, ActionState.IN_PROGRESS):
                actions.complete_action(
                    partnership.actor(owner), action, evidence=evidence, read_version=action.version
                )

        diary.on(max(working_day(action.due_on + late), clock.today() + timedelta(days=1)), 16, 0, finish)
