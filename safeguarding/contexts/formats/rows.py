"""What a reader gives: rows of incidents and of places, refusals with a reason, and its counters.

Owns the shapes only. A row holds what the file said, in plain values; it must hold nothing that was not
said there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import TracebackType
from typing import Generic, Protocol, TypeVar, runtime_checkable

from safeguarding.contexts.vocabulary import IncidentHarm, InformationGrade, Precision
from safeguarding.core.errors import SafeguardingError
from safeguarding.core.geo import Area


class NotThisFormat(SafeguardingError):
    """The file is not of the named format and is refused whole; `message` says why and is fit to be shown."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRow(Exception):
    """One row breaks the layout; the reader turns it into a refusal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LsoaVintage(StrEnum):
    """Of which census the small-area code is; codes ended and began between the two."""

    CENSUS_2011 = "2011"
    CENSUS_2021 = "2021"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """A row that breaks the layout. Row 1 is the first after the header; a wholly blank line is no row."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident as one source tells it.

    `identity` (64 hexadecimal digits) is the same for the same record in every file that tells of it;
    `content` is the canonical JSON of the layout's own cells and `content_digest` its SHA-256, so that
    another content under the same identity is an update. `occurred_on` is the day in London; with precision
    "month" it is the first of the month and says nothing about the day. `background` rows (open police
    data) never count towards a rubric. `blurred` points are moved by the source to the nearest of a list of
    points, often tens of metres away.
    """

    row: int
    source: str
    force: str
    identity: str
    occurrence: int
    content: str
    content_digest: str
    precision: Precision
    occurred_on: date
    occurred_at: datetime | None
    category: str
    harm: IncidentHarm | None
    reference: str = ""
    location: str = ""
    lat: float | None = None
    lng: float | None = None
    lsoa_code: str = ""
    lsoa_vintage: LsoaVintage = LsoaVintage.UNKNOWN
    outcome: str = ""
    age_band: str = ""
    young_person_involved: bool | None = None
    grade: InformationGrade = InformationGrade.UNGRADED
    background: bool = False
    blurred: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One place.

    `kind` is one of `kinds.KINDS`, `kind_given` the file's own word. `repeats` is the row that already told
    of this place in the same file: such a row is to be counted as unchanged. `reference` is the source's
    own key (such as a school's URN), empty where it has none. `notes` say what was repaired or looks wrong
    at the source.
    """

    row: int
    source: str
    identity: str
    content: str
    content_digest: str
    kind: str
    kind_given: str
    name: str
    lat: float | None = None
    lng: float | None = None
    area: Area | None = None
    reference: str = ""
    address: str = ""
    postcode: str = ""
    ward: str = ""
    ward_code: str = ""
    phase: str = ""
    age_low: int | None = None
    age_high: int | None = None
    is_closed: bool = False
    opened_on: date | None = None
    closed_on: date | None = None
    repeats: int | None = None
    notes: tuple[str, ...] = ()


R = TypeVar("R", bound=IncidentRow | ContextRow)


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller knows beside the file: its name, and the kind of its places where no row says it."""

    file_name: str = ""
    kind: str | None = None


@dataclass(slots=True)
class Counters:
    """What a reader left aside, for the account of a run. They grow while it is read."""

    accepted: int = 0
    refused: int = 0
    ignored_cells: int = 0
    removed_nuls: int = 0

    @property
    def read(self) -> int:
        """Rows so far, accepted and refused."""
        return self.accepted + self.refused


@runtime_checkable
class Reader(Protocol, Generic[R]):
    """Gives a file's rows once, in order, holding only one of them; a context manager that closes the file.

    `position` and `size` are bytes, for a progress bar. `ignored_columns` are those the layout has no use
    for; `absent_columns` those it knows and the file has not.
    """

    format_name: str
    encoding: str
    ignored_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]
    counters: Counters
    size: int

    @property
    def position(self) -> int:
        """Bytes read so far."""
        ...

    def __iter__(self) -> Iterator[R | RowRefusal]: ...

    def __enter__(self) -> "Reader[R]": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
