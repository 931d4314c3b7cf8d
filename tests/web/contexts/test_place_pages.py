"""Pages of places, as each role uses them: who sees which, what the page of one says, every form, the statements sent."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from sqlalchemy import event, select

from safeguarding.access.roles import Role
from safeguarding.actions.models import Action, ActionOrigin, ActionSubject
from safeguarding.audit.models import AuditEvent
from safeguarding.contexts import models, queries, service
from safeguarding.contexts.models import (
    ContextFactor,
    ContextKind,
    ContextReview,
    ContextRole,
    ContextStep,
    FactorKind,
    GoalState,
    Handling,
    Incident,
    IncidentSource,
    SafetyGoal,
)
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade, Precision
from safeguarding.core import clock
from safeguarding.extensions import db
from tests.factories.panels import make_young_person
from tests.factories.people import Somebody, make_somebody, unit_of_work
from tests.factories.places import in_days, make_context, make_incident
from tests.support.pages import PageClient

SignIn = Callable[..., PageClient]
BUDGET = 8
FORMS = ("review", "goals/set", "factors/add")


@dataclass(frozen=True)
class Places:
    """A park that was reviewed before much happened there, a private address, and who works with them."""

    park: str
    park_id: int
    flat: str
    lead: Somebody
    worker: Somebody


@pytest.fixture
def places(app: Flask) -> Places:
    with app.app_context(), unit_of_work():
        lead, worker = make_somebody(Role.LEAD), make_somebody(Role.PRACTITIONER)
        park = make_context(
            name="Tanner's Yard park", ward="Riverside", aliases=["The Tans"], step=ContextStep.PLAN_ACTIVE
        )
        flat = make_context(name="A flat on Mill Row", kind=ContextKind.PRIVATE_ADDRESS)
        for days in (40, 50, 60, 70, 80):
            make_incident(worker.actor, park, days_ago=days)
        service.add_factor(
            lead.actor,
            park.id,
            kind=FactorKind.GUARDIAN,
            text="The café owner keeps a table",
            source="Visited",
            happened_on=clock.today() - timedelta(days=3),
        )
        review_of(lead, park.id)
        make_incident(worker.actor, park, days_ago=5, harm=IncidentHarm.ROBBERY)
        make_incident(lead.actor, flat, days_ago=5)
        return Places(park.ref, park.id, flat.ref, lead, worker)


def review_of(lead: Somebody, context_id: int, **changes: Any) -> ContextReview:
    given: dict[str, Any] = {
        "grade": ContextGrade.UNIVERSAL,
        "rationale": "Young people told us more than the reports do.",
        "differs_reason": "They are not in any record.",
        "next_review_on": in_days(3),
        **changes,
    }
    return service.review_context(lead.actor, context_id, **given)


def parts_of(day: date, name: str) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


# Who sees what


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.SOCIAL_WORKER, Role.SPOC, Role.COORDINATOR, Role.CHAIR])
def test_those_who_work_with_places_see_all_but_restricted_ones(places: Places, sign_in: SignIn, role: Role) -> None:
    client = sign_in(role)
    listed = client.get("/contexts")
    assert "Tanner's Yard park" in listed.words
    assert "A flat on Mill Row" not in listed.words
    assert client.get(f"/contexts/{places.park}").status == 200
    for path in ("", "/incidents", "/people", "/refer"):
        if path == "/people" and role is Role.COORDINATOR:
            continue  # a role that never sees people linked to places is told so before any place is looked up
        assert client.get(f"/contexts/{places.flat}{path}").status == 404, path
    for path in FORMS:
        assert client.get(f"/contexts/{places.park}/{path}").status == 403, path
    searched = client.post("/contexts", {"q": "flat", "kind": "private_address"})
    assert searched.status == 200 and "A flat on Mill Row" not in searched.words


def test_a_name_is_searched_for_without_standing_in_an_address(places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.worker)
    found = client.post("/contexts", {"q": "tanner"})
    assert found.status == 200 and "Tanner's Yard park" in found.words
    assert client.post("/contexts", {"q": "nowhere"}).words.count("No place is like that.") == 1
    assert client.get("/contexts?q=nowhere").words.count("Tanner's Yard park") == 1, "an address names nobody"
    assert client.post("/contexts", {"q": "", "kind": "park"}).location == "/contexts?kind=park"
    assert client.post("/contexts", {"q": "tanner"}, token=False).status == 400


def test_a_lead_sees_restricted_places_and_that_they_are(places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    assert "A flat on Mill Row Private address Restricted" in client.get("/contexts").words
    page = client.get(f"/contexts/{places.flat}")
    assert "Only safeguarding leads see this place" in page.words


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN, Role.INFORMATION_GOVERNANCE, Role.ANALYST])
def test_other_roles_see_no_place(places: Places, sign_in: SignIn, role: Role) -> None:
    client = sign_in(role)
    for path in ("/contexts", f"/contexts/{places.park}", f"/contexts/{places.park}/incidents"):
        assert client.get(path).status == 403, path


def test_an_analyst_sees_counts_of_five_and_more_and_no_link_to_a_place(
    app: Flask, places: Places, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        for n in range(12):
            make_context(
                kind=ContextKind.SCHOOL if n < 7 else ContextKind.SHOP, ward="Market" if n < 3 else "Northfield"
            )
        make_context(kind=ContextKind.STATION)
    page = sign_in(Role.ANALYST).get("/contexts/counts")
    assert page.html is not None
    assert not page.html.select("main a")
    shown = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.html.select("tbody tr")]
    assert ["School", "5"] in shown  # seven, to the nearest five
    assert ["Other kinds", "5"] in shown  # five shops, a park and a station are put together
    assert {"Park", "Station", "Market", "Riverside", "Private address"}.isdisjoint({label for label, _ in shown})
    assert sign_in(places.worker).get("/contexts/counts").status == 403


def test_counts_put_together_never_leave_a_small_one_to_be_worked_out() -> None:
    published = queries.published([("a", 20), ("b", 5), ("c", 3)], "kinds")
    assert [(count.label, count.rounded) for count in published] == [("a", 20), ("Other kinds", 10)]
    assert queries.published([("a", 6), ("b", 3)], "kinds") == []
    assert [count.label for count in queries.published([("a", 6), ("b", 9)], "kinds")] == ["b", "a"]
    assert [count.label for count in queries.published([("a", 4), ("b", 7)], "kinds")] == ["All kinds together"]


def test_people_are_listed_to_those_who_may_see_each_and_nothing_tells_of_others(
    app: Flask, places: Places, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        mine = make_young_person(places.worker)
        other = make_somebody(Role.PRACTITIONER)
        theirs = make_young_person(other)
        for who, person in ((places.worker, mine), (other, theirs)):
            service.link_person_context(
                who.actor, person.id, places.park_id, role=ContextRole.AT_RISK_HERE, source="The young person"
            )
        names = (mine.ref, theirs.ref)
    page = sign_in(places.worker).get(f"/contexts/{places.park}/people")
    assert "Is at risk here" in page.words
    assert f"/people/{names[0]}" in page.text
    assert names[1] not in page.text
    alone = sign_in(Role.PRACTITIONER).get(f"/contexts/{places.park}/people")
    assert "There is nobody here whom you may see" in alone.words
    assert sign_in(Role.COORDINATOR).get(f"/contexts/{places.park}/people").status == 403


# The list


def test_the_list_is_by_score_and_says_what_follows(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        make_context(name="Quiet Lane")
        service.set_goal(
            places.lead.actor,
            places.park_id,
            statement="They cross it",
            hoped_change="They come",
            measure="Fewer avoid it",
            due_on=in_days(30),
        )
    page = sign_in(places.worker).get("/contexts")
    assert page.words.index("Tanner's Yard park") < page.words.index("Quiet Lane")
    for words in ("Rose by", "in 3 days", "1 open", "Judged universal", "Not reviewed yet", "Too few to rate"):
        assert words in page.words, words


def test_a_review_that_is_overdue_says_so(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        db.session.execute(
            models.Context.__table__.update()  # type: ignore[attr-defined]
            .where(models.Context.id == places.park_id)
            .values(next_review_on=clock.today() - timedelta(days=2))
        )
    assert "Overdue, 2 days ago" in sign_in(places.worker).get("/contexts").words
    assert "2 days overdue" in sign_in(places.worker).get(f"/contexts/{places.park}").words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=tanner", True),
        ("q=the+tans", True),
        ("q=yard", True),
        ("q=anner", False),
        ("q=%25", False),
        ("kind=park", True),
        ("kind=school", False),
        ("kind=nonsense", True),
        ("ward=Riverside", True),
        ("ward=Market", False),
        ("band=too_few", False),
    ],
)
def test_the_list_is_narrowed(places: Places, sign_in: SignIn, query: str, found: bool) -> None:
    browser = sign_in(places.worker)
    page = browser.post("/contexts", dict(parse_qsl(query)))
    while page.location:
        page = browser.follow(page)
    assert page.html is not None
    assert (page.html.select_one(f'main a[href="/contexts/{places.park}"]') is not None) is found


def test_what_a_search_finds_goes_on_where_the_page_ended(
    app: Flask, places: Places, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    with app.app_context(), unit_of_work():
        made = {make_context(name=f"Bandstand {n}").ref for n in "abcde"}
    client, seen = sign_in(places.worker), []
    page = client.post("/contexts", {"q": "bandstand"})
    for _each in range(3):
        assert page.html is not None and not page.location
        seen += re.findall(r"/contexts/(CX-[0-9A-Z-]{9})", str(page.html.select_one("main table")))
        more = page.html.select('main form input[name="after"]')
        page = client.post("/contexts", page.form(having="after")) if more else page
    assert sorted(seen) == sorted(made)


def test_the_list_goes_on_where_the_page_ended(
    app: Flask, places: Places, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    with app.app_context(), unit_of_work():
        made = {make_context().ref for _ in range(4)} | {places.park}
    client, path, seen = sign_in(places.worker), "/contexts", []
    while path:
        page = client.get(path)
        assert page.html is not None
        links = [str(link["href"]) for link in page.html.select("tbody th a")]
        assert len(links) <= 2
        seen += [link.removeprefix("/contexts/") for link in links]
        older = page.html.select_one('a[rel="next"]')
        path = str(older["href"]) if older else ""
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == made
    assert client.get("/contexts?after=nonsense").status == 200


# One place


def test_the_page_explains_the_score(app: Flask, places: Places, sign_in: SignIn) -> None:
    page = sign_in(places.worker).get(f"/contexts/{places.park}")
    with app.app_context():
        found = queries.access_context(places.lead.actor, places.park)
        score = db.session.scalar(select(models.ContextRisk.score).where(models.ContextRisk.context_id == found.id))
    assert page.html is not None
    assert score is not None
    for words in (
        "Park, Riverside ward. Also called The Tans.",
        "Worked out by rubric version 1",
        f"Score {score:,}",
        "What this cannot see",
        "Differs from the band. They are not in any record.",
        "This page names no young person",
        "Active named guardian: The café owner keeps a table protects",
        "1 new since then adds 384.",
    ):
        assert words in page.words, words
    lines = page.html.select("table caption")
    assert "Every contribution to the score, the largest first" in [line.get_text() for line in lines]
    table = next(line for line in lines if line.get_text().startswith("Every contribution")).find_parent("table")
    assert table is not None
    points = [cell.get_text().replace(",", "").replace("−", "-") for cell in table.select(".app-table__numeric")[1:]]
    assert sum(map(int, points[:-1])) == int(points[-1]) == score
    assert "400 × 1 × 0.962" in page.words


def test_the_waterfall_sums_to_the_score(places: Places, sign_in: SignIn) -> None:
    page = sign_in(places.worker).get(f"/contexts/{places.park}")
    assert page.html is not None
    rows = page.html.select(".app-waterfall tbody tr")
    values = []
    for row in rows:
        cell = row.select(".app-table__numeric")[0].get_text(" ").split()
        values.append(int(cell[-1].replace(",", "")) * (-1 if "down" in cell else 1))
    assert len(values) > 2
    assert sum(values[:-1]) == values[-1]


def test_too_few_incidents_give_no_band_and_no_difference(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        few = make_context()
        for _ in range(4):
            make_incident(places.worker.actor, few)
        ref = few.ref
    page = sign_in(places.worker).get(f"/contexts/{ref}")
    assert "Too few to rate" in page.words
    assert "4 incidents counted in the year, and at least 5 are needed" in page.words
    assert "likely between" not in page.words
    assert page.html is not None
    assert page.html.select_one(".app-chart") is None  # bands would say what the numbers cannot
    assert "Incidents by month" in page.words


def test_an_incident_of_more_than_a_year_ago_no_longer_counts(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        old = make_context()
        make_incident(places.worker.actor, old, days_ago=365)
        make_incident(places.worker.actor, old, days_ago=366)
        ref = old.ref
    for path in ("", "/incidents"):
        page = sign_in(places.worker).get(f"/contexts/{ref}{path}")
        assert page.words.count("No longer More than a year ago") == 1, path


def test_a_place_with_nothing_recorded_says_so_and_offers_the_first_thing(
    app: Flask, places: Places, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        ref = make_context().ref
    page = sign_in(places.lead).get(f"/contexts/{ref}")
    for words in (
        "No incident is recorded here.",
        "No safety goal is set.",
        "was not reviewed yet",
        "so the score is 0",
    ):
        assert words in page.words, words


def test_a_guardian_alone_gives_a_score_below_nothing_and_a_page(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        place = make_context()
        service.add_factor(
            places.lead.actor,
            place.id,
            kind=FactorKind.GUARDIAN,
            text="Wardens",
            source="Visited",
            happened_on=clock.today(),
        )
        ref = place.ref
    page = sign_in(places.worker).get(f"/contexts/{ref}")
    assert page.status == 200
    assert "−200" in page.words


def make_police_rows(context_id: int) -> None:
    """Two years of open police data near a place, two rows a month, nine in the newest."""
    first = clock.today().replace(day=1)
    for back in range(24):
        first = (first - timedelta(days=1)).replace(day=1)
        for n in range(9 if back == 0 else 2):
            db.session.add(
                Incident(
                    source=IncidentSource.POLICE_STREET,
                    identity=f"{back}-{n}",
                    recorded_at=clock.now(),
                    happened_on=first,
                    precision=Precision.MONTH,
                    category="Robbery",
                    grade=InformationGrade.UNGRADED,
                    handling=Handling.PERMITTED,
                    context_id=context_id,
                    match_rule="within 50 metres",
                    match_distance_m=20,
                    counts=False,
                    content_digest="x",
                )
            )


def test_police_data_stand_beside_the_score_with_their_licence_and_only_where_there_are_any(
    app: Flask, places: Places, sign_in: SignIn
) -> None:
    client = sign_in(places.worker)
    before = client.get(f"/contexts/{places.park}").words
    assert "Open Government Licence" not in before
    with app.app_context(), unit_of_work():
        make_police_rows(places.park_id)
    after = client.get(f"/contexts/{places.park}").words
    for words in ("Open Government Licence", "more than expected", "never in it", "points are moved"):
        assert words in after, words
    score = before[before.index("Score ") :][:12]
    assert score in after
    rows = client.get(f"/contexts/{places.park}/incidents?source=police")
    assert "Street-level crime" in rows.words
    assert "Open Government Licence" in rows.words


def test_incidents_are_listed_newest_first_page_by_page(
    app: Flask, places: Places, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 4)
    client = sign_in(places.worker)
    page = client.get(f"/contexts/{places.park}/incidents")
    assert page.html is not None
    assert len(page.html.select("tbody tr")) == 4
    assert "Robbery" in page.words
    older = page.html.select_one('a[rel="next"]')
    assert older is not None
    rest = client.get(str(older["href"]))
    assert rest.html is not None
    assert len(rest.html.select("tbody tr")) == 2
    assert "Robbery" not in rest.words


def test_what_was_told_under_conditions_is_for_its_agency_and_the_leads(
    app: Flask, places: Places, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        told = make_incident(
            places.worker.actor,
            db.session.get_one(models.Context, places.park_id),
            description="Seen by a source",
            handling=Handling.CONDITIONS,
            handling_conditions="Not beyond the panel",
        )
        path = f"/contexts/{places.park}/incidents/{told.ref}"
    for client in (sign_in(places.worker), sign_in(places.lead)):
        words = client.get(path).words
        assert "Seen by a source" in words
        assert "Not beyond the panel" in words
    other = sign_in(Role.PRACTITIONER).get(path).words
    assert "Seen by a source" not in other
    assert "Not beyond the panel" not in other
    assert "Held back from this copy" in other
    elsewhere = path.replace(places.park, places.flat)
    assert sign_in(places.lead).get(elsewhere).status == 404


def test_each_look_is_recorded(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.worker)
    for path in ("", f"/{places.park}", f"/{places.park}/incidents", f"/{places.park}/people"):
        client.get(f"/contexts{path}")
    with app.app_context():
        seen = {(row.event, row.subject) for row in db.session.scalars(select(AuditEvent))}
    assert {
        ("contexts:list:shown", None),
        ("contexts:context:shown", places.park),
        ("contexts:incidents:shown", places.park),
        ("contexts:people:shown", places.park),
    } <= seen


# Forms


def incident_form(page: Any, **changes: Any) -> dict[str, Any]:
    return {
        **page.form(having="harm"),
        "harm": "weapon",
        **parts_of(clock.today() - timedelta(days=1), "happened_on"),
        "happened_at": "16:20",
        "where": "certain",
        "young": "yes",
        "description": "A blade was shown.",
        "grade": "b",
        "source_grade": "reliable",
        "handling": "permitted",
        "told_by": "The park café",
        **changes,
    }


def test_a_practitioner_records_an_incident_once(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.worker)
    path = f"/contexts/{places.park}/incidents/record"
    sent = incident_form(client.get(path))
    answers = [client.post(path, sent) for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    assert "Incident recorded" in client.follow(answers[0]).words
    with app.app_context():
        made = db.session.scalars(select(Incident).where(Incident.harm == IncidentHarm.WEAPON)).one()
        assert (made.context_id, made.precision, made.grade) == (places.park_id, Precision.INSTANT, InformationGrade.B)
        assert made.happened_at is not None
        assert clock.london(made.happened_at).strftime("%H:%M") == "16:20"
        assert made.involves_young_person
        assert made.place_certain
    assert "Weapon" in client.get(f"/contexts/{places.park}").words


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"month_only": "y"}, "precision", Precision.MONTH),
        ({"happened_at": ""}, "precision", Precision.DAY),
        ({"young": "no"}, "counts", False),
        ({"young": "not_known"}, "counts", True),
        ({"where": "near"}, "place_certain", False),
        ({"source_grade": ""}, "source_grade", None),
        ({"grade": "ungraded"}, "grade", InformationGrade.UNGRADED),
        ({"handling": "conditions", "handling_conditions": "Leads only"}, "handling_conditions", "Leads only"),
    ],
)
def test_what_is_known_of_an_incident_is_kept_as_it_is_known(
    app: Flask, places: Places, sign_in: SignIn, changes: dict[str, str], column: str, value: Any
) -> None:
    client = sign_in(places.worker)
    path = f"/contexts/{places.park}/incidents/record"
    assert client.post(path, incident_form(client.get(path), **changes)).status == 303
    with app.app_context():
        made = db.session.scalars(select(Incident).where(Incident.harm == IncidentHarm.WEAPON)).one()
        assert getattr(made, column) == value


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"harm": ""}, "Choose the kind of harm."),
        ({"harm": "<script>"}, "Choose one of the answers listed"),
        ({"young": ""}, "Say whether somebody aged 10 to 25 was involved."),
        ({"handling": "conditions"}, "Say under which conditions this may be passed on."),
        ({"happened_on-year": "2999"}, "Day it happened must have a year between"),
        ({"happened_at": "late"}, "Time of day must be a time"),
        ({"description": "x" * 4_001}, "must be 4,000 characters or fewer"),
    ],
)
def test_a_wrong_incident_comes_back_with_what_was_typed(
    app: Flask, places: Places, sign_in: SignIn, changes: dict[str, str], error: str
) -> None:
    client = sign_in(places.worker)
    path = f"/contexts/{places.park}/incidents/record"
    page = client.post(path, incident_form(client.get(path), **changes))
    assert page.status == 422
    assert any(error in line for line in page.errors), page.errors
    assert page.form(having="harm")["told_by"] == "The park café"
    with app.app_context():
        assert db.session.scalar(select(Incident.id).where(Incident.harm == IncidentHarm.WEAPON)) is None


def test_a_tomorrow_is_refused(places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.worker)
    path = f"/contexts/{places.park}/incidents/record"
    page = client.post(path, incident_form(client.get(path), **parts_of(in_days(1), "happened_on")))
    assert page.status == 422
    assert "Day it happened must be today or in the past." in page.errors


def test_a_lead_grades_an_incident_and_the_earlier_version_stays(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context():
        ref = db.session.scalars(select(Incident.ref).where(Incident.harm == IncidentHarm.ROBBERY)).one()
    client = sign_in(places.lead)
    path = f"/contexts/{places.park}/incidents/{ref}/correct"
    sent = {**client.get(path).form(having="harm"), "grade": "d"}
    assert client.post(path, sent).status == 303
    stale = client.post(path, {**sent, "grade": "e"})
    assert stale.status == 409
    with app.app_context():
        versions = db.session.scalars(
            select(Incident).where(Incident.harm == IncidentHarm.ROBBERY).order_by(Incident.version_no)
        ).all()
        assert [each.grade for each in versions] == [InformationGrade.A, InformationGrade.D]
    assert "corrected 1 time" in client.get(f"/contexts/{places.park}/incidents/{ref}").words
    assert sign_in(places.worker).get(path).status == 403


def review_form(page: Any, **changes: Any) -> dict[str, Any]:
    return {
        **page.form(having="rationale"),
        "grade": "complex_high",
        "rationale": "More happens than is told.",
        "differs_reason": "Young people say so.",
        **parts_of(in_days(60), "next_review_on"),
        **changes,
    }


def test_a_lead_reviews_a_place(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    path = f"/contexts/{places.park}/review"
    page = client.get(path)
    assert "What makes it up" in page.words
    assert "The band speaks for" in page.words
    sent = review_form(page)
    assert sent["step"] == "review"  # a running plan is under review while it is reviewed
    answer = client.post(path, sent)
    assert answer.status == 303
    assert client.post(path, sent).location == answer.location
    shown = client.follow(answer).words
    assert "Review recorded." in shown
    assert "Complex or high risk" in shown
    with app.app_context():
        place = db.session.get_one(models.Context, places.park_id)
        assert (place.grade, place.step, place.next_review_on) == (
            ContextGrade.COMPLEX_HIGH,
            ContextStep.REVIEW,
            in_days(60),
        )
        assert len(db.session.scalars(select(ContextReview)).all()) == 2


def test_a_judgement_that_differs_needs_its_reason(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    path = f"/contexts/{places.park}/review"
    page = client.post(path, review_form(client.get(path), differs_reason=""))
    assert page.status == 422
    assert "Your judgement differs from the band. Say why." in page.errors
    past = client.post(path, review_form(client.get(path), **parts_of(clock.today(), "next_review_on")))
    assert "The next review must lie ahead." in past.errors
    with app.app_context():
        assert len(db.session.scalars(select(ContextReview)).all()) == 1


def test_a_review_written_over_another_shows_both_texts(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    path = f"/contexts/{places.park}/review"
    sent = review_form(client.get(path))
    with app.app_context(), unit_of_work():
        review_of(places.lead, places.park_id)
    page = client.post(path, sent)
    assert page.status == 409
    assert "More happens than is told." in page.words


def goal_form(page: Any, **changes: Any) -> dict[str, Any]:
    return {
        **page.form(having="statement"),
        "statement": "Young people can cross the park",
        "hoped_change": "They walk in twos",
        "measure": "Fewer than 5 of 22 avoid it",
        "baseline": "14 of 22",
        **changes,
    }


def test_a_goal_is_set_with_its_first_action(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    path = f"/contexts/{places.park}/goals/set"
    action = {
        "action_title": "Repair the north path’s lights",
        "action_owner": f"{places.worker.agency_id}-{places.worker.id}",
        **parts_of(in_days(20), "action_due_on"),
    }
    answer = client.post(path, goal_form(client.get(path), **action))
    assert answer.status == 303
    page = client.follow(answer)
    assert "Young people can cross the park" in page.words
    assert "Repair the north path’s lights" in page.words
    with app.app_context():
        goal = db.session.scalars(select(SafetyGoal)).one()
        made = db.session.scalars(select(Action)).one()
        assert (made.subject_kind, made.subject_id) == (ActionSubject.CONTEXT, places.park_id)
        assert (made.origin_kind, made.origin_id) == (ActionOrigin.GOAL, goal.id)
        assert made.owner_user_id == places.worker.id
    mine = sign_in(places.worker).get("/actions")
    assert f'href="/actions/{made.ref}"' in mine.text
    assert "Tanner's Yard park" in mine.words


def test_a_goal_without_an_action_is_set_and_half_an_action_is_asked_for(
    app: Flask, places: Places, sign_in: SignIn
) -> None:
    client = sign_in(places.lead)
    path = f"/contexts/{places.park}/goals/set"
    half = client.post(path, goal_form(client.get(path), action_title="Lights"))
    assert half.status == 422
    assert half.errors == ["Choose an agency, or a person of it, to do it.", "Enter the day by which it is done."]
    late = {
        "action_owner": str(places.worker.agency_id),
        **parts_of(clock.today() - timedelta(days=1), "action_due_on"),
    }
    page = client.post(path, goal_form(client.get(path), action_title="Lights", **late))
    assert page.errors == ["The due date must be today or later."]
    untitled = client.post(path, goal_form(client.get(path), **late))
    assert untitled.errors == ["Say what is to be done first, or leave its owner and its day empty."]
    with app.app_context():
        assert db.session.scalar(select(SafetyGoal.id)) is None  # neither of the two without the other
    assert client.post(path, goal_form(client.get(path))).status == 303
    with app.app_context():
        assert db.session.scalars(select(SafetyGoal)).one().statement == "Young people can cross the park"
        assert db.session.scalar(select(Action.id)) is None


def test_a_goal_ends_with_evidence(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        goal = service.set_goal(
            places.lead.actor,
            places.park_id,
            statement="They cross it",
            hoped_change="They come",
            measure="Fewer avoid it",
        )
        path = f"/contexts/{places.park}/goals/{goal.ref}/end"
        elsewhere = path.replace(places.park, places.flat)
    client = sign_in(places.lead)
    sent = {
        **client.get(path).form(having="outcome"),
        "outcome": "evidenced",
        "evidence": "4 of 22 avoid it",
        **parts_of(clock.today(), "evidenced_on"),
    }
    assert client.post(path, {**sent, "evidence": ""}).status == 422
    answer = client.post(path, sent)
    assert answer.status == 303
    page = client.follow(answer).words
    assert "Reached, with evidence" in page
    assert "Safety goal with evidence: They cross it protects" in page
    stale = client.post(path, {**sent, "evidence": "All of them"})
    assert stale.status == 409
    assert "4 of 22 avoid it" in stale.words
    with app.app_context():
        assert db.session.scalars(select(SafetyGoal)).one().state is GoalState.EVIDENCED
    assert client.get(elsewhere).status == 404


def test_what_was_assessed_is_added_and_ends(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    path = f"/contexts/{places.park}/factors/add"
    sent = {
        **client.get(path).form(having="kind"),
        "kind": "concern",
        "text": "Nobody waits at the bus stop",
        "source": "Survey",
        **parts_of(clock.today() - timedelta(days=10), "happened_on"),
    }
    assert client.post(path, {**sent, "source": ""}).status == 422
    page = client.follow(client.post(path, sent))
    assert "Nobody waits at the bus stop" in page.words
    with app.app_context():
        concern = db.session.scalars(select(ContextFactor).where(ContextFactor.kind == FactorKind.CONCERN)).one()
        end = f"/contexts/{places.park}/factors/{concern.id}/end"
    before = {**client.get(end).form(having="ended_on-day"), **parts_of(clock.today() - timedelta(days=11), "ended_on")}
    assert client.post(end, before).status == 422
    today = {**client.get(end).form(having="ended_on-day"), **parts_of(clock.today(), "ended_on")}
    assert client.post(end, today).status == 303
    with app.app_context():
        ended = db.session.scalars(select(ContextFactor).where(ContextFactor.kind == FactorKind.CONCERN)).one()
        assert ended.ended_on == clock.today()
    assert client.get(end.replace(places.park, places.flat)).status == 404


def test_a_lead_adds_a_place_and_nobody_else_may(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    sent = {
        **client.get("/contexts/add").form(having="name"),
        "name": "Weir Road bus stops",
        "kind": "transport_route",
        "aliases": "The Weir\nThe stops",
        "latitude": "51.4613",
        "longitude": "-0.1156",
    }
    half = client.post("/contexts/add", {**sent, "longitude": ""})
    assert "Give both the latitude and the longitude, or neither." in half.errors
    odd = client.post("/contexts/add", {**sent, "latitude": "nan"})
    assert "Latitude must be a decimal number, like 51.4613." in odd.errors
    page = client.follow(client.post("/contexts/add", sent))
    assert "Weir Road bus stops" in page.words
    assert "The stops" in page.words
    assert sign_in(places.worker).get("/contexts/add").status == 403


@pytest.mark.parametrize("path", ["review", "goals/set", "factors/add", "incidents/record"])
def test_a_form_about_a_place_that_is_not_there_is_not_found(places: Places, sign_in: SignIn, path: str) -> None:
    assert sign_in(places.lead).get(f"/contexts/CX-0000-0000/{path}").status == 404
    assert sign_in(places.lead).get(f"/contexts/{places.park}/{path}").status == 200


def test_a_restricted_place_takes_no_incident_from_those_who_do_not_see_it(
    app: Flask, places: Places, sign_in: SignIn
) -> None:
    client = sign_in(places.worker)
    sent = incident_form(client.get(f"/contexts/{places.park}/incidents/record"))
    assert client.post(f"/contexts/{places.flat}/incidents/record", sent).status == 404
    with app.app_context():
        assert db.session.scalar(select(Incident.id).where(Incident.harm == IncidentHarm.WEAPON)) is None


# My work, actions elsewhere, statements


def test_my_work_of_a_lead_names_reviews_due_and_what_rose(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        later = make_context(name="Later Green", next_review_on=in_days(40))
        sooner = make_context(name="Sooner Green", next_review_on=in_days(-1))
        assert later.id != sooner.id
    words = sign_in(places.lead).get("/my-work").words
    block = words[words.index("Reviews due") :]
    assert block.index("Sooner Green") < block.index("Tanner's Yard park")
    assert "1 day overdue" in block
    assert "Later Green" not in block
    assert "Highest of those that rose since their last review" in block
    assert "Reviews due" not in sign_in(places.worker).get("/my-work").words


def test_an_action_about_a_restricted_place_does_not_name_it(app: Flask, places: Places, sign_in: SignIn) -> None:
    client = sign_in(places.lead)
    path = f"/contexts/{places.flat}/goals/set"
    action = {
        "action_title": "Change the locks",
        "action_owner": f"{places.worker.agency_id}-{places.worker.id}",
        **parts_of(in_days(20), "action_due_on"),
    }
    assert client.post(path, goal_form(client.get(path), **action)).status == 303
    mine = sign_in(places.worker).get("/actions").words
    assert "Change the locks" in mine
    assert "A flat on Mill Row" not in mine


def statements(app: Flask, client: PageClient, path: str) -> int:
    """Return how many statements a page sends, session and audit included."""
    counted: list[str] = []
    with app.app_context():
        engine = db.engine

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split()[0].upper() not in {"BEGIN", "COMMIT", "ROLLBACK", "SET", "PRAGMA"}:
            counted.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        assert client.get(path).status == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(counted)


def test_pages_keep_within_their_budget_of_statements(app: Flask, places: Places, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        for _ in range(5):
            place = make_context()
            review_of(places.lead, place.id, differs_reason=None)
            make_incident(places.worker.actor, place)
        make_police_rows(places.park_id)
        told = db.session.scalars(select(Incident.ref).where(Incident.harm == IncidentHarm.ROBBERY)).one()
    sections = len([each for each in app.extensions["sections.section"] if each.page == "context"])
    lead = sign_in(places.lead)
    assert sections
    assert statements(app, lead, f"/contexts/{places.park}") <= BUDGET + sections
    for path in ("", f"/{places.park}/incidents", f"/{places.park}/incidents/{told}", f"/{places.park}/people"):
        assert statements(app, lead, f"/contexts{path}") <= BUDGET, path
    for path in (*FORMS, "incidents/record", f"incidents/{told}/correct"):
        assert statements(app, lead, f"/contexts/{places.park}/{path}") <= BUDGET, path
    assert statements(app, sign_in(Role.ANALYST), "/contexts/counts") <= BUDGET
