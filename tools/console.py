"""How ./run and ./test speak: a line for each step with its time, and one line for what stops them.

Owns the programs that were started too, so that none outlives a Ctrl-C. Knows nothing of what the steps do.
"""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

INTERRUPTED = 130

T = TypeVar("T")


class Stop(Exception):
    """The work cannot go on. The message is one line: what is wrong, and what to do."""


class Failed(Exception):
    """A program ended with an error; `output` is all it said."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def surroundings(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of what is started: this one's and `extra`, but bytecode is kept even where it is off.

    Without it each start of the service would compile two seconds' worth of modules again.
    """
    return {**os.environ, **(extra or {}), "PYTHONDONTWRITEBYTECODE": ""}


class Programs:
    """Starts programs in process groups of their own and ends those still running when asked."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._ending = threading.Event()

    def run(self, command: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None) -> str:
        """Run a program to its end and return its standard output; an error raises Failed."""
        started = subprocess.Popen(
            command,
            cwd=folder,
            env=surroundings(extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._running.add(started)
        if self._ending.is_set():
            self._end(started)
        try:
            output, errors = started.communicate()
        finally:
            self._running.discard(started)
        if started.returncode:
            raise Failed(output + errors)
        return output

    def end_all(self) -> None:
        """End every program that still runs, with what it started."""
        self._ending.set()
        for started in tuple(self._running):
            self._end(started)

    @staticmethod
    def _end(started: "subprocess.Popen[str]") -> None:
        try:
            os.killpg(started.pid, signal.SIGTERM)
        except ProcessLookupError:
            return


class Steps:
    """The numbered progress lines of one command, on standard output: `2/6 Python packages ... 3.2 s`."""

    def __init__(self, count: int, done: int = 0) -> None:
        self._count = count
        self._number = done

    def announce(self, name: str) -> None:
        """Begin the line of a step whose end somebody else tells."""
        self._number += 1
        sys.stdout.write(f"{self._number}/{self._count} {name} … ")
        sys.stdout.flush()

    def take(self, name: str, work: Callable[[], T]) -> T:
        """Do one step and return its result; the line tells its time, or that it was stopped."""
        self.announce(name)
        began = time.monotonic()
        try:
            result = work()
        except BaseException as error:
            sys.stdout.write("failed\n" if isinstance(error, Failed) else "stopped\n")
            raise
        sys.stdout.write(f"{time.monotonic() - began:.1f} s\n")
        sys.stdout.flush()
        return result


def begin(work: Callable[[], T]) -> Callable[[], T]:
    """Start some work in a thread, and return what waits for its result or raises its error."""
    result: Future[T] = Future()

    def body() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    # A daemon, because the interpreter must not wait for it after a Ctrl-C.
    threading.Thread(target=body, daemon=True).start()
    return result.result


def fall_silent() -> None:
    """The reader has gone (./run | head): say nothing more, also when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def speak(work: Callable[[], int], programs: Programs) -> int:
    """Do a command's work and return its exit status; what stops it is said in one line."""
    # Also where a shell that put this command in the background told it to ignore the first of them.
    for asked_to_stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked_to_stop, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that knows no "…" still gets the rest of the line.
        sys.stdout.reconfigure(errors="replace")
    try:
        return work()
    except BrokenPipeError:
        fall_silent()
        return 1
    except Stop as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("Stopped. Nothing is running; the same command goes on from here.\n")
        return INTERRUPTED
    finally:
        programs.end_all()
