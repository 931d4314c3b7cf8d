"""Statements as a driver takes them: put into words once, then only filled in, sent, and their answers read.

SQLAlchemy does the same for each run of a statement anew, by way of the session, at several times the cost. What is sent
goes over the session's own connection and within its transaction; it decides nothing about who may see what.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import CursorResult, Dialect
from sqlalchemy.orm import Session

Processor = Callable[[Any], Any] | None
Values = dict[str, Any]


class Prepared:
    """A statement of columns, or one that changes a table; `used` names what is filled in at each run.

    What the session still has to write is written before, as `Session.execute` does.
    """

    def __init__(self, statement: Any, used: frozenset[str]) -> None:
        self._statement, self._used = statement, used
        self._forms: dict[str, _Form] = {}

    def rows(self, session: Session, values: Values) -> list[Any]:
        """Return the rows of one run: the columns as attributes, with the values that their types give."""
        connection = _connection(session)
        form = self._form(connection.dialect)
        result = form.send(connection, values)
        return form.read(result) if form.is_plain else list(result)

    def run(self, session: Session, values: Values) -> int:
        """Run a statement that changes rows and gives none back; return how many."""
        connection = _connection(session)
        return self._form(connection.dialect).send(connection, values).rowcount

    def _form(self, dialect: Dialect) -> "_Form":
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self._statement, self._used, dialect)
        return form


@dataclass(frozen=True)
class _Reading:
    """How the answers to a statement are read: what each column goes through, by its place, and what makes a row."""

    processors: tuple[tuple[int, Callable[[Any], Any]], ...]
    make: Callable[[Any], Any]


class _Form:
    """A statement in the words of one database."""

    def __init__(self, statement: Any, used: frozenset[str], dialect: Dialect) -> None:
        self._statement, self._dialect = statement, dialect
        compiled = statement.compile(dialect=dialect)
        varies = compiled.post_compile_params or compiled.literal_execute_params or compiled.prefetch
        # Whether its text is always the same: that of a list, say, depends on its length.
        self.is_plain = not varies and not compiled.escaped_bind_names
        self._text = str(compiled)
        # The order of the values, where the driver counts them instead of naming them.
        self._order: list[str] | None = list(compiled.positiontup or ()) if compiled.positional else None
        self._write: dict[str, Processor] = {
            name: each.type.dialect_impl(dialect).bind_processor(dialect) for name, each in compiled.binds.items()
        }
        own = compiled.construct_params(_check=False)
        self._fixed = self._written({name: value for name, value in own.items() if name not in used})
        self._reading: _Reading | None = None

    def send(self, connection: Connection, values: Values) -> CursorResult[Any]:
        """Fill the statement in and run it."""
        if not self.is_plain:
            return connection.execute(self._statement, values)
        ready = self._fixed | self._written(values)
        filled: Any = ready if self._order is None else tuple([ready[name] for name in self._order])
        return connection.exec_driver_sql(self._text, filled)

    def read(self, result: CursorResult[Any]) -> list[Any]:
        """Return the rows of an answer to this statement."""
        reading = self._reading
        if reading is None:  # several threads may learn it at once: each learns it whole, and all learn the same
            reading = self._reading = self._learn(result)
        found = result.all()
        if not found:
            return []
        columns: list[Any] = list(zip(*found, strict=True))
        for place, processor in reading.processors:
            columns[place] = map(processor, columns[place])
        return list(map(reading.make, zip(*columns, strict=True)))

    def _written(self, values: Mapping[str, Any]) -> Values:
        write = self._write
        return {
            name: value if (processor := write[name]) is None else processor(value) for name, value in values.items()
        }

    def _learn(self, result: CursorResult[Any]) -> "_Reading":
        """Learn from its first answer how the statement's columns are read."""
        columns = list(self._statement.exported_columns)
        described = result.cursor.description
        if len(columns) != len(described):
            raise TypeError(f"{len(described)} columns came for {len(columns)}: {self._text}")
        processors = []
        for place, (column, told) in enumerate(zip(columns, described, strict=True)):
            processor = column.type.dialect_impl(self._dialect).result_processor(self._dialect, told[1])
            if processor is not None:
                processors.append((place, processor))
        return _Reading(
            tuple(processors), _row_class([_name_of(column, place) for place, column in enumerate(columns)])
        )


def _connection(session: Session) -> Connection:
    if session.autoflush:
        session.flush()
    return session.connection()


def _name_of(column: Any, place: int) -> str:
    key = str(column.key)
    return key if key.isidentifier() else f"column_{place}"


def _row_class(names: list[str]) -> Callable[[Any], Any]:
    """Return what makes a row of values; refuses two columns of one name, of which one could not be asked for."""
    row: Any = namedtuple("Row", names)  # type: ignore[misc]  # its columns are known when it runs
    made: Callable[[Any], Any] = row._make
    return made
