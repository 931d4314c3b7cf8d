"""The load: keep-alive connections that send prepared requests for some seconds. A process of its own.

Reads one line of JSON on standard input and writes one on standard output:
`{"port", "cookie", "clients", "seconds", "requests": [[method, path, body or null], ...], "once": bool}` ->
`{"answers", "seconds", "statuses": {"200": n}, "bytes", "latencies": [milliseconds, ...], "sent": n}`.
With `once` each request is sent once at most, and the load ends when there are no more.
"""

import json
import socket
import sys
import threading
import time
from itertools import count
from typing import Any


class Load:
    """One run of the load, over so many threads with a connection each."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._port, self._clients, self._seconds = spec["port"], spec["clients"], spec["seconds"]
        self._once = spec.get("once", False)
        self._requests = [_prepared(spec["cookie"], *request) for request in spec["requests"]]
        self._next = count()
        self._lock = threading.Lock()
        self.latencies: list[float] = []
        self.statuses: dict[str, int] = {}
        self.bytes = 0
        self.sent = 0

    def run(self) -> dict[str, Any]:
        """Run it and return what was seen."""
        begun = time.perf_counter()
        threads = [threading.Thread(target=self._client, args=(begun + self._seconds,)) for _ in range(self._clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {
            "answers": len(self.latencies),
            "seconds": time.perf_counter() - begun,
            "statuses": self.statuses,
            "bytes": self.bytes // max(1, len(self.latencies)),
            "latencies": sorted(self.latencies),
            "sent": self.sent,
        }

    def _take(self) -> bytes | None:
        number = next(self._next)
        if self._once and number >= len(self._requests):
            return None
        return self._requests[number % len(self._requests)]

    def _client(self, until: float) -> None:
        connection = Connection(self._port)
        latencies: list[float] = []
        statuses: dict[str, int] = {}
        size = 0
        while time.perf_counter() < until and (request := self._take()) is not None:
            begun = time.perf_counter()
            status, length = connection.exchange(request)
            latencies.append((time.perf_counter() - begun) * 1000)
            statuses[status] = statuses.get(status, 0) + 1
            size += length
        connection.close()
        with self._lock:
            self.latencies += latencies
            self.bytes += size
            self.sent += len(latencies)
            for status, number in statuses.items():
                self.statuses[status] = self.statuses.get(status, 0) + number


class Connection:
    """One keep-alive connection; opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = self._open()
        self._rest = b""

    def exchange(self, request: bytes) -> tuple[str, int]:
        """Send a request and return the status and the number of bytes of its body."""
        for attempt in (1, 2):
            try:
                self._socket.sendall(request)
                head = self._head()
                break
            except (ConnectionError, BrokenPipeError):
                if attempt == 2:
                    raise
                self.close()
                self._socket, self._rest = self._open(), b""
        length = _length(head)
        while len(self._rest) < length:
            self._rest += self._more()
        self._rest = self._rest[length:]
        if b"connection: close" in head.lower():
            self.close()
            self._socket, self._rest = self._open(), b""
        return head[9:12].decode(), length

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _head(self) -> bytes:
        while b"\r\n\r\n" not in self._rest:
            self._rest += self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        return head

    def _more(self) -> bytes:
        piece = self._socket.recv(262_144)
        if not piece:
            raise ConnectionError("closed by the server")
        return piece

    def _open(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise ValueError(f"an answer without a length: {head[:200]!r}")


def _prepared(cookie: str, method: str, path: str, body: str | None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Cookie: {cookie}", "Accept: text/html"]
    content = (body or "").encode()
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def main() -> None:
    """Do what the line on standard input says."""
    json.dump(Load(json.loads(sys.stdin.readline())).run(), sys.stdout)


if __name__ == "__main__":
    main()
