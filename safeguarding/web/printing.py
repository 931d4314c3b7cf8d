"""Printing a page about a record: asked for by a button, so that it is recorded as printed before the page is sent.

The page is the one that is read, with `print=1` in its address; every page carries a line for paper that says who and when.
A view marked `screen_only` is not printed: its page offers it nowhere, and nothing of it reaches paper but that line.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, current_app, g, request

from safeguarding.core import clock

_REFERENCE = re.compile(r"[A-Za-z]{2}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}")


def init_printing(app: Flask) -> None:
    """Give the layouts what they draw for paper."""
    app.context_processor(_context)


def screen_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view whose page is read on the screen alone."""
    view.__dict__["screen_only"] = True
    return view


def is_printing() -> bool:
    """Return whether this request asks for a page to be printed that may be."""
    return request.method == "GET" and request.args.get("print") == "1" and not _is_screen_only()


def _context() -> dict[str, Any]:
    return {
        "is_marked": _is_marked,
        "can_print": _can_print,
        "is_printing": is_printing,
        "is_screen_only": _is_screen_only,
        "printed_at": _now,
        "kept_arguments": _kept,
    }


def _is_marked() -> bool:
    """Return whether a page says on paper who had it: every one of somebody signed in, but for an error's."""
    return g.get("actor") is not None and not g.get("refused")


def _can_print() -> bool:
    """Return whether the present page is one about a record: something was asked for by its reference, and is shown."""
    named = (request.view_args or {}).values()
    about = any(_REFERENCE.fullmatch(str(value)) for value in named)
    return about and request.method == "GET" and _is_marked() and not _is_screen_only()


def _is_screen_only() -> bool:
    """Return whether the present view is marked so."""
    return hasattr(current_app.view_functions.get(request.endpoint or ""), "screen_only")


def _now() -> datetime:
    return clock.now()


def _kept() -> list[tuple[str, str]]:
    """Return what else stands in the address, for the button's form."""
    return [(name, value) for name, value in request.args.items(multi=True) if name != "print"]
