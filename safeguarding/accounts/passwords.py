"""Pass phrases: Argon2id at OWASP's minimum cost, with a bound on how many are worked out at once."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 128
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_one_at_a_time = threading.BoundedSemaphore(2)
# Verified when there is no such account, so that the answer takes as long and says as little.
_nobody = _hasher.hash("a phrase that nobody has")


def hash_phrase(phrase: str) -> str:
    """Return the Argon2id hash of a pass phrase."""
    with _one_at_a_time:
        return _hasher.hash(phrase)


def verify_phrase(stored: str | None, phrase: str) -> bool:
    """Return whether the phrase is the stored one; without a stored hash it takes as long and says no."""
    with _one_at_a_time:
        try:
            _hasher.verify(stored or _nobody, phrase[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None
