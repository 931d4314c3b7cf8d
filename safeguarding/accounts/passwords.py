"""Pass phrases: Argon2id at OWASP's minimum cost with a bound on how many are worked out at once, and which will do.

A phrase is any Unicode, compared in its compatible composed form, never cut. What is too long is refused before it is
worked out. The demonstration's phrase stands on the block list: its seed alone stores a hash of it.
"""

import contextlib
import itertools
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from safeguarding.core.errors import RuleError, UnavailableError

SHORTEST = 15  # characters
LONGEST = 128  # characters
LARGEST = 1024  # bytes
AT_ONCE = 2  # hashes worked out at the same time in one process: 19 MiB each
_WAIT = 20.0  # seconds for a turn
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turns = threading.BoundedSemaphore(AT_ONCE)
# Verified when there is no such account, so that the answer takes as long and says as little.
_nobody = _hasher.hash("a phrase that nobody has")

# What people reach for, written without blanks. A phrase made of such words and little else is refused.
_WORDS = """
password passwort passphrase passcode passwd letmein welcome iloveyou qwertyuiop qwerty asdfghjkl zxcvbnm azerty
monkey dragon football liverpool arsenal chelsea manchester london england superman batman sunshine princess charlie
correcthorsebatterystaple thequickbrownfoxjumpsoverthelazydog loremipsumdolorsitamet tobeornottobe
onceuponatime mynameis openupplease changeme secret admin administrator default temporary summer winter autumn spring
january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday
safeguarding safeguard safeguardingpartnership partnership panelsandplaces panels panel places contextual
exploitation socialcare socialworker childrens children council borough police probation health education housing
youthjustice mave mace marac marlbridgedemonstrationonly demonstration
abcdefghijklmnopqrstuvwxyz zyxwvutsrqponmlkjihgfedcba
the and for our with this that are only please very much
"""
COMMON = frozenset(_WORDS.split())
_LEAST_OWN = 8  # letters that must be left when all such words are taken away
_LEAST_DIFFERENT = 5  # characters
_LONGEST_FOLDED = 300  # characters: some letters fall apart into many
_LOOKALIKES = str.maketrans("0134578@$!", "oieastbasi")


def hash_phrase(phrase: str) -> str:
    """Return the Argon2id hash of a pass phrase. Whether it will do is for `refuse_weak` to say, before."""
    with _turn():
        return _hasher.hash(_same(phrase))


def verify_phrase(stored: str | None, phrase: str) -> bool:
    """Return whether the phrase is the stored one; without a stored hash it takes as long and says no."""
    if is_too_long(phrase):
        return False  # nobody has such a phrase, whatever the account
    with _turn():
        try:
            _hasher.verify(stored or _nobody, _same(phrase))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Return whether a hash was made at another cost than today's, and is to be made anew at the next sign-in."""
    return _hasher.check_needs_rehash(stored)


def is_too_long(phrase: str) -> bool:
    """Return whether a phrase is longer than any that is accepted."""
    return len(phrase) > LONGEST or len(phrase.encode("utf-8", "surrogatepass")) > LARGEST


def refuse_weak(phrase: str, local: Iterable[str] = (), field: str = "phrase") -> None:
    """Raise RuleError, with what to do, when a new pass phrase will not do.

    `local` are words that stand near: the service's, the agencies' and the borough's names, and the person's own.
    """
    if is_too_long(phrase):
        raise RuleError(f"Use {LONGEST} characters or fewer. Yours is longer, and nothing is cut off.", field)
    if len(_same(phrase)) < SHORTEST:
        raise RuleError(f"Use {SHORTEST} characters or more: four or five words that do not belong together.", field)
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in phrase) or "�" in phrase:
        raise RuleError("Leave out characters that cannot be seen.", field)
    if _is_guessable(phrase, local):
        raise RuleError(
            "This is easy to guess here: it is little more than common words, names of this service and its agencies, "
            "or a row of keys. Use four or five words that do not belong together.",
            field,
        )


def _is_guessable(phrase: str, local: Iterable[str]) -> bool:
    plain = _folded(phrase)
    if len(set(plain)) < _LEAST_DIFFERENT or _is_row(plain):
        return True
    blocked = {*COMMON, *_words_of(local)}
    return any(_left(each, blocked) < _LEAST_OWN for each in (plain, plain.translate(_LOOKALIKES)))


def _left(plain: str, blocked: set[str]) -> int:
    """Return how many letters remain when the blocked words and repetitions are taken away; a digit is half a letter."""
    for word in sorted(blocked, key=len, reverse=True):
        plain = plain.replace(word, " ")
    plain = re.sub(r"(.+?)\1+", r"\1", plain)
    return sum(0 if each.isspace() else 1 if each.isdigit() else 2 for each in plain) // 2


def _words_of(local: Iterable[str]) -> set[str]:
    """Return the names as they are and each of their longer words, folded."""
    found = set()
    for name in local:
        found.add(_folded(name))
        found |= {_folded(word) for word in re.split(r"[\W_]+", name)}
    return {word for word in found if len(word) >= 4}


def _is_row(plain: str) -> bool:
    """Return whether the characters follow one another, up or down, nearly all the way, as in 1234 or zyxw."""
    steps = [ord(after) - ord(before) for before, after in itertools.pairwise(plain)]
    return bool(steps) and max(steps.count(1), steps.count(-1)) > len(steps) * 0.8


def _folded(text: str) -> str:
    """Return the text in small letters without accents, blanks and marks: letters, digits and pictures of any script."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in apart if each.isalnum() or unicodedata.category(each) == "So")[:_LONGEST_FOLDED]


def _same(phrase: str) -> str:
    """Return the one form in which a phrase is worked out: é typed as one key and as two is the same."""
    return unicodedata.normalize("NFKC", phrase).encode("utf-8", "replace").decode()


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=_WAIT):
        raise UnavailableError("too many are signing in at once")
    try:
        yield
    finally:
        _turns.release()
