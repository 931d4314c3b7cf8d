"""When what must not stand still was last done: an empty file each in the data folder, whose time says it.

For `/metrics` and for whoever looks at the folder. It proves nothing; the audit does.
"""

import contextlib
import math
from pathlib import Path

from safeguarding.core import clock


def note(data: Path, what: str) -> None:
    """Note that something was done now. What cannot be noted grows old, and is seen by that."""
    with contextlib.suppress(OSError):
        _place(data, what).touch()


def seconds_since(data: Path, what: str) -> float:
    """Return how long ago that was; infinity when it never was."""
    try:
        return max(0.0, clock.now().timestamp() - _place(data, what).stat().st_mtime)
    except OSError:
        return math.inf


def _place(data: Path, what: str) -> Path:
    """The file: beside the others and in no folder, because a worker and a backup may be run by different users."""
    return data / f"last-{what}"
