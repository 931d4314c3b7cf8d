"""References that are read aloud without confusion and do not reveal how many there are.

`YP-7F3K-2M9Q`: a prefix for the kind, seven random characters of Crockford's base 32 and a check character over
them (a remainder in the field of 32 elements), so that any one wrong and any two swapped neighbours are noticed.
"""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


_source: ContextVar[random.Random] = ContextVar("reference_source", default=secrets.SystemRandom())  # noqa: B039


def new_reference(prefix: str) -> str:
    """Return a new random reference of the kind named by its two-letter prefix."""
    source = _source.get()
    return format_reference(prefix, "".join(source.choice(ALPHABET) for _ in range(7)))


@contextmanager
def repeatable(source: random.Random) -> Iterator[None]:
    """Draw the references made inside from this source; for the seed of the demonstration alone."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def format_reference(prefix: str, body: str) -> str:
    """Return the reference made of a prefix and seven characters of the alphabet."""
    return f"{prefix}-{body[:4]}-{body[4:]}{_check(body)}"


def normalise_reference(text: str, prefix: str) -> str | None:
    """Return the reference a person meant (case, blanks and look-alike letters forgiven), or None if it is none."""
    plain = "".join(c for c in text.upper() if c.isalnum())
    if not plain.startswith(prefix):
        return None
    body = plain[len(prefix) :].translate(_LOOKALIKES)
    if len(body) != 8 or any(c not in ALPHABET for c in body) or _check(body[:7]) != body[7]:
        return None
    return format_reference(prefix, body[:7])


def _check(body: str) -> str:
    remainder = 0
    for character in body:
        remainder = _doubled(remainder) ^ ALPHABET.index(character)
    return ALPHABET[_doubled(remainder)]


def _doubled(element: int) -> int:
    """Return twice an element of the field of 32 elements (by the polynomial x^5 + x^2 + 1)."""
    doubled = element << 1
    return doubled ^ 0b100101 if doubled & 32 else doubled
