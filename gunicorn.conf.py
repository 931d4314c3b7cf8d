"""How gunicorn serves wsgi:app. It reads this file by itself from the folder in which it starts; its command line goes before."""

import os
import sys
from pathlib import Path
from typing import Any

worker_class = "connections.Worker"
threads = 8
timeout = 60
graceful_timeout = 30
control_socket_disable = True

# Whom a request came through is decided in wsgi.py, by PROXY_HOPS alone. Left to itself gunicorn believes whatever comes
# from this machine, a client's own headers that a proxy here passes on among them, even to another path or prefix.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190


def on_starting(_server: Any) -> None:
    """Make and empty the folder in which workers add up their counts; without it no worker could begin."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        for counts in Path(folder).glob("*.db"):
            counts.unlink()
    except OSError as error:
        sys.exit(f"The service does not start. PROMETHEUS_MULTIPROC_DIR: {error.filename}: {error.strerror}.")
