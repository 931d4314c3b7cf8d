"""A network between the service and its PostgreSQL that tests make slow, deaf or rude."""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from sqlalchemy import make_url

RESET = struct.pack("ii", 1, 0)  # linger for no time at all: closing says so with a reset


class Manner(StrEnum):
    """What becomes of what is sent."""

    CARRIES = "carries"
    DAWDLES = "dawdles"  # each piece comes late
    SWALLOWS = "swallows"  # connections stay open and nothing comes
    RESETS = "resets"


class Network:
    """Listens on a port of this machine, and hands what comes to a socket of PostgreSQL and back, in the present manner."""

    LATE = 0.02  # seconds

    def __init__(self, target: Path) -> None:
        self.manner = Manner.CARRIES
        self.carried = 0
        self._target, self._over = str(target), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(0.2)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def url(self, url: str) -> str:
        """Return the address of a database through this network."""
        port = self._listener.getsockname()[1]
        through = make_url(url).set(host="127.0.0.1", port=port, query={})
        return through.render_as_string(hide_password=False)

    @contextmanager
    def being(self, manner: Manner) -> Iterator[None]:
        """Behave in a manner for a while; what it swallowed is lost, and those connections with it."""
        self.manner = manner
        if manner is Manner.RESETS:
            self._reset_all()
        try:
            yield
        finally:
            if manner is Manner.SWALLOWS:
                self._reset_all()
            self.manner = Manner.CARRIES

    def close(self) -> None:
        """End it."""
        self._over.set()
        self._reset_all()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _reset_all(self) -> None:
        for pair in self._pairs:
            for each in pair:
                _cut(each)
        self._pairs.clear()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _address = self._listener.accept()
            except TimeoutError:
                continue
            client.settimeout(None)
            if self.manner is Manner.RESETS:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            self._pairs.append((client, server))
            self._threads.append(threading.Thread(target=self._carry, args=(client, server), daemon=True))
            self._threads[-1].start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):  # cut while it was waited for
            while not self._over.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.2)
                for one in ready:
                    piece = one.recv(65_536)
                    if not piece:
                        raise ConnectionError
                    if self.manner is Manner.SWALLOWS:
                        continue
                    if self.manner is Manner.DAWDLES:
                        time.sleep(self.LATE)
                    (server if one is client else client).sendall(piece)
                    self.carried += len(piece)
        _cut(client)
        _cut(server)


def _cut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        if one.family == socket.AF_INET:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        one.shutdown(socket.SHUT_RDWR) if one.family == socket.AF_UNIX else None
        one.close()
