"""What makes two rows the same record.

Owns digests and counting. Equal rows are separate events (over half of some published files repeats another
row exactly), so that a row is told apart by being the n-th of its like in the run. Digests are kept, never
rows, so that five years of a borough fit into some tens of megabytes.
"""

import hashlib
from collections.abc import Iterable, Sequence

from safeguarding.core.canonical import canonical_json


def content_of(titles: Sequence[str], cells: Sequence[str]) -> tuple[str, str]:
    """Return the canonical JSON of a row's cells by their titles, and its SHA-256 in hexadecimal digits."""
    content = canonical_json(dict(zip(titles, cells, strict=True)))
    return content, hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


class Occurrences:
    """Counts equal rows within one run."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def identify(self, parts: Iterable[str]) -> tuple[str, int]:
        """Return (identity, n): SHA-256 over the parts and n, where this is the n-th row of these parts.

        The parts are joined by NUL, which no cell holds, so that no two lists of parts give the same text.
        """
        hashed = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
        key = hashed.digest()[:16]
        n = self._seen.get(key, 0) + 1
        self._seen[key] = n
        hashed.update(b"\0%d" % n)
        return hashed.hexdigest(), n


class Places:
    """Tells within one file which rows are of the same place.

    A row with a key of its own (a school's URN) is that place, whatever else it says: the first row stands.
    Rows known by name alone are one place only where they say the same throughout; three playgrounds of one
    name are three places, and nine copies of one ward are one.
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._named: dict[str, dict[str, int]] = {}

    def keyed(self, row: int, *parts: str) -> tuple[str, int | None]:
        """Return (identity, the earlier row of the same key or None)."""
        return self._settle(row, _digest(parts))

    def named(self, row: int, digest: str, *parts: str) -> tuple[str, int | None]:
        """Return (identity, the earlier row of the same name and content or None)."""
        contents = self._named.setdefault(_digest(parts), {})
        n = contents.setdefault(digest, len(contents) + 1)
        return self._settle(row, _digest((*parts, str(n))))

    def _settle(self, row: int, identity: str) -> tuple[str, int | None]:
        first = self._rows.setdefault(identity, row)
        return identity, None if first == row else first


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
