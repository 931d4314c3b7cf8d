"""A PostgreSQL that tests end, freeze and start again: nobody else uses it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.postgres import SECONDS_TO_START, Cluster
from tests.support.server import children


class Fragile(Cluster):
    """A cluster, with fsync, whose processes can be ended or stopped all at once."""

    def __init__(self, data: Path, *, settings: tuple[str, ...] = ()) -> None:
        super().__init__(durable=True, settings=settings, data=data)

    def kill(self) -> None:
        """End the postmaster and its children without a word, as the kernel does when memory is short."""
        ended = self._signal(signal.SIGKILL)
        self._leave_keeper()
        until = time.monotonic() + SECONDS_TO_START
        while any(Path(f"/proc/{pid}").exists() for pid in ended):
            assert time.monotonic() < until, "PostgreSQL does not end"
            time.sleep(0.02)

    def _leave_keeper(self) -> None:
        """End whoever waits to stop the server and remove its folder."""
        keeper, self._keeper = self._keeper, None
        assert keeper is not None
        keeper.kill()  # before its input is closed: it would remove the folder
        keeper.wait(SECONDS_TO_START)
        if keeper.stdin is not None:
            keeper.stdin.close()

    def start_again_if_it_ended(self) -> None:
        """Do what a supervisor does for a server that ended itself."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            if Path(f"/proc/{pid}").exists():
                return
        self._leave_keeper()
        self._serve()

    @property
    def is_running(self) -> bool:
        """Whether the server was started and not ended."""
        return self._keeper is not None

    def start_again(self) -> None:
        """Start the server on what is there, and wait until it has recovered and answers."""
        self._serve()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every process, so that connections stay open and nothing answers; let them go on afterwards."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def family(self) -> list[int]:
        """Return who the postmaster and its children are."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        return [*children(postmaster), postmaster]

    def _signal(self, number: signal.Signals) -> list[int]:
        """Send a signal to the postmaster and its children, and return who they are."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # it can then start nobody else, and lose nobody
        family = [*children(postmaster), postmaster]
        for pid in family:
            os.kill(pid, number)
        return family
