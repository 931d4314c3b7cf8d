"""Identifiers carry a check: one wrong character is noticed."""

import pytest

from safeguarding.people import identifiers


def test_a_right_nhs_number_is_kept_as_ten_digits() -> None:
    assert identifiers.normalise_nhs_number("943 476 5870") == "9434765870"
    assert identifiers.normalise_nhs_number("943-476-5870") == "9434765870"
    assert identifiers.show_nhs_number("9434765870") == "943 476 5870"


@pytest.mark.parametrize("wrong", ["943 476 5871", "943476587", "94347658700", "943476587O", "", "٩٤٣٤٧٦٥٨٧٠"])
def test_a_wrong_nhs_number_is_refused(wrong: str) -> None:
    assert identifiers.normalise_nhs_number(wrong) is None


def test_an_nhs_number_whose_check_would_be_ten_can_never_be_right() -> None:
    first_nine = "100000005"  # 10 x 1 + 2 x 5 = 20; 11 - 20 mod 11 = 2: a right one, to show that the sum is understood
    assert identifiers.normalise_nhs_number(f"{first_nine}2") == "1000000052"
    asks_for_ten = "100000001"  # 10 + 2 = 12; 11 - 1 = 10
    assert all(identifiers.normalise_nhs_number(f"{asks_for_ten}{digit}") is None for digit in range(10))


@pytest.mark.parametrize("right", ["B801200005001", "A950000178301", "H243278544154", "P207000016049"])
def test_a_right_upn_is_kept(right: str) -> None:
    assert identifiers.normalise_upn(f" {right.lower()} ") == right


@pytest.mark.parametrize(
    "wrong", ["R247962919251", "X428558133462", "Q207000016049", "I801200005001", "B80120000500", ""]
)
def test_a_wrong_upn_is_refused(wrong: str) -> None:
    assert identifiers.normalise_upn(wrong) is None


def test_a_temporary_upn_counts_its_letter_by_its_place() -> None:
    digits = "80120000500"
    right = [
        first + digits + last
        for first in identifiers.UPN_LETTERS
        for last in "A"
        if identifiers.normalise_upn(first + digits + last)
    ]
    assert len(right) == 1  # the letter A counts 0, so exactly one first letter fits
    assert identifiers.normalise_upn(right[0][:-1] + "B") is None
    assert identifiers.normalise_upn(right[0][:-1] + "O") is None  # no letter of the list


def test_a_masked_identifier_shows_its_last_two_characters_alone() -> None:
    assert identifiers.masked("9434765870") == "•••••••• 70"
