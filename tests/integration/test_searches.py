"""What is typed into a search is looked for as it stands: no character stands for others, however many are typed."""

from collections.abc import Callable

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.accounts.queries import list_users
from safeguarding.contexts.queries import Filters, list_contexts
from safeguarding.people import queries as people
from safeguarding.people import service
from safeguarding.referrals.queries import find_places
from tests.factories.people import Somebody, make_agency, make_somebody, unit_of_work
from tests.factories.places import make_context, make_lead

Search = Callable[[str], list[str]]
# Each stands for others somewhere: in LIKE, GLOB, regular expressions, full-text search, shells.
SPECIAL = (
    "%",
    "_",
    "*",
    "?",
    "\\",
    "/",
    "[a-z]",
    ".",
    "^",
    "$",
    "(",
    "|",
    "+",
    "{",
    "'",
    '"',
    ":*",
    "&",
    "!",
    "~",
    "-",
)
ENDLESS = ("%" * 200, "_" * 200, "*" * 200, "%_" * 100, "%a" * 100, "_%\\" * 66, "(a+)+" * 40, "\\" * 199)
NAMES = [f"Mill {each} Lane" for each in SPECIAL] + ["Mill Lane", "Millpond", "Mill a Lane", "Ämill"]


def holding(typed: str) -> list[str]:
    """Return the names in which a text stands, or a later word begins with it, as it is typed."""
    return sorted(name for name in NAMES if typed.casefold() in name.casefold())


@pytest.fixture
def lead(in_app: Flask) -> Somebody:
    with unit_of_work():
        for name in NAMES:
            make_context(name=name)
        return make_lead()


def test_a_list_of_places_finds_what_begins_so(lead: Somebody) -> None:
    def found(typed: str) -> list[str]:
        return sorted(row.name for row in list_contexts(lead.actor, Filters(text=typed)))

    assert len(found("mill")) == len(NAMES) - 1  # one begins otherwise
    for each in SPECIAL:
        assert found(f"mill {each}") == [f"Mill {each} Lane"], each
        assert found(each) == [f"Mill {each} Lane"], each
    assert [typed for typed in ENDLESS if found(typed)] == []


def test_a_place_is_found_for_a_referral_by_words_as_they_stand(lead: Somebody) -> None:
    def found(typed: str) -> list[str]:
        return sorted(row.name for row in find_places(typed))

    for each in SPECIAL:
        assert found(each) == holding(each), each
        assert found(f"lane {each} mill") == [name for name in holding(each) if "Lane" in name], each
    assert [typed for typed in ENDLESS if found(typed)] == []


def test_people_who_sign_in_are_found_by_what_stands_in_their_name(in_app: Flask) -> None:
    with unit_of_work():
        admin = make_somebody(Role.ADMIN)
        home = make_agency()
        for name in NAMES:
            make_somebody(Role.PRACTITIONER, agency=home, name=name)

    def found(typed: str) -> list[str]:
        return sorted(row.name for row in list_users(admin.actor, text=typed) if row.name in NAMES)

    for each in set(SPECIAL) - {".", "-"}:  # those stand in every address
        assert found(each) == holding(each), each
    assert [typed for typed in ENDLESS if found(typed)] == []


def test_young_people_are_found_by_letters_and_digits_alone(in_app: Flask) -> None:
    with unit_of_work():
        worker = make_somebody(Role.SOCIAL_WORKER)
        for given in ("Jay", "Jo%", "J_y", "Jay*"):
            service.add_person(worker.actor, given_name=given, family_name="Reeve-Hart")

    def found(typed: str) -> list[str]:
        return sorted(row.given_name for row in people.search(worker.actor, typed).people)

    assert found("reeve") == ["J_y", "Jay", "Jay*", "Jo%"]
    for each in SPECIAL:
        assert found(each) == [], each
        assert "Jo%" not in found(f"j{each}y"), each
    assert [typed for typed in ENDLESS if found(typed)] == []
