"""Who might be the same young person: candidates among those the actor may see, and how close each is.

Somebody the actor may not see is never a candidate and changes nothing, neither the count nor the answer; `find_hidden`
finds those, for the queue of whoever may see both (`people.possible`). Rules, from certain to possible: the same NHS number
or UPN; the same names and date of birth; names that are the same, sound or look alike, or are swapped, with a date of birth
that is the same, near or has day and month exchanged.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from enum import IntEnum
from typing import Any

from sqlalchemy import Select, and_, case, false, not_, or_, select, union
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.extensions import db
from safeguarding.people.models import Person, PersonTerm
from safeguarding.people.names import LAST, words_of
from safeguarding.people.possible_models import PossibleDuplicate
from safeguarding.relations.queries import related

MOST = 10  # shown: more would be a list to scroll, not a question to answer
_POOL = 200
_ALIKE = 0.75  # share of letters in order that two first names have in common: Kieron and Kieran 0.83, Tom and Tim 0.67


class Close(IntEnum):
    """How close one field of a candidate is to what was typed."""

    DIFFERENT = 0
    CLOSE = 1
    SAME = 2


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is known of the young person who is looked for."""

    given_name: str
    family_name: str
    known_as: str | None = None
    born_on: date | None = None
    nhs_number: str | None = None
    upn: str | None = None

    @property
    def words(self) -> list[str]:
        """Return the searchable words of all names given."""
        return words_of(self.given_name, self.family_name, self.known_as)


@dataclass(frozen=True)
class Compared:
    """One field: what was typed, what the record has, and how close they are, in a word."""

    label: str
    typed: str
    held: str
    close: Close
    why: str


@dataclass(frozen=True)
class Candidate:
    """A person who might be the same, with the fields compared."""

    id: int
    ref: str
    name: str
    known_as: str | None
    born_on: date | None
    compared: tuple[Compared, ...]
    is_very_likely: bool
    points: int

    @property
    def is_possible(self) -> bool:
        """Whether it is worth a look: both names close, or one of them and the date of birth."""
        given, family, born = (each.close for each in self.compared[:3])
        return self.is_very_likely or bool(given and family) or (bool(given or family) and bool(born))

    @property
    def is_born_apart(self) -> bool:
        """Whether both dates of birth are known and are not alike."""
        return self.compared[2].why == "Different"


def find(actor: Actor, asked: Asked) -> list[Candidate]:
    """Return at most ten people the actor may see who might be the one asked for, the closest first."""
    if not actor.principals:
        return []
    mine = related(actor, "person", Person.id, Permission.PERSON_READ)
    return _closest([each for each in _candidates(asked, mine) if each.is_possible])


def find_hidden(actor: Actor, asked: Asked, person_id: int) -> list[Candidate]:
    """Return at most ten people the actor may not see who might be this person: the closest, and none already asked about.

    Two dates of birth that are known and unlike leave nothing to ask, unless a number is the same.
    """
    pair = or_(
        and_(PossibleDuplicate.lower_id == person_id, PossibleDuplicate.higher_id == Person.id),
        and_(PossibleDuplicate.higher_id == person_id, PossibleDuplicate.lower_id == Person.id),
    )
    hidden = and_(
        Person.id != person_id,
        not_(related(actor, "person", Person.id, Permission.PERSON_READ)),
        ~select(PossibleDuplicate.id).where(pair).exists(),
    )
    found = _candidates(asked, hidden)
    return _closest([each for each in found if each.is_very_likely or (each.is_possible and not each.is_born_apart)])


def _candidates(asked: Asked, condition: ColumnElement[bool]) -> list[Candidate]:
    rows = db.session.execute(_statement(asked, condition)).all()
    return [_compare(asked, row, terms) for row, terms in _with_terms(rows)]


def _closest(found: list[Candidate]) -> list[Candidate]:
    return sorted(found, key=lambda each: (-each.is_very_likely, -each.points, each.ref))[:MOST]


def near_dates(born_on: date) -> list[date]:
    """Return the dates that a date of birth is often confused with: itself, a day either side, day and month exchanged,
    the same day a year either side."""
    near = {born_on, born_on - timedelta(days=1), born_on + timedelta(days=1)}
    for year, month, day in (
        (born_on.year, born_on.day, born_on.month),
        (born_on.year - 1, born_on.month, born_on.day),
        (born_on.year + 1, born_on.month, born_on.day),
    ):
        try:
            near.add(date(year, month, day))
        except ValueError:
            continue
    return sorted(near)


def _statement(asked: Asked, condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return one row for each word of each candidate: a few hundred rows at most, in one statement.

    Of more than there is room for, those with the same number or date of birth are kept.
    """
    pool = union(*_finders(asked)).subquery("pool")
    seen = (
        select(Person.id)
        .join(pool, pool.c.id == Person.id)
        .where(condition)
        .order_by(_surest_first(asked), Person.id)
        .limit(_POOL)
        .subquery("seen")
    )
    return (
        select(
            Person.id,
            Person.ref,
            Person.given_name,
            Person.family_name,
            Person.known_as,
            Person.born_on,
            Person.nhs_number,
            Person.upn,
            PersonTerm.term,
        )
        .join(seen, seen.c.id == Person.id)
        .join(PersonTerm, PersonTerm.person_id == Person.id)
        .order_by(Person.id, PersonTerm.id)
    )


def _surest_first(asked: Asked) -> ColumnElement[int]:
    numbers = [
        column == value for column, value in ((Person.nhs_number, asked.nhs_number), (Person.upn, asked.upn)) if value
    ]
    born = [Person.born_on.in_(near_dates(asked.born_on))] if asked.born_on is not None else []
    return case((or_(false(), *numbers), 0), (or_(false(), *born), 1), else_=2)


def _finders(asked: Asked) -> list[Select[Any]]:
    family, given = words_of(asked.family_name), words_of(asked.given_name, asked.known_as)
    finders = [_having(family, _beginning([word[:1] for word in given]))]
    finders.append(_having(given, _beginning([word[:3] for word in family])))
    if asked.born_on is not None:
        born = select(Person.id.label("id")).where(
            Person.born_on.in_(near_dates(asked.born_on)),
            Person.id.in_(select(PersonTerm.person_id).where(_beginning([word[:3] for word in asked.words]))),
        )
        finders.append(born)
    for column, value in ((Person.nhs_number, asked.nhs_number), (Person.upn, asked.upn)):
        if value:
            finders.append(select(Person.id.label("id")).where(column == value))
    return finders


def _having(words: list[str], also: Any) -> Select[Any]:
    other = select(PersonTerm.person_id).where(also)
    return select(PersonTerm.person_id.label("id")).where(PersonTerm.term.in_(words), PersonTerm.person_id.in_(other))


def _beginning(prefixes: list[str]) -> Any:
    return or_(false(), *(PersonTerm.term.between(prefix, prefix + LAST) for prefix in prefixes if prefix))


def _with_terms(rows: Any) -> list[tuple[Any, list[str]]]:
    grouped: dict[int, tuple[Any, list[str]]] = {}
    for row in rows:
        grouped.setdefault(row.id, (row, []))[1].append(row.term)
    return list(grouped.values())


def _compare(asked: Asked, row: Any, terms: list[str]) -> Candidate:
    given = compare_name("First name", asked.given_name, row.given_name, terms)
    family = compare_name("Last name", asked.family_name, row.family_name, terms)
    fields = [given, family, compare_born(asked.born_on, row.born_on)]
    numbers = [
        _compare_number("NHS number", asked.nhs_number, row.nhs_number),
        _compare_number("UPN", asked.upn, row.upn),
    ]
    same_number = any(each.close is Close.SAME for each in numbers)
    fields += [each for each in numbers if each.typed]
    return Candidate(
        id=row.id,
        ref=row.ref,
        name=f"{row.given_name} {row.family_name}",
        known_as=row.known_as,
        born_on=row.born_on,
        compared=tuple(fields),
        is_very_likely=same_number or all(each.close is Close.SAME for each in fields[:3]),
        points=sum(each.close for each in fields) + (6 if same_number else 0),
    )


def compare_name(label: str, typed: str, held: str, terms: list[str]) -> Compared:
    """Compare one name with another; `terms` are the words of all names of whose it is."""
    wanted, known = words_of(typed), words_of(held)
    if wanted == known:
        close, why = Close.SAME, "Same"
    elif wanted and all(word in terms for word in wanted):
        close, why = Close.CLOSE, "Among their other names"
    elif any(_alike(one, other) for one in wanted for other in terms):
        close, why = Close.CLOSE, "Nearly the same"
    else:
        close, why = Close.DIFFERENT, "Different"
    return Compared(label, typed, held, close, why)


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) >= 3 and (one.startswith(other) or other.startswith(one)):
        return True
    return one[:1] == other[:1] and SequenceMatcher(None, one, other).ratio() >= _ALIKE


def compare_born(typed: date | None, held: date | None) -> Compared:
    """Compare two dates of birth."""
    label = "Date of birth"
    shown, kept = _written(typed), _written(held)
    if typed is None or held is None:
        return Compared(label, shown, kept, Close.DIFFERENT, "Not known")
    if typed == held:
        return Compared(label, shown, kept, Close.SAME, "Same")
    if (typed.day, typed.month, typed.year) == (held.month, held.day, held.year):
        return Compared(label, shown, kept, Close.CLOSE, "Day and month exchanged")
    if typed in near_dates(held):
        why = "A year apart" if typed.year != held.year and typed.month == held.month else "A day apart"
        return Compared(label, shown, kept, Close.CLOSE, why)
    return Compared(label, shown, kept, Close.DIFFERENT, "Different")


def _compare_number(label: str, typed: str | None, held: str | None) -> Compared:
    """Compare an identifier without ever showing the one that is held."""
    if not typed:
        return Compared(label, "", "", Close.DIFFERENT, "")
    if held is None:
        return Compared(label, typed, "not recorded", Close.DIFFERENT, "Not known")
    if typed == held:
        return Compared(label, typed, "held, not shown here", Close.SAME, "Same")
    return Compared(label, typed, "held, not shown here", Close.DIFFERENT, "Different")


def _written(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else "not known"
