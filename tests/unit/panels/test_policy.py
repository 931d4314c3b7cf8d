"""Who decides an item, who reads a return, and what may be decided about which kind of item."""

from itertools import product
from typing import Any

import pytest

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.panels.models.decisions import DecisionKind
from safeguarding.panels.models.items import ItemKind, PanelHandling
from safeguarding.panels.policy import (
    KIND_NAMES,
    Standing,
    is_in_the_chair,
    kinds_for,
    may_read_note,
    may_read_return,
)

CHAIR, VICE, OTHER = 1, 2, 3


def actor(user_id: int | None = CHAIR, role: Role = Role.CHAIR, agency_id: int = 10) -> Actor:
    """Make an actor of one role and agency."""
    return Actor("user:x", "X", user_id, frozenset({role}), frozenset({agency_id}))


def test_the_person_in_the_chair_decides_and_nobody_else() -> None:
    assert is_in_the_chair(actor(CHAIR), CHAIR, ())
    assert not is_in_the_chair(actor(VICE), CHAIR, ())
    assert is_in_the_chair(actor(VICE), VICE, ())


def test_a_conflict_passes_the_chair_on_and_never_to_somebody_with_a_conflict() -> None:
    assert not is_in_the_chair(actor(CHAIR), CHAIR, {CHAIR})
    assert is_in_the_chair(actor(VICE), CHAIR, {CHAIR})
    assert not is_in_the_chair(actor(VICE), CHAIR, {CHAIR, VICE})
    assert not is_in_the_chair(actor(VICE), CHAIR, {OTHER})
    assert not is_in_the_chair(actor(VICE), VICE, {VICE})


def test_the_command_line_never_decides() -> None:
    assert not is_in_the_chair(actor(None), None, ())


RETURNS = {
    # handling: (own agency, named agency, another agency, chair, coordinator)
    PanelHandling.ALL_MEMBERS: (True, True, True, True, True),
    PanelHandling.NAMED_AGENCIES: (True, True, False, True, True),
    PanelHandling.CHAIR_ONLY: (True, False, False, True, False),
}


@pytest.mark.parametrize("handling", list(PanelHandling))
def test_a_return_is_read_by_handling(handling: PanelHandling) -> None:
    member = frozenset({Relation.SEAT})
    readers = (
        Standing(actor(role=Role.SPOC, agency_id=10), member),
        Standing(actor(role=Role.SPOC, agency_id=11), member),
        Standing(actor(role=Role.SPOC, agency_id=12), member),
        Standing(actor(role=Role.CHAIR, agency_id=13), frozenset({Relation.CHAIR})),
        Standing(actor(role=Role.COORDINATOR, agency_id=13), frozenset({Relation.COORDINATOR})),
    )
    assert tuple(may_read_return(each, handling, 10, {11}) for each in readers) == RETURNS[handling]


def test_a_note_is_read_as_a_return_and_by_whoever_typed_it() -> None:
    member = frozenset({Relation.SEAT})
    about: dict[str, Any] = {"author_id": 7, "agency_id": None, "named_agency_ids": {11}}
    typist = Standing(actor(7, role=Role.COORDINATOR, agency_id=13), frozenset({Relation.COORDINATOR}))
    other = Standing(actor(8, role=Role.COORDINATOR, agency_id=13), frozenset({Relation.COORDINATOR}))
    named = Standing(actor(8, role=Role.SPOC, agency_id=11), member)
    nobody = Standing(actor(None, role=Role.SPOC, agency_id=12), member)
    for handling, expected in (
        (PanelHandling.ALL_MEMBERS, (True, True, True, True)),
        (PanelHandling.NAMED_AGENCIES, (True, True, True, False)),
        (PanelHandling.CHAIR_ONLY, (True, False, False, False)),
    ):
        readers = (typist, other, named, nobody)
        assert tuple(may_read_note(each, handling, **about) for each in readers) == expected, handling


def test_an_office_counts_only_on_the_panel_where_it_is_held() -> None:
    elsewhere = Standing(actor(), frozenset({Relation.SEAT}))
    assert not elsewhere.is_chair
    assert not elsewhere.may(Permission.DECISION_RECORD)
    assert not may_read_return(elsewhere, PanelHandling.CHAIR_ONLY, 99, ())


def test_every_kind_of_item_may_be_closed_and_put_off_and_every_decision_has_a_name() -> None:
    for item_kind, decision in product(ItemKind, (DecisionKind.CLOSE, DecisionKind.DEFER)):
        assert decision in kinds_for(item_kind)
    assert set(KIND_NAMES) == set(DecisionKind)


def test_the_risk_of_a_place_is_not_set_by_a_decision_and_only_young_people_are_referred_on() -> None:
    assert not {DecisionKind.INCREASE_RISK, DecisionKind.REDUCE_RISK} & set(kinds_for(ItemKind.CONTEXT))
    referred = [kind for kind in ItemKind if DecisionKind.REFER_NRM in kinds_for(kind)]
    assert referred == [ItemKind.YOUNG_PERSON]
