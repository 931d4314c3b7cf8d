"""What becomes of a half-typed decision when its writer looks at another item: it is kept sealed, for them alone.

It is found again by where its form is drawn anew, which the writer's other browsers do as well.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from flask import request
from werkzeug.datastructures import MultiDict

from safeguarding.access.actor import Actor
from safeguarding.core.references import new_reference
from safeguarding.drafts import queries, service
from safeguarding.drafts.models import KeptWhy

# The note was saved by itself; keys and versions are made anew when the form is drawn again.
_LEFT_OUT = frozenset({"csrf_token", "to", "version", "once", "waive", "speaker", "speaker_agency"})


def keep_typed(actor: Actor, path: str) -> bool:
    """Keep what was sent of a decision; `path` is where its form is drawn anew. What was kept before gives way.

    Returns whether it could be: not what is longer than all the fields of a form may be.
    """
    forget_typed(actor, path)
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in _LEFT_OUT and not name.startswith("note")
    ]
    if sum(len(name) + len(value) for name, value in fields) > service.LARGEST:
        return False
    service.keep_form(actor, new_reference("KF"), path, fields, KeptWhy.LEFT)
    return True


class _Left(NamedTuple):
    """A kept form among the parts of an item, under the names of its columns."""

    ref: str
    path: str
    fields: str
    kept_at: datetime


def typed_before(parts: Iterable[Any], path: str) -> tuple[Any, datetime] | None:
    """Return what somebody left half-typed, as a form was sent, and when; None where there is nothing.

    `parts` are those of kind `left` of an item (`queries.parts`).
    """
    kept = queries.open_left((_Left(part.ref, part.more, part.text, part.at) for part in parts), path)
    return None if kept is None else (MultiDict(kept.fields), kept.kept_at)


def forget_typed(actor: Actor, path: str) -> None:
    """Forget it: it was recorded, or emptied, or left behind."""
    kept = queries.find_left(actor, path)
    if kept is not None:
        service.forget_form(actor, kept.ref)
