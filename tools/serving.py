"""How gunicorn serves the demonstration for ./run: quiet, and announced when it answers.

A live installation does not use this file; it chooses its own settings.
"""

import contextlib
import os
import sys
import time
from typing import Any

worker_class = "gthread"
control_socket_disable = True
loglevel = "warning"

_note = os.environ.pop("PANELS_NOTE", "")
_began = float(os.environ.pop("PANELS_BEGAN", "0"))


def post_worker_init(worker: Any) -> None:
    """The first worker has built the application: now the address answers, so say it."""
    if worker.age == 1:
        _say(f"{time.monotonic() - _began:.1f} s\n{_note}")


def on_exit(server: Any) -> None:
    """Say that it was a stop and not a fault."""
    _say("Stopped.\n")


def _say(text: str) -> None:
    # A reader that has gone away (./run | head) is no reason not to serve.
    with contextlib.suppress(OSError):
        sys.stdout.write(text)
        sys.stdout.flush()
