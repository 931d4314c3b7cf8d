"""Commands of a panel in whatever order, by whoever: only what may follow follows, and what was signed stays (VA-6).

A machine of Hypothesis's plans a meeting and then lets officers, members and strangers do anything at any time. What it
holds each step to is the tables of `workflow`, the roles of the starting matrix, and the bytes of what is final.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, inspect, select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.core.errors import SafeguardingError
from safeguarding.extensions import db
from safeguarding.panels import workflow
from safeguarding.panels.models.decisions import Decision
from safeguarding.panels.models.items import AgendaItem, ItemState
from safeguarding.panels.models.meetings import AgendaState, Meeting, MeetingState
from safeguarding.panels.models.minutes import Minutes, MinutesState
from safeguarding.panels.service.agenda import add_theme, lock_agenda, publish_agenda
from safeguarding.panels.service.attendance import declare_conflict
from safeguarding.panels.service.decisions import add_addendum, record_decision
from safeguarding.panels.service.meetings import (
    adjourn_meeting,
    close_meeting,
    defer_item,
    open_item,
    open_meeting,
    resume_meeting,
)
from safeguarding.panels.service.minutes import (
    add_minutes_addendum,
    circulate_minutes,
    generate_minutes,
    sign_minutes,
)
from safeguarding.panels.service.notes import add_note
from safeguarding.web.transaction import unit_of_work
from tests.factories.meetings import Day, attend, decision_text, make_day
from tests.factories.people import make_somebody

STAGES = ("planned", "published", "open", "decided", "closed", "minuted", "circulated", "signed")
PEOPLE = ("chair", "vice_chair", "coordinator", "police", "education", "practitioner", "stranger", "lead")
ANYBODY = st.sampled_from(PEOPLE)
ITEM = st.sampled_from([0, 1])
OFFICERS = {"chair", "vice_chair", "coordinator"}
CHAIRS = {"chair", "vice_chair"}


class Panel(RuleBasedStateMachine):
    """One meeting with two young people on its agenda, in a world of its own."""

    stage: str
    done: set[str]

    @initialize()
    def plan(self) -> None:
        """Begin at some stage of a meeting that went as it should, so that each is often tried from."""
        with unit_of_work():
            self.day: Day = make_day(2, opened=False)
            self.day.people["stranger"] = make_somebody(
                Role.CHAIR
            )  # the chair of another panel, on no list of this one
            self.day.people["lead"] = make_somebody(Role.LEAD)
            self.meeting_id, self.item_ids = self.day.meeting.id, [each.id for each in self.day.items]
            for step in STAGES[1 : STAGES.index(self.stage) + 1]:
                self._go_on_to(step)
        self.final: dict[tuple[str, int], bytes] = {}
        self.before = self._states()

    def _go_on_to(self, stage: str) -> None:
        chair, meeting = self.day.people["chair"].actor, self._meeting()
        if stage == "published":
            publish_agenda(chair, meeting, read_version=meeting.version)
        elif stage == "open":
            open_meeting(chair, meeting, statement_read=True)
            for key in ("police", "health"):
                attend(self.day, key)
            open_item(chair, meeting, self._item(0))
        elif stage == "decided":
            item = self._item(0)
            record_decision(chair, meeting, item, decision_text(self.day), read_version=item.version)
        elif stage == "closed":
            close_meeting(chair, meeting)
        elif stage == "minuted":
            generate_minutes(chair, meeting)
        elif (minutes := self._minutes()) is not None:
            then = circulate_minutes if stage == "circulated" else sign_minutes
            then(chair, minutes, read_version=minutes.version)

    # --- what anybody may try ---------------------------------------------------------------------------------------

    @rule(who=ANYBODY)
    def publish(self, who: str) -> None:
        self._try(who, OFFICERS, publish_agenda, read_version=self._meeting().version)

    @rule(who=ANYBODY)
    def lock(self, who: str) -> None:
        self._try(who, OFFICERS, lock_agenda, read_version=self._meeting().version)

    @rule(who=ANYBODY)
    def add_to_the_agenda(self, who: str) -> None:
        self._try(who, OFFICERS, add_theme, title="Knives at the gate", read_version=self._meeting().version)

    @rule(who=ANYBODY, read=st.booleans())
    def open(self, who: str, read: bool) -> None:
        if self._try(who, CHAIRS, open_meeting, statement_read=read):
            assert read
            with unit_of_work():
                self.day.meeting = self._meeting()
                for key in ("police", "health"):
                    attend(self.day, key)

    @rule(who=ANYBODY, what=st.sampled_from([adjourn_meeting, resume_meeting, close_meeting]))
    def run(self, who: str, what: Callable[..., Any]) -> None:
        self._try(who, CHAIRS, what)

    @rule(who=ANYBODY, which=ITEM)
    def hear(self, who: str, which: int) -> None:
        self._try(who, OFFICERS, open_item, self._item(which))

    @rule(who=ANYBODY, which=ITEM)
    def put_off(self, who: str, which: int) -> None:
        ahead = clock.today() + timedelta(days=14)
        self._try(who, CHAIRS, defer_item, self._item(which), to_on=ahead, reason="The family is away")

    @rule(who=ANYBODY, which=ITEM)
    def note(self, who: str, which: int) -> None:
        self._try(who, OFFICERS, add_note, self._item(which), speaker_name="Police", text="Seen at the flat.")

    @rule(who=st.sampled_from(["education", "vice_chair"]), which=ITEM)
    def declare(self, who: str, which: int) -> None:
        self._try(who, {who}, declare_conflict, self._item(which), reason="A neighbour of the family")

    @rule(who=ANYBODY, which=ITEM)
    def decide(self, who: str, which: int) -> None:
        item, text = self._item(which), decision_text(self.day)
        self._try(who, CHAIRS, record_decision, item, text, read_version=item.version)

    @rule(who=ANYBODY, which=ITEM)
    def add_to_a_decision(self, who: str, which: int) -> None:
        item = self._item(which)
        decision = db.session.scalar(select(Decision).where(Decision.item_id == item.id))
        if decision is not None:
            self._try(who, CHAIRS, add_addendum, item, decision, text="Read the date as the third.")

    @rule(who=ANYBODY)
    def write_minutes(self, who: str) -> None:
        self._try(who, OFFICERS, generate_minutes)

    @rule(who=ANYBODY)
    def send_minutes_round(self, who: str) -> None:
        if (minutes := self._minutes()) is not None:
            self._try(who, OFFICERS, circulate_minutes, about=minutes, read_version=minutes.version)

    @rule(who=ANYBODY)
    def sign(self, who: str) -> None:
        if (minutes := self._minutes()) is not None:
            self._try(who, CHAIRS, sign_minutes, about=minutes, read_version=minutes.version)

    @rule(who=ANYBODY)
    def add_to_minutes(self, who: str) -> None:
        if (minutes := self._minutes()) is not None:
            self._try(who, CHAIRS, add_minutes_addendum, about=minutes, text="Read the place as the bridge room.")

    # --- what must hold after each ----------------------------------------------------------------------------------

    @invariant()
    def only_what_may_follow_has_followed(self) -> None:
        now = self._states()
        for what, state in now.items():
            held = self.before.get(what, state)
            assert state == held or state in TABLES[type(held)][held], f"{what}: {held} became {state}"
        assert self.before.keys() <= now.keys()
        self.before = now

    @invariant()
    def states_agree_with_one_another(self) -> None:
        meeting, minutes = self._meeting(), self._minutes()
        decided = set(db.session.scalars(select(Decision.item_id).where(Decision.item_id.in_(self.item_ids))))
        items = [self._item(which) for which in (0, 1)]
        assert decided == {each.id for each in items if each.state is ItemState.DECIDED}
        assert sum(each.state is ItemState.OPEN for each in items) <= 1
        if meeting.state is not MeetingState.PLANNED:
            assert meeting.agenda_state is not AgendaState.DRAFT
        if meeting.state in (MeetingState.PLANNED, MeetingState.CLOSED):
            assert all(each.state is not ItemState.OPEN for each in items)
        if minutes is not None:
            assert meeting.state is MeetingState.CLOSED

    @invariant()
    def what_is_final_stays(self) -> None:
        now = self._final()
        for what, held in self.final.items():
            assert now.get(what) == held, f"{what} was changed"
        self.final = now

    # --- how ----------------------------------------------------------------------------------------------------------

    def _try(
        self, who: str, allowed: set[str], command: Callable[..., Any], *args: Any, about: Any = None, **told: Any
    ) -> bool:
        """Let somebody try a command; return whether it was done. Done by whom it is not for is a failure of ours."""
        events = self._events()
        try:
            with unit_of_work():
                command(self.day.people[who].actor, about or self._meeting(), *args, **told)
        except SafeguardingError:
            db.session.expire_all()
            assert self._changes(events) == 0, f"{command.__name__} was refused and left a change"
            return False
        assert who in allowed, f"{who} could {command.__name__}"
        assert self._changes(events) > 0, f"{command.__name__} left no event"
        self.done.add(command.__name__)
        return True

    def _events(self) -> int:
        return db.session.scalar(select(func.coalesce(func.max(AuditEvent.seq), 0))) or 0

    def _changes(self, since: int) -> int:
        names = db.session.scalars(select(AuditEvent.event).where(AuditEvent.seq > since))
        return sum(not name.endswith(":refused") for name in names)

    def _meeting(self) -> Meeting:
        return db.session.get_one(Meeting, self.meeting_id)

    def _item(self, which: int) -> AgendaItem:
        return db.session.get_one(AgendaItem, self.item_ids[which])

    def _minutes(self) -> Minutes | None:
        return db.session.scalar(select(Minutes).where(Minutes.meeting_id == self.meeting_id))

    def _states(self) -> dict[str, Any]:
        meeting, minutes = self._meeting(), self._minutes()
        found: dict[str, Any] = {"agenda": meeting.agenda_state, "meeting": meeting.state}
        found |= {f"item {which}": self._item(which).state for which in (0, 1)}
        return found | ({"minutes": minutes.state} if minutes is not None else {})

    def _final(self) -> dict[tuple[str, int], bytes]:
        """Return every column of each decision, and of the minutes once they are signed."""
        rows: list[Any] = list(db.session.scalars(select(Decision).where(Decision.item_id.in_(self.item_ids))))
        rows += [each for each in [self._minutes()] if each is not None and each.state is MinutesState.SIGNED]
        return {
            (type(row).__name__, row.id): repr(
                [getattr(row, each.key) for each in inspect(type(row)).column_attrs]
            ).encode()
            for row in rows
        }

    def teardown(self) -> None:
        db.session.rollback()


TABLES: dict[type, Any] = {
    MeetingState: workflow.MEETING,
    AgendaState: workflow.AGENDA,
    ItemState: workflow.ITEM,
    MinutesState: workflow.MINUTES,
}


def every_try() -> list[tuple[str, dict[str, Any]]]:
    """Return each command with each person and item."""
    about_an_item = ("hear", "put_off", "note", "decide", "add_to_a_decision")
    tries: list[tuple[str, dict[str, Any]]] = []
    for who in PEOPLE:
        tries += [(name, {"who": who, "which": which}) for name in about_an_item for which in (0, 1)]
        tries += [(name, {"who": who}) for name in ("publish", "lock", "add_to_the_agenda", *ABOUT_MINUTES)]
        tries += [("run", {"who": who, "what": what}) for what in (adjourn_meeting, resume_meeting, close_meeting)]
        tries += [("open", {"who": who, "read": read}) for read in (False, True)]
    return [*tries, ("declare", {"who": "education", "which": 0}), ("declare", {"who": "vice_chair", "which": 1})]


ABOUT_MINUTES = ("write_minutes", "send_minutes_round", "sign", "add_to_minutes")


@pytest.mark.usefixtures("in_app")
def test_each_command_is_tried_by_each_person_from_each_stage() -> None:
    done: set[str] = set()
    chance = random.Random(11)
    for stage in STAGES:
        panel = Panel()
        panel.stage, panel.done = stage, done
        panel.plan()
        tries = every_try()
        chance.shuffle(tries)
        officers = [each for each in tries if each[1]["who"] in OFFICERS]
        # First some of those who may not: what they do changes nothing, so that all of them meet this stage.
        for name, told in [each for each in tries if each not in officers][::3] + officers:
            getattr(panel, name)(**told)
            panel.only_what_may_follow_has_followed()
            panel.states_agree_with_one_another()
            panel.what_is_final_stays()
    assert len(done) >= 14, done


@pytest.mark.slow
@pytest.mark.usefixtures("in_app")
@pytest.mark.timeout(7_200)
def test_only_what_may_follow_follows_whoever_tries_what_and_when() -> None:
    often = settings(
        max_examples=150,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    for stage in STAGES:
        run_state_machine_as_test(type(f"From{stage}", (Panel,), {"stage": stage, "done": set()}), settings=often)
