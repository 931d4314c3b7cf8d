"""The service as it is served: gunicorn on a free port of this machine, ended with its test."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS_TO_START = 90  # on a machine that does much else


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
def serving(settings: Settings, workers: int = 2, options: Sequence[str] = ()) -> Iterator[str]:
    """Serve an installation and give its address; everything it started is ended afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    # The rest is in gunicorn.conf.py, as in live use.
    command += ["--threads", "4", "--graceful-timeout", "3", *options]
    log = (settings.data / "server.log").open("wb")
    with log, subprocess.Popen(
        command, cwd=ROOT, env=environment_of(settings), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    ) as server:  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server, settings.data / "server.log")
            yield f"http://localhost:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - an address of this machine
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > until:
                said = log.read_text(errors="replace")[-3000:] if log.is_file() else "its log cannot be read"
                raise RuntimeError(said) from None
            time.sleep(0.1)
