"""./run: sets everything up, prepares the demonstration's database, and serves it on this computer alone."""

import argparse
import json
import os
import signal
import socket
import sys
import textwrap
import time
from pathlib import Path
from typing import Any, NoReturn

from tools import environment
from tools.assets import ROOT
from tools.console import Failed, Programs, Steps, Stop, speak, surroundings

WORKERS, THREADS = 2, 8


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status; while serving, this process becomes the server and does not return."""
    options = _options(arguments)
    programs = Programs()
    return speak(lambda: _run(options, programs), programs)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run", description="Set up and serve the demonstration.")
    parser.add_argument("--port", type=int, default=8000, help="where to serve on 127.0.0.1 (8000)")
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help="its data (var/)")
    parser.add_argument("--setup", action="store_true", help="do everything but serve")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error("--port must be from 1 to 65535")
    # Relative to where the command was given, not to the checkout.
    options.data = options.data.resolve()
    return options


def _run(options: argparse.Namespace, programs: Programs) -> int:
    if not options.setup:
        _check_port(options.port)
    steps = Steps(5 if options.setup else 6)
    with environment.alone():
        environment.set_up(steps, programs, "runtime")
        demonstration = steps.take("Database", lambda: _prepare(options.data, programs))
    note = _note(options, demonstration)
    if options.setup:
        sys.stdout.write(note)
        return 0
    steps.announce("Server")
    _serve(options, note)


def _check_port(port: int) -> None:
    """Refuse a port that something listens on, before the long work rather than after it."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except PermissionError:
            raise Stop(f"Port {port} is only for root. Choose one above 1023: ./run --port 8000") from None
        except OSError:
            # A computer without IPv6 cannot have its port taken there.
            if family == socket.AF_INET or _is_answered(host, port):
                raise Stop(
                    f"Port {port} is taken. Stop what uses it, or choose another: ./run --port {_next(port)}"
                ) from None


def _is_answered(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _next(port: int) -> int:
    return port + 1 if port < 65535 else 8000


def variables(data: Path) -> dict[str, str]:
    """What the service's commands need to know to work on the demonstration."""
    return {"SAFEGUARDING_MODE": "demonstration", "SAFEGUARDING_DATA": str(data)}


def _prepare(data: Path, programs: Programs) -> dict[str, Any]:
    """Bring the database up to date and seed it when empty; what the command said, as contracted."""
    command = [str(environment.PYTHON), "-m", "flask", "prepare", "--json"]
    try:
        answer: dict[str, Any] = json.loads(programs.run(command, ROOT, variables(data)))
    except Failed as failed:
        raise Stop(f"The database for {data} could not be prepared: {_last_line(failed.output)}") from None
    return answer


def _last_line(output: str) -> str:
    # The last line of a traceback is its message, and of a refusal the refusal.
    return (output.strip().splitlines() or ["no message"])[-1]


def _note(options: argparse.Namespace, demonstration: dict[str, Any]) -> str:
    """What a newcomer needs next: the address, who can sign in, and how to use the commands."""
    accounts = demonstration["accounts"]
    width = max((len(one["email"]) for one in accounts), default=0)
    lines = [f"  {one['email']:{width}}  {one['role']}, {one['agency']}" for one in accounts]
    exports = "\n".join(f"  export {name}={value}" for name, value in variables(options.data).items())
    opening = "Ready: ./run serves it." if options.setup else f"Open http://localhost:{options.port}"
    closing = "" if options.setup else "\nCtrl-C stops it.\n"
    people = "\n".join(lines)
    return textwrap.dedent("""
        {opening}

        Sign in with the pass phrase "{password}" as one of
        {people}

        For the commands (.venv/bin/flask) first:
        {exports}
        {closing}""").format(
        opening=opening, password=demonstration["password"], people=people, exports=exports, closing=closing
    )


def _serve(options: argparse.Namespace, note: str) -> NoReturn:
    """Become the server, so that Ctrl-C and other signals reach it and nothing else."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.stdout.flush()
    os.chdir(ROOT)
    python = str(environment.PYTHON)
    command = [python, "-m", "gunicorn", "--config", str(ROOT / "tools" / "serving.py"), "wsgi:app"]
    command += ["--bind", f"127.0.0.1:{options.port}", "--workers", str(WORKERS), "--threads", str(THREADS)]
    os.execve(python, command, _server_environment(options.data, note))  # noqa: S606


def _server_environment(data: Path, note: str) -> dict[str, str]:
    # The first worker says the note when it can answer (tools/serving.py), not before.
    told = {"PANELS_NOTE": note, "PANELS_BEGAN": str(time.monotonic())}
    return surroundings(variables(data) | told)
