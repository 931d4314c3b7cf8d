"""Errors as people meet them: one plain page for each status, nothing of the inside, a number to quote."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError, UnavailableError
from safeguarding.web.guard import stale_form_answer
from safeguarding.web.once import AlreadyDoneError, location_of_repeat
from safeguarding.web.transaction import UNSAFE

log = logging.getLogger("safeguarding.errors")
PAGES = frozenset({400, 401, 403, 404, 405, 409, 413, 414, 422, 429, 500, 503})
RefusalHook = Callable[[int, str], None]


def init_errors(app: Flask) -> None:
    """Register a page for every kind of error; nothing escapes it."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(NotFoundError, _not_found)
    app.register_error_handler(ForbiddenError, _forbidden)
    app.register_error_handler(StaleError, lambda _error: error_page(409, texts=[], back=None))
    app.register_error_handler(RuleError, lambda error: error_page(400, message=error.message))
    app.register_error_handler(UnavailableError, _unavailable)
    app.register_error_handler(AlreadyDoneError, _already_done)
    app.register_error_handler(Exception, _anything)


def set_refusal_hook(app: Flask, hook: RefusalHook) -> None:
    """Say what records a refusal of a signed-in actor (status, reason); the audit package does."""
    app.extensions["refusal_hook"] = hook


def error_page(status: int, **context: Any) -> Response:
    """Return the page of a status; when even that fails, a plain sentence."""
    g.refused = True
    shown = status if status in PAGES else 500 if status >= 500 else 400
    try:
        response = make_response(render_template(f"errors/{shown}.html", **context), status)
    except Exception as error:  # the page of last resort must not fail
        log.error("error page failed", exc_info=error, extra={"request_id": g.get("request_id")})
        response = Response("This page cannot be shown. Go back and try again.\n", status, mimetype="text/plain")
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _http(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error.get_response()
    code = error.code or 500
    if code in (403, 404):
        _refused(code, "no such page" if code == 404 else "refused")
    response = error_page(code)
    if code == 405 and hasattr(error, "valid_methods") and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _csrf(_error: CSRFError) -> Any:
    g.bad_token = True  # counted, not recorded
    if (kept := stale_form_answer()) is not None:
        return kept
    return error_page(
        400,
        message="The page was open too long or was opened in another session. Go back, reload it and send it again.",
    )


def _not_found(_error: NotFoundError) -> BaseResponse:
    if (done := _done_before()) is not None:
        return done
    # Absent and hidden are recorded alike, as they are answered alike.
    _refused(404, "absent or hidden")
    return error_page(404)


def _forbidden(error: ForbiddenError) -> BaseResponse:
    if (done := _done_before()) is not None:
        return done
    _refused(403, error.reason)
    return error_page(403, reason=error.reason)


def _already_done(error: AlreadyDoneError) -> BaseResponse:
    g.refused = True  # nothing of this second request is kept
    return redirect(error.location, 303)


def _done_before() -> BaseResponse | None:
    """Return the answer to a form whose first sending closed to its sender what it is about."""
    actor = g.get("actor")
    if actor is None or request.method not in UNSAFE or "once" not in request.form:
        return None
    location = location_of_repeat(actor.key)
    return None if location is None else _already_done(AlreadyDoneError(location))


def _unavailable(error: UnavailableError) -> Response:
    log.error("unavailable", exc_info=error, extra={"request_id": g.get("request_id")})
    return error_page(503)


def is_down(error: Exception) -> bool:
    """Return whether an error says that the database cannot be used just now."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeoutError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _anything(error: Exception) -> Response:
    log.error("unhandled error", exc_info=error, extra={"request_id": g.get("request_id")})
    return error_page(503 if is_down(error) else 500)


def _refused(status: int, reason: str) -> None:
    hook: RefusalHook | None = current_app.extensions.get("refusal_hook")
    if hook is not None:
        hook(status, reason)
