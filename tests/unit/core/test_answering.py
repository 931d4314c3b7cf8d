"""Who tries a silent server, who is refused without waiting, and when it counts as back; the server itself is made up."""

from typing import Any

import psycopg
import pytest
from psycopg.errors import ConnectionTimeout

from safeguarding.core import answering
from safeguarding.core.answering import LOOK, MOMENT, PAUSE, Watch


class Server:
    """A server as the driver sees it: connections open, are refused, or nothing comes."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails: type[psycopg.Error] | None = None
        self.now = 1_000.0

    def connect(self, *_words: Any, **_options: Any) -> "Server":
        """Count and answer as told."""
        self.asked += 1
        if self.fails is not None:
            raise self.fails("no")
        return self

    def close(self) -> None:
        """Close the connection of a look."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A made-up server behind the driver, and a clock that the test moves."""
    made = Server()
    monkeypatch.setattr(answering.Patient, "connect", made.connect)
    monkeypatch.setattr(answering.psycopg, "connect", made.connect)
    monkeypatch.setattr(answering, "monotonic", lambda: made.now)
    return made


def silent(server: Server) -> Watch:
    """Return a watch that has just found its server silent."""
    watch, server.fails = Watch(), ConnectionTimeout
    with pytest.raises(ConnectionTimeout):
        watch.connect((), {})
    return watch


def test_how_long_it_is_waited_for() -> None:
    assert (MOMENT, LOOK, PAUSE) == (3, 2, 2)  # the tests of a silent server are served with less


def test_while_the_server_is_silent_nobody_waits_for_it(server: Server) -> None:
    watch, asked = silent(server), server.asked
    for _each in range(5):
        with pytest.raises(psycopg.OperationalError, match="does not answer"):
            watch.connect((), {})
    assert server.asked == asked


def test_after_a_pause_one_tries_and_the_others_are_still_refused(server: Server) -> None:
    watch = silent(server)
    server.now += PAUSE
    refused = []

    def try_meanwhile(*_words: Any, **_options: Any) -> Any:
        with pytest.raises(psycopg.OperationalError, match="does not answer") as caught:
            watch.connect((), {})
        refused.append(caught.value)
        return server

    answering.Patient.connect = try_meanwhile  # type: ignore[method-assign, assignment]  # the fixture undoes it
    assert watch.connect((), {}) is server
    assert len(refused) == 1
    assert not watch.is_silent


def test_a_refusal_is_an_answer(server: Server) -> None:
    watch = silent(server)
    server.now, server.fails = server.now + PAUSE, psycopg.OperationalError
    with pytest.raises(psycopg.OperationalError, match="no"):
        watch.connect((), {})
    assert not watch.is_silent


def test_a_look_finds_the_server_silent_or_there_and_is_not_repeated_at_once(server: Server) -> None:
    watch = Watch()
    assert watch.answers()
    assert watch.answers()
    assert server.asked == 1
    server.now, server.fails = server.now + MOMENT + 1, ConnectionTimeout
    assert not watch.answers()
    assert watch.is_silent
