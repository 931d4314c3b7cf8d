"""How gunicorn's workers begin and treat connections: nobody holds a thread by sending slowly, and a refusal repeats nothing.

It stands apart from the service, because gunicorn's master imports it, and has to stay free of what a reload brings anew.
"""

import contextlib
import mmap
import secrets
import socket
import sys
import time
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException, UnsupportedTransferCoding
from gunicorn.workers.gthread import ThreadWorker

SECONDS_TO_SEND = 60  # a whole request, 16 MB at most; a proxy in front has read it before and sends it at once
SECONDS_BETWEEN_STARTS = 5
_served = mmap.mmap(-1, 1)  # one byte that the master and all its workers see: whether any of them has served
_REFUSALS: tuple[tuple[type[BaseException], str], ...] = (
    (LimitRequestLine, "414 URI Too Long"),
    (LimitRequestHeaders, "431 Request Header Fields Too Large"),
    (UnsupportedTransferCoding, "501 Not Implemented"),
    (ParseException, "400 Bad Request"),
    (BaseException, "500 Internal Server Error"),
)
# Those of `safeguarding.web.headers`, which cannot be imported here; a test compares them.
_HEADERS = {
    "Connection": "close",
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Vary": "Cookie",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'; script-src 'self'; style-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}


def refusal(status: str, number: str) -> bytes:
    """Return the answer to what is no request: a line of text with a number to quote, and the headers of every answer."""
    page = f"This request cannot be read. If you report it, quote {number}.\n"
    headers = {**_HEADERS, "X-Request-ID": number, "Content-Length": str(len(page))}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", page]
    return "\r\n".join(lines).encode()


class Nameless(wsgi.Response):
    """A response that does not say which server made it."""

    def default_headers(self) -> list[str]:
        """Return the headers of every response, without the server's name."""
        return [each for each in super().default_headers() if not each.startswith("Server:")]


wsgi.Response = Nameless  # type: ignore[misc]  # there is no setting for it


class Worker(ThreadWorker):
    """gunicorn's worker with threads, whose every request has to be sent within a time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._late_at: dict[Any, float] = {}

    def load_wsgi(self) -> None:
        """Load the service. A refusal ends gunicorn, unless a worker of it served: what lacks now was there, and may be again."""
        try:
            super().load_wsgi()
        except SystemExit:
            if not _served[0]:
                raise
            time.sleep(SECONDS_BETWEEN_STARTS)
            sys.exit(1)  # and gunicorn starts another
        _served[0] = 1

    def handle(self, conn: Any) -> Any:
        """Serve a request, in a thread, and note by when all of it must have come."""
        self._late_at[conn] = time.monotonic() + SECONDS_TO_SEND
        try:
            return super().handle(conn)
        finally:
            self._late_at.pop(conn, None)

    def murder_pending(self) -> None:
        """Read no more from whoever is late: the thread that waits for them goes on. Called each second, by the main one."""
        super().murder_pending()
        now = time.monotonic()
        for conn, late_at in list(self._late_at.items()):
            if late_at < now:
                with contextlib.suppress(OSError):  # it may just have ended
                    conn.sock.shutdown(socket.SHUT_RD)  # what is being answered is still sent

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what is no request of HTTP; gunicorn's own page and line of the log would repeat what was sent."""
        status = next(said for kind, said in _REFUSALS if isinstance(exc, kind))
        number = secrets.token_hex(8)
        self.log.warning("a request that cannot be read: %s, %s", type(exc).__name__, number)
        with contextlib.suppress(OSError):
            client.sendall(refusal(status, number))
