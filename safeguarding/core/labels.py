"""What each stored column holds: how secret it is, how long it is kept, whether it may be exported or logged.

Every column carries one of these labels (a test refuses a column without). Levels follow the Government Security
Classifications as the partnership uses them; retention names a rule of the partnership's schedule.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import MappedColumn, mapped_column


class Level(StrEnum):
    """How far a value may travel."""

    OFFICIAL = "official"
    OFFICIAL_SENSITIVE = "official_sensitive"
    SECRET = "secret"  # noqa: S105 - keys and password hashes: never leaves the database


class Retention(StrEnum):
    """The rule of the retention schedule under which a value is kept."""

    INSTALLATION = "installation"
    REFERENCE = "reference"
    ACCOUNT = "account"
    CASE = "case"
    PANEL = "panel"
    PLACE = "place"
    INTELLIGENCE = "intelligence"
    AUDIT = "audit"
    TRANSIENT = "transient"


@dataclass(frozen=True, slots=True)
class Label:
    """What one column holds."""

    level: Level
    retention: Retention
    sealed: bool = False
    exportable: bool = True
    loggable: bool = False


KEY = Label(Level.OFFICIAL, Retention.INSTALLATION, loggable=True)  # ids, references, states, versions, instants
REFERENCE = Label(Level.OFFICIAL, Retention.REFERENCE, loggable=True)
ACCOUNT = Label(Level.OFFICIAL_SENSITIVE, Retention.ACCOUNT)
CREDENTIAL = Label(Level.SECRET, Retention.ACCOUNT, exportable=False)
PERSONAL = Label(Level.OFFICIAL_SENSITIVE, Retention.CASE)  # who a young person is
CASE = Label(Level.OFFICIAL_SENSITIVE, Retention.CASE)  # what is known about a young person
SEALED = Label(Level.OFFICIAL_SENSITIVE, Retention.CASE, sealed=True, exportable=False)
PANEL = Label(Level.OFFICIAL_SENSITIVE, Retention.PANEL)  # what a panel said and decided
PLACE = Label(Level.OFFICIAL_SENSITIVE, Retention.PLACE)  # what is known about a context; no person
INTELLIGENCE = Label(Level.OFFICIAL_SENSITIVE, Retention.INTELLIGENCE)
AUDIT = Label(Level.OFFICIAL_SENSITIVE, Retention.AUDIT)
TRANSIENT = Label(Level.OFFICIAL_SENSITIVE, Retention.TRANSIENT, exportable=False)


def col(label: Label, *args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a mapped column that carries its label; the remaining arguments are those of `mapped_column`."""
    return mapped_column(*args, info={"label": label}, **options)
