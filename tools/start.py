"""./run: sets everything up, prepares the demonstration's database, and serves it on this computer alone."""

import argparse
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from tools import environment
from tools.assets import ROOT
from tools.console import Programs, Steps, Stop, speak, surroundings


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status of a set-up that failed; after one that worked another program takes over."""
    options = _options(arguments)
    programs = Programs()
    return speak(lambda: _run(options, programs), programs)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run", description="Set up and serve the demonstration.")
    parser.add_argument("--port", type=int, default=8000, help="where to serve on 127.0.0.1 (8000)")
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help="its data (var/)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--setup", action="store_true", help="do everything but serve")
    only.add_argument(
        "--install", action="store_true", help="install what a live service needs, without a demonstration"
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error("--port must be from 1 to 65535")
    # Relative to where the command was given, not to the checkout.
    options.data = options.data.resolve()
    return options


def _run(options: argparse.Namespace, programs: Programs) -> int:
    if options.install:
        with environment.alone():
            steps = Steps(5)
            environment.set_up(steps, programs, "runtime")
            steps.take("Bytecode", lambda: environment.compile_all(programs))
        return 0
    if not options.setup:
        _check_port(options.port)
    with environment.alone():
        environment.set_up(Steps(5 if options.setup else 6), programs, "runtime")
    _hand_over(options)


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


def _hand_over(options: argparse.Namespace) -> NoReturn:
    """Become the server, so that Ctrl-C and other signals reach it and nothing else."""
    sys.stdout.flush()
    os.chdir(ROOT)
    python = str(environment.PYTHON)
    command = [python, "-m", "tools.serving", "--data", str(options.data)]
    if not options.setup:
        command += ["--port", str(options.port)]
    settings = {
        "SAFEGUARDING_MODE": "demonstration",
        "SAFEGUARDING_DATA": str(options.data),
        "SERVICE_URL": f"http://localhost:{options.port}",
    }
    os.execve(python, command, surroundings(settings))  # noqa: S606
