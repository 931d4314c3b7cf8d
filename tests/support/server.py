"""The service as it is served: gunicorn on a free port of this machine, ended with its test."""

import os
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from urllib.parse import urlsplit

from config import Settings
from tests.support import loaded

ROOT = loaded.ROOT
SECONDS_TO_START = 90  # on a machine that does much else
_masters: dict[int, int] = {}  # by the port that they serve


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment from which a process reads these settings."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SAFEGUARDING_")},
        "SAFEGUARDING_MODE": settings.mode.value,
        "SAFEGUARDING_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url or "",
        "DATABASE_BACKUP_URL": settings.database_backup_url or "",
        "SECRET_KEY": settings.secret_key,
        "AUDIT_KEY": settings.audit_key,
        "SECOND_FACTOR": "optional" if settings.second_factor_optional else "required",
        "PASSKEY_REQUIRED": "yes" if settings.passkey_required else "no",
        "SEALED_KEYS": settings.sealed_keys_text,
        "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        "PROXY_HOPS": str(settings.proxy_hops),
    }


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    settings: Settings, workers: int = 2, options: Sequence[str] = (), ending: signal.Signals = signal.SIGTERM
) -> Iterator[str]:
    """Serve an installation and give its address; everything it started is ended afterwards.

    ending: what ends it. It takes its time to leave in good order; SIGKILL does for an installation that ends with it.
    """
    port = free_port()
    command = ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    # The rest is in gunicorn.conf.py, as in live use.
    command += ["--threads", "4", "--graceful-timeout", "3", *options]
    log = settings.data / "server.log"
    server = loaded.start(command, environment_of(settings), log, log)
    assert server.pid is not None
    _masters[port] = server.pid
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://localhost:{port}"
    finally:
        del _masters[port]
        with suppress(ProcessLookupError):
            os.killpg(server.pid, ending)
        server.join(10)
        if server.is_alive():
            os.killpg(server.pid, signal.SIGKILL)
            server.join()


def master(address: str) -> int:
    """Return the process that started the workers which serve an address."""
    return _masters[urlsplit(address).port or 0]


def children(parent: int) -> list[int]:
    """Return the processes that a process started."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it may end while we look
            if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return sorted(found)


def _wait_for(address: str, server: ForkServerProcess, log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - an address of this machine
                return
        except OSError:
            if not server.is_alive() or time.monotonic() > until:
                said = log.read_text(errors="replace")[-3000:] if log.is_file() else "its log cannot be read"
                raise RuntimeError(said) from None
            time.sleep(0.02)
