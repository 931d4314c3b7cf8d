"""A restricted place exists for the safeguarding lead alone, also where another record would be tied to it."""

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.cases.queries import find_subject
from safeguarding.contexts.models import ContextKind, ContextRole
from safeguarding.contexts.service import add_context, link_person_context
from safeguarding.core.errors import NotFoundError
from safeguarding.people.service import add_person
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import make_somebody


@pytest.mark.parametrize("kind", [ContextKind.PRIVATE_ADDRESS, ContextKind.PARK])
def test_only_the_lead_ties_anything_to_a_restricted_place(in_app: Flask, kind: ContextKind) -> None:
    with unit_of_work():
        lead, practitioner = make_somebody(Role.LEAD).actor, make_somebody(Role.PRACTITIONER).actor
        place = add_context(lead, name="A flat on Weir Road", kind=kind)
        own = add_person(practitioner, given_name="Robin", family_name="Marlowe")
        if place.is_restricted:
            with pytest.raises(NotFoundError):
                find_subject(practitioner, "context", place.ref)
            with pytest.raises(NotFoundError):
                link_person_context(practitioner, own.id, place.id, role=ContextRole.ATTENDS, source="Own words")
        else:
            assert find_subject(practitioner, "context", place.ref)[1] == place.id
            assert link_person_context(practitioner, own.id, place.id, role=ContextRole.ATTENDS, source="Own words").id
        assert find_subject(lead, "context", place.ref)[1] == place.id
