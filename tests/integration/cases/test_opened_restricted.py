"""A case that is restricted from the first moment, by whoever will and will not work it."""

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.cases.queries import access_case
from safeguarding.core.errors import NotFoundError
from safeguarding.core.second_wall import looking
from safeguarding.extensions import db
from safeguarding.web.guard import sight_of
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_person
from tests.factories.people import make_somebody


@pytest.mark.parametrize("led", ["by whoever opens it", "by somebody else", "by nobody yet"])
def test_it_is_opened_and_closed_to_all_but_those_who_work_it(in_app: Flask, led: str) -> None:
    with unit_of_work():
        opener, other = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.PRACTITIONER)
        person = make_person(opener)
    lead = {"by whoever opens it": opener, "by somebody else": other}.get(led)
    with looking(sight_of(opener.actor)), unit_of_work():
        case = make_case(opener, person, lead_user_id=lead.id if lead else None, is_restricted=True)
        ref = case.ref
    db.session.expire_all()
    for who in (opener, other):
        if who is lead:
            assert access_case(who.actor, ref).row.is_restricted
        else:
            with pytest.raises(NotFoundError):
                access_case(who.actor, ref)
