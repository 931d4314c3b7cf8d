"""When what must not stand still was last done: an empty file each in the data folder, whose time says it.

For `/metrics` and for whoever looks at the folder. It proves nothing; the audit does.
"""

import contextlib
import math
from pathlib import Path

from safeguarding.core import clock

_FOLDER = "lately"


def note(data: Path, what: str) -> None:
    """Note that something was done now. What cannot be noted grows old, and is seen by that."""
    with contextlib.suppress(OSError):
        place = data / _FOLDER
        place.mkdir(exist_ok=True, mode=0o755)
        (place / what).touch()


def seconds_since(data: Path, what: str) -> float:
    """Return how long ago that was; infinity when it never was."""
    try:
        return max(0.0, clock.now().timestamp() - (data / _FOLDER / what).stat().st_mtime)
    except OSError:
        return math.inf
