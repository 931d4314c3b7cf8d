"""The relations that follow from young people having been added: the adder's for a while, the hub's."""

from collections.abc import Iterator

from sqlalchemy import select

from safeguarding.access.actor import HUB_PRINCIPAL, user_principal
from safeguarding.access.roles import Relation
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.people.service import ADDED_FOR
from safeguarding.relations.registry import Expected, Facts


def expected() -> Iterator[Expected]:
    """Return the rows that there should be. That a restricted case ends the hub's is for `cases` to say."""
    for key, added_by, at in db.session.execute(select(Person.id, Person.created_by_id, Person.created_at)):
        source = ("person", key)
        yield Expected(user_principal(added_by), *source, Relation.ADDED, *source, at, at + ADDED_FOR)
        yield Expected(HUB_PRINCIPAL, *source, Relation.HUB, *source, at)


FACTS = Facts("people", expected)
