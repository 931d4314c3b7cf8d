"""Statements as a driver takes them: put into words once, then only filled in, sent, and their answers read.

SQLAlchemy does the same for each run of a statement anew, by way of the session, at several times the cost. What is sent
goes over the session's own connection and within its transaction; it decides nothing about who may see what.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import CursorResult, Dialect

from safeguarding.extensions import db

Processor = Callable[[Any], Any] | None
Values = dict[str, Any]


class Prepared:
    """One statement of columns: what is sent for it, and how the rows that come back are read.

    Rows have the statement's columns as attributes, with the values that the columns' types give.
    """

    def __init__(self, statement: Any, used: frozenset[str]) -> None:
        self._statement = statement
        self._used = used
        self._text = ""
        self._order: list[str] | None = None  # of the values, where the driver counts them instead of naming them
        self._fixed: Values = {}
        self._write: dict[str, Processor] = {}
        self._read: list[tuple[int, Callable[[Any], Any]]] = []
        self._make: Callable[[Any], Any] | None = None
        self._is_plain: bool | None = None  # None: not yet put into words

    def rows(self, values: Values) -> list[Any]:
        """Return the rows of one run. What the session still has to write is written before, as `Session.execute` does."""
        connection = _connection()
        if self._is_plain is None:
            self._put_into_words(connection.dialect)
        if not self._is_plain:
            return list(connection.execute(self._statement, values))
        result = connection.exec_driver_sql(self._text, self._filled(values))
        if self._make is None:
            self._learn_columns(result, connection.dialect)
        return self._rows_of(result.all())

    def run(self, values: Values) -> int:
        """Run a statement that changes rows and gives none back; return how many."""
        return _connection().execute(self._statement, values).rowcount

    def _put_into_words(self, dialect: Dialect) -> None:
        compiled = self._statement.compile(dialect=dialect)
        varies = compiled.post_compile_params or compiled.literal_execute_params or compiled.prefetch
        if varies or compiled.escaped_bind_names:
            self._is_plain = False  # its text depends on the values (a list's length, say)
            return
        self._text = str(compiled)
        self._order = list(compiled.positiontup) if compiled.positional else None
        self._write = {
            name: each.type.dialect_impl(dialect).bind_processor(dialect) for name, each in compiled.binds.items()
        }
        own = {name: value for name, value in compiled.construct_params(_check=False).items() if name not in self._used}
        self._fixed = self._processed(own)
        self._is_plain = True

    def _filled(self, values: Values) -> Any:
        ready = self._fixed | self._processed(values)
        return ready if self._order is None else tuple([ready[name] for name in self._order])

    def _processed(self, values: Mapping[str, Any]) -> Values:
        write = self._write
        return {
            name: value if (processor := write[name]) is None else processor(value) for name, value in values.items()
        }

    def _learn_columns(self, result: CursorResult[Any], dialect: Dialect) -> None:
        columns = list(self._statement.exported_columns)
        described = result.cursor.description
        if len(columns) != len(described):
            raise TypeError(f"{len(described)} columns came for {len(columns)}: {self._text}")
        self._read = []
        for place, (column, told) in enumerate(zip(columns, described, strict=True)):
            processor = column.type.dialect_impl(dialect).result_processor(dialect, told[1])
            if processor is not None:
                self._read.append((place, processor))
        self._make = _row_class(tuple(_name_of(column, place) for place, column in enumerate(columns)))

    def _rows_of(self, found: Sequence[Any]) -> list[Any]:
        make = self._make
        assert make is not None  # noqa: S101 - the columns were learned from this very answer
        if not found:
            return []
        columns: list[Any] = list(zip(*found, strict=True))
        for place, processor in self._read:
            columns[place] = map(processor, columns[place])
        return list(map(make, zip(*columns, strict=True)))


def _connection() -> Connection:
    session = db.session()
    if session.autoflush:
        session.flush()
    return session.connection()


def _name_of(column: Any, place: int) -> str:
    key = str(column.key)
    return key if key.isidentifier() else f"column_{place}"


def _row_class(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """Return what makes a row of values; refuses two columns of one name, of which one could not be asked for."""
    row: Any = namedtuple("Row", names)  # type: ignore[misc]  # its columns are known when it runs
    made: Callable[[Any], Any] = row._make
    return made
