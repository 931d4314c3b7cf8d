"""Tables of text: a header, then rows, read one at a time whatever the office program did to them.

Owns headers in any order and spelling of case, delimiters, quoted line breaks, quotation marks that never
close, rows too long or too short, NULs, and lines without end. What a row means is the layout's business.
"""

import csv
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Generic, TextIO

from safeguarding.contexts.formats.rows import BadRow, Counters, NotThisFormat, Options, R, RowRefusal
from safeguarding.contexts.formats.text import OpenText, open_text

DELIMITERS = (",", ";", "\t", "|", "¬")
LONGEST_LINE = 100_000  # characters; below the csv module's own limit for one cell
MOST_LINES = 50  # that one quoted cell may run over
_OVERLONG = "\0overlong\n"  # stands for a line too long to hold; real NULs are taken out


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a layout: its title, other spellings, and whether the layout is nothing without it."""

    title: str
    aliases: tuple[str, ...] = ()
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All spellings, as `plain_name` writes them."""
        return tuple(plain_name(name) for name in (self.title, *self.aliases))


def plain_name(header: str) -> str:
    """Return a header without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", header).casefold()


class Layout(ABC, Generic[R]):
    """One published layout. An instance serves one file: it counts the rows that are alike."""

    name: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]

    def __init__(self, options: Options) -> None:
        self.options = options
        self.titles = tuple(column.title for column in self.columns)

    def check_header(self, header: "Header") -> str | None:
        """Return why the file is not of this layout though each required column is there, or None."""
        return None

    @abstractmethod
    def check_row(self, cells: Sequence[str]) -> None:
        """Raise BadRow where the cells, one for each column of the layout, break it. Changes nothing."""

    @abstractmethod
    def parse(self, row: int, cells: Sequence[str]) -> R:
        """Return the row. Raises BadRow where the cells, one for each column of the layout, break it."""


@dataclass(frozen=True, slots=True)
class Header:
    """Which cell of a row is which column of the layout. `width` is how many cells a row must have."""

    names: tuple[str, ...]
    indexes: tuple[int | None, ...]
    absent: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many cells the header has, blank ones at its end left out."""
        return len(self.names)


def read_header(columns: Sequence[Column], cells: Sequence[str]) -> Header:
    """Return the header that these cells are. Of two columns of one name the first counts."""
    names = list(cells)
    while names and not names[-1].strip():
        names.pop()
    plain = [plain_name(name) for name in names]
    indexes: list[int | None] = []
    for column in columns:
        indexes.append(next((plain.index(name) for name in column.names if name in plain), None))
    used = set(indexes)
    return Header(
        names=tuple(names),
        indexes=tuple(indexes),
        absent=tuple(c.title for c, index in zip(columns, indexes, strict=True) if index is None),
        ignored=tuple(name.strip() for index, name in enumerate(names) if index not in used),
    )


class _Lines:
    """Gives a file's lines to the csv module and sees how many one row takes.

    Where a row's quotation mark is still open at the end of a line, the next line is only handed over if it is no
    good row by itself: otherwise one stray mark would swallow the rows up to the next. The next row may have a stray
    mark of its own, which would close the first: two lines that are both good rows but for their marks are two rows.
    """

    def __init__(self, text: TextIO, counters: Counters) -> None:
        self._text = text
        self._counters = counters
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.is_broken = False
        self.is_row: Callable[[str], bool] = lambda line: False

    def start_row(self) -> None:
        self.taken = []
        self.is_broken = False

    def give_up(self) -> None:
        """Take back all lines of a broken row but its first."""
        self._again.extendleft(reversed(self.taken[1:]))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not self.taken:
            if not line:
                raise StopIteration
        elif not line or self._must_not_follow(line):
            self.is_broken = True
            if line:
                self._again.appendleft(line)
            raise StopIteration
        self.taken.append(line)
        return line

    def _must_not_follow(self, line: str) -> bool:
        too_much = len(self.taken) >= MOST_LINES or sum(map(len, self.taken)) + len(line) > LONGEST_LINE
        if too_much or line == _OVERLONG or self.is_row(line):
            return True
        return self.is_row(_unmarked(line)) and self.is_row(_unmarked(self.taken[0]))

    def _read(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if "\0" in line:
            plain = line.replace("\0", "")
            self._counters.removed_nuls += len(line) - len(plain)
            # A line of nothing but NULs is not the end of the file.
            line = plain or "\n"
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            self._skip_the_rest()
            return _OVERLONG
        return line

    def _skip_the_rest(self) -> None:
        while (more := self._text.readline(LONGEST_LINE)) and more[-1] not in "\r\n":
            pass


class TableReader(Generic[R]):
    """Reads one file by one layout; see `rows.Reader`."""

    def __init__(self, path: Path, layout: Layout[R]) -> None:
        """Open the file and read its header. Raises NotThisFormat where it is not the layout's; OSError."""
        self.format_name = layout.name
        self.counters = Counters()
        self._layout: Layout[R] = layout
        self._source: OpenText = open_text(path)
        try:
            self._lines = _Lines(self._source.text, self.counters)
            self._delimiter, self._header = self._recognise(self._first_line())
        except BaseException:
            self._source.close()
            raise
        self.encoding = self._source.encoding
        self.size = self._source.size
        self.ignored_columns = self._header.ignored
        self.absent_columns = self._header.absent
        self._width = self._header.width
        # A column that the file has not is read from an empty cell put behind each row.
        self._pick = itemgetter(*(self._width if i is None else i for i in self._header.indexes))
        self._lines.is_row = self._is_row

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._source.binary.tell()

    def __enter__(self) -> "TableReader[R]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    def __iter__(self) -> Iterator[R | RowRefusal]:
        for row, cells in enumerate(self._rows(), start=1):
            try:
                answer: R | RowRefusal = self._layout.parse(row, self._known(cells))
                self.counters.accepted += 1
            except BadRow as bad:
                answer = RowRefusal(row, bad.reason)
                self.counters.refused += 1
            yield answer

    def _first_line(self) -> str:
        for line in self._lines:
            self._lines.start_row()
            if line.strip():
                return line
        raise NotThisFormat("The file holds no text.")

    def _recognise(self, line: str) -> tuple[str, Header]:
        """The delimiter with which the first line is this layout's header, and the header."""
        why = None
        for delimiter in DELIMITERS:
            header = read_header(self._layout.columns, _cells_of(line, delimiter))
            complaint = self._complaint(header)
            if complaint is None:
                return delimiter, header
            why = why or complaint
        raise NotThisFormat(f"This is not a {self._layout.name} file: {why}.")

    def _complaint(self, header: Header) -> str | None:
        missing = [c.title for c in self._layout.columns if c.required and c.title in header.absent]
        if missing:
            return f"it has no column {' and no column '.join(missing)}"
        return self._layout.check_header(header)

    def _rows(self) -> Iterator[list[str] | BadRow]:
        """The cells of each row; a BadRow in place of a row that cannot be told into cells."""
        lines = self._lines
        reader = csv.reader(lines, delimiter=self._delimiter)
        while True:
            lines.start_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield BadRow("the row cannot be told into cells")
                continue
            if lines.is_broken:
                lines.give_up()
                yield BadRow("a quotation mark is not closed")
            elif lines.taken[0] == _OVERLONG:
                yield BadRow(f"the row is longer than {LONGEST_LINE:,} characters")
            elif cells and (len(cells) > 1 or cells[0].strip()):
                yield cells

    def _known(self, cells: list[str] | BadRow) -> Sequence[str]:
        """The cells of the layout's columns, in its order."""
        if isinstance(cells, BadRow):
            raise cells
        if len(cells) != self._width:
            if len(cells) < self._width:
                raise BadRow(f"too few cells: {len(cells)} where the header has {self._width}")
            self.counters.ignored_cells += len(cells) - self._width
            del cells[self._width :]
        cells.append("")
        known: Sequence[str] = self._pick(cells)
        return known

    def _is_row(self, line: str) -> bool:
        """Say whether a line is a good row by itself."""
        cells = _cells_of(line, self._delimiter)
        if len(cells) != self._width or line.count('"') % 2:
            return False
        try:
            self._layout.check_row(self._pick([*cells, ""]))
        except BadRow:
            return False
        return True


def _unmarked(line: str) -> str:
    return line.replace('"', "")


def _cells_of(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
