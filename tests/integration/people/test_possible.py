"""Possible duplicates that whoever adds or refers somebody may not see: who is asked, what they may say, who is told."""

import json

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.conflicts import declare_conflict
from safeguarding.cases.models import Case, CaseListing
from safeguarding.cases.restricted import take_off_list
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError, RuleError, StaleError
from safeguarding.core.second_wall import looking
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.people import possible
from safeguarding.people.models import Person
from safeguarding.people.possible_models import PossibleDuplicate, PossibleState
from safeguarding.people.possible_queries import access_possible, compare, list_possible, possible_entity
from safeguarding.web.guard import sight_of
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_person, put_on_list, restrict
from tests.factories.meetings import make_day, make_referral
from tests.factories.people import Somebody, make_somebody

NAMES = {"given_name": "Kieran", "family_name": "Marsh"}
NHS = "9434765919"
WHY = "The school and both dates of birth agree."


class Scene:
    """A young person whom a social worker works with, and a practitioner who has nothing to do with either."""

    def __init__(self) -> None:
        with unit_of_work():
            self.worker, self.stranger = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.PRACTITIONER)
            self.hub, self.spoc = make_somebody(Role.LEAD), make_somebody(Role.SPOC)
            known = make_person(self.worker, **NAMES, nhs_number=NHS)
            self.known_id, self.known_ref, self.born_on = known.id, known.ref, known.born_on
            self.case_id = make_case(self.worker, known).id
        db.session.expunge_all()

    def added(self, by: Somebody, **options: object) -> tuple[int, str]:
        """Let somebody add a young person of the same names and date of birth; return the new record's id and reference."""
        with looking(sight_of(by.actor)), unit_of_work():
            person = make_person(by, **{**NAMES, "born_on": self.born_on, **options})
            return person.id, person.ref

    def seen(self, who: Somebody) -> list[frozenset[int]]:
        """Return the pairs that wait and that somebody sees."""
        with looking(sight_of(who.actor)):
            return [frozenset({pair.lower.id, pair.higher.id}) for pair in list_possible(who.actor)]

    def only(self) -> PossibleDuplicate:
        """Return the one pair that was queued."""
        return db.session.scalars(select(PossibleDuplicate)).one()

    def say(self, who: Somebody, said: PossibleState) -> None:
        found = self.only()
        with looking(sight_of(who.actor)), unit_of_work():
            entity = possible_entity(found.id)
            possible.answer(who.actor, entity, said=said, reason=WHY, read_version=entity.version)
        db.session.expunge_all()


@pytest.fixture
def scene(in_app: Flask) -> Scene:
    return Scene()


def test_a_hidden_match_is_queued_for_whoever_may_see_both_and_for_nobody_else(scene: Scene) -> None:
    added_id, _ref = scene.added(scene.stranger)
    assert scene.seen(scene.hub) == [frozenset({scene.known_id, added_id})]
    assert [scene.seen(who) for who in (scene.stranger, scene.worker, scene.spoc)] == [[], [], []]
    with pytest.raises(NotFoundError):
        access_possible(scene.stranger.actor, scene.only().ref)


@pytest.mark.parametrize(
    ("options", "is_asked"),
    [
        ({"born_on": None}, True),
        ({"nhs_number": NHS, "given_name": "Aaron", "family_name": "Bell", "born_on": None}, True),
        ({"given_name": "Kieren"}, True),
        ({"born_on": clock.today().replace(year=clock.today().year - 9, month=3, day=3)}, False),
        ({"given_name": "Aaron", "family_name": "Bell", "born_on": None}, False),
    ],
    ids=["names alone", "a number alone", "spelled differently", "born years apart", "somebody else"],
)
def test_what_counts_as_possible(scene: Scene, options: dict[str, object], is_asked: bool) -> None:
    scene.added(scene.stranger, **options)
    assert bool(scene.seen(scene.hub)) is is_asked


def test_what_is_recorded_holds_references_and_is_one_event_either_way(scene: Scene) -> None:
    people = [scene.added(scene.stranger), scene.added(scene.stranger, given_name="Zed", family_name="Nobody")]
    for (_id, person_ref), refs in zip(people, ([scene.only().ref], []), strict=True):
        events = db.session.scalars(
            select(AuditEvent).where(AuditEvent.subject == person_ref, AuditEvent.event == "people:duplicates:checked")
        ).all()
        assert [json.loads(each.detail) for each in events] == [{"possible": refs}]


def test_one_that_the_adder_sees_is_shown_and_not_queued(scene: Scene) -> None:
    with unit_of_work():
        make_person(scene.worker, **NAMES, born_on=scene.born_on, considered=[scene.known_id])
    assert scene.seen(scene.hub) == []


def test_whoever_declared_a_conflict_is_asked_nothing_and_adds_as_usual(scene: Scene) -> None:
    with unit_of_work():
        case = db.session.get_one(Case, scene.case_id)
        for who in (scene.hub, scene.stranger):
            declare_conflict(scene.worker.actor, case, reason="A cousin of the family", user_id=who.id)
    added_id, _ref = scene.added(scene.stranger)
    assert scene.seen(scene.hub) == []
    with unit_of_work():
        other = make_somebody(Role.LEAD)
    assert scene.seen(other) == [frozenset({scene.known_id, added_id})]


def test_a_restricted_one_is_for_a_lead_on_its_list_else_for_those_who_lead_its_work(scene: Scene) -> None:
    with unit_of_work():
        restricting = restrict(db.session.get_one(Case, scene.case_id))
    pair = frozenset({scene.known_id, scene.added(scene.stranger)[0]})
    assert [scene.seen(who) for who in (restricting, scene.hub, scene.worker)] == [[pair], [], []]
    with unit_of_work():
        case = db.session.get_one(Case, scene.case_id)
        put_on_list(case, restricting, scene.spoc)
        listing = db.session.scalars(select(CaseListing).where(CaseListing.user_id == restricting.id)).one()
        take_off_list(restricting.actor, case, listing_id=listing.id)
    assert [scene.seen(who) for who in (restricting, scene.hub, scene.spoc, scene.stranger)] == [[], [], [], []]
    assert scene.seen(scene.worker) == [pair]
    with looking(sight_of(scene.worker.actor)):
        shown = access_possible(scene.worker.actor, scene.only().ref)
        assert sorted((side.is_restricted, side.is_mine) for side in (shown.lower, shown.higher)) == [
            (False, False),
            (True, True),
        ]
        assert {each.label for each in compare(shown)} >= {"First name", "Date of birth", "NHS number"}
    scene.say(scene.worker, PossibleState.SAME)


def test_no_number_and_no_address_is_shown(scene: Scene) -> None:
    scene.added(scene.stranger, nhs_number=NHS, address="12 Ferry Lane")
    with looking(sight_of(scene.hub.actor)):
        fields = {each.label: each for each in compare(access_possible(scene.hub.actor, scene.only().ref))}
    assert NHS not in str(fields)
    assert "Ferry" not in str(fields)
    assert (fields["NHS number"].why, fields["Address"].why) == ("Same", "In one alone")


class Referring(Scene):
    """A young person whom a practitioner refers, and a record that somebody else keeps."""

    def __init__(self, **other: object) -> None:
        with unit_of_work():
            self.day, self.hub = make_day(items=1), make_somebody(Role.LEAD)
            referred = make_person(self.day.people["practitioner"], **NAMES)
            kept = make_person(make_somebody(Role.SOCIAL_WORKER), **{"born_on": referred.born_on, **other})
            self.pair = frozenset({referred.id, kept.id})
            self.referred_id, self.kept_id = referred.id, kept.id
        db.session.expunge_all()

    def refer(self) -> None:
        with looking(sight_of(self.day.people["practitioner"].actor)), unit_of_work():
            make_referral(self.day, person=db.session.get_one(Person, self.referred_id))


def test_an_answer_is_recorded_and_the_pair_is_not_asked_about_again(in_app: Flask) -> None:
    scene = Referring(**NAMES)
    for reason, version, error in (("Yes", 1, RuleError), (WHY, 7, StaleError)):
        with pytest.raises(error), unit_of_work():
            possible.answer(scene.hub.actor, scene.only(), said=PossibleState.SAME, reason=reason, read_version=version)
    scene.say(scene.hub, PossibleState.UNSURE)
    assert scene.seen(scene.hub) == [scene.pair]  # it still waits, behind those that nobody has looked at
    scene.say(scene.hub, PossibleState.DIFFERENT)
    assert scene.seen(scene.hub) == []
    scene.refer()
    assert scene.only().state is PossibleState.DIFFERENT


def test_a_referral_queues_whoever_became_alike_since_the_person_was_added(in_app: Flask) -> None:
    scene = Referring(given_name="Zed", family_name="Nobody")
    with unit_of_work():
        for key in scene.pair:
            db.session.get_one(Person, key).nhs_number = NHS
    assert scene.seen(scene.hub) == []
    scene.refer()
    assert scene.seen(scene.hub) == [scene.pair]


@pytest.mark.parametrize("is_restricted", [False, True])
def test_those_who_lead_are_told_but_for_whom_the_other_is_closed(scene: Scene, is_restricted: bool) -> None:
    with unit_of_work():
        other = make_somebody(Role.SOCIAL_WORKER)
        answering = make_somebody(Role.LEAD)
    added_id, added_ref = scene.added(other)
    with unit_of_work():
        make_case(other, db.session.get_one(Person, added_id))
        if is_restricted:
            restrict(db.session.get_one(Case, scene.case_id), lead=answering)
    scene.say(answering, PossibleState.SAME)
    told = db.session.execute(
        select(Notice.recipient_id, Notice.subject).where(Notice.kind == possible.SAME).order_by(Notice.recipient_id)
    ).all()
    everybody = {(scene.worker.id, scene.known_ref), (other.id, added_ref)}
    assert set(told) == ({(scene.worker.id, scene.known_ref)} if is_restricted else everybody)
