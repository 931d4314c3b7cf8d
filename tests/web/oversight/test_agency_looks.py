"""An agency's contact sees what its own people opened: nothing of other agencies, no reference that is not theirs."""

from flask import Flask
from sqlalchemy import select, update

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.accounts.models import Membership, User
from safeguarding.accounts.service import give_membership
from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.oversight.agency_looks import PAGE
from safeguarding.people.models import Person
from safeguarding.relations.service import grant
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_case
from tests.factories.people import SYSTEM, Somebody, make_agency, make_somebody
from tests.support.statements import counted


def looked(who: Somebody, ref: str | None, event: str = "people:person:shown") -> None:
    audit.record(event, who.actor, ref)


def test_only_of_ones_own_agency_and_only_references_that_one_may_open(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        ours, theirs = make_agency("Fire service"), make_agency("Housing")
        contact, colleague = make_somebody(Role.SPOC, agency=ours), make_somebody(Role.PRACTITIONER, agency=ours)
        stranger, moved = (
            make_somebody(Role.PRACTITIONER, agency=theirs),
            make_somebody(Role.PRACTITIONER, agency=theirs),
        )
        cases = [make_case(colleague), make_case(colleague)]
        seen, hidden, of_others = [
            db.session.scalars(select(Person.ref).where(Person.id == case.person_id)).one()
            for case in (*cases, make_case(stranger))
        ]
        looked(moved, of_others, "cases:case:shown")  # while they worked for the others
        db.session.execute(update(Membership).where(Membership.user_id == moved.id).values(valid_to=clock.now()))
        give_membership(SYSTEM, db.session.get_one(User, moved.id), ours, Role.PRACTITIONER)
        person = db.session.scalars(select(Person).where(Person.ref == seen)).one()
        grant(user_principal(contact.id), [("person", person.id)], Relation.ACTION_OWNER, ("test", 1))
        looked(colleague, seen)
        looked(colleague, hidden)
        looked(stranger, of_others)
        looked(colleague, None, "cases:list:shown")
        names = [contact.name, colleague.name]
    page = sign_in(contact).get("/agency-looks")
    assert page.status == 200
    assert page.html is not None
    rows = [" ".join(row.get_text(" ").split()) for row in page.html.select("tbody tr")]
    assert all(any(name in row for name in names) for row in rows)
    assert any(seen in row for row in rows)
    assert any("A record" in row for row in rows)
    for secret in (hidden, of_others, stranger.name, moved.name):
        assert secret not in page.text
    with app.app_context():
        last = db.session.scalars(select(AuditEvent.event).order_by(AuditEvent.seq.desc()).limit(1)).one()
    assert last == "oversight:agency:listed"  # reading it is recorded itself


def test_a_contact_of_one_agency_who_works_for_another_sees_the_first_alone(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        ours, other = make_agency("Probation"), make_agency("Youth justice")
        contact, there = make_somebody(Role.SPOC, agency=ours), make_somebody(Role.PRACTITIONER, agency=other)
        give_membership(SYSTEM, db.session.get_one(User, contact.id), other, Role.PRACTITIONER)
        looked(there, "YP-0000-0000")
    page = sign_in(contact).get("/agency-looks")
    assert there.name not in page.text


def test_it_costs_no_more_for_more_looks_and_goes_on(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        ours = make_agency()
        contact, colleague = make_somebody(Role.SPOC, agency=ours), make_somebody(Role.PRACTITIONER, agency=ours)
        looked(colleague, "YP-0000-0000")
    client, costs = sign_in(contact), []
    for number in (2, PAGE):
        with app.app_context(), unit_of_work():
            for _ in range(number):
                looked(colleague, "YP-0000-0000")
        with counted(app) as sent:
            page = client.get("/agency-looks")
        costs.append(len(sent))
    assert costs[0] == costs[1]
    assert costs[1] <= 8
    assert page.html is not None
    assert page.html.select_one(".app-pages__older") is not None
    older = client.get("/agency-looks?page=2")
    assert older.html is not None
    assert len(older.html.select("tbody tr")) == 3
    assert older.html.select_one(".app-pages__older") is None
    assert client.get("/agency-looks?page=999999").status == 200
    for role in Role:
        if role is not Role.SPOC:
            assert sign_in(role).get("/agency-looks").status == 403
