"""Addresses for templates: the same as Flask's `url_for`, which a page of hundreds of links calls too often.

An address of plain parts (references, slugs) differs from another of its endpoint in these parts alone, so each endpoint
is asked once and its answers are put together from then on. Anything else is left to Flask. It knows no endpoint.
"""

import re
from typing import Any

from flask import Flask, current_app, has_request_context, request, url_for
from werkzeug.routing import BuildError

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,80}").fullmatch
_MARK = "z0z{}z0z"  # plain itself, and in no address of ours
_SPLIT = re.compile(r"z0z(\d+)z0z")
Pieces = tuple[str, ...]


def init_addresses(app: Flask) -> None:
    """Let templates find addresses by `address`, under Flask's own name for it."""
    app.jinja_env.globals["url_for"] = address


def address(endpoint: str, **values: Any) -> str:
    """Return the address of an endpoint on this site, as `url_for` does."""
    for value in values.values():
        if type(value) is not str or _PLAIN(value) is None:
            return url_for(endpoint, **values)
    if not has_request_context():
        return url_for(endpoint, **values)
    key = (endpoint, request.script_root, *values)
    known: dict[Any, Pieces] = current_app.extensions.setdefault("addresses", {})
    pieces = known.get(key)
    if pieces is None:
        pieces = known[key] = _pieces(endpoint, list(values))
    if not pieces:
        return url_for(endpoint, **values)
    given = list(values.values())
    return "".join([given[int(piece)] if place % 2 else piece for place, piece in enumerate(pieces)])


def _pieces(endpoint: str, names: list[str]) -> Pieces:
    """Return what stands between the values, and by turns which value it is; nothing where only Flask can tell."""
    if endpoint.startswith(".") or any(name.startswith("_") for name in names):
        return ()
    marks: dict[str, Any] = {name: _MARK.format(place) for place, name in enumerate(names)}
    try:
        pattern = url_for(endpoint, **marks)
    except (BuildError, ValueError):
        return ()  # some values are of a list, or of numbers
    pieces = tuple(_SPLIT.split(pattern))
    return pieces if sorted(pieces[1::2]) == sorted(map(str, range(len(names)))) else ()
