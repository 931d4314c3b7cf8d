"""How long a PostgreSQL is waited for that has gone silent: stopped, or behind a network that swallows everything.

Its own time limits then help nobody, and a driver waits for ever. So whoever has waited for a moment looks whether the
server still answers a new connection; when it does not, everybody gives up at once, and until it is back one at a time
tries again while the others are refused without waiting. It knows no table and decides nothing about slow statements
of a server that answers: those are the server's to end.
"""

import threading
from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg import generators, sql
from psycopg.errors import ConnectionTimeout
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Engine, event

MOMENT = 3.0  # seconds of waiting before somebody looks
LOOK = 2  # seconds that a look may take: the least that the driver knows
PAUSE = 2.0  # seconds between two tries of a server that was silent
LONGEST = 45.0  # seconds that any answer is waited for; the server's own limit is shorter
Result = TypeVar("Result")
_SILENT = "the database does not answer"


class Watch:
    """What this process knows of one server: whether it answers. Shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent = False
        self._next_try = 0.0
        self._last_look = 0.0
        self._where: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    @property
    def is_silent(self) -> bool:
        """Whether the server was found silent and has not answered since."""
        return self._silent

    def connect(self, words: tuple[Any, ...], options: dict[str, Any]) -> "Patient":
        """Return a new connection; raise psycopg.OperationalError at once while the server is silent."""
        self._where = (words, options)
        self._take_turn()
        try:
            made = Patient.connect(*words, **options)
        except psycopg.OperationalError as refused:  # which is an answer, unless nothing came at all
            self._note(silent=isinstance(refused, ConnectionTimeout))
            raise
        self._note(silent=False)
        made.watch = self
        return made

    def answers(self) -> bool:
        """Look whether the server answers a new connection, unless somebody did a moment ago or does so now."""
        if not self._lock.acquire(blocking=False):
            return not self._silent
        try:
            if not self._silent and monotonic() - self._last_look > MOMENT:
                self._look()
                self._last_look = monotonic()
            return not self._silent
        finally:
            self._lock.release()

    def _look(self) -> None:
        words, options = self._where
        try:
            psycopg.connect(*words, **{**options, "connect_timeout": LOOK}).close()
        except psycopg.OperationalError as refused:
            self._note(silent=isinstance(refused, ConnectionTimeout))

    def _take_turn(self) -> None:
        with self._lock:
            if not self._silent:
                return
            if monotonic() < self._next_try:
                raise psycopg.OperationalError(_SILENT)
            self._next_try = monotonic() + MOMENT + PAUSE

    def _note(self, *, silent: bool) -> None:
        self._silent, self._next_try = silent, monotonic() + PAUSE


class Patient(psycopg.Connection[Any]):
    """A connection that waits for an answer for as long as the server is there."""

    watch: Watch | None = None

    def wait(self, gen: Any, *limits: Any, **more: Any) -> Any:
        """Wait as the driver does; raise psycopg.OperationalError, the connection closed, when the server is silent."""
        return super().wait(gen if self.watch is None else self._watched(gen, self.watch), *limits, **more)

    def rollback(self) -> None:
        """Roll back as the driver does, but keep the prepared statements, unless an error came before.

        The driver forgets them because a rollback may take back a table that they were planned for. The service makes no
        tables, and every reading ends by a rollback: behind row-level security each would be planned anew, which costs
        more than running it.
        """
        if self.pgconn.transaction_status == TransactionStatus.INTRANS:
            self._send(b"ROLLBACK")
        super().rollback()

    def begin_with(self, statement: sql.Composed) -> bool:
        """Begin a transaction together with its first statement, in one message instead of two.

        Return False, and do nothing, when one has begun already or none is to be.
        """
        if self.autocommit or self.pgconn.transaction_status != TransactionStatus.IDLE:
            return False
        self._send(b"BEGIN; " + statement.as_bytes(self))
        return True

    def _send(self, command: bytes) -> None:
        with self.lock:
            self.pgconn.send_query(command)
            results = self.wait(generators.execute(self.pgconn))
        for result in results:
            if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                raise psycopg.errors.error_from_result(result)

    def _watched(self, gen: Generator[Any, Any, Result], watch: Watch) -> Generator[Any, Any, Result]:
        began = monotonic()
        try:
            state = next(gen)
            while True:
                ready = yield state
                if not ready:  # the driver's tick: nothing came for a tenth of a second
                    self._check(monotonic() - began, watch)
                state = gen.send(ready)
        except StopIteration as end:
            answer: Result = end.value
            return answer

    def _check(self, waited: float, watch: Watch) -> None:
        if watch.is_silent or waited > LONGEST or (waited > MOMENT and not watch.answers()):
            self.pgconn.finish()
            raise psycopg.OperationalError(_SILENT)


def watch_server(engine: Engine) -> Watch:
    """Let every connection of an engine be one that waits for a server that is there, and no longer."""
    watch = Watch()

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, words: tuple[Any, ...], options: dict[str, Any]) -> Patient:
        return watch.connect(words, options)

    return watch
