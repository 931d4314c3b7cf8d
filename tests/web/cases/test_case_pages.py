"""Pages of cases: the list, one case, logging and correcting, opening, revising, moving, allocating."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from safeguarding.access.actor import user_principal
from safeguarding.access.roles import Relation, Role
from safeguarding.audit.models import AuditEvent
from safeguarding.cases import service
from safeguarding.cases.models import Case, CaseUpdate, Risk, SharedWith
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.relations import service as relations
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_action, make_case, make_person, make_update
from tests.factories.people import Somebody, make_somebody
from tests.support.pages import PageClient

HOSTILE = "<b>not bold</b> '; -- \u202e 🎈"


@pytest.fixture
def worker(app: Flask) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(Role.PRACTITIONER)


@pytest.fixture
def browser(worker: Somebody, sign_in: SignIn) -> PageClient:
    return sign_in(worker)


@pytest.fixture
def case_ref(app: Flask, worker: Somebody) -> str:
    with app.app_context(), unit_of_work():
        person = make_person(worker, given_name="Kieran", family_name="Marsh")
        return make_case(worker, person, keeps_safe="Mum rings\nFootball").ref


def case_of(ref: str) -> Case:
    return db.session.scalars(select(Case).where(Case.ref == ref)).one()


def updates_of(app: Flask) -> list[CaseUpdate]:
    with app.app_context():
        rows = list(db.session.scalars(select(CaseUpdate).order_by(CaseUpdate.id)))
        db.session.expunge_all()
        db.session.rollback()
    return rows


def statements(app: Flask, browser: PageClient, path: str) -> int:
    """Return how many statements a page costs, without BEGIN, COMMIT and SET."""
    sent: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        assert browser.get(path).status == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len([each for each in sent if not each.upper().startswith(("BEGIN", "COMMIT", "SET", "SHOW"))])


def filled(form: dict[str, Any], **changed: Any) -> dict[str, Any]:
    given = {
        "what_happened": "Met at college.",
        "own_words": "I go the long way round.",
        "seen_alone": "yes",
        "risk": "emerging",
    }
    return {**form, **given, **changed}


def test_a_case_answers_its_four_questions_and_is_recorded(app: Flask, browser: PageClient, case_ref: str) -> None:
    page = browser.get(f"/cases/{case_ref}")
    for words in (
        "Who is helping",
        "What is going on",
        "Due next",
        "Who may see it",
        "Risk now",
        "Emerging",
        "Mum rings",
    ):
        assert words in page.words
    assert "No updates yet." in page.words
    with app.app_context():
        shown = db.session.scalars(select(AuditEvent.subject).where(AuditEvent.event == "cases:case:shown")).all()
        db.session.rollback()
    assert shown == [case_ref]


def test_an_update_is_logged_with_kind_and_time_chosen_beforehand_and_seen_alone_never(
    app: Flask, browser: PageClient, case_ref: str
) -> None:
    path = f"/cases/{case_ref}/updates/add"
    form = browser.get(path).form(having="what_happened")
    assert form["kind"] == "visit"
    assert form["happened_on-year"] == str(clock.today().year)
    assert "seen_alone" not in form
    assert "risk" not in form
    refused = browser.post(path, form)
    assert refused.status == 422
    assert "Say whether they were seen alone." in refused.errors
    assert "Say what the risk is now; “no change” will do." in refused.errors
    logged = browser.post(path, filled(form))
    page = browser.follow(logged)
    assert "Met at college." in page.words
    assert "“I go the long way round.”" in page.words
    (update,) = updates_of(app)
    assert (update.seen_alone, update.risk, update.shared_with) == ("yes", "emerging", "team")


def test_an_update_sent_twice_is_one(app: Flask, browser: PageClient, case_ref: str) -> None:
    path = f"/cases/{case_ref}/updates/add"
    sent = filled(browser.get(path).form(having="what_happened"))
    answers = [browser.post(path, sent) for _ in range(2)]
    assert [answer.location for answer in answers] == [f"/cases/{case_ref}"] * 2
    assert len(updates_of(app)) == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"what_happened": ""}, "Say what happened."),
        ({"what_happened": "x" * 10_001}, "What happened? must be 10,000 characters or fewer. It has 10,001."),
        ({"own_words": ""}, "Give the young person's own words, or why there are none."),
        ({"own_words_absent_reason": "out"}, "Give either their own words or why there are none."),
        ({"risk": "significant"}, "Say why the risk changed."),
        ({"risk": "enormous"}, "Choose one of the answers listed for “Risk now”."),
        ({"seen_alone": "perhaps"}, "Choose one of the answers listed for “Were they seen alone?”."),
        ({"happened_on-day": "32"}, "Day it happened must be a real date, like 27 3 2026."),
        ({"happened_on-year": "2199"}, "Day it happened must be today or in the past."),
        ({"happened_at": "25:00"}, "Time it happened must be a time, like 14:30 or 2:30pm."),
        (
            {"next_step_on-day": "1", "next_step_on-month": "1", "next_step_on-year": "2099"},
            "Say what the next step is, or leave its date empty.",
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    app: Flask, browser: PageClient, case_ref: str, changed: dict[str, str], message: str
) -> None:
    path = f"/cases/{case_ref}/updates/add"
    sent = filled(browser.get(path).form(having="what_happened"), opinion=HOSTILE, **changed)
    page = browser.post(path, sent)
    assert page.status == 422
    assert page.errors == [message]
    kept = page.form(having="what_happened")
    assert kept["opinion"] == HOSTILE
    assert {name: kept.get(name, changed[name]) for name in changed} == changed
    assert updates_of(app) == []


def test_a_correction_shows_both(app: Flask, worker: Somebody, browser: PageClient, case_ref: str) -> None:
    with app.app_context(), unit_of_work():
        update = make_update(worker, case_of(case_ref), what_happened="Seen at school")
        path = f"/cases/{case_ref}/updates/{update.ref}/correct"
    form = browser.get(path).form(having="what_happened")
    assert form["what_happened"] == "Seen at school"
    assert form["seen_alone"] == "yes"
    assert "risk" not in form  # the risk is that of now, so it is asked again
    page = browser.follow(browser.post(path, {**form, "what_happened": "Seen at college", "risk": "emerging"}))
    assert "Seen at school" in page.words
    assert "Seen at college" in page.words
    assert "Corrected" in page.words
    again = browser.post(path, {**browser.get(path).form(having="what_happened"), "risk": "emerging"})
    assert again.errors == ["This update was corrected already. Correct the correction."]


def test_a_panels_member_sees_what_was_shared_and_no_way_to_change_it(
    app: Flask, worker: Somebody, case_ref: str, sign_in: SignIn
) -> None:
    with app.app_context(), unit_of_work():
        case = case_of(case_ref)
        make_update(worker, case, what_happened="Only for the team", risk=Risk.MODERATE, risk_reason="Team reason")
        shared = make_update(
            worker, case, what_happened="For the panel", risk=Risk.MODERATE, shared_with=SharedWith.PANEL
        )
        police = make_somebody(Role.SPOC)
        relations.grant(user_principal(police.id), [("case", case.id)], Relation.AGENDA, ("item", 1))
        shared_ref = shared.ref
    browser = sign_in(police)
    page = browser.get(f"/cases/{case_ref}")
    assert "For the panel" in page.words
    assert "Only for the team" not in page.text
    assert "Team reason" not in page.text
    assert "Log an update" not in page.words
    for path in ("revise", "state", "team", "updates/add", f"updates/{shared_ref}/correct", "actions/add"):
        assert browser.get(f"/cases/{case_ref}/{path}").status == 403, path


def test_a_hidden_case_and_an_absent_one_are_the_same_page(case_ref: str, sign_in: SignIn) -> None:
    browser = sign_in(Role.PRACTITIONER)
    for path in ("", "/revise", "/state", "/team", "/updates/add", "/actions/add"):
        assert browser.get(f"/cases/{case_ref}{path}").status == 404
        assert browser.get(f"/cases/CA-0000-0000{path}").status == 404
    assert browser.post(f"/cases/{case_ref}/updates/add", {"what_happened": "x"}).status == 404


def test_the_list_shows_own_cases_by_state(browser: PageClient, case_ref: str) -> None:
    assert "Kieran Marsh" in browser.get("/cases").words
    assert "Kieran Marsh" not in browser.get("/cases?show=closed").words
    assert "Kieran Marsh" in browser.get("/cases?show=all&before=nonsense").words
    assert browser.get("/cases?show=nonsense").status == 200


def test_opening_a_case_from_the_young_persons_record(app: Flask, worker: Somebody, browser: PageClient) -> None:
    with app.app_context(), unit_of_work():
        ref = make_person(worker, given_name="Tia", family_name="Cole").ref
    page = browser.get(f"/people/{ref}")
    assert page.html is not None
    link = page.html.find("a", string="Open a case")
    assert link is not None
    path = str(link["href"])
    form = browser.get(path).form(having="going_on")
    assert form["lead"] == f"{worker.id}-{worker.agency_id}"  # whoever opens it leads it, unless another is chosen
    sent = {
        **form,
        "going_on": "Older boys follow Tia.",
        "social_care_status": "cin",
        "risk": "moderate",
        "risk_reason": "Seen twice",
    }
    refused = browser.post(path, {**sent, "risk_reason": "", "lead": ""})
    assert refused.errors == ["Say why the risk is what it is.", "Choose the lead worker."]
    opened = browser.follow(browser.post(path, sent))
    assert "Older boys follow Tia." in opened.words
    again = browser.post(
        path, {**browser.get(path).form(having="going_on"), **{k: sent[k] for k in sent if k != "once"}}
    )
    assert again.status == 422
    assert "There is a live case already" in again.words


def test_a_restricted_case_says_so_on_its_page(app: Flask, worker: Somebody, browser: PageClient) -> None:
    with app.app_context(), unit_of_work():
        ref = make_case(worker, is_restricted=True).ref
    assert "Restricted record" in browser.get(f"/cases/{ref}").words


def test_revising_a_stale_case_shows_both_texts(browser: PageClient, case_ref: str) -> None:
    path = f"/cases/{case_ref}/revise"
    form = browser.get(path).form(having="going_on")
    assert browser.post(path, {**form, "going_on": "Saved first."}).status == 303
    stale = browser.post(path, {**form, "going_on": "Typed meanwhile."})
    assert stale.status == 409
    assert "Saved first." in stale.words
    assert "Typed meanwhile." in stale.words
    assert "Saved first." in browser.get(f"/cases/{case_ref}").words


def test_moving_a_case_offers_what_may_follow(browser: PageClient, case_ref: str) -> None:
    path = f"/cases/{case_ref}/state"
    page = browser.get(path)
    assert page.html is not None
    offered = {str(each["value"]) for each in page.html.select("main input[type=radio]")}
    assert offered == {"under_review", "stepped_down", "closed", "transferred"}
    form = page.form(having="reason")
    assert browser.post(path, {**form, "state": "open", "reason": "x"}).status == 422
    closed = browser.follow(browser.post(path, {**form, "state": "closed", "reason": "Moved to another borough."}))
    assert "Closed" in closed.words
    assert "Moved to another borough." in closed.words
    assert "Log an update" not in closed.words


def test_somebody_is_allocated_and_taken_off(app: Flask, browser: PageClient, case_ref: str) -> None:
    with app.app_context(), unit_of_work():
        helper = make_somebody(Role.SOCIAL_WORKER, name="Helper Name")
    path = f"/cases/{case_ref}/team"
    form = browser.get(path).form(having="user_id")
    allocated = browser.follow(browser.post(path, {**form, "user_id": str(helper.id), "kind": "allocated"}))
    assert "Helper Name is allocated" in allocated.words
    page = browser.get(path)
    assert page.html is not None
    (end,) = [str(each["action"]) for each in page.html.select("main form") if "/end" in str(each.get("action"))]
    assert browser.post(end).status == 303
    assert "Helper Name is allocated" not in browser.get(f"/cases/{case_ref}").words


def test_an_action_is_added_to_a_case_for_a_person_of_an_agency(app: Flask, browser: PageClient, case_ref: str) -> None:
    with app.app_context(), unit_of_work():
        police = make_somebody(Role.SPOC, name="PC Bright")
    path = f"/cases/{case_ref}/actions/add"
    due = clock.today() + timedelta(days=5)
    sent = {
        **browser.get(path).form(having="title"),
        "title": "Patrol the footbridge",
        "owner": f"{police.agency_id}-{police.id}",
        "due_on-day": str(due.day),
        "due_on-month": str(due.month),
        "due_on-year": str(due.year),
    }
    wrong = browser.post(path, {**sent, "owner": "9999", "due_on-year": "2001"})
    assert wrong.status == 422
    page = browser.follow(browser.post(path, sent))
    assert "Patrol the footbridge" in page.words
    assert "PC Bright" in page.words


def test_a_page_costs_no_more_statements_for_more_rows(
    app: Flask, worker: Somebody, browser: PageClient, case_ref: str
) -> None:
    pages = {f"/cases/{case_ref}": 8 + 4, "/cases": 8, "/my-work": 8 + 6}
    with app.app_context():
        person_ref = db.session.scalars(select(Case).where(Case.ref == case_ref)).one().person_id
        db.session.rollback()
    assert person_ref
    before = {path: statements(app, browser, path) for path in pages}
    with app.app_context(), unit_of_work():
        case = case_of(case_ref)
        for number in range(70):
            make_update(worker, case, happened_at=clock.now() - timedelta(days=number + 1))
        for _ in range(5):
            make_case(worker)
            make_action(worker, case, worker)
        service.allocate(worker.actor, case, user_id=make_somebody(Role.SOCIAL_WORKER).id)
    for path, most in pages.items():
        found = statements(app, browser, path)
        assert found <= before[path], path
        assert found <= most, path
    page = browser.get(f"/cases/{case_ref}")
    assert page.html is not None
    assert len(page.html.select(".app-entry")) == 60
    older = page.html.find("a", rel="next")
    assert older is not None
    assert len(browser.get(str(older["href"])).html.select(".app-entry")) == 10  # type: ignore[union-attr]
