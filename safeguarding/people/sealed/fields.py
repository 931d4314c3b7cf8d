"""Which values are sealed, on what: a later package registers the ones of its own records."""

from dataclasses import dataclass
from typing import Any

from safeguarding.people.models import Person
from safeguarding.people.sealed.models import SealedOn


@dataclass(frozen=True)
class SealedField:
    """A sealed value of a kind of record. `column` is the mapped attribute that holds the cipher text."""

    name: str
    label: str
    question: str
    column: Any
    lines: int = 1
    limit: int = 200


@dataclass(frozen=True)
class Sealing:
    """The record that sealed values stand on: `row` is what its cipher texts are bound to (`core.sealing`)."""

    on: SealedOn
    id: int
    ref: str
    row: Any


_FIELDS: dict[SealedOn, dict[str, SealedField]] = {
    SealedOn.PERSON: {
        each.name: each
        for each in (
            SealedField("safe_address", "Safe address", "What is the safe address?", Person.safe_address, 3, 500),
            SealedField("placement", "Placement", "Where are they placed, and with whom?", Person.placement, 3, 500),
            SealedField("phone", "Phone", "What is the young person’s phone number?", Person.phone, limit=40),
            SealedField("email", "Email", "What is the young person’s email address?", Person.email, limit=200),
        )
    },
    SealedOn.INCIDENT: {},
}


def register_field(on: SealedOn, field: SealedField) -> None:
    """Add a sealed field to a kind of record; the same field may be registered again."""
    _FIELDS[on][field.name] = field


def fields_on(on: SealedOn) -> dict[str, SealedField]:
    """Return the sealed fields of a kind of record, by name."""
    return _FIELDS[on]


def labels_of(on: SealedOn, names: str) -> list[str]:
    """Return the labels of fields named with commas between them."""
    known = fields_on(on)
    return [known[name].label for name in names.split(",") if name in known]
