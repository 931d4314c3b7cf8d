"""What PostgreSQL is told of who asks, so that its row-level security can hold what the application's rules missed.

Owns the context of a transaction (`Sight`) and the hook that sends it: with the first statement of a transaction that
has one, and again where it changes. The settings are local to the transaction, so that a pooled connection never
carries one person's sight to the next; without a sight nothing of a young person is seen. On SQLite it does nothing.
It knows no table and decides nothing: the policies, made by migrations, do.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar, Token
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from safeguarding.core import clock
from safeguarding.core.answering import Patient
from safeguarding.core.database import is_writing


class Beyond(StrEnum):
    """Why a read goes beyond what the actor stands in relation to. Each use is listed in an architecture test."""

    COUNTS = "counts"  # published counts, protected against disclosure
    OVERSIGHT = "oversight"  # the references that belong to a young person, under which looks at them are recorded
    EMERGENCY = "emergency"  # the record that somebody asks emergency access to
    CLOSING = "closing"  # what is about a restricted record is closed with it, also what whoever restricts does not see
    SECOND_PERSON = "second_person"  # who agrees to what was asked about a restricted case need not be on its list
    DUPLICATES = (
        "duplicates"  # who might be the same as somebody added goes to a queue, also whom the adder may not see
    )
    SEALED = "sealed"  # information governance decides on requests about records to which it stands in no relation
    LEAVING = "leaving"  # who ends somebody's membership ends their part in cases, and stands in no relation to them
    MINUTES = "minutes"  # minutes hold the whole meeting, whoever prepares them; each reader is shown their own part


@dataclass(frozen=True)
class Sight:
    """Who asks: principals and user for people, the command for the command line."""

    principals: frozenset[str] = frozenset()
    user_id: int | None = None
    system: str | None = None
    beyond: Beyond | None = None


_sight: ContextVar[Sight | None] = ContextVar("sight", default=None)
_SET = (
    "SELECT set_config('safeguarding.principals', %s, true), set_config('safeguarding.user', %s, true), "
    "set_config('safeguarding.system', %s, true), set_config('safeguarding.beyond', %s, true), "
    "set_config('safeguarding.writes', %s, true), set_config('safeguarding.now', %s, true)"
)
_FILLED = sql.SQL(_SET.replace("%s", "{}"))
_KEY = "second_wall"
_SAVEPOINTS = ("SAVEPOINT", "ROLLBACK TO", "RELEASE")  # after an error nothing else may be sent before these
_UNSURE = "unsure"


def look(sight: Sight | None) -> Token[Sight | None]:
    """Say who asks from here on; returns what `unlook` takes back."""
    return _sight.set(sight)


def unlook(token: Token[Sight | None]) -> None:
    """Go back to who asked before."""
    _sight.reset(token)


def present() -> Sight | None:
    """Return who asks now."""
    return _sight.get()


@contextlib.contextmanager
def looking(sight: Sight | None) -> Iterator[None]:
    """Let somebody else, or nobody, ask inside the block."""
    token = _sight.set(sight)
    try:
        yield
    finally:
        _sight.reset(token)


@contextlib.contextmanager
def as_command(name: str) -> Iterator[None]:
    """Let a command of the command line ask inside the block, unless somebody asks already."""
    with looking(_sight.get() or Sight(system=name)):
        yield


@contextlib.contextmanager
def beyond(reason: Beyond) -> Iterator[None]:
    """Read beyond the actor's relations inside the block, or in the function it decorates; what is read must leave it
    protected. Nothing can be written, but by a second person that a case is restricted no longer, that a case is restricted
    from the moment it is opened, what becomes of a request to see something sealed, that two people may be the same, and
    that somebody who leaves no longer works a case."""
    seen = _sight.get()
    with looking(seen if seen is None else Sight(seen.principals, seen.user_id, seen.system, reason)):
        yield


def guard_postgresql(engine: Engine) -> None:
    """Send the sight with each transaction of an engine."""

    @event.listens_for(engine, "begin")
    def forget(connection: Connection) -> None:
        connection.info.pop(_KEY, None)

    @event.listens_for(engine, "before_cursor_execute")
    def tell(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(_SAVEPOINTS):
            if statement.startswith("ROLLBACK"):
                connection.info[_KEY] = _UNSURE  # what was said since the savepoint is taken back with it
            return
        sight = _sight.get()
        wanted = None if sight is None else (sight, is_writing())
        if connection.info.get(_KEY) != wanted:
            _send(connection, sight)
            connection.info[_KEY] = wanted


def _send(connection: Connection, sight: Sight | None) -> None:
    """Set the settings on the driver's own cursor; an error is raised as SQLAlchemy raises those of statements.

    They are sent with the beginning of the transaction, where it begins with them: most do.
    """
    driver: Any = connection.connection.dbapi_connection
    values = _values(sight)
    try:
        if isinstance(driver, Patient) and driver.begin_with(_FILLED.format(*map(sql.Literal, values))):
            return
        with driver.cursor() as cursor:
            cursor.execute(_SET, values)
    except connection.dialect.loaded_dbapi.Error as error:
        lost = connection.dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            _SET,
            None,
            error,
            connection.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=connection.dialect,
        ) from error


def _values(sight: Sight | None) -> tuple[str, ...]:
    if sight is None:
        return ("", "", "", "", "", "")
    return (
        ",".join(sorted(sight.principals)),
        "" if sight.user_id is None else str(sight.user_id),
        sight.system or "",
        sight.beyond or "",
        "on" if is_writing() else "",
        clock.now().isoformat(),
    )
