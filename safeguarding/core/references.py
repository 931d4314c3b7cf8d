"""References that are read aloud without confusion and do not reveal how many there are.

`YP-7F3K-2M9Q`: a prefix for the kind, seven random characters of Crockford's base 32 and a check character over
them (a remainder in the field of 32 elements), so that any one wrong and any two swapped neighbours are noticed.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def new_reference(prefix: str) -> str:
    """Return a new random reference of the kind named by its two-letter prefix."""
    return format_reference(prefix, "".join(secrets.choice(ALPHABET) for _ in range(7)))


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
        doubled = remainder << 1
        remainder = (doubled ^ 0b100101 if doubled & 32 else doubled) ^ ALPHABET.index(character)
    return ALPHABET[remainder]
