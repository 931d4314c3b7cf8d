"""Prepares the demonstration's database and serves it, in one process, so that the service is loaded once.

Run by ./run with the environment's own python; the only part of the tools that imports what is installed there.
A live installation does not use it: it runs gunicorn with its own settings.
"""

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask
from gunicorn.app.base import BaseApplication

from tools import environment
from tools.assets import ROOT
from tools.console import Programs, Steps, Stop, fall_silent, speak

WORKERS, THREADS = 2, 8


def main() -> int:
    """Return 0 when prepared; with a port, serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m tools.serving")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    steps = Steps(6 if options.port else 5, done=4)
    return speak(lambda: _prepare_and_serve(steps, options), Programs())


def _prepare_and_serve(steps: Steps, options: argparse.Namespace) -> int:
    with environment.alone():
        app, demonstration = steps.take("Database", lambda: _prepare(options.data))
    note = _note(options, demonstration)
    if options.port is None:
        _say(note)
        return 0
    steps.announce("Server")
    Server(app, options.port, note).run()
    return 0


def _prepare(data: Path) -> tuple[Flask, dict[str, Any]]:
    """Load the service and bring the database up to date, seeded when empty; the service and what it said."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as wrong:
        raise Stop(f"{data} cannot be made: {wrong.strerror}. Choose another: ./run --data DIR") from None
    # As the command line does, which may meet a database that does not exist yet.
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    try:
        app: Flask = importlib.import_module("wsgi").app
    except SystemExit as refusal:
        raise Stop(str(refusal.code)) from None
    finally:
        del os.environ["FLASK_RUN_FROM_CLI"]
    done = app.test_cli_runner().invoke(args=["prepare", "--json"])
    if done.exit_code:
        raise Stop(f"The database for {data} could not be prepared: {_reason(done)}")
    _close_connections(app)
    return app, json.loads(done.stdout)


def _reason(done: Result) -> str:
    """The refusal a command ended with, or the first line of the error that ended it."""
    said = done.stderr if isinstance(done.exception, SystemExit) else f"{done.exception}".partition("\n")[0]
    return said.strip() or type(done.exception).__name__


def _close_connections(app: Flask) -> None:
    """Leave no connection open: the workers are forks, and a connection cannot be shared by two processes."""
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


def _note(options: argparse.Namespace, demonstration: dict[str, Any]) -> str:
    """What a newcomer needs next: the address, who can sign in, and how to use the commands."""
    accounts = demonstration["accounts"]
    width = max((len(one["email"]) for one in accounts), default=0)
    opening = f"Open http://localhost:{options.port}" if options.port else "Ready: ./run serves it."
    lines = [
        "",
        opening,
        "",
        f'Sign in with the pass phrase "{demonstration["password"]}" as one of',
        *(f"  {one['email']:{width}}  {one['role'].replace('_', ' ')}, {one['agency']}" for one in accounts),
        "",
        "For the commands (.venv/bin/flask) first:",
        "  export SAFEGUARDING_MODE=demonstration",
        f"  export SAFEGUARDING_DATA={options.data}",
    ]
    if options.port and options.port != 8000:
        lines.append(f"  export SERVICE_URL=http://localhost:{options.port}")
    lines += [
        "",
        f"Mail is sent nowhere: `.venv/bin/flask worker --once` writes what waits to {options.data / 'outbox'}/",
    ]
    return "\n".join([*lines, "", "Ctrl-C stops it.", ""] if options.port else [*lines, ""])


class Server(BaseApplication):
    """gunicorn, quiet, on this computer alone; the address is said when the workers can answer."""

    def __init__(self, app: Flask, port: int, note: str) -> None:
        self._app, self._port, self._note = app, port, note
        self._began = time.monotonic()
        super().__init__()

    def load_config(self) -> None:
        """Settle everything here: neither a file nor an argument has a say."""
        settings = {
            "bind": f"127.0.0.1:{self._port}",
            "workers": WORKERS,
            "threads": THREADS,
            "worker_class": "connections.Worker",
            # As in gunicorn.conf.py: nobody says for anybody else where a request comes from.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "preload_app": True,
            "control_socket_disable": True,
            "loglevel": "warning",
            # After a Ctrl-C nobody waits for a slow request, or for a worker that was still starting.
            "graceful_timeout": 3,
            "chdir": str(ROOT),
            "post_worker_init": self._worker_is_ready,
            "on_exit": _stopped,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the service that was loaded to prepare the database."""
        return self._app

    def _worker_is_ready(self, worker: Any) -> None:
        if worker.age == WORKERS:
            _say(f"{time.monotonic() - self._began:.1f} s\n{self._note}")


def _stopped(_server: Any) -> None:
    _say("Stopped.\n")


def _say(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # No reason not to serve.
        fall_silent()


if __name__ == "__main__":
    sys.exit(main())
