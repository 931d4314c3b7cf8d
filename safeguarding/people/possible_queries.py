"""Reads of possible duplicates: seen by those who may see both records, and by nobody else.

Where one of the two is restricted and no safeguarding lead is on its list, those who lead the work on it see the pair, and
so the other record as far as the comparison shows it: nobody else could ever answer. Two restricted records whose lists
have nobody in common wait until somebody is on both.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, String, and_, cast, exists, literal, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import HUB_PRINCIPAL, Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.accounts.models import AccountStatus, Membership, User
from safeguarding.core.errors import NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.people import duplicates
from safeguarding.people.duplicates import Close, Compared
from safeguarding.people.models import Person, PersonAlias, Sex
from safeguarding.people.names import words_of
from safeguarding.people.possible_models import PossibleAnswer, PossibleDuplicate, PossibleState
from safeguarding.relations.built import Asker, among, built, instant
from safeguarding.relations.closing import is_closed
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import not_barred, related, relations_to, subjects

PAGE = 50
OPEN = frozenset({PossibleState.WAITING, PossibleState.UNSURE})
ANSWERED = frozenset({PossibleState.SAME, PossibleState.DIFFERENT})
_NOT_RECORDED = "not recorded"
_SEX = {Sex.FEMALE: "Female", Sex.MALE: "Male", Sex.UNKNOWN: None}
_NAMED = frozenset({Relation.LISTED, Relation.LEAD_WORKER, Relation.ALLOCATED})
_FIELDS = (
    "id",
    "ref",
    "given_name",
    "family_name",
    "known_as",
    "born_on",
    "sex",
    "school_name",
    "language",
    "address",
    "nhs_number",
    "upn",
)
_Lower, _Higher = aliased(Person, name="lower_person"), aliased(Person, name="higher_person")


@dataclass(frozen=True)
class Side:
    """One of the two records, as far as it is compared. `row` has the fields; identifiers and address are never shown."""

    id: int
    ref: str
    name: str
    born_on: date | None
    is_restricted: bool
    is_mine: bool  # whether the actor may open it


@dataclass(frozen=True)
class Possible:
    """Two records that may be about the same young person."""

    id: int
    ref: str
    version: int
    state: PossibleState
    found_at: Any
    lower: Side
    higher: Side
    row: Any


def list_possible(actor: Actor, states: frozenset[PossibleState] = OPEN, limit: int = PAGE) -> list[Possible]:
    """Return the pairs in some states that the actor may see both of, those that wait for longest first."""
    if not actor.holds(Permission.PERSON_MATCH):
        return []
    with beyond(Beyond.DUPLICATES):
        rows = _listed.rows(actor, states, HUB_PRINCIPAL in actor.principals, limit)
    return [_possible(row) for row in rows]


def access_possible(actor: Actor, ref: str) -> Possible:
    """Return one pair to somebody who may see both. Raises NotFoundError."""
    known = normalise_reference(ref, "PD")
    if known is None or not actor.holds(Permission.PERSON_MATCH):
        raise NotFoundError
    with beyond(Beyond.DUPLICATES):
        row = _one.row(actor, known)
    if row is None:
        raise NotFoundError
    pair = _possible(row)
    side = next((each for each in (pair.lower, pair.higher) if each.is_restricted and each.is_mine), pair.lower)
    if not actor.may(Permission.PERSON_MATCH, relations_to(actor, "person", side.id)):
        raise NotFoundError
    return pair


def possible_entity(possible_id: int) -> PossibleDuplicate:
    """Return the entity of a pair that was found through `access_possible`, for a command."""
    return db.session.get_one(PossibleDuplicate, possible_id)


def list_answers(possible_id: int) -> list[Any]:
    """Return what was said of a pair found through `access_possible` (answer, reason, name, answered_at), the last first."""
    statement = (
        select(PossibleAnswer.answer, PossibleAnswer.reason, User.name, PossibleAnswer.answered_at)
        .join(User, User.id == PossibleAnswer.answered_by_id)
        .where(PossibleAnswer.possible_id == possible_id)
        .order_by(PossibleAnswer.id.desc())
        .limit(PAGE)
    )
    return list(db.session.execute(statement))


@beyond(Beyond.DUPLICATES)
def compare(pair: Possible) -> list[Compared]:
    """Return the two records of a pair found through `access_possible` field by field, those that differ first."""
    names = _other_names(pair)
    one, other = ({field: getattr(pair.row, f"{side}_{field}") for field in _FIELDS} for side in ("lower", "higher"))
    fields = [
        duplicates.compare_name("First name", one["given_name"], other["given_name"], names[pair.higher.id]),
        duplicates.compare_name("Last name", one["family_name"], other["family_name"], names[pair.higher.id]),
        _compare("Known as", one["known_as"], other["known_as"]),
        duplicates.compare_born(one["born_on"], other["born_on"]),
        _compare("Sex", _SEX[one["sex"]], _SEX[other["sex"]]),
        _compare("School or college", one["school_name"], other["school_name"]),
        _compare("Language", one["language"], other["language"]),
        *(
            _compare(label, one[name], other[name], shown=False)
            for label, name in (("NHS number", "nhs_number"), ("Unique pupil number", "upn"), ("Address", "address"))
        ),
    ]
    said = [each for each in fields if not (each.typed == each.held == _NOT_RECORDED)]
    return sorted(said, key=lambda each: each.close)


def _other_names(pair: Possible) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {pair.lower.id: [], pair.higher.id: []}
    statement = select(PersonAlias.person_id, PersonAlias.name).where(PersonAlias.person_id.in_(list(found)))
    for person_id, name in db.session.execute(statement.order_by(PersonAlias.id).limit(PAGE)):
        found[person_id] += words_of(name)
    for side in ("lower", "higher"):
        known = [getattr(pair.row, f"{side}_{name}") for name in ("given_name", "family_name", "known_as")]
        found[getattr(pair.row, f"{side}_id")] += words_of(*known)
    return found


def _compare(label: str, one: str | None, other: str | None, *, shown: bool = True) -> Compared:
    """Compare two texts; what is not shown is only said to be held."""
    typed, held = ((value if shown else "held, not shown here") if value else _NOT_RECORDED for value in (one, other))
    if not one or not other:
        return Compared(label, typed, held, Close.DIFFERENT, "Not known" if one == other else "In one alone")
    same = one.casefold().split() == other.casefold().split()
    return Compared(label, typed, held, Close.SAME if same else Close.DIFFERENT, "Same" if same else "Different")


@built
def _listed(asker: Asker, states: frozenset[PossibleState], sees_most: bool, limit: int) -> Select[Any]:
    newest = states == ANSWERED
    statement = _rows(asker).where(among(PossibleDuplicate.state, states))
    if not sees_most:  # whoever sees few starts from those
        mine = subjects(asker, "person", Permission.PERSON_MATCH)
        statement = statement.where(or_(PossibleDuplicate.lower_id.in_(mine), PossibleDuplicate.higher_id.in_(mine)))
    if newest:
        return statement.order_by(PossibleDuplicate.id.desc()).limit(limit)
    waiting = PossibleDuplicate.state == literal(PossibleState.UNSURE, PossibleDuplicate.state.type)
    return statement.order_by(waiting, PossibleDuplicate.found_at, PossibleDuplicate.id).limit(limit)


@built
def _one(asker: Asker, named: str) -> Select[Any]:
    return _rows(asker).where(PossibleDuplicate.ref == named)


def _rows(asker: Asker) -> Select[Any]:
    lower = related(asker, "person", PossibleDuplicate.lower_id, Permission.PERSON_MATCH)
    higher = related(asker, "person", PossibleDuplicate.higher_id, Permission.PERSON_MATCH)
    sides = ((_Lower, "lower"), (_Higher, "higher"))
    return (
        select(
            PossibleDuplicate.id,
            PossibleDuplicate.ref,
            PossibleDuplicate.version,
            PossibleDuplicate.state,
            PossibleDuplicate.found_at,
            *(getattr(table, field).label(f"{side}_{field}") for table, side in sides for field in _FIELDS),
            is_closed("person", PossibleDuplicate.lower_id).label("lower_closed"),
            is_closed("person", PossibleDuplicate.higher_id).label("higher_closed"),
            related(asker, "person", PossibleDuplicate.lower_id, Permission.PERSON_READ).label("lower_mine"),
            related(asker, "person", PossibleDuplicate.higher_id, Permission.PERSON_READ).label("higher_mine"),
        )
        .join(_Lower, _Lower.id == PossibleDuplicate.lower_id)
        .join(_Higher, _Higher.id == PossibleDuplicate.higher_id)
        .where(
            or_(
                and_(lower, higher),
                and_(lower, _left_to_its_lead(asker, PossibleDuplicate.lower_id, PossibleDuplicate.higher_id)),
                and_(higher, _left_to_its_lead(asker, PossibleDuplicate.higher_id, PossibleDuplicate.lower_id)),
            )
        )
    )


def _left_to_its_lead(asker: Asker, closed: Any, other: Any) -> ColumnElement[bool]:
    """Return the condition that of two people one is closed, with no safeguarding lead on its list, and the other open."""
    listed = aliased(RelationRow)
    now = instant()
    lead = exists(
        select(literal(1))
        .select_from(listed)
        .join(User, listed.principal == literal("user:", String()).concat(cast(User.id, String)))
        .join(Membership, Membership.user_id == User.id)
        .where(
            listed.subject_kind == literal("person", String()),
            listed.subject_id == closed,
            among(listed.kind, _NAMED),
            listed.valid_from <= now,
            or_(listed.valid_to.is_(None), listed.valid_to > now),
            User.status == literal(AccountStatus.ACTIVE, User.status.type),
            Membership.role == literal(Role.LEAD, Membership.role.type),
            Membership.valid_from <= now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > now),
        )
    )
    return and_(is_closed("person", closed), ~is_closed("person", other), ~lead, not_barred(asker, "person", other))


def _possible(row: Any) -> Possible:
    lower, higher = (
        Side(
            id=getattr(row, f"{side}_id"),
            ref=getattr(row, f"{side}_ref"),
            name=f"{getattr(row, f'{side}_given_name')} {getattr(row, f'{side}_family_name')}",
            born_on=getattr(row, f"{side}_born_on"),
            is_restricted=bool(getattr(row, f"{side}_closed")),
            is_mine=bool(getattr(row, f"{side}_mine")),
        )
        for side in ("lower", "higher")
    )
    return Possible(row.id, row.ref, row.version, row.state, row.found_at, lower, higher, row)
