"""Commands about possible duplicates that nobody was shown: queue them, and say of a pair whether it is one young person.

Whoever adds or refers somebody is told nothing of records that they may not see, so a match among those waits here for
somebody who may see both. What is sent to the database is the same, whether there is one or not.
"""

from typing import Any

from sqlalchemy import Integer, case, insert, literal, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.base import BigKey
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.notices import service as notices
from safeguarding.people import duplicates, possible_queries
from safeguarding.people.models import Person
from safeguarding.people.possible_models import PossibleAnswer, PossibleDuplicate, PossibleState
from safeguarding.relations.built import Asker, built
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import live

SAME = "people.found_same"  # a kind of notice
LEAST_REASON = 10  # characters
_NOBODY = 0  # no key: what fills up the pairs of a statement that always has ten


def look_beyond(actor: Actor, person: Person) -> None:
    """Queue whoever might be the same young person among those whom the actor may not see.

    Nothing tells the actor: it sends one search, one INSERT and one event, whatever is found. Raises ForbiddenError.
    """
    if not (actor.holds(Permission.PERSON_ADD) or actor.holds(Permission.REFERRAL_MAKE)):
        raise ForbiddenError
    asked = duplicates.Asked(
        given_name=person.given_name,
        family_name=person.family_name,
        known_as=person.known_as,
        born_on=person.born_on,
        nhs_number=person.nhs_number,
        upn=person.upn,
    )
    with beyond(Beyond.DUPLICATES):
        found = duplicates.find_hidden(actor, asked, person.id)
        pairs = [(each.id, new_reference("PD")) for each in found]
        filled = (*pairs, *[(_NOBODY, "")] * (duplicates.MOST - len(pairs)))
        _queue.run(actor, filled, person.id, PossibleState.WAITING)
    audit.record("people:duplicates:checked", actor, person.ref, possible=[ref for _key, ref in pairs])


@built
def _queue(asker: Asker, pairs: tuple[tuple[int, str], ...], about: int, waiting: PossibleState) -> Any:
    table: Any = PossibleDuplicate.__table__
    person: Any = Person.__table__
    asked_by: Any = asker.user_id
    key = person.c.id
    rows: Any = select(
        case(*((key == each, ref) for each, ref in pairs)),
        case((key < about, key), else_=about),
        case((key < about, about), else_=key),
        literal(waiting, table.c.state.type),
        asker.now,
        asked_by,
        literal(1, Integer()),
    ).where(key.in_([each for each, _ref in pairs]))
    columns = ["ref", "lower_id", "higher_id", "state", "found_at", "found_by_id", "version"]
    return insert(table).from_select(columns, rows, include_defaults=False)


def answer(
    actor: Actor, possible: PossibleDuplicate, *, said: PossibleState, reason: str, read_version: int
) -> PossibleAnswer:
    """Say of two records whether they are about the same young person, or that it cannot be told, and why.

    Where they are, whoever leads the work on either is told, but for those to whom the other one is closed. What was said
    can be said again differently. Raises ForbiddenError, StaleError, RuleError.
    """
    row = possible_queries.access_possible(actor, possible.ref)
    if actor.user_id is None or said is PossibleState.WAITING:
        raise ForbiddenError("Somebody who may see both records says whether they are about the same young person.")
    if len(reason.strip()) < LEAST_REASON:
        raise RuleError(f"Say why, in {LEAST_REASON} characters or more.", "reason")
    statement = select(PossibleDuplicate).where(PossibleDuplicate.id == possible.id).with_for_update()
    locked = db.session.scalars(statement, execution_options={"populate_existing": True}).one()
    if locked.version != read_version:
        raise StaleError
    made = PossibleAnswer(
        possible_id=locked.id,
        answer=said,
        reason=reason.strip(),
        answered_by_id=actor.user_id,
        answered_at=clock.now(),
    )
    locked.state = said
    locked.version += 1
    db.session.add(made)
    db.session.flush()
    if said is PossibleState.SAME:
        _tell(actor, row.lower, row.higher)
    audit.record("people:duplicates:answered", actor, locked.ref, answer=said, records=[row.lower.ref, row.higher.ref])
    return made


def _tell(actor: Actor, *sides: possible_queries.Side) -> None:
    """Tell those who lead the work on either record; of a closed one, those who lead the work on it alone."""
    closed = [side for side in sides if side.is_restricted]
    told: dict[int, str] = {}
    for side in closed or sides:
        for user_id in _leads(side.id):
            if user_id != actor.user_id:
                told.setdefault(user_id, side.ref)
    for user_id, ref in sorted(told.items()):
        notices.queue(SAME, user_id, ref)


def _leads(person_id: int) -> list[int]:
    statement = select(RelationRow.principal).where(
        RelationRow.subject_kind == "person",
        RelationRow.subject_id == literal(person_id, BigKey),
        RelationRow.kind == Relation.LEAD_WORKER,
        live(),
    )
    named = {principal.partition(":")[2] for principal in db.session.scalars(statement)}
    return sorted(int(each) for each in named if each.isdigit())
