"""One way to write a value as bytes, so that a hash over it means the same everywhere and for years."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys, no blanks, instants in UTC with microseconds and dates in ISO form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no canonical form for {type(value).__name__}")
