"""Reads of people: one, a search by name or reference, other names.

`visible` here is a live relation that opens people (`PERSON_READ`); nothing is ever said about anybody else, not even
how many there are.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import HUB_PRINCIPAL, Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.people.models import Person, PersonAlias, PersonTerm
from safeguarding.people.names import LAST, words_of
from safeguarding.people.sealed.models import SealedOn
from safeguarding.people.sealed.queries import recorded
from safeguarding.relations.built import Asker, built
from safeguarding.relations.closing import is_closed
from safeguarding.relations.queries import load_one, related, subjects

PAGE = 50
MOST_WORDS = 6
Span = tuple[str, str]
_TO_SEARCH_BY = frozenset({Relation.RETURN_REQUEST})


@dataclass(frozen=True)
class PersonView:
    """A person with the actor's relations to them.

    `row` has every column but the sealed ones; of those it says whether each is recorded (`has_phone`, say).
    """

    row: Any
    relations: frozenset[Relation]

    @property
    def id(self) -> int:
        """The key, for sections of later packages."""
        key: int = self.row.id
        return key

    @property
    def ref(self) -> str:
        """The reference."""
        ref: str = self.row.ref
        return ref

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.row.given_name} {self.row.family_name}"

    @property
    def is_only_asked(self) -> bool:
        """Whether the actor is only asked what their agency knows: name, date of birth and address, nothing else."""
        return self.relations <= _TO_SEARCH_BY


@dataclass(frozen=True)
class Found:
    """What a search gave: people in order of name, or one reference of another kind to go to."""

    people: list[Any]
    has_more: bool = False
    words: tuple[str, ...] = ()


def access_person(actor: Actor, ref: str, permission: Permission = Permission.PERSON_READ) -> PersonView:
    """Return one person; NotFoundError when absent or hidden, ForbiddenError when only readable."""
    statement = select(*_COLUMNS).where(Person.ref == ref)
    row, held = load_one(actor, statement, [("person", Person.id)], Permission.PERSON_READ)
    if not actor.may(permission, held):
        raise ForbiddenError(_REASONS.get(permission, "Only those who work with this young person do this."))
    return PersonView(row, held)


def refuse_only_asked(view: PersonView) -> None:
    """Raise ForbiddenError when the actor is only asked what their agency knows of this person."""
    if view.is_only_asked:
        raise ForbiddenError("You see what you need to search by: name, date of birth and address.")


def person_entity(person_id: int) -> Person:
    """Return the entity of a person who was found through `access_person`, for a command."""
    return db.session.get_one(Person, person_id)


def search(actor: Actor, text: str) -> Found:
    """Return at most 50 people whom the actor may see: each word typed begins a word of a name or an alias of theirs.

    A reference (YP-...) finds its person. Too little to go by (no word of two letters) finds nobody.
    """
    ref = normalise_reference(text, "YP")
    words = words_of(text)[:MOST_WORDS]
    if ref is not None:
        rows = _named.rows(actor, ref)
    elif any(len(word) > 1 for word in words):
        longest, *others = sorted(words, key=lambda word: (-len(word), word))
        rows = _found_by.rows(
            actor, _span(longest), tuple(_span(word) for word in others), HUB_PRINCIPAL in actor.principals
        )
    else:
        return Found([])
    return Found(rows[:PAGE], len(rows) > PAGE, tuple(words))


def _span(word: str) -> tuple[str, str]:
    """Return the first and the last of what begins with a word."""
    return word, word + LAST


@built
def _named(asker: Asker, person_ref: str) -> Select[*tuple[Any, ...]]:
    return _found().where(Person.ref == person_ref, related(asker, "person", Person.id, Permission.PERSON_READ))


@built
def _found_by(asker: Asker, longest: Span, others: tuple[Span, ...], sees_most: bool) -> Select[*tuple[Any, ...]]:
    return _found().where(Person.id.in_(_matching(asker, longest, others, sees_most)))


def _found() -> Select[*tuple[Any, ...]]:
    columns = Person.id, Person.ref, Person.given_name, Person.family_name, Person.known_as, Person.born_on, Person.kind
    return select(*columns).order_by(Person.sort_key, Person.id).limit(PAGE + 1)


def _matching(asker: Asker, longest: Span, others: tuple[Span, ...], sees_most: bool) -> Select[*tuple[Any, ...]]:
    """Return the ids of people who match every word and whom the actor may see: all of them, or enough for a page.

    Two ways lead there, and each is short where the other is long. Whoever sees most people (the hub) walks the index of
    words, beginning with the longest word typed, and stops when a page is full; everybody else starts from the people
    they see.
    """
    conditions: list[ColumnElement[bool]] = [PersonTerm.term.between(*longest)]
    for span in others:
        other = aliased(PersonTerm)
        also = select(other.id).where(other.person_id == PersonTerm.person_id, other.term.between(*span))
        conditions.append(also.exists())
    if sees_most:
        conditions.append(related(asker, "person", PersonTerm.person_id, Permission.PERSON_READ))
        walked = select(PersonTerm.person_id).where(*conditions).order_by(PersonTerm.term, PersonTerm.person_id)
        # A word can be one of the name and, begun alike, another of an alias: a few rows a person.
        return select(walked.limit((PAGE + 1) * 3).subquery("walked").c.person_id)
    mine = subjects(asker, "person", Permission.PERSON_READ).cte("mine").prefix_with("MATERIALIZED")
    (person_id,) = mine.c
    return select(PersonTerm.person_id).join(mine, person_id == PersonTerm.person_id).where(*conditions)


def list_aliases(person_id: int) -> list[Any]:
    """Return the other names (id, name, kind) of a person who was found through `access_person`."""
    statement = (
        select(PersonAlias.id, PersonAlias.name, PersonAlias.kind)
        .where(PersonAlias.person_id == person_id)
        .order_by(PersonAlias.created_at, PersonAlias.id)
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


_REASONS = {
    Permission.PERSON_EDIT: "Only those who work with this young person change what is recorded here.",
    Permission.SEALED_SEE: "Sealed values are seen by those who work with the young person, by grant.",
}
# The sealed columns are not among them: no page but the one of a reveal may show them.
_COLUMNS = [
    *(column for column in Person.__table__.columns if not column.info["label"].sealed),
    *recorded(SealedOn.PERSON),
    is_closed("person", Person.id).label("is_restricted"),
]
