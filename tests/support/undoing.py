"""Requests that end as they would, but for the commit: for tests that try much on one state of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from safeguarding.extensions import db
from safeguarding.web import transaction


@contextmanager
def undone() -> Iterator[None]:
    """Let every request flush its changes and append its audit events, and then roll all of it back."""

    def write_and_undo() -> None:
        events = transaction.pending_events()
        db.session.flush()
        if events:
            for write in transaction._writers:
                write([event.payload for event in events])
        db.session.rollback()
        events.clear()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transaction, "commit", write_and_undo)
        yield
