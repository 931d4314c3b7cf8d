"""Adding, finding and renaming young people."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.extensions import db
from safeguarding.people import duplicates, queries, service
from safeguarding.people.duplicates import Asked, Close
from safeguarding.people.models import AliasKind, Person, PersonAlias, PersonTerm
from safeguarding.people.service import Details
from safeguarding.relations import service as relations
from safeguarding.relations.models import RelationRow
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_person
from tests.factories.people import Somebody, make_somebody


@pytest.fixture
def worker(in_app: Flask) -> Somebody:
    with unit_of_work():
        return make_somebody(Role.PRACTITIONER)


def found(by: Somebody, text: str) -> list[str]:
    return [row.given_name for row in queries.search(by.actor, text).people]


def test_who_adds_a_young_person_sees_them_for_thirty_days(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
    row = db.session.scalars(
        select(RelationRow).where(
            RelationRow.principal == user_principal(worker.id), RelationRow.subject_kind == "person"
        )
    ).one()
    assert (row.kind, row.subject_id) == (Relation.ADDED, person.id)
    assert row.valid_to is not None
    assert timedelta(days=29) < row.valid_to - clock.now() <= timedelta(days=30)
    assert queries.access_person(worker.actor, person.ref).id == person.id


def test_nobody_else_of_the_same_role_sees_them(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker, given_name="Kieran", family_name="Marsh")
        other = make_somebody(Role.PRACTITIONER)
        lead = make_somebody(Role.LEAD)
    assert found(worker, "kieran") == ["Kieran"]
    assert found(lead, "kieran") == ["Kieran"]
    assert found(other, "kieran") == []
    assert found(other, person.ref) == []
    with pytest.raises(NotFoundError):
        queries.access_person(other.actor, person.ref)


def test_an_auditor_adds_nobody(worker: Somebody) -> None:
    with unit_of_work():
        auditor = make_somebody(Role.AUDITOR)
    with pytest.raises(ForbiddenError):
        make_person(auditor)


def test_each_word_must_begin_a_word_of_a_name_or_alias(worker: Somebody) -> None:
    with unit_of_work():
        service.add_person(
            worker.actor,
            given_name="Zoë",
            family_name="O'Neill-Marsh",
            known_as="Zee",
            aliases=[(AliasKind.NICKNAME, "Sparrow")],
        )
    for typed in ("zoe", "ZO oneill", "marsh zo", "zee", "spar", "spar oneil", "Zoë O’Neill"):
        assert found(worker, typed) == ["Zoë"], typed
    for typed in ("zoe smith", "neill", "sparrows", "z", "%", "_oe", "", "zoe zoe2"):
        assert found(worker, typed) == [], typed


def test_a_reference_finds_its_person_however_it_is_typed(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
        make_person(worker)
    assert [row.ref for row in queries.search(worker.actor, person.ref.lower().replace("-", " ")).people] == [
        person.ref
    ]


def test_results_come_in_the_order_of_family_names_and_are_capped(worker: Somebody) -> None:
    with unit_of_work():
        for number in range(52):
            make_person(worker, given_name=f"Same{number}", family_name=f"Årsén{99 - number}")
    answer = queries.search(worker.actor, "arsen")
    assert len(answer.people) == 50
    assert answer.has_more
    assert answer.people[0].family_name == "Årsén48"


def test_a_conflict_takes_a_person_out_of_the_search(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker, given_name="Barred")
        relations.grant(user_principal(worker.id), [("person", person.id)], Relation.BARRED, ("item", 1))
    assert found(worker, "barred") == []
    with pytest.raises(NotFoundError):
        queries.access_person(worker.actor, person.ref)


def test_renaming_keeps_what_they_are_found_and_sorted_by_in_step(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker, given_name="Jon", family_name="Smith", known_as="Jonny")
    with unit_of_work():
        service.set_names(
            worker.actor, person, given_name="Jón", family_name="Çelik", known_as=None, read_version=person.version
        )
    assert person.sort_key == "celik jon"
    terms = set(db.session.scalars(select(PersonTerm.term).where(PersonTerm.person_id == person.id)))
    assert terms == {"jon", "celik", "smith"}  # Jonny is gone; the family name before is kept as a previous name
    assert found(worker, "celik") == found(worker, "smith") == ["Jón"]
    assert found(worker, "jonny") == []
    kept = db.session.scalars(select(PersonAlias).where(PersonAlias.person_id == person.id)).one()
    assert (kept.name, kept.kind) == ("Jon Smith", AliasKind.PREVIOUS_NAME)


def test_a_stale_rename_is_refused(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
    with pytest.raises(StaleError), unit_of_work():
        service.set_names(
            worker.actor, person, given_name="A", family_name="B", known_as=None, read_version=person.version - 1
        )


def test_only_those_who_work_with_them_change_what_is_recorded(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
        other = make_somebody(Role.PRACTITIONER)
        relations.grant(user_principal(other.id), [("person", person.id)], Relation.REFERRER, ("referral", 1))
    assert queries.access_person(other.actor, person.ref).ref == person.ref
    with pytest.raises(ForbiddenError), unit_of_work():
        service.set_details(other.actor, person, details=Details(), read_version=person.version)


def test_an_alias_is_found_until_it_is_removed(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker)
    with unit_of_work():
        service.add_alias(worker.actor, person, name="Sparrow", kind=AliasKind.NICKNAME, read_version=person.version)
    assert len(found(worker, "sparrow")) == 1
    with pytest.raises(RuleError, match="already"), unit_of_work():
        service.add_alias(worker.actor, person, name="sparrow", kind=AliasKind.ALIAS, read_version=person.version)
    alias = queries.list_aliases(person.id)[0]
    with unit_of_work():
        service.remove_alias(worker.actor, person, alias_id=alias.id, read_version=person.version)
    assert found(worker, "sparrow") == []


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (Details(nhs_number="943 476 5871"), "nhs_number"),
        (Details(upn="R247962919251"), "upn"),
        (Details(born_on=date(2200, 1, 1)), "born_on"),
        (Details(born_estimated=True), "born_on"),
        (Details(ethnicity_code="WBRI"), "ethnicity_code"),
    ],
)
def test_wrong_details_name_their_field(worker: Somebody, details: Details, field: str) -> None:
    with pytest.raises(RuleError) as refusal, unit_of_work():
        service.add_person(worker.actor, given_name="A", family_name="B", details=details)
    assert refusal.value.field == field
    assert db.session.scalar(select(Person.id)) is None


def test_a_name_needs_a_letter(worker: Somebody) -> None:
    with pytest.raises(RuleError) as refusal, unit_of_work():
        service.add_person(worker.actor, given_name="🎈", family_name="B")
    assert refusal.value.field == "given_name"


def test_identifiers_are_stored_in_one_form(worker: Somebody) -> None:
    with unit_of_work():
        person = make_person(worker, nhs_number="943 476 5870", upn="b801200005001")
    assert (person.nhs_number, person.upn) == ("9434765870", "B801200005001")


BORN = date(2010, 8, 9)


@pytest.mark.parametrize(
    ("asked", "likely"),
    [
        ({"given_name": "Kieran", "family_name": "Marsh", "born_on": BORN}, True),
        ({"given_name": "Anna", "family_name": "Other", "nhs_number": "9434765870"}, True),
        ({"given_name": "Kieron", "family_name": "Marsh", "born_on": date(2010, 9, 8)}, False),
        ({"given_name": "Marsh", "family_name": "Kieran"}, False),
        ({"given_name": "Kieran", "family_name": "Marsh", "born_on": date(2010, 8, 10)}, False),
        ({"given_name": "Kez", "family_name": "Marsh", "born_on": date(2011, 8, 9)}, False),
    ],
)
def test_somebody_who_might_be_the_same_is_shown(worker: Somebody, asked: dict, likely: bool) -> None:
    with unit_of_work():
        person = make_person(
            worker, given_name="Kieran", family_name="Marsh", known_as="Kez", born_on=BORN, nhs_number="9434765870"
        )
        make_person(worker, given_name="Olu", family_name="Bright", born_on=date(2009, 1, 1))
    candidates = duplicates.find(worker.actor, Asked(**asked))
    assert [(each.ref, each.is_very_likely) for each in candidates] == [(person.ref, likely)]


def test_why_somebody_might_be_the_same_is_said_field_by_field(worker: Somebody) -> None:
    with unit_of_work():
        make_person(worker, given_name="Kieran", family_name="Marsh", born_on=BORN)
    (candidate,) = duplicates.find(
        worker.actor, Asked(given_name="Kieron", family_name="Marsh", born_on=date(2010, 9, 8))
    )
    told = [(one.label, one.close, one.why) for one in candidate.compared]
    assert told == [
        ("First name", Close.CLOSE, "Nearly the same"),
        ("Last name", Close.SAME, "Same"),
        ("Date of birth", Close.CLOSE, "Day and month exchanged"),
    ]


def test_an_identifier_that_is_held_is_never_shown(worker: Somebody) -> None:
    with unit_of_work():
        make_person(worker, given_name="Kieran", family_name="Marsh", nhs_number="9434765870")
    asked = Asked(given_name="Kieran", family_name="Marsh", nhs_number="1000000052")
    (candidate,) = duplicates.find(worker.actor, asked)
    shown = " ".join(one.held for one in candidate.compared)
    assert "9434765870" not in shown
    assert "held, not shown here" in shown


def test_somebody_whom_the_actor_may_not_see_is_no_candidate_and_stops_nothing(worker: Somebody) -> None:
    with unit_of_work():
        other = make_somebody(Role.PRACTITIONER)
        make_person(other, given_name="Kieran", family_name="Marsh", born_on=BORN, nhs_number="9434765870")
    asked = Asked(given_name="Kieran", family_name="Marsh", born_on=BORN, nhs_number="9434765870")
    assert duplicates.find(worker.actor, asked) == []
    with unit_of_work():
        make_person(worker, given_name="Kieran", family_name="Marsh", born_on=BORN, nhs_number="9434765870")


def test_somebody_very_likely_the_same_must_have_been_considered(worker: Somebody) -> None:
    same = {"given_name": "Kieran", "family_name": "Marsh", "born_on": BORN}
    with unit_of_work():
        first = make_person(worker, **same)
    with pytest.raises(RuleError, match="very likely the same"), unit_of_work():
        make_person(worker, **same)
    with unit_of_work():
        make_person(worker, considered=[first.id], **same)
    assert len(found(worker, "kieran marsh")) == 2


def test_near_dates_of_a_leap_day() -> None:
    assert duplicates.near_dates(date(2008, 2, 29)) == [date(2008, 2, 28), date(2008, 2, 29), date(2008, 3, 1)]
