"""How names become what is searched and sorted: folded words, prefixes, the sort key. Pure."""

import re
import unicodedata

# Letters that Unicode does not take apart into a plain letter and a mark.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŋ": "n", "ŧ": "t"}
)
_JOINED = re.compile(r"['’ʼ`´.]")  # O'Neill is one word; Anne-Marie is two
_WORD = re.compile(r"[^\W_]+")
LAST = "\U0010ffff"  # after every character, in the order by code point that the column has


def fold(text: str) -> str:
    """Return the text casefolded and without accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold().translate(_PLAIN))
    return "".join(character for character in plain if not unicodedata.combining(character)).casefold()


def words_of(*texts: str | None) -> list[str]:
    """Return the searchable words of some names, each once, in order."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(_JOINED.sub("", fold(text or ""))):
            found[word[:100]] = None
    return list(found)


def sort_key_of(given_name: str, family_name: str) -> str:
    """Return what lists are ordered by: `family given`, folded, at most 200 characters."""
    return _JOINED.sub("", f"{fold(family_name)} {fold(given_name)}").strip()[:200]
