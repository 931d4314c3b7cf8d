"""Identifiers that carry a check: the NHS number and the unique pupil number. Pure.

Sources: NHS Data Dictionary (NHS number, modulus 11); Department for Education, unique pupil numbers (modulus 23).
"""

import re

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # 23 of them: no I, O or S
_NHS = re.compile(r"[0-9]{10}")
_UPN = re.compile(r"[A-Z][0-9]{11}[0-9A-Z]")


def normalise_nhs_number(text: str) -> str | None:
    """Return the ten digits of an NHS number whose check digit is right, or None."""
    digits = re.sub(r"[\s-]", "", text)
    if not _NHS.fullmatch(digits):
        return None
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    check = (11 - total % 11) % 11
    return digits if check == int(digits[9]) else None  # a remainder that asks for 10 can never be right


def normalise_upn(text: str) -> str | None:
    """Return the 13 characters of a UPN, permanent or temporary, whose check letter is right, or None."""
    upn = re.sub(r"\s", "", text).upper()
    if not _UPN.fullmatch(upn):
        return None
    values = [_value(character) for character in upn[1:]]
    if any(value is None for value in values):
        return None
    total = sum(value * place for place, value in enumerate(values, start=2) if value is not None)
    return upn if UPN_LETTERS[total % 23] == upn[0] else None


def show_nhs_number(digits: str) -> str:
    """Return an NHS number as it is written, 943 476 5870."""
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def masked(identifier: str) -> str:
    """Return an identifier of which only the last two characters are shown."""
    return f"•••••••• {identifier[-2:]}"


def _value(character: str) -> int | None:
    if character.isdigit():
        return int(character)
    return UPN_LETTERS.find(character) if character in UPN_LETTERS else None
