"""References: read aloud without confusion, and wrong when one character is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeguarding.core.references import (
    ALPHABET,
    format_reference,
    new_reference,
    normalise_reference,
    repeatable,
)

bodies = st.text(ALPHABET, min_size=7, max_size=7)


@given(bodies, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(body: str, place: int, other: str) -> None:
    plain = format_reference("YP", body).replace("-", "")[2:]
    wrong = plain[:place] + other + plain[place + 1 :]
    found = normalise_reference("YP" + wrong, "YP")
    assert (found is not None) == (wrong == plain)


@given(bodies, st.integers(0, 6))
def test_two_swapped_neighbours_are_noticed(body: str, place: int) -> None:
    plain = format_reference("YP", body).replace("-", "")[2:]
    swapped = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
    found = normalise_reference("YP" + swapped, "YP")
    assert (found is not None) == (swapped == plain)


@given(bodies)
def test_what_was_heard_over_the_telephone_is_understood(body: str) -> None:
    reference = format_reference("CA", body)
    heard = reference.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert normalise_reference(heard, "CA") == reference


@pytest.mark.parametrize("text", ["", "YP", "CA-0000-0000", "YP-0000-00000", "YP-ÄÖ00-0000", "YP-0000-000\x00"])
def test_what_is_no_reference_is_none(text: str) -> None:
    assert normalise_reference(text, "YP") is None or text == "YP-0000-0000"


def test_the_seed_draws_the_same_references_again() -> None:
    with repeatable(random.Random(7)):
        first = [new_reference("YP") for _ in range(3)]
    with repeatable(random.Random(7)):
        assert [new_reference("YP") for _ in range(3)] == first
    assert new_reference("YP") not in first
