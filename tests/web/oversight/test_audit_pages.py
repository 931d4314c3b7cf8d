"""The auditor's pages: found by reference, no name anywhere, and every look in the audit itself."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.audit import service as audit
from safeguarding.audit.models import AuditEvent
from safeguarding.audit.verify import anchor, anchor_file
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_person
from tests.factories.people import SYSTEM, Somebody, make_somebody
from tests.support.pages import Page

CHILD = new_reference("YP")


def make(app: Flask, role: Role) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(role)


def record(
    app: Flask, who: Somebody, event: str, subject: str | None = CHILD, days_ago: int = 0, **detail: object
) -> None:
    with (
        time_machine.travel(clock.now() - timedelta(days=days_ago), tick=False),
        app.app_context(),
        unit_of_work(),
    ):
        audit.record(event, who.actor, subject, **detail)


def table(page: Page) -> list[str]:
    assert page.html is not None
    return [" ".join(row.get_text(" ").split()) for row in page.html.select("tbody tr")]


def last_event(app: Flask) -> AuditEvent:
    with app.app_context():
        return db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INFORMATION_GOVERNANCE])
def test_a_search_goes_by_references_days_and_part_of_the_service(app: Flask, sign_in: SignIn, role: Role) -> None:
    worker, other = make(app, Role.PRACTITIONER), make(app, Role.PRACTITIONER)
    record(app, worker, "people:person:shown", days_ago=3)
    record(app, worker, "cases:case:shown", new_reference("CA"), days_ago=2)
    record(app, other, "people:person:shown", days_ago=1)
    client = sign_in(role)
    form = client.get("/audit").form()
    by_both = client.follow(client.post("/audit", form | {"subject": CHILD.lower(), "actor": worker.ref}))
    assert len(table(by_both)) == 1
    assert f"{worker.ref} " in table(by_both)[0]
    by_area = client.follow(client.post("/audit", form | {"actor": worker.ref, "area": "cases"}))
    assert ["cases:case:shown" in row for row in table(by_area)] == [True]
    on = clock.today() - timedelta(days=1)
    span = {f"{name}-{part}": str(getattr(on, part)) for name in ("start", "end") for part in ("day", "month", "year")}
    by_day = client.follow(client.post("/audit", form | span | {"subject": CHILD}))
    assert len(table(by_day)) == 1
    assert other.ref in table(by_day)[0]


def test_a_name_is_refused_and_reaches_no_address(sign_in: SignIn) -> None:
    client = sign_in(Role.AUDITOR)
    form = client.get("/audit").form()
    for field in ("actor", "subject"):
        refused = client.post("/audit", form | {field: "Kieran Fern"})
        assert refused.status == 422
        assert len(refused.errors) == 1
        assert refused.form()[field] == "Kieran Fern"


def test_no_young_person_is_named_and_no_address_of_staff_is_shown(app: Flask, sign_in: SignIn) -> None:
    worker = make(app, Role.PRACTITIONER)
    record(app, worker, "people:person:shown")
    client = sign_in(Role.AUDITOR)
    with app.app_context(), unit_of_work():
        child = make_person(make_somebody(Role.PRACTITIONER), given_name="Kieran", family_name="Marsh")
        ref = child.ref
    record(app, worker, "people:person:shown", ref)
    for path in ("/audit", f"/audit/subjects/{CHILD}", f"/audit/subjects/{ref}"):
        page = client.get(path)
        assert worker.ref in page.text
        assert worker.email not in page.text
        assert "Marsh" not in page.text
    assert worker.name in client.get(f"/audit/subjects/{ref}").text  # who looked, as information governance asks them


def test_the_list_goes_on_from_where_it_stood_though_events_were_added(app: Flask, sign_in: SignIn) -> None:
    worker = make(app, Role.PRACTITIONER)
    with app.app_context(), unit_of_work():
        for number in range(60):
            audit.record("people:person:changed", worker.actor, CHILD, field=f"n{number}")
    client = sign_in(Role.AUDITOR)
    first = client.get(f"/audit?subject={CHILD}")
    record(app, worker, "people:person:shown")
    assert first.html is not None
    second = client.get(str(first.html.select_one(".app-pages__older")["href"]))  # type: ignore[index]
    assert len(table(first)) == 50
    assert ["n9" in row.split() for row in table(second)[:1]] == [True]
    assert len(table(second)) == 10


def test_searching_and_looking_are_recorded_with_what_was_asked(app: Flask, sign_in: SignIn) -> None:
    auditor = make(app, Role.AUDITOR)
    client = sign_in(auditor)
    client.get(f"/audit?subject={CHILD}&event=cases")
    event = last_event(app)
    assert (event.event, event.actor, event.subject) == ("oversight:audit:searched", f"user:{auditor.ref}", CHILD)
    assert '"event":"cases"' in event.detail
    client.get(f"/audit/subjects/{CHILD}")
    assert last_event(app).event == "oversight:looks:shown"
    assert auditor.ref in client.get(f"/audit/subjects/{CHILD}").words


@pytest.mark.parametrize(
    "query",
    ["actor=Kieran", "subject=Kieran", "event=kieran", "event=cases:x", "start=yesterday", "end=2026-02-30",
     "before=-1", "before=99999999999999999999"],
)  # fmt: skip
def test_an_address_that_the_search_does_not_make_is_refused(sign_in: SignIn, query: str) -> None:
    assert sign_in(Role.AUDITOR).get(f"/audit?{query}").status == 400


def test_who_looked_counts_by_person_and_tells_looks_changes_and_refusals_apart(app: Flask, sign_in: SignIn) -> None:
    worker, other = make(app, Role.PRACTITIONER), make(app, Role.PRACTITIONER)
    record(app, worker, "people:person:shown", days_ago=4, why=["lead_worker"], roles=["practitioner"])
    record(app, worker, "people:person:changed", days_ago=4)
    record(app, other, "people:person:shown", days_ago=29, why=["by_role"], roles=["lead"])
    record(app, other, "people:person:shown", days_ago=31)
    record(app, other, "people:person:printed", days_ago=3, why=["agenda"], roles=["spoc"])
    client = sign_in(Role.AUDITOR)
    page = client.get(f"/audit/subjects/{CHILD}")
    assert page.html is not None
    numbers = [cell.get_text(strip=True) for cell in page.html.select(".app-figures__number")]
    assert numbers == ["1", "0", "0", "1"]  # looks of those with a part, emergencies, refusals, what was printed
    assert "look by 1 person with a part in the work, and 1 by their role alone" in page.words
    assert [row for row in table(page) if worker.ref in row and "Leads the work" in row]
    assert [row for row in table(page) if other.ref in row and "By their role: Safeguarding lead" in row]
    assert "Printed: person" in page.words
    assert len(page.html.select(".app-chart__svg .app-dots__looked")) == 1  # the day of a look and a change is a change
    assert len(page.html.select(".app-chart__svg .app-dots__changed")) == 1
    earlier = client.get(str(page.html.find("a", string="The thirty days before")["href"]))  # type: ignore[index]
    assert len([row for row in table(earlier) if other.ref in row]) == 1


def test_who_looked_finds_lists_and_searches_when_asked(app: Flask, sign_in: SignIn) -> None:
    worker = make(app, Role.PRACTITIONER)
    record(app, worker, "people:search:shown", None, shown=[CHILD, new_reference("YP")])
    client = sign_in(Role.AUDITOR)
    assert worker.ref not in client.get(f"/audit/subjects/{CHILD}").words
    assert worker.ref in client.get(f"/audit/subjects/{CHILD}?lists=yes").words


def test_somebody_refused_is_found_with_those_who_looked(app: Flask, sign_in: SignIn) -> None:
    lead, auditor = make(app, Role.ANALYST), sign_in(Role.AUDITOR)
    person = make(app, Role.PRACTITIONER)
    assert sign_in(lead).get(f"/admin/people/{person.ref}").status == 403
    page = auditor.get(f"/audit/subjects/{person.ref}")
    assert any("Refused" in row and lead.ref in row for row in table(page))
    missing = new_reference("US")
    admin = make(app, Role.ADMIN)
    assert sign_in(admin).get(f"/admin/people/{missing}").status == 404
    assert any("Refused" in row and admin.ref in row for row in table(auditor.get(f"/audit/subjects/{missing}")))


def test_nobody_else_reads_the_audit(app: Flask, sign_in: SignIn) -> None:
    for role in (Role.ADMIN, Role.ANALYST, Role.PRACTITIONER, Role.LEAD, Role.CHAIR):
        client = sign_in(role)
        for path in ("/audit", f"/audit/subjects/{CHILD}"):
            assert client.get(path).status == 403, (role, path)
        assert client.post("/audit", {"csrf_token": client.csrf_token()}).status == 403


def test_an_address_that_is_no_reference_is_not_found(sign_in: SignIn) -> None:
    client = sign_in(Role.AUDITOR)
    for ref in ("YP-0000-0001", "kieran", "%00", "YP"):
        assert client.get(f"/audit/subjects/{ref}").status == 404, ref


def anchors(app: Flask) -> Path:
    return anchor_file(app.extensions["settings"].data)


def test_the_chain_s_state_follows_the_last_copy_kept_outside(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.AUDITOR)
    assert "No copy of the chain is kept outside yet" in client.get("/audit").words
    with app.app_context():
        kept = anchor(anchors(app))
    page = client.get("/audit")
    assert "The chain agrees with the copy kept outside" in page.words
    assert f"at event {kept['seq']}" in page.words
    line = anchors(app).read_text()
    anchors(app).write_text(line + line.replace(str(kept["hash"]), "f" * 64))
    assert "The chain does not agree with the copy kept outside" in client.get("/audit").words
    anchors(app).write_text(line.replace(f'"seq":{kept["seq"]}', '"seq":9999'))
    assert "The chain does not agree with the copy kept outside" in client.get("/audit").words
    anchors(app).write_text("{ broken")
    assert "No copy of the chain is kept outside yet" in client.get("/audit").words


def test_the_command_line_is_an_actor_too(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        audit.record("contexts:import:started", SYSTEM, new_reference("IM"))
    client = sign_in(Role.AUDITOR)
    form = client.get("/audit").form() | {"actor": "system:test", "area": "contexts"}
    assert len(table(client.follow(client.post("/audit", form)))) == 1


def test_what_needs_a_question_comes_first_unless_another_order_is_asked_for(app: Flask, sign_in: SignIn) -> None:
    worker, other = make(app, Role.PRACTITIONER), make(app, Role.SPOC)
    with app.app_context(), unit_of_work():
        with time_machine.travel(clock.now() - timedelta(days=5), tick=False):
            audit.record_refusal("access:request:refused", f"user:{other.ref}", CHILD, status=404)
        for days in (2, 2, 1):
            with time_machine.travel(clock.now() - timedelta(days=days), tick=False):
                audit.record("people:person:shown", worker.actor, CHILD, why=["allocated"], roles=["practitioner"])
    auditor = sign_in(Role.AUDITOR)
    path = f"/audit/subjects/{CHILD}"
    rows = table(auditor.get(path))
    assert other.ref in rows[0]
    assert "Saw “page not found”" in rows[0]
    assert ["2 times" in row for row in rows] == [False, False, True]  # alike ones of a day are one line
    assert worker.ref in table(auditor.get(f"{path}?order=time"))[1]  # after the auditor's own look at who looked
    assert len(table(auditor.get(f"{path}?only=refused"))) == 1
    on = (clock.today() - timedelta(days=2)).isoformat()
    assert len(table(auditor.get(f"{path}?start={on}&end={on}"))) == 1


def test_the_stretch_of_the_chain_that_is_shown_is_walked_and_compared_with_the_copy(
    app: Flask, sign_in: SignIn
) -> None:
    worker = make(app, Role.PRACTITIONER)
    for days in (2, 1):
        record(app, worker, "people:person:shown", days_ago=days)
    auditor = sign_in(Role.AUDITOR)
    path = f"/audit/subjects/{CHILD}"
    assert "No copy is kept outside yet" in auditor.get(path).words
    with app.app_context():
        kept = anchor(anchors(app))
    assert "Nothing is missing" in auditor.get(path).words
    assert "follow one another unbroken, and agree with the copy kept outside" in auditor.get(path).words
    line = anchors(app).read_text()
    anchors(app).write_text(line.replace(str(kept["hash"]), "f" * 64))
    assert "Something is missing, or is not as it was written" in auditor.get(path).words
