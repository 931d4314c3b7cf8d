"""The log: one line of JSON for each request, and for each error the way it took, never what it was about.

A line holds the request's number, the route's pattern (not the address that was asked for), status and milliseconds. It
never holds a query, a body, a cookie, a network address or the text of an exception, which may quote what somebody typed
or what a row holds. JSON writes line breaks and escape sequences as letters, so that nothing typed can forge a line.
"""

import logging
import sys
import time
import traceback
from typing import TextIO

import structlog
from flask import Flask, Response, g, request
from structlog.typing import EventDict, WrappedLogger

from safeguarding.web.headers import request_id

log = logging.getLogger("safeguarding.request")
OURS = "safeguarding"
# What a line may hold. Everything else is left out, whoever passes it.
ALLOWED = frozenset(
    {"event", "level", "logger", "at", "request_id", "method", "route", "status", "ms", "error", "way", "count", "kind"}
)


def configure_logs(stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to a stream (standard error) as lines of JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            ],
            processors=[
                only_the_way,
                only_what_is_allowed,
                structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)


def init_logs(app: Flask) -> None:
    """Note when a request began."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()


def log_request(response: Response) -> None:
    """Write the request's line, after everything that it stored is stored."""
    log.info(
        "request",
        extra={
            "request_id": request_id(),
            "method": request.method if request.method in _METHODS else "other",
            "route": route(),
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        },
    )


def route() -> str:
    """Return the pattern of the address that was asked for, such as `/people/<ref>`; `none` when no page has it."""
    return request.url_rule.rule if request.url_rule is not None else "none"


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


def only_the_way(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Replace an exception by its kind and the places that it came through."""
    raised = line.pop("exc_info", None)
    record = line.get("_record")
    if raised is None and record is not None:
        raised = record.exc_info
    error = raised if isinstance(raised, BaseException) else raised[1] if isinstance(raised, tuple) else None
    if error is not None:
        line["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        line["way"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    if record is not None:
        record.exc_info = record.exc_text = record.stack_info = None
        if record.args or not record.name.startswith(OURS):
            # Words put together from what somebody typed; the pattern alone is ours.
            line["event"] = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    return line


def only_what_is_allowed(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Leave out whatever is not on the list."""
    return {name: value for name, value in line.items() if name in ALLOWED}


def _short(path: str) -> str:
    return "/".join(path.rsplit("/", 3)[1:])
